"""What was done to each of several views, and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import Partial
from jaxtyping import Array, Float, PRNGKeyArray

from latently.data.events import Stored
from latently.data.preprocessing import Preprocessing
from latently.data.rows import DataArgumentError, DataError, Rows, Subset
from latently.data.table_preprocessing import TablePreprocessing
from latently.data.views import Views
from latently.game import Batch, masked


@dataclass(frozen=True, eq=False)
class ViewsPreprocessing:
    """A `Preprocessing` for each view, in the order of the game's views, which reads a `Batch`."""

    views: Mapping[str, Preprocessing]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ViewsPreprocessing) and list(self.views.items()) == list(other.views.items())

    def __hash__(self) -> int:
        return hash(tuple(self.views.items()))

    @property
    def names(self) -> tuple[str, ...]:
        """The views' names, in order."""
        return tuple(self.views)

    @property
    def row_shape(self) -> dict[str, tuple[int, ...]]:
        """The shape of a stored row of each view."""
        return {name: view.row_shape for name, view in self.views.items()}

    @property
    def event_shape(self) -> tuple[tuple[int, ...], ...]:
        """The shape of a row of each view, as a network reads it."""
        return tuple(view.event_shape for view in self.views.values())

    @property
    def n_features(self) -> int:
        """How many numbers a row has in all views."""
        return sum(view.n_features for view in self.views.values())

    @property
    def assumed(self) -> tuple[str, ...]:
        """What was assumed of any of the views."""
        return tuple(dict.fromkeys(sentence for view in self.views.values() for sentence in view.assumed))

    @property
    def reading(self) -> str:
        """What the rows were taken for, in words that follow their number."""
        return "of several views: " + "; ".join(f"{name}, {view.reading}" for name, view in self.views.items())

    @property
    def single(self) -> "ViewsPreprocessing":
        """The same in float32 alone, as of each view."""
        return ViewsPreprocessing({name: view.single for name, view in self.views.items()})

    def __call__(self, rows: Views) -> Batch:
        """Rows as a game reads them, zeros for the views that a row lacks."""
        batch: Batch = self.reads(self.stored(rows))
        return batch

    def stored(self, rows: Views) -> tuple[np.ndarray, ...]:
        """The arrays of some rows, one a view, and beside them which views a row has, as `reads` takes them."""
        arrays = zip(self.views.values(), rows.arrays, strict=True)
        return (*(view.stored(array)[0] for view, array in arrays), np.asarray(rows.present))

    def laid_out(self, rows: Views) -> tuple[Rows, ...]:
        """All rows of each view, whatever their number, as `prepare` takes them."""
        arrays = zip(self.views.values(), rows.arrays, strict=True)
        return tuple(view.laid_out(array)[0] for view, array in arrays)

    @property
    def reads(self) -> Partial:
        """A pure function from `stored` arrays to what a game reads."""
        return Partial(_batch, self.prepare)

    @property
    def writes(self) -> Partial | None:
        """`inverse` as a pure function to rows of each view, in a tuple; `None` where a view has none."""
        each = tuple(view.writes for view in self.views.values())
        return None if None in each else Partial(_write_each, each)

    @property
    def prepare(self) -> Partial:
        """A function from stored arrays, one a view, and a key to what a game reads, each scaled as its own."""
        return Partial(_each, tuple(view.prepare for view in self.views.values()))

    def template(self, rows: int) -> Batch:
        """A batch of the shapes that a game reads."""
        views = tuple(jnp.zeros((rows, *shape)) for shape in self.event_shape)
        return Batch(views, present=jnp.ones((rows, len(views)), bool))

    def inverse(self, x: tuple[Any, ...]) -> dict[str, np.ndarray]:
        """Name → rows in the units, the shape and the type of that view."""
        return {name: view.inverse(each) for (name, view), each in zip(self.views.items(), x, strict=False)}

    def check(self, X: Views, owner: str = "Preprocessing", *, noisy: bool = False) -> Views:
        """As `Preprocessing.check`, for each view where it is present; they must be the views that were fitted."""
        if X.names != self.names:
            found, wanted = ", ".join(X.names), ", ".join(self.names)
            raise DataArgumentError("X", f"has the views {found}; {owner} was fitted on {wanted}")
        for name, view in self.views.items():
            rows = np.flatnonzero(~X.lacking(name))
            if len(rows):
                view.check(Subset(X.view(name), rows), f"view {name!r} of {owner}", noisy=noisy)
        return X

    def to_config(self) -> dict[str, Any]:
        """All fields as JSON-able values."""
        return {"views": {name: view.to_config() for name, view in self.views.items()}}


def _each(
    prepare: tuple[Partial, ...], stored: tuple[Stored, ...], key: PRNGKeyArray | None = None
) -> tuple[Float[Array, "batch ..."], ...]:
    keys = [None] * len(stored) if key is None else jax.random.split(key, len(stored))
    return tuple(view((array,), each)[0] for view, array, each in zip(prepare, stored, keys, strict=True))


def _batch(prepare: Partial, stored: tuple[Stored, ...]) -> Batch:
    *views, present = stored
    return Batch(masked(prepare(tuple(views)), jnp.asarray(present)), present=jnp.asarray(present))


def _write_each(writes: tuple[Partial, ...], x: tuple[Any, ...]) -> tuple[Array, ...]:
    return tuple(write(each) for write, each in zip(writes, x, strict=False))


def preprocessing_from_config(config: Mapping[str, Any]) -> Preprocessing | TablePreprocessing | ViewsPreprocessing:
    """What `to_config` of any kind wrote, checked."""
    if "columns" in config:
        return TablePreprocessing.from_config(config)
    if "views" not in config:
        return Preprocessing.from_config(config)
    if set(config) != {"views"} or not isinstance(config["views"], Mapping) or not config["views"]:
        raise DataError("a preprocessing config of several views must have the field 'views' alone, with one or more.")
    return ViewsPreprocessing({name: Preprocessing.from_config(view) for name, view in config["views"].items()})
