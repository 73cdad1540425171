"""`latently report`: the page ends with commands that its model can follow."""

from pathlib import Path
from typing import Any

import pytest

import latently.report

from .conftest import call


@pytest.mark.parametrize(
    ("fixture", "there", "missing"),
    [
        ("m2_run", ("sample", "encode", "classify", "restyle", "denoise", "evaluate"), ("cluster", "complete")),
        ("clustering_run", ("sample", "encode", "cluster", "restyle", "evaluate"), ("classify", "complete", "denoise")),
        ("acca_run", ("sample", "encode", "complete"), ("classify", "cluster", "restyle", "denoise")),
    ],
)
def test_the_report_names_the_commands_that_suit_its_model(
    fixture: str,
    there: tuple[str, ...],
    missing: tuple[str, ...],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shown: dict[str, str] = {}

    def report_run(model: Any, run: Any, splits: Any, evaluation: Any, next_commands: dict[str, str]) -> Path:
        shown.update(next_commands)
        return Path("report.html")

    monkeypatch.setattr(latently.report, "report_run", report_run)
    folder = request.getfixturevalue(fixture)
    assert call("report", folder).code == 0
    lines = list(shown.values())
    assert all(str(folder) in line for line in lines)
    for command in there:
        assert any(line.startswith(f"latently {command} ") for line in lines), command
    for command in missing:
        assert not any(line.startswith(f"latently {command} ") for line in lines), command
