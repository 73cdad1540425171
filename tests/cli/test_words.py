"""How options, kinds, values and errors are worded in the terminal."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pytest

from latently import VAE
from latently.cli.demo import python_of
from latently.cli.errors import as_typed, exit_code
from latently.cli.options import options_of
from latently.cli.outputs import beside, by_view
from latently.cli.parsing import Option, Parser, in_words, kind_in_words
from latently.cli.terminal import number
from latently.recipes import Recipe


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


def test_values_are_written_as_they_are_typed() -> None:
    assert [in_words(value) for value in ((32, 64), None, 0.001)] == ["32,64", "none", "0.001"]
    typed = [as_typed("hidden", "(64, 32)"), as_typed("prior", '"star"'), as_typed("binarize", "False")]
    assert typed == ["--hidden 64,32", "--prior star", "--no-binarize"]
    names = [as_typed("X", None), as_typed("latent_dim", None), as_typed("my table.csv", None)]
    assert names == ["the data", "--latent-dim", "my table.csv"]
    assert [number(150.8123, "nats"), number(0.00012), number(None)] == ["150.8 nats", "0.00012", "–"]


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
