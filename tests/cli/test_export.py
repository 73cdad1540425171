"""`latently export`: files that say how they are used, and errors before any work."""

import json
from pathlib import Path

import numpy as np
import pytest

import latently

from .conftest import call

runtime = pytest.importorskip("onnxruntime")
pytest.importorskip("jax2onnx")


def test_a_run_is_exported_and_the_closing_lines_say_how_it_is_used(aae_run: Path, here: Path) -> None:
    answer = call("export", aae_run)
    assert answer.code == 0, answer.err
    assert "onnx/encoder.onnx: x float32 [rows, 3] -> code float32 [rows, 2]\n" in answer.out
    assert "onnx/classifier.onnx: x float32 [rows, 3] -> probabilities float32 [rows, 2]\n" in answer.out
    assert answer.out.endswith('onnxruntime.InferenceSession("onnx/encoder.onnx").run(None, {"x": ...})\n')
    encoder = runtime.InferenceSession("onnx/encoder.onnx")
    about = encoder.get_modelmeta().custom_metadata_map
    assert json.loads(about["columns"]) == ["legs", "wings", "eyes"]
    assert json.loads(about["classes"]) == ["ant", "bee"]
    X = np.array([[6, 4, 2], [1, 2, 0]], np.float32)
    np.testing.assert_allclose(encoder.run(None, {"x": X})[0], latently.load(aae_run).transform(X), atol=1e-5)


def test_what_cannot_be_exported_is_one_sentence_before_any_work(vae_run: Path, here: Path) -> None:
    (here / "full").mkdir()
    (here / "full" / "mine.txt").write_text("mine")
    unfinished = here / "unfinished"
    unfinished.mkdir()
    config = json.loads((vae_run / "config.json").read_text())
    (unfinished / "config.json").write_text(json.dumps(config))
    for words, told in (
        ((vae_run, "--format", "nope"), "--format must be onnx; got 'nope'."),
        ((vae_run, "--out", "full"), "full is not empty. Name another folder, or write over it by --force."),
        ((vae_run, "--out", "full/mine.txt"), "full/mine.txt is a file. Name a folder."),
        ((unfinished,), "unfinished has no model yet: its run stopped after round 0 of "),
        ((here / "none",), "there is no folder"),
    ):
        answer = call("export", *words)
        assert (answer.code, told in answer.err) == (2, True), answer.err
    assert sorted(path.name for path in here.iterdir()) == ["full", "unfinished"]
