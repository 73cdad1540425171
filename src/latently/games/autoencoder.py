"""The plain autoencoder, and with one more term or a corruption the contractive and the denoising one.

References:
    Hinton & Salakhutdinov 2006, Reducing the Dimensionality of Data with Neural Networks.
    Vincent et al. 2008, Extracting and Composing Robust Features with Denoising Autoencoders (`corruption`).
    Rifai et al. 2011, Contractive Auto-Encoders: Explicit Invariance During Feature Extraction (`contraction`).
    Ghosh et al. 2020, From Variational to Deterministic Autoencoders, arXiv 1903.12436, Section 4: the density of the
    codes is estimated after training (`calibrated`).
"""

from dataclasses import replace
from typing import Any, ClassVar, Self

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Decodes, Denoises, Encodes, LabelRole, ReadsGaps
from latently.game import Batch, Game, Player, Terms
from latently.games.encoder_decoder import corrupted
from latently.networks import Conditional, calibrated_pair
from latently.probability import Corruption, Deterministic, Distribution, FittedNormal, with_jacobian_norm
from latently.streams import stream


class Autoencoder(Game, Encodes, Decodes, ReadsGaps, Denoises):
    """One player moves the encoder and the decoder so that codes decode to the data; nothing shapes the codes.

    Attributes:
        encoder: h = f(x), a point.
        decoder: p(x|h).
        prior: a normal that `calibrated` fits to codes, so that there is something to sample.
        center, spread: the code that inference gives is z = (h − center) / spread. Training leaves place and size of h
            to chance; `calibrated` sets these two so that codes lie around 0 with a variance of 1, a mean over their
            dimensions.
        optimizer: how the player moves.
        contraction: λ, the weight of the squared Frobenius norm of the encoder's Jacobian; 0 leaves it out.
        corruption: what is done to x before it is encoded; the decoder still has to give the clean x.
    """

    frozen: ClassVar[tuple[str, ...]] = ("prior", "center", "spread")
    n_labels: ClassVar[None] = None
    label_role: ClassVar[LabelRole] = None

    encoder: Conditional
    decoder: Conditional
    prior: FittedNormal
    center: Float[Array, "latent"]
    spread: Float[Array, ""]
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    contraction: float = eqx.field(static=True, default=0.0)
    corruption: Corruption | None = None

    def players(self) -> tuple[Player, ...]:
        """One player, with the contractive term or without."""
        parts = ("encoder", "decoder")
        if not self.contraction:
            return (Player("autoencoder", parts, Autoencoder.reconstruct, self.optimizer),)
        weights = {"contraction": self.contraction}
        return (Player("autoencoder", parts, Autoencoder.reconstruct_and_contract, self.optimizer, weights),)

    def reconstruct(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−E log p(x|h) at h = f(x̃), x̃ being x or its corruption (Vincent et al. 2008, Equation 5)."""
        x = corrupted(self, batch.x, key)
        return self._reconstruction(self.encoder(x, stream(key, "encoder")).mean, batch, key)

    def reconstruct_and_contract(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The same, and ‖∂f/∂x‖² (Rifai et al. 2011, Equations 1 and 7), here by one random projection of it.

        The paper's closed form (Equation 9) is of one hidden layer, whose units are the code. Networks here have any
        depth: an exact Jacobian would cost a backward pass for each dimension of the code in every round, and a mean
        over batches of stochastic gradients loses nothing by an estimate that is right on average.
        """
        h, norm = with_jacobian_norm(
            lambda x: self.encoder(x, stream(key, "encoder")).mean,
            corrupted(self, batch.x, key),
            stream(key, "projection"),
        )
        return self._reconstruction(h, batch, key) | {"contraction": norm}

    def encode(self, x: Float[Array, "batch ..."], y: Any = None) -> Distribution:  # noqa: ARG002
        """Z = (f(x) − center) / spread."""
        return Deterministic((self.encoder(x).mean - self.center) / self.spread)

    def decode(self, z: Float[Array, "batch latent"], y: Any = None) -> Distribution:  # noqa: ARG002
        """p(x|h) at h = center + spread z."""
        return self.decoder(self.center + self.spread * z)

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy that is fitted to these rows: its batch norms, the place and the size of its codes, and its prior."""
        encoder, decoder = calibrated_pair(self.encoder, self.decoder, batch.x, key)
        h = encoder(batch.x).mean
        center, spread = h.mean(axis=0), jnp.sqrt(h.var(axis=0).mean())
        spread = jnp.where(spread > 0, spread, 1.0)
        prior = self.prior.fitted((h - center) / spread)
        return replace(self, encoder=encoder, decoder=decoder, prior=prior, center=center, spread=spread)

    def _reconstruction(self, h: Float[Array, "batch latent"], batch: Batch, key: PRNGKeyArray) -> Terms:
        return {"reconstruction": -self.decoder(h, stream(key, "decoder")).log_prob(batch.x).mean()}
