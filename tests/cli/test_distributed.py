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
COMMAND = ("-c", "import sys; from latently.cli import main; sys.exit(main())")


def after_lines(processes, lines, place, number):
    """Send a signal to one of the processes after so many lines of the first; how each ends, and after what time."""
    for _ in range(lines):
        assert processes[0].stdout.readline(), processes[0].stderr.read()
    processes[place].send_signal(number)
    sent = time.monotonic()
    return ends(processes, 120), time.monotonic() - sent


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """The folder of the run, how two processes ended after a Ctrl-C, and after one was killed; and the last resume."""
    folder = tmp_path_factory.mktemp("shared") / "run"
    words = (*HOW, "--distributed", "--checkpoint-every", "0")
    stopped, _ = after_lines(start_together(2, *COMMAND, *FIT, *words, "--out", folder), 3, 1, signal.SIGINT)
    stopped_at = Run.open(folder).position()
    killed, seconds = after_lines(start_together(2, *COMMAND, "resume", folder, *words), 3, 0, signal.SIGKILL)
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
    assert (code, out, told) == (
        1,
        "",
        (
            "latently: another process of this run was lost, and so this one ends; `latently resume` goes on from the "
            "last checkpoint, on any number of processes.\n"
        ),
    )
    assert seconds < 60
    assert 0 < before < after < 147


def test_another_number_of_processes_ends_the_run_with_the_numbers_of_one(story, tmp_path):
    folder, *_, resumed = story
    assert resumed.code == 0, resumed.err
    assert call(*FIT, *HOW, "--out", tmp_path / "alone").code == 0
    for name in ("model.safetensors", "film.safetensors"):
        shared, alone = load_file(folder / name), load_file(tmp_path / "alone" / name)
        for key, values in alone.items():
            np.testing.assert_allclose(shared[key], values, rtol=1e-4, atol=1e-5, err_msg=key)
    rounds = [json.loads(line)["round"] for line in (folder / "history.jsonl").read_text().splitlines()]
    assert rounds == sorted(set(rounds))
    assert rounds[-1] == 147


def test_without_a_cluster_the_command_says_how_to_start_one():
    command = [sys.executable, *COMMAND, *FIT, "--distributed"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stderr) == (
        2,
        "latently: --distributed is for processes that SLURM, Open MPI, Kubernetes or a cloud TPU started, and none of "
        "them did. Start them with srun or mpirun; or set JAX_COORDINATOR_ADDRESS=HOST:PORT, JAX_NUM_PROCESSES and "
        "JAX_PROCESS_ID for each.\n",
    )


def test_repeats_are_not_shared():
    answer = call(*FIT, "--distributed", "--repeats", "2")
    assert (answer.code, answer.err) == (
        2,
        "latently: --distributed shares one run; give each of the --repeats a command of its own.\n",
    )
