"""The course of a run in rows, each the mean of the terms over some rounds, which hang on the rounds' numbers alone.

How many rounds are played between two looks at the clock differs from run to run. Rows that ended there would differ,
too, and a run that was killed and resumed would have another history than one that was not.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

FIRST = 64
"""So many first rounds have a row each. Then there are half as many rows from a round to its double."""


def next_mark(round_: int) -> int:
    """The round with which a row ends that is open after `round_`.

    Rows get longer as a run does, since most happens at first: a million rounds make about 500 rows.

    Example:
        >>> [next_mark(round_) for round_ in (0, 63, 64, 65, 126, 128, 1000, 1_000_000)]
        [1, 64, 66, 66, 128, 132, 1008, 1015808]
    """
    length = 1 << (round_ // FIRST).bit_length()
    return (round_ // length + 1) * length


class Course:
    """Sums up the terms of rounds until a row is complete.

    They are added one after the other in float64, so that a row does not depend on where the rounds were cut.

    Example:
        >>> course = Course()
        >>> list(course.rows({"loss": np.array([4.0, 2.0])}, first=63))
        [(64, {'loss': 4.0})]
        >>> list(course.rows({"loss": np.array([1.0])}, first=65))
        [(66, {'loss': 1.5})]
    """

    def __init__(self) -> None:
        self._rounds = 0
        self._sums: dict[str, float] = {}

    def rows(
        self, terms: Mapping[str, Float[np.ndarray, "rounds"]], first: int, *, ends: bool = False
    ) -> Iterator[tuple[int, dict[str, float]]]:
        """Add what was played after the round `first`; each row that is complete: its last round, and the means.

        `ends`: the last of these rounds completes a row, whatever its number.
        """
        now, last = first, first + len(next(iter(terms.values())))
        while now < last:
            mark = min(next_mark(now), last)
            for name, values in terms.items():
                part = np.concatenate([[self._sums.get(name, 0.0)], values[now - first : mark - first]])
                self._sums[name] = float(np.add.accumulate(part, dtype=np.float64)[-1])
            self._rounds += mark - now
            now = mark
            if mark == next_mark(mark - 1) or (ends and mark == last):
                yield mark, self.means()
                self._rounds, self._sums = 0, {}

    def means(self) -> dict[str, float]:
        """Those of the row that is open; none where no round was played since the last one."""
        return {name: total / self._rounds for name, total in self._sums.items()}

    def state(self) -> dict[str, Any]:
        """The row that is open, as JSON values."""
        return {"rounds": self._rounds, "sums": self._sums}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Stand where `state` was taken."""
        self._rounds, self._sums = state["rounds"], dict(state["sums"])
