"""Guesses about data are written down once, each with the option that says otherwise."""

import ast
import json
import re
from pathlib import Path

import pytest

import latently
from latently.data import DataAssumption, assume, assumed
from latently.data.assumptions import warn_of

GUESS = "the column id was left out; {leave_out=None} keeps it"


def test_a_description_keeps_each_guess_once_in_order_and_as_json():
    twice = assume(assume({"source": "table"}, GUESS), "another; {unlabelled=None} undoes it", GUESS)
    assert assumed(json.loads(json.dumps(twice))) == (GUESS, "another; {unlabelled=None} undoes it")
    assert twice["source"] == "table"


def test_a_description_without_guesses_stays_as_it_was():
    assert assume({"source": "table"}) == {"source": "table"}
    assert assumed({"source": "table"}) == ()


def test_a_warning_of_a_guess_is_worded_for_python():
    with pytest.warns(DataAssumption, match=r"^the column id was left out; leave_out=None keeps it\.$"):
        warn_of(GUESS)


def marked_in(source):
    """The options that sentences of a module name, as arguments are marked; docstrings are not looked at."""
    tree = ast.parse(source)
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    texts = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]
    return {name for text in texts for name in re.findall(r"\{([a-z_]+)[=}]", text)}


def test_every_option_that_decides_how_data_is_read_is_in_the_list_of_guesses():
    package = Path(latently.__file__).parent
    page = package.parents[1] / "docs" / "data.md"
    if not page.exists():
        pytest.skip("needs docs/data.md beside the package")
    guesses = page.read_text().split("## What is guessed")[1]
    decide = set().union(*(marked_in(path.read_text()) for path in (package / "data").glob("*.py")))
    unlisted = {name for name in decide if f"`{name}" not in guesses}
    assert unlisted <= {"labels", "test", "X", "skip_bad"}  # of errors alone
    assert {"channel_axis", "white_level", "standardize"} <= decide
