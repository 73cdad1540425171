"""`latently players`: who plays in a model's game, read off the game that would be trained."""

import json
from pathlib import Path
from typing import Any

import pytest

from latently.catalogue import BY_TERMINAL_NAME
from latently.cli.options import presets_of

from .conftest import call

EVERY = [(model, preset) for model in BY_TERMINAL_NAME for preset in (None, *presets_of(model))]


def cards(*words: str | Path) -> list[dict[str, Any]]:
    answer = call("players", *words, "--json")
    assert answer.code == 0, answer.err
    found: list[dict[str, Any]] = json.loads(answer.out)
    return found


@pytest.mark.sampled
@pytest.mark.parametrize(("model", "preset"), EVERY)
def test_every_model_tells_its_players_with_every_preset(model: str, preset: str | None) -> None:
    found = cards(model, *(("--preset", preset) if preset else ()))
    moved = {part for card in found for part in card["moves"]}
    assert moved
    for card in found:
        assert card["moves"]
        assert card["terms"]
        assert not set(card["looks_at"]) & set(card["moves"])


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ("m2_run", ("m2", "--labels-known", "some")),
        ("aae_run", ("aae", "--prior", "uniform")),
    ],
)
def test_the_terms_are_those_that_a_run_logs(run: str, words: tuple[str, ...], request: pytest.FixtureRequest) -> None:
    history = (request.getfixturevalue(run) / "history.jsonl").read_text().splitlines()
    logged = set(json.loads(history[0])["terms"])
    told = {f"{card['name']}/{term}" for card in cards(*words) for term in (*card["terms"], *card["logged"])}
    assert told == logged


def test_hyperparameters_change_the_players() -> None:
    separate = cards("aae", "--generator-updates", "2", "--critic-learning-rate", "0.01")
    assert [(card["name"], card["updates"]) for card in separate] == [
        ("autoencoder", 1),
        ("critic", 1),
        ("generator", 2),
    ]
    assert separate[1]["optimizer"] == "adam, learning rate 0.01"
    assert (separate[2]["moves"], separate[2]["looks_at"]) == (["encoder"], ["critic"])
    critic, both = cards("aae", "--fooling-weight", "0.25")
    assert critic["logged"] == ["accuracy"]
    assert both["terms"] == {"reconstruction_per_element": "0.75", "fooling": "0.25"}
    (rising,) = cards("vae", "--beta", "4", "--warm-up-epochs", "3", "--optimizer", "sgd", "--weight-decay", "0.1")
    assert rising["terms"]["kl"] == "0 → 4"
    assert rising["optimizer"] == "sgd, learning rate 0.001, weight decay 0.1"


def test_a_table_for_people_and_drawings_of_it(tmp_path: Path) -> None:
    drawn, pixels = tmp_path / "players.svg", tmp_path / "players.png"
    answer = call("players", "aae", "--out", drawn, "--out", pixels)
    assert answer.code == 0, answer.err
    assert "latently: warning" not in answer.err
    lines = answer.out.splitlines()
    assert lines[0].split() == ["player", "moves", "looks", "at", "lowers", "only", "logged", "optimiser", "updates"]
    assert [line.split()[0] for line in lines if line[:1].isalpha()][1:] == ["autoencoder", "critic", "generator"]
    assert b"<svg" in drawn.read_bytes()
    assert pixels.read_bytes().startswith(b"\x89PNG")
    assert call("players", "aae", "--out", drawn).code == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("vea",), "MODEL must be one of vae, "),
        (("cvae", "--labels-known", "none"), "--labels-known must be all or some for ConditionalVAE"),
        (("vae", "--prior", "swiss-roll"), "--prior must be normal or star; got 'swiss-roll'"),
        (("vae", "--bta", "3"), "there is no option --bta; `latently players vae --help` lists all. Did you mean"),
        (("vae", "--importance-samples", "5", "--beta", "2"), "--beta must be left out where --importance-samples is"),
        (("vae", "--out", "players.pdf"), "--out must end in .svg or .png here; got players.pdf."),
    ],
)
def test_what_cannot_be_told_is_said_in_a_sentence(words: tuple[str, ...], said: str) -> None:
    answer = call("players", *words)
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1
