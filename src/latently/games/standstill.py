"""How to tell that a game of critics has come to a stand, from the accuracy of a critic."""

from collections.abc import Sequence


def after_the_start(accuracies: Sequence[float]) -> Sequence[float]:
    """Without the first two: the first chunks of rounds are short, and no critic is good before it has learned.

    Args:
        accuracies: of the critic, in every chunk of rounds so far.
    """
    return accuracies[2:]


def always_won(accuracies: Sequence[float], above: float) -> bool:
    """Whether a critic was right nearly always, from the first quarter of the chunks on.

    Args:
        accuracies: in every chunk, the start left out; where there are none, nobody won.
        above: what all of them have to exceed.

    Example:
        >>> always_won([0.6, 0.99, 1.0, 0.99], 0.98), always_won([0.6, 0.99, 0.7, 0.99], 0.98), always_won([], 0.98)
        (True, False, False)
    """
    return min(accuracies[len(accuracies) // 4 :], default=0.0) > above


def critic_warnings(accuracies: Sequence[float]) -> tuple[str, ...]:
    """A critic of codes that always wins, or one that never learned, in words.

    Args:
        accuracies: of the critic, in every chunk of rounds so far.

    Example:
        >>> critic_warnings([0.5, 0.7, 0.8, 0.9]), critic_warnings([0.5] * 4)[0][:24]
        ((), 'the critic has guessed f')
    """
    accuracies = after_the_start(accuracies)
    if always_won(accuracies, 0.98):
        return (
            f"the critic has told codes from prior draws from the start (accuracy {accuracies[-1]:.2f}): the "
            "codes never took the prior's shape. Lower critic_learning_rate, or give the generator more updates.",
        )
    if max((abs(accuracy - 0.5) for accuracy in accuracies), default=0.5) < 0.03:
        return (
            "the critic has guessed from the start (accuracy 0.50): it taught the encoder nothing. "
            "Raise critic_learning_rate, or widen critic_hidden.",
        )
    return ()
