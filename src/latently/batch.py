"""A batch: what one round of a game is played on."""

from typing import Optional

import equinox as eqx
from jaxtyping import Array, Int, Shaped


class Batch(eqx.Module):
    """Rows drawn from the data, one array a view.

    Attributes:
        views: one array per view, each of shape `[batch, *features]`, already scaled.
        labels: the class of each row, `-1` where it is unknown; `None` when the data has no labels at all.
        labelled: a second, independent draw from the labelled rows alone. With 100 labels in 60,000 rows a uniform
            batch holds none, so a supervised term takes its mean over this draw instead of masking the first.

    Example:
        >>> import jax.numpy as jnp
        >>> Batch(views=(jnp.ones((4, 2)),)).x.shape
        (4, 2)
    """

    views: tuple[Shaped[Array, "batch ..."], ...]
    labels: Int[Array, "batch"] | None = None
    labelled: Optional["Batch"] = None

    @property
    def x(self) -> Shaped[Array, "batch ..."]:
        """The first view: the only one of most models."""
        return self.views[0]

    @property
    def y(self) -> Int[Array, "batch"]:
        """The labels, of a batch that has them.

        Raises:
            ValueError: it has none.
        """
        if self.labels is None:
            raise ValueError("the batch has no labels, but the game learns from them; hand labels to the feed.")
        return self.labels

    @property
    def known(self) -> "Batch":
        """Rows whose labels are known: the second draw, or this one where all rows have a label."""
        return self if self.labelled is None else self.labelled
