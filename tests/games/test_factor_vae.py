"""The total correlation, by a critic and from a batch, against closed forms; and what it is for."""

import dataclasses
import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree
from jax.test_util import check_grads
from scipy.special import logsumexp
from scipy.stats import norm

from latently.abilities import abilities
from latently.game import Batch, check_game
from latently.games import VAE
from latently.games.factor_vae import FactorVAE, batch_log_ratio, permuted
from latently.networks import Conditional, Layer, mlp
from latently.probability import BernoulliHead, Gaussian, GaussianHead, MaskingNoise, Normal
from latently.training import Feed, Trainer

KEY = jax.random.key(3)
ADAM = optax.adam(1e-3)
CORRELATION = np.array([[1.0, 0.6, -0.3], [0.6, 1.0, 0.2], [-0.3, 0.2, 1.0]])
COVARIANCE = CORRELATION * np.outer([2.0, 1.0, 0.5], [2.0, 1.0, 0.5])
TOTAL_CORRELATION = -0.5 * np.linalg.slogdet(CORRELATION)[1]


class OptimalCritic(Layer):
    """The log-ratio of N(0, covariance) to the product of its marginals, times a factor."""

    covariance: jax.Array
    factor: jax.Array = eqx.field(default_factory=lambda: jnp.ones(()))

    def __call__(self, z, key=None):
        variance = jnp.diag(self.covariance)
        joint = jax.scipy.stats.multivariate_normal.logpdf(z, jnp.zeros(len(variance)), self.covariance)
        marginals = jax.scipy.stats.norm.logpdf(z, 0.0, jnp.sqrt(variance)).sum(axis=1)
        return self.factor * (joint - marginals)[:, None]


def of_covariance(rows, seed=0):
    """Rows whose mean is 0 and whose covariance is exactly `COVARIANCE`."""
    x = np.random.default_rng(seed).normal(size=(rows, 3))
    x -= x.mean(axis=0)
    x = x @ np.linalg.inv(np.linalg.cholesky(x.T @ x / rows)).T
    return jnp.asarray(x @ np.linalg.cholesky(COVARIANCE).T)


def identity(scale, **options):
    """The game whose code is x itself, with noise of a given scale."""
    network = mlp(3, (), 6, KEY)
    weight = jnp.concatenate([jnp.eye(3), jnp.zeros((3, 3))], axis=1)
    bias = jnp.concatenate([jnp.zeros(3), jnp.full(3, 2 * np.log(scale))])
    network = eqx.tree_at(lambda chain: (chain.layers[-1].weight, chain.layers[-1].bias), network, (weight, bias))
    return FactorVAE(
        encoder=Conditional(network, GaussianHead(scale="exp")),
        decoder=Conditional(mlp(3, (), 3, KEY), GaussianHead()),
        prior=Normal(3),
        optimizer=ADAM,
        critic_optimizer=ADAM,
        **{"gamma": 2.0} | options,
    )


def small(**options):
    """A game with hidden layers, on rows of four numbers."""
    keys = jax.random.split(KEY, 3)
    critic = mlp(2, (5,), 1, keys[2], activation="tanh")
    return FactorVAE(
        encoder=Conditional(mlp(4, (5,), 4, keys[0], activation="tanh"), GaussianHead(scale="softplus")),
        decoder=Conditional(mlp(2, (5,), 4, keys[1], activation="tanh"), BernoulliHead()),
        prior=Normal(2),
        optimizer=ADAM,
        critic_optimizer=ADAM,
        **{"gamma": 3.0, "critic": critic} | options,
    )


def rows():
    return Batch((jnp.asarray(np.random.default_rng(5).uniform(size=(6, 4))),))


KINDS = [
    {},
    {"corruption": MaskingNoise(0.3)},
    {"critic": None, "rows": 50},
    {"critic": None, "rows": 50, "sampling": "stratified"},
]
KIND_NAMES = ["critic", "denoising", "weighted", "stratified"]


# ---- the critic ----


def test_the_best_critics_term_is_the_total_correlation_of_gaussian_codes():
    """−½ log det of the correlation matrix: exact where the codes have exactly the covariance."""
    game = identity(1e-12, critic=OptimalCritic(jnp.asarray(COVARIANCE)))
    terms = game.negative_bound(Batch((of_covariance(50),)), KEY)
    assert float(terms["total_correlation"]) == pytest.approx(TOTAL_CORRELATION, rel=1e-9)


def test_the_noise_of_the_posterior_is_a_part_of_the_codes():
    noisy = COVARIANCE + 0.8**2 * np.eye(3)
    correlation = noisy / np.sqrt(np.outer(np.diag(noisy), np.diag(noisy)))
    game = identity(0.8, critic=OptimalCritic(jnp.asarray(noisy)))
    terms = game.negative_bound(Batch((of_covariance(100_000),)), KEY)
    expected = -0.5 * np.linalg.slogdet(correlation)[1]
    assert float(terms["total_correlation"]) == pytest.approx(expected, abs=0.01)


def test_the_density_ratio_is_what_the_critics_loss_is_least_at():
    """The derivative of its loss in a factor on the log-ratio is 0 at 1, and at 1 alone."""
    rows = Batch((of_covariance(100_000),))

    def objective(factor):
        game = identity(1e-12, critic=OptimalCritic(jnp.asarray(COVARIANCE), factor))
        critic, _ = game.players()
        return critic.objective(game, rows, KEY, jnp.asarray(0))[0]

    slopes = [float(jax.grad(objective)(jnp.asarray(factor))) for factor in (0.8, 1.0, 1.25)]
    assert slopes[0] < -0.005
    assert slopes[1] == pytest.approx(0, abs=0.002)
    assert slopes[2] > 0.005


def test_a_critic_that_learns_comes_to_the_total_correlation():
    game = identity(1e-12, critic=mlp(3, (32, 32), 1, KEY, activation="leaky_relu"))
    game = dataclasses.replace(game, optimizer=optax.sgd(0.0), critic_optimizer=optax.adam(3e-3))
    trainer = Trainer(game, Feed((np.asarray(of_covariance(20_000)),), batch_size=500, seed=0), seed=0)
    trainer.run(300)
    terms = trainer.state.game.negative_bound(Batch((of_covariance(20_000, seed=1),)), KEY)
    assert float(terms["total_correlation"]) == pytest.approx(TOTAL_CORRELATION, rel=0.15)


def test_permuted_codes_keep_every_marginal_and_lose_what_ties_them():
    z = of_covariance(20_000)
    mixed = np.asarray(permuted(z, KEY))
    np.testing.assert_array_equal(np.sort(mixed, axis=0), np.sort(np.asarray(z), axis=0))
    assert abs(np.corrcoef(mixed.T) - np.eye(3)).max() < 0.03
    assert (mixed == np.asarray(z)).mean() < 0.001  # no dimension stays where it was
    assert (mixed != np.asarray(permuted(z, jax.random.key(4)))).any()


class Counting(Layer):
    """A critic that notes what it is shown; its logit is the first dimension."""

    shown: list = eqx.field(static=True)

    def __call__(self, z, key=None):
        self.shown.append(np.asarray(z))
        return z[:, :1]


def test_both_players_meet_the_same_codes_and_the_critic_their_permutation_too():
    game = identity(0.5, critic=Counting([]))
    rows = Batch((of_covariance(40),))
    terms, of_critic = game.negative_bound(rows, KEY), game.discriminate(rows, KEY)
    codes, both = game.critic.shown
    np.testing.assert_array_equal(both[:40], codes)
    np.testing.assert_array_equal(np.sort(both[40:], axis=0), np.sort(codes, axis=0))
    assert float(terms["total_correlation"]) == pytest.approx(codes[:, 0].mean())
    assert float(of_critic["codes"]) == pytest.approx(np.log1p(np.exp(-both[:40, 0])).mean())
    assert float(of_critic["permuted_codes"]) == pytest.approx(np.log1p(np.exp(both[40:, 0])).mean())
    right = ((both[:40, 0] > 0).mean() + (both[40:, 0] < 0).mean()) / 2
    assert float(of_critic["permutation_accuracy"]) == pytest.approx(right)


# ---- the batch's posteriors ----

N = 7
MEANS = np.random.default_rng(1).normal(size=(N, 2)) @ np.array([[1.5, 1.0], [0.0, 0.5]])
SCALES = np.random.default_rng(2).uniform(0.3, 0.8, size=(N, 2))


def posteriors(rows=slice(None)):
    return Gaussian(jnp.asarray(MEANS[rows]), jnp.asarray(SCALES[rows]))


def mixture_log_ratio(z):
    """The log of q(z) / ∏ q(z_j), of the mixture of all posteriors."""
    log_q = norm.logpdf(z[:, None], MEANS, SCALES)
    return logsumexp(log_q.sum(axis=2), axis=1) - logsumexp(log_q, axis=1).sum(axis=1) + np.log(N)


def test_on_all_rows_the_stratified_estimate_is_exact_and_the_weighted_one_too_large_by_log_n():
    z = posteriors().sample(KEY)
    exact = mixture_log_ratio(np.asarray(z))
    np.testing.assert_allclose(batch_log_ratio(posteriors(), z, N, "stratified"), exact, rtol=1e-10)
    np.testing.assert_allclose(batch_log_ratio(posteriors(), z, N, "weighted"), exact + np.log(N), rtol=1e-10)


def test_its_mean_is_the_total_correlation_of_the_aggregate_posterior():
    axis = np.linspace(-8, 8, 321)
    z = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    q = np.exp(norm.logpdf(z[:, None], MEANS, SCALES).sum(axis=2)).mean(axis=1)
    integral = (q * mixture_log_ratio(z)).sum() * (axis[1] - axis[0]) ** 2

    def mean(key):
        return batch_log_ratio(posteriors(), posteriors().sample(key), N, "stratified").mean()

    estimates = jax.vmap(mean)(jax.random.split(KEY, 4000))
    assert integral > 0.2
    assert float(estimates.mean()) == pytest.approx(integral, abs=4 * float(estimates.std()) / 4000**0.5)


@pytest.mark.parametrize(("sampling", "own", "other"), [("weighted", 1 / 21, 1 / 21), ("stratified", 1 / 7, 3 / 7)])
def test_the_rows_of_a_batch_weigh_what_the_paper_says(sampling, own, other):
    """Of three rows out of seven; averaged over all such batches, the stratified estimate of a density is unbiased."""
    z, weights = np.asarray(posteriors().sample(KEY)), np.full((3, 3), other) + (own - other) * np.eye(3)
    densities, unbiased = [], np.exp(norm.logpdf(z[:1, None], MEANS, SCALES).sum(axis=2)).mean()
    for others in itertools.combinations(range(1, N), 2):
        drawn = [0, *others]
        log_q = norm.logpdf(z[drawn, None], MEANS[drawn], SCALES[drawn])
        log_joint = logsumexp(log_q.sum(axis=2), axis=1, b=weights)
        expected = log_joint - logsumexp(log_q, axis=1, b=weights[..., None]).sum(axis=1)
        np.testing.assert_allclose(
            batch_log_ratio(posteriors(drawn), jnp.asarray(z[drawn]), N, sampling), expected, rtol=1e-10
        )
        densities.append(np.exp(log_joint[0]))
    if sampling == "stratified":
        assert np.mean(densities) == pytest.approx(unbiased, rel=1e-10)
    else:
        assert np.mean(densities) < unbiased


def test_how_many_rows_there_are_moves_the_weighted_estimate_and_not_its_gradient():
    def value(mean, rows, sampling):
        q = Gaussian(mean, posteriors().scale)
        return batch_log_ratio(q, q.sample(KEY), rows, sampling).mean()

    few, many = (jax.value_and_grad(value)(posteriors().mean, rows, "weighted") for rows in (10, 1000))
    assert float(many[0] - few[0]) == pytest.approx(np.log(100))
    np.testing.assert_allclose(few[1], many[1], rtol=1e-8)
    few, many = (jax.value_and_grad(value)(posteriors().mean, rows, "stratified") for rows in (10, 1000))
    assert abs(few[1] - many[1]).max() > 0.01


@pytest.mark.parametrize("sampling", ["weighted", "stratified"])
def test_a_batch_of_one_row_and_a_data_set_of_one_are_finite(sampling):
    one = Gaussian(jnp.zeros((1, 2)), jnp.ones((1, 2)))
    for rows in (1, 5):
        assert jnp.isfinite(batch_log_ratio(one, one.sample(KEY), rows, sampling)).all()


# ---- the game ----


@pytest.mark.parametrize("options", KINDS, ids=KIND_NAMES)
def test_gradients_of_every_player_agree_with_finite_differences(options):
    game = small(**options)
    assert len(game.players()) == (1 if "critic" in options else 2)
    for player in game.players():
        mine, others = eqx.partition(game, player.owns(game))
        flat, unravel = ravel_pytree(mine)

        def objective(flat, player=player, unravel=unravel, others=others):
            return player.objective(eqx.combine(unravel(flat), others), rows(), KEY, jnp.asarray(0))[0]

        check_grads(jax.jit(objective), (flat,), order=1, modes=["rev"], rtol=1e-6)


@pytest.mark.parametrize("options", KINDS, ids=KIND_NAMES)
def test_the_critics_player_moves_the_critic_alone_and_the_vaes_never(options):
    game = small(**options)
    check_game(game, rows())
    moved = {player.name: player.parts for player in game.players()}
    assert moved.pop("vae") == ("encoder", "decoder")
    assert moved == ({} if "critic" in options else {"critic": ("critic",)})
    for player in game.players():
        assert player.name == "critic" or not any(jax.tree.leaves(player.owns(game).critic))


@pytest.mark.parametrize("options", KINDS, ids=KIND_NAMES)
def test_its_other_terms_are_the_vaes_and_gamma_weighs_the_total_correlation_alone(options):
    game = small(**options)
    vae = VAE(game.encoder, game.decoder, game.prior, ADAM, corruption=game.corruption)
    terms, expected = game.negative_bound(rows(), KEY), vae.negative_evidence_bound(rows(), KEY)
    assert {name: terms[name] for name in expected} == expected
    total, _ = game.players()[-1].objective(game, rows(), KEY, jnp.asarray(0))
    bound = float(expected["reconstruction"] + expected["kl"])
    assert float(total) == pytest.approx(bound + 3.0 * float(terms["total_correlation"]))


@pytest.mark.parametrize("options", KINDS, ids=KIND_NAMES)
def test_it_encodes_decodes_bounds_and_denoises_as_a_vae_does(options):
    expected = {"encode", "decode", "sample", "score", "log_likelihood", "posterior_kl"}
    expected |= {"denoise"} if "corruption" in options else set()
    assert abilities(small(**options)) == expected


# ---- diagnosis ----


def history(accuracies, active=2.0):
    return [{"vae/active_dimensions": active, "critic/permutation_accuracy": accuracy} for accuracy in accuracies]


@pytest.mark.parametrize(
    ("accuracies", "begins"),
    [
        ([0.5, 0.7, 0.99, 1.0, 1.0], "the critic has told codes from permuted ones from the start (accuracy 1.00)"),
        ([0.5, 0.5, 0.51, 0.5, 0.49], "the critic has guessed from the start (accuracy 0.50)"),
    ],
)
def test_a_critic_that_always_wins_or_never_learns_is_told(accuracies, begins):
    (warning,) = small().diagnose(history(accuracies))
    assert warning.startswith(begins)


def test_a_critic_that_comes_to_guess_has_done_its_work():
    assert small().diagnose(history([0.5, 0.8, 0.7, 0.6, 0.5])) == ()


def test_unused_dimensions_are_told_with_or_without_a_critic():
    (warning,) = small().diagnose(history([0.5, 0.8, 0.7, 0.6, 0.5], active=1.0))
    assert warning.startswith("1 of 2 latent dimensions are unused")
    assert "beta" not in warning
    assert small(critic=None).diagnose([{"vae/active_dimensions": 1.0}]) == (warning,)
