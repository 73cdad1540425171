"""A batch: what one round of a game is played on."""

from typing import Optional

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Shaped


class Batch(eqx.Module):
    """Rows drawn from the data, one array a view.

    Attributes:
        views: one array per view, each of shape `[batch, *features]`, already scaled.
        labels: the class of each row, `-1` where it is unknown; `None` when the data has no labels at all.
        labelled: a second, independent draw from the labelled rows alone. With 100 labels in 60,000 rows a uniform
            batch holds none, so a supervised term takes its mean over this draw instead of masking the first.
        present: which views each row has, where rows may lack some; the rows of a view that is not present are zeros.

    Example:
        >>> import jax.numpy as jnp
        >>> Batch(views=(jnp.ones((4, 2)),)).x.shape
        (4, 2)
    """

    views: tuple[Shaped[Array, "batch ..."], ...]
    labels: Int[Array, "batch"] | None = None
    labelled: Optional["Batch"] = None
    present: Bool[Array, "batch views"] | None = None

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

    @property
    def has(self) -> Bool[Array, "batch views"]:
        """Which views each row has."""
        return jnp.ones((len(self.x), len(self.views)), bool) if self.present is None else self.present


def masked(
    views: tuple[Float[Array, "batch ..."], ...], present: Bool[Array, "batch views"]
) -> tuple[Float[Array, "batch ..."], ...]:
    """Views with zeros in the place of what a row lacks, whatever stands there.

    Example:
        >>> import jax.numpy as jnp
        >>> [view.tolist() for view in masked((jnp.full((2, 1), jnp.nan),), jnp.array([[True], [False]]))]
        [[[nan], [0.0]]]
    """
    columns = (present[:, place].reshape(-1, *[1] * (x.ndim - 1)) for place, x in enumerate(views))
    return tuple(jnp.where(column, x, 0.0) for column, x in zip(columns, views, strict=True))
