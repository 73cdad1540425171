"""Validation while training: held-out rows are measured now and then, the best game is kept, and training may end."""

import math
from collections.abc import Callable, Mapping
from typing import Any

from jaxtyping import PyTree

from latently.training.compilation import copied


class Validation:
    """Measures a game on held-out rows after every so many rounds, and keeps the best one.

    The rounds at which it measures hang on nothing but their number, so that a run that is resumed comes to the same.

    Args:
        measure: from a game to what the held-out rows say of it, by name; nothing of the rows it learns from goes in.
        criterion: which of these numbers tells how good it is: the lower, the better.
        every: so many rounds lie between two measurements.
        patience: training ends after so many measurements in a row none of which was better than the best before, and
            the best game is given back. `None`: it goes on to its end, and the last one is given back.

    Attributes:
        best_round: of the best measurement so far; 0 before the first.
        best_value: its criterion; infinity before the first.
        stalled: measurements since then.
    """

    def __init__(
        self, measure: Callable[[Any], Mapping[str, float]], criterion: str, *, every: int, patience: int | None = None
    ) -> None:
        self.measure, self.criterion, self.every, self.patience = measure, criterion, max(1, every), patience
        self.best_round, self.best_value, self.stalled = 0, math.inf, 0
        self.best: PyTree = None  # the arrays of the best game

    @property
    def stops(self) -> bool:
        """Whether training is to end."""
        return self.patience is not None and self.stalled >= self.patience

    @property
    def chosen(self) -> bool:
        """Whether the best game is to be given back, and one has been measured."""
        return self.patience is not None and self.best_round > 0

    def begin(self, game_arrays: PyTree) -> None:
        """Keep the game of round 0, until one is measured."""
        self.best = copied(game_arrays)

    def next_stop(self, round_: int) -> int:
        """The next round after which it measures."""
        return (round_ // self.every + 1) * self.every

    def look(self, game: Any, game_arrays: PyTree, round_: int) -> dict[str, float] | None:
        """What the held-out rows say after a round; `None` where it is not one to measure at.

        A game as good as the best takes its place, since it has learned longer, but counts as no better.
        """
        if round_ % self.every:
            return None
        measured = dict(self.measure(game))
        value = measured[self.criterion]
        self.stalled = 0 if value < self.best_value else self.stalled + 1
        if value <= self.best_value:
            self.best_round, self.best_value, self.best = round_, value, copied(game_arrays)
        return measured

    def go_on(self) -> None:
        """Be patient anew: training has been made longer."""
        self.stalled = 0

    def state(self) -> dict[str, Any]:
        """All but the best game, as JSON values."""
        best = self.best_value if math.isfinite(self.best_value) else None
        return {"every": self.every, "best_round": self.best_round, "best_value": best, "stalled": self.stalled}

    def restore(self, state: Mapping[str, Any], best: PyTree) -> None:
        """Stand where `state` was taken."""
        value = state["best_value"]
        self.every, self.best_round, self.stalled = state["every"], state["best_round"], state["stalled"]
        self.best_value, self.best = math.inf if value is None else value, best
