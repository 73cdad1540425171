"""A command that several processes run together: the first one tells how it goes, and all end together."""

import os
import sys
import warnings
from typing import Any

from latently import distributed


def shares(given: Any) -> bool:
    """Whether a command shares its run with others: `--distributed` says so, or the environment that names them."""
    named = "JAX_COORDINATOR_ADDRESS" in os.environ and os.environ.get("JAX_NUM_PROCESSES", "1") != "1"
    return bool(given.distributed or named)


def join_others(given: Any) -> bool:
    """Join the processes that share the run, if any do; whether this one is the first, which tells how it goes."""
    if not shares(given):
        return True
    if not os.environ.get("LATENTLY_TRACEBACK"):
        _keep_to_pythons_words()
    distributed.initialize()
    if not distributed.is_first():
        warnings.simplefilter("ignore")
    return distributed.is_first()


def _keep_to_pythons_words() -> None:
    """Take from the terminal what libraries under Python write: on whom they are connected to, and how they end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        setattr(sys, name, open(os.dup(stream.fileno()), "w", 1, stream.encoding, stream.errors))  # noqa: SIM115, PTH123
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
