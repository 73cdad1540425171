"""Processes that share a run come to the losses of one process, to rounding."""

import json

import pytest

import in_step
from processes import ends, start_together


@pytest.mark.parametrize(("processes", "rounds"), [(2, {"models": 20, "tugs": 200}), (4, {"tugs": 40})])
def test_several_processes_come_to_the_losses_of_one_and_resume_bit_for_bit(processes, rounds, tmp_path):
    out = tmp_path / "losses.json"
    started = start_together(processes, in_step.__file__, out, json.dumps(rounds))
    expected = in_step.losses(rounds)
    for code, _, told in ends(started, 300):
        assert code == 0, told[-3000:]
    found = json.loads(out.read_text())
    assert found["resumed"]
    assert found["losses"].keys() == expected.keys()
    for name, tenths in expected.items():
        for tenth, terms in tenths.items():
            assert found["losses"][name][tenth] == pytest.approx(terms, rel=1e-5, abs=1e-7), (name, tenth)
