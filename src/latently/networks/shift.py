"""Images moved about in training, so that a network learns not to mind where they are."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.networks.layers import Layer


class Shift(Layer):
    """Moves every image by up to so many pixels each way, its border drawn on; without a key, nothing happens.

    Example:
        >>> x = jnp.zeros((1, 3, 3, 1)).at[0, 1, 1].set(1.0)
        >>> float(Shift(1)(x, jax.random.key(0)).sum()), bool((Shift(1)(x) == x).all())
        (1.0, True)
    """

    pixels: int = eqx.field(static=True)

    def __call__(
        self, x: Float[Array, "batch height width channels"], key: PRNGKeyArray | None = None
    ) -> Float[Array, "batch height width channels"]:
        if key is None or self.pixels == 0:
            return x
        border = (self.pixels, self.pixels)
        padded = jnp.pad(x, ((0, 0), border, border, (0, 0)), mode="edge")
        corners = jax.random.randint(key, (len(x), 2), 0, 2 * self.pixels + 1)

        def cut(image: Float[Array, "_ _ channels"], corner: Int[Array, "2"]) -> Float[Array, "height width channels"]:
            return jax.lax.dynamic_slice(image, (corner[0], corner[1], 0), x.shape[1:])

        return jax.vmap(cut)(padded, corners)
