"""Processes that share a run come to the losses of one process, to rounding."""

import json

import pytest

import in_step
from processes import ends, start_together


@pytest.mark.parametrize(
    ("processes", "rounds"),
    [
        (2, {"tugs": 40}),
        (4, {"tugs": 20}),
        pytest.param(2, {"models": 200, "tugs": 200}, marks=pytest.mark.exhaustive),
        pytest.param(4, {"models": 20}, marks=pytest.mark.exhaustive),
    ],
)
def test_several_processes_come_to_the_losses_of_one_in_each_round_and_resume_bit_for_bit(processes, rounds, tmp_path):
    out = tmp_path / "losses.json"
    started = start_together(processes, in_step.__file__, out, json.dumps(rounds))
    expected = in_step.losses(rounds)
    for code, _, told in ends(started, 600):
        assert code == 0, told[-3000:]
    found = json.loads(out.read_text())
    assert found["resumed"]
    assert found["losses"].keys() == expected.keys()
    largest = {name: largest_difference(course, found["losses"][name]) for name, course in expected.items()}
    print(f"{processes} processes, {rounds}: {max(largest.values()):.1e} of a term", largest)
    assert {name: difference for name, difference in largest.items() if difference > 1e-5} == {}


def largest_difference(course, other):
    """By what share of itself a term differs in any round; of one below a hundredth, by what share of that."""
    pairs = [(terms[name], also[name]) for terms, also in zip(course, other, strict=True) for name in terms]
    return max(abs(one - two) / max(abs(one), 0.01) for one, two in pairs)
