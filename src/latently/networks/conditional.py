"""A network whose output is a distribution: the encoder q(z|x), the decoder p(x|z)."""

from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from latently.networks.layers import Layer, condition, cross_condition
from latently.probability import Distribution, Head, Implicit


class Conditional(eqx.Module):
    """A conditional distribution: a network, and the head that makes a distribution of its output.

    With `noise_dim > 0` the distribution is implicit (Makhzani et al. 2015, Section 2, "universal approximator
    posterior"): the network is fed `noise_dim` standard normal numbers besides its input, and the head is not asked for
    a density.

    Example:
        >>> import jax
        >>> from latently.networks import Conditional, mlp
        >>> from latently.probability import GaussianHead
        >>> key = jax.random.key(0)
        >>> encoder = Conditional(mlp(4, (8,), 2 * 3, key), GaussianHead(scale="exp"))
        >>> encoder(jax.numpy.ones((5, 4))).sample(key).shape
        (5, 3)
    """

    network: Layer
    head: Head
    noise_dim: int = eqx.field(static=True, default=0)

    def __call__(self, given: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Distribution:
        """The distribution given each row; `key=None` means inference (no dropout, no input noise)."""
        if self.noise_dim:
            return Implicit(self.network if key is not None else _Inference(self.network), given, self.noise_dim)
        return self.head(self.network(given, key))

    def crossed(
        self, x: Float[Array, "rows ..."], y: Float[Array, "*each k facts"], key: PRNGKeyArray | None = None
    ) -> Distribution:
        """The distribution given every row of x conditioned on every row of y, or of its own y, x by x."""
        if self.noise_dim:
            return self(cross_condition(x, y), key)
        return self.head(self.network.crossed(x, y, key))

    def calibrated(self, given: Float[Array, "batch ..."], key: PRNGKeyArray) -> tuple[Self, Distribution]:
        """A copy whose batch norms hold the statistics of these rows, and its distribution given them."""
        rows = given
        if self.noise_dim:
            noise = jax.random.normal(key, (given.shape[0], self.noise_dim), given.dtype)
            rows = jnp.concatenate([given.reshape(given.shape[0], -1), noise], axis=1)
        network, _ = self.network.calibrated(rows)
        conditional = eqx.tree_at(lambda conditional: conditional.network, self, network)
        return conditional, conditional(given)


class _Inference(Layer):
    """A network that is never told a key: its dropout and its input noise rest."""

    network: Layer

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        return self.network(x)


class LabelProduct(Layer):
    """Noise times an embedding of the label, feature by feature: what a generator that is told the class begins with.

    It takes what `condition` makes of noise and a one-hot label.
    """

    embedding: Float[Array, "labels features"]

    def __init__(self, labels: int, features: int, key: PRNGKeyArray) -> None:
        self.embedding = jax.random.normal(key, (labels, features))

    def __call__(
        self, x: Float[Array, "batch both"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch features"]:
        """Noise times the label's embedding."""
        noise, label = jnp.split(x, (self.embedding.shape[1],), axis=1)
        return noise * (label @ self.embedding)


def calibrated_pair(
    encoder: Conditional,
    decoder: Conditional,
    x: Float[Array, "batch ..."],
    key: PRNGKeyArray,
    y: Float[Array, "batch facts"] | None = None,
    *,
    encoder_knows: bool = True,
) -> tuple[Conditional, Conditional]:
    """An encoder and a decoder whose batch norms hold the statistics of these rows and of codes drawn for them.

    The decoder is conditioned on the code and on `y`; where `encoder_knows`, the encoder is conditioned on `y`, too.
    """
    encoder_key, sample_key, decoder_key = jax.random.split(key, 3)
    given = x if y is None or not encoder_knows else condition(x, y)
    encoder, posterior = encoder.calibrated(given, encoder_key)
    z = posterior.sample(sample_key)
    decoder, _ = decoder.calibrated(z if y is None else condition(z, y), decoder_key)
    return encoder, decoder
