"""The log of a training that is not on a terminal says at once that it begins, and now and then how it goes."""

import pytest

from latently.training import bar
from latently.training.trainer import Progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that tests put forward."""
    now = [0.0]
    monkeypatch.setattr(bar.time, "monotonic", lambda: now[0])
    return now


def test_a_log_has_a_line_at_once_and_then_every_ten_percent_or_thirty_seconds(clock, capsys):
    with bar.ProgressBar("VAE on digits") as progress:
        assert capsys.readouterr().err == "VAE on digits: compiling, then training …\n"
        for round_, seconds in ((1, 2), (2, 10), (3, 20), (4, 32), (5, 40), (15, 45), (100, 50)):
            clock[0] = float(seconds)
            progress(None, Progress(round_, 100, round_ / 10, 1000.0, 100.0 - round_, {"vae/kl": 0.5}))
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("VAE on digits: ")]
    assert [line.split(" · ")[0] for line in lines] == [f"VAE on digits: {n} %" for n in (1, 4, 15, 100)]
    assert "round 4 of 100 · epoch 0.4 · 1,000 samples/s · 1 min 36 s left" in lines[1]


def test_what_held_out_rows_say_has_a_line_of_its_own_and_stays_until_they_are_measured_again(clock, capsys):
    held_out = {"negative_bound": 24.5, "vae/kl": 3.0}
    with bar.ProgressBar("VAE on digits") as progress:
        for round_, found in ((10, None), (20, held_out), (30, None), (40, held_out | {"negative_bound": 23.25})):
            progress(None, Progress(round_, 100, round_ / 10, 1000.0, 1.0, {"vae/kl": 0.5}, held_out=found))
    lines = [line.split() for line in capsys.readouterr().err.splitlines() if line.startswith("  ")]
    assert [line for line in lines if line[0] == "held-out"] == [
        ["held-out", "rows", "negative", "bound", value] for value in ("24.5", "24.5", "23.25")
    ]
    assert [line for line in lines if line[0] == "vae"] == [["vae", "kl", "0.5"]] * 4
