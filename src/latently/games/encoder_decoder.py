"""What games of one encoder and one decoder share; what a game tells its networks of labels, and explains by each."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.abilities import Decodes, Denoises, Encodes, ReadsGaps
from latently.game import Batch, Game
from latently.networks import Conditional, calibrated_pair, condition
from latently.probability import Distribution
from latently.streams import stream


class EncoderDecoder(Game, Encodes, Decodes, ReadsGaps, Denoises):
    """A game of q(z|x) or q(z|x, y), and p(x|z) or p(x|y, z).

    Attributes:
        encoder: the posterior of the code.
        decoder: the likelihood of x.
        encoder_knows: whether the encoder is told the label, too, where the decoder is.
        corruption: what is done to x before it is encoded; the decoder still has to give the clean x.
    """

    if TYPE_CHECKING:

        @property
        def encoder(self) -> Conditional: ...
        @property
        def decoder(self) -> Conditional: ...
        @property
        def encoder_knows(self) -> bool: ...

    else:
        encoder: eqx.AbstractVar[Conditional]
        decoder: eqx.AbstractVar[Conditional]
        encoder_knows = True

    def encode(self, x: Float[Array, "batch ..."], y: Float[Array, "batch classes"] | None = None) -> Distribution:
        """q(z|x), or q(z|x, y)."""
        return self.encoder(self._with_label(x, y))

    def decode(self, z: Float[Array, "batch latent"], y: Float[Array, "batch classes"] | None = None) -> Distribution:
        """p(x|z), or p(x|y, z)."""
        return self.decoder(z if y is None else condition(z, y))

    def encode_in_training(
        self, x: Float[Array, "batch ..."], key: PRNGKeyArray, y: Float[Array, "batch classes"] | None = None
    ) -> Distribution:
        """The posterior with corruption, dropout and input noise: what the decoder has to make do with."""
        return self.encoder(self._with_label(corrupted(self, x, key), y), stream(key, "encoder"))

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows, with their labels, and of their codes."""
        y = told(self, batch) if self.label_role == "decoder" else None
        pair = calibrated_pair(self.encoder, self.decoder, batch.x, key, y, encoder_knows=self.encoder_knows)
        calibrated: Self = eqx.tree_at(lambda game: (game.encoder, game.decoder), self, pair)
        return calibrated

    def _with_label(self, x: Float[Array, "batch ..."], y: Float[Array, "batch classes"] | None) -> Array:
        return x if y is None or not self.encoder_knows else condition(x, y)


def corrupted(game: Any, x: Float[Array, "batch ..."], key: PRNGKeyArray) -> Float[Array, "batch ..."]:
    """Rows as the encoder of a game that `Denoises` meets them in training; the noise has a stream of its own."""
    if game.corruption is None:
        return x
    noisy: Float[Array, "batch ..."] = game.corruption(x, stream(key, "corruption"))
    return noisy


def told(game: Any, batch: Batch, key: PRNGKeyArray | None = None) -> Float[Array, "batch facts"]:
    """What networks are told of each row of a game that knows labels: its class, one-hot; or its conditions.

    Args:
        game: of classes, where it has `n_labels`; of conditions else.
        batch: with the labels.
        key: of a round; some conditions are hidden then, the same ones for all players, by `game.conditions`.
    """
    if game.n_labels is not None:
        return one_hot(batch.y, game.n_labels)
    conditions: Float[Array, "batch facts"] = batch.y
    return conditions if key is None else game.conditions(conditions, stream(key, "conditions"))


def one_hot(labels: Int[Array, "batch"], n_labels: int | None) -> Float[Array, "batch classes"]:
    """Labels as vectors of 0 and 1."""
    assert n_labels is not None  # a game that is given labels was built for some
    return jax.nn.one_hot(labels, n_labels)


def explained_by_each_label(
    explain: Callable[[Float[Array, "batch classes"]], Float[Array, "batch"]],
    x: Float[Array, "batch ..."],
    n_labels: int | None,
) -> Float[Array, "batch classes"]:
    """How well each label explains each row x, one label after the other: `explain` scores rows by one-hot labels."""
    assert n_labels is not None  # a game of conditions tells no classes apart
    scores: Float[Array, "classes batch"] = jax.lax.map(
        lambda label: explain(one_hot(jnp.full(x.shape[0], label), n_labels)), jnp.arange(n_labels)
    )
    return scores.T
