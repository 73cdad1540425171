"""Nothing opens a connection but what is named: a download of data, and the hub."""

import os
import subprocess
import sys
from pathlib import Path

WATCHED = """
import importlib, pkgutil, sys, tempfile, warnings
from pathlib import Path

asked = []

def heard(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        asked.append((event, str(arguments[-1])))
        raise OSError("no network in this test")

sys.addaudithook(heard)
warnings.simplefilter("ignore")
import latently
for module in pkgutil.walk_packages(latently.__path__, "latently."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)

import numpy as np
rows = np.random.default_rng(0).uniform(size=(40, 4))
with tempfile.TemporaryDirectory() as folder:
    latently.VAE(latent_dim=2, hidden=(), epochs=1, random_state=0).fit(rows).save(folder)
    model = latently.load(folder)
    model.transform(rows), model.sample(2), model.explore(rows).page()
assert latently.open_dataset("digits").train.x.shape[1:] == (8, 8)
print("asked before:", asked)
try:
    latently.open_dataset("mnist")
except ValueError as error:
    print("then:", str(error)[:60])
print("asked after:", len(asked) > 0)
"""


def test_only_the_named_download_asks_for_the_network(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "LATENTLY_DATA"}
    environment["LATENTLY_CACHE"] = str(tmp_path)
    watched = subprocess.run([sys.executable, "-c", WATCHED], capture_output=True, text=True, env=environment)
    assert watched.returncode == 0, watched.stderr
    before, then, after = watched.stdout.splitlines()
    assert before == "asked before: []"
    assert then.startswith("then: ")
    assert "could not be downloaded" in then
    assert after == "asked after: True"
