"""Processes that were forked from one in which a model was at work: JAX's threads are not in them, and they would wait.

>>> import multiprocessing
>>> context = multiprocessing.get_context("spawn")  # or "forkserver", or joblib's default: these fork nothing at work
"""

import os

_at_work = _forked = False


def begin_work() -> None:
    """Say that JAX is about to compute; a process that was forked since it first did is told what to do instead.

    Raises:
        RuntimeError: it was.
    """
    global _at_work
    if _forked:
        raise RuntimeError(
            "this process was forked from one in which a model was at work, and what computes there is not in it. "
            'Begin processes with multiprocessing.get_context("spawn"), or fork before a model is fitted or loaded.'
        )
    _at_work = True


def _note_fork() -> None:
    global _forked
    _forked = _at_work


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_note_fork)
