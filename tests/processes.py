"""Several processes of one run, on this machine."""

import os
import socket
import subprocess
import sys


def start_together(count, *words, **environment):
    """Start so many processes of a program of Python that share a run; the first is the one that writes files."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    shared = {**os.environ, "JAX_PLATFORMS": "cpu", "JAX_COORDINATOR_ADDRESS": address, **environment}
    return [
        subprocess.Popen(
            [sys.executable, *map(str, words)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**shared, "JAX_NUM_PROCESSES": str(count), "JAX_PROCESS_ID": str(number)},
        )
        for number in range(count)
    ]


def ends(processes, seconds):
    """The exit code, the standard output and the standard error of each; none may take longer."""
    try:
        told = [process.communicate(timeout=seconds) for process in processes]
    finally:
        for process in processes:
            process.kill()
    return [(process.returncode, *texts) for process, texts in zip(processes, told, strict=True)]
