"""Several local devices that share each batch."""

from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Int, PyTree

from latently.errors import ArgumentError
from latently.training.feed import Chunk, Feed


class Devices:
    """Where a run's arrays lie: the state and the data on every device, a batch split between them.

    The compiler does the rest: each device computes on its share of the rows, and sums are taken over all of them.

    Attributes:
        everywhere: the sharding of what every device holds, `None` where there is only one.
    """

    def __init__(self, number: int, feed: Feed) -> None:
        found = jax.local_devices()
        if not 1 <= number <= len(found):
            raise ArgumentError("devices", f"must be between 1 and the {len(found)} found here", number)
        if feed.batch_size % number:
            rule = f"must divide the {feed.batch_size} rows of a batch, which they share equally"
            remedy = "Use a {batch_size} that is a multiple of it, no larger than the data."
            raise ArgumentError("devices", rule, number, remedy)
        self.number, self._stays = number, feed.resident
        mesh = jax.sharding.Mesh(np.asarray(found[:number]), ("data",))
        everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
        self.everywhere = everywhere if number > 1 else None
        self._split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(None, "data"))
        self._data: Any = None

    def place_state(self, state: PyTree) -> PyTree:
        """A copy of the state on every device."""
        return state if self.number == 1 else jax.device_put(state, self.everywhere)

    def place(self, chunk: Chunk) -> Chunk:
        """The data of a chunk on every device (once, where it is the same for all chunks), its draws split."""
        if self.number == 1:
            return chunk
        if self._data is None or not self._stays:
            self._data = jax.device_put((chunk.views, chunk.labels, chunk.present), self.everywhere)
        views, labels, present = self._data
        labelled = None if chunk.labelled_order is None else self._share(chunk.labelled_order)
        return Chunk(views, labels, self._share(chunk.order), labelled, present)

    def _share(self, order: Int[Array, "rounds batch"]) -> Int[Array, "rounds batch"]:
        divides = order.shape[1] % self.number == 0  # there may be too few labelled rows to share them out
        shared: Array = jax.device_put(order, self._split if divides else self.everywhere)
        return shared
