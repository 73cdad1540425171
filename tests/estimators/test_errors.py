# ruff: noqa: E501  # sentences are kept whole
"""Hyperparameters that cannot work are refused with argument, rule, value and way out."""

import re

import jaxtyping
import numpy as np
import pytest

from latently import AAE, VAE, VCCA, CollapseWarning, Views
from latently.probability import Normal, Star
from latently.training import NonFiniteLossError
from small_models import as_if_fitted

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (12, 4, 4), dtype=np.uint8)
TABLE = RANDOM.normal(10, 3, (12, 5))
Y = np.arange(12) % 3


def holed(shape, numbers):
    """Rows of ones, but for a few numbers by their places."""
    rows = np.ones(shape)
    for place, number in numbers.items():
        rows[place] = number
    return rows


FAST = {"hidden": (4,), "epochs": 1, "random_state": 0}
AAE_FAST = {**FAST, "critic_hidden": (4,)}


@pytest.fixture(autouse=True)
def say_so_itself(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


REFUSED = {
    "odd star": (
        AAE(3, prior="star", **AAE_FAST),
        PIXELS,
        None,
        'latent_dim must be even for prior="star", which is laid out in pairs of dimensions; got 3. Use latent_dim=4, or '
        'prior="normal" or prior="uniform" without labels.',
    ),
    "odd normal with labels": (
        AAE(3, **AAE_FAST),
        PIXELS,
        Y,
        'latent_dim must be even for prior="normal" with labels, which is laid out in pairs of dimensions; got 3. Use '
        'latent_dim=4, or prior="normal" or prior="uniform" without labels.',
    ),
    "swiss roll": (
        VAE(2, prior="swiss-roll", **FAST),
        PIXELS,
        None,
        'prior must have a density that is nowhere 0 for a VAE; got \'swiss-roll\'. Use prior="normal" or prior="star", or an AAE, which needs only draws of its prior.',
    ),
    "uniform": (
        VAE(2, prior="uniform", **FAST),
        PIXELS,
        None,
        'prior must have a density that is nowhere 0 for a VAE; got \'uniform\'. Use prior="normal" or prior="star", or an AAE, which needs only draws of its prior.',
    ),
    "prior of another dimension": (
        VAE(3, prior=Normal(2), **FAST),
        PIXELS,
        None,
        "prior must have as many dimensions as latent_dim=3; got 2.",
    ),
    "scale beside a prior": (
        VAE(2, prior=Normal(2), prior_scale=2.0, **FAST),
        PIXELS,
        None,
        "prior_scale goes with a prior given by name, so it must be left out beside Normal(dim=2); got 2.0.",
    ),
    "petals": (
        AAE(2, prior=Star(2, petals=4), **AAE_FAST),
        PIXELS,
        Y,
        "a star has one petal per label; got petals=4 and n_labels=3. Use petals=3.",
    ),
    "scale of a curve": (
        AAE(2, prior="s-curve", prior_scale=2.0, **AAE_FAST),
        PIXELS,
        None,
        'prior_scale cannot go with prior="s-curve", which has no scale; got 2.0. Leave it out, or use prior="normal".',
    ),
    "importance and beta": (
        VAE(2, importance_samples=5, beta=2.0, **FAST),
        PIXELS,
        None,
        "beta must be left out where importance_samples is above 1: that trains one bound, without a KL term; got 2.0. Use beta=1.0 and warm_up_epochs=0.",
    ),
    "importance and warm-up": (
        VAE(2, importance_samples=5, warm_up_epochs=1, **FAST),
        PIXELS,
        None,
        "warm_up_epochs must be left out where importance_samples is above 1: that trains one bound, without a KL term; got 1. Use beta=1.0 and warm_up_epochs=0.",
    ),
    "bernoulli outside": (
        VAE(2, likelihood="bernoulli", **FAST),
        np.array([[0.0, 2.5]] * 12),
        None,
        "X must lie in [0, 1] for a Bernoulli decoder; got values from 0 to 2.5. Say which number is white: "
        'white_level=2.5. Pixels from 0 to 255 may be given as uint8, too; or use likelihood="gaussian".',
    ),
    "bernoulli and tanh": (
        VAE(2, likelihood="bernoulli", output="tanh", **FAST),
        PIXELS,
        None,
        "output must be sigmoid, or left at auto, for likelihood=\"bernoulli\"; got 'tanh'.",
    ),
    "corruption": (
        VAE(2, corruption="snow:0.1", **FAST),
        PIXELS,
        None,
        'corruption must be "gaussian:SCALE", "masking:PROBABILITY" or "salt-and-pepper:PROBABILITY", with a scale of at '
        "least 0 and a probability in [0, 1]; got 'snow:0.1'.",
    ),
    "activation": (
        VAE(2, activation="sine", **FAST),
        PIXELS,
        None,
        "activation must be one of elu, gelu, identity, leaky_relu, relu, sigmoid, silu, softplus, tanh; got 'sine'.",
    ),
    "activations": (
        VAE(2, activation=("relu", "tanh"), **FAST),
        PIXELS,
        None,
        "activation names 2 layers but there are 1; give one value for all, or one a layer.",
    ),
    "normalization": (
        VAE(2, normalization="group", **FAST),
        PIXELS,
        None,
        "normalization must be batch, layer, None, or a list of batch, layer or None; got 'group'.",
    ),
    "width 0": (
        VAE(2, hidden=(4, 0)),
        PIXELS,
        None,
        "hidden must be a list of whole numbers of 1 or more, or None; got (4, 0).",
    ),
    "width of a critic": (
        AAE(2, **{**AAE_FAST, "critic_hidden": (4.5,)}),
        PIXELS,
        None,
        "critic_hidden must be a list of whole numbers of 1 or more; got (4.5,).",
    ),
    "channels": (
        VAE(2, network="conv", channels=("a",), **FAST),
        PIXELS,
        None,
        "channels must be a list of whole numbers of 1 or more, or None; got ('a',).",
    ),
    "no channels": (
        VAE(2, network="conv", channels=(), **FAST),
        PIXELS,
        None,
        "channels must name one or more convolutions, each of 1 channel or more; got ().",
    ),
    "two dense layers": (
        VAE(2, network="conv", hidden=(8, 4)),
        PIXELS,
        None,
        'hidden must be the width of the one dense layer beside the convolutions for network="conv"; got (8, 4). Use hidden=(8,), and channels for the convolutions.',
    ),
    "implicit convolutions": (
        AAE(2, network="conv", encoder="implicit", **AAE_FAST),
        PIXELS,
        None,
        'encoder must not be implicit for network="conv": it is fed noise beside x, flattened, which convolutions cannot read. Use network="mlp", or encoder="gaussian".',
    ),
    "convolutions on a table": (
        VAE(2, network="conv", **FAST),
        TABLE,
        None,
        "X must be rows (height, width), (height, width, channels) or flat and square for a network of images; got rows "
        'of shape (5,). Reshape X to (n, height, width), or use network="mlp"; volumes are not convolved over three axes.',
    ),
    "too many devices": (
        VAE(2, devices=64, **FAST),
        PIXELS,
        None,
        re.compile(r"devices must be between 1 and the \d+ found here; got 64\."),
    ),
    "latent_dim": (
        VAE(0, **FAST),
        PIXELS,
        None,
        "latent_dim must be a whole number of 1 or more; got 0.",
    ),
    "likelihood": (
        AAE(2, likelihood="poisson", **AAE_FAST),
        PIXELS,
        None,
        "likelihood must be auto, bernoulli, gaussian or laplace; got 'poisson'.",
    ),
    "verbose": (
        VAE(2, verbose=-1, **FAST),
        PIXELS,
        None,
        "verbose must be True or False, or a whole number of 0 or more; got -1.",
    ),
    "epochs": (
        VAE(2, **{**FAST, "epochs": 0}),
        PIXELS,
        None,
        "epochs must be a number above 0; got 0.",
    ),
    "fooling weight": (
        AAE(2, fooling_weight=1.0, **AAE_FAST),
        PIXELS,
        None,
        "fooling_weight must be a number above 0 and below 1, or None; got 1.0.",
    ),
    "NaN everywhere": (
        VAE(2, **FAST),
        np.full((12, 5), np.nan),
        None,
        re.compile(r"the table has no column to learn from \(the column \"x0\" is left out, since it is empty.*"),
    ),
    "infinite images": (
        VAE(2, **FAST),
        holed((12, 3, 3), {(4, 1, 2): np.inf, (4, 2, 0): -np.inf, (9, 0, 0): np.nan}),
        None,
        "X must be finite, and has NaN in row 9 (first at [9, 0, 0]) and infinity in row 4 (first at [4, 1, 2]), counted from 0. Fill in those values, or leave those rows out.",
    ),
    "NaN in a view": (
        VCCA(2, **FAST),
        {"left": holed((12, 2), {(0, 0): np.nan, (0, 1): np.nan, (5, 1): np.nan}), "right": np.ones((12, 3))},
        None,
        "view 'left': X must be finite, and has NaN in column 1 (row 5), counted from 0. Fill in those values, or leave those rows out.",
    ),
    "several views": (
        VAE(2, **FAST),
        Views({"left": TABLE, "right": TABLE}),
        None,
        "X must have one view; got 'left, right'. Use ACCA or VCCA for several, or give one of them: X.view(\"left\").",
    ),
    "a dict of views": (
        VAE(2, **FAST),
        {"left": TABLE, "right": TABLE},
        None,
        "X must have one view; got 'left, right'. Use ACCA or VCCA for several, or give one of them: X['left'].",
    ),
    "no rows": (VAE(2, **FAST), np.zeros((0, 3)), None, re.compile(r"Found array with 0 sample\(s\).*")),
    "words": (
        VAE(2, **FAST),
        np.array([["a", "b"]] * 12),
        None,
        re.compile("dtype='numeric' is not compatible with arrays of bytes/strings.*"),
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_work_is_refused_before_anything_is_trained(kind):
    model, X, y, sentence = REFUSED[kind]
    with pytest.raises(ValueError) as caught:  # noqa: PT011  # the sentence is checked below
        model.trainer(X, y)
    message = str(caught.value)
    if isinstance(sentence, str):
        assert message == sentence
    else:
        assert sentence.fullmatch(message), message
    assert not getattr(caught.value, "__notes__", [])
    assert not hasattr(model, "game_")


def test_a_memory_map_that_holds_infinity_is_refused(tmp_path):
    rows = TABLE.copy()
    rows[7, 2] = np.inf
    np.save(tmp_path / "rows.npy", rows)
    with pytest.raises(
        ValueError, match=r"^X must be finite, and has infinity in column 2 \(row 7\), counted from 0\."
    ):
        VAE(2, **FAST).fit(np.load(tmp_path / "rows.npy", mmap_mode="r"))


def test_columns_of_a_data_frame_that_hold_infinity_go_by_their_names():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    table = {"age": [1.0, 2.0, np.nan, 4.0], "income": [1.0, np.inf, 3.0, np.inf], "size": [1.0, 2.0, 3.0, 4.0]}
    told = r"^X must be finite, and has infinity in column 'income' \(rows 1 and 3\)"
    for frame in (pandas.DataFrame(table), polars.DataFrame(table)):
        with pytest.raises(ValueError, match=told):
            VAE(2, **FAST).fit(frame)
    model = as_if_fitted(VAE(2, **FAST), pandas.DataFrame(np.ones((4, 3)), columns=["age", "income", "size"]))
    gaps = told.replace("has infinity", r"has NaN in column 'age' \(row 2\) and infinity")
    with pytest.raises(ValueError, match=gaps):  # it has not learned to read gaps
        model.transform(pandas.DataFrame(table))


def test_codes_that_hold_nan_are_refused_by_their_place():
    model = as_if_fitted(VAE(2, **FAST), PIXELS)
    for call in (model.inverse_transform, model.prior_log_density):
        with pytest.raises(ValueError, match=r"^Z must be finite, and has NaN in column 1 \(row 0\), counted from 0\."):
            call([[0.0, np.nan]])


def test_a_loss_that_explodes_stops_the_fit_and_says_where():
    model = VAE(2, likelihood="gaussian", learning_rate=1e6, **{**FAST, "epochs": 50})
    with pytest.raises(
        NonFiniteLossError, match=r"of player 'vae' became (nan|inf|-inf) in round \d+; lower learning_rate"
    ):
        model.fit(TABLE)
    assert not hasattr(model, "game_")


# ---- collapse ----


def test_unused_dimensions_are_warned_of_in_words():
    rows = np.random.default_rng(0).uniform(size=(64, 4))
    model = VAE(3, beta=200.0, hidden=(8,), epochs=30, batch_size=32, learning_rate=0.01, random_state=0)
    with pytest.warns(CollapseWarning, match=r"^[123] of 3 latent dimensions are unused \(their KL divergence in the"):
        model.fit(rows)


def test_a_critic_that_always_wins_is_warned_of_in_words():
    rows = np.random.default_rng(0).uniform(size=(64, 4))
    model = AAE(2, prior_scale=50.0, hidden=(8,), critic_hidden=(64,), epochs=800, learning_rate=1e-9, random_state=0)
    model.set_params(critic_learning_rate=0.02, batch_size=64)
    with pytest.warns(CollapseWarning, match="^the critic has told codes from prior draws from the start"):
        model.fit(rows)


# ---- presets ----


def test_a_preset_may_be_changed():
    model = AAE.from_preset("aae-mlp", epochs=3, hidden=(10,))
    assert (model.epochs, model.hidden, model.generator_updates) == (3, (10,), 2)


@pytest.mark.parametrize(
    ("estimator", "name", "sentence"),
    [
        (VAE, "vae-3d", r"VAE has the presets vae-2d, .*; got 'vae-3d'\. Did you mean \"vae-2d\"\?"),
        (VAE, "aae-mlp", r"VAE has the presets vae-2d, .*; got 'aae-mlp' \('aae-mlp' is a preset of AAE\)\."),
    ],
)
def test_a_preset_that_is_not_there_is_refused(estimator, name, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        estimator.from_preset(name)
