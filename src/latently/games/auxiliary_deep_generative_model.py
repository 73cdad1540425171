"""ADGM and SDGM: M2 with an auxiliary variable a, which class and code are inferred from, too.

References:
    Maaløe, Sønderby, Sønderby & Winther 2016, Auxiliary Deep Generative Models, arXiv 1602.05473. The auxiliary model
    (ADGM) leaves p(x, y, z) as it is and explains a by p(a|z, y, x); the skip model (SDGM) turns the arrow between a
    and x around: p(a|z, y) and p(x|a, z, y). Both infer q(a|x) q(y|a, x) q(z|a, y, x).
    Kingma et al. 2014, arXiv 1406.5298: the bounds that a is added to (see `LatentLabel`).
"""

from collections.abc import Callable
from typing import Literal, Self

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Explanation, HasAuxiliary
from latently.game import Batch, Player
from latently.games.consistency import Consistency
from latently.games.encoder_decoder import one_hot
from latently.games.latent_label import LatentLabel, Reading
from latently.networks import Conditional, condition
from latently.probability import Corruption, Distribution, Normal
from latently.streams import stream


class AuxiliaryDeepGenerativeModel(LatentLabel, HasAuxiliary):
    """The bounds of M2 with a draw a of q(a|x): those on log p(x, y) gain log p(a|z, y, x) − log q(a|x).

    In inference a stands at its mean, given x where a row is encoded or classified, given z and y where a code is
    decoded; bounds draw it.

    Attributes:
        auxiliary: q(a|x).
        classifier: q(y|a, x), categorical, fed x beside a.
        encoder: q(z|a, y, x), fed x beside a and the one-hot label.
        auxiliary_decoder: p(a|z, y, x), fed x beside z and the one-hot label; of the skip model p(a|z, y), without x.
        decoder: p(x|z, y), fed z beside the one-hot label; of the skip model p(x|a, z, y), fed a beside both.
        prior: see `LatentLabel`, as for all that follow.
        optimizer: how the player moves.
        n_labels: the number of classes.
        skip: whether it is the skip model.
        classification_weight: of the classifier's own term.
        labelled_weight: of the labelled rows' own bound.
        labels_known: of how many rows.
        corruption: of what is encoded and classified.
        consistency: of classes.
    """

    auxiliary: Conditional
    classifier: Conditional
    encoder: Conditional
    auxiliary_decoder: Conditional
    decoder: Conditional
    prior: Normal
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    n_labels: int = eqx.field(static=True)
    skip: bool = eqx.field(static=True, default=False)
    classification_weight: float = eqx.field(static=True, default=1.0)
    labelled_weight: float = eqx.field(static=True, default=1.0)
    labels_known: Literal["all", "some", "none"] = eqx.field(static=True, default="some")
    corruption: Corruption | None = None
    consistency: Consistency | None = eqx.field(static=True, default=None)

    def players(self) -> tuple[Player, ...]:
        """One player, that owns all."""
        parts = ("auxiliary", "classifier", "encoder", "auxiliary_decoder", "decoder")
        return (self.player("sdgm" if self.skip else "adgm", parts, "auxiliary_kl"),)

    def read(self, x: Float[Array, "rows ..."], key: PRNGKeyArray | None = None) -> Reading:
        """The rows beside a draw of q(a|x); in inference, beside its mean."""
        if key is None:
            q = self.auxiliary(x)
            return Reading(condition(x, q.mean), q.mean, q)
        q = self.auxiliary(x, stream(key, "auxiliary"))
        a = q.sample(stream(key, "auxiliary code"))
        return Reading(condition(x, a), a, q)

    def explain(
        self,
        x: Float[Array, "rows ..."],
        reading: Reading,
        zy: Float[Array, "rows k latent_and_classes"],
        key: PRNGKeyArray,
    ) -> tuple[Float[Array, "rows_and_k"], dict[str, Float[Array, "rows_and_k"]]]:
        """Log p(x|z, y) and log q(a|x) − log p(a|z, y, x); of the skip model log p(x|a, z, y) and p(a|z, y)."""
        assert reading.a is not None  # of `read`
        assert reading.q is not None
        k, flat = zy.shape[1], zy.reshape(-1, zy.shape[-1])
        a, log_q_a = jnp.repeat(reading.a, k, axis=0), jnp.repeat(reading.q.log_prob(reading.a), k)
        of_a, of_x = stream(key, "auxiliary decoder"), stream(key, "decoder")
        p_a = self.auxiliary_decoder(flat, of_a) if self.skip else self.auxiliary_decoder.crossed(x, zy, of_a)
        p = self.decoder(self._told(a, flat), of_x)
        return p.log_prob(jnp.repeat(x, k, axis=0)), {"auxiliary_kl": log_q_a - p_a.log_prob(a)}

    def encode(self, x: Float[Array, "batch ..."], y: Float[Array, "batch classes"] | None = None) -> Distribution:
        """q(z|a, y, x) at the mean of q(a|x)."""
        assert y is not None  # a game whose decoder is told the label is told it
        return self.encoder(condition(self.read(x).rows, y))

    def decode(self, z: Float[Array, "batch latent"], y: Float[Array, "batch classes"] | None = None) -> Distribution:
        """p(x|z, y); of the skip model p(x|a, z, y) at the mean of p(a|z, y)."""
        assert y is not None
        zy = condition(z, y)
        return self.decoder(self._told(self.auxiliary_decoder(zy).mean, zy) if self.skip else zy)

    def explanation(
        self,
        x: Float[Array, "batch ..."],
        y: Float[Array, "batch classes"],
        draw: Callable[[Distribution, str], Float[Array, "batch dimensions"]],
    ) -> Explanation:
        """A draw of q(a|x) q(z|a, y, x), what it says of x, and log p(a, z|y) − log q(a, z|y, x), or p(a, z|y, x)."""
        q_a = self.auxiliary(x)
        a = draw(q_a, "auxiliary code")
        q = self.encoder(condition(condition(x, a), y))
        z = draw(q, "code")
        zy = condition(z, y)
        p_a = self.auxiliary_decoder(zy if self.skip else condition(x, zy))
        log_ratio = self.prior.log_prob(z) - q.log_prob(z) + p_a.log_prob(a) - q_a.log_prob(a)
        return Explanation(z, self.decoder(self._told(a, zy)), log_ratio)

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows, each with its likeliest label."""
        x = batch.x
        auxiliary, q_a = self.auxiliary.calibrated(x, stream(key, "auxiliary"))
        a = q_a.sample(stream(key, "auxiliary code"))
        read = condition(x, a)
        classifier, q_y = self.classifier.calibrated(read, stream(key, "classifier"))
        y = one_hot(jnp.argmax(q_y.mean, axis=1), self.n_labels)
        encoder, q = self.encoder.calibrated(condition(read, y), stream(key, "encoder"))
        zy = condition(q.sample(stream(key, "code")), y)
        of_a = zy if self.skip else condition(x, zy)
        auxiliary_decoder, _ = self.auxiliary_decoder.calibrated(of_a, stream(key, "auxiliary decoder"))
        decoder, _ = self.decoder.calibrated(self._told(a, zy), stream(key, "decoder"))
        calibrated: Self = eqx.tree_at(
            lambda game: (game.auxiliary, game.classifier, game.encoder, game.auxiliary_decoder, game.decoder),
            self,
            (auxiliary, classifier, encoder, auxiliary_decoder, decoder),
        )
        return calibrated

    def _told(self, a: Float[Array, "rows auxiliary"], zy: Float[Array, "rows both"]) -> Float[Array, "rows all"]:
        """What the decoder is told."""
        return condition(zy, a) if self.skip else zy
