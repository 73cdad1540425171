"""A running mean of the weights, and products in bfloat16: for any game, beside the training or within it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from latently import AAE, ACGAN, VAE, StackedSemiSupervisedVAE
from latently.training import Feed, Together, Trainer
from latently.training.precision import products_in
from small_models import small
from toy_games import Convolving, StopEvery, Tug, same_bits, tug_rows, tug_trainer

X = np.random.default_rng(0).normal(size=(200, 2)) @ np.random.default_rng(1).normal(size=(2, 8))


def averaging(seed=3, share=0.8):
    x, labels = tug_rows()
    feed = Feed((x,), labels, batch_size=8, seed=seed, draw_labelled=True)
    return Trainer(Tug(jnp.zeros(3), jnp.ones(3)), feed, seed=seed, averaging=share)


def left(game):
    return np.asarray(game.left).copy()


# ---- averaging ----


def test_the_mean_is_the_exponential_moving_average_in_closed_form_and_forgets_how_it_began():
    decay, rounds = 0.8, 60  # the step, 10 / (10 + round), has come down to 1 - decay by round 40
    trainer, weights = averaging(share=decay), []
    assert (left(trainer.state.averaged) == left(trainer.state.game)).all()
    for round_ in range(1, rounds + 1):
        trainer.run(round_)
        weights.append(left(trainer.state.game))
    steps = np.array([max(1 - decay, 10 / (10 + round_)) for round_ in range(rounds)])
    shares = steps * np.append(np.cumprod((1 - steps)[:0:-1])[::-1], 1)  # of the weights before round 0: nothing
    np.testing.assert_allclose(shares.sum(), 1)
    np.testing.assert_allclose(shares[-3:], (1 - decay) * decay ** np.arange(3)[::-1])
    np.testing.assert_allclose(left(trainer.state.averaged), shares @ np.array(weights), atol=1e-6)


def test_the_mean_looks_on_and_moves_nothing():
    plain, watched = tug_trainer(), averaging()
    plain.run(30)
    watched.run(30)
    assert same_bits(plain.state.game, watched.state.game)
    assert same_bits(plain.state.optimizers, watched.state.optimizers)
    assert plain.state.averaged is plain.state.game or same_bits(plain.state.averaged, plain.state.game)
    assert len(jax.tree.leaves(watched.state)) == len(jax.tree.leaves(plain.state)) + 2


def test_a_resumed_run_has_the_same_mean_bit_for_bit(tmp_path):
    whole, killed, resumed = (averaging() for _ in range(3))
    whole.run(30)
    killed.run(13)
    killed.save(tmp_path / "checkpoint.safetensors")
    resumed.restore(tmp_path / "checkpoint.safetensors")
    resumed.run(30)
    assert same_bits(whole.state, resumed.state)
    with pytest.raises(ValueError, match="does not fit this model"):
        tug_trainer().restore(tmp_path / "checkpoint.safetensors")


def test_runs_together_have_each_its_mean():
    alone, together = [averaging(seed) for seed in (3, 4)], [averaging(seed) for seed in (3, 4)]
    Together(together).run(20, [[StopEvery(1)] for _ in together])
    for one, other in zip(alone, together, strict=True):
        one.run(20, [StopEvery(1)])
        np.testing.assert_allclose(left(one.state.averaged), left(other.state.averaged), rtol=1e-5)
    assert (left(together[0].state.averaged) != left(together[1].state.averaged)).any()


@pytest.mark.parametrize("model", [VAE, AAE, ACGAN, StackedSemiSupervisedVAE])
def test_the_mean_is_what_a_model_has_learned(model):
    estimator = small(model, averaging=0.9, epochs=4)
    trainer = estimator.trainer(X[:40], np.arange(40) % 3)
    trainer.run(4)
    now, mean = weights(trainer.state.game), weights(trainer.state.averaged)
    learned = weights(estimator.adopt(trainer).game_)
    assert any((now[name] != mean[name]).any() for name in mean)
    for name in mean:
        np.testing.assert_array_equal(learned[name], mean[name], err_msg=name)


def weights(game):
    """The arrays of a game, by their place in it."""
    return {jax.tree_util.keystr(path): np.asarray(leaf) for path, leaf in arrays_of(game)}


def arrays_of(game):
    return [each for each in jax.tree_util.tree_leaves_with_path(game) if hasattr(each[1], "shape")]


# ---- precision ----


def test_products_are_rounded_wherever_they_are_and_sums_are_not():
    x = jnp.asarray(X[:8], jnp.float32)

    def everywhere(x):
        looped = jax.lax.fori_loop(0, 2, lambda i, y: y + x @ x.T, jnp.zeros((8, 8)))
        chosen = jax.lax.cond(x[0, 0] > 0, lambda: x @ x.T, lambda: 2 * x @ x.T)
        scanned = jax.lax.scan(lambda total, row: (total + (row[None] @ x.T).sum(), row @ x.T), 0.0, x)
        return (
            jax.grad(lambda x: jnp.square(jax.nn.relu(x @ x.T)).sum())(x),
            looped,
            chosen,
            scanned,
            jax.jit(jnp.dot)(x, x.T),
        )

    rounded = str(jax.make_jaxpr(products_in("bfloat16", everywhere))(x))
    products = [line for line in rounded.split("\n") if "dot_general" in line]
    assert len(products) >= 8
    vectors = [line for line in products if ":f32[8] =" in line]  # a product with a vector is a sum
    assert len(vectors) == 1
    assert rounded.count("preferred_element_type=float32") >= len(products)
    exact, near = jax.tree.leaves(everywhere(x)), jax.tree.leaves(products_in("bfloat16", everywhere)(x))
    for one, other in zip(exact, near, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=0.02, atol=0.02 * float(abs(one).max()))
    assert products_in("float32", everywhere) is everywhere


def test_a_game_with_convolutions_is_played_with_rounded_products_too():
    x = np.random.default_rng(0).normal(size=(10, 6, 6, 1)).astype(np.float32)
    ends = []
    for precision in ("float32", "bfloat16"):
        feed = Feed((x,), batch_size=4, seed=0)
        trainer = Trainer(Convolving(jnp.zeros((3, 3, 1, 1))), feed, seed=0, precision=precision)
        trainer.run(60)
        assert ("bf16" in trainer._rounds.in_words) == (precision == "bfloat16")
        ends.append(np.asarray(trainer.state.game.kernel))
    np.testing.assert_allclose(ends[1], ends[0], atol=0.01)
    assert (ends[0] != ends[1]).any()


def test_convolutions_take_rounded_factors_and_sum_them_in_float32():
    x, kernel = jnp.ones((2, 9, 9, 64)), jnp.full((5, 5, 64, 3), 1 + 2**-7)

    def convolved(x, kernel):
        form = ("NHWC", "HWIO", "NHWC")
        return jax.lax.conv_general_dilated(x, kernel, (2, 2), "VALID", dimension_numbers=form)

    def with_gradients(x, kernel):
        value, pullback = jax.vjp(convolved, x, kernel)
        return value, pullback(value)

    rounded = jax.make_jaxpr(products_in("bfloat16", with_gradients))(x, kernel)
    products = [each for each in rounded.eqns if each.primitive.name == "conv_general_dilated"]
    assert [{str(atom.aval.dtype) for atom in each.invars} for each in products] == [{"bfloat16"}] * 3
    assert [str(each.outvars[0].aval.dtype) for each in products] == ["float32"] * 3
    exact = 5 * 5 * 64 * (1 + 2**-7)  # its factors are numbers of bfloat16, and their sum is none
    assert float(jnp.bfloat16(exact)) != exact
    np.testing.assert_array_equal(products_in("bfloat16", convolved)(x, kernel), np.full((2, 3, 3, 3), exact))


def test_a_model_learns_as_well_with_rounded_products():
    """Within what seeds differ by: three of each."""
    bounds = {}
    for precision in ("float32", "bfloat16"):
        models = [
            VAE(
                2, hidden=(16,), epochs=60, batch_size=50, learning_rate=0.01, random_state=seed, precision=precision
            ).fit(X)
            for seed in range(3)
        ]
        bounds[precision] = np.array([model.score(X) for model in models])
        dtypes = {leaf.dtype for leaf in jax.tree.leaves(models[0].game_) if hasattr(leaf, "dtype")}
        assert dtypes == {np.dtype(np.float32)}
    assert (bounds["float32"] != bounds["bfloat16"]).all()
    spread = np.ptp(bounds["float32"])
    untrained = VAE(2, hidden=(16,), epochs=1, batch_size=200, random_state=0).fit(X).score(X)
    assert bounds["float32"].min() > untrained + 3, "it learned something"
    assert abs(bounds["bfloat16"].mean() - bounds["float32"].mean()) < max(spread, 0.1)
