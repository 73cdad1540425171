"""Critics: the terms that one plays for, how often it is right, and what that tells of a game that collapsed."""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float

from latently.game import Terms
from latently.probability import AdversarialLoss

CRITIC_WEIGHTS = {"prior": 0.5, "posterior": 0.5, "accuracy": 0.0}
"""Of the terms of `critic_terms`: the mean of the two losses; the accuracy is only logged."""


def critic_terms(
    adversarial: AdversarialLoss, real: Float[Array, "rows"], fake: Float[Array, "rows"], prefix: str = ""
) -> Terms:
    """A critic's terms: draws of the prior are to be called real, and codes fake.

    Args:
        adversarial: what the game is played for.
        real: logits of draws of the prior.
        fake: logits of codes.
        prefix: of the terms' names, in a game of several critics.
    """
    return {
        f"{prefix}prior": adversarial.real(real),
        f"{prefix}posterior": adversarial.fake(fake),
        f"{prefix}accuracy": accuracy(real, fake),
    }


def accuracy(real: Float[Array, "reals"], fake: Float[Array, "fakes"]) -> Float[Array, ""]:
    """How often a critic is right: the mean of its accuracy on real rows and on fake ones."""
    return ((real > 0).mean() + (fake < 0).mean()) / 2


def collapse_warnings(history: Sequence[Mapping[str, float]], term: str = "critic/accuracy") -> tuple[str, ...]:
    """Words on a critic of codes that always wins, or on one that never learned.

    Args:
        history: the mean of every term in each chunk of rounds so far.
        term: the one that holds the critic's accuracy.

    Example:
        >>> told = [[{"critic/accuracy": value} for value in values] for values in ([0.5, 0.7, 0.8, 0.9], [0.5] * 4)]
        >>> collapse_warnings(told[0]), collapse_warnings(told[1])[0][:24]
        ((), 'the critic has guessed f')
    """
    accuracies = after_the_start([terms[term] for terms in history])
    if always_won(accuracies, 0.98):
        return (
            f"the critic has told codes from prior draws from the start (accuracy {accuracies[-1]:.2f}): the "
            "codes never took the prior's shape. Lower critic_learning_rate, or give the generator more updates.",
        )
    if always_guessed(accuracies):
        return (
            "the critic has guessed from the start (accuracy 0.50): it taught the encoder nothing. "
            "Raise critic_learning_rate, or widen critic_hidden.",
        )
    return ()


def after_the_start(accuracies: Sequence[float]) -> Sequence[float]:
    """Without the first two: the first chunks of rounds are short, and no critic is good before it has learned."""
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


def always_guessed(accuracies: Sequence[float]) -> bool:
    """Whether a critic was never right more often, or less, than a guess is.

    Args:
        accuracies: in every chunk, the start left out; where there are none, nobody guessed.

    Example:
        >>> always_guessed([0.5, 0.51, 0.49]), always_guessed([0.5, 0.6]), always_guessed([])
        (True, False, False)
    """
    return max((abs(accuracy - 0.5) for accuracy in accuracies), default=0.5) < 0.03


def real_and_fake(logits: Float[Array, "both"]) -> tuple[Float[Array, "rows"], Float[Array, "rows"]]:
    """The logits of the two halves of what a critic was shown in one pass: real rows first, then fakes.

    One pass over both halves: a critic has no batch norm, and one larger product is faster than two.
    """
    real, fake = jnp.split(logits, 2)
    return real, fake
