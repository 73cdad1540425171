"""What data was taken for where it could be something else: sentences, each of which names the option that decides.

Whoever makes a guess about data writes it down as one sentence, with arguments marked as in `latently.errors`:
"the channel of an image is its first axis, since ...; {channel_axis=last} reads it as the last one". A guess that is
made while data is opened is kept in `Dataset.description`, and one that is made while it is fitted in the `assumed` of
a preprocessing. `latently fit` prints them all once, and they are recorded in the configurations of the model and of
the run.
"""

from collections.abc import Mapping
from typing import Any

from latently.errors import warn

_KEY = "assumed"


class DataAssumption(UserWarning):
    """Data was read in one of several ways that make sense, and another one would change much of what is learned.

    What was taken for granted, and the argument that says otherwise, is in the warning's words, and in `assumptions_`
    of a fitted model.

    Example:
        >>> import warnings
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore", DataAssumption)  # here, by whoever has read them
    """


def assume(description: Mapping[str, Any], *sentences: str) -> dict[str, Any]:
    """The description of a data set with these guesses added to those that it holds; none is there twice.

    Args:
        description: JSON-able facts, as a `Dataset` has them.
        *sentences: what was guessed, and the option that says otherwise, marked as in `latently.errors.ArgumentError`.

    Example:
        >>> found = assume({"source": "table"}, "the column id was left out; {leave_out=None} keeps it")
        >>> assumed(found)
        ('the column id was left out; {leave_out=None} keeps it',)
    """
    together = dict.fromkeys((*assumed(description), *sentences))
    return {**description, **({_KEY: list(together)} if together else {})}


def assumed(description: Mapping[str, Any]) -> tuple[str, ...]:
    """The guesses that the description of a data set holds, their arguments marked."""
    return tuple(description.get(_KEY, ()))


def warn_of(sentence: str) -> None:
    """Warn of a guess where another reading would change much."""
    warn(f"{sentence}.", DataAssumption)
