"""Whether a training was long enough, told by held-out rows alone."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float

from latently.errors import Setting, in_python, words

Kind: TypeAlias = Literal["gaining", "settled", "over-fitted", "diverged", "collapsed", "unknown"]

LEARNED_TOO_LITTLE: tuple[Kind, ...] = ("unknown", "gaining", "diverged", "collapsed")
"""Kinds of verdicts on a model that is to be trained again, or for longer, before it is asked anything."""

FEWEST = 5
"""Measurements below which nothing is told."""
_SLIGHT = 0.01
"""Of all that was gained; less counts as nothing."""
_WORSE = 0.05
_LONGEST = 10.0
"""Times the epochs so far: nobody is sent further than that at once."""


class Verdict(NamedTuple):
    """What held-out rows say of the length of a training.

    Attributes:
        kind: `gaining`, it would have gone on to gain; `settled`, it had stopped to gain; `over-fitted`, it has got
            worse since its best; `diverged`, it ends worse than it began; `collapsed`, no dimension of the code carries
            anything; `unknown`, the rows were measured too seldom.
        sentence: the same in words, with what to do.
        epoch: of the best measurement.
        epochs: how many in all would be enough, where it was gaining.
    """

    kind: Kind
    sentence: str
    epoch: float | None = None
    epochs: int | None = None

    def worded(self, door: Setting) -> str:
        """The sentence, with every argument as a door writes it (see `latently.errors`)."""
        return words(self.sentence, door)

    def __str__(self) -> str:
        return self.worded(in_python)


def verdict(history: Sequence[Mapping[str, Any]], criterion: str, about: str, *, kept_best: bool = False) -> Verdict:
    """The verdict on a training.

    Args:
        history: records with `epoch`, `terms` and, where held-out rows were measured, `held_out`.
        criterion: the name of what tells in `held_out`; the lower, the better.
        about: what that is, in words: "the negative bound".
        kept_best: whether the best game was given back, and not the last.

    Example:
        >>> losses = [10.0, 5.0, 4.0, 3.9, 3.9, 4.3, 4.9, 5.6]
        >>> history = [{"epoch": e, "terms": {}, "held_out": {"loss": v}} for e, v in enumerate(losses, 1)]
        >>> verdict(history, "loss", "the loss").kind
        'over-fitted'
    """
    measured = [record for record in history if record.get("held_out")]
    values = np.array([record["held_out"].get(criterion, math.nan) for record in measured], dtype=float)
    epochs = np.array([record["epoch"] for record in measured], dtype=float)
    epochs, values = epochs[np.isfinite(values)], values[np.isfinite(values)]
    if len(values) < FEWEST:
        sentence = "The training was too short to tell by held-out rows whether more epochs would help."
        return Verdict("unknown", sentence)
    best = int(np.argmin(values))
    epoch, noise, rows = float(epochs[best]), _noise(values), f"{_capital(about)} of held-out rows"
    after = values[max(best + 1, len(values) - 3) :]
    gain, lost = float(values[0] - values[best]), float(np.median(after) - values[best]) if len(after) > 1 else 0.0
    kept = ", and that model was kept" if kept_best else ""
    if _carries_nothing(history[-1]["terms"]):
        sentence = "The code has collapsed: no dimension of it carries anything. Try a warm-up, or a smaller {beta}."
        return Verdict("collapsed", sentence, epoch)
    if lost > max(_WORSE * gain, 3 * noise):
        if values[-1] > values[0] and gain <= 3 * noise:
            remedy = "" if kept_best else " Lower {learning_rate}."
            return Verdict(
                "diverged",
                f"{rows} was best at epoch {_short(epoch)}, near the start, and got worse since{kept}.{remedy}",
                epoch,
            )
        remedy = "" if kept_best else " {early_stopping=True} keeps the best one."
        sentence = f"{rows} was best at epoch {_short(epoch)}, and got worse since: over-fitted{kept}.{remedy}"
        return Verdict("over-fitted", sentence, epoch)
    recent, before = _gains(values)
    near = int(np.argmax(values <= values[best] + max(_SLIGHT * gain, noise)))
    if recent > max(_SLIGHT * gain, 2 * noise) or near >= len(values) - 1:
        enough = _enough(recent, before, gain, float(epochs[-1]))
        return Verdict(
            "gaining", f"{rows} was still getting better; about {{epochs={enough}}} would be enough.", epoch, enough
        )
    since = _short(float(epochs[near]))
    sentence = f"{rows} has got no better since epoch {since}{kept}: it was trained long enough."
    return Verdict("settled", sentence, epoch)


def _noise(values: Float[np.ndarray, "measured"]) -> float:
    """How much a measurement differs from the line through its neighbours, over the later half."""
    late = values[len(values) // 2 - 1 :]
    bends = late[1:-1] - (late[:-2] + late[2:]) / 2
    return float(np.median(np.abs(bends))) if len(bends) else 0.0


def _gains(values: Float[np.ndarray, "measured"]) -> tuple[float, float]:
    """What was gained in the last quarter, and in the one before it."""
    lowest = np.minimum.accumulate(values)
    half, later = len(values) // 2, -(-3 * len(values) // 4)
    return float(lowest[later - 1] - lowest[-1]), float(lowest[half - 1] - lowest[later - 1])


def _enough(recent: float, before: float, gain: float, epochs: float) -> int:
    """How many epochs until a quarter of today's length gains next to nothing, if gains go on to shrink as they do."""
    shrink = min(max(recent / before if before > 0 else 0.9, 0.1), 0.9)
    quarters = math.log(_SLIGHT * gain / recent) / math.log(shrink) if recent > _SLIGHT * gain else 1.0
    return _rounded(epochs * min(1 + max(quarters, 1.0) / 4, _LONGEST))


def _rounded(number: float) -> int:
    """A whole number of two digits that count, not below."""
    step = int(10 ** max(0, math.floor(math.log10(max(number, 1))) - 1))
    return max(1, math.ceil(number / step) * step)


def _short(epoch: float) -> str:
    return f"{epoch:.3g}" if epoch < 1000 else f"{epoch:.0f}"


def _carries_nothing(terms: Mapping[str, float]) -> bool:
    used = [value for name, value in terms.items() if name.endswith("active_dimensions")]
    return bool(used) and max(used) < 0.5


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
