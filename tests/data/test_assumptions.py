"""Guesses about data are written down once, each with the option that says otherwise."""

import json

import pytest

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
