"""The trainer: it plays rounds. It knows players and batches, and no model."""

import dataclasses
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Generic, Protocol, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from latently import distributed
from latently.errors import Setting, in_python, words
from latently.game import check_game, rounds_in
from latently.training.checkpoint import load_tree, save_tree
from latently.training.compilation import copied, keep_compiled
from latently.training.course import Course
from latently.training.devices import Devices
from latently.training.feed import Chunk, Feed
from latently.training.precision import Precision
from latently.training.round import AnyGame, State, compiled_rounds
from latently.training.validation import Validation

# A chunk of rounds should take about this long: progress, interrupts and checkpoints happen between chunks.
TARGET_SECONDS = 0.4


class NonFiniteLossError(ArithmeticError):
    """A term of a loss became NaN or infinite; the run stopped before anything was saved from it.

    Arguments in its text are marked as in `latently.errors.ArgumentError`.
    """

    def __str__(self) -> str:
        return self.worded(in_python)

    def worded(self, door: Setting) -> str:
        """The sentence, with every argument as a door writes it."""
        return words(str(self.args[0]), door)


@dataclasses.dataclass(frozen=True)
class Progress:
    """The state of a run after a chunk, or at the end of a row of its history.

    Attributes:
        round: rounds played in all.
        until: the round at which the run ends.
        epoch: passes over the data so far.
        samples_per_second: rows drawn a second, over the last chunks.
        seconds_left: an estimate.
        terms: `"player/term"` → mean over the rounds of the chunk, or of the row, unweighted.
        held_out: what held-out rows said after them, where they were measured (see `Validation`).
    """

    round: int
    until: int
    epoch: float
    samples_per_second: float
    seconds_left: float
    terms: dict[str, float]
    held_out: dict[str, float] | None = None


@runtime_checkable
class Observer(Protocol):
    """Something that looks on between chunks: a progress bar, a checkpoint, a tracker; any callable of these two.

    Where chunks end is of no concern to most. One that must see certain rounds has a method `next_stop(round) -> int |
    None` as well: the next one after `round` that a chunk must end with.

    Example:
        >>> import numpy as np
        >>> from latently import VAE
        >>> def stop_early(trainer, progress):
        ...     if progress.round >= 10:
        ...         trainer.stop_requested = True
        >>> model = VAE(latent_dim=2, hidden=(8,), epochs=5000, random_state=0)
        >>> model.fit(np.eye(20), observers=[stop_early]).history_[-1]["round"] < 100
        True
    """

    def __call__(self, trainer: "Trainer[Any]", progress: Progress, /) -> None:
        """Look on after a chunk: `trainer.state.game` is the game as it stands; `stop_requested` ends the run."""


def next_stop(observer: Observer, round_: int) -> int | None:
    """The next round after `round_` that an observer must see, `None` where any will do."""
    asked = getattr(observer, "next_stop", None)
    return None if asked is None else asked(round_)


class Rate:
    """Chooses how many rounds, `most` at most, a chunk should have so that it takes about `target_seconds`.

    Example:
        >>> rate = Rate(target_seconds=0.5, most=512)
        >>> rate.played(rounds=1, seconds=3.0)  # the first chunk compiles, and tells nothing
        >>> rate.played(rounds=4, seconds=0.04)
        >>> rate.rounds
        16
    """

    def __init__(self, target_seconds: float, most: int) -> None:
        self.target_seconds, self.most = target_seconds, most
        self.rounds = 1
        self.rounds_per_second = 1.0
        self._chunks = 0

    def played(self, rounds: int, seconds: float) -> None:
        """Note how long a chunk took."""
        measured = rounds / max(seconds, 1e-9)
        self._chunks += 1
        # The first chunk holds the compilation, so the second measurement replaces it and the later ones are averaged.
        self.rounds_per_second = measured if self._chunks <= 2 else 0.7 * self.rounds_per_second + 0.3 * measured
        wanted = 4 if self._chunks == 1 else int(self.rounds_per_second * self.target_seconds)
        self.rounds = max(1, min(wanted, 4 * self.rounds, self.most))


class Trainer(Generic[AnyGame]):
    """Plays a game on a feed.

    A chunk of rounds is one compiled loop whose number of turns is an argument, so that chunks of any length share one
    program and a run does not depend on where its chunks were cut. On a CPU a game with convolutions is played one
    compiled round a call instead, since XLA's CPU convolutions lose their fast path inside a loop.

    Args:
        game: the game to begin with.
        feed: where the batches come from.
        seed: of the run: with the feed's, it decides everything.
        devices: how many local devices share each batch; the batch size must be a multiple of it.
        validation: measures held-out rows between chunks, and may end the run.
        averaging: the share that a running mean of the weights keeps each round; 0 for no mean.
        precision: of products, see `latently.training.precision`.

    Attributes:
        history: the course so far, in rows that hang on no clock (see `latently.training.course`).
        stop_requested: set it, in an observer or a signal's handler, and `run` returns after the chunk.
        validation: likewise, `None` where nothing is measured.

    Raises:
        ValueError: the players do not fit the game (see `latently.game.check_game`), or there are too few devices.

    Example:
        >>> import jax, jax.numpy as jnp, numpy as np, optax
        >>> from latently.game import Game, Player
        >>> class Mean(Game):
        ...     center: jax.Array
        ...     def players(self):
        ...         return (Player("mean", ("center",), Mean.distance, optax.sgd(0.1)),)
        ...     def distance(self, batch, key):
        ...         return {"distance": ((batch.x - self.center) ** 2).mean()}
        >>> trainer = Trainer(Mean(jnp.zeros(1)), Feed((np.ones((20, 1)),), batch_size=10, seed=0), seed=0)
        >>> trainer.run(100)
        >>> trainer.state.game.center.round(2).tolist()
        [1.0]
    """

    def __init__(
        self,
        game: AnyGame,
        feed: Feed,
        *,
        seed: int,
        devices: int = 1,
        validation: Validation | None = None,
        averaging: float = 0.0,
        precision: Precision = "float32",
    ) -> None:
        keep_compiled()
        self.feed, self.validation = feed, validation
        self.history: list[Progress] = []
        self._course = Course()
        self._latest: Progress | None = None
        self.stop_requested = False
        self._devices = Devices(devices, feed)
        state = State.begin(game, jax.random.key(seed), averaging, precision)
        arrays, self._static = eqx.partition(state, eqx.is_array)
        self._arrays: Any = self._devices.place_state(copied(arrays))
        sample = self._devices.place(feed.chunk(feed.first_round, 1))
        self._rounds = compiled_rounds(
            lambda: check_game(game, jax.eval_shape(lambda chunk: feed.batch(chunk, 0, state.key), sample)),
            self._static,
            feed.prepare,
            feed.max_rounds,
            self._arrays,
            sample,
            self._devices.everywhere,
        )
        self._looped = self._rounds.looped
        if validation is not None:
            validation.begin(self._devices.here(self._arrays.averaged))

    @property
    def state(self) -> State[AnyGame]:
        """The run as it stands. Rounds played later reuse its memory: read it anew after each `run`."""
        state: State[AnyGame] = eqx.combine(self._devices.here(self._arrays), self._static)
        return state

    @property
    def result(self) -> AnyGame:
        """The game that a run comes to: as it is used for inference; or the best, where validation may end it."""
        if self.validation is None or not self.validation.chosen:
            return self.state.averaged
        game: AnyGame = eqx.combine(self.validation.best, self._static.game)
        return game

    @property
    def stopped_early(self) -> bool:
        """Whether the held-out rows have ended the run."""
        return self.validation is not None and self.validation.stops

    @property
    def round(self) -> int:
        """How many rounds have been played."""
        return int(self._arrays.round)

    @property
    def epoch(self) -> float:
        """How many times every row has been drawn, on average."""
        return self.round / self.feed.rounds_per_epoch

    @property
    def whole_history(self) -> list[Progress]:
        """The history with the row that is still open, where a run was stopped in the midst of one."""
        if self._latest is None or not (means := self._course.means()):
            return self.history
        return [*self.history, dataclasses.replace(self._latest, terms=means, held_out=None)]

    def rounds_in(self, epochs: float) -> int:
        """The number of rounds that make up so many epochs, at least one."""
        return rounds_in(epochs, self.feed.rounds_per_epoch)

    @distributed.together()
    def run(self, until: int, observers: Iterable[Observer] = ()) -> None:
        """Play on until `until` rounds have been played in all, or until `stop_requested` is set.

        Args:
            until: the round at which to stop; rounds already played count.
            observers: each is called between chunks.

        Raises:
            NonFiniteLossError: a term became NaN or infinite; it names player, term and round.
        """
        observers = tuple(observers)
        rate = Rate(TARGET_SECONDS, self.feed.max_rounds)
        now, count = self.round, 0
        while now < until:
            count = count or self._next_count(now, until, rate.rounds, observers)
            following = self._next_count(now + count, until, rate.rounds, observers)
            stop = self.stop_requested or self.stopped_early
            count, following = self._devices.agree(stop, count, following)
            if not count:
                self.stop_requested = not self.stopped_early  # of another process it may have been asked
                break
            chunk = self._devices.place(self.feed.chunk(now, count))
            started = time.perf_counter()
            logged = self._play_chunk(chunk, count)
            if following and not self.feed.resident:
                self.feed.prefetch(now + count, following)
            terms = {name: np.asarray(values)[:count] for name, values in logged.items()}
            rate.played(count, time.perf_counter() - started)
            self._check_finite(terms, now)
            now += count
            self._tell(terms, now, until, rate, observers)
            count = following if not self.feed.resident else 0

    def go_on(self, state: State[AnyGame]) -> None:
        """Go on from a state of the same game, such as another trainer's on other rows."""
        self._arrays = self._devices.place_state(copied(eqx.filter(state, eqx.is_array)))

    def save(self, path: str | Path) -> None:
        """Write a checkpoint, atomically: game, optimiser states, key and position. A game that holds a NaN is refused.

        The file already there, if any, is then kept. Of several processes the first one writes.
        """
        if not distributed.is_first():
            return
        leaves = jax.tree.leaves(eqx.filter(self.state.game, eqx.is_inexact_array))
        if not all(np.isfinite(np.asarray(leaf)).all() for leaf in leaves):
            raise NonFiniteLossError(
                f"the weights are no longer finite after round {self.round}; no checkpoint was written."
            )
        about = {"round": self.round, **self._feed_facts(), **self._validation_facts(), "course": self._course.state()}
        save_tree(Path(path), self._kept(), about)

    def restore(self, path: str | Path) -> None:
        """Go on from a checkpoint of the same game and feed; another is refused, and the state stays as it was."""
        kept, about = load_tree(Path(path), self._kept())
        for name, value in self._feed_facts().items():
            if about.get(name) != value:
                raise ValueError(
                    f"{path} is of another run: its {name} is {about.get(name)}, this run's is {value}; "
                    "go on with the data, the batch size and the seed that it began with."
                )
        if self.validation is not None:
            kept, best = kept
            self.validation.restore(about["validation"], best)
        if "course" in about:  # version 0.1.0 ended rows by the clock, and left none open
            self._course.restore(about["course"])
        self._arrays = self._devices.place_state(kept)

    def _kept(self) -> Any:
        """What a checkpoint holds: the state, and the best game beside it where there is one."""
        arrays = self._devices.here(self._arrays)
        return arrays if self.validation is None else (arrays, self.validation.best)

    def _validation_facts(self) -> dict[str, Any]:
        return {} if self.validation is None else {"validation": self.validation.state()}

    def _feed_facts(self) -> dict[str, int]:
        """What decides which rows a round draws: a checkpoint goes on only where it is the same."""
        labelled = 0 if self.feed.labelled_rows is None else len(self.feed.labelled_rows)
        facts = {"rows": self.feed.rows, "labelled_rows": labelled, "batch_size": self.feed.batch_size}
        weights = {} if self.feed.weights is None else {"weights": zlib.crc32(self.feed.weights.tobytes())}
        return facts | {"seed": int(self.feed.order.seed)} | weights

    def _next_count(self, now: int, until: int, rounds: int, observers: tuple[Observer, ...]) -> int:
        stops = [stop for observer in observers if (stop := next_stop(observer, now)) is not None and stop > now]
        if self.validation is not None:
            stops.append(self.validation.next_stop(now))
        return max(0, min([now + rounds, now + self.feed.max_rounds, until, *stops]) - now)

    def _play_chunk(self, chunk: Chunk, count: int) -> dict[str, Float[Array, "rounds"]]:
        if self._looped:
            logged: dict[str, Float[Array, rounds]]
            self._arrays, logged = self._rounds.play_loop(self._arrays, chunk, np.int32(count))
            return logged
        rounds = []
        for number in range(count):
            self._arrays, terms = self._rounds.play_one(self._arrays, chunk, np.int32(number))
            rounds.append(terms)
        return {name: jnp.stack([terms[name] for terms in rounds]) for name in self._rounds.terms}

    def _check_finite(self, terms: dict[str, Float[np.ndarray, "rounds"]], first_round: int) -> None:
        names = [player.name for player in self.state.game.players()]
        bad = [
            (int(np.argmin(np.isfinite(values))), names.index(name.split("/", 1)[0]), name)
            for name, values in terms.items()
            if not np.isfinite(values).all()
        ]
        if bad:
            number, _, name = min(bad)  # the earliest round, and in it the player that moves first
            player, term = name.split("/", 1)
            raise NonFiniteLossError(
                f"the term {term!r} of player {player!r} became {terms[name][number]} in round "
                f"{first_round + number + 1}; lower {{learning_rate}}, or look for extreme values in the data."
            )

    def _tell(self, terms: dict[str, Any], now: int, until: int, rate: Rate, observers: tuple[Observer, ...]) -> None:
        """Take a chunk into the history, and tell the observers of it."""
        progress = self._progress(now, until, rate, {name: float(values.mean()) for name, values in terms.items()})
        self._latest = progress = dataclasses.replace(progress, held_out=self._look(now))
        first = now - len(next(iter(terms.values())))
        for end, means in self._course.rows(terms, first, ends=now == until or progress.held_out is not None):
            row = self._progress(end, until, rate, means)
            self.history.append(dataclasses.replace(row, held_out=progress.held_out if end == now else None))
        for observer in observers:
            observer(self, progress)

    def _progress(self, now: int, until: int, rate: Rate, terms: dict[str, float]) -> Progress:
        return Progress(
            round=now,
            until=until,
            epoch=now / self.feed.rounds_per_epoch,
            samples_per_second=rate.rounds_per_second * self.feed.batch_size,
            seconds_left=(until - now) / rate.rounds_per_second,
            terms=terms,
        )

    def _look(self, now: int) -> dict[str, float] | None:
        if self.validation is None:
            return None
        return self.validation.look(self.state.averaged, self._devices.here(self._arrays.averaged), now)
