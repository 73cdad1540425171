"""A user who owns nothing: without a home, without a place for temporary files, and with one folder to write to.

Run as `python -m endurance.nobody` (a minute on two cores), as root, who gives everything up: a process of user 65534
in `/`, in which `/tmp` and `/var/tmp` are empty and cannot be written to. Figure: how many of the questions were
answered well.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from endurance.commands import summed_up

NOBODY = 65534
_READ_ONLY = "mount -t tmpfs -o ro,size=64k tmpfs /tmp && mount -t tmpfs -o ro,size=64k tmpfs /var/tmp && exec "
_AS_NOBODY = f'setpriv --reuid={NOBODY} --regid={NOBODY} --clear-groups "$@"'
_SMALL = ("--data", "digits", "--hidden", "16", "--latent-dim", "2", "--epochs", "1", "--quiet")
_FIT = """
import numpy as np, warnings
warnings.simplefilter("error")
from latently import VAE
model = VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(np.eye(20))
print(model.transform(np.eye(20)).shape, model.sample(3, random_state=0).shape)
"""


def main() -> int:
    """Ask, and print; 1 if an answer is wrong."""
    if reason := cannot():
        print(f"---  {reason}")
        return 0
    with tempfile.TemporaryDirectory(prefix="latently-nobody-", dir="/dev/shm") as name:
        return summed_up("nobody", asked(Path(name)))


def cannot() -> str:
    """Why nothing can be asked here, in words; empty where it can."""
    tools = all(map(shutil.which, ("unshare", "setpriv", "mount")))
    if os.geteuid() != 0 or not tools or not Path("/dev/shm").is_dir():
        return "only root of a Linux machine can become a user who owns nothing"
    tried = as_nobody(sys.executable, "-c", "import latently")
    last = (tried.stderr.splitlines() or ["?"])[-1]
    return f"that user cannot read Latently here: {last}" if tried.returncode else ""


def asked(place: Path) -> Iterator[tuple[str, bool]]:
    """What is asked of that user; `place` is the folder that may be written to."""
    place.chmod(0o777)
    ended = as_nobody(sys.executable, "-c", _FIT)
    well = (ended.stdout, ended.stderr) == ("(20, 2) (3, 20)\n", "")
    yield "a model is fitted and asked from Python, without a word", well
    command = (sys.executable, "-m", "latently.cli", "fit", "vae", *_SMALL)
    ended = as_nobody(*command, "--out", place / "run", MPLCONFIGDIR=str(place))
    well = ended.returncode == 0 and (place / "run" / "report.html").exists() and "Traceback" not in ended.stderr
    yield "a run in the folder that may be written to has its report", well
    ended = as_nobody(*command, "--out", place / "undrawn")
    saved = (place / "undrawn" / "model.safetensors").exists() and "The model is trained and saved" in ended.stderr
    well = saved and "MPLCONFIGDIR" in ended.stderr and "Traceback" not in ended.stderr
    yield "where matplotlib finds no place for its fonts, the run is trained, and it is said what to set", well
    ended = as_nobody(*command)
    said = [line for line in ended.stderr.splitlines() if line.startswith("latently: ")]
    named = ended.returncode == 2 and len(said) == 1 and "runs" in said[0] and "Traceback" not in ended.stderr
    yield "a run in the current folder, which may not, is refused in a sentence that names it", named


def as_nobody(*words: Any, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as that user, with no more of the environment than it takes to find Latently."""
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH", "LANG") if name in os.environ} | environment
    command = ["unshare", "--mount", "sh", "-c", _READ_ONLY + _AS_NOBODY, "sh", *map(str, words)]
    return subprocess.run(command, cwd="/", env=kept, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main())
