"""The VAE's terms against closed forms."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree
from jax.test_util import check_grads
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from latently.game import Batch
from latently.games import VAE
from latently.games.vae import unused_dimensions
from latently.networks import Conditional, Layer, mlp
from latently.probability import BernoulliHead, GaussianHead, MaskingNoise, Normal, Star
from latently.streams import stream

KEY = jax.random.key(1)
ADAM = optax.adam(1e-3)
SCALE = 0.7
W = np.array([[1.0, 2.0], [-1.0, 1.0], [0.5, -1.0], [2.0, 0.0]])
W[:, 1] -= W[:, 0] * (W[:, 0] @ W[:, 1]) / (W[:, 0] @ W[:, 0])  # orthogonal columns: the posterior factorises
B = np.array([0.3, -0.2, 0.1, 0.0])
PRECISION = 1 + (W**2).sum(axis=0) / SCALE**2
X = np.random.default_rng(0).normal(size=(6, 4)) + B


def affine(matrix, bias):
    """The network `x @ matrix + bias`."""
    network = mlp(len(matrix), (), len(bias), KEY)
    return eqx.tree_at(
        lambda chain: (chain.layers[-1].weight, chain.layers[-1].bias),
        network,
        (jnp.asarray(matrix), jnp.asarray(bias)),
    )


def linear_gaussian(*, shift=0.0, prior=None, **options):
    """z ~ N(0, I), x ~ N(W z + b, s²): the encoder is the exact posterior, its mean moved by `shift`."""
    to_mean = W / SCALE**2 / PRECISION
    encoder = affine(
        np.concatenate([to_mean, np.zeros_like(W)], axis=1), np.concatenate([shift - B @ to_mean, -np.log(PRECISION)])
    )
    return VAE(
        encoder=Conditional(encoder, GaussianHead(scale="exp")),
        decoder=Conditional(affine(W.T, B), GaussianHead(scale="fixed", value=SCALE)),
        prior=Normal(2) if prior is None else prior,
        optimizer=ADAM,
        **options,
    )


def evidence(x):
    """log p(x) of each row."""
    return multivariate_normal(B, W @ W.T + SCALE**2 * np.eye(4)).logpdf(x)


def batch(x=X, copies=1):
    return Batch((jnp.asarray(np.repeat(x, copies, axis=0)),))


def test_the_bound_is_the_evidence_at_the_exact_posterior():
    """With a divergence that is sampled, each draw's bound is log p(x) itself."""
    normal = Star(2, petals=1, shift=0.0, radial=1.0, tangential=1.0)
    terms = linear_gaussian(prior=normal).negative_evidence_bound(batch(), KEY)
    assert float(terms["reconstruction"] + terms["kl"]) == pytest.approx(-evidence(X).mean(), rel=1e-12)


def test_the_terms_have_their_closed_forms():
    shift = 0.5
    terms = linear_gaussian(shift=shift).negative_evidence_bound(batch(copies=4000), KEY)
    mean = (X - B) @ W / SCALE**2 / PRECISION + shift
    kl = 0.5 * (mean**2 + 1 / PRECISION - 1 + np.log(PRECISION)).sum(axis=1).mean()
    squared = ((X - mean @ W.T - B) ** 2).sum(axis=1) + ((W**2) / PRECISION).sum()
    reconstruction = (squared / (2 * SCALE**2)).mean() + 2 * np.log(2 * np.pi * SCALE**2)
    assert float(terms["kl"]) == pytest.approx(kl, rel=1e-12)
    assert float(terms["reconstruction"]) == pytest.approx(reconstruction, abs=0.1)
    gap = 0.5 * shift**2 * PRECISION.sum()  # KL(q ‖ exact posterior)
    assert kl + reconstruction == pytest.approx(-evidence(X).mean() + gap, rel=1e-12)


@pytest.mark.parametrize("k", [2, 5, 50])
def test_the_importance_bound_is_the_evidence_at_the_exact_posterior_for_every_k(k):
    terms = linear_gaussian(importance_samples=k).negative_importance_bound(batch(), KEY)
    assert float(terms["importance_bound"]) == pytest.approx(-evidence(X).mean(), rel=1e-12)


class Counting(Layer):
    """A network that notes how many rows it is given."""

    network: Layer
    rows: list = eqx.field(static=True)

    def __call__(self, x, key=None):
        self.rows.append(len(x))
        return self.network(x, key)


@pytest.mark.parametrize("k", [2, 7])
def test_the_importance_bound_is_the_log_mean_of_exactly_k_weights(k):
    game = linear_gaussian(shift=0.4, importance_samples=k)
    rows = []
    game = eqx.tree_at(lambda game: game.decoder.network, game, Counting(game.decoder.network, rows))
    bound = game.negative_importance_bound(batch(), KEY)["importance_bound"]
    assert rows == [6 * k]
    mean, scale = (X - B) @ W / SCALE**2 / PRECISION + 0.4, PRECISION**-0.5
    noise = np.asarray(jax.random.normal(stream(KEY, "code"), (6 * k, 2))).reshape(6, k, 2)
    z = mean[:, None] + scale * noise
    weights = (
        norm(z @ W.T + B, SCALE).logpdf(X[:, None]).sum(axis=-1)
        + norm.logpdf(z).sum(axis=-1)
        - norm(mean[:, None], scale).logpdf(z).sum(axis=-1)
    )
    assert float(bound) == pytest.approx(-(logsumexp(weights, axis=1) - np.log(k)).mean(), rel=1e-12)


def test_the_importance_bound_tightens_with_k():
    bounds = [
        -float(
            linear_gaussian(shift=0.4, importance_samples=k).negative_importance_bound(batch(copies=500), KEY)[
                "importance_bound"
            ]
        )
        for k in (2, 8, 32)
    ]
    assert bounds == sorted(bounds)
    assert bounds[-1] < evidence(X).mean() + 0.05


def small(**options):
    """A VAE with a hidden layer."""
    one, two = jax.random.split(KEY)
    return VAE(
        encoder=Conditional(mlp(4, (5,), 4, one, activation="tanh"), GaussianHead(scale="softplus")),
        decoder=Conditional(mlp(2, (5,), 4, two, activation="tanh"), BernoulliHead()),
        prior=options.pop("prior", Normal(2)),
        optimizer=ADAM,
        **options,
    )


@pytest.mark.parametrize(
    "options",
    [
        {"beta": 3.0},
        {"importance_samples": 4},
        {"prior": Star(2, petals=5)},
        {"corruption": MaskingNoise(0.3)},
        {"beta": lambda round_: 0.25 * round_},
    ],
    ids=["beta", "importance", "star", "denoising", "warm-up"],
)
def test_gradients_agree_with_finite_differences(options):
    game = small(**options)
    (player,) = game.players()
    rows = Batch((jax.nn.sigmoid(jnp.asarray(X)),))
    arrays, static = eqx.partition(game, eqx.is_inexact_array)
    flat, unravel = ravel_pytree(arrays)

    def objective(flat):
        return player.objective(eqx.combine(unravel(flat), static), rows, KEY, jnp.asarray(2))[0]

    check_grads(jax.jit(objective), (flat,), order=1, modes=["rev"], rtol=1e-6, eps=1e-5)


def test_beta_weighs_the_divergence_and_the_terms_stay_raw():
    rows = Batch((jax.nn.sigmoid(jnp.asarray(X)),))
    (player,) = small(beta=3.0).players()
    total, terms = player.objective(small(), rows, KEY, jnp.asarray(0))
    plain = small().negative_evidence_bound(rows, KEY)
    assert terms["kl"] == plain["kl"]
    assert float(total) == pytest.approx(float(terms["reconstruction"] + 3 * terms["kl"]))


def test_denoising_corrupts_what_is_encoded_and_not_what_is_to_be_reconstructed():
    masked = linear_gaussian(corruption=MaskingNoise(1.0)).negative_evidence_bound(batch(), KEY)
    plain = linear_gaussian()
    q = plain.encoder(jnp.zeros((6, 4)))
    expected = -plain.decoder(q.sample(stream(KEY, "code"))).log_prob(jnp.asarray(X)).mean()
    assert float(masked["reconstruction"]) == pytest.approx(float(expected), rel=1e-12)
    assert float(masked["kl"]) == pytest.approx(float(q.kl(Normal(2)).mean()), rel=1e-12)


# ---- diagnosis ----


def test_unused_dimensions_are_counted():
    silent = affine(np.zeros((4, 4)), np.array([2.0, 0.0, -1.0, 0.0]))  # means 2 and 0, log-variances -1 and 0
    game = eqx.tree_at(lambda game: game.encoder.network, linear_gaussian(), silent)
    assert float(game.negative_evidence_bound(batch(), KEY)["active_dimensions"]) == 1.0


@pytest.mark.parametrize(
    ("active", "expected"),
    [
        (
            7.0,
            (
                "3 of 10 latent dimensions are unused (their KL divergence in the last training batches is below 0.01 "
                "nats): a smaller {latent_dim} would do as well, or try a warm-up or a smaller {beta}.",
            ),
        ),
        (10.0, ()),
        (9.8, ()),
    ],
)
def test_unused_dimensions_are_told_in_words(active, expected):
    game = small(prior=Normal(10))
    assert game.diagnose([{"vae/active_dimensions": 1.0}, {"vae/active_dimensions": active}]) == expected


def test_a_model_whose_kl_term_has_no_weight_is_not_told_to_lower_it():
    (warning,) = unused_dimensions(1.0, 2, weighted=False)
    assert warning.endswith("a smaller {latent_dim} would do as well.")


def test_the_importance_bound_knows_no_unused_dimensions():
    assert small(importance_samples=2).diagnose([{"vae/importance_bound": 3.0}]) == ()
