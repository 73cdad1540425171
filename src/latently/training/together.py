"""Several trainers of one game as one compiled program: runs that differ in their seeds and in the labels they see.

Their states are stacked along a new leading axis, and `jax.vmap` plays a round of all at once. A GPU that one small
network leaves idle is filled so; a CPU is not, and plays them no faster than one after the other.
"""

import itertools
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from latently.training.compilation import loop_options
from latently.training.feed import Chunk
from latently.training.trainer import TARGET_SECONDS, NonFiniteLossError, Observer, Rate, Trainer


class Together:
    """Plays several trainers in step. After each chunk every one of them stands where it would stand alone.

    It is a part of the trainer that has a file of its own, and works on what trainers keep to themselves.

    Args:
        trainers: at the same round, of the same rows and the same game; seeds, labels and weights may differ. Where
            `why_apart` finds a reason, they are refused.
    """

    def __init__(self, trainers: Sequence[Trainer[Any]]) -> None:
        first, *others = self._trainers = tuple(trainers)
        for other in (first, *others):
            if reason := why_apart(first, other):
                raise ValueError(f"these trainers cannot be played together, since {reason}; run each by itself.")
            other.feed.share(first.feed)
        played = jax.vmap(self._loop, in_axes=(0, None, 0, None))
        self._play = jax.jit(played, donate_argnums=0, compiler_options=loop_options())

    def run(self, until: int, observers: Sequence[Iterable[Observer]] = ()) -> None:
        """Play on until `until` rounds have been played by each, or until one is told to stop.

        `observers` are those of each trainer, called between chunks. Where a term of one of them becomes NaN or
        infinite, the `NonFiniteLossError` names the run as well as player, term and round.
        """
        first, watching = self._trainers[0], [tuple(own) for own in observers] or [()] * len(self._trainers)
        rate, now = Rate(TARGET_SECONDS, first.feed.max_rounds), first.round
        # The trees of the states differ in the optimisers, which are functions: the first stands for all.
        leaves = zip(*(jax.tree.leaves(trainer._arrays) for trainer in self._trainers), strict=True)
        arrays = jax.tree.unflatten(jax.tree.structure(first._arrays), itertools.starmap(_stacked, leaves))
        while now < until and not any(trainer.stop_requested for trainer in self._trainers):
            count = first._next_count(now, until, rate.rounds, tuple(itertools.chain(*watching)))
            rows, draws = self._draws(now, count)
            started = time.perf_counter()
            arrays, logged = self._play(arrays, rows, draws, jnp.asarray(count, jnp.int32))
            terms = {name: np.asarray(values)[:, :count] for name, values in logged.items()}
            rate.played(count, time.perf_counter() - started)
            self._hand_out(arrays, terms, now)
            now += count
            for place, (trainer, own) in enumerate(zip(self._trainers, watching, strict=True)):
                trainer._tell(_of_run(terms, place), now, until, rate, own)

    def _draws(self, first_round: int, rounds: int) -> tuple[Any, Any]:
        """The rows that all share; and what each draws of them, stacked."""
        chunks = [trainer.feed.chunk(first_round, rounds) for trainer in self._trainers]
        draws = [(chunk.labels, chunk.order, chunk.labelled_order) for chunk in chunks]
        return (chunks[0].views, chunks[0].present, chunks[0].numbers), jax.tree.map(_stacked, *draws)

    def _loop(self, arrays: Any, rows: Any, draws: Any, count: Int[Array, ""]) -> Any:
        views, present, numbers = rows
        labels, order, labelled = draws
        chunk = Chunk(views, labels, order, labelled, present, numbers=numbers)
        return self._trainers[0]._rounds.loop(arrays, chunk, count)

    def _hand_out(self, arrays: Any, terms: dict[str, Float[np.ndarray, "runs rounds"]], first_round: int) -> None:
        """Give every trainer its state, and see that its terms are finite."""
        for trainer, own in zip(self._trainers, _apart(arrays), strict=True):
            trainer._arrays = jax.tree.unflatten(jax.tree.structure(trainer._arrays), own)
        for place, trainer in enumerate(self._trainers):
            try:
                trainer._check_finite(_of_run(terms, place), first_round)
            except NonFiniteLossError as error:
                raise NonFiniteLossError(f"run {place + 1} of {len(self._trainers)}: {error.args[0]}") from None


def why_apart(first: Trainer[Any], other: Trainer[Any]) -> str | None:
    """Why two trainers (or one, given twice, and any) cannot be played together, in words that follow "since"."""
    return next(_obstacles(first, other), None)


def _obstacles(first: Trainer[Any], other: Trainer[Any]) -> Iterator[str]:
    if not (first.feed.resident and other.feed.resident):
        yield "the data does not fit on the device and is streamed"
    if first._devices.number > 1 or other._devices.number > 1:
        yield "several devices share each batch"
    if not first._looped:
        yield "on a CPU a game with convolutions is played one round a call"
    if first.validation is not None and first.validation.patience is not None:
        yield "held-out rows may end each at a round of its own"
    if first.round != other.round:
        yield f"they stand at different rounds, {first.round:,} and {other.round:,}"
    if first.feed.drawn != other.feed.drawn:
        yield f"they draw different numbers of rows a round, {first.feed.drawn} and {other.feed.drawn}"
    if not first.feed.same_rows(other.feed):
        yield "they learn from different rows, or scale them differently"
    if not _same_round(first, other):
        yield "their games differ in more than their weights"


def _same_round(first: Trainer[Any], other: Trainer[Any]) -> bool:
    """Whether their rounds are one program: the same steps on arrays of the same shapes, with the same constants."""
    constants = zip(first._rounds.program.consts, other._rounds.program.consts, strict=False)
    return first._rounds.in_words == other._rounds.in_words and all(
        np.array_equal(one, another) for one, another in constants
    )


def _of_run(terms: dict[str, Float[np.ndarray, "runs rounds"]], place: int) -> dict[str, Float[np.ndarray, "rounds"]]:
    return {name: values[place] for name, values in terms.items()}


def _stacked(*leaves: Array) -> Array:
    return jnp.stack(leaves)


@jax.jit
def _apart(arrays: Any) -> list[list[Array]]:
    """The leaves of each run's state, out of the stacked one."""
    leaves = jax.tree.leaves(arrays)
    return [[leaf[place] for leaf in leaves] for place in range(len(leaves[0]))]
