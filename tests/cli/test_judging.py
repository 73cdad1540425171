"""A judge is asked for, and asks for what it needs."""

import json
from pathlib import Path

import pytest

from latently.run import Run

from .conftest import SMALL, call


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache; the judges in it are trained for a few rounds only."""
    monkeypatch.setattr("latently.evaluation.judge.LEAST_ROUNDS", 30)
    monkeypatch.setenv("LATENTLY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "judges"


def test_samples_are_judged_where_it_is_asked_for(aae_run: Path, cache: Path) -> None:
    before = (aae_run / "evaluation.json").read_bytes()
    answers = [call("evaluate", aae_run, "--judge") for _ in range(2)]
    assert answers[0].code == 0, answers[0].err
    assert "samples read as the class asked for" in answers[0].out
    assert ("Judge" in answers[0].err, "Judge" in answers[1].err) == (True, False)  # it is trained once
    assert answers[0].out == answers[1].out
    block = Run.open(aae_run).read_json("evaluation.json")["samples"]
    assert set(block["class_consistency_by_label"]) == {"ant", "bee"}
    assert len(list(cache.iterdir())) == 2
    (aae_run / "evaluation.json").write_bytes(before)


def test_the_judge_knows_the_labels_that_the_model_was_not_shown(m2_run: Path, cache: Path) -> None:
    before = (m2_run / "evaluation.json").read_bytes()
    answer = call("evaluate", m2_run, "--judge", "--json")
    assert answer.code == 0, answer.err
    rows = json.loads(answer.out)["train_rows"]
    assert json.loads(answer.out)["samples"]["judge"]["training_rows"] == rows > 100
    assert "Judge" not in answer.err
    (m2_run / "evaluation.json").write_bytes(before)


def test_a_recipe_about_samples_has_them_judged(here: Path) -> None:
    rows = [f"{n % 7},{n % 5},{n % 3},{('ant', 'bee')[n % 2]}" for n in range(80)]
    (here / "table.csv").write_text("\n".join(["legs,wings,eyes,kind", *rows]))
    target = "{name: coverage, key: samples.coverage, at_least: 0}"
    options = f"{{data: {here / 'table.csv'}, labels_column: kind, critic_hidden: [16]}}"
    (here / "own.yaml").write_text(f"about: a try\nmodel: supervised-aae\noptions: {options}\nreach: [{target}]\n")
    answer = call("fit", "--recipe", "own.yaml", "--no-report", "--out", "run", *SMALL)
    assert answer.code == 0, answer.err
    assert "NOT reached" not in answer.out
    assert Run.open(Path("run")).read_json("evaluation.json")["samples"]["class_consistency"] >= 0


def test_data_without_labels_has_no_judge(here: Path) -> None:
    (here / "rows.csv").write_text("\n".join(["a,b", *(f"{n},{n % 3}" for n in range(40))]))
    assert call("fit", "vae", "--data", "rows.csv", "--no-report", "--out", "run", *SMALL).code == 0
    answer = call("evaluate", "run", "--judge")
    assert (answer.code, answer.out) == (2, "")
    assert "--judge needs training rows of one view (or the halves of images), with labels" in answer.err
