"""Kullback-Leibler divergences in closed form."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from latently.probability.distribution import Distribution, sum_event
from latently.probability.likelihoods import Gaussian
from latently.probability.priors import Normal, Prior


def kl_per_dimension(q: Distribution, p: Prior | Distribution) -> Float[Array, "batch *event"]:
    r"""KL(q ‖ p) of each dimension in nats.

    $$\log \frac{\sigma_p}{\sigma_q} + \frac{\sigma_q^2 + (\mu_q - \mu_p)^2}{2 \sigma_p^2} - \frac12$$

    A dimension whose value is about zero over the whole data set carries nothing: the posterior has collapsed there.

    Arguments:
        q: a Gaussian.
        p: a `Normal` prior, or another Gaussian over events of the same shape.

    Returns:
        One value per row and dimension, `[batch, *event]`.

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
    """KL(q ‖ p) of each row in nats: the sum of `kl_per_dimension`.

    Arguments:
        q: a Gaussian.
        p: a `Normal` prior, or another Gaussian over events of the same shape.

    Returns:
        One value per row, `[batch]`.

    Raises:
        NotImplementedError: for a pair without a closed form.
        ValueError: when the dimensions of q and p differ.

    References:
        Auto-Encoding Variational Bayes, Kingma & Welling 2013, https://arxiv.org/abs/1312.6114 (appendix B)

    Example:
        >>> import jax.numpy as jnp
        >>> from latently.probability import Gaussian, Normal
        >>> kl(Gaussian(jnp.array([[1.0, 1.0]]), 1.0), Normal(2)).tolist()
        [1.0]
    """
    return sum_event(kl_per_dimension(q, p))
