"""The supervised adversarial autoencoder: the label goes to the decoder, so the code holds the style alone.

References:
    Makhzani et al. 2015, Adversarial Autoencoders, arXiv 1511.05644, Section 4. There the critic sees the code alone,
    and then nothing keeps each class from a corner of the prior of its own: a linear probe read the class off such
    codes (75 % of three classes on the toy problem of the tests, where 33 % is chance). Here the critic sees the code
    beside the label, as in Section 2.3, and asks of the codes of every class to fill the whole prior.
"""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Bounds, Classifies, LabelRole, TakesConditions
from latently.game import Batch, History, Player, Terms
from latently.games.aae import has_density
from latently.games.critics import CRITIC_WEIGHTS, collapse_warnings, critic_terms
from latently.games.encoder_decoder import EncoderDecoder, explained_by_each_label, told
from latently.networks import Conditional, Layer, condition
from latently.probability import AdversarialLoss, Corruption, HiddenConditions, Prior
from latently.streams import stream


class SupervisedAAE(EncoderDecoder, Classifies, Bounds, TakesConditions):
    """The decoder is told the class of x, and a critic asks of the codes of every class to fill one and the same prior.

    In the place of a class there may be conditions, some of them hidden in training. The encoder is told them, too, so
    that the code can hold those that are not known.

    Attributes:
        encoder: q(z|x): the style does not ask for the class. With conditions, q(z|x, y).
        decoder: p(x|y, z), fed z beside the one-hot label, or beside conditions.
        critic: tells draws of the prior from codes, each beside its label; it gives one logit a row.
        prior: p(z); only draws of it are needed.
        adversarial: what the critic and the encoder play for.
        optimizer, critic_optimizer, generator_optimizer: how the players move.
        n_labels: the number of classes; `None` for conditions.
        corruption: what is done to x before it is encoded.
        conditions: what hides conditions in training; `None` for classes.
    """

    draws_labelled: ClassVar[bool] = True
    label_role: ClassVar[LabelRole] = "decoder"

    encoder: Conditional
    decoder: Conditional
    critic: Layer
    prior: Prior
    adversarial: AdversarialLoss
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    critic_optimizer: optax.GradientTransformation = eqx.field(static=True)
    generator_optimizer: optax.GradientTransformation = eqx.field(static=True)
    n_labels: int | None = eqx.field(static=True)
    corruption: Corruption | None = None
    conditions: HiddenConditions | None = None

    @property
    def encoder_knows(self) -> bool:
        """Whether the encoder is told what the decoder is: of conditions alone."""
        return self.n_labels is None

    @property
    def has_densities(self) -> bool:
        """Whether codes have a density, given x and by the prior."""
        return has_density(self.encoder) and self.prior.density != "nowhere"

    def players(self) -> tuple[Player, ...]:
        """Autoencoder, critic and generator."""
        return (
            Player("autoencoder", ("encoder", "decoder"), SupervisedAAE.reconstruct, self.optimizer),
            Player("critic", ("critic",), SupervisedAAE.discriminate, self.critic_optimizer, CRITIC_WEIGHTS),
            Player("generator", ("encoder",), SupervisedAAE.fool, self.generator_optimizer),
        )

    def reconstruct(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−E log p(x|y, z), of rows whose label is known."""
        x, y = batch.known.x, told(self, batch.known, key)
        z = self.encode_in_training(x, key, y).sample(stream(key, "code"))
        return {"reconstruction": -self.decoder(condition(z, y), stream(key, "decoder")).log_prob(x).mean()}

    def discriminate(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The critic calls draws of the prior real and codes fake."""
        z, y = self._codes(batch, key)
        both = [condition(each, y) for each in (self.prior.sample(stream(key, "prior"), z.shape[0]), z)]
        return critic_terms(self.adversarial, self.critic(jnp.concatenate(both), stream(key, "critic"))[:, 0])

    def fool(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The encoder wants its codes to be called real."""
        seen = condition(*self._codes(batch, key))
        return {"fooling": self.adversarial.fool(self.critic(seen, stream(key, "fooled critic"))[:, 0])}

    def class_scores(self, x: Float[Array, "batch ..."]) -> Float[Array, "batch classes"]:
        """How well each class explains x, given its style: log p(x|y, z) at the mean code, in nats."""
        z = self.encoder(x).mean
        return explained_by_each_label(lambda y: self.decode(z, y).log_prob(x), x, self.n_labels)

    def diagnose(self, history: History) -> tuple[str, ...]:
        """A critic that always wins, or one that never learned."""
        return collapse_warnings(history)

    def _codes(
        self, batch: Batch, key: PRNGKeyArray
    ) -> tuple[Float[Array, "known latent"], Float[Array, "known facts"]]:
        """Codes as inference will give them (see `latently.games.aae.code`), of rows whose label is known; and that."""
        y = told(self, batch.known, key)
        return self.encode(batch.known.x, y).sample(stream(key, "code")), y
