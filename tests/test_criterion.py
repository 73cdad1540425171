"""What held-out rows say of a game: each criterion has the value that its formula gives on known inputs."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from latently.criterion import DIRECTIONS, held_out
from latently.game import Batch, Player
from latently.probability import Deterministic, Gaussian, Normal
from latently.streams import stream

RANDOM, KEY = np.random.default_rng(0), jax.random.key(0)
X, LABELS = RANDOM.normal(size=(12, 3)).astype(np.float32), np.arange(12) % 3


class Game:
    """A game that does what it is handed."""

    n_labels = label_role = None

    def __init__(self, **given):
        vars(self).update(given)


class Drawn:
    """A prior whose draws are known."""

    def __init__(self, draws):
        self.draws = draws

    def sample(self, key, n, labels=None, n_labels=None):
        return jnp.asarray(self.draws[:n], jnp.float32)


def measured(game, name, x=X, labels=None, **batch):
    views = x if isinstance(x, tuple) else (x,)
    labels = None if labels is None else jnp.asarray(labels)
    batch = Batch(tuple(map(jnp.asarray, views)), labels, **batch)
    return {name: float(value) for name, value in held_out(game, batch, KEY, name, terms=False).items()}


def decoded(*means):
    """A decoder that gives those rows, whatever the code: of one view, or of several."""
    views = tuple(jnp.asarray(mean, jnp.float32) for mean in means)
    return lambda z, y=None: Game(mean=views) if len(views) > 1 else Deterministic(*views)


def encoded(codes):
    return lambda x, y=None: Deterministic(jnp.asarray(codes, jnp.float32))


def test_the_classification_error_is_the_share_of_known_labels_that_are_mistaken():
    scores = np.eye(3, dtype=np.float32)[[0, 1, 2, 2, 1, 0]]
    game = Game(class_scores=lambda x: x)
    assert measured(game, "classification_error", scores, [0, 1, 2, 0, -1, -1]) == {"classification_error": 0.25}


WEIGHTS, OFFSETS, NOISE, SPREAD = RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(3, 3)), 0.5, 1e-4


def a_bounded_game(**given):
    return Game(
        encode=lambda x, y=None: Gaussian(x @ WEIGHTS.T.astype(np.float32), SPREAD),
        decode=lambda z, y=None: Gaussian(z @ WEIGHTS + (0.0 if y is None else y @ OFFSETS), NOISE),
        prior=Normal(2),
        **given,
    )


def bounds(offset):
    """log p(x|z) at the mean, since q(z|x) is narrow, less KL(q(z|x) ‖ p(z))."""
    z = X.astype(float) @ WEIGHTS.T
    likelihood = norm.logpdf(X, z @ WEIGHTS + offset, NOISE).sum(axis=1)
    return likelihood - 0.5 * (z**2 + SPREAD**2 - 1 - 2 * np.log(SPREAD)).sum(axis=1)


def test_the_negative_bound_is_the_mean_over_rows_of_the_divergence_less_the_likelihood():
    found = measured(a_bounded_game(), "negative_bound")
    assert found["negative_bound"] == pytest.approx(-bounds(0.0).mean(), rel=1e-4)


@pytest.mark.parametrize("known", ["all", "some", "none"])
def test_the_negative_bound_is_that_of_the_label_or_of_all_labels_alike_where_it_is_unknown(known):
    each = np.stack([bounds(offset) for offset in OFFSETS])
    unknown = {"all": np.zeros(12, bool), "some": np.arange(12) < 5, "none": np.ones(12, bool)}[known]
    expected = np.where(unknown, logsumexp(each, axis=0) - np.log(3), each[LABELS, np.arange(12)])
    labels = None if known == "none" else np.where(unknown, -1, LABELS)
    labelled = Batch((jnp.asarray(X[5:]),), jnp.asarray(LABELS[5:])) if known == "some" else None
    game = a_bounded_game(label_role="decoder", n_labels=3)
    found = measured(game, "negative_bound", labels=labels, labelled=labelled)
    assert found["negative_bound"] == pytest.approx(-expected.mean(), rel=1e-4)


def test_the_held_out_loss_is_the_weighted_sum_of_the_terms_when_weights_have_ceased_to_move():
    def loss(game, batch, key):
        return {"mean": batch.x.mean(), "square": (batch.x**2).mean(), "watched": jnp.asarray(100.0)}

    weights = {"square": lambda round_: jnp.minimum(round_ / 10, 3.0), "watched": 0.0}
    game = Game(players=lambda: (Player("one", (), loss, optax.identity(), weights),))
    assert measured(game, "held_out_loss")["held_out_loss"] == pytest.approx(X.mean() + 3 * (X**2).mean(), rel=1e-5)


def test_what_reconstructions_miss_is_a_share_of_the_variance_of_what_is_there():
    gappy = np.where(RANDOM.random(X.shape) < 0.2, np.nan, X).astype(np.float32)
    guess = X + 0.3 * RANDOM.normal(size=X.shape).astype(np.float32)
    game = Game(encode=encoded(X[:, :1]), decode=decoded(guess))
    missed = np.nansum((gappy - guess) ** 2) / np.nansum((gappy - np.nanmean(gappy, axis=0)) ** 2)
    assert measured(game, "unexplained", gappy)["unexplained"] == pytest.approx(missed, rel=1e-5)
    mean = Game(encode=encoded(X[:, :1]), decode=decoded(np.broadcast_to(X.mean(axis=0), X.shape)))
    assert measured(mean, "unexplained")["unexplained"] == pytest.approx(1.0, rel=1e-5)


def test_what_reconstructions_of_views_miss_is_the_mean_over_views_of_the_rows_that_have_them():
    other = RANDOM.normal(size=(12, 2)).astype(np.float32)
    present = np.stack([np.ones(12, bool), np.arange(12) < 7], axis=1)
    game = Game(encode=encoded(X[:, :1]), decode=decoded(0.5 * X, 0.2 * other))
    found = measured(game, "unexplained", (X, other), present=jnp.asarray(present))["unexplained"]
    shares = [(s * v**2).sum() / ((v - v.mean(axis=0)) ** 2).sum() for v, s in ((X, 0.25), (other[:7], 0.64))]
    assert found == pytest.approx(np.mean(shares), rel=1e-5)


def test_a_code_of_one_dimension_is_as_far_from_the_prior_as_its_sorted_values_in_deviations():
    codes, draws = RANDOM.normal(size=(12, 1)) + 2, 3 * RANDOM.normal(size=(12, 1))
    game = Game(encode=encoded(codes), decode=decoded(X), prior=Drawn(draws))
    found = measured(game, "unexplained_and_prior_distance")
    distance = np.abs(np.sort(codes, axis=0) - np.sort(draws, axis=0)).mean() / draws.std()
    assert found["unexplained"] == 0
    assert found["prior_distance"] == pytest.approx(distance, rel=1e-5)
    assert found["unexplained_and_prior_distance"] == pytest.approx(distance, rel=1e-5)


@pytest.mark.parametrize("tied", [False, True])
def test_codes_are_compared_with_the_prior_on_lines_beside_their_labels_where_these_are_tied(tied):
    codes, draws = RANDOM.normal(size=(12, 2)), RANDOM.normal(size=(12, 2))
    game = Game(encode=encoded(codes), decode=decoded(0.5 * X), prior=Drawn(draws))
    if tied:
        game.label_role, game.n_labels = "prior", 3
    found = measured(game, "unexplained_and_prior_distance", labels=LABELS)
    spread, beside = np.sqrt(draws.var(axis=0).mean()), np.eye(3)[LABELS] if tied else np.zeros((12, 0))
    both = [np.concatenate([values / spread, beside], axis=1) for values in (codes, draws)]
    key = stream(stream(KEY, "criterion"), "lines")
    lines = np.asarray(jax.random.normal(key, (both[0].shape[1], DIRECTIONS)), float)
    on_lines = [np.sort(values @ (lines / np.linalg.norm(lines, axis=0)), axis=0) for values in both]
    distance = np.abs(on_lines[0] - on_lines[1]).mean()
    missed = 0.25 * (X**2).sum() / ((X - X.mean(axis=0)) ** 2).sum()
    assert found["prior_distance"] == pytest.approx(distance, rel=1e-4)
    assert found["unexplained_and_prior_distance"] == pytest.approx(distance + missed, rel=1e-4)


def frechet(real, fake):
    """Equation 6 of Heusel et al. 2017, a feature, in the principal components of the rows, each of deviation 1."""
    values, lines = np.linalg.eigh(np.cov(real, rowvar=False, ddof=0))
    real, fake = ((rows - real.mean(axis=0)) @ lines / np.sqrt(values) for rows in (real, fake))
    first, second = np.cov(real, rowvar=False, ddof=0), np.cov(fake, rowvar=False)
    roots = np.sqrt(np.maximum(np.linalg.eigvals(first @ second).real, 0)).sum()  # the trace of (C₁ C₂)^½
    gap = ((real.mean(axis=0) - fake.mean(axis=0)) ** 2).sum()
    return (gap + np.trace(first + second) - 2 * roots) / real.shape[1]


def test_the_distance_of_samples_is_that_of_frechet_in_principal_components():
    fake = (X @ RANDOM.normal(size=(3, 3)) + 1).astype(np.float32)
    game = Game(decode=decoded(fake), prior=Normal(2))
    found = measured(game, "sample_distance")["sample_distance"]
    assert found == pytest.approx(frechet(X.astype(float), fake.astype(float)), rel=1e-3)
    same = Game(decode=decoded(X), prior=Normal(2))  # but for the 1/(n - 1) of the samples' covariance
    assert measured(same, "sample_distance")["sample_distance"] == pytest.approx((np.sqrt(12 / 11) - 1) ** 2, rel=1e-2)


def test_samples_of_classes_are_measured_by_their_distance_and_by_how_many_are_nearer_to_another_class():
    centres = 10 * np.eye(3, dtype=np.float32)
    rows = centres[LABELS] + X
    shown = np.where(np.arange(12) < 3, (LABELS + 1) % 3, LABELS)  # three of twelve are samples of another class
    game = Game(n_labels=3, decode=lambda z, y: Deterministic((jnp.eye(3)[shown] + 0 * y) @ centres), prior=Normal(2))
    found = measured(game, "sample_distance_and_mistakes", rows, LABELS)
    distance = frechet(rows.astype(float), centres[shown].astype(float))
    assert found["class_mistakes"] == pytest.approx(0.25)
    assert found["sample_distance"] == pytest.approx(distance, rel=1e-3)
    assert found["sample_distance_and_mistakes"] == pytest.approx(distance + 0.25, rel=1e-3)


def test_samples_are_asked_for_under_the_label_of_each_row_and_under_all_alike_where_none_is_known():
    asked = Game(n_labels=3, label_role="decoder", decode=lambda z, y: Deterministic(y), prior=Normal(2))
    for labels, given in ((LABELS[::-1], LABELS[::-1]), (None, LABELS)):
        name = "sample_distance" if labels is None else "sample_distance_and_mistakes"
        expected = frechet(X.astype(float), np.eye(3)[given])
        assert measured(asked, name, labels=labels)["sample_distance"] == pytest.approx(expected, rel=1e-3)


def test_the_terms_of_players_stand_beside_the_criterion_as_they_meet_them():
    def loss(game, batch, key):
        return {"noise": jax.random.normal(key, ()) + batch.x.sum()}

    game = Game(class_scores=lambda x: x, players=lambda: (Player("one", (), loss, optax.identity()),))
    found = held_out(game, Batch((jnp.asarray(X),), jnp.asarray(LABELS)), KEY, "classification_error")
    assert float(found["one/noise"]) == pytest.approx(
        float(jax.random.normal(stream(KEY, "one"), ())) + X.sum(), rel=1e-5
    )
