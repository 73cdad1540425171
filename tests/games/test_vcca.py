"""Variational CCA against closed forms: a linear-Gaussian problem of two views whose posteriors are known exactly."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree
from jax.test_util import check_grads
from scipy.stats import multivariate_normal

from latently.game import Batch
from latently.games.vcca import VCCA
from latently.networks import Conditional, Layer, mlp
from latently.probability import BernoulliHead, EachView, GaussianHead, MaskingNoise, Normal
from latently.streams import stream

KEY = jax.random.key(1)
RANDOM = np.random.default_rng(0)
SCALE = 0.7
SIZES = {"a": 5, "b": 4}
SHARED, PRIVATE = 2, 1
BIAS = [RANDOM.normal(size=n) for n in SIZES.values()]
# xᵥ = Aᵥ z + Cᵥ hᵥ + bᵥ + noise; all columns are orthogonal, so that the posterior of (z, h) factorises.
COLUMNS = [np.linalg.qr(RANDOM.normal(size=(n, 3)))[0] * [1.5, 0.6, 1.2] for n in SIZES.values()]
A, C = [each[:, :SHARED] for each in COLUMNS], [each[:, SHARED:] for each in COLUMNS]
MEAN = np.concatenate(BIAS)
LOADINGS = np.concatenate(A)
COVARIANCE = LOADINGS @ LOADINGS.T + SCALE**2 * np.eye(len(MEAN))
COVARIANCE[:5, :5] += C[0] @ C[0].T
COVARIANCE[5:, 5:] += C[1] @ C[1].T
X = RANDOM.multivariate_normal(MEAN, COVARIANCE, size=6)
VIEWS = (X[:, :5], X[:, 5:])


def affine(matrix, bias):
    """The network `x @ matrix + bias`."""
    network = mlp(len(matrix), (), len(bias), KEY)
    where = lambda chain: (chain.layers[-1].weight, chain.layers[-1].bias)  # noqa: E731
    return eqx.tree_at(where, network, (jnp.asarray(matrix), jnp.asarray(bias)))


def exact(loadings, bias):
    """The posterior of a standard normal code of x = loadings · code + bias + noise, for orthogonal loadings."""
    precision = 1 + (loadings**2).sum(axis=0) / SCALE**2
    weights = loadings / SCALE**2 / precision
    both = np.concatenate([weights, np.zeros_like(weights)], axis=1)
    return Conditional(affine(both, np.concatenate([-bias @ weights, -np.log(precision)])), GaussianHead(scale="exp"))


def linear_gaussian(*, joint=True, private=True, **options):
    """The game whose encoders are the exact posteriors of what they are given."""
    loadings = COLUMNS if private else A
    return VCCA(
        encoders=tuple(exact(each, bias) for each, bias in zip(A, BIAS, strict=True)),
        joint=exact(LOADINGS, MEAN) if joint else None,
        decoders=tuple(
            Conditional(affine(each.T, bias), GaussianHead(scale="fixed", value=SCALE))
            for each, bias in zip(loadings, BIAS, strict=True)
        ),
        prior=Normal(SHARED),
        optimizer=optax.adam(1e-3),
        names=("a", "b"),
        private=tuple(exact(each, bias) for each, bias in zip(C, BIAS, strict=True)) if private else (),
        private_dim=PRIVATE if private else 0,
        **options,
    )


def evidence(x, mean=MEAN, covariance=COVARIANCE):
    return multivariate_normal(mean, covariance).logpdf(x)


def batch(copies=1, present=None):
    present = None if present is None else jnp.repeat(jnp.asarray(present, bool), copies, axis=0)
    return Batch(tuple(jnp.repeat(x, copies, axis=0) for x in VIEWS), present=present)


def bound_from(origin, terms):
    private = sum(value for name, value in terms.items() if name.startswith("private_kl"))
    return -float(terms[f"reconstruction_from_{origin}"] + terms[f"kl_from_{origin}"] + private)


def divergence(mean, precision, other_mean, other_precision):
    """KL of one Gaussian to another, both diagonal."""
    ratio = other_precision / precision
    return 0.5 * (ratio - 1 - np.log(ratio) + other_precision * (mean - other_mean) ** 2).sum(axis=1)


def test_every_draw_of_the_exact_posterior_gives_the_evidence():
    game = linear_gaussian()
    terms = game.negative_bounds(batch(), KEY)
    q, own = game.joint(jnp.asarray(X)), game.private_posteriors(batch())
    z = q.sample(stream(KEY, "code of all"))
    h = [each.sample(stream(KEY, f"private code of {name}")) for name, each in zip("ab", own, strict=True)]
    log_ratio = q.log_prob(z) - Normal(SHARED).log_prob(z)
    for each, code in zip(own, h, strict=True):
        log_ratio += each.log_prob(code) - Normal(PRIVATE).log_prob(code)
    assert float(terms["reconstruction_from_all"] + log_ratio.mean()) == pytest.approx(-evidence(X).mean(), rel=1e-12)


@pytest.mark.parametrize("private", [True, False])
def test_the_bound_is_the_evidence_but_for_what_the_origin_does_not_know(private):
    covariance = COVARIANCE if private else LOADINGS @ LOADINGS.T + SCALE**2 * np.eye(9)
    game, precision = linear_gaussian(private=private), 1 + (LOADINGS**2).sum(axis=0) / SCALE**2
    terms, known = game.negative_bounds(batch(copies=20_000), KEY), (X - MEAN) @ LOADINGS / SCALE**2 / precision
    assert bound_from("all", terms) == pytest.approx(evidence(X, covariance=covariance).mean(), abs=0.03)
    for name, loadings, x, bias in zip("ab", A, VIEWS, BIAS, strict=True):
        of_one = 1 + (loadings**2).sum(axis=0) / SCALE**2
        gap = divergence((x - bias) @ loadings / SCALE**2 / of_one, of_one, known, precision)
        expected = (evidence(X, covariance=covariance) - gap).mean()
        assert bound_from(name, terms) == pytest.approx(expected, abs=0.05), name


def test_the_divergences_have_their_closed_forms():
    terms = linear_gaussian().negative_bounds(batch(), KEY)
    codes = {"kl_from_a": (A[0], 0), "kl_from_b": (A[1], 1), "private_kl_of_a": (C[0], 0), "private_kl_of_b": (C[1], 1)}
    for name, (loadings, view) in codes.items():
        precision = 1 + (loadings**2).sum(axis=0) / SCALE**2
        mean = (VIEWS[view] - BIAS[view]) @ loadings / SCALE**2 / precision
        assert float(terms[name]) == pytest.approx(divergence(mean, precision, 0.0, 1.0).mean(), rel=1e-12), name


def test_the_bound_of_rows_without_a_view_is_one_on_what_they_have():
    game, rows = linear_gaussian(joint=False), batch(copies=20_000, present=[[1, 0]] * 6)
    objective, terms = game.players()[0].objective(game, rows, KEY, jnp.asarray(0))
    of_a = evidence(X[:, :5], BIAS[0], COVARIANCE[:5, :5]).mean()
    assert -2 * float(objective) == pytest.approx(of_a, abs=0.03)  # one of the two origins, and no row of the other
    assert terms["reconstruction_from_b"] == terms["kl_from_b"] == terms["private_kl_of_b"] == 0


@pytest.mark.parametrize("joint", [True, False])
def test_completion_is_the_conditional_mean(joint):
    game = linear_gaussian(joint=joint)
    given = batch(present=[[1, 0]] * 6)
    completed = game.decode(game.encode(given).mean).mean[1]
    regression = np.linalg.solve(COVARIANCE[:5, :5], COVARIANCE[:5, 5:])
    assert np.allclose(completed, BIAS[1] + (X[:, :5] - BIAS[0]) @ regression, atol=1e-12)


def test_the_player_raises_the_mean_of_the_bounds_and_the_terms_stay_raw():
    game, rows = linear_gaussian(beta=lambda round_: 0.5 * round_), batch()
    (player,) = game.players()
    objective, terms = player.objective(game, rows, KEY, jnp.asarray(4))
    own = terms["private_kl_of_a"] + terms["private_kl_of_b"]
    each = [
        terms[f"reconstruction_from_{origin}"] + 2 * (terms[f"kl_from_{origin}"] + own) for origin in ("a", "b", "all")
    ]
    assert float(objective) == pytest.approx(float(sum(each)) / 3, rel=1e-12)
    assert terms == linear_gaussian().negative_bounds(rows, KEY)


def test_the_divergence_of_a_private_code_is_weighed_like_the_view_that_it_explains():
    """Where few rows have a view, its likelihood counts for little in the bound, and so does its private code."""
    few = batch(present=[[1, 1]] + [[1, 0]] * 5)
    terms, one = (linear_gaussian(joint=False).negative_bounds(rows, KEY) for rows in (few, Batch(few.views)))
    game = linear_gaussian(joint=False)
    kl = np.asarray(game.private_posteriors(few)[1].kl(Normal(PRIVATE)))
    assert float(terms["private_kl_of_b"]) == pytest.approx((kl[0] / 6 + kl[0]) / 2, rel=1e-12)
    assert float(one["private_kl_of_b"]) == pytest.approx(kl.mean(), rel=1e-12)


def small(**options):
    """A game with hidden layers; codes come from the first view alone unless they are said to come from both."""
    keys = iter(jax.random.split(KEY, 9))

    def network(inputs, outputs, head):
        return Conditional(mlp(inputs, (4,), outputs, next(keys), activation="tanh"), head)

    both = options.pop("both", True)
    encoders = [network(n, 2 * SHARED, GaussianHead(scale="softplus")) for n in SIZES.values()]
    return VCCA(
        encoders=(encoders[0], encoders[1] if both else None),
        joint=network(9, 2 * SHARED, GaussianHead(scale="exp")) if options.pop("joint", True) else None,
        decoders=tuple(network(SHARED + PRIVATE, n, BernoulliHead()) for n in SIZES.values()),
        prior=Normal(SHARED, scale=2.0),
        optimizer=optax.adam(1e-3),
        names=("a", "b"),
        private=tuple(network(n, 2 * PRIVATE, GaussianHead(scale="exp")) for n in SIZES.values()),
        private_dim=PRIVATE,
        **options,
    )


def pixels(present=None):
    return Batch(
        tuple(jax.nn.sigmoid(jnp.asarray(x)) for x in VIEWS),
        present=None if present is None else jnp.asarray(present, bool),
    )


SOME = [[1, 1], [1, 0], [0, 1], [1, 1], [1, 0], [0, 1]]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"both": False, "joint": False},
        {"beta": lambda round_: 0.25 * round_, "code_dropout": 0.4},
        {"corruption": EachView((MaskingNoise(0.3), MaskingNoise(0.3)))},
    ],
    ids=["bi-VCCA", "VCCA", "warm-up and dropout", "denoising"],
)
def test_gradients_agree_with_finite_differences(options):
    game = small(**options)
    (player,) = game.players()
    arrays, static = eqx.partition(game, eqx.is_inexact_array)
    flat, unravel = ravel_pytree(arrays)

    def objective(flat):
        return player.objective(eqx.combine(unravel(flat), static), pixels(SOME), KEY, jnp.asarray(2))[0]

    check_grads(jax.jit(objective), (flat,), order=1, modes=["rev"], rtol=1e-6)


def sizes_of_gradients(game, rows, *starts):
    """How large the gradient of the terms that start so is, for each network of the game."""

    def loss(game):
        terms = game.negative_bounds(rows, KEY)
        return sum(value for name, value in terms.items() if name.startswith(starts))

    gradient = eqx.filter_grad(loss)(game)
    return {
        f"{part} {place}": sum(float(abs(leaf).sum()) for leaf in jax.tree.leaves(network))
        for part in ("encoders", "private", "decoders")
        for place, network in enumerate(getattr(gradient, part))
    } | {"joint": sum(float(abs(leaf).sum()) for leaf in jax.tree.leaves(gradient.joint))}


def test_a_row_without_a_view_teaches_nothing_through_it():
    sizes = sizes_of_gradients(small(), pixels([[1, 0]] * 6), "reconstruction", "kl", "private")
    assert {name for name, size in sizes.items() if size > 0} == {"encoders 0", "private 0", "decoders 0"}


def test_what_stands_in_the_place_of_a_missing_view_is_not_read():
    game, rows = small(), pixels([[1, 0]] * 6)
    other = Batch((rows.views[0], rows.views[1] ** 2), present=rows.present)
    assert game.negative_bounds(rows, KEY) == game.negative_bounds(other, KEY)
    assert (game.encode(rows).mean == game.encode(other).mean).all()


def test_private_codes_and_shared_ones_do_not_leak_into_each_others_divergence():
    shared, own = (sizes_of_gradients(small(), pixels(), start) for start in ("kl", "private"))
    assert {name for name, size in shared.items() if size > 0} == {"encoders 0", "encoders 1", "joint"}
    assert {name for name, size in own.items() if size > 0} == {"private 0", "private 1"}


def test_a_private_code_is_read_by_the_decoder_of_its_own_view_alone():
    game, rows = small(), pixels()

    def of_a(private):
        swapped = eqx.tree_at(lambda game: game.private, game, private)
        codes = [q.mean for q in swapped.private_posteriors(rows)]
        return swapped.decode_in_training(swapped.encode(rows).mean, None, codes).log_probs(rows.views)[:, 0].sum()

    of_own, of_other = (
        sum(float(abs(leaf).sum()) for leaf in jax.tree.leaves(gradient))
        for gradient in eqx.filter_grad(of_a)(game.private)
    )
    assert of_own > 0
    assert of_other == 0


def test_codes_are_decoded_at_the_mean_of_the_private_prior():
    game, z = small(), jnp.ones((3, SHARED))
    beside = jnp.concatenate([z, jnp.zeros((3, PRIVATE))], axis=1)
    for p, decoder in zip(game.decode(z).parts, game.decoders, strict=True):
        assert (p.mean == decoder(beside).mean).all()


def test_a_code_is_inferred_from_the_views_that_have_an_encoder():
    game, rows = small(both=False, joint=False), pixels(SOME)
    codes, of_a = game.encode(rows).mean, game.encoders[0](rows.x).mean
    assert game.origins == ("a",)
    assert (codes[jnp.asarray([0, 1, 3, 4])] == of_a[jnp.asarray([0, 1, 3, 4])]).all()
    assert (codes[jnp.asarray([2, 5])] == 0).all()  # the prior's mean: nothing is known
    assert set(game.negative_bounds(rows, KEY)) == {
        *("reconstruction_from_a", "kl_from_a", "private_kl_of_a", "private_kl_of_b", "active_dimensions")
    }


class Recording(Layer):
    """A network that notes what it is given."""

    network: Layer
    given: list = eqx.field(static=True)

    def __call__(self, x, key=None):
        self.given.append(x)
        return self.network(x, key)


@pytest.mark.parametrize("rate", [0.0, 0.25])
def test_dropout_falls_on_the_shared_code_before_it_is_decoded(rate):
    given = []
    game = linear_gaussian(code_dropout=rate)
    game = eqx.tree_at(lambda game: game.decoders[0].network, game, Recording(game.decoders[0].network, given))
    game.negative_bounds(batch(copies=500), KEY)
    game.decode(jnp.ones((4, SHARED)))
    (in_training, at_last) = given
    dropped = np.asarray(in_training == 0)
    assert dropped[:, :SHARED].mean() == pytest.approx(rate, abs=0.01)
    assert not dropped[:, SHARED:].any()
    assert (at_last[:, :SHARED] == 1).all()


def test_unused_dimensions_are_told():
    encoder = Conditional(affine(np.zeros((5, 4)), np.array([0.0, 1.0, 0.0, 0.0])), GaussianHead(scale="exp"))
    game = eqx.tree_at(lambda game: game.encoders[0], linear_gaussian(joint=False), encoder)
    game = eqx.tree_at(lambda game: game.encoders, game, (game.encoders[0], None), is_leaf=lambda leaf: leaf is None)
    terms = game.negative_bounds(batch(), KEY)
    assert terms["active_dimensions"] == 1
    (warning,) = game.diagnose([{f"vcca/{name}": float(value) for name, value in terms.items()}])
    assert "1 of 2 latent dimensions are unused" in warning
