"""Variational CCA as an estimator: which views codes come from, what private codes are for, what it says of misuse."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

import latently
from latently import VCCA

RANDOM = np.random.default_rng(0)
TABLE = RANDOM.normal(size=(60, 5))
VIEWS = {
    "picture": (255 * RANDOM.uniform(size=(60, 4, 3))).astype(np.uint8),
    "table": TABLE,
    "flag": np.arange(60)[:, None] % 2 == 0,
}
FAST = {"latent_dim": 2, "hidden": (4,), "epochs": 1, "batch_size": 16, "random_state": 0}


@pytest.mark.sampled
@pytest.mark.parametrize(
    "changes",
    [
        {"private_dim": 3, "inferred_from": "first", "code_dropout": 0.2},
        {"network": "conv", "channels": (3,), "normalization": "batch", "private_dim": 2, "joint": True},
        {"normalization": "batch", "inferred_from": ("flag", "picture")},
        {"likelihood": {"picture": "bernoulli"}, "corruption": "masking:0.2", "warm_up_epochs": 0.5, "beta": 2.0},
    ],
    ids=str,
)
def test_every_variant_learns_from_rows_that_lack_views_is_saved_and_loaded(changes, tmp_path):
    table = TABLE.copy()
    table[:9] = np.nan
    vcca = VCCA(**{**FAST, **changes}).fit({**VIEWS, "table": table})
    assert np.isfinite(list(vcca.history_[-1]["terms"].values())).all()
    vcca.save(tmp_path)
    given = {name: rows for name, rows in VIEWS.items() if name != "table"}
    completed = vcca.complete(given)["table"]
    assert completed.shape == (60, 5)
    for other in (latently.load(tmp_path), pickle.loads(pickle.dumps(vcca))):
        assert (other.complete(given)["table"] == completed).all()
    assert {"encode", "decode", "sample", "complete"} <= vcca.abilities()
    shapes = {name: rows.shape[1:] for name, rows in VIEWS.items()}
    for data in (vcca.sample(60, random_state=0), vcca.reconstruct(VIEWS)):
        assert {name: rows.shape for name, rows in data.items()} == {name: (60, *shapes[name]) for name in shapes}


@pytest.mark.parametrize(
    ("inferred_from", "views"),
    [
        ("each", ("picture", "table", "flag")),
        ("first", ("picture",)),
        ("table", ("table",)),
        (("flag", "picture"), ("picture", "flag")),
    ],
    ids=str,
)
def test_codes_come_from_the_views_that_are_named(inferred_from, views):
    vcca = VCCA(**FAST, inferred_from=inferred_from).fit(VIEWS)
    for name in VIEWS:
        codes = vcca.transform({name: VIEWS[name]})
        assert (codes.std(axis=0) > 0).all() == (name in views), name
        assert (name in views) or (codes == 0).all(), name  # the prior's mean
    readable = zip(vcca.game_.names, vcca.game_.encoders, strict=True)
    assert {name for name, encoder in readable if encoder is not None} == set(views)


def test_a_likelihood_for_each_view_is_named_or_in_order():
    names = {"picture": "bernoulli", "table": "laplace", "flag": "gaussian"}
    by_name, in_order = (VCCA(**FAST, likelihood=likelihood).fit(VIEWS) for likelihood in (names, [*names.values()]))
    assert [type(decoder.head).__name__ for decoder in in_order.game_.decoders] == [
        *("BernoulliHead", "LaplaceHead", "GaussianHead")
    ]
    assert (by_name.transform(VIEWS) == in_order.transform(VIEWS)).all()
    assert {view.range for view in in_order.preprocessing_.views.values()} == {"unit", "real"}


def test_draws_of_a_completion_differ_and_repeat_with_their_seed():
    vcca = VCCA(**FAST, private_dim=2).fit(VIEWS)
    draws = [vcca.complete({"flag": VIEWS["flag"]}, draws=4, random_state=seed)["table"] for seed in (0, 0, 1)]
    assert draws[0].shape == (60, 4, 5)
    assert (draws[0] == draws[1]).all()
    assert (draws[0] != draws[2]).any()


def test_it_is_a_function_of_its_seed_and_can_be_cloned():
    given = VCCA(**FAST, private_dim=2, inferred_from=["table"])
    codes = [clone(given).set_params(random_state=seed).fit(VIEWS).transform(VIEWS) for seed in (0, 0, 1)]
    assert (codes[0] == codes[1]).all()
    assert (codes[0] != codes[2]).any()


def test_what_the_views_share_is_told_from_what_each_has_for_itself():
    """With private codes, two shared dimensions suffice, and a view's own share is kept out of them."""
    shared, own = RANDOM.normal(size=(2000, 1)), RANDOM.normal(size=(2, 2000, 1))
    mixing = RANDOM.normal(size=(2, 2, 6))
    views = [np.hstack([shared, own[v]]) @ mixing[v] + 0.1 * RANDOM.normal(size=(2000, 6)) for v in range(2)]
    options = {"hidden": (), "likelihood_scale": 0.2, "learning_rate": 1e-2, "learning_rate_decay": 0.5}
    vcca = VCCA(1, private_dim=1, epochs=40, inferred_from="first", random_state=0, **options).fit(views)
    codes = vcca.transform({"view1": views[0]})
    assert abs(np.corrcoef(codes[:, 0], shared[:, 0])[0, 1]) > 0.97
    assert abs(np.corrcoef(codes[:, 0], own[0, :, 0])[0, 1]) < 0.1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"inferred_from": "sound"}, "inferred_from must be each, first, or among picture, table, flag; got 'sound'"),
        ({"inferred_from": ("table", "sound")}, "inferred_from must be each, first, or among"),
        ({"inferred_from": ()}, "inferred_from must be each, first, or among"),
        ({"private_dim": -1}, "private_dim must be a whole number of 0 or more"),
        ({"code_dropout": 1.0}, "code_dropout must be a number from 0 and below 1"),
        ({"prior": "star"}, "prior must be normal for VCCA; got 'star'. For other shapes use ACCA."),
        ({"likelihood": {"tabel": "gaussian"}}, "must name views among"),
        ({"likelihood": ("bernoulli", "gaussian")}, "must be one for all views, or one for each of 3"),
        ({"likelihood": ("auto", "normal", "auto")}, "a list of auto, bernoulli, gaussian or laplace"),
    ],
    ids=str,
)
def test_misuse_gets_a_sentence(options, words):
    with pytest.raises(ValueError, match=words):
        VCCA(**{**FAST, **options}).fit(VIEWS)


def test_one_view_is_too_few():
    with pytest.raises(ValueError, match="two views or more for VCCA"):
        VCCA(**FAST).fit([TABLE])
