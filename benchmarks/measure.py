"""Measurements, each in a process of its own."""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.contests import STARTUP_FLOORS, Contest, Peer

HERE = Path(__file__).parent

Line = dict[str, Any]


def run_line(command: list[str], timeout: float = 900.0) -> Line:
    """Run a program that prints one JSON line last, and read the line.

    Raises:
        RuntimeError: the program failed, or its last line is no JSON; the end of what it said is in the message.
    """
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, timeout=timeout, check=False)
    try:
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))
    except (IndexError, ValueError):
        said = (done.stderr or done.stdout).strip()[-1500:]
        raise RuntimeError(f"{' '.join(command[1:])} ended with {done.returncode} and no result:\n{said}") from None


def module_line(module: str, *arguments: str) -> Line:
    """The line of one of the project's own measurements, run by the project's Python."""
    return run_line([sys.executable, "-m", f"benchmarks.{module}", *arguments])


def peer_line(peer: Peer, *arguments: str) -> Line:
    """The line of a peer, run by the Python of its own environment.

    Raises:
        RuntimeError: its environment has not been made.
    """
    python = HERE / ".peers" / peer.environment / "bin" / "python"
    if not python.exists():
        raise RuntimeError(f"benchmarks/.peers/{peer.environment} is missing; make it with benchmarks/peers.sh")
    return run_line([str(python), str(HERE / "peers" / peer.script), *peer.arguments, *arguments])


def contest_lines(contest: Contest, arguments: list[str]) -> dict[str, Line]:
    """One turn of a contest: the machine's rate, Latently, and each peer, one after the other."""
    lines = {
        "matmul": module_line("matmul"),
        "latently": module_line("latently_side", "--preset", contest.preset, *arguments),
    }
    return lines | {peer.title: peer_line(peer, *arguments) for peer in contest.peers}


def answer_lines(arguments: list[str]) -> dict[str, Line]:
    """One turn of the contest after training: Latently, and eager PyTorch at its best batch."""
    peer = Peer("eager PyTorch", "torch", "torch_answers.py")
    return {"latently": module_line("answers", *arguments), "torch": peer_line(peer, *arguments)}


def startup_seconds(repeats: int = 5) -> dict[str, float]:
    """Wall-clock seconds from a shell's point of view, each the median of `repeats` after one that warms the caches.

    Raises:
        RuntimeError: a command failed.
    """
    bin_ = Path(sys.executable).parent
    medians = {}
    for name in STARTUP_FLOORS:
        program, *arguments = name.split()
        command = [sys.executable, "-c", name] if program == "import" else [str(bin_ / program), *arguments]
        seconds = []
        for _ in range(repeats + 1):
            start = time.perf_counter()
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            seconds.append(time.perf_counter() - start)
            if done.returncode:
                raise RuntimeError(f"`{name}` ended with {done.returncode}:\n{done.stderr.strip()[-1500:]}")
        medians[name] = statistics.median(seconds[1:])
    return medians


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        **{package: version(package) for package in ("jax", "equinox", "optax", "numpy")},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
