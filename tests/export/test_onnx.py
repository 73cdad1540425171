"""Exported models give in ONNX Runtime what they give in Python, for any number of rows."""

import json
import sys
from collections.abc import Callable

import equinox as eqx
import jax
import numpy as np
import pandas as pd
import pytest

import latently
from each_network import IMAGES, LABELS, ROWS, VIEWS, combinations, combined
from latently.data import Views
from latently.errors import ArgumentError
from small_models import as_if_loaded, small

runtime = pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
pytest.importorskip("jax2onnx")

RNG = np.random.default_rng(0)


def ran(folder, file, feed, rows):
    """What a file gives for the first rows, by name."""
    session = runtime.InferenceSession(folder / file)
    asked = {port.name: feed[port.name][:rows] for port in session.get_inputs()}
    return dict(zip((port.name for port in session.get_outputs()), session.run(None, asked), strict=True))


def metadata(path):
    return runtime.InferenceSession(path).get_modelmeta().custom_metadata_map


def agrees(result, right):
    """To 1e-5 of the range of the data; a tie of whole numbers may be rounded either way."""
    assert (result.dtype, result.shape) == (right.dtype, right.shape)
    given, right = result.astype(np.float64), right.astype(np.float64)
    near = 1e-5 * max(np.nanmax(right) - np.nanmin(right), 1.0)
    off = ~np.isclose(given, right, rtol=0, atol=near, equal_nan=True)
    ties = (given == given.round()) & (abs(given - right) == 1)
    np.testing.assert_array_equal(given[off & ~ties], right[off & ~ties])
    assert off.sum() <= max(1, 0.02 * off.size)


def answers(model, rows, codes, labels=None):
    """What the model says in Python: file → output → array."""
    told, able = {} if labels is None else {"labels": labels}, model.abilities()

    def named(data):
        if model.takes_views:
            return data
        if hasattr(data, "columns"):
            data = np.asarray(latently.Table.like(data, model.preprocessing_.columns), np.float32)
        return {"x": data}

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


@pytest.mark.parametrize(("name", "network"), list(combinations()))
def test_every_model_with_every_network_gives_what_it_gives_in_python(name, network, tmp_path):
    model, rows = combined(name, network)
    codes = RNG.normal(size=(ROWS, model.fitted_.sample_prior(1, None, 0).shape[1])).astype(np.float32)
    model.export(tmp_path)
    feed = {"code": codes, **(rows if model.takes_views else {"x": rows})}
    feed["label"], feed["present"] = np.eye(3, dtype=np.float32)[LABELS], np.ones((ROWS, 2), np.float32)
    check(tmp_path, answers(model, rows, codes, LABELS if model.decodes_labels else None), feed)


# ---- tables, conditions, missing views, types ----


def test_a_table_of_every_kind_with_gaps_and_conditions(tmp_path):
    days = pd.Timestamp("2020-01-31 06:00") + pd.to_timedelta(np.arange(ROWS) * 40.5, unit="D")
    frame = pd.DataFrame(
        {
            "number": RNG.normal(30, 9, ROWS),
            "robust": RNG.normal(3, 1, ROWS),
            "heavy": np.exp(RNG.normal(size=ROWS)),
            "both sides": RNG.normal(size=ROWS) ** 3,
            "count": RNG.poisson(4, ROWS),
            "poisson": RNG.poisson(2, ROWS),
            "town": np.array(["Bonn", "Ulm", "Trier"], object)[LABELS],
            "truth": np.array([True, False])[np.arange(ROWS) % 2],
            "when": days,
        }
    )
    frame = frame.astype({"truth": "boolean", "count": "Int64", "poisson": "Int64"})
    frame = frame.mask(RNG.random(frame.shape) < 0.2)
    kinds = {"robust": "robust", "heavy": "heavy", "both sides": "heavy", "count": "count", "poisson": "poisson"}
    table = latently.Table.of(frame, kinds=kinds)
    asked = pd.DataFrame({"age": RNG.normal(50, 9, ROWS), "sex": np.array(["f", "m"])[np.arange(ROWS) % 2]})
    model = as_if_loaded(small(latently.ConditionalVAE, hidden=(8,)), table, asked)
    model.export(tmp_path)
    told = np.asarray(latently.Table.like(asked, model.conditions_.columns), np.float32)
    told[::3, 0] = np.nan
    asked.loc[::3, "age"] = np.nan
    codes = RNG.normal(size=(ROWS, 2)).astype(np.float32)
    feed = {"x": np.asarray(table), "label": told, "code": codes}
    check(tmp_path, answers(model, table, codes, asked), feed)
    columns = {column["name"]: column for column in json.loads(metadata(tmp_path / "decoder.onnx")["columns"])}
    assert columns["town"]["words"] == ["Bonn", "Trier", "Ulm"]
    assert columns["when"]["unit"] == "days since 1970-01-01"
    assert [column["name"] for column in json.loads(metadata(tmp_path / "encoder.onnx")["conditions"])] == [
        "age",
        "sex",
    ]


def test_views_that_a_row_lacks_may_hold_anything(tmp_path):
    present = {"left": LABELS != 0, "right": LABELS != 1}
    model = as_if_loaded(small(latently.VCCA, private_dim=2), VIEWS)
    model.export(tmp_path)
    feed = {**VIEWS, "present": np.stack(list(present.values()), axis=1).astype(np.float32)}
    feed["left"] = np.where(present["left"][:, None], feed["left"], np.nan)
    right = model.transform(Views(VIEWS, present))
    agrees(ran(tmp_path, "encoder.onnx", feed, ROWS)["code"], right)
    assert json.loads(metadata(tmp_path / "encoder.onnx")["views"]) == ["left", "right"]


@pytest.mark.parametrize("dtype", ["bool", "int8", "int16", "uint16", "int32", "int64", "uint64", "float16", "float32"])
def test_rows_go_in_and_come_out_in_their_stored_type(dtype, tmp_path):
    top = 2 if dtype == "bool" else 100
    X = RNG.integers(0, top, (ROWS, 6)).astype(dtype)
    model = as_if_loaded(small(latently.Autoencoder), X)
    model.export(tmp_path)
    assert set(ran(tmp_path, "encoder.onnx", {"x": X}, ROWS)) == {"code"}
    far = np.full((ROWS, 2), 1e6, np.float32)  # beyond what whole numbers of few bits can hold
    for codes in (RNG.normal(size=(ROWS, 2)).astype(np.float32), far, -far):
        right = model.inverse_transform(codes)
        agrees(ran(tmp_path, "decoder.onnx", {"code": codes}, ROWS)["x"], right)


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("AAE", {"prior": "star"}),
        ("AAE", {"prior": "swiss-roll"}),
        ("AAE", {"prior": "uniform", "encoder": "implicit"}),
        ("SemiSupervisedAAE", {"representation": "sum"}),
        ("VAE", {"hidden": (8,), "linear_path": True}),
        ("VAE", {"network": "conv", "channels": (2,), "channel_axis": "first"}),
    ],
)
def test_priors_noise_and_other_choices(name, parameters, tmp_path):
    rows = RNG.integers(0, 256, (ROWS, 3, 4, 4)).astype(np.uint8)
    model = as_if_loaded(small(getattr(latently, name), **parameters), rows, LABELS)
    codes = RNG.normal(size=(ROWS, 2)).astype(np.float32)
    model.export(tmp_path)
    feed = {"x": rows, "code": codes, "label": np.eye(3, dtype=np.float32)[LABELS]}
    check(tmp_path, answers(model, rows, codes, LABELS if model.decodes_labels else None), feed)


def test_the_likeliest_class_stands_in_for_one_that_is_not_known(tmp_path):
    model = as_if_loaded(small(latently.ConditionalVAE), IMAGES, LABELS)
    model.export(tmp_path)
    feed = {"x": IMAGES, "label": np.full((ROWS, 3), np.nan, np.float32)}
    agrees(ran(tmp_path, "encoder.onnx", feed, ROWS)["code"], model.transform(IMAGES))


# ---- what a file says, and errors ----


@pytest.fixture(scope="module")
def vae():
    return as_if_loaded(small(latently.VAE), pd.DataFrame(VIEWS["left"], columns=list("abcd")))


def test_a_file_says_what_it_is(tmp_path):
    labels = np.array(["ant", "bee", "cat"])[LABELS]
    model = as_if_loaded(small(latently.AAE, prior="star"), IMAGES, labels)
    paths = model.export(tmp_path / "new", about={"title": "insects"})
    assert paths[0] == tmp_path / "new" / "encoder.onnx"
    about = metadata(paths[0])
    assert json.loads(about["classes"]) == ["ant", "bee", "cat"]
    assert (about["latently"], about["model"], about["title"]) == (latently.__version__, "AAE", "insects")
    graph = onnx.load(paths[1]).graph
    assert graph.input[0].doc_string == "the code of each row"


def test_convolutions_are_those_of_onnx(tmp_path):
    model, _ = combined("VAE", "conv, resnet")
    model.export(tmp_path)
    for file in ("encoder.onnx", "decoder.onnx"):
        assert "Conv" in {node.op_type for node in onnx.load(tmp_path / file).graph.node}


def test_nothing_is_written_over_unless_told_so(vae, tmp_path):
    (tmp_path / "encoder.onnx").write_text("mine")
    with pytest.raises(ArgumentError, match=r"is not empty. Name another folder, or write over it by force=True"):
        vae.export(tmp_path)
    assert (tmp_path / "encoder.onnx").read_text() == "mine"
    vae.export(tmp_path, force=True)
    assert json.loads(metadata(tmp_path / "encoder.onnx")["columns"]) == list("abcd")
    with pytest.raises(ArgumentError, match="is a file"):
        vae.export(tmp_path / "encoder.onnx")
    with pytest.raises(ArgumentError, match="format must be 'onnx'; got 'nope'"):
        vae.export(tmp_path / "new", format="nope")


def test_without_the_package_the_extra_is_named(vae, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "jax2onnx", None)
    with pytest.raises(ImportError, match=r"needs jax2onnx; run: pip install 'latently\[onnx\]'"):
        vae.export(tmp_path / "new")


class Odd(eqx.Module):
    """A network of a user's own with something in it that is not for every program."""

    weight: jax.Array
    twist: Callable = eqx.field(static=True)

    def __call__(self, x):
        return self.twist(x) @ self.weight


@pytest.mark.parametrize(
    ("twist", "why"),
    [
        (lambda x: x.reshape(len(x), -1), r"write x\.shape\[0\] for len\(x\)"),
        (lambda x: jax.pure_callback(np.sin, x, x), "jax2onnx knows no operation of ONNX for the pure_callback"),
    ],
)
def test_what_a_network_of_ones_own_cannot_is_one_sentence(twist, why, tmp_path):
    def network(in_shape, out_size, key):
        return Odd(jax.random.normal(key, (*in_shape, out_size)), twist)

    model = as_if_loaded(small(latently.VAE, network=network, decoder_network="mlp"), VIEWS["left"])
    with pytest.raises(ValueError, match=f"the function encode of this model cannot be written as ONNX: .*{why}"):
        model.export(tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_view_cannot_have_the_name_of_a_code(tmp_path):
    model = as_if_loaded(small(latently.ACCA), {"code": VIEWS["left"], "right": VIEWS["right"]})
    with pytest.raises(ValueError, match="rename the view"):
        model.export(tmp_path / "new")
