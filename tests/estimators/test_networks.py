"""Networks of a user's own in every estimator, networks of series, residual ones; and images that are large."""

import json
import math
import pickle

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

import latently
from latently import AAE, ACGAN, VAE, ConditionalVAE, StackedSemiSupervisedVAE
from latently.catalogue import MODELS
from latently.data import DataAssumption
from latently.errors import ArgumentError
from latently.estimators.networks import MOST_WEIGHTS
from latently.game import Task
from latently.networks import PerRow
from small_models import as_if_fitted, small
from toy_games import same_bits

RANDOM = np.random.default_rng(0)
X = RANDOM.uniform(size=(24, 6, 2)).astype(np.float32)
Y = np.arange(24) % 3
ASKED = []


class Read(eqx.Module):
    """Reads rows of any shape; its dropout takes a key."""

    weight: jax.Array
    dropout: eqx.nn.Dropout

    def __init__(self, in_shape, out_size, key):
        ASKED.append(("read", in_shape, out_size))
        self.weight = jax.random.normal(key, (math.prod(in_shape), out_size)) / 8
        self.dropout = eqx.nn.Dropout(0.2)

    def __call__(self, x, *, key=None):
        return self.dropout(x.reshape(len(x), -1), key=key) @ self.weight


def write(in_size, out_shape, key):
    """Gives rows of any shape."""
    ASKED.append(("write", in_size, out_shape))
    weight = jax.random.normal(key, (in_size, *out_shape)) / 8
    return jax.tree_util.Partial(lambda weight, z: jnp.tensordot(z, weight, 1), weight)


OWN = {"network": Read, "decoder_network": write}


def rows(model):
    return {"left": X[:, :2], "right": X[:, 2:]} if model.takes_views else X


def answer(model):
    """The codes; of a model without, what it draws from its generator."""
    return model.transform(rows(model)) if hasattr(model, "transform") else model.predict_proba(rows(model))


@pytest.mark.sampled
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_estimator_takes_networks_of_a_users_own(model, tmp_path):
    """It encodes and samples, is saved and loaded, resumes bit for bit, is sent to another process."""
    estimator = small(model.load(), epochs=2, **OWN)
    whole, part, resumed = (estimator.trainer(rows(estimator), Y) for _ in range(3))
    whole.run(4)
    part.run(1)
    part.save(tmp_path / "checkpoint.safetensors")
    resumed.restore(tmp_path / "checkpoint.safetensors")
    resumed.run(4)
    assert same_bits(whole.state, resumed.state)
    estimator.adopt(whole)
    drawn = estimator.sample(3, random_state=0)
    for view, given in rows(estimator).items() if estimator.takes_views else [("", X)]:
        drawn_rows = drawn[view] if view else drawn
        assert drawn_rows.shape == (3, *given.shape[1:])
        assert np.isfinite(drawn_rows).all()
    estimator.save(tmp_path)
    loaded = latently.load(tmp_path, **OWN)
    for other in (loaded, pickle.loads(pickle.dumps(estimator))):
        assert same_bits(other.game_, estimator.game_)
        assert (answer(other) == answer(estimator)).all()
    assert loaded.get_params()["network"] is clone(loaded).network is Read


def test_functions_are_told_what_networks_read_and_give():
    for model, labels, wanted in (
        (small(VAE), None, [("read", (6, 2), 4), ("write", 2, (6, 2))]),
        (small(AAE, encoder="gaussian"), None, [("read", (6, 2), 4), ("write", 2, (6, 2))]),
        (small(ConditionalVAE), Y, [("read", (6, 2 + 3), 4), ("write", 2 + 3, (6, 2))]),  # the class at every step
        (
            small(ConditionalVAE),  # two conditions, and whether each is unknown
            {"size": np.linspace(0, 1, 24), "kind": np.array(list("ab") * 12)},
            [("read", (6, 2 + 4), 4), ("write", 2 + 4, (6, 2))],
        ),
        (small(ACGAN), Y, [("write", 2 + 0, (6, 2)), ("read", (6, 2), 1 + 3)]),
    ):
        ASKED.clear()
        as_if_fitted(model.set_params(**OWN), X, labels)
        assert list(dict.fromkeys(ASKED)) == wanted


def test_rows_with_gaps_reach_a_network_as_numbers_with_marks_behind_them():
    table = np.where(RANDOM.uniform(size=(24, 3)) < 0.2, np.nan, RANDOM.normal(size=(24, 3)))
    for networks in (OWN, {"network": "resnet"}):
        ASKED.clear()
        model = small(VAE, **networks).fit(table)
        assert networks is not OWN or list(dict.fromkeys(ASKED)) == [("read", (6,), 4), ("write", 2, (3,))]
        filled = model.impute(table)
        assert np.isfinite(filled).all()
        np.testing.assert_allclose(filled[~np.isnan(table)], table[~np.isnan(table)], rtol=1e-6)
    with pytest.raises(ArgumentError, match="decoder_network must be mlp or resnet for a table with gaps"):
        small(VAE, decoder_network="conv").fit(table)


def test_channels_that_come_first_are_last_for_networks():
    ASKED.clear()
    model = small(VAE, **OWN, channel_axis="first")
    assert as_if_fitted(model, X.swapaxes(1, 2)).reconstruct(X.swapaxes(1, 2)).shape == (24, 2, 6)
    assert ASKED[0] == ("read", (6, 2), 4)


# ---- one encoder with another decoder ----


@pytest.mark.sampled
@pytest.mark.parametrize(
    ("networks", "event"),
    [
        ({"network": "conv1d"}, (6, 2)),
        ({"network": "resnet"}, (6, 2, 1)),
        ({"network": Read}, (6, 2)),
        ({"network": Read, "decoder_network": "conv"}, (6, 2, 1)),
        ({"network": "mlp", "decoder_network": "resnet"}, (6, 2, 1)),
    ],
    ids=str,
)
def test_rows_are_what_both_networks_take(networks, event):
    model = small(ConditionalVAE, hidden=(4,), channels=(3, 3), normalization="batch", **networks)
    model = as_if_fitted(model, X, Y)
    assert model.preprocessing_.event_shape == model.task_.shape == event
    assert model.reconstruct(X).shape == X.shape
    assert model.restyle(X[:2]).shape == (2, 3, 6, 2)
    np.testing.assert_allclose(model.transform(X)[:3], model.transform(X[:3]), atol=1e-5)


def test_images_beside_series_are_refused():
    with pytest.raises(ArgumentError, match=r'decoder_network must be of series, too, .* beside network="conv1d"; got'):
        small(VAE, network="conv1d", decoder_network="conv").fit(X)
    with pytest.raises(ValueError, match=r'\(steps, channels\) for a network of series; .*. Use network="conv"'):
        small(VAE, network="conv1d").fit(X.reshape(24, 3, 2, 2))
    with pytest.raises(ArgumentError, match="encoder must not be implicit for a network of your own"):
        small(AAE, encoder="implicit", network=Read).fit(X)


def test_convolutions_over_steps_learn_series_that_are_shifted():
    """The same bump at another time: what a network of convolutions is for."""
    times = np.arange(33)[None, :, None]
    bumps = np.exp(-((times - RANDOM.uniform(5, 28, size=(200, 1, 1))) ** 2) / 8) * np.array([1.0, -2.0])
    given = {"latent_dim": 2, "channels": (8, 8), "hidden": (16,), "epochs": 30, "batch_size": 20, "random_state": 0}
    model = VAE(network="conv1d", likelihood="gaussian", learning_rate=5e-3, **given).fit(bumps)
    assert model.preprocessing_.reading == "series of 33 steps, 2 channels, each standardised"
    left = ((model.reconstruct(bumps) - bumps) ** 2).sum() / ((bumps - bumps.mean(axis=0)) ** 2).sum()
    assert left < 0.35
    assert small(VAE, network="conv1d").fit(bumps[:, :, 0]).sample(2, random_state=0).shape == (2, 33)


# ---- saving, searching, copying ----


def test_a_file_holds_where_a_function_was_found_and_loading_asks_for_it(tmp_path):
    model = as_if_fitted(small(VAE, **OWN), X)
    model.save(tmp_path)
    saved = json.loads((tmp_path / "config.json").read_text())["parameters"]
    assert saved["decoder_network"] == {"function": f"{__name__}:write"}
    for given, words in (
        (
            {},
            r"^decoder_network must be handed over: .* with .*:write, .*load\(.*, decoder_network=write, network=",
        ),
        ({"decoder_network": write}, "^network must be handed over"),
        (OWN | {"optimizer": write}, "^optimizer must be left out: of functions, .* given decoder_network, network"),
        ({"network": Read, "decoder_network": lambda *_: 3}, "^decoder_network must make a module"),
    ):
        with pytest.raises(ArgumentError, match=words):
            latently.load(tmp_path, **given)
    wider = {
        "network": lambda s, o, k: PerRow(
            eqx.nn.Sequential([eqx.nn.Lambda(jnp.ravel), eqx.nn.MLP(12, o, 4, 1, key=k)])
        ),
        "decoder_network": write,
    }
    with pytest.raises(ValueError, match="does not fit this model"):
        latently.load(tmp_path, **wider)


def test_a_stage_within_a_model_has_a_network_of_its_own(tmp_path):
    first = small(VAE, network=Read)
    model = as_if_fitted(small(StackedSemiSupervisedVAE, first=first, network="resnet"), X, Y)
    model.save(tmp_path)
    with pytest.raises(ArgumentError, match="first__network must be handed over"):
        latently.load(tmp_path)
    assert same_bits(latently.load(tmp_path, first__network=Read).game_, model.game_)


def test_networks_are_searched_over_like_any_hyperparameter():
    search = GridSearchCV(small(VAE), {"network": ["mlp", Read], "decoder_network": [write]}, cv=2).fit(X)
    assert search.best_params_["decoder_network"] is write
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_module_that_is_ready_is_where_training_begins():
    ready = Read((6, 2), 4, jax.random.key(5))
    model = small(VAE, network=ready)
    trainer = model.trainer(X)
    begun = trainer.state.game.encoder.network
    np.testing.assert_array_equal(begun.module.weight, ready.weight)
    trainer.run(2)
    assert (np.asarray(trainer.state.game.encoder.network.module.weight) != ready.weight).all()
    assert np.isfinite(ready.weight).all(), "the user's own arrays stay"


def test_a_network_that_fails_is_told_before_any_work_with_the_users_own_traceback():
    def failing(in_shape, out_size, key):
        raise RuntimeError(f"no network for {in_shape}")

    with pytest.raises(ArgumentError, match=r"network must be .*RuntimeError: no network for \(6, 2\)") as caught:
        small(VAE, network=failing).fit(X)
    assert isinstance(caught.value.__cause__, RuntimeError)
    assert "failing" in [frame.name for frame in pytest.ExceptionInfo.from_exception(caught.value.__cause__).traceback]


# ---- large images ----


def largest_matrix(model, shape, n_labels=None):
    """Of the game for rows of a shape, built without computing anything."""
    known = "none" if n_labels is None else "all"
    task = Task(shape, "unit", 100, n_labels, known, 10)
    game = eqx.filter_eval_shape(lambda key: model.build_game(task, key), jax.random.key(0))
    return max(math.prod(leaf.shape) for leaf in jax.tree.leaves(game) if getattr(leaf, "ndim", 0) == 2)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (VAE(network="conv"), (3400, 3400, 1)),
        (VAE(network="resnet", hidden=()), (3400, 100, 3)),
        (VAE(network="conv1d", latent_dim=64), (1_000_000, 2)),
        (ACGAN(network="conv"), (3400, 3400, 3)),
    ],
    ids=["conv", "resnet", "conv1d", "ACGAN"],
)
def test_convolutions_leave_no_dense_layer_of_more_than_a_few_million_weights(model, shape):
    assert largest_matrix(model, shape, 3 if isinstance(model, ACGAN) else None) <= MOST_WEIGHTS


def test_large_images_are_halved_more_often_and_it_is_said_once():
    images = RANDOM.integers(0, 256, size=(4, 200, 200), dtype=np.uint8)
    model = small(VAE, network="conv", hidden=(256,))
    with pytest.warns(
        DataAssumption, match="halved 4 times instead of 2, .* has 2,768,896 weights; .* at 40,960,000"
    ) as caught:
        as_if_fitted(model, images)
    assert len(caught) == 1
    assert sum("halved" in sentence for sentence in model.assumptions_) == 1
