"""One run on several processes: on the hosts of a cluster, or on the devices of one.

Every process runs the same program on the same data; each reads and computes its own part of every batch, and JAX sums
over all of them. The first process writes the files. Nothing here is needed where a run has one process.
"""

import contextlib
import ctypes
import os
import re
import signal
import sys
import time
from collections.abc import Iterator, Sequence

import jax
import numpy as np
from jaxtyping import Int

from latently.errors import ArgumentError

HEARTBEAT_SECONDS = 30
"""After so long without a word from a process, it is taken for lost."""

GRACE_SECONDS = 5
"""How long JAX's abort waits for a process that has heard of the loss already, and is about to end."""

_LOST = (
    "another process of this run was lost, and so this one ends; `latently resume` goes on from the last checkpoint, "
    "on any number of processes."
)
_OF_OTHERS = re.compile(r"gloo|nccl|coordination|heartbeat|UNAVAILABLE|DEADLINE_EXCEEDED", re.IGNORECASE)
"""What errors of JAX that come of other processes speak of."""


class LostProcessError(ConnectionError):
    """Another process of the run died, or can no longer be reached."""

    raised = False
    """Whether one was raised: then whoever catches it says so, and ends this process."""

    def __init__(self) -> None:
        super().__init__(_LOST)
        LostProcessError.raised = True


def initialize(coordinator: str | None = None, processes: int | None = None, process: int | None = None) -> None:
    """Join the other processes of this run; call it before anything is computed.

    It is `jax.distributed.initialize`, which finds its own way under SLURM, Open MPI, Kubernetes and on a cloud TPU,
    with two things besides: a process that is lost ends the others within a minute and with a sentence, and where no
    such system started the processes, the environment may say who they are.

    Args:
        coordinator: the address of the first process and a free port there, `10.0.0.1:1234`; by default
            `$JAX_COORDINATOR_ADDRESS`, or as the cluster says.
        processes: how many there are; by default `$JAX_NUM_PROCESSES`, or as the cluster says.
        process: the number of this one, from 0; by default `$JAX_PROCESS_ID`, or as the cluster says.

    Raises:
        ValueError: there is no cluster, and the environment does not say who the processes are.
        RuntimeError: JAX has computed something already.
    """
    if jax.distributed.is_initialized():
        return
    processes = _number("JAX_NUM_PROCESSES") if processes is None else processes
    process = _number("JAX_PROCESS_ID") if process is None else process
    try:
        jax.distributed.initialize(coordinator, processes, process, heartbeat_timeout_seconds=HEARTBEAT_SECONDS)
    except ValueError:
        raise ArgumentError(
            "distributed",
            "is for processes that SLURM, Open MPI, Kubernetes or a cloud TPU started, and none of them did",
            remedy="Start them with srun or mpirun; or set JAX_COORDINATOR_ADDRESS=HOST:PORT, JAX_NUM_PROCESSES and "
            "JAX_PROCESS_ID for each.",
        ) from None
    _end_with_a_sentence()


def count() -> int:
    """How many processes share the run: 1, unless they were initialized, by `initialize` or by JAX's own function."""
    return jax.process_count() if jax.distributed.is_initialized() else 1


def is_first() -> bool:
    """Whether this process writes the files."""
    return count() == 1 or jax.process_index() == 0


@contextlib.contextmanager
def together() -> Iterator[None]:
    """While all processes compute together: what JAX says of others that are lost becomes a `LostProcessError`."""
    try:
        yield
    except (jax.errors.JaxRuntimeError, ValueError) as error:  # it depends on where the news meets Python
        if count() == 1 or not _OF_OTHERS.search(str(error)):
            raise
        raise LostProcessError from error


@together()
def gathered(*numbers: int) -> Int[np.ndarray, "processes numbers"]:
    """The numbers of all processes, those of each in a row; all must ask, and all wait for the last."""
    from jax.experimental import multihost_utils

    mine = np.asarray(numbers, np.int32)
    return mine[None] if count() == 1 else np.asarray(multihost_utils.process_allgather(mine))


def wait_for_all() -> None:
    """Go on when all processes have come here."""
    gathered(0)


def part() -> None:
    """Part from the others once all have come here; from now on, each is alone."""
    if jax.distributed.is_initialized():
        jax.distributed.shutdown()


def leave(status: int) -> None:
    """End this process at once where it shares a run, since at an orderly end it would wait for the others."""
    if count() > 1:
        os._exit(status)


def _number(name: str) -> int | None:
    text = os.environ.get(name)
    if text is not None and not text.isdecimal():
        raise ArgumentError("distributed", f"finds ${name} set to no whole number", text)
    return None if text is None else int(text)


_Handler = ctypes.CFUNCTYPE(None, ctypes.c_int)


def _aborted(number: int) -> None:
    del number
    if LostProcessError.raised:
        time.sleep(GRACE_SECONDS)
    else:
        os.write(sys.stderr.fileno(), f"latently: {_LOST}\n".encode())
    os._exit(1)


_kept: Sequence[object] = (_Handler(_aborted),)


def _end_with_a_sentence() -> None:
    """Say what has happened where JAX aborts a process, as it does once its heartbeats tell of one that is lost.

    Python's own handlers of signals run between two instructions of Python, which never come after an abort.
    """
    with contextlib.suppress(AttributeError, OSError):  # a system without signals
        libc = ctypes.CDLL(None)
        libc.signal.argtypes = (ctypes.c_int, _Handler)
        libc.signal(int(signal.SIGABRT), _kept[0])
