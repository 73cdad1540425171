"""A run from where it stands to its end."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from latently.run.folder import Run
from latently.run.recording import Checkpointer, Film, HistoryWriter, seconds_in
from latently.training import Observer, Trainer

CHECKPOINT_SECONDS = 30.0


def train(
    model: Any,
    trainer: Trainer[Any],
    run: Run,
    *,
    film: Any,
    until: int,
    observers: Sequence[Observer] = (),
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    on_interrupt: Callable[[], None] = lambda: None,
) -> bool:
    """Play a run to its end.

    Checkpoint, history and film are written on the way. The first Ctrl-C (SIGINT), or a SIGTERM, lets the chunk at hand
    end, writes a checkpoint and returns; a second Ctrl-C stops at once.

    Args:
        model: the estimator that made the trainer.
        trainer: at round 0, or restored from the run's checkpoint.
        run: the folder; what it knows of later rounds than the trainer's is cut off.
        film: the rows whose codes are filmed.
        until: the round at which the run ends.
        observers: a progress bar, say.
        checkpoint_seconds: a checkpoint is written when the last one is older.
        on_interrupt: called as soon as the signal comes.

    Returns:
        Whether the run came to its end; the model has then been adopted and saved.
    """
    writers: list[HistoryWriter | Film] = [HistoryWriter(run, trainer.round)]
    if hasattr(model, "peek"):  # a model without an encoder gives no codes to film
        writers.append(Film(model, run, film, until, trainer))
    keeper = Checkpointer(run, writers, checkpoint_seconds)
    if trainer.round == 0:
        keeper.write(
            trainer
        )  # what was done before the first round, such as fitting an earlier stage, is not done again
    with _finish_chunk_on_interrupt(trainer, on_interrupt):
        trainer.run(until, [*writers, keeper, *observers])
    keeper.write(trainer)
    if trainer.round < until:
        return False
    model.adopt(trainer)
    history = run.history()
    warnings = trainer.state.game.diagnose([record["terms"] for record in history])
    now = {"played": until, "seconds": seconds_in(history), "warnings": list(warnings)}
    model.save(run.folder, about={"run": {**run.config()["run"], **now}})
    return True


@contextlib.contextmanager
def _finish_chunk_on_interrupt(trainer: Trainer[Any], tell: Callable[[], None]) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread hears of signals
        yield
        return

    def request(signum: int, frame: Any) -> None:
        del signum, frame
        trainer.stop_requested = True
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a second Ctrl-C does not wait
        tell()

    before = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
