"""Adversarial CCA against what linear algebra knows of two views."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from latently import ACCA, games
from latently.game import Batch, masked
from latently.networks import Conditional, mlp
from latently.probability import DeterministicHead, GaussianHead, Normal, logistic

RANDOM = np.random.default_rng(0)
LINEAR = {
    "hidden": (),
    "critic_hidden": (8,),
    "fooling_weight": 1e-6,
    "likelihood": "gaussian",
    "likelihood_scale": 1.0,
    "learning_rate": 3e-3,
    "learning_rate_decay": 0.5,
    "batch_size": 128,
    "random_state": 0,
}


def game_of(joint=True):
    head = GaussianHead(scale="fixed", activation="identity")
    keys = jax.random.split(jax.random.key(0), 6)
    return games.ACCA(
        encoders=tuple(Conditional(mlp(n, (), 2, key), DeterministicHead()) for n, key in ((3, keys[0]), (4, keys[1]))),
        joint=Conditional(mlp(7, (), 2, keys[2]), DeterministicHead()) if joint else None,
        decoders=tuple(Conditional(mlp(2, (), n, key), head) for n, key in ((3, keys[3]), (4, keys[4]))),
        critic=mlp(2, (5,), 1, keys[5]),
        prior=Normal(2),
        adversarial=logistic,
        optimizer=optax.adam(1e-3),
        critic_optimizer=optax.adam(1e-3),
        names=("a", "b"),
        fooling_weight=0.1,
    )


def rows(given):
    given = jnp.asarray(given, bool)
    x = jax.random.normal(jax.random.key(1), (len(given), 7))
    return Batch(masked((x[:, :3], x[:, 3:]), given), present=given)


def test_completion_is_the_conditional_mean_of_a_linear_gaussian_problem():
    shared = RANDOM.normal(size=(3000, 2))
    a = shared @ RANDOM.normal(size=(2, 4)) + 0.5 * RANDOM.normal(size=(3000, 4)) + 3
    b = 10 * (shared @ RANDOM.normal(size=(2, 3)) + 0.5 * RANDOM.normal(size=(3000, 3)))
    acca = ACCA(latent_dim=7, epochs=200, **LINEAR).fit({"a": a, "b": b})
    covariance = np.cov(np.hstack([a, b]).T)
    closed = b.mean(0) + (a - a.mean(0)) @ np.linalg.solve(covariance[:4, :4], covariance[:4, 4:])
    completed = acca.complete({"a": a})["b"]
    assert ((completed - closed) ** 2).mean() < 0.01 * ((closed - b.mean(0)) ** 2).mean()
    assert ((closed - b) ** 2).mean() > 0.1 * b.var()  # there is something that no completion can know


@pytest.mark.parametrize("joint", [True, False])
def test_codes_of_one_view_of_the_other_and_of_both_agree_where_each_view_tells_all(joint):
    a = RANDOM.normal(size=(2000, 3))
    b = a @ np.linalg.qr(RANDOM.normal(size=(3, 3)))[0]
    acca = ACCA(latent_dim=3, epochs=150, joint=joint, fusion="mean", **LINEAR).fit([a, b])
    codes = [acca.transform(views) for views in ({"view1": a}, {"view2": b}, [a, b])]
    spread = codes[2].var()
    assert ((codes[0] - codes[1]) ** 2).mean() < 0.01 * spread
    assert ((codes[0] - codes[2]) ** 2).mean() < 0.01 * spread


def test_a_row_without_a_view_gives_no_gradient_to_what_only_that_view_teaches():
    game = game_of()
    batch = rows([[1, 0]] * 5)

    def loss(game):
        terms = game.reconstruct_and_fool(batch, jax.random.key(2))
        return sum(terms.values())

    gradient = jax.grad(loss, allow_int=True)(game)

    def size(part):
        return sum(float(abs(leaf).sum()) for leaf in jax.tree.leaves(part))

    (of_a, of_b), (to_a, to_b) = map(size, gradient.encoders), map(size, gradient.decoders)
    assert min(of_a, to_a) > 0
    assert of_b == to_b == size(gradient.joint) == 0


def test_terms_of_incomplete_rows_are_those_of_the_rows_that_are_there():
    game, key = game_of(), jax.random.key(3)
    mixed = rows([[1, 1], [1, 1], [0, 1], [0, 1]])
    whole = Batch(tuple(view[:2] for view in mixed.views))
    terms, alone = (game.reconstruct_and_fool(batch, key) for batch in (mixed, whole))
    for name in ("reconstruction_from_a", "fooling_from_a", "reconstruction_from_all", "fooling_from_all"):
        assert terms[name] == pytest.approx(float(alone[name]), rel=1e-5), name
    assert terms["reconstruction_from_b"] != pytest.approx(float(alone["reconstruction_from_b"]), rel=1e-3)


@pytest.mark.parametrize("joint", [True, False])
def test_the_code_of_a_row_is_made_of_the_views_that_it_has(joint):
    game = game_of(joint)
    x = rows([[1, 1], [1, 0], [0, 1]])
    of_a, of_b = (encoder(view).mean for encoder, view in zip(game.encoders, x.views, strict=True))
    both = game.joint(jnp.concatenate(x.views, axis=1)).mean if joint else (of_a + of_b) / 2
    expected = jnp.stack([both[0], of_a[1], of_b[2]])
    assert jnp.allclose(game.encode(x).mean, expected, atol=1e-6)
    assert jnp.allclose(game.encode(x).sample(jax.random.key(0)), expected, atol=1e-6)
