"""The FactorVAE, and the β-TCVAE: the total correlation of the codes is a term of its own.

References:
    Kim & Mnih 2018, Disentangling by Factorising, arXiv 1802.05983 (Algorithm 2, permuting codes of the same batch).
    Chen et al. 2018, Isolating Sources of Disentanglement in Variational Autoencoders, arXiv 1802.04942 (Equation 4, of
    which beta is 1 + gamma here; without a critic, Appendices C.1 and C.2).
"""

from typing import ClassVar, Literal, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jax.nn import logsumexp
from jax.scipy.stats import norm
from jaxtyping import Array, Float, PRNGKeyArray

from latently.abilities import Bounds, LabelRole
from latently.game import Batch, History, Player, Terms, Weight
from latently.games.critics import accuracy, collapse_warnings
from latently.games.encoder_decoder import EncoderDecoder
from latently.games.vae import gaussian_divergence, unused_dimensions
from latently.networks import Conditional, Layer
from latently.probability import Corruption, Gaussian, Normal, logistic
from latently.streams import stream

Sampling: TypeAlias = Literal["weighted", "stratified"]


class FactorVAE(EncoderDecoder, Bounds):
    """A VAE whose codes are to have independent dimensions: q(z), over all rows, is to be the product of its marginals.

    Attributes:
        encoder: q(z|x), Gaussian.
        decoder: p(x|z).
        prior: p(z), normal.
        optimizer, critic_optimizer: how the VAE's player and the critic move.
        gamma: the weight of the total correlation, KL(q(z) ‖ ∏ q(z_j)), or its schedule.
        critic: tells codes from those with dimensions permuted over the batch; its logit, log D/(1−D), is their density
            ratio. `None` for the β-TCVAE, which estimates q(z) from the posteriors of the batch.
        sampling: how the β-TCVAE weighs the rows of a batch.
        rows: how many rows there are to learn from, which those weights depend on.
        corruption: what is done to x before it is encoded; the decoder still has to give the clean x.
    """

    n_labels: ClassVar[None] = None
    label_role: ClassVar[LabelRole] = None
    has_densities: ClassVar[bool] = True

    encoder: Conditional
    decoder: Conditional
    prior: Normal
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    critic_optimizer: optax.GradientTransformation = eqx.field(static=True)
    gamma: Weight = eqx.field(static=True)
    critic: Layer | None = None
    sampling: Sampling = eqx.field(static=True, default="weighted")
    rows: int = eqx.field(static=True, default=1)
    corruption: Corruption | None = None

    def players(self) -> tuple[Player, ...]:
        """Critic and VAE, which meet the same codes; the β-TCVAE is a VAE alone."""
        weights = {"total_correlation": self.gamma, "active_dimensions": 0.0}
        vae = Player("vae", ("encoder", "decoder"), FactorVAE.negative_bound, self.optimizer, weights)
        if self.critic is None:
            return (vae,)
        halves = {"codes": 0.5, "permuted_codes": 0.5, "permutation_accuracy": 0.0}
        return Player("critic", ("critic",), FactorVAE.discriminate, self.critic_optimizer, halves), vae

    def negative_bound(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The terms of −L, and the total correlation of the codes (arXiv 1802.05983, Equation 2)."""
        q, z = self._code(batch, key)
        p = self.decoder(z, stream(key, "decoder"))
        log_ratio = batch_log_ratio(q, z, self.rows, self.sampling) if self.critic is None else self.log_ratio(z)
        return {
            "reconstruction": -p.log_prob(batch.x).mean(),
            **gaussian_divergence(q, self.prior),
            "total_correlation": log_ratio.mean(),
        }

    def discriminate(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The critic calls codes real, and codes with permuted dimensions fake (arXiv 1802.05983, Algorithm 2)."""
        _, z = self._code(batch, key)
        both = jnp.concatenate([z, permuted(z, stream(key, "permutation"))])
        real, fake = jnp.split(self.log_ratio(both, stream(key, "critic")), 2)
        return {
            "codes": logistic.real(real),
            "permuted_codes": logistic.fake(fake),
            "permutation_accuracy": accuracy(real, fake),
        }

    def log_ratio(self, z: Float[Array, "rows latent"], key: PRNGKeyArray | None = None) -> Float[Array, "rows"]:
        """The critic's estimate of log q(z) / ∏ q(z_j) of each code; its mean over codes is the total correlation."""
        assert self.critic is not None
        return self.critic(z, key)[:, 0]

    def diagnose(self, history: History) -> tuple[str, ...]:
        """Dimensions that carry nothing; a critic that always wins, or one that never learned."""
        warnings = unused_dimensions(history[-1]["vae/active_dimensions"], self.prior.dim, weighted=False)
        if self.critic is None:
            return warnings
        won = (
            "the critic has told codes from permuted ones from the start (accuracy {:.2f}): the dimensions of the "
            "codes never became independent. Raise {{gamma}}."
        )
        guessed = (
            "the critic has guessed from the start (accuracy 0.50): the codes' dimensions were independent all along, "
            "or it never learned that they are not. Raise {critic_learning_rate}, or widen {critic_hidden}."
        )
        return warnings + collapse_warnings(history, "critic/permutation_accuracy", won, guessed)

    def _code(self, batch: Batch, key: PRNGKeyArray) -> tuple[Gaussian, Float[Array, "batch latent"]]:
        """q(z|x) and a draw of it: the same for both players, and so one computation."""
        q = self.encode_in_training(batch.x, key)
        assert isinstance(q, Gaussian)
        return q, q.sample(stream(key, "code"))


def permuted(z: Float[Array, "rows latent"], key: PRNGKeyArray) -> Float[Array, "rows latent"]:
    """Codes of ∏ q(z_j): each dimension is permuted over the rows, independently (arXiv 1802.05983, Algorithm 1)."""
    return jax.random.permutation(key, z, independent=True)


def batch_log_ratio(
    q: Gaussian, z: Float[Array, "batch latent"], rows: int, sampling: Sampling
) -> Float[Array, "batch"]:
    """The log-ratio of q(z) to ∏ q(z_j) of each code, both estimated from the posteriors of the batch.

    Args:
        q: q(z|x) of each row of the batch, drawn from all rows without replacement.
        z: a draw of each.
        rows: N, how many rows there are in all.
        sampling: `"weighted"` takes each of the M rows for 1/NM (arXiv 1802.04942, Appendix C.1): log-densities are too
            small by up to log N, and the ratio too large; its gradient counts. `"stratified"` takes the row that gave
            the code for 1/N, and the others for the rest (Appendix C.2): the densities are unbiased.
    """
    m = z.shape[0]
    weights = jnp.full((m, m), 1 / (rows * m))
    if sampling == "stratified":
        weights = jnp.where(jnp.eye(m, dtype=bool), 1 / rows, (1 - 1 / rows) / max(m - 1, 1))
    log_q = norm.logpdf(z[:, None], q.mean, q.scale)  # [code, posterior, latent]
    log_joint = logsumexp(log_q.sum(axis=-1), axis=1, b=weights)
    log_marginals = logsumexp(log_q, axis=1, b=weights[..., None])
    return log_joint - log_marginals.sum(axis=-1)
