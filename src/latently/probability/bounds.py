"""What variational inference takes: divergences KL(q ‖ p) in closed form, and lower bounds on log p(x), in nats."""

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from latently.probability.distribution import Distribution, sum_event
from latently.probability.likelihoods import Gaussian
from latently.probability.priors.base import Prior
from latently.probability.priors.unimodal import Normal


def elbo(log_likelihood: Float[Array, "batch"], kl: Float[Array, "batch"]) -> Float[Array, "batch"]:
    r"""Evidence lower bound, $E_q[\log p(x|z)] - KL(q(z|x) ‖ p(z)) \le \log p(x)$.

    Args:
        log_likelihood: log p(x|z) at a draw of q, or its mean over draws, `[batch]`.
        kl: KL(q(z|x) ‖ p(z)), `[batch]`.

    References:
        Auto-Encoding Variational Bayes, Kingma & Welling 2013, https://arxiv.org/abs/1312.6114 (equation 3)
    """
    return log_likelihood - kl


def importance_weighted_bound(log_weights: Float[Array, "k batch"]) -> Float[Array, "batch"]:
    r"""Importance-weighted bound, $\log \frac1k \sum_{i=1}^k w_i$ with $w_i = p(x, z_i) / q(z_i|x)$.

    Its expectation is the evidence lower bound for k = 1, grows with k, and tends to log p(x).

    Args:
        log_weights: log p(x|z) + log p(z) - log q(z|x) at k independent draws of q, `[k, batch]`. All k are used.

    References:
        Importance Weighted Autoencoders, Burda et al. 2015, https://arxiv.org/abs/1509.00519 (equation 8)

    Example:
        >>> import jax.numpy as jnp
        >>> float(importance_weighted_bound(jnp.log(jnp.array([[1.0], [3.0]])))[0])  # log 2
        0.693...
    """
    return jax.nn.logsumexp(log_weights, axis=0) - math.log(log_weights.shape[0])


def kl_per_dimension(q: Distribution, p: Prior | Distribution) -> Float[Array, "batch *event"]:
    r"""KL(q ‖ p) of each dimension in nats.

    $$\log \frac{\sigma_p}{\sigma_q} + \frac{\sigma_q^2 + (\mu_q - \mu_p)^2}{2 \sigma_p^2} - \frac12$$

    A dimension whose value is about zero over the whole data set carries nothing: the posterior has collapsed there.

    Args:
        q: a Gaussian.
        p: a `Normal` prior, or another Gaussian over events of the same shape.

    Raises:
        NotImplementedError: for any other pair.
        ValueError: when the dimensions of q and p differ.

    Example:
        >>> import jax.numpy as jnp
        >>> from latently.probability import Gaussian, Normal
        >>> kl_per_dimension(Gaussian(jnp.array([[1.0, 0.0]]), 1.0), Normal(2)).tolist()
        [[0.5, 0.0]]
    """
    if not (isinstance(q, Gaussian) and isinstance(p, Gaussian | Normal)):
        raise NotImplementedError(
            f"KL({type(q).__name__} ‖ {type(p).__name__}) has no closed form here; known are Gaussian ‖ Normal and "
            "Gaussian ‖ Gaussian. Estimate it from samples, or match the two with an adversary."
        )
    if isinstance(p, Normal):
        if q.mean.shape[1:] != (p.dim,):
            raise ValueError(f"q must have codes of the prior's dimension, dim={p.dim}; got shape {q.mean.shape}.")
        mean, scale = jnp.zeros((), q.mean.dtype), jnp.asarray(p.scale, q.mean.dtype)
    else:
        if q.mean.shape != p.mean.shape:
            raise ValueError(f"q and p must have rows of one shape; got {q.mean.shape} and {p.mean.shape}.")
        mean, scale = p.mean, p.scale
    ratio, shift = q.scale / scale, (q.mean - mean) / scale
    return 0.5 * (ratio**2 + shift**2 - 1) - jnp.log(ratio)


def kl(q: Distribution, p: Prior | Distribution) -> Float[Array, "batch"]:
    """KL(q ‖ p) of each row in nats: the sum over the dimensions of `kl_per_dimension`, for the same pairs.

    References:
        Auto-Encoding Variational Bayes, Kingma & Welling 2013, https://arxiv.org/abs/1312.6114 (appendix B)
    """
    return sum_event(kl_per_dimension(q, p))
