"""What a fitted model answers."""

import equinox as eqx
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from latently import AAE, VAE, VCCA, NotSupportedError, Views
from small_models import as_if_fitted
from toy_games import StopEvery, same_bits

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(size=(40, 6))
FAST = {"latent_dim": 2, "hidden": (8,), "epochs": 2, "batch_size": 8, "random_state": 0}


@pytest.fixture(scope="module")
def vae():
    return VAE(**FAST).fit(X)


@pytest.fixture(scope="module")
def aae():
    return as_if_fitted(AAE(**FAST, critic_hidden=(8,), prior="swiss-roll"), X)


@pytest.fixture(scope="module")
def gaussian_aae():
    return as_if_fitted(AAE(**FAST, critic_hidden=(8,), encoder="gaussian"), X)


# ---- codes ----


def test_transform_gives_the_mean_of_the_posterior(vae):
    q = vae.game_.encoder(jnp.asarray(X, jnp.float32))
    np.testing.assert_allclose(vae.transform(X), q.mean, rtol=1e-4, atol=1e-5)


def test_reconstruct_decodes_the_mean_code(vae):
    np.testing.assert_allclose(vae.reconstruct(X), vae.inverse_transform(vae.transform(X)), rtol=1e-6)


def test_the_codes_of_many_rows_are_those_of_each(vae):
    many = np.tile(X, (60, 1))[:2333]  # three pieces, the last one filled up
    np.testing.assert_allclose(vae.transform(many), np.tile(vae.transform(X), (60, 1))[:2333], rtol=1e-4, atol=1e-6)


def test_aggregate_codes_are_draws_around_the_means(vae, aae):
    draws = np.stack([vae.aggregate_codes(X, random_state=seed) for seed in range(200)])
    scale = np.asarray(vae.game_.encoder(jnp.asarray(X, jnp.float32)).scale)
    np.testing.assert_allclose(draws.mean(axis=0), vae.transform(X), atol=0.4 * scale.max())
    np.testing.assert_allclose(draws.std(axis=0), scale, rtol=0.25)
    assert (vae.aggregate_codes(X, 3) == vae.aggregate_codes(X, 3)).all()
    assert (aae.aggregate_codes(X, 3) == aae.transform(X)).all()


def test_an_implicit_encoder_has_one_code_a_row_and_many_draws():
    model = as_if_fitted(AAE(**FAST, critic_hidden=(8,), encoder="implicit", noise_dim=3), X)
    assert (model.transform(X) == model.transform(X)).all()
    np.testing.assert_allclose(model.transform(X[3:5]), model.transform(X)[3:5], rtol=1e-4, atol=1e-6)
    assert (model.aggregate_codes(X, 0) != model.aggregate_codes(X, 1)).all()


@pytest.mark.parametrize("options", [{}, {"network": "conv", "channels": (3,)}])
def test_a_code_does_not_hang_on_its_batch_where_there_is_batch_norm(options):
    images = RANDOM.uniform(size=(40, 4, 4))
    model = as_if_fitted(VAE(**FAST, normalization="batch", **options), images)
    codes = model.transform(images)
    np.testing.assert_allclose(model.transform(images[7:9]), codes[7:9], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(model.inverse_transform(codes[7:9]), model.inverse_transform(codes)[7:9], rtol=1e-4)


# ---- new data ----


def test_samples_are_a_function_of_their_seed(vae):
    assert (vae.sample(5, random_state=1) == vae.sample(5, random_state=1)).all()
    assert (vae.sample(5, random_state=1) != vae.sample(5, random_state=2)).any()
    assert (vae.sample(5) != vae.sample(5)).any()
    z = vae.sample_prior(2000, random_state=0)
    np.testing.assert_allclose([z.mean(), z.std()], [0, 1], atol=0.1)


def test_a_path_begins_at_one_row_and_ends_at_the_other(vae):
    path = vae.interpolate(X[:3], X[3:6], steps=5)
    assert path.shape == (3, 5, 6)
    np.testing.assert_allclose(path[:, 0], vae.reconstruct(X[:3]), rtol=1e-5)
    np.testing.assert_allclose(path[:, -1], vae.reconstruct(X[3:6]), rtol=1e-5)
    middle = vae.inverse_transform((vae.transform(X[:3]) + vae.transform(X[3:6])) / 2)
    np.testing.assert_allclose(path[:, 2], middle, rtol=1e-5)


@pytest.mark.parametrize(
    "shape",
    [(6,), (3, 2), (1, 6), (6, 1), (1,)],
)
def test_between_two_rows_that_are_given_alone_there_is_one_path(shape):
    data = RANDOM.uniform(size=(10, *shape))
    model = as_if_fitted(VAE(**FAST), data)
    path = model.interpolate(data[0], data[1], steps=5)
    if shape == (1, 6):  # which are the rows of a table, of one row
        assert path.shape == (1, 5, 1, 6)
        return
    assert path.shape == (5, *shape)
    np.testing.assert_array_equal(path, model.interpolate(data[:1], data[1:2], steps=5)[0])
    np.testing.assert_array_equal(model.interpolate(data[0].ravel(), data[1].tolist(), steps=5), path)
    assert model.interpolate(data[0], data[1:2], steps=5).shape == (1, 5, *shape)


def test_rows_of_several_views_may_be_given_alone_too():
    views = {"left": RANDOM.uniform(size=(10, 3, 2)), "right": RANDOM.uniform(size=(10, 4))}
    model = as_if_fitted(VCCA(2, hidden=(), epochs=1), views)
    first, second = ({name: rows[place] for name, rows in views.items()} for place in (0, 1))
    path = model.interpolate(first, second, steps=5)
    assert {name: rows.shape for name, rows in path.items()} == {"left": (5, 3, 2), "right": (5, 4)}
    several = model.interpolate(Views(views)[0], Views(views)[1], steps=5)
    for name, rows in path.items():
        np.testing.assert_array_equal(rows, several[name][0])
    np.testing.assert_array_equal(model.interpolate({"left": first["left"]}, second, 2)["right"].shape, (2, 4))


@pytest.mark.filterwarnings("error")
def test_a_row_of_a_data_frame_may_be_given_alone():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=list("abcdef"))
    model = as_if_fitted(VAE(**FAST), frame)
    path = model.interpolate(frame.iloc[0], frame.iloc[1], steps=3)
    assert path.columns.tolist() == list("abcdef")
    pandas.testing.assert_frame_equal(path, model.interpolate(frame[:1], frame[1:2], steps=3))


def test_the_manifold_is_the_grid_over_the_support_top_row_first(vae):
    low, high = vae.prior_support()
    codes = vae.manifold_codes(4)
    assert codes.shape == (16, 2)
    grid = codes.reshape(4, 4, 2)
    assert (np.diff(grid[..., 0], axis=1) > 0).all()
    assert (np.diff(grid[..., 1], axis=0) < 0).all()
    assert codes.min() > low
    assert codes.max() < high
    np.testing.assert_allclose(vae.manifold(4), vae.inverse_transform(codes), rtol=1e-6)


def test_the_manifold_spans_the_dimensions_that_it_is_told():
    model = as_if_fitted(VAE(**{**FAST, "latent_dim": 4}), X)
    plane, chosen = model.manifold_codes(3), model.manifold_codes(3, (3, 1))
    np.testing.assert_array_equal(chosen[:, [3, 1]], plane[:, [0, 1]])
    assert (chosen[:, [0, 2]] == 0).all()
    for dimensions in ((0, 4), (2, 2), (-1, 0)):
        with pytest.raises(ValueError, match="dimensions must be two of the code's 4"):
            model.manifold_codes(3, dimensions)


@pytest.mark.parametrize("latent_dim", [1, 3])
def test_the_manifold_of_codes_of_other_lengths_spans_what_there_is(latent_dim):
    model = as_if_fitted(VAE(**{**FAST, "latent_dim": latent_dim}), X)
    codes = model.manifold_codes(3)
    assert codes.shape == (9, latent_dim)
    assert (codes[:, 2:] == 0).all()
    assert model.manifold(3).shape == (9, 6)


def test_the_density_of_the_prior_is_told_where_there_is_one(vae, aae):
    z = RANDOM.normal(size=(5, 2)).astype(np.float32)
    expected = multivariate_normal([0, 0], np.eye(2)).logpdf(z)
    np.testing.assert_allclose(vae.prior_log_density(z), expected, rtol=1e-5)
    assert aae.prior_log_density(z) is None


def test_corrupting_shows_what_the_encoder_was_given(vae):
    with pytest.raises(NotSupportedError, match="this VAE cannot clean noise: it was fitted without a corruption"):
        vae.corrupt(X)
    noisy = as_if_fitted(VAE(**FAST, corruption="masking:1.0"), X).corrupt(X, random_state=0)
    assert noisy.shape == X.shape
    assert (noisy == 0).all()
    denoising = as_if_fitted(VAE(**FAST, corruption="gaussian:0.5"), X)
    noisy = denoising.corrupt(X, random_state=0)
    assert noisy.min() < 0, "noise is not clipped"
    assert denoising.reconstruct(noisy).shape == X.shape


# ---- bounds ----


@pytest.fixture(scope="module")
def exact():
    """A linear-Gaussian VAE whose encoder is the exact posterior, and log p(x) of its rows."""
    rows = RANDOM.normal(size=(30, 3))
    model = as_if_fitted(VAE(1, hidden=(), likelihood="gaussian", likelihood_scale=0.5, random_state=0), rows)
    w, b, variance = np.array([[1.0, -2.0, 0.5]]), np.array([0.1, 0.0, -0.3]), 0.25
    precision = 1 + (w**2).sum() / variance
    to_mean = w.T / variance / precision
    encoder = [np.concatenate([to_mean, 0 * to_mean], axis=1), np.array([(-b @ to_mean)[0], -np.log(precision)])]
    game = eqx.tree_at(
        lambda game: [
            game.encoder.network.layers[-1].weight,
            game.encoder.network.layers[-1].bias,
            game.decoder.network.layers[-1].weight,
            game.decoder.network.layers[-1].bias,
        ],
        model.game_,
        [jnp.asarray(array, jnp.float32) for array in (*encoder, w, b)],
    )
    model._take_game(game)
    x = (rows - model.preprocessing_.offset) / model.preprocessing_.scale
    return model, rows, multivariate_normal(b, w.T @ w + variance * np.eye(3)).logpdf(x)


@pytest.mark.parametrize("n_samples", [1, 4, 33])
def test_the_importance_bound_of_the_exact_posterior_is_the_evidence(exact, n_samples):
    model, rows, evidence = exact
    np.testing.assert_allclose(model.score_samples(rows, n_samples, "importance"), evidence, rtol=1e-3, atol=1e-3)


def test_the_evidence_bound_of_the_exact_posterior_is_the_evidence_on_average(exact):
    model, rows, evidence = exact
    np.testing.assert_allclose(model.score_samples(rows, 4000), evidence, atol=0.15)
    assert model.score(rows) == pytest.approx(evidence.mean(), abs=0.5)


def test_the_importance_bound_tightens_with_its_samples(vae):
    draws = {n: [vae.score_samples(X, n, "importance", seed).mean() for seed in range(10)] for n in (1, 10, 300)}
    bounds = [np.mean(of_seeds) for of_seeds in draws.values()]
    assert bounds == sorted(bounds)
    assert vae.score_samples(X, 300).mean() < bounds[-1]
    assert vae.score_samples(X, 300).mean() == pytest.approx(
        np.mean([vae.score_samples(X, 1, "importance", seed).mean() for seed in range(30)]), abs=0.2
    )


def test_a_rows_bound_hangs_on_the_seed_and_the_row_alone(vae):
    many = np.tile(X, (60, 1))[:2333]
    alone = vae.score_samples(X, 3, "importance")
    np.testing.assert_allclose(vae.score_samples(many, 3, "importance"), np.tile(alone, 60)[:2333], rtol=1e-4)
    np.testing.assert_allclose(vae.score_samples(X[5:6], 3, "importance"), alone[5:6], rtol=1e-4)
    assert (vae.score_samples(X, 3, "importance", random_state=1) != alone).all()
    noise = vae.score_samples(X, 1) - vae.score_samples(X, 2000)
    assert abs(np.corrcoef(noise[:-1], noise[1:])[0, 1]) < 0.6, "rows share their noise"


def test_the_divergence_of_each_dimension_is_the_closed_form(vae, gaussian_aae):
    for model in (vae, gaussian_aae):
        q = model.game_.encoder(jnp.asarray(X, jnp.float32))
        mean, scale = np.asarray(q.mean), np.asarray(q.scale)
        expected = 0.5 * (mean**2 + scale**2 - 1) - np.log(scale)
        np.testing.assert_allclose(model.posterior_kl(X), expected, rtol=1e-3, atol=1e-5)


def test_what_a_model_can_do_follows_from_its_encoder_and_prior(vae, aae, gaussian_aae):
    everyone = {"encode", "decode", "sample"}
    assert vae.abilities() == everyone | {"log_likelihood", "score", "posterior_kl"}
    assert gaussian_aae.abilities() == everyone | {"log_likelihood", "score", "posterior_kl"}
    assert aae.abilities() == everyone
    tied = as_if_fitted(AAE(**FAST, critic_hidden=(8,), prior="star", encoder="gaussian"), X, np.arange(40) % 3)
    assert tied.abilities() == everyone | {"sample_labels", "log_likelihood", "score", "predict"}


# ---- watching, and going on ----


def test_a_model_may_be_watched_adopted_and_trained_on():
    model, whole = VAE(**FAST, normalization="batch"), VAE(**FAST, normalization="batch").fit(X)
    trainer = model.trainer(X)
    assert model.total_rounds(trainer) == 10
    trainer.run(4)
    early = model.peek(trainer, X)
    assert not hasattr(model, "game_")
    assert (model.adopt(trainer).transform(X) == early).all()
    kept = model.game_
    trainer.run(10, [StopEvery(3)])
    assert same_bits(kept, model.game_)
    assert (model.transform(X) == early).all()
    assert (model.adopt(trainer).transform(X) == whole.transform(X)).all()
    assert model.history_[-1]["round"] == 10


@pytest.mark.parametrize("verbose", [False, 0, True, 1, 2])
def test_progress_is_shown_where_it_is_asked_for(verbose, capsys):
    VAE(**{**FAST, "epochs": 1}, verbose=verbose).fit(X)
    assert ("round 5 of 5" in capsys.readouterr().err) == bool(verbose)


# ---- what is refused ----


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda m: m.sample(0), "n must be 1 or more; got 0."),
        (lambda m: m.sample(2.5), "n must be a whole number; got 2.5."),
        (lambda m: m.sample(10**12), "n must be smaller: so many take about .*"),
        (lambda m: m.interpolate(X[:1], X[1:2], steps=10**12), "steps must be smaller: so many take about .*"),
        (lambda m: m.manifold(10**6), "rows must be smaller: so many take about .*"),
        (lambda m: m.interpolate(X[:1], X[1:2], steps=1), "steps must be 2 or more; got 1."),
        (lambda m: m.manifold(0), "rows must be 1 or more; got 0."),
        (lambda m: m.inverse_transform(np.zeros((2, 3))), "Z must have latent_dim=2 columns; got 3."),
        (lambda m: m.score_samples(X, 0), "n_samples must be 1 or more; got 0."),
        (lambda m: m.score_samples(X, kind="exact"), "kind must be 'elbo' or 'importance'; got 'exact'."),
        (lambda m: m.interpolate(X[:1], X[1:3]), r"a and b must have the same number of rows; got 1 and 2."),
        (
            lambda m: m.transform(X[:, :5]),
            "X has 5 features, but VAE is expecting 6 features as input.",
        ),
        (
            lambda m: m.transform(X + 1),
            r"X must lie in \[0, 1\], the range that VAE was fitted on; got values from .* to .*. Scale X as the "
            "training data was scaled.",
        ),
    ],
)
def test_what_cannot_be_answered_is_refused_in_one_sentence(vae, monkeypatch, call, sentence):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # let it say so itself
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        call(vae)


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.transform(X),
        lambda m: m.inverse_transform(np.zeros((1, 2))),
        lambda m: m.reconstruct(X),
        lambda m: m.sample(),
        lambda m: m.sample_prior(1),
        lambda m: m.aggregate_codes(X),
        lambda m: m.interpolate(X, X),
        lambda m: m.manifold(),
        lambda m: m.corrupt(X),
        lambda m: m.prior_support(),
        lambda m: m.prior_log_density(np.zeros((1, 2))),
        lambda m: m.score(X),
        lambda m: m.score_samples(X),
        lambda m: m.abilities(),
        lambda m: m.get_feature_names_out(),
        check_is_fitted,
    ],
)
def test_a_model_that_was_not_fitted_says_so(call):
    with pytest.raises(NotFittedError, match="not fitted"):
        call(VAE(corruption="masking:0.1"))
