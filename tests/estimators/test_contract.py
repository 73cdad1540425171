"""scikit-learn's contract, by its own suite and in its own tools."""

import copy
import pickle

import jax
import numpy as np
import pytest
from sklearn import config_context
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from latently import AAE, ACCA, VAE, VCCA, Autoencoder, ContractiveAutoencoder, DenoisingAutoencoder, Views
from latently.catalogue import MODELS
from latently.evaluation import as_table, evaluate
from latently.training.round import Rounds
from small_models import as_if_fitted, small
from toy_games import same_bits

ESTIMATORS = [small(model.load()) for model in MODELS]
X = np.random.default_rng(0).uniform(size=(60, 6))
Y = np.arange(60) % 3


def rows(estimator):
    """X as the estimator takes it: in several views, where it learns from such."""
    return Views({"left": X[:, :4], "right": X[:, 4:]}) if estimator.takes_views else X


def table(data):
    """Rows that a model gave, several views side by side; those of frames as an array."""
    return np.concatenate([np.asarray(each) for each in data.values()], axis=-1) if isinstance(data, dict) else data


def plain(model):
    """The parameters of a model, those of a model within it as words."""
    return {name: repr(value) if hasattr(value, "fit") else value for name, value in model.get_params().items()}


def answer(model):
    """The codes of X; or its classes, where a model gives no codes."""
    return (model.transform if hasattr(model, "transform") else model.predict_proba)(rows(model))


def answers(model, given):
    """What a model can be asked about rows, ability by ability."""
    asked = {
        "decode": lambda: (
            np.asarray(table(model.interpolate(given, given, 2))).reshape(60, 2, 6)[:, 0]
            + np.asarray(table(model.reconstruct(given)))
        ),
        "sample": lambda: table(model.sample(3, random_state=0)),
        "sample_labels": lambda: model.sample(3, model.label_values[0], random_state=0),
        "predict": lambda: model.predict(given),
        "log_likelihood": lambda: model.score_samples(given),
        "restyle": lambda: model.restyle(given),
        "complete": lambda: model.complete({"left": Views.of(given).view("left")})["right"],
        "posterior_kl": lambda: model.posterior_kl(given),
        "denoise": lambda: model.corrupt(given, 0),
    }
    return {name: np.asarray(ask()) for name, ask in asked.items() if name in model.abilities()}


def codes_of(model, given):
    """All codes that a model gives, by the method that gives them."""
    return {
        "transform": model.transform(given),
        "aggregate_codes": model.aggregate_codes(given, 0),
        "sample_prior": model.sample_prior(5, random_state=0),
        "manifold_codes": model.manifold_codes(3),
    }


def assert_same(after, before):
    assert after.keys() == before.keys()
    for name, value in before.items():
        assert type(after[name]) is np.ndarray
        np.testing.assert_array_equal(after[name], value, err_msg=name)


def expected_failures(estimator):
    """Checks that cannot pass, each with its reason."""
    drawn = "rows are drawn at random by their weight: it is a mean over epochs, and no two fits, that are equivalent"
    failures = {f"check_sample_weight_equivalence_on_{kind}_data": drawn for kind in ("dense", "sparse")}
    if type(estimator).__name__ != "ClusteringAAE":
        return failures
    why = "it has a probability for each of its clusters, and not for each label"
    return failures | dict.fromkeys(("check_estimator_sparse_array", "check_estimator_sparse_matrix"), why)


KINDS = {"VAE", "Autoencoder", "ConditionalVAE", "SemiSupervisedVAE", "AAE", "ClusteringAAE", "ACCA", "ACGAN"}
"""One model of each kind: what becomes of labels, with and without an encoder, a bound, classes, several views.

All models have one face: to the others scikit-learn, a fifth of the time of all tests, would put the same questions.
"""


@pytest.mark.sampled
@parametrize_with_checks(
    [estimator for estimator in ESTIMATORS if type(estimator).__name__ in KINDS],
    expected_failed_checks=expected_failures,
)
def test_scikit_learns_own_checks(estimator, check):
    if why := expected_failures(estimator).get(check.func.__name__):
        pytest.xfail(why)  # without the time that it takes to fail
    check(estimator)


@pytest.mark.sampled
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda estimator: type(estimator).__name__)
class TestEveryEstimator:
    def test_parameters_are_stored_unchanged_and_cloned(self, estimator):
        given = [3, 4]
        model = clone(estimator).set_params(hidden=given, activation=("relu", "tanh"), random_state=7)
        assert model.hidden is given
        assert model.get_params()["activation"] == ("relu", "tanh")
        assert plain(clone(model)) == plain(model)
        assert plain(type(model)(**model.get_params(deep=False))) == plain(model)

    def test_fitting_changes_no_parameter(self, estimator):
        model = clone(estimator)
        before = plain(model)
        assert model.fit(rows(estimator), Y) is model
        assert plain(model) == before

    def test_fitted_attributes_are_there(self, estimator):
        model = clone(estimator).fit(rows(estimator), Y)
        assert model.n_features_in_ == model.event_size_ == 6
        assert model.seed_ == 0
        assert model.history_[-1]["round"] == model.history_[-1]["until"] == 4
        assert all(np.isfinite(value) for value in model.history_[-1]["terms"].values())
        if hasattr(model, "transform"):
            names = [f"{type(model).__name__.lower()}{i}" for i in range(2)]
            assert model.get_feature_names_out().tolist() == names

    def test_a_fit_is_a_function_of_its_seed(self, estimator):
        models = [clone(estimator).set_params(random_state=seed).fit(rows(estimator), Y) for seed in (0, 0, 1)]
        codes = [answer(model) for model in models]
        assert (codes[0] == codes[1]).all()
        assert (codes[0] != codes[2]).any()

    def test_any_seed_that_scikit_learn_takes_is_taken(self, estimator):
        for seed in (2**32 - 1, np.random.RandomState(3), None):
            model = clone(estimator).set_params(random_state=seed, epochs=1).fit(rows(estimator), Y)
            assert np.isfinite(answer(model)).all()
            assert table(model.sample(2, random_state=seed)).shape == (2, 6)

    def test_it_works_in_a_pipeline(self, estimator):
        given, scaled = rows(estimator), [] if estimator.takes_views else [StandardScaler()]
        pipeline = make_pipeline(*scaled, clone(estimator))
        if not hasattr(estimator, "transform"):
            assert pipeline.fit(given, Y).predict(given).shape == (60,)
            return
        assert pipeline.fit_transform(given, Y).shape == (60, 2)
        model = pipeline[-1]
        if model.decodes_labels:  # such a decoder has to be told the class
            with pytest.raises(ValueError, match="give labels"):
                pipeline.inverse_transform(pipeline.transform(given))
            assert model.inverse_transform(np.zeros((2, 2)), model.label_values[:2]).shape == (2, 6)
        else:
            assert table(pipeline.inverse_transform(pipeline.transform(given))).shape == (60, 6)
        names = list(pipeline[-1].get_feature_names_out())
        assert estimator.takes_views or list(pipeline.get_feature_names_out()) == names

    @pytest.mark.parametrize("library", ["pandas", "polars"])
    def test_it_gives_frames_of_frames_and_codes_as_frames_where_they_are_asked_for(self, estimator, library):
        frames = pytest.importorskip(library)
        frame = frames.DataFrame(dict(zip("abcdef", X.T, strict=True)))
        given = {"left": frame[list("abcd")], "right": frame[["e", "f"]]} if estimator.takes_views else frame
        model = as_if_fitted(clone(estimator), given, Y)
        assert estimator.takes_views or model.feature_names_in_.tolist() == list("abcdef")
        drawn = model.sample(3, random_state=0)
        for rows_of_view, names in (
            zip(drawn.values(), ("abcd", "ef"), strict=True) if estimator.takes_views else [(drawn, "abcdef")]
        ):
            assert type(rows_of_view) is frames.DataFrame
            assert list(rows_of_view.columns) == list(names)
        if not hasattr(estimator, "transform"):
            assert not hasattr(model, "set_output")
            return
        before, codes = answers(model, given), codes_of(model, given)
        for name, framed in codes_of(model.set_output(transform=library), given).items():
            assert type(framed) is frames.DataFrame, name
            assert list(framed.columns) == model.get_feature_names_out().tolist(), name
            np.testing.assert_array_equal(framed.to_numpy(), codes[name], err_msg=name)
            if not model.decodes_labels:
                decoded = table(model.inverse_transform(framed))
                np.testing.assert_array_equal(decoded, table(model.inverse_transform(codes[name])))
        assert_same(answers(model, given), before)
        with config_context(transform_output=library):  # asked for of all models at once
            assert type(codes_of(clone(estimator).fit(given, Y), given)["transform"]) is frames.DataFrame

    def test_a_pandas_frame_of_codes_has_the_index_of_the_rows(self, estimator):
        pandas = pytest.importorskip("pandas")
        if estimator.takes_views or not hasattr(estimator, "transform"):
            return
        frame = pandas.DataFrame(X, index=[f"row {place}" for place in range(len(X))], columns=list("abcdef"))
        model = as_if_fitted(clone(estimator), frame, Y).set_output(transform="pandas")
        for codes in (model.transform(frame), model.aggregate_codes(frame, 0), model.reconstruct(frame)):
            assert codes.index.equals(frame.index)

    @pytest.mark.parametrize("keep", [lambda model: pickle.loads(pickle.dumps(model)), copy.deepcopy])
    def test_a_fitted_model_can_be_sent_to_another_process_and_copied(self, estimator, keep):
        model = clone(estimator).set_params(hidden=(4,), normalization="batch").fit(rows(estimator), Y)
        other = keep(model)
        assert same_bits(model.game_, other.game_)
        assert (answer(model) == answer(other)).all()
        assert jax.tree.structure(model.game_) != jax.tree.structure(None)
        other.fit(rows(estimator), Y)
        assert (answer(model) == answer(other)).all()


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_an_evaluation_is_the_same_whatever_form_codes_come_in(library):
    pytest.importorskip(library)
    for estimator in (VAE, ACCA):
        model = as_if_fitted(small(estimator), rows(small(estimator)))
        given = (rows(model), Y, rows(model), Y)
        numbers = []
        for form in ("default", library):
            lines = as_table(evaluate(model.set_output(transform=form), given, importance_samples=2))
            numbers.append({line.name: line.value for line in lines})
        assert numbers[1] == pytest.approx(numbers[0], rel=1e-6)  # a frame lies in memory by columns
        assert len(numbers[0]) > 8


def test_a_grid_search_compares_likelihood_bounds():
    search = GridSearchCV(small(VAE), {"latent_dim": [1, 2], "beta": [1.0]}, cv=2).fit(X)
    assert set(search.best_params_) == {"latent_dim", "beta"}
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.transform(X).shape == (60, search.best_params_["latent_dim"])


def test_the_folds_of_a_cross_validation_share_their_compiled_rounds_whatever_their_scales(monkeypatch):
    traced, init = [], Rounds.__init__
    monkeypatch.setattr(Rounds, "__init__", lambda self, *how: (traced.append(how), init(self, *how))[1])
    folds = KFold(7)  # of which some have a row more than others
    scores = cross_val_score(small(VAE, hidden=(3,)), 100 * X - 7, cv=folds)
    assert len(set(scores)) == 7
    assert len(traced) == 1


def r2(x, reconstructed):
    """The share of the variance of all columns, standardised, that a reconstruction explains."""
    left, varies = (x - reconstructed) / x.std(axis=0), (x - x.mean(axis=0)) / x.std(axis=0)
    return 1 - (left**2).sum() / (varies**2).sum()


@pytest.mark.parametrize("estimator", [Autoencoder, DenoisingAutoencoder, ContractiveAutoencoder, VCCA, ACCA])
def test_a_model_whose_kind_bounds_no_likelihood_is_scored_by_what_it_reconstructs(estimator):
    random = np.random.default_rng(1)
    data = random.normal(size=(60, 2)) @ random.normal(size=(2, 6)) * [1, 100, 10_000, 1, 1, 1]  # columns count alike
    model = small(estimator, epochs=30, learning_rate=0.02)
    views = {"left": data[:, :4], "right": data[:, 4:]} if model.takes_views else {"": data}
    given = views if model.takes_views else data
    model.fit(given)
    back = model.reconstruct(given) if model.takes_views else {"": model.reconstruct(given)}
    wanted = np.mean([r2(x, back[name]) for name, x in views.items()])
    assert 0.3 < model.score(given) == pytest.approx(wanted, abs=1e-5)
    assert not hasattr(model, "score_samples")


def test_a_grid_search_finds_the_autoencoder_that_reconstructs_best():
    plane = np.random.default_rng(0).normal(size=(90, 2)) @ np.random.default_rng(1).normal(size=(2, 6))
    model = small(Autoencoder, epochs=60, learning_rate=0.03)
    search = GridSearchCV(model, {"latent_dim": [1, 2]}, cv=3).fit(plane)
    assert search.best_params_ == {"latent_dim": 2}
    assert search.best_score_ > 0.95
    assert (search.cv_results_["mean_test_score"] <= 1).all()


def test_rows_are_scored_by_the_views_that_they_have():
    model = as_if_fitted(small(VCCA, likelihood="gaussian"), {"left": X[:, :4], "right": X[:, 4:]})
    some = Views({"left": np.where(np.arange(60)[:, None] < 40, X[:, :4], np.nan), "right": X[:, 4:]})
    back = model.reconstruct(some)
    shares = [
        1 - ((x - again) ** 2).sum() / ((x - x.mean(axis=0)) ** 2).sum()
        for x, again in ((X[:40, :4], back["left"][:40]), (X[:, 4:], back["right"]))
    ]
    assert model.score(some) == pytest.approx(np.mean(shares), abs=1e-5)
    shares = ((X[40:, 4:] - back["right"][40:]) ** 2).sum() / ((X[40:, 4:] - X[40:, 4:].mean(axis=0)) ** 2).sum()
    assert model.score(some[40:]) == pytest.approx(1 - shares, abs=1e-5)
    assert np.isnan(model.score(some[:1])), "one row varies in nothing"


def test_a_model_without_a_likelihood_offers_no_score():
    aae = small(AAE).fit(X)
    assert not hasattr(aae, "score")
    assert not hasattr(aae, "score_samples")
    with pytest.raises(AttributeError, match=r'this AAE cannot score rows: .*encoder="gaussian"'):
        aae.score(X)
    assert hasattr(small(AAE, encoder="gaussian").fit(X), "score")


def test_labels_that_a_vae_has_no_use_for_are_ignored_whatever_they_are():
    measured = np.random.default_rng(0).normal(size=60)
    assert (small(VAE).fit(X, measured).transform(X) == small(VAE).fit(X).transform(X)).all()
