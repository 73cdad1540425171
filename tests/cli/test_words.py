"""How options, kinds, values and errors are worded in the terminal."""

import errno
import re
import sys
import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pytest

from games import builders
from latently import VAE
from latently.cli import door
from latently.cli.demo import python_of
from latently.cli.errors import UsageError, as_typed, exit_code, sentence
from latently.cli.options import options_of
from latently.cli.outputs import beside, by_view
from latently.cli.parsing import Option, Parser, in_words, kind_in_words
from latently.cli.terminal import number, output
from latently.errors import MOST_SEED, ArgumentError, called, in_python, warn, words
from latently.games.critics import collapse_warnings
from latently.games.vae import unused_dimensions
from latently.recipes import Recipe
from latently.training import NonFiniteLossError


@pytest.mark.parametrize(
    ("kind", "said", "metavar"),
    [
        (int | None, "a whole number or none", "N"),
        (Literal["mlp", "conv"], "mlp or conv", "{mlp,conv}"),
        (Literal["learned"] | float, "learned or a number", "{learned,X}"),
        (Sequence[int] | None, "whole numbers separated by commas or none", "N[,N...]"),
        (int | tuple[int, int], "a whole number or two whole numbers separated by a comma", "{N,NAME}"),
    ],
)
def test_a_kind_has_words_for_errors_and_a_sign_for_the_help(kind: Any, said: str, metavar: str) -> None:
    assert kind_in_words(kind) == said
    assert f"--size {metavar}" in Parser("x", "", "", (), [Option("size", kind)]).format_help()


def test_a_warning_names_options_as_they_are_typed(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    def dispatch(words: list[str]) -> int:
        for _ in range(2):
            warn("a smaller {latent_dim} would do; {early_stopping=True} keeps the best one.")
        warnings.warn("of another package: {early_stopping}", stacklevel=1)
        return 0

    monkeypatch.setattr(door, "_dispatch", dispatch)
    assert door.run(["fit"]) == 0
    assert capsys.readouterr().err.splitlines() == [
        "latently: warning: a smaller --latent-dim would do; --early-stopping keeps the best one.",
        "latently: warning: of another package: {early_stopping}",
    ]


@pytest.mark.parametrize(
    "warnings_of",
    [
        lambda: unused_dimensions(1.0, 10),
        lambda: collapse_warnings([{"critic/accuracy": 1.0}] * 6),
        lambda: collapse_warnings([{"critic/accuracy": 0.5}] * 6),
        lambda: builders.acgan().diagnose([{"critic/source_accuracy": 1.0}] * 6),
        lambda: builders.factor_vae(critic=builders.critic(builders.LATENT)).diagnose(
            [{"vae/active_dimensions": float(builders.LATENT), "critic/permutation_accuracy": 1.0}] * 6
        ),
    ],
)
def test_what_a_game_says_of_its_training_names_hyperparameters_as_each_door_does(warnings_of: Any) -> None:
    for said in warnings_of():
        names = re.findall(r"{(\w+)}", said)
        assert names
        assert words(said, in_python) == said.replace("{", "").replace("}", "")
        typed = words(said, as_typed)
        assert all(f"--{name.replace('_', '-')}" in typed and f" {name}" not in typed for name in names)


def test_a_training_that_diverged_is_told_of_in_the_words_of_the_terminal() -> None:
    assert sentence(NonFiniteLossError("it is NaN; lower {learning_rate}.")) == "it is NaN; lower --learning-rate."


def test_values_are_written_as_they_are_typed() -> None:
    assert [in_words(value) for value in ((32, 64), None, 0.001)] == ["32,64", "none", "0.001"]
    typed = [as_typed("hidden", "(64, 32)"), as_typed("prior", '"star"'), as_typed("binarize", "False")]
    assert typed == ["--hidden 64,32", "--prior star", "--no-binarize"]
    names = [as_typed("X", None), as_typed("latent_dim", None), as_typed("my table.csv", None)]
    assert names == ["the data", "--latent-dim", "my table.csv"]
    assert [number(150.8123, "nats"), number(0.00012), number(None)] == ["150.8 nats", "0.00012", "–"]
    assert [number(19450.31, "nats"), number(-123456.0, "nats")] == ["19,450 nats", "-123,456 nats"]


def test_a_word_is_read_as_the_first_kind_that_it_can_be() -> None:
    hidden = Option("hidden", Sequence[int] | None)
    assert (hidden.read("64,32"), hidden.read("none"), hidden.read([8])) == ((64, 32), None, (8,))
    parser = Parser("x", "", "", (), [Option("my_data"), Option("file", positional=True)])
    assert parser.given(["my_data.npy", "--my_data=a_b"]) == {"file": "my_data.npy", "my_data": "a_b"}


def test_an_argument_in_python_is_an_option_with_what_its_docstring_says() -> None:
    option = options_of(VAE)[0]
    assert (option.flag, option.help) == ("--latent-dim", "dimensions of a code (default: 10)")


def test_the_exit_code_tells_bad_input_from_what_went_wrong() -> None:
    assert (exit_code(ValueError("beta must be 0 or more")), exit_code(FloatingPointError("NaN"))) == (2, 1)


def test_a_value_is_told_as_it_was_typed_and_no_longer_than_people_read() -> None:
    assert sentence(ArgumentError("hidden", "must be 1 or more", (64, 0))) == "--hidden must be 1 or more; got 64,0."
    assert "got 1e+300." in sentence(ArgumentError("epochs", "must be less", 1e300))
    long = sentence(ArgumentError("prior", "must be normal", "x" * 5000))
    assert long.startswith("--prior must be normal; got 'xxx")
    assert len(long) < 200


def test_what_memory_could_not_be_had_for_is_bad_input_in_a_sentence() -> None:
    for error in (MemoryError("Unable to allocate 9 GiB"), RuntimeError("INTERNAL: Out of memory allocating 9 bytes.")):
        assert exit_code(error) == 2
        assert sentence(error).startswith("this takes more memory than is free here (")
    assert exit_code(OSError(errno.ENAMETOOLONG, "File name too long", "x")) == 2
    assert exit_code(OSError(errno.EIO, "Input/output error", "x")) == 1


def test_an_argument_of_python_is_called_as_the_command_calls_it() -> None:
    with pytest.raises(ArgumentError) as caught, called(n_samples="importance_samples"):
        raise ArgumentError("n_samples", "must be 1 or more", 0)
    assert sentence(caught.value) == "--importance-samples must be 1 or more; got 0."


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nan", "seed must be 0 or more; got nan"),
        (str(2**32), "seed must be 4,294,967,295 or less; got 4294967296"),
    ],
)
def test_a_number_beyond_what_an_option_takes_is_refused(typed: str, said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        Option("seed", float, 0.0, least=0, most=MOST_SEED).read(typed)


def test_a_flag_that_is_given_a_value_is_told_of() -> None:
    with pytest.raises(UsageError, match="--loud: it takes no value"):
        Parser("x", "", "", (), [Option("loud", None, default=False)]).given(["--loud=3"])


def test_tables_are_as_wide_as_can_be_read_whatever_a_terminal_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for columns, width in (("3", 40), ("60", 60)):
        monkeypatch.setenv("COLUMNS", columns)
        assert output().width == width


def test_a_recipe_is_told_in_python_too() -> None:
    assert python_of(Recipe("mine", "", "vae", {"data": "digits", "hidden": [64]}, ())) == (
        "from latently import VAE, open_dataset\n"
        'train = open_dataset("digits").train\n'
        "model = VAE(hidden=(64,)).fit(train.rows, train.labels)"
    )


def test_columns_and_views_have_their_names() -> None:
    table = beside((["x1"], [["0.5"], ["1.5"]]), label=np.array(["ant", "bee"]), weight=None)
    assert table == (["x1", "label"], [["0.5", "ant"], ["1.5", "bee"]])
    assert list(by_view("samples", {"left": np.zeros(3), "right": np.zeros(3)})) == ["samples_left", "samples_right"]
