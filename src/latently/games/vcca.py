"""Variational canonical correlation analysis: several views, one shared code, perhaps a private code for each view.

References:
    Wang, Yan, Lee & Livescu 2016, Deep Variational Canonical Correlation Analysis, arXiv 1610.03454: z is inferred from
    one view and has to explain all of them (VCCA); the bounds of several such views are averaged (bi-VCCA); what a view
    has for itself goes into a code of its own (VCCA-private).
"""

import equinox as eqx
import jax.numpy as jnp
import optax
from jaxtyping import PRNGKeyArray

from latently.game import Batch, History, Player, Terms, Weight
from latently.games.several_views import SeveralViews, codes_of, log_likelihoods, masked_mean
from latently.games.vae import unused_dimensions, used_dimensions
from latently.networks import Conditional
from latently.networks.regularization import Dropout
from latently.probability import EachView, Experts, Normal, kl_per_dimension
from latently.streams import stream


class VCCA(SeveralViews):
    """One player raises a lower bound on log p(x₁, x₂, …), averaged over the origins o that a code may come from.

    It is E[Σᵥ log p(xᵥ|z, hᵥ)] − KL(q(z|o) ‖ p(z)) − Σᵥ KL(q(hᵥ|xᵥ) ‖ p(hᵥ)), over the views v that a row has.

    Attributes:
        encoders: q(z|xᵥ), one a view; `None` for a view that no code is inferred from.
        joint: q(z|x₁, x₂, …), fed all views, flattened side by side; `None` for none.
        decoders: p(xᵥ|z), or p(xᵥ|z, hᵥ), one a view.
        prior: p(z).
        optimizer: how the player moves.
        names: the views' names.
        private: q(hᵥ|xᵥ), one a view, against N(0, I); none for a game without private codes.
        private_dim: dimensions of a private code.
        beta: the weight of the KL terms, or its schedule (warm-up).
        code_dropout: the probability that a dimension of z is dropped before it is decoded in training.
        corruption: what is done to the views before they are encoded.
        experts: of the views, whose product is the code; a round's codes then come from some of the views, drawn for
            each row. `None`: the mean of the views' codes, and in a round codes of each view alone.
    """

    encoders: tuple[Conditional | None, ...]
    joint: Conditional | None
    decoders: tuple[Conditional, ...]
    prior: Normal
    optimizer: optax.GradientTransformation = eqx.field(static=True)
    names: tuple[str, ...] = eqx.field(static=True)
    private: tuple[Conditional, ...] = ()
    private_dim: int = eqx.field(static=True, default=0)
    beta: Weight = eqx.field(static=True, default=1.0)
    code_dropout: float = eqx.field(static=True, default=0.0)
    corruption: EachView | None = None
    experts: Experts | None = None

    def players(self) -> tuple[Player, ...]:
        """One player, on the bounds of all origins."""
        share = 1 / len(self.origins)
        weights: dict[str, Weight] = {f"reconstruction_from_{origin}": share for origin in self.origins}
        weights |= {f"kl_from_{origin}": _times(self.beta, share) for origin in self.origins}
        weights |= {f"private_kl_of_{name}": self.beta for name in self.names if self.private}
        weights["active_dimensions"] = 0.0
        parts = ("encoders", "decoders", *("joint",) * (self.joint is not None), *("private",) * bool(self.private))
        parts += ("experts",) * (self.experts is not None)
        return (Player("vcca", parts, VCCA.negative_bounds, self.optimizer, weights),)

    def negative_bounds(self, batch: Batch, key: PRNGKeyArray) -> Terms:
        """The terms of −L for each origin, with one reparameterised sample, in nats.

        The private codes of a row are the same for all origins, and so their divergence is one term, the mean of what
        it is in the bounds of the origins.
        """
        seen = self.corrupted(batch, key)
        posteriors, private = self.posteriors(seen, key), self.private_posteriors(seen, key)
        codes = codes_of(posteriors, key)
        own = [q.sample(stream(key, f"private code of {name}")) for name, q in zip(self.names, private, strict=False)]
        z = Dropout(self.code_dropout)(jnp.concatenate(codes), stream(key, "code dropout"))
        p = self.decode_in_training(z, key, [jnp.concatenate([h] * len(codes)) for h in own])
        terms: Terms = {}
        used = []
        for (origin, q, present), log_p in zip(posteriors, log_likelihoods(p, batch, len(codes)), strict=True):
            kl = masked_mean(kl_per_dimension(q, self.prior), present)
            used.append(kl)
            terms[f"reconstruction_from_{origin}"] = -masked_mean(log_p, present)
            terms[f"kl_from_{origin}"] = kl.sum()
        for name, q, has in zip(self.names, private, batch.has.T, strict=False):
            kl = kl_per_dimension(q, Normal(self.private_dim)).sum(axis=1) * has
            terms[f"private_kl_of_{name}"] = jnp.stack([masked_mean(kl, each.present) for each in posteriors]).mean()
        return {**terms, "active_dimensions": used_dimensions(jnp.stack(used).mean(axis=0))}

    def diagnose(self, history: History) -> tuple[str, ...]:
        """Posterior collapse: dimensions of the shared code whose posterior has fallen back onto the prior."""
        return unused_dimensions(history[-1].get("vcca/active_dimensions"), self.prior.dim)


def _times(weight: Weight, factor: float) -> Weight:
    return (lambda round_: factor * weight(round_)) if callable(weight) else factor * weight
