"""The auxiliary and the skip deep generative model: bounds against linear models whose evidence is known, and M2's."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.stats import multivariate_normal, norm

from latently import games
from latently.game import Batch
from latently.inference import code_draws, likelihood_bound
from latently.networks import Conditional, condition, mlp
from latently.probability import BernoulliHead, CategoricalHead, GaussianHead, Normal
from latently.streams import stream

KEY = jax.random.key(3)
ADAM = optax.adam(1e-3)
K = 3
both = pytest.mark.parametrize("skip", [False, True], ids=["ADGM", "SDGM"])


# ---- a linear model, whose posteriors are known ----

Z, A, SEEN = [0], [1], [2, 3]
"""The places of z, a and x in a normal distribution of all of them."""
OF_X, NOISE = np.array([[1.0], [-2.0]]), 0.6
ROWS = np.random.default_rng(0).normal(size=(5, 2))


def covariance(skip):
    """Of (z, a, x): x = W z + e, a = 0.5 z + V x + e'; of the skip model a = 0.5 z + e', x = W z + U a + e."""
    unit = np.eye(4) * [1.0, 0.2, NOISE, NOISE]  # of what is drawn for each: z, e', e
    if skip:
        of_a = 0.5 * unit[:1] + unit[1:2]
        of_x = OF_X @ unit[:1] + np.array([[0.7], [0.4]]) @ of_a + unit[2:]
    else:
        of_x = OF_X @ unit[:1] + unit[2:]
        of_a = 0.5 * unit[:1] + np.array([[0.3, -0.2]]) @ of_x + unit[1:2]
    all_of = np.concatenate([unit[:1], of_a, of_x])
    return all_of @ all_of.T


def linear(joint, of, given):
    """The mean of some of these given others, as a matrix, and what their variances are then."""
    between = joint[np.ix_(of, given)] @ np.linalg.inv(joint[np.ix_(given, given)])
    left = np.diag(joint[np.ix_(of, of)] - between @ joint[np.ix_(given, of)])
    return between.T, left


def told(weights, *widths):
    """A linear encoder or decoder of these weights; of what it is told, so many numbers each, it heeds some."""
    matrix, variances = weights
    pieces = np.split(matrix, np.cumsum([width for width, heeded in widths if heeded])[:-1])
    rows = [pieces.pop(0) if heeded else np.zeros((width, matrix.shape[1])) for width, heeded in widths]
    matrix = np.concatenate([np.concatenate(rows), np.zeros((sum(width for width, _ in widths), matrix.shape[1]))], 1)
    network = mlp(len(matrix), (), matrix.shape[1], KEY)
    bias = np.concatenate([np.zeros(len(variances)), np.log(variances)])
    place = lambda chain: (chain.layers[-1].weight, chain.layers[-1].bias)  # noqa: E731
    return Conditional(eqx.tree_at(place, network, (jnp.asarray(matrix), jnp.asarray(bias))), GaussianHead(scale="exp"))


def exact(skip, **options):
    """The linear model with its own posteriors, and classes that say nothing: any draw gives the evidence."""
    joint = covariance(skip)
    classifier = mlp(2 + 1, (), K, KEY)
    silent = jax.tree.map(jnp.zeros_like, eqx.filter(classifier, eqx.is_inexact_array))
    p_a = [(1, True), (K, False)]
    return games.AuxiliaryDeepGenerativeModel(
        auxiliary=told(linear(joint, A, SEEN), (2, True)),
        classifier=Conditional(eqx.combine(silent, classifier), CategoricalHead(K, per_row=True)),
        encoder=told(linear(joint, Z, SEEN + A), (2, True), (1, True), (K, False)),
        auxiliary_decoder=told(linear(joint, A, Z if skip else SEEN + Z), *([] if skip else [(2, True)]), *p_a),
        decoder=told(linear(joint, SEEN, Z + A if skip else Z), (1, True), (K, False), *([(1, True)] if skip else [])),
        prior=Normal(1),
        optimizer=ADAM,
        n_labels=K,
        skip=skip,
        **options,
    )


def evidence(skip, rows=ROWS):
    """Log p(x) of each row."""
    return multivariate_normal(np.zeros(2), covariance(skip)[2:, 2:]).logpdf(rows)


@both
def test_of_exact_posteriors_the_bound_is_the_evidence(skip):
    """In the mean over draws: the divergence of z alone is in closed form."""
    x, labels = jnp.repeat(ROWS, 4000, axis=0), jnp.arange(20000) % K
    unknown = exact(skip, labels_known="none").objective(Batch((x,)), KEY)
    assert float(unknown["bound"]) == pytest.approx(-evidence(skip).mean(), abs=0.02)
    for known in (
        exact(skip, labels_known="all").objective(Batch((x,), labels), KEY)["bound"],
        exact(skip).objective(Batch((x,), labels, Batch((x,), labels)), KEY)["bound"],
        exact(skip).objective(Batch((x,), labels, Batch((x,), labels)), KEY)["labelled_bound"],
    ):
        assert float(known) == pytest.approx(-evidence(skip).mean() + np.log(K), abs=0.03)


@both
@pytest.mark.parametrize("kind", ["elbo", "importance"])
def test_bounds_of_rows_draw_the_auxiliary_variable_with_the_code(skip, kind):
    for labels in (jnp.full(5, -1), jnp.eye(K)[jnp.arange(5) % K]):
        bounds = likelihood_bound(exact(skip), kind, jax.random.split(KEY, 2), jnp.asarray(ROWS), labels)
        np.testing.assert_allclose(bounds, evidence(skip), rtol=1e-9)


@both
def test_with_other_posteriors_the_importance_weighted_bound_nears_the_evidence(skip):
    game = exact(skip)
    wider = eqx.tree_at(lambda game: game.auxiliary.network.layers[-1].bias, game, jnp.array([0.3, 1.0]))
    x, labels = jnp.asarray(ROWS), jnp.full(5, -1)
    one, many = (likelihood_bound(wider, "importance", jax.random.split(KEY, draws), x, labels) for draws in (1, 4000))
    np.testing.assert_allclose(many, evidence(skip), atol=0.1)
    assert (evidence(skip) - one).mean() > 0.2


@both
def test_draws_of_the_code_spread_as_the_posterior_does(skip):
    """At the mean of the auxiliary variable alone they would lie closer together."""
    matrix, variance = linear(covariance(skip), Z, SEEN)
    x = jnp.asarray(np.repeat(ROWS[:1], 20000, axis=0))
    draws = np.asarray(code_draws(exact(skip), KEY, x, jnp.eye(K)[jnp.zeros(20000, int)]))[:, 0]
    assert draws.mean() == pytest.approx((ROWS[0] @ matrix)[0], abs=0.02)
    assert draws.std() == pytest.approx(np.sqrt(variance[0]), rel=0.02)
    assert float(exact(skip).encode(x[:1], jnp.eye(K)[:1]).scale[0, 0]) < 0.9 * np.sqrt(variance[0])


# ---- any networks ----

PIXELS, LATENT, AUXILIARY = 5, 2, 4
X = jnp.asarray(np.random.default_rng(1).uniform(size=(6, PIXELS)))


def gaussian(inputs, dim, key):
    return Conditional(mlp(inputs, (4,), 2 * dim, key), GaussianHead(scale="exp"))


def any_networks(skip=False, **options):
    keys = jax.random.split(KEY, 5)
    return games.AuxiliaryDeepGenerativeModel(
        gaussian(PIXELS, AUXILIARY, keys[0]),
        Conditional(mlp(PIXELS + AUXILIARY, (4,), K, keys[1]), CategoricalHead(K, per_row=True)),
        gaussian(PIXELS + AUXILIARY + K, LATENT, keys[2]),
        gaussian((0 if skip else PIXELS) + LATENT + K, AUXILIARY, keys[3]),
        Conditional(mlp(LATENT + K + AUXILIARY * skip, (4,), PIXELS, keys[4]), BernoulliHead()),
        Normal(LATENT),
        ADAM,
        n_labels=K,
        skip=skip,
        **options,
    )


def log_normal(q, at):
    return norm(q.mean, q.scale).logpdf(at).sum()


@both
def test_the_unlabelled_bound_is_the_sum_over_classes(skip):
    """Term by term, with the very draws that the game makes; the label of the last row is known."""
    game = any_networks(skip, labels_known="some")
    noise = jax.random.normal(stream(KEY, "code"), (6 * K, LATENT))
    labels = jnp.array([-1, -1, -1, -1, -1, 2])
    q_a = game.auxiliary(X)
    a = q_a.mean + q_a.scale * jax.random.normal(stream(KEY, "auxiliary code"), (6, AUXILIARY))
    expected = []
    for row in range(6):
        x, drawn, of_a = X[row : row + 1], a[row : row + 1], jax.tree.map(lambda each: each[row : row + 1], q_a)  # noqa: B023
        probabilities = np.asarray(game.classifier(condition(x, drawn)).mean)[0]
        weights = np.eye(K)[2] if row == 5 else probabilities
        bound = 0.0 if row == 5 else -np.sum(probabilities * np.log(probabilities))
        for label in range(K):
            y = jnp.eye(K)[label : label + 1]
            q = game.encoder(jnp.concatenate([x, drawn, y], axis=1))
            z = q.mean + q.scale * noise[row * K + label]
            p_a = game.auxiliary_decoder(jnp.concatenate([z, y] if skip else [x, z, y], axis=1))
            p = game.decoder(jnp.concatenate([z, y, drawn] if skip else [z, y], axis=1))
            kl = 0.5 * np.sum(np.square(q.mean) + np.square(q.scale) - 1 - 2 * np.log(q.scale))
            gained = log_normal(p_a, drawn) - log_normal(of_a, drawn)
            bound += weights[label] * (float(p.log_prob(x)[0]) - np.log(K) - kl + gained)
        expected.append(bound)
    batch = Batch((X,), labels, Batch((X,), jnp.arange(6) % K))
    assert float(game.objective(batch, KEY)["bound"]) == pytest.approx(-np.mean(expected), rel=1e-12)


def test_with_an_auxiliary_variable_that_carries_nothing_the_bound_is_m2s():
    game = any_networks()
    silent = jax.tree.map(jnp.zeros_like, eqx.filter((game.auxiliary, game.auxiliary_decoder), eqx.is_inexact_array))
    game = eqx.tree_at(
        lambda game: (game.auxiliary, game.auxiliary_decoder),
        game,
        eqx.combine(silent, (game.auxiliary, game.auxiliary_decoder)),
    )
    first = lambda game: [part.network.layers[1].weight for part in (game.classifier, game.encoder)]  # noqa: E731
    classifier, encoder = (weight.at[PIXELS : PIXELS + AUXILIARY].set(0.0) for weight in first(game))
    game = eqx.tree_at(first, game, [classifier, encoder])
    m2 = games.SemiSupervisedVAE(
        game.classifier, game.encoder, game.decoder, Normal(LATENT), ADAM, n_labels=K, labelled_weight=1.0
    )
    heeded = [jnp.delete(weight, jnp.arange(PIXELS, PIXELS + AUXILIARY), axis=0) for weight in first(game)]
    m2 = eqx.tree_at(first, m2, heeded)
    batch = Batch((X,), jnp.arange(6) % 4 - 1, Batch((X,), jnp.arange(6) % K))
    terms, of_m2 = game.objective(batch, KEY), m2.objective(batch, KEY)
    assert float(terms.pop("auxiliary_kl")) == pytest.approx(0.0, abs=1e-12)
    assert terms.keys() == of_m2.keys()
    for name, value in of_m2.items():
        assert float(terms[name]) == pytest.approx(float(value), rel=1e-12), name
