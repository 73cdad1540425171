"""`latently demo`: five runs, and one page that holds the best of them and leads to their reports."""

import base64
import contextlib
import io
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import latently
import latently.cli.session
import latently.evaluation.views
import latently.report.story
from html_page import Page
from latently.cli.demo import PARTS, python_of
from latently.cli.demo import demo as run_demo
from latently.estimators.base import LatentModel
from latently.recipes import load_recipe
from latently.report.scenes import Scene

from .conftest import call

SHOWN = {name: load_recipe(name).shows for name in PARTS}
FIGURES = [(name, picture["file"]) for name in PARTS for picture in SHOWN[name]["pictures"]]


class StubJudge:
    """A judge that learned nothing: features are pixels, and the class is the first pixel's."""

    classes, training_rows = np.arange(10), 1

    def features(self, X: Any) -> Any:
        return np.asarray(X, dtype=np.float32).reshape(len(X), -1)

    def predict_proba(self, X: Any) -> Any:
        return np.eye(10, dtype=np.float32)[self.features(X)[:, 0].astype(int) % 10]


def tiny(path: Path) -> Path:
    """A picture of its own, in the place of one that takes a second to draw."""
    Image.fromarray(np.frombuffer("/".join(path.parts[-3:]).ljust(64).encode(), np.uint8)[:64].reshape(8, 8)).save(path)
    return path


@contextlib.contextmanager
def short() -> Iterator[io.StringIO]:
    """While a demo leaves out what takes long: what it prints."""

    def undrawn(*arguments: Any, scenes: Any = latently.report.story.scenes) -> Iterator[Scene]:
        return (scene._replace(draw=tiny) for scene in scenes(*arguments))

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as out:
        patch.setattr(latently.report.story, "scenes", undrawn)
        patch.setattr(latently.cli.session, "judged", lambda *_, **__: {"judge": StubJudge(), "importance_samples": 1})
        patch.setattr(latently.evaluation.views, "canonical_correlation", latently.evaluation.views.nearest_neighbour)
        yield out


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """The demo's folder after an epoch of each model, and the events that were printed."""
    folder = tmp_path_factory.mktemp("demo") / "my demo"
    with short() as out:
        assert run_demo(["--out", str(folder), "--json", "--epochs", "1"]) == 0
    return folder, [json.loads(line) for line in out.getvalue().splitlines()]


def test_the_page_shows_all_five_with_their_pictures_inside_it(demo: tuple[Path, Any]) -> None:
    folder, _ = demo
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    sections = [section for section in page.all("section") if section.get("class") == "exhibit"]
    assert len(sections) == len(PARTS) == 5
    for name, shows in SHOWN.items():
        assert f"latently fit --recipe {name}" in page.text
        assert all(shows[words] in page.text for words in ("name", "title", "about"))
    inside = [base64.b64decode((image["src"] or "").partition(";base64,")[2]) for image in page.all("img")]
    assert inside == [(folder / recipe / "figures" / file).read_bytes() for recipe, file in FIGURES]


def test_every_number_that_the_page_promises_was_measured(demo: tuple[Path, Any]) -> None:
    page = Page((demo[0] / "index.html").read_text(encoding="utf-8"))
    assert "–" not in page.text
    assert len(page.all("dd")) == sum(len(shows["numbers"]) + 1 for shows in SHOWN.values())


def test_links_lead_to_reports_and_places_that_are_there_and_nothing_to_elsewhere(demo: tuple[Path, Any]) -> None:
    folder, _ = demo
    text = (folder / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    targets = [link["href"] or "" for link in page.all("a")]
    away = [target for target in targets if not target.startswith("#")]
    assert away == [f"{name}/{page}.html" for name in PARTS for page in ("explorer", "report")]
    assert all((folder / target).is_file() for target in away)
    places = {attributes.get("id") for _, attributes in page.elements}
    assert {target[1:] for target in targets if target.startswith("#")} <= places
    assert not re.search(r"https?:|@import|url\(", re.sub(r"base64,[^\"]*", "", text))
    assert not {"script", "link", "iframe"} & {tag for tag, _ in page.elements}


@pytest.mark.parametrize("name", PARTS)
def test_each_explorer_holds_all_held_out_rows_in_less_than_two_megabytes(name: str, demo: tuple[Path, Any]) -> None:
    page = demo[0] / name / "explorer.html"
    (model,) = json.loads(page.read_text().split('id="manifest">')[1].split("</script>")[0])["models"]
    assert model["rows"]["count"] == model["rows"]["of"] == 359
    assert page.stat().st_size < 1_800_000  # the film of a whole training is 0.15 MB longer


@pytest.mark.parametrize("name", PARTS)
def test_the_python_shown_makes_the_model_that_was_trained(
    name: str, demo: tuple[Path, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def fit(model: LatentModel, X: Any, y: Any) -> LatentModel:
        seen.extend((len(X), len(y)))
        return model

    monkeypatch.setattr(LatentModel, "fit", fit)
    made: dict[str, Any] = {}
    exec(python_of(load_recipe(name)), made)
    trained = latently.load(demo[0] / name)
    assert type(made["model"]) is type(trained)
    assert {**made["model"].get_params(), "epochs": 1} == trained.get_params()
    assert seen == [1258, 1258]


def test_the_demo_never_overwrites_and_prints_events_alone_with_json(demo: tuple[Path, Any]) -> None:
    folder, events = demo
    assert [event["folder"] for event in events if event["event"] == "finished"] == [str(folder / run) for run in PARTS]
    assert events[-1]["event"] == "demo"
    assert events[-1]["page"] == str(folder / "index.html")
    answer = call("demo", "--out", folder)
    assert answer.code == 2
    assert f"the demo in {folder} is finished" in answer.err


def test_a_demo_that_was_interrupted_goes_on(demo: tuple[Path, Any], tmp_path: Path) -> None:
    folder = tmp_path / "again"
    shutil.copytree(demo[0], folder)
    for left_out in ("index.html", "demo-vae/report.html", "demo-cvae/model.safetensors", "demo-cvae/evaluation.json"):
        (folder / left_out).unlink()
    shutil.rmtree(folder / "demo-aae")
    (folder / ".index.html.tmp").touch()
    with short():
        assert run_demo(["--out", str(folder), "--quiet", "--epochs", "1"]) == 0
    for name in ("demo-aae/model.safetensors", "demo-cvae/model.safetensors", "demo-cvae/history.jsonl"):
        assert (folder / name).read_bytes() == (demo[0] / name).read_bytes()
    assert (folder / "index.html").exists()
    assert (folder / "demo-vae" / "report.html").exists()
    (folder / "index.html").unlink()
    (folder / "notes.txt").touch()
    assert call("demo", "--out", folder).code == 2
