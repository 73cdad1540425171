"""A hub that fails, and data sets on it that are damaged: each is refused in one sentence that names the data set."""

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from endurance.bounded import fault_of

import latently
from hub_server import Harm, Hub, hub
from latently import open_dataset
from latently.data import DataError

FRAME = pd.DataFrame({"a": [1, 2, 3, 4], "b": [0.5, 1.5, 2.5, 3.5], "kind": ["ant", "bee"] * 2})


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub on this machine, with a table in two splits; nothing that was downloaded is known."""
    constants, datasets = pytest.importorskip("huggingface_hub.constants"), pytest.importorskip("datasets")
    with hub() as server:
        monkeypatch.setattr(constants, "ENDPOINT", server.url)
        monkeypatch.setattr(
            constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(datasets.config, "HF_ENDPOINT", server.url)
        monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "datasets")
        monkeypatch.setattr(datasets.config, "USE_PARQUET_EXPORT", False)
        server.repos["datasets/ada/bugs"] = {f"data/{part}.parquet": FRAME.to_parquet() for part in ("train", "test")}
        yield server


def test_a_data_set_of_the_hub_is_opened(ours: Hub) -> None:
    data = open_dataset("hf:ada/bugs", labels_column="kind", validation=0)
    assert (data.train.x.tolist(), len(data.test)) == (FRAME[["a", "b"]].to_numpy().tolist(), 4)


def cut(_: str, data: bytes) -> tuple[int, bytes]:
    return 200, data[: len(data) // 2]


def words(path: str, data: bytes) -> tuple[int, bytes]:
    return 200, b"<html>".ljust(len(data))[: len(data)] if "/api/" in path else data


DAMAGE = {
    "broken Parquet": {"data/train.parquet": FRAME.to_parquet()[:-60] + bytes(40)},
    "no file": {},
    "a card that is no YAML": {"README.md": b"---\nconfigs: [\n---\n", "train.csv": b"a,b\n1,2\n"},
    "a card of another kind": {"README.md": b"---\nconfigs: 3\ndataset_info: [x]\n---\n", "train.csv": b"a,b\n1,2\n"},
    "a split that is not there": {
        "README.md": b"---\nconfigs:\n- config_name: default\n  data_files: [{split: train, path: x.csv}]\n---\n",
        "y.csv": b"a,b\n1,2\n",
    },
    "other columns in the test": {"train.csv": b"a,b\n1,2\n3,4\n", "test.csv": b"a,c\nx,y\n"},
    "half a line of JSON": {"train.jsonl": json.dumps({"a": 1, "b": 2}).encode() + b'\n{"a": '},
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_data_set_that_is_damaged_is_refused_in_a_sentence_that_names_it(what: str, ours: Hub) -> None:
    ours.repos["datasets/ada/bugs"] = DAMAGE[what]
    with pytest.raises(DataError, match=r"^hf:ada/bugs ") as caught:
        open_dataset("hf:ada/bugs")
    assert fault_of(2, f"latently: {caught.value}") == ""
    assert "while generating the dataset" not in str(caught.value)


@pytest.mark.parametrize("harm", [cut, words])
def test_a_hub_that_fails_is_told_of_in_a_sentence(harm: Harm, ours: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    ours.harm = harm
    with pytest.raises(DataError, match=r"^hf:ada/bugs ") as caught:
        open_dataset("hf:ada/bugs")
    assert fault_of(2, f"latently: {caught.value}") == ""
    with pytest.raises(ValueError, match=r"^hf://ada/model cannot be downloaded \(") as failed:
        latently.load("hf://ada/model")
    assert fault_of(2, f"latently: {failed.value}") == ""
