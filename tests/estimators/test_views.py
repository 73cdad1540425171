"""The estimator of several views: what it takes, what it gives, and what it says where it cannot."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import latently
from latently import ACCA, Views
from small_models import as_if_fitted

RANDOM = np.random.default_rng(0)
IMAGES = (255 * RANDOM.uniform(size=(60, 4, 3))).astype(np.uint8)
TABLE = RANDOM.normal(size=(60, 5))
FAST = {"latent_dim": 2, "hidden": (4,), "critic_hidden": (3,), "epochs": 1, "batch_size": 16, "random_state": 0}
VIEWS = {"picture": IMAGES, "table": TABLE}


@pytest.fixture(scope="module")
def acca():
    return as_if_fitted(ACCA(**FAST), VIEWS)


def test_every_call_speaks_of_all_views(acca):
    def shapes(data):
        assert data["picture"].dtype == np.uint8
        return {name: values.shape for name, values in data.items()}

    assert acca.view_names_ == ("picture", "table")
    assert acca.n_features_in_ == 17
    assert acca.transform(VIEWS).shape == (60, 2)
    assert shapes(acca.reconstruct(VIEWS)) == {"picture": (60, 4, 3), "table": (60, 5)}
    assert shapes(acca.sample(7, random_state=0)) == {"picture": (7, 4, 3), "table": (7, 5)}
    assert shapes(acca.inverse_transform(np.zeros((2, 2)))) == {"picture": (2, 4, 3), "table": (2, 5)}
    assert shapes(acca.manifold(3)) == {"picture": (9, 4, 3), "table": (9, 5)}
    assert shapes(acca.interpolate(Views(VIEWS)[:2], Views(VIEWS)[2:4], 5)) == {
        "picture": (2, 5, 4, 3),
        "table": (2, 5, 5),
    }
    assert {"encode", "decode", "sample", "complete"} <= acca.abilities()


def test_a_list_a_dict_and_views_are_the_same(acca):
    codes = acca.transform(VIEWS)
    assert (acca.transform([IMAGES, TABLE]) == codes).all()
    assert (acca.transform(Views(VIEWS)) == codes).all()
    assert (acca.transform({"table": TABLE, "picture": IMAGES}) == codes).all()


def test_completion_gives_the_missing_view_alone(acca):
    completed = acca.complete({"picture": IMAGES[:3]})
    assert {name: values.shape for name, values in completed.items()} == {"table": (3, 5)}
    code = acca.transform({"picture": IMAGES[:3]})
    assert np.allclose(completed["table"], acca.inverse_transform(code)["table"], atol=1e-5)


def test_rows_that_have_the_view_keep_it(acca):
    table = TABLE[:4].copy()
    table[1] = np.nan
    completed = acca.complete({"picture": IMAGES[:4], "table": table})["table"]
    assert np.allclose(completed[[0, 2, 3]], TABLE[[0, 2, 3]])
    assert np.allclose(completed[1], acca.complete({"picture": IMAGES[1:2]})["table"][0], atol=1e-5)


def test_the_batch_says_nothing_of_a_code(acca):
    table = TABLE[:4].copy()
    table[1] = np.nan
    mixed = acca.transform({"picture": IMAGES[:4], "table": table})
    assert np.allclose(mixed[0], acca.transform({"picture": IMAGES[:1], "table": TABLE[:1]})[0], atol=1e-6)
    assert np.allclose(mixed[1], acca.transform({"picture": IMAGES[1:2]})[0], atol=1e-6)


def test_draws_of_a_stochastic_encoder_differ_and_repeat_with_their_seed():
    acca = as_if_fitted(ACCA(**FAST, encoder="gaussian"), VIEWS)
    draws = [acca.complete({"picture": IMAGES[:3]}, draws=4, random_state=seed)["table"] for seed in (0, 0, 1)]
    assert draws[0].shape == (3, 4, 5)
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()
    assert (draws[0][:, 0] != draws[0][:, 1]).all()


@pytest.mark.sampled
@pytest.mark.parametrize(
    "changes",
    [
        {"joint": False},
        {"encoder": "implicit", "noise_dim": 2},
        {"network": "conv", "channels": (3,), "normalization": "batch"},
        {"likelihood": {"picture": "bernoulli"}, "corruption": "masking:0.2", "dropout": 0.2},
        {"prior": "star"},
    ],
    ids=str,
)
def test_every_variant_learns_is_saved_and_loaded(changes, tmp_path):
    table = TABLE.copy()
    table[:9] = np.nan
    acca = ACCA(**{**FAST, **changes}).fit({"picture": IMAGES, "table": table})
    assert np.isfinite(list(acca.history_[-1]["terms"].values())).all()
    acca.save(tmp_path)
    again = latently.load(tmp_path)
    completed = acca.complete({"picture": IMAGES})["table"]
    for other in (again, pickle.loads(pickle.dumps(acca)), copy.deepcopy(acca)):
        assert (other.complete({"picture": IMAGES})["table"] == completed).all()
    assert again.get_params()["likelihood"] == acca.likelihood


def test_three_views_and_any_subset_of_them():
    views = {**VIEWS, "flag": np.arange(60)[:, None] % 2 == 0}
    acca = ACCA(**FAST).fit(views)
    completed = acca.complete({"picture": IMAGES, "table": TABLE})
    assert completed["flag"].dtype == bool
    assert set(acca.complete({"flag": views["flag"]})) == {"picture", "table"}


def test_it_is_a_function_of_its_seed_and_can_be_cloned():
    codes = [clone(ACCA(**FAST)).set_params(random_state=seed).fit(VIEWS).transform(VIEWS) for seed in (0, 0, 1)]
    assert (codes[0] == codes[1]).all()
    assert (codes[0] != codes[2]).any()


def test_views_pass_through_scikit_learns_tools():
    def error(acca, X, y=None):
        return -float(((acca.complete({"picture": X.view("picture")})["table"] - X.view("table")) ** 2).mean())

    search = GridSearchCV(ACCA(**FAST), {"latent_dim": [2, 3]}, scoring=error, cv=2).fit(Views(VIEWS))
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda acca: ACCA(**FAST).fit(TABLE), "a list or a dict of arrays"),
        (lambda acca: ACCA(**FAST).fit({"table": TABLE}), "two views or more"),
        (
            lambda acca: ACCA(**FAST, likelihood={"tabel": "gaussian"}).fit(VIEWS),
            "views among picture, table; got 'tabel'",
        ),
        (
            lambda acca: ACCA(**FAST, likelihood={"table": "normal"}).fit(VIEWS),
            "or a dict of auto, bernoulli, gau",
        ),
        (lambda acca: ACCA(**FAST, likelihood="bernoulli").fit(VIEWS), "view 'table': X must lie in"),
        (lambda acca: acca.transform({"sound": TABLE}), "X must have views among picture, table; got 'sound'"),
        (lambda acca: acca.transform({"table": TABLE[:, :3]}), "view 'table' of ACCA is expecting 5"),
        (lambda acca: acca.transform([TABLE]), "a list of 2 views"),
        (lambda acca: acca.complete(VIEWS), "nothing to complete"),
        (lambda acca: acca.complete({"table": TABLE}, draws=3), "draws must be left out: the encoder is deterministic"),
    ],
)
def test_misuse_gets_a_sentence(acca, call, words):
    with pytest.raises(ValueError, match=words):
        call(acca)
