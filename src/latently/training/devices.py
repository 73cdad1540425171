"""The devices that share each batch: several of this machine, or of all processes of a run."""

from dataclasses import replace
from typing import Any, TypeVar

import jax
import numpy as np
from jaxtyping import Array, Int, PyTree

from latently import distributed
from latently.errors import ArgumentError
from latently.training.feed import Chunk, Feed

Tree = TypeVar("Tree", bound=PyTree)


class Devices:
    """Where a run's arrays lie: the state and the data on every device, a batch split between them.

    The compiler does the rest: each device computes on its share of the rows, and sums are taken over all of them.
    Where the processes of a cluster share a run (see `latently.distributed`), `number` is of each, and each reads its
    own part of every batch.

    Attributes:
        number: of devices, those of all processes together.
        everywhere: the sharding of what every device holds, `None` where there is only one.
    """

    def __init__(self, number: int, feed: Feed) -> None:
        found, self._processes = jax.local_devices(), distributed.count()
        if not 1 <= number <= len(found):
            raise ArgumentError("devices", f"must be between 1 and the {len(found)} found here", number)
        self.number, self._stays = number * self._processes, feed.resident
        if feed.batch_size % self.number:
            _refuse(number, self._processes, feed.batch_size)
        self._widths = feed.batch_size, feed.labelled_order.batch_size if feed.labelled_order else 0
        if self._processes > 1:
            feed.own = self._own
        of_each = [jax.local_devices(process)[:number] for process in range(self._processes)]
        mesh = jax.sharding.Mesh(np.asarray(of_each).ravel(), ("data",))
        everywhere = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())
        self.everywhere = everywhere if self.number > 1 else None
        self._split = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(None, "data"))
        self._data: Any = None

    def place_state(self, state: Tree) -> Tree:
        """A copy of the state on every device."""
        return state if self.number == 1 else self._put(state, self.everywhere)

    def here(self, state: Tree) -> Tree:
        """The state as this process holds it: it can be computed with, without the others."""
        if self._processes == 1:
            return state
        local: Tree = jax.tree.map(lambda leaf: leaf.addressable_data(0), state)
        return local

    def place(self, chunk: Chunk) -> Chunk:
        """The data of a chunk on every device (once, where it is the same for all chunks), its draws split."""
        if self.number == 1:
            return chunk
        batch, labelled = self._widths
        if not self._stays:
            draws = None if chunk.labelled is None else self._share(chunk.labelled, labelled)
            return replace(self._share(replace(chunk, labelled=None), batch), labelled=draws)
        if self._data is None:
            self._data = self._put((chunk.views, chunk.labels, chunk.present, chunk.numbers), self.everywhere)
        views, labels, present, numbers = self._data
        orders = self._share(chunk.order, batch), self._share(chunk.labelled_order, labelled)
        return Chunk(views, labels, *orders, present, numbers=numbers)

    def agree(self, stop: bool, count: int, following: int) -> tuple[int, int]:
        """The rounds of the next chunk, and of the one after it, as the first process has it; 0 where one must stop."""
        said = distributed.gathered(stop, count, following)
        return (0, 0) if said[:, 0].any() else (int(said[0, 1]), int(said[0, 2]))

    def _own(self, order: Int[np.ndarray, "rounds batch"]) -> Int[np.ndarray, "rounds own"]:
        """The part of each draw that this process reads: all of it, where it cannot be shared out."""
        if order.shape[1] % self.number:
            return order
        return np.split(order, self._processes, axis=1)[jax.process_index()]

    def _share(self, draws: Tree, width: int) -> Tree:
        """Draws of so many rows, split between all; there may be too few labelled rows to share them out."""
        return self._put(draws, self.everywhere if width % self.number else self._split)

    def _put(self, tree: Tree, sharding: Any) -> Tree:
        if self._processes == 1:
            put: Tree = jax.device_put(tree, sharding)
            return put
        whole: Tree = jax.tree.map(lambda leaf: _global(leaf, sharding), tree)
        return whole


def _global(leaf: Array, sharding: Any) -> Array:
    """An array of all processes, from the part of each; a copy of what is the same in all."""
    if jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        numbers = _global(jax.random.key_data(leaf), sharding)
        key: Array = jax.random.wrap_key_data(numbers, impl=jax.random.key_impl(leaf))
        return key
    array: Array = jax.make_array_from_process_local_data(sharding, np.asarray(leaf))
    return array


def _refuse(devices: int, processes: int, batch_size: int) -> None:
    remedy = "Use a {batch_size} that is a multiple of it, no larger than the data."
    if processes == 1:
        rule = f"must divide the {batch_size} rows of a batch, which they share equally"
        raise ArgumentError("devices", rule, devices, remedy)
    rule = f"must be a multiple of {devices * processes}, the devices of all {processes} processes, which share a batch"
    raise ArgumentError("batch_size", f"{rule} equally, and no larger than the data", batch_size)
