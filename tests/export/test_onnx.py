"""Exported models give in ONNX Runtime what they give in Python, for any number of rows."""

import json
import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import latently
from latently.catalogue import MODELS
from latently.errors import ArgumentError
from latently.networks import Chain, Flatten, PerRow, Unflatten
from small_models import as_if_loaded, small

runtime = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
pytest.importorskip("jax2onnx")

RNG = np.random.default_rng(0)
ROWS = 17
IMAGES = RNG.integers(0, 256, (ROWS, 5, 4)).astype(np.uint8)
SERIES = RNG.normal(50, 20, (ROWS, 5, 2))
VIEWS = {"left": RNG.normal(size=(ROWS, 4)), "right": RNG.integers(-100, 100, (ROWS, 3))}
LABELS = np.arange(ROWS) % 3


def own_encoder(in_shape, out_size, key):
    return Chain((Flatten(), PerRow(eqx.nn.MLP(math.prod(in_shape), out_size, 8, 1, jax.nn.gelu, key=key))))


def own_decoder(in_size, out_shape, key):
    return Chain((PerRow(eqx.nn.MLP(in_size, math.prod(out_shape), 8, 1, key=key)), Unflatten(out_shape)))


NETWORKS = {
    "mlp": ({"hidden": (8,), "activation": "elu", "normalization": "batch"}, IMAGES),
    "conv, resnet": ({"network": "conv", "decoder_network": "resnet", "normalization": "layer"}, IMAGES),
    "resnet, conv": ({"network": "resnet", "decoder_network": "conv", "activation": "silu"}, IMAGES),
    "conv1d, own": ({"network": "conv1d", "decoder_network": own_decoder, "activation": "gelu"}, SERIES),
    "own, conv1d": ({"network": own_encoder, "decoder_network": "conv1d", "normalization": "batch"}, SERIES),
}


def fitted(name, network):
    """A model with arrays of no meaning, and its rows."""
    parameters, rows = NETWORKS[network]
    estimator = getattr(latently, name)
    channels = {} if network == "mlp" else {"channels": (4, 2) if name == "ACGAN" else (2,)}
    model = small(estimator, **parameters, **channels)
    if model.takes_views:
        rows = VIEWS if network == "mlp" else {"left": rows, "right": rows[:, ::-1]}
    return as_if_loaded(model, rows, LABELS if not model.takes_views else None), rows


def ran(folder, file, feed, rows):
    """What a file gives for the first rows, by name; its metadata."""
    session = runtime.InferenceSession(folder / file)
    asked = {port.name: feed[port.name][:rows] for port in session.get_inputs()}
    return dict(zip((port.name for port in session.get_outputs()), session.run(None, asked), strict=True))


def agrees(result, right):
    """To 1e-5 of the range of the data; of whole numbers, to the rounding of ties."""
    assert (result.dtype, result.shape) == (right.dtype, right.shape)
    there = right[np.isfinite(right)] if right.dtype.kind == "f" else right
    near = 1 if right.dtype.kind in "iu" else 1e-5 * max(float(np.ptp(there)), 1.0)
    np.testing.assert_allclose(result.astype(np.float64), right.astype(np.float64), rtol=0, atol=near)
    if right.dtype.kind in "iu":
        assert (result != right).mean() < 0.02


def answers(model, rows, codes, labels=None):
    """What the model says in Python: file → output → array."""
    told, able = {} if labels is None else {"labels": labels}, model.abilities()
    named = (lambda data: data) if model.takes_views else (lambda data: {"x": np.asarray(data)})
    right = {"decoder.onnx": named(model.inverse_transform(codes, **told))}
    if "encode" in able:
        right["encoder.onnx"] = {"code": model.transform(rows, **told)}
        rebuilt = named(model.reconstruct(rows, **told))
        right["reconstruct.onnx"] = {f"reconstructed_{name}": data for name, data in rebuilt.items()}
    if "predict" in able:
        right["classifier.onnx"] = {"probabilities": model.predict_proba(rows)}
    if "complete" in able:
        for missing in rows:
            given = {name: data for name, data in rows.items() if name != missing}
            right[f"complete_{missing}.onnx"] = {missing: model.complete(given)[missing]}
    return right


def check(folder, right, feed):
    """Every file gives what is right, for one row, three and all."""
    assert {path.name for path in folder.iterdir()} == set(right)
    for file, outputs in right.items():
        for rows in (1, 3, ROWS):
            results = ran(folder, file, feed, rows)
            assert set(results) == set(outputs)
            for name, result in results.items():
                agrees(result, outputs[name][:rows])


@pytest.mark.parametrize("network", list(NETWORKS))
@pytest.mark.parametrize("name", [model.name for model in MODELS])
def test_every_model_with_every_network_gives_what_it_gives_in_python(name, network, tmp_path):
    model, rows = fitted(name, network)
    codes = RNG.normal(size=(ROWS, model.fitted_.sample_prior(1, None, 0).shape[1])).astype(np.float32)
    model.export(tmp_path)
    feed = {"code": codes, **(rows if model.takes_views else {"x": rows})}
    feed["label"], feed["present"] = np.eye(3, dtype=np.float32)[LABELS], np.ones((ROWS, 2), np.float32)
    check(tmp_path, answers(model, rows, codes, LABELS if model.decodes_labels else None), feed)
