"""`latently report`: the page ends with commands that its model can follow."""

from pathlib import Path
from typing import Any

import pytest

import latently.report
from latently.run import Run

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

    def report_run(
        model: Any, run: Any, splits: Any, evaluation: Any, next_commands: dict[str, str], door: Any
    ) -> Path:
        assert door("latent_dim", "2") == "--latent-dim 2"
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


def test_a_report_opens_with_the_verdict_of_held_out_rows_and_says_what_it_went_by(vae_run: Path) -> None:
    page, about = (vae_run / "report.html").read_text(), Run.open(vae_run).about()
    assert about["verdict"]["kind"] == "unknown"
    sentence = "The training was too short to tell by held-out rows whether more epochs would help."
    assert sentence in page[page.index('class="warnings"') : page.index("</section>", page.index('class="warnings"'))]
    assert page.index(sentence) < page.index("<img")
    kept = "best" if about["best"]["kept"] else "last"
    assert f"the negative bound on the log-likelihood in nats, of held-out rows; the {kept} model is kept" in page
