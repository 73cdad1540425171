"""The hub: a run is pushed to one on this machine, and its model comes back the same."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import latently
from hub_server import Hub, hub
from latently.run import Run

from .conftest import call


@pytest.fixture(scope="module")
def pushed(vae_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """The hub, with the VAE's run on it; what is downloaded goes to a folder of the tests."""
    constants = pytest.importorskip("huggingface_hub.constants")
    with hub() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_TOKEN", "hf_of_the_tests")
        patch.setattr(constants, "ENDPOINT", server.url)  # what $HF_ENDPOINT sets when the package is imported
        patch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", server.url + "/{repo_id}/resolve/{revision}/{filename}")
        patch.setattr(constants, "HF_HUB_CACHE", str(tmp_path_factory.mktemp("hub")))
        patch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        answer = call("push", vae_run, "hf://ada/digits", "--private")
        assert answer.code == 0, answer.err
        assert 'latently.load("hf://ada/digits")' in answer.out
        yield server


def test_a_model_comes_back_from_the_hub_the_same(pushed: Hub, vae_run: Path) -> None:
    X = np.random.default_rng(0).integers(0, 17, (5, 8, 8), dtype=np.uint8)
    mine, theirs = latently.load(vae_run), latently.load("hf://ada/digits")
    np.testing.assert_array_equal(mine.transform(X), theirs.transform(X))
    assert theirs.history_ == mine.history_
    assert pushed.visibility["ada/digits"] == "private"


def test_the_card_says_what_the_run_says_and_nothing_of_this_machine(pushed: Hub, vae_run: Path) -> None:
    files = pushed.repos["ada/digits"]
    assert set(files) == {
        "README.md",
        "clock.jsonl",
        "config.json",
        "evaluation.json",
        "history.jsonl",
        "model.safetensors",
    }
    card, run = files["README.md"].decode(), Run.open(vae_run)
    nats = run.read_json("evaluation.json")["likelihood"]["evidence_lower_bound"]["negative_log_likelihood_nats"]
    for line in (
        "# VAE on digits",
        'model = latently.load("hf://ada/digits")',
        "| Data | digits: 1,258 train, 180 validation, 359 test |",
        "| Course | 20 rounds, 2.03 epochs |",
        "| Verdict | ",
        "| `hidden` | `(16,)` |",
        "| `epochs` | `2` |",
        f"| negative evidence lower bound | {nats:.4g} nats |",
    ):
        assert line in card
    assert card.startswith("---\nlibrary_name: latently\ntags:\n- latently\n- vae\n---\n")
    assert not [name for name, held in files.items() if str(vae_run.parent).encode() in held]
    assert "run" not in json.loads(files["config.json"])


def test_a_model_is_pushed_from_python_with_what_was_measured_of_it(pushed: Hub, vae_run: Path) -> None:
    model, evaluation = latently.load(vae_run), Run.open(vae_run).read_json("evaluation.json")
    assert model.push_to_hub("ada/again", evaluation=evaluation) == f"{pushed.url}/ada/again"
    files = pushed.repos["ada/again"]
    card = files["README.md"].decode()
    for line in ("# VAE\n", 'model = latently.load("hf://ada/again")', "## Evaluation", "| Rows | 1,258 images"):
        assert line in card
    assert json.loads(files["evaluation.json"]) == evaluation
    assert pushed.visibility["ada/again"] != "private"
    rows = np.zeros((2, 8, 8), np.uint8)
    np.testing.assert_array_equal(latently.load("hf://ada/again").transform(rows), model.transform(rows))


def test_verbs_take_a_model_of_the_hub(pushed: Hub, here: Path) -> None:
    answer = call("encode", "hf://ada/digits", "digits", "--out", "codes.npz")
    assert answer.code == 0, answer.err
    assert np.load("codes.npz")["codes"].shape == (1797, 2)
    assert "hidden=16" in call("info", "hf://ada/digits").out


def test_what_the_hub_does_not_have_is_one_sentence(pushed: Hub, vae_run: Path) -> None:
    with pytest.raises(ValueError, match=r"^hf://ada/none cannot be downloaded \(.*Repository Not Found"):
        latently.load("hf://ada/none")
    with pytest.raises(ValueError, match="hf://USER/NAME"):
        latently.load("hf://digits")
    answer = call("push", vae_run, "hf://digits")
    assert (answer.code, answer.err) == (2, "latently: a model of the hub is hf://USER/NAME; got 'hf://digits'.\n")


def test_without_a_network_the_kept_copy_is_loaded(pushed: Hub) -> None:
    latently.load("hf://ada/digits")
    pushed.shutdown()
    pushed.server_close()
    assert latently.load("hf://ada/digits").latent_dim == 2
    with pytest.raises(ValueError, match=r"cannot be pushed to hf://ada/more \(.*\); check the name and"):
        latently.load("hf://ada/digits").push_to_hub("ada/more")
