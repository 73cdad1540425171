"""Processes that share a run come to the losses of one process, to rounding."""

import json

import pytest

import in_step
from processes import ends, start_together


@pytest.mark.parametrize(
    ("processes", "rounds"),
    [
        (2, {"models": 20, "tugs": 40}),
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
    for name, course in expected.items():
        assert len(found["losses"][name]) == len(course)
        for round_, (terms, shared) in enumerate(zip(course, found["losses"][name], strict=True), 1):
            assert shared == pytest.approx(terms, rel=1e-5, abs=1e-7), (name, round_)
