"""M2: the variational autoencoder whose label is a latent variable wherever it is not known.

References:
    Kingma et al. 2014, Semi-supervised Learning with Deep Generative Models, arXiv 1406.5298. The bounds are those of
    `LatentLabel`.
"""

from typing import Literal, Self

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.game import Batch, Player
from latently.games.consistency import Consistency
from latently.games.encoder_decoder import EncoderDecoder
from latently.games.latent_label import LatentLabel, Reading
from latently.networks import Conditional
from latently.probability import Corruption, Normal
from latently.streams import stream


class SemiSupervisedVAE(LatentLabel, EncoderDecoder):
    """The model p(x, y, z) = p(x|y, z) p(y) p(z) (Equation 2) and its posterior q(y, z|x) = q(z|x, y) q(y|x).

    Attributes:
        classifier: q(y|x), categorical.
        encoder: q(z|x, y), fed x beside the one-hot label.
        decoder: p(x|y, z), fed z beside the one-hot label.
        prior: see `LatentLabel`, as for all that follow.
        optimizer: how the player moves.
        n_labels: the number of classes.
        classification_weight: of the classifier's own term.
        labelled_weight: of the labelled rows' own bound.
        labels_known: of how many rows.
        corruption: of what is encoded and classified.
        consistency: of classes.
    """

    classifier: Conditional
    encoder: Conditional
    decoder: Conditional
    prior: Normal
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    n_labels: int = eqx.field(static=True)
    classification_weight: float = eqx.field(static=True, default=0.1)
    labelled_weight: float = eqx.field(static=True, default=0.0)
    labels_known: Literal["all", "some", "none"] = eqx.field(static=True, default="some")
    corruption: Corruption | None = None
    consistency: Consistency | None = eqx.field(static=True, default=None)

    def players(self) -> tuple[Player, ...]:
        """One player, that owns all."""
        return (self.player("m2", ("classifier", "encoder", "decoder")),)

    def read(self, x: Float[Array, "rows ..."], key: PRNGKeyArray | None = None) -> Reading:  # noqa: ARG002
        """The rows as they are."""
        return Reading(x)

    def explain(
        self,
        x: Float[Array, "rows ..."],
        reading: Reading,  # noqa: ARG002
        zy: Float[Array, "rows k latent_and_classes"],
        key: PRNGKeyArray,
    ) -> tuple[Float[Array, "rows_and_k"], dict[str, Float[Array, "rows_and_k"]]]:
        """Log p(x|y, z); there is no divergence but that of z."""
        p = self.decoder(zy.reshape(-1, zy.shape[-1]), stream(key, "decoder"))
        return p.log_prob(jnp.repeat(x, zy.shape[1], axis=0)), {}

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows, each with its likeliest label."""
        classifier, q_y = self.classifier.calibrated(batch.x, stream(key, "classifier"))
        likeliest = Batch(batch.views, jnp.argmax(q_y.mean, axis=1))
        pair = super().calibrated(likeliest, stream(key, "pair"))
        calibrated: Self = eqx.tree_at(lambda game: game.classifier, pair, classifier)
        return calibrated
