"""How views become one code: a product of what each knows begins at ridge regression, and no view makes it worse."""

import json
from functools import partial
from itertools import pairwise

import numpy as np
import pytest
from sklearn.linear_model import RidgeCV
from sklearn.preprocessing import StandardScaler

import latently
from latently import ACCA, VCCA
from latently.networks import BesideLinear

RANDOM = np.random.default_rng(0)
NOISE = {"clear": 0.3, "fair": 0.6, "poor": 2.0, "useless": 20.0, "few": 0.5}
SIZES = {"clear": 20, "fair": 12, "poor": 16, "useless": 30, "few": 4}
Z = RANDOM.normal(size=(700, 5))
Z[:, :2] += 2 * RANDOM.normal(size=(4, 2))[RANDOM.integers(4, size=700)]  # classes, and a style
BENT = np.hstack([Z, np.tanh(2 * Z[:, :3])])


def view(name):
    source = BENT if name in ("fair", "few") else Z
    seen = source @ RANDOM.normal(size=(source.shape[1], SIZES[name])) / 2
    return seen + NOISE[name] * RANDOM.normal(size=seen.shape)


VIEWS = {name: view(name) for name in NOISE}
SEEN, HELD_OUT = ({name: rows[part] for name, rows in VIEWS.items()} for part in (slice(400), slice(400, None)))
LACKING = {name: rows.copy() for name, rows in SEEN.items()}
for place, name in enumerate(LACKING):
    LACKING[name][place:100:5] = np.nan  # a quarter of the rows lacks one view
FITTED = {
    "ACCA": lambda **options: ACCA(12, hidden=(64,), critic_hidden=(16,), random_state=0, **options),
    "VCCA": lambda **options: VCCA(12, hidden=(64,), random_state=0, **options),
}


@pytest.fixture(scope="module", params=FITTED)
def fitted(request):
    return FITTED[request.param](epochs=50).fit(LACKING)


def error(completed, target):
    return float((((completed - HELD_OUT[target]) / SEEN[target].std(axis=0)) ** 2).mean())


def of_model(model, given, target):
    return error(model.complete({name: HELD_OUT[name] for name in given})[target], target)


def of_ridge(given, target):
    x, unseen = (np.hstack([rows[name] for name in given]) for rows in (SEEN, HELD_OUT))
    scaler = StandardScaler().fit(x)
    found = RidgeCV(np.logspace(-3, 5, 9)).fit(scaler.transform(x), SEEN[target])
    return error(found.predict(scaler.transform(unseen)), target)


@pytest.mark.parametrize("estimator", FITTED)
def test_before_a_round_is_played_a_missing_view_is_what_linear_regression_makes_of_it(estimator):
    model = FITTED[estimator]()
    model = model.adopt(model.trainer(LACKING))
    assert all(isinstance(each.network, BesideLinear) for each in (*model.game_.encoders, *model.game_.decoders))
    for target in VIEWS:
        given = [name for name in VIEWS if name != target]
        assert of_model(model, given, target) < 1.1 * of_ridge(given, target), target


@pytest.mark.parametrize("target", ["clear", "fair", "poor", "few"])
def test_a_default_fit_completes_views_as_well_as_ridge_regression(fitted, target):
    given = [name for name in VIEWS if name != target]
    assert of_model(fitted, given, target) < 1.1 * of_ridge(given, target)  # 5 % of the error, squared


@pytest.mark.parametrize("target", ["clear", "fair", "few"])
def test_another_view_never_costs_more_than_noise(fitted, target):
    """Noise is what 5 % are, or what 30 columns of nothing else cost ridge regression, whichever is more."""
    names = sorted((name for name in VIEWS if name != target), key=NOISE.__getitem__)  # the best view first
    given = [names[: count + 1] for count in range(len(names))]
    ours, theirs = ([of(each, target) for each in given] for of in (partial(of_model, fitted), of_ridge))
    costs = zip(pairwise(ours), pairwise(theirs), strict=True)
    assert all(more / fewer < max(1.05, worse / better) for (fewer, more), (better, worse) in costs), (ours, theirs)


@pytest.mark.parametrize("estimator", FITTED)
def test_a_model_that_was_saved_before_takes_the_mean_and_gives_the_same_codes(estimator, tmp_path):
    model = FITTED[estimator](epochs=1, fusion="mean", linear_path=False).fit(SEEN)
    model.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    del config["parameters"]["fusion"]
    config["parameters"]["linear_path"] = "auto"  # which did not concern views
    (tmp_path / "config.json").write_text(json.dumps(config))
    given = {name: HELD_OUT[name] for name in ("poor", "few")}
    again = latently.load(tmp_path)
    assert again.fusion == "mean"
    assert (again.transform(given) == model.transform(given)).all()


@pytest.mark.parametrize("estimator", [ACCA, VCCA])
def test_presets_of_papers_are_trained_as_before(estimator):
    assert all(preset["fusion"] == "mean" and not preset["linear_path"] for preset in estimator.presets.values())


@pytest.mark.parametrize("estimator", FITTED)
def test_tables_beside_images_and_views_without_an_encoder_begin_at_components_too(estimator):
    pictures = RANDOM.uniform(size=(400, 3, 3))
    options = {} if estimator == "ACCA" else {"inferred_from": ("picture", "fair")}
    model = FITTED[estimator](**options)
    model = model.adopt(model.trainer({"picture": pictures, **SEEN}))
    completed = model.complete({"fair": HELD_OUT["fair"]})["clear"]
    assert error(completed, "clear") < 1.1 * of_ridge(["fair"], "clear")
    assert isinstance(model.game_.encoders[0].network, BesideLinear) == (estimator == "VCCA")
