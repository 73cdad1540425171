"""Lower bounds on log p(x), in nats."""

import math

import jax
from jaxtyping import Array, Float


def elbo(log_likelihood: Float[Array, "batch"], kl: Float[Array, "batch"]) -> Float[Array, "batch"]:
    r"""Evidence lower bound, $E_q[\log p(x|z)] - KL(q(z|x) ‖ p(z)) \le \log p(x)$.

    Arguments:
        log_likelihood: log p(x|z) at a draw of q, or its mean over draws, `[batch]`.
        kl: KL(q(z|x) ‖ p(z)), `[batch]`.

    References:
        Auto-Encoding Variational Bayes, Kingma & Welling 2013, https://arxiv.org/abs/1312.6114 (equation 3)

    Example:
        >>> import jax.numpy as jnp
        >>> elbo(jnp.array([-90.0]), jnp.array([20.0])).tolist()
        [-110.0]
    """
    return log_likelihood - kl


def importance_weighted_bound(log_weights: Float[Array, "k batch"]) -> Float[Array, "batch"]:
    r"""Importance-weighted bound, $\log \frac1k \sum_{i=1}^k w_i$ with $w_i = p(x, z_i) / q(z_i|x)$.

    Its expectation is the evidence lower bound for k = 1, grows with k, and tends to log p(x).

    Arguments:
        log_weights: log p(x|z) + log p(z) - log q(z|x) at k independent draws of q, `[k, batch]`. All k are used.

    References:
        Importance Weighted Autoencoders, Burda et al. 2015, https://arxiv.org/abs/1509.00519 (equation 8)

    Example:
        >>> import jax.numpy as jnp
        >>> float(importance_weighted_bound(jnp.log(jnp.array([[1.0], [3.0]])))[0])  # log 2
        0.693...
    """
    return jax.nn.logsumexp(log_weights, axis=0) - math.log(log_weights.shape[0])
