"""Critics: the terms that one plays for, how often it is right, and what that tells of a game that collapsed."""

from statistics import fmean

import jax.numpy as jnp
from jaxtyping import Array, Float

from latently.game import History, Terms
from latently.probability import AdversarialLoss

CRITIC_WEIGHTS = {"prior": 0.5, "posterior": 0.5, "accuracy": 0.0}
"""Of the terms of `critic_terms`: the mean of the two losses; the accuracy is only logged."""

PARTS = 12
"""A course is looked at in so many parts of equally many rows, where it has more rows."""

_WON = (
    "the critic has told codes from prior draws from the start (accuracy {:.2f}): the codes never took the prior's "
    "shape. Lower {{critic_learning_rate}}, or give the generator more updates."
)
_GUESSED = (
    "the critic has guessed from the start (accuracy 0.50): it taught the encoder nothing. Raise "
    "{critic_learning_rate}, or widen {critic_hidden}."
)


def critic_terms(adversarial: AdversarialLoss, logits: Float[Array, "both"], prefix: str = "") -> Terms:
    """A critic's terms: draws of the prior are to be called real, and codes fake.

    Args:
        adversarial: what the game is played for.
        logits: of draws of the prior, then of as many codes. One pass gives both: a critic has no batch norm, and one
            larger product is faster than two.
        prefix: of the terms' names, in a game of several critics.
    """
    real, fake = jnp.split(logits, 2)
    return {
        f"{prefix}prior": adversarial.real(real),
        f"{prefix}posterior": adversarial.fake(fake),
        f"{prefix}accuracy": accuracy(real, fake),
    }


def accuracy(real: Float[Array, "reals"], fake: Float[Array, "fakes"]) -> Float[Array, ""]:
    """How often a critic is right: the mean of its accuracy on real rows and on fake ones."""
    return ((real > 0).mean() + (fake < 0).mean()) / 2


def collapse_warnings(
    history: History,
    term: str = "critic/accuracy",
    won: str = _WON,
    guessed: str = _GUESSED,
    sure: float = 0.98,
) -> tuple[str, ...]:
    """Words on a critic that always wins, or on one that never learned.

    Args:
        history: the mean of every term over the rounds of each row so far.
        term: the one that holds the critic's accuracy.
        won: what to say of a critic that is right nearly always from the first quarter of the rows on: a form, with a
            place for its accuracy.
        guessed: what to say of one that is never right more often, or less, than a guess is; empty for nothing.
        sure: the accuracy that one which wins exceeds.

    Example:
        >>> told = [[{"critic/accuracy": value} for value in values] for values in ([0.5, 0.7, 0.8, 0.9], [0.5] * 4)]
        >>> collapse_warnings(told[0]), collapse_warnings(told[1])[0][:24]
        ((), 'the critic has guessed f')
    """
    # No critic is good before it has learned.
    told = [terms[term] for terms in history][2:]
    if not told:
        return ()
    # The first rows are of one round each, in which a critic is right more often, or less, by chance.
    together = -(-len(told) // PARTS)
    accuracies = [fmean(told[start : start + together]) for start in range(0, len(told), together)]
    if min(accuracies[len(accuracies) // 4 :]) > sure:
        return (won.format(accuracies[-1]),)
    if guessed and max(abs(accuracy - 0.5) for accuracy in accuracies) < 0.03:
        return (guessed,)
    return ()
