"""`latently fit --distributed`: stopped on one process, taken up by all, bereft of one, ended by one alone."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file

from latently.run import Run
from processes import ends, start_together

from .conftest import call

FIT = ("fit", "vae", "--data", "digits", "--latent-dim", "2", "--hidden", "8", "--epochs", "15")
HOW = ("--json", "--no-report")
SHARED = (*HOW, "--checkpoint-every", "0")
COMMAND = ("-c", "import sys; from latently.cli import main; sys.exit(main())")
LOST = (
    "latently: another process of this run was lost, and so this one ends; `latently resume` goes on from the last "
    "checkpoint, on any number of processes.\n"
)


def after_lines(processes, lines, place, number):
    """Send a signal to one of the processes after so many lines of the first; how each ends, and after what time."""
    for _ in range(lines):
        assert processes[0].stdout.readline(), processes[0].stderr.read()
    processes[place].send_signal(number)
    sent = time.monotonic()
    return ends(processes, 120), time.monotonic() - sent


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The folder of the run, how two processes ended after a Ctrl-C, and after one was killed; and the last resume.

    The first time `--distributed` has them share the run; then it is enough that the environment names them.
    """
    folder = tmp_path_factory.mktemp("shared") / "run"
    fit = (*FIT, *SHARED, "--distributed", "--out", folder)
    stopped, _ = after_lines(start_together(2, *COMMAND, *fit), 3, 1, signal.SIGINT)
    stopped_at = Run.open(folder).position()
    killed, seconds = after_lines(start_together(2, *COMMAND, "resume", folder, *SHARED), 3, 0, signal.SIGKILL)
    killed_at = Run.open(folder).position()
    return folder, stopped, (killed, seconds), (stopped_at, killed_at), call("resume", folder, *HOW)


def test_an_interrupt_of_one_process_stops_all_after_the_same_chunk(story):
    _, ((code, _, told), (other_code, _, other_told)), _, (position, _), _ = story
    assert (code, other_code) == (130, 130), told + other_told
    assert told.startswith(f"Stopped after round {position} of 147, and saved.")
    assert other_told == ""


def test_a_killed_process_ends_the_other_within_a_minute_with_a_sentence(story):
    _, _, ((killed, (code, out, told)), seconds), (before, after), _ = story
    assert killed[0] == -signal.SIGKILL
    assert (code, out, told) == (1, "", LOST)
    assert seconds < 60
    assert 0 < before < after < 147


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The same run by one process, in one go."""
    folder = tmp_path_factory.mktemp("alone") / "run"
    assert call(*FIT, *HOW, "--out", folder).code == 0
    return folder


def is_the_run_of_one(folder, alone):
    """See that a run has the numbers of one process, to rounding, and each of its rounds once."""
    for name in ("model.safetensors", "film.safetensors"):
        found = load_file(folder / name)
        for key, values in load_file(alone / name).items():
            np.testing.assert_allclose(found[key], values, rtol=1e-4, atol=1e-5, err_msg=key)
    rounds = [json.loads(line)["round"] for line in (folder / "history.jsonl").read_text().splitlines()]
    assert rounds == sorted(set(rounds))
    assert rounds[-1] == 147


def test_another_number_of_processes_ends_the_run_with_the_numbers_of_one(story, alone):
    folder, *_, resumed = story
    assert resumed.code == 0, resumed.err
    is_the_run_of_one(folder, alone)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("first", "then"), [(1, 2), (2, 4)])
def test_more_processes_take_a_run_up_and_again_when_the_last_of_them_is_killed(first, then, alone, tmp_path):
    folder = tmp_path / "run"
    fit, resume = (*COMMAND, *FIT, *SHARED, "--distributed", "--out", folder), (*COMMAND, "resume", folder, *SHARED)
    stopped, _ = after_lines(start_together(first, *fit), 3, first - 1, signal.SIGINT)
    assert [code for code, *_ in stopped] == [130] * first, stopped
    stopped_at = Run.open(folder).position()
    (*left, (killed, *_)), seconds = after_lines(start_together(then, *resume), 3, then - 1, signal.SIGKILL)
    assert killed == -signal.SIGKILL
    assert [(code, told) for code, _, told in left] == [(1, LOST)] * (then - 1)
    assert seconds < 60
    assert 0 < stopped_at < Run.open(folder).position() < 147
    for code, _, told in ends(start_together(then, *resume), 300):
        assert code == 0, told
    is_the_run_of_one(folder, alone)


def test_without_a_cluster_the_command_says_how_to_start_one():
    command = [sys.executable, *COMMAND, *FIT, "--distributed"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "latently: --distributed is for processes that SLURM, Open MPI, Kubernetes or a cloud TPU started, and none of "
        "them did. Start them with srun or mpirun; or set JAX_COORDINATOR_ADDRESS=HOST:PORT, JAX_NUM_PROCESSES and "
        "JAX_PROCESS_ID for each.\n",
    )


@pytest.mark.parametrize("told_by", ["option", "environment"])
def test_repeats_are_not_shared(told_by, monkeypatch):
    if told_by == "environment":
        monkeypatch.setenv("JAX_COORDINATOR_ADDRESS", "127.0.0.1:1")
        monkeypatch.setenv("JAX_NUM_PROCESSES", "2")
    answer = call(*FIT, *(["--distributed"] if told_by == "option" else []), "--repeats", "2")
    assert (answer.code, answer.err) == (
        2,
        "latently: several processes share one run; give each of the --repeats a command of its own.\n",
    )
