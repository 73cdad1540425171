"""A terminal inside the process, and two small runs that several tests look at."""

import contextlib
import io
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from latently.cli import main

SMALL = ("--hidden", "16", "--epochs", "2", "--quiet")


@dataclass(frozen=True)
class Answer:
    """What a command left: its exit code, standard output and standard error."""

    code: int
    out: str
    err: str


def call(*words: str | Path) -> Answer:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return Answer(code, out.getvalue(), err.getvalue())


def start(*words: str | Path) -> subprocess.Popen[str]:
    """Start the installed command in a process of its own, with its standard output to read."""
    command = [Path(sys.executable).with_name("latently"), *words]
    return subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ.copy(),
    )


def after_lines(process: subprocess.Popen[str], lines: int, number: signal.Signals) -> tuple[int, str, str]:
    """Send a signal after so many lines of standard output; then the exit code and what else was printed."""
    assert process.stdout is not None
    for _ in range(lines):
        if not process.stdout.readline():
            break
    process.send_signal(number)
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def contents(folder: Path) -> dict[str, tuple[float, bytes]]:
    """Every file of a folder: when it was written, and what it holds."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def vae_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a small VAE on digits, with its report."""
    folder = tmp_path_factory.mktemp("vae") / "run"
    answer = call("fit", "vae", "--data", "digits", "--latent-dim", "2", "--out", folder, *SMALL)
    assert answer.code == 0, answer.err
    return folder


@pytest.fixture(scope="session")
def aae_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a small AAE on a table whose labels are words, its prior tied to them."""
    folder = tmp_path_factory.mktemp("aae")
    table = folder / "ants and bees.csv"
    rows = [f"{n % 7},{n % 5},{n % 3},{('ant', 'bee')[n % 2]}" for n in range(80)]
    table.write_text("\n".join(["legs,wings,eyes,kind", *rows]))
    answer = call(
        *("fit", "aae", "--data", table, "--labels-column", "kind", "--prior", "uniform", "--out", folder / "run"),
        *("--critic-hidden", "16", "--no-report", *SMALL),
    )
    assert answer.code == 0, answer.err
    return folder / "run"


@pytest.fixture(scope="session")
def m2_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a small M2 on digits with 100 labels, fitted with noise."""
    folder = tmp_path_factory.mktemp("m2") / "run"
    noise = ("--corruption", "gaussian:0.3", "--latent-dim", "2")
    answer = call("fit", "m2", "--data", "digits", "--labels", "100", *noise, "--out", folder, "--no-report", *SMALL)
    assert answer.code == 0, answer.err
    return folder


@pytest.fixture(scope="session")
def clustering_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of a small clustering AAE on a table whose labels are words."""
    folder = tmp_path_factory.mktemp("clustering")
    table = folder / "table.csv"
    rows = [f"{n % 7},{n % 5},{n % 3},{('ant', 'bee')[n % 2]}" for n in range(60)]
    table.write_text("\n".join(["legs,wings,eyes,kind", *rows]))
    answer = call(
        *("fit", "clustering-aae", "--data", table, "--labels-column", "kind", "--n-clusters", "3", "--out"),
        *(folder / "run", "--latent-dim", "2", "--critic-hidden", "16", "--no-report", *SMALL),
    )
    assert answer.code == 0, answer.err
    return folder / "run"


@pytest.fixture(scope="session")
def acca_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on the halves of digits, with its report."""
    folder = tmp_path_factory.mktemp("acca") / "run"
    words = ("--views", "halves", "--encoder", "gaussian", "--critic-hidden", "8", "--latent-dim", "2")
    answer = call("fit", "acca", "--data", "digits", *words, "--out", folder, *SMALL)
    assert answer.code == 0, answer.err
    return folder
