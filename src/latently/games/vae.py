"""The variational autoencoder.

References:
    Kingma & Welling 2013, Auto-Encoding Variational Bayes, arXiv 1312.6114.
    Higgins et al. 2017, beta-VAE (the weight of the KL term).
    Burda et al. 2015, Importance Weighted Autoencoders, arXiv 1509.00519 (`importance_samples` > 1).
    Im et al. 2015, Denoising Criterion for Variational Auto-encoding Framework, arXiv 1511.06406 (`corruption`).
"""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Bounds, LabelRole
from latently.game import Batch, History, Player, Terms, Weight
from latently.games.encoder_decoder import EncoderDecoder
from latently.networks import Conditional
from latently.probability import (
    Corruption,
    Distribution,
    Gaussian,
    Normal,
    Prior,
    importance_weighted_bound,
    kl_per_dimension,
)
from latently.streams import stream

UNUSED_NATS = 0.01
"""A latent dimension whose mean KL divergence from the prior is below this many nats carries nothing."""


class VAE(EncoderDecoder, Bounds):
    """One player moves the encoder q(z|x) and the decoder p(x|z) to raise a lower bound on log p(x).

    Attributes:
        encoder: q(z|x).
        decoder: p(x|z).
        prior: p(z); it must have a density.
        optimizer: how the player moves.
        beta: the weight of the KL term, or its schedule (warm-up). It does not apply to the importance-weighted bound.
        importance_samples: 1 for the evidence lower bound, k > 1 for the importance-weighted bound with k samples.
        corruption: what is done to x before it is encoded; the decoder still has to give the clean x.
    """

    n_labels: ClassVar[None] = None
    label_role: ClassVar[LabelRole] = None
    has_densities: ClassVar[bool] = True

    encoder: Conditional
    decoder: Conditional
    prior: Prior
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    beta: Weight = eqx.field(static=True, default=1.0)
    importance_samples: int = eqx.field(static=True, default=1)
    corruption: Corruption | None = None

    def players(self) -> tuple[Player, ...]:
        """One player, on one of the two bounds."""
        parts = ("encoder", "decoder")
        if self.importance_samples > 1:
            return (Player("vae", parts, VAE.negative_importance_bound, self.optimizer),)
        weights = {"kl": self.beta, "active_dimensions": 0.0}
        return (Player("vae", parts, VAE.negative_evidence_bound, self.optimizer, weights),)

    def negative_evidence_bound(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The two terms of −L, with one reparameterised sample (arXiv 1312.6114, Equation 7)."""
        q = self.encode_in_training(batch.x, key)
        z = q.sample(stream(key, "code"))
        p = self.decoder(z, stream(key, "decoder"))
        return {"reconstruction": -p.log_prob(batch.x).mean(), **self._divergence(q, z)}

    def negative_importance_bound(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """−L_k = −E log 1/k Σᵢ p(x, zᵢ) / q(zᵢ|x) (arXiv 1509.00519, Equation 8)."""
        k, rows = self.importance_samples, batch.x.shape[0]
        q = self.encode_in_training(batch.x, key).repeat(k)
        z = q.sample(stream(key, "code"))
        log_likelihood = self.decoder(z, stream(key, "decoder")).log_prob(jnp.repeat(batch.x, k, axis=0))
        log_weights = (log_likelihood + self.prior.log_prob(z) - q.log_prob(z)).reshape(rows, k).T
        return {"importance_bound": -importance_weighted_bound(log_weights).mean()}

    def diagnose(self, history: History) -> tuple[str, ...]:
        """Posterior collapse: dimensions whose posterior has fallen back onto the prior."""
        return unused_dimensions(history[-1].get("vae/active_dimensions"), self.prior.dim)

    def _divergence(self, q: Distribution, z: Float[Array, "batch latent"]) -> Terms:
        """KL(q(z|x) ‖ p(z)): closed for two Gaussians (arXiv 1312.6114, Appendix B), else from the sample."""
        if isinstance(q, Gaussian) and isinstance(self.prior, Normal):
            return gaussian_divergence(q, self.prior)
        kl = (q.log_prob(z) - self.prior.log_prob(z)).mean()
        return {"kl": kl, "active_dimensions": jnp.asarray(float(self.prior.dim))}


def gaussian_divergence(q: Distribution, prior: Normal) -> Terms:
    """KL(q(z|x) ‖ p(z)) of Gaussians in nats (arXiv 1312.6114, Appendix B), and how many dimensions carry something."""
    kl = kl_per_dimension(q, prior).mean(axis=0)
    return {"kl": kl.sum(), "active_dimensions": used_dimensions(kl)}


def used_dimensions(kl: Float[Array, "latent"]) -> Float[Array, ""]:
    """How many dimensions carry something, by the mean KL divergence of each in nats."""
    return (kl > UNUSED_NATS).sum().astype(float)


def unused_dimensions(active: float | None, total: int, *, weighted: bool = True) -> tuple[str, ...]:
    """A warning, in words, where not all dimensions are active; arguments are marked as in `latently.errors`.

    Args:
        active: how many carry something; `None`: it is not known.
        total: how many there are.
        weighted: whether the KL term has a weight that can be made smaller.
    """
    if active is None or round(active) >= total:
        return ()
    otherwise = ", or try a warm-up or a smaller {beta}" if weighted else ""
    return (
        f"{total - round(active)} of {total} latent dimensions are unused (their KL divergence in the last "
        f"training batches is below {UNUSED_NATS} nats): a smaller {{latent_dim}} would do as well{otherwise}.",
    )
