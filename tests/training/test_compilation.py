"""Compiled programs are kept."""

import os
import re
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from latently import AAE
from latently.training import compilation
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


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="about XLA's CPU compiler")
def test_a_loop_of_rounds_copies_no_weights():
    model = AAE(latent_dim=3, hidden=(80, 80), critic_hidden=(80, 80), random_state=0)
    trainer = model.trainer(np.random.default_rng(0).normal(size=(60, 24)))
    chunk = trainer._devices.place(trainer.feed.chunk(0, 4))

    def copies(options):
        loop = jax.jit(trainer._loop, donate_argnums=0, compiler_options=options)
        program = loop.lower(trainer._arrays, chunk, jnp.asarray(4, jnp.int32)).compile().as_text()
        body = program[: program.index("ENTRY")]
        return re.findall(r"f32\[80,80\]\S* copy\(", body)

    assert copies(None), "XLA no longer needs to be told; loop_options can go"
    assert not copies(compilation.loop_options())


def test_an_xla_that_does_not_know_the_option_compiles_without_it(monkeypatch):
    monkeypatch.setattr(compilation, "COPY_LESS", {"xla_cpu_no_such_option": True})
    compilation.loop_options.cache_clear()
    assert compilation.loop_options() is None
    compilation.loop_options.cache_clear()
