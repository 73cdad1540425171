"""Compiled programs are kept; repeats are left out of one, and nothing but repeats."""

import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jaxtyping import Array

from latently import AAE
from latently.game import Game, Player
from latently.training import Feed, Trainer, compilation
from latently.training.compilation import compiled_once, computed_once
from toy_games import tug_trainer

KEY = jax.random.key(0)
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
        loop = jax.jit(trainer._rounds.loop, donate_argnums=0, compiler_options=options)
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


class Rivals(Game):
    """Two players that meet one product of noise, which neither moves."""

    left: Array
    right: Array
    shared: Array
    frozen = ("shared",)

    def players(self):
        return (
            Player("left", ("left",), lambda game, batch, key: {"far": game.distance(game.left, key)}, optax.sgd(0.1)),
            Player(
                "right", ("right",), lambda game, batch, key: {"far": game.distance(game.right, key)}, optax.sgd(0.1)
            ),
        )

    def distance(self, of, key):
        noise = jax.random.normal(jax.random.fold_in(key, 3), (64, 64))
        return ((jnp.tanh(noise @ self.shared).mean(axis=0) - of) ** 2).mean()


def products(function, *arguments):
    compiled = jax.jit(function).lower(*arguments).compile()
    return compiled.cost_analysis()["flops"] // (2 * 64**3)


def test_a_forward_pass_that_two_players_share_is_one_product_in_a_compiled_loop():
    game = Rivals(jnp.zeros(64), jnp.zeros(64), jnp.ones((64, 64)))
    trainer = Trainer(game, Feed((np.zeros((8, 1)),), batch_size=4, seed=0), seed=0)
    chunk = trainer._devices.place(trainer.feed.chunk(0, 1))
    assert products(trainer._rounds.inline, trainer._arrays, chunk, jnp.asarray(1, jnp.int32)) == 1
    loop = trainer._rounds.play_loop.lower(trainer._arrays, chunk, jnp.asarray(1, jnp.int32)).compile()
    assert loop.cost_analysis()["flops"] // (2 * 64**3) == 1


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jnp.maximum(x, 0.0) + 1 / jnp.maximum(x, -0.0),  # the zeros differ in their bits
        lambda x: jnp.sum(x * 2, axis=0) + jnp.sum(x * 3, axis=0) + jnp.sum(x * 2, axis=1),
        lambda x: jax.random.normal(KEY, (3,)) - jax.random.normal(jax.random.fold_in(KEY, 1), (3,)) + x,
        lambda x: jnp.linalg.eigh(x @ x.T)[0] + jnp.linalg.eigh(x @ x.T)[1].sum(),  # each drops what the other wants
        lambda x: jax.lax.fori_loop(0, 3, lambda i, y: y @ x + i, x) + jax.lax.fori_loop(0, 4, lambda i, y: y @ x, x),
        lambda x: (x, x + 1, x + 1),
    ],
    ids=["zeros", "numbers and axes", "keys", "dropped outputs", "loops", "outputs"],
)
def test_the_result_is_the_same_to_the_bit(function):
    x = jax.random.normal(KEY, (3, 3))
    wanted, got = jax.jit(function)(x), jax.jit(computed_once(function))(x)
    jax.tree.map(np.testing.assert_array_equal, got, wanted)


def test_equal_draws_become_one():
    def draw_twice(key):
        return jax.random.normal(jax.random.split(key)[0], (5,)) + jax.random.normal(jax.random.split(key)[0], (5,))

    assert (
        len(jax.make_jaxpr(computed_once(draw_twice))(KEY).eqns) == len(jax.make_jaxpr(draw_twice)(KEY).eqns) // 2 + 1
    )


def test_what_nobody_uses_is_left_out():
    def draw(key, *, unused):
        if unused:
            jax.random.fold_in(key, 1)
        return jax.random.normal(key, (5,))

    lengths = [len(jax.make_jaxpr(computed_once(partial(draw, unused=unused)))(KEY).eqns) for unused in (True, False)]
    assert lengths[0] == lengths[1]


def test_what_is_traced_anew_is_compiled_anew_only_where_it_computes_something_else():
    def times(number):
        return compiled_once(jax.make_jaxpr(lambda x: jax.jit(lambda x: x * number)(x))(jnp.ones(2)))

    assert times(2.0) is times(2.0)
    arrays = [np.array([1.0, 2.0]), np.array([1.0, 3.0]), 2.0, 3.0]
    assert [times(each)(jnp.ones(2))[0].tolist() for each in arrays] == [[1, 2], [1, 3], [2, 2], [3, 3]]
