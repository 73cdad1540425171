"""Corruption of inputs, for models that learn to undo it."""

import abc
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from latently.errors import ArgumentError, did_you_mean


class Corruption(eqx.Module):
    """Maps clean rows and a key to noisy rows of the same shape."""

    @abc.abstractmethod
    def __call__(self, x: Float[Array, "batch *event"], key: PRNGKeyArray) -> Float[Array, "batch *event"]:
        """The rows of `x`, corrupted independently."""


class GaussianNoise(Corruption):
    """Adds N(0, scale²) to every element.

    Args:
        scale: standard deviation, in the units of the rows.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> GaussianNoise(0.0)(jnp.ones((1, 2)), jax.random.key(0)).tolist()
        [[1.0, 1.0]]
    """

    scale: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not self.scale >= 0:
            raise ValueError(f"scale must be at least 0; got scale={self.scale!r}.")

    def __call__(self, x: Float[Array, "batch *event"], key: PRNGKeyArray) -> Float[Array, "batch *event"]:
        """The rows, noise added."""
        return x + self.scale * jax.random.normal(key, x.shape, x.dtype)


class _OfSomeElements(Corruption):
    """Changes each element with a probability."""

    probability: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError(f"probability must be in [0, 1]; got probability={self.probability!r}.")


class MaskingNoise(_OfSomeElements):
    """Sets each element to 0 with a probability.

    Args:
        probability: share of the elements that are lost, in [0, 1].

    References:
        Extracting and Composing Robust Features with Denoising Autoencoders, Vincent et al. 2008,
        https://doi.org/10.1145/1390156.1390294

    Example:
        >>> import jax, jax.numpy as jnp
        >>> MaskingNoise(1.0)(jnp.ones((1, 2)), jax.random.key(0)).tolist()
        [[0.0, 0.0]]
    """

    def __call__(self, x: Float[Array, "batch *event"], key: PRNGKeyArray) -> Float[Array, "batch *event"]:
        """The rows, some elements 0."""
        return jnp.where(jax.random.bernoulli(key, self.probability, x.shape), 0, x)


class HiddenCells(_OfSomeElements):
    """Hides each cell of a table with a probability: all elements of it are missing (NaN).

    Args:
        probability: share of the cells that are hidden, in [0, 1].
        widths: the number of elements of each cell of a row.

    References:
        Ivanov, Figurnov & Vetrov 2019, Variational autoencoder with arbitrary conditioning, arXiv 1806.02382.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> HiddenCells(1.0, (1, 2))(jnp.ones((1, 3)), jax.random.key(0)).tolist()
        [[nan, nan, nan]]
    """

    widths: tuple[int, ...] = eqx.field(static=True)

    def __call__(self, x: Float[Array, "batch *event"], key: PRNGKeyArray) -> Float[Array, "batch *event"]:
        """The rows, some cells missing."""
        hidden = jax.random.bernoulli(key, self.probability, (x.shape[0], len(self.widths)))
        return _without(x, hidden, self.widths)


class HiddenConditions(Corruption):
    """Hides conditions of some rows: all of them in one half of these rows, each by a coin in the other.

    A network that has met rows with some conditions hidden can be told any of them, and leaves the others to the code.

    Args:
        widths: the number of elements of each condition.
        share: of the rows, in [0, 1].

    References:
        Ho & Salimans 2022, Classifier-free diffusion guidance, arXiv 2207.12598: one network that learns with and
        without its condition, which is hidden in 10 to 20 % of the rows (Section 3.2).

    Example:
        >>> import jax, jax.numpy as jnp
        >>> told = HiddenConditions((1, 2), share=0.4)(jnp.ones((1000, 3)), jax.random.key(0))
        >>> known = ~jnp.isnan(told[:, 1:])
        >>> bool((known[:, 0] == known[:, 1]).all()), round(known[:, 0].mean().item(), 1)
        (True, 0.7)
    """

    widths: tuple[int, ...] = eqx.field(static=True)
    share: float = eqx.field(static=True)

    def __call__(self, x: Float[Array, "batch *event"], key: PRNGKeyArray) -> Float[Array, "batch *event"]:
        """The conditions, some of them missing (NaN)."""
        of_rows, of_cells = jax.random.split(key)
        u = jax.random.uniform(of_rows, (x.shape[0], 1))
        rate = jnp.where(u < self.share / 2, 1.0, jnp.where(u < self.share, 0.5, 0.0))
        hidden = jax.random.uniform(of_cells, (x.shape[0], len(self.widths))) < rate
        return _without(x, hidden, self.widths)


class SaltAndPepperNoise(_OfSomeElements):
    """Sets each element to the lowest or the highest value, half and half, with a probability.

    Args:
        probability: share of the elements that are replaced, in [0, 1].
        low: the value of pepper.
        high: the value of salt.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> noisy = SaltAndPepperNoise(1.0)(jnp.full((50, 2), 0.5), jax.random.key(0))
        >>> sorted(set(noisy.ravel().tolist()))
        [0.0, 1.0]
    """

    low: float = eqx.field(static=True, default=0.0)
    high: float = eqx.field(static=True, default=1.0)

    def __call__(self, x: Float[Array, "batch *event"], key: PRNGKeyArray) -> Float[Array, "batch *event"]:
        """The rows, some elements at one end or the other."""
        # One uniform draw decides both: below probability/2 is pepper, from there to probability is salt.
        u = jax.random.uniform(key, x.shape, x.dtype)
        return jnp.where(u < self.probability / 2, self.low, jnp.where(u < self.probability, self.high, x))


class EachView(eqx.Module):
    """Corrupts several views, each in its own way.

    Args:
        corruptions: one a view.

    Example:
        >>> import jax, jax.numpy as jnp
        >>> lose_second = EachView((MaskingNoise(0.0), MaskingNoise(1.0)))
        >>> [view.tolist() for view in lose_second((jnp.ones((1, 2)), jnp.ones((1, 1))), jax.random.key(0))]
        [[[1.0, 1.0]], [[0.0]]]
    """

    corruptions: tuple[Corruption, ...]

    def __call__(
        self, views: tuple[Float[Array, "batch ..."], ...], key: PRNGKeyArray
    ) -> tuple[Float[Array, "batch ..."], ...]:
        """The views, corrupted independently."""
        keys = jax.random.split(key, len(self.corruptions))
        return tuple(noise(x, each) for noise, x, each in zip(self.corruptions, views, keys, strict=True))


def _without(
    x: Float[Array, "batch elements"], hidden: Bool[Array, "batch cells"], widths: tuple[int, ...]
) -> Float[Array, "batch elements"]:
    """Rows without the cells that are hidden: each is missing in all of its elements."""
    return jnp.where(jnp.repeat(hidden, jnp.array(widths), axis=1, total_repeat_length=x.shape[1]), jnp.nan, x)


CORRUPTIONS: dict[str, Callable[[float], Corruption]] = {
    "gaussian": GaussianNoise,
    "masking": MaskingNoise,
    "salt-and-pepper": SaltAndPepperNoise,
}


def make_corruption(description: str | None) -> Corruption | None:
    """The corruption that a short description names.

    Args:
        description: `"gaussian:0.3"` (standard deviation), `"masking:0.25"` or `"salt-and-pepper:0.1"` (probability);
            `None` for none.

    Raises:
        ArgumentError: for any other text.

    Example:
        >>> make_corruption("masking:0.25")
        MaskingNoise(probability=0.25)
        >>> make_corruption(None) is None
        True
    """
    if description is None:
        return None
    name, _, amount = description.partition(":")
    try:
        return CORRUPTIONS[name](float(amount))
    except (KeyError, ValueError) as error:
        raise ArgumentError(
            "corruption",
            'must be "gaussian:SCALE", "masking:PROBABILITY" or "salt-and-pepper:PROBABILITY", with a scale of at '
            "least 0 and a probability in [0, 1]",
            description,
            did_you_mean(name, list(CORRUPTIONS)).strip(),
        ) from error
