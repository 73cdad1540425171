"""Compiled programs are kept."""

import os
import subprocess
import sys
from pathlib import Path

import jax

from toy_games import tug_trainer

SCRIPT = """
import sys, time
sys.path.insert(0, sys.argv[1])
from toy_games import tug_trainer
tug_trainer().run(3)
"""


def test_a_second_run_finds_what_the_first_compiled(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    environment |= {"LATENTLY_CACHE": str(tmp_path), "JAX_PLATFORMS": "cpu"}
    kept = []
    for _ in range(2):
        subprocess.run([sys.executable, "-c", SCRIPT, str(Path(__file__).parents[1])], env=environment, check=True)
        kept.append({path.name for path in (tmp_path / "compiled").iterdir() if not path.name.endswith("-atime")})
    assert kept[0]
    assert kept[0] == kept[1]


def test_a_cache_that_was_set_elsewhere_stays():
    before = jax.config.values["jax_compilation_cache_dir"]
    tug_trainer()
    assert jax.config.values["jax_compilation_cache_dir"] == before
