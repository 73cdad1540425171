"""What a page computes is what Python computes: each operation, every model, and every network."""

import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest
from jax import lax

import latently
from browser import Machine, offline_page
from each_network import combinations, combined
from latently.data import Table, TablePreprocessing
from latently.export import Blobs, ExportError, Function, Port, functions, program
from latently.networks import PerRow
from small_models import as_if_loaded

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1, 6, 5, 4)).astype(np.float32)
KERNEL = RNG.normal(size=(3, 2, 4, 6)).astype(np.float32)
GROUPED = RNG.normal(size=(3, 3, 2, 8)).astype(np.float32)
TABLE = RNG.normal(size=(7, 3)).astype(np.float32)
IMAGES = RNG.integers(0, 256, (24, 8, 8)).astype(np.uint8)


@pytest.fixture(scope="module")
def machine():
    with offline_page() as page:
        yield Machine(page)


def function_of(call, *rows):
    """A function as `functions` makes them, of rows of these shapes."""
    outputs = jax.eval_shape(call, *rows)
    outputs = outputs if isinstance(outputs, tuple) else (outputs,)
    return Function(
        "decode",
        tuple(Port(f"input{place}", row.shape[1:]) for place, row in enumerate(rows)),
        tuple(Port(f"output{place}", output.shape[1:]) for place, output in enumerate(outputs)),
        lambda *given: found if isinstance(found := call(*given), tuple) else (found,),
    )


def conv(x, kernel, strides=(1, 1), padding="SAME", **how):
    return lax.conv_general_dilated(x, kernel, strides, padding, dimension_numbers=("NHWC", "HWIO", "NHWC"), **how)


def attention(x):
    x = x[:, :, 0]
    return jax.nn.softmax(x @ x.swapaxes(1, 2) / 2) @ x


def recurrent(x):
    def step(h, x):
        h = jnp.tanh(x @ TABLE[:4] + h @ TABLE[3:6])
        return h, h

    last, all_of_them = lax.scan(step, jnp.zeros((1, 3)), x[:, :, 0].swapaxes(0, 1), reverse=True)
    return last, all_of_them.swapaxes(0, 1)


ELEMENTWISE = [
    *(jnp.abs, jnp.arctan, jnp.sinh, jnp.arcsinh, jnp.cbrt, jnp.ceil, jnp.cos, jnp.cosh, lax.erf, lax.erfc, jnp.exp),
    *(jnp.exp2, jnp.expm1, jnp.floor, jnp.isfinite, lax.lgamma, jax.nn.gelu, jax.nn.sigmoid, jax.nn.softplus, jnp.sign),
    *(jnp.round, lax.round, jnp.sin, jnp.tan, jnp.tanh, jnp.square, jnp.isnan, jnp.trunc, jax.nn.silu, jax.nn.elu),
]
POSITIVE = [jnp.log, jnp.log1p, jnp.sqrt, lax.rsqrt, jnp.arccosh]
OPERATIONS = {
    "binary": lambda x: (
        x + x[:, ::-1],
        x - 2,
        x / x[..., :1],
        x**2,
        x**3,
        jnp.abs(x) ** 1.5,
        x % 0.7,
        jnp.maximum(x, 0),
    ),
    "comparisons": lambda x: tuple(
        jnp.where(compare(x, x[:, ::-1]), x, 0)
        for compare in (jnp.equal, jnp.not_equal, jnp.less, jnp.less_equal, jnp.greater, jnp.greater_equal)
    ),
    "logic": lambda x: (x > 0) & (x < 1) | ~(x > -1) ^ (x < 0),
    "whole numbers": lambda x: (x * 10).astype(int) // 3 + (x * 10).astype(int) % 4,
    "arcs": lambda x: (jnp.arctan2(x, x[:, ::-1]), jnp.arcsin(x / 9), jnp.arccos(x / 9), jnp.arctanh(x / 9)),
    "clip": lambda x: (jnp.clip(x, -0.5, 0.5), lax.clamp(-1.0, x, x[:, ::-1])),
    "halves": lambda x: (jnp.round(jnp.round(x) + 0.5), lax.round(jnp.round(x) + 0.5)),
    "reductions": lambda x: (x.sum((1, 3)), x.prod(2), x.max((2, 3)), x.min(1), (x > 1).any(1), (x > -1).all(3)),
    "places of extremes": lambda x: (x.argmax(3), x.argmin(1), jnp.zeros_like(x).argmax(3)),
    "means": lambda x: (
        x.mean(1),
        x.var((1, 2)),
        jax.nn.softmax(x, 2),
        jax.nn.logsumexp(x, 3),
        jnp.linalg.norm(x, axis=3),
    ),
    "accumulation": lambda x: (
        x.cumsum(1),
        x.cumprod(3),
        lax.cummax(x, 2, reverse=True),
        lax.cumsum(x, 1, reverse=True),
    ),
    "movements": lambda x: (
        x[:, ::-2, 1:].transpose(0, 3, 2, 1).reshape(1, -1),
        jnp.roll(x, 2, 1).swapaxes(1, 2),
        jnp.repeat(x, 2, 2),
        jnp.tile(x, (1, 2, 1, 3)),
        jnp.stack([x, 2 * x], 2),
        jnp.concatenate(jnp.split(x, [2, 2, 5], 1)[::-1], 1),
        jnp.broadcast_to(x[:, :, :1], (1, 6, 3, 4)),
    ),
    "pads": lambda x: (
        lax.pad(x, 2.0, [(0, 0, 0), (1, 2, 1), (-1, 0, 0), (2, -1, 2)]),
        jnp.pad(x, [(0, 0), (2, 1), (0, 0), (0, 0)], mode="reflect"),
    ),
    "fixed places": lambda x: (x[:, jnp.array([3, 0, 3])], x[..., jnp.array([1, 2])][:, :, 0], x.at[:, 2].set(9.0)),
    "found places": lambda x: (
        jnp.asarray(TABLE)[x[:, :, 0, 0].argmax(1)],
        jnp.take_along_axis(x, x.argmax(3, keepdims=True), 3),
        lax.dynamic_slice_in_dim(x[0], x[0, :, 0, 0].argmax() + 3, 3, 0)[None],
        jnp.asarray(TABLE)[x[:, :, 0, 0].argmax(1) + 5],
    ),
    "one hot": lambda x: jax.nn.one_hot(x.argmax(3), 4) * x,
    "products": lambda x: (
        x @ TABLE[:4],
        x[:, :, 0] @ np.arange(36.0).reshape(4, 9),
        jnp.einsum("bijk,bilk->bijl", x, x[:, :, 1:]),
        jnp.einsum("kn,bijk->bnij", TABLE[:4], x),
        jnp.einsum("ij,bjk->bik", TABLE.T @ TABLE, x[:, 0, :3]),
    ),
    "attention": attention,
    "convolutions": lambda x: (
        conv(x, KERNEL),
        conv(x, KERNEL, (2, 1), "VALID", rhs_dilation=(2, 1)),
        conv(x, KERNEL, padding=[(1, 2), (-1, 0)], lhs_dilation=(2, 3)),
        conv(x, GROUPED, feature_group_count=2),
        lax.conv_general_dilated(x.transpose(0, 3, 1, 2), KERNEL.transpose(3, 2, 0, 1), (1, 2), "SAME"),
    ),
    "pools": lambda x: (
        lax.reduce_window(x, -jnp.inf, lax.max, (1, 2, 3, 1), (1, 2, 1, 1), "SAME"),
        lax.reduce_window(x, 0.0, lax.add, (1, 2, 2, 1), (1, 2, 2, 1), "VALID"),
    ),
    "resized": lambda x: jax.image.resize(x, (1, 9, 3, 4), "bilinear"),
    "recurrence": recurrent,
    "branches": lambda x: lax.cond(x.sum() > 0, lambda x: x + 1, lambda x: x * 2, x),
    "switch": lambda x: lax.switch(x[0, :3, 0, 0].argmax(), [jnp.sin, jnp.cos, jnp.tanh], x),
    "counted loop": lambda x: lax.fori_loop(0, 3, lambda i, y: y + x[:, i], x[:, 0]),
    "searched": lambda x: jnp.searchsorted(jnp.arange(-1, 1, 0.3), x[:, 0, 0]),
    "checkpointed": lambda x: jax.checkpoint(lambda x: jnp.sin(x) * x)(x),
    "input and constant": lambda x: (x, jnp.ones((1, 2)), x[:, ::-1], x[:, ::-1]),
    "random, but fixed": lambda x: x + jax.random.normal(jax.random.key(0), x.shape),
}


def agree(machine, function, rows):
    for right, given in zip(jax.jit(function.call)(*rows), machine.load(function)(*rows), strict=True):
        np.testing.assert_allclose(given, right[0], rtol=2e-5, atol=2e-6)


def test_functions_of_each_element(machine):
    special = np.float32([np.nan, np.inf, -np.inf, 0, -2.5, 1.5, 0.5])
    x = np.concatenate([4 * X.ravel(), special])[None]
    agree(machine, function_of(lambda x: tuple(f(x) for f in ELEMENTWISE), x), [x])
    agree(machine, function_of(lambda x: tuple(f(jnp.abs(x) + 1) for f in POSITIVE), x), [x])


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations(machine, name):
    agree(machine, function_of(OPERATIONS[name], X), [X])


def test_missing_numbers_spread_as_they_do_in_python(machine):
    x = X.copy()
    x[0, 1, :, 2] = np.nan

    def spread(x):
        filled = jnp.where(jnp.isnan(x), 0, x)
        return x.max(3), x.sum(1), x.argmax(3), filled, jnp.maximum(x, 0), jnp.isnan(x)[..., jnp.array([2])]

    agree(machine, function_of(spread, x), [x])


def test_several_inputs_of_which_one_is_not_read(machine):
    def call(x, y, z):
        return jnp.einsum("bij,bik->bjk", x[:, 0], y), y + 1

    rows = [X, X[:, 0, :, :3], X]
    agree(machine, function_of(call, *rows), rows)


def own(in_shape, out_size, key):
    """A user's network of images, of Equinox's layers."""
    keys = jax.random.split(key, 3)
    layers = [
        eqx.nn.Lambda(lambda x: x.transpose(2, 0, 1)),
        eqx.nn.Conv2d(in_shape[2], 6, 3, padding=1, key=keys[0]),
        eqx.nn.GroupNorm(2, 6),
        eqx.nn.Lambda(jax.nn.gelu),
        eqx.nn.MaxPool2d(2, 2),
        eqx.nn.Conv2d(6, 6, 3, groups=3, stride=2, key=keys[1]),
        eqx.nn.Lambda(jnp.ravel),
        eqx.nn.LayerNorm(6),
        eqx.nn.Linear(6, out_size, key=keys[2]),
    ]
    return PerRow(eqx.nn.Sequential(layers))


def table():
    """A frame with a column of each kind, and gaps, and what its columns are."""
    n = 40
    frame = pd.DataFrame(
        {
            "number": RNG.normal(200, 30, n),
            "robust": RNG.standard_t(2, n),
            "heavy": RNG.lognormal(2, 1, n),
            "tails": RNG.standard_t(1.5, n) * 9,
            "count": RNG.negative_binomial(2, 0.3, n).astype(float),
            "poisson": RNG.poisson(4, n).astype(float),
            "binary": RNG.choice(["no", "yes"], n),
            "category": RNG.choice(["Bonn", "Trier", "Ulm"], n),
            "date": pd.Timestamp("2020-03-01") + pd.to_timedelta(RNG.integers(0, 900 * 24, n), unit="h"),
        }
    )
    for place, name in enumerate(frame):
        frame.loc[place::9, name] = None
    kinds = {name: "heavy" if name == "tails" else name for name in frame}
    return Table.of(frame, kinds=kinds)


WIDE = RNG.integers(0, 256, (24, 3, 9, 7)).astype(np.uint8)
TABLE_ROWS = table()
CONDITIONS = pd.DataFrame({"age": RNG.uniform(20, 80, 24), "sex": RNG.choice(["f", "m"], 24)})
SMALL = {"latent_dim": 3, "hidden": (8,), "random_state": 0}
CONVOLVED = {**SMALL, "channels": (4, 4)}
OTHERS = {
    "channels first": (latently.VAE(**CONVOLVED, network="conv"), WIDE, None),
    "own layers": (latently.VAE(**CONVOLVED, network=own, decoder_network="conv"), IMAGES[..., None], None),
    "linear path": (latently.VAE(**SMALL, linear_path=True), RNG.normal(9, 5, size=(24, 6)), None),
    "table": (latently.VAE(**SMALL), TABLE_ROWS, None),
    "table of classes": (latently.ConditionalVAE(**SMALL), TABLE_ROWS, np.arange(40) % 3),
    "conditions": (latently.ConditionalVAE(**SMALL), IMAGES, CONDITIONS),
    "views of images": (latently.ACCA(**CONVOLVED, network="conv"), {"a": IMAGES, "b": IMAGES[:, :, ::2]}, None),
}


def asked(function, model, rows):
    """What a function takes, for two rows: of the first all is known, of the second as little as may be."""
    inputs = {"code": RNG.normal(size=(2, model.latent_dim)), "present": np.array([[1, 1], [0, 1]])}
    inputs |= rows if isinstance(rows, dict) else {"x": rows}
    if model.conditions_ is not None:
        inputs["label"] = np.array([[40, 1], [np.nan, 0]])
    elif model.decodes_labels:  # a decoder is always told a class
        inputs["label"] = np.array([np.eye(3)[1], [1 / 3 if function.name == "decode" else np.nan] * 3])
    return [np.asarray(np.asarray(inputs[port.name])[:2], np.float32) for port in function.inputs]


def check(machine, model, rows, monkeypatch):
    """A page gives what Python gives: to 1e-5 of the numbers' size with whole weights, to 1e-2 with halves."""
    exact = 1e-4 if isinstance(model.preprocessing_, TablePreprocessing) else 1e-5  # 32 bits round the days of a date
    made = functions(model.fitted_)
    monkeypatch.setattr(sys.modules[program.__module__], "FEW", 0)  # however few the weights are
    for name in {"encode", "decode", "classify"} & set(made):
        inputs = asked(made[name], model, rows)
        wanted = jax.jit(made[name].call)(*inputs)
        for near in (exact, 1e-2):
            found = machine.load(made[name], full_precision=near == exact)
            for row in range(2):
                for right, mine in zip(wanted, found(*(each[[row]] for each in inputs)), strict=True):
                    scale = max(1, np.nanmax(np.abs(right)))
                    np.testing.assert_allclose(mine / scale, right[row] / scale, atol=near)


@pytest.mark.parametrize(("name", "network"), list(combinations()))
def test_a_page_computes_what_python_does_of_every_model_with_every_network(machine, name, network, monkeypatch):
    check(machine, *combined(name, network), monkeypatch)


@pytest.mark.parametrize("name", OTHERS)
def test_a_page_computes_what_python_does_of_other_rows_and_layers(machine, name, monkeypatch):
    estimator, rows, labels = OTHERS[name]
    check(machine, as_if_loaded(estimator, rows, labels), rows, monkeypatch)


def test_weights_take_half_the_room_in_16_bits_and_are_there_once():
    model = as_if_loaded(latently.VAE(latent_dim=2, hidden=(256,), random_state=0), IMAGES)
    made, halves, whole = functions(model.fitted_), Blobs(), Blobs()
    program(made["encode"], halves)
    before = len(halves.bytes())
    assert 64 * 256 * 2 < before < 64 * 256 * 2 + 256 * 4 * 2 + 256 * 4 * 2 + 100
    program(made["encode"], halves)
    assert len(halves.bytes()) == before
    program(made["encode"], whole, full_precision=True)
    assert len(whole.bytes()) > 64 * 256 * 4


def test_an_operation_that_there_is_none_for_is_one_error():
    function = function_of(lambda x: jnp.sort(x), X)
    with pytest.raises(
        ExportError, match=r"cannot be explored in a page: its 'decode' computes `sort`, for which a page "
    ):
        program(function, Blobs())
    with pytest.raises(ExportError, match="takes more than 20,000 operations a row; use a shorter loop"):
        program(function_of(lambda x: lax.fori_loop(0, 30_000, lambda _, x: x * x, x), X), Blobs())
    with pytest.raises(ExportError, match="computes `while`"):
        program(function_of(lambda x: lax.while_loop(lambda x: x.sum() < 9, lambda x: x + 1, x), X), Blobs())
    with pytest.raises(ExportError, match="writes to places that hang on its input"):
        program(function_of(lambda x: x.at[:, x.argmax()].set(0.0), X), Blobs())


def test_buffers_are_used_again_and_what_nobody_reads_is_left_out():
    def call(x):
        unused = jnp.sin(x) @ KERNEL[0, 0]
        for _ in range(9):
            x = jnp.tanh(x @ (TABLE[:4] @ TABLE[:4].T))
        return x, unused[:, :0].sum(1)

    written = program(function_of(call, X[:, 0, 0]), Blobs())
    assert [operation["do"] for operation in written["operations"]] == ["dot", "map"] * 9 + ["map"]
    assert len(written["slots"]) <= 3
