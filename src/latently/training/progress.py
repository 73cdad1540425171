"""What is told of a run between chunks, and how long the next chunk should be."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Progress:
    """The state of a run after a chunk.

    Attributes:
        round: rounds played in all.
        until: the round at which the run ends.
        epoch: passes over the data so far.
        samples_per_second: rows drawn a second, over the last chunks.
        seconds_left: an estimate.
        terms: `"player/term"` → mean over the rounds of the chunk, unweighted.
    """

    round: int
    until: int
    epoch: float
    samples_per_second: float
    seconds_left: float
    terms: dict[str, float]


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
