"""Repeated runs in a folder, and what their numbers come to."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latently.run import Repeats, Run, mean_and_sd


def evaluation(error: float, **more: Any) -> dict[str, Any]:
    return {"rows": 9, "probe": {"error": error, "in_words": "few"}, "kl": [error, 1.0], **more}


def test_every_number_gets_its_mean_and_standard_deviation() -> None:
    errors = [0.25, 0.5, 1.0]
    mean, sd = mean_and_sd([evaluation(error) for error in errors])
    assert mean == {"rows": 9, "probe": {"error": np.mean(errors), "in_words": "few"}, "kl": [np.mean(errors), 1.0]}
    assert sd["probe"]["error"] == pytest.approx(np.std(errors, ddof=1))
    assert (sd["rows"], sd["kl"][1]) == (0.0, 0.0)


def test_what_not_all_have_or_agree_on_is_no_number() -> None:
    mean, sd = mean_and_sd([evaluation(0.5, only=1, psnr=None), evaluation(0.5, psnr=3.0, extra={"a": 1})])
    assert "only" not in mean
    assert "extra" not in mean
    assert mean["psnr"] is sd["psnr"] is None
    words, _ = mean_and_sd([{"skipped": "no rows"}, {"skipped": "no labels"}])
    assert words == {"skipped": None}


def finished(folder: Path, seed: int, error: float | None) -> None:
    run = Run.create(folder)
    data = {"source": "digits", "seed": 4, "label_seed": None if seed == 0 else 4 + seed}
    run.write_config({"seed": seed, "run": {"data": data, "seconds": 1.5}})
    if error is not None:
        run.write_json("evaluation.json", {"error": error})


def test_a_summary_names_the_runs_and_their_seeds(tmp_path: Path) -> None:
    repeats = Repeats(tmp_path, 2)
    finished(repeats.run_folder(0), 0, 0.25)
    finished(repeats.run_folder(1), 1, 0.75)
    repeats.write({"parameters": {"hidden": (16,)}})
    assert Repeats.open(tmp_path).plan()["parameters"] == {"hidden": [16]}
    assert Repeats.are_in(tmp_path)
    assert not Repeats.open(tmp_path).are_finished
    path = repeats.write(repeats.summarize())
    assert Repeats.open(tmp_path).are_finished
    values = json.loads(path.read_text())
    assert values["runs"][1] == {"folder": "repeat-2", "seed": 1, "label_seed": 5, "seconds": 1.5, "together": 1}
    assert [run["label_seed"] for run in values["runs"]] == [4, 5]
    assert (values["repeats"], values["mean"]) == (2, {"error": 0.5})


def test_runs_that_were_not_evaluated_have_no_mean(tmp_path: Path) -> None:
    repeats = Repeats(tmp_path, 2)
    finished(repeats.run_folder(0), 0, 0.25)
    finished(repeats.run_folder(1), 1, None)
    assert set(repeats.summarize()) == {"runs"}


def test_folders_of_several_runs_and_others_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds no repeated runs"):
        Repeats.open(tmp_path)
    finished(Repeats(tmp_path, 2).run_folder(0), 0, None)
    with pytest.raises(ValueError, match=r"holds several runs, .*repeat-1 and so on; name one of them"):
        Run.open(tmp_path)
    (tmp_path / "repeats.json").write_text("{")
    with pytest.raises(ValueError, match="damaged"):
        Repeats.open(tmp_path)
