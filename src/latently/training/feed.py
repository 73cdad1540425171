"""The feed: rows in their stored type, turned into batches on the device.

What fits on the device lives there and a chunk of rounds is a table of row numbers. What does not is streamed: a chunk
brings the batches themselves. A round meets the same rows either way, so both give the same result bit for bit.
"""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Protocol, TypeAlias, runtime_checkable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from latently.errors import ArgumentError
from latently.game import Batch, masked
from latently.streams import stream

RESIDENT_BYTES = 2 * 2**30  # data sets of up to this size live on the device; larger ones are streamed
CHUNK_BYTES = 32 * 2**20  # how much of a streamed data set a chunk may bring
MAX_CHUNK_ROUNDS = 512
_FILLED_BYTES = 16 * 2**20  # data sets of up to this size are filled up to one of a few numbers of rows
_LEAST_FILLED = 64
_READ_BYTES = 64 * 2**20  # read at a time of what is to lie on the device
_ALIGNMENT = 64  # bytes, at a multiple of which JAX takes memory as it is
_ORDER = 1  # tells the order of rows from whatever else draws from the run's seed

Prepare: TypeAlias = Callable[[tuple[Array, ...], PRNGKeyArray], tuple[Array, ...]]
"""From stored rows, one array a view, and a key to rows as a game reads them.

Arrays in a `jax.tree_util.Partial` are given to compiled rounds, which then serve for others of the same shapes.
"""

_Stored: TypeAlias = tuple[tuple[Array, ...], Array | None, Array | None]
"""Views, labels, and which views are present, on the device; a small data set is filled up with zeros."""


@runtime_checkable
class _ArrayLike(Protocol):
    """What the feed asks of a view: NumPy arrays, memory maps and lazy views of them all answer."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def __getitem__(self, rows: Any, /) -> Any: ...

    def __len__(self) -> int: ...


class Chunk(eqx.Module):
    """What a chunk of rounds is played on: the data, and which of its rows each round draws.

    Attributes:
        views: the stored rows of each view; without an `order`, they lie in batches, one for each round.
        labels: of these rows.
        order: the rows that each round draws.
        labelled_order: those of its labelled draw, where there is one.
        present: which views each row has.
        labelled: of a chunk without an `order`, the labelled draws.
        numbers: the arrays of what scales the rows.
    """

    views: tuple[Shaped[Array, "..."], ...]
    labels: Shaped[Array, "..."] | None
    order: Int[Array, "rounds batch"] | None
    labelled_order: Int[Array, "rounds labelled"] | None = None
    present: Bool[Array, "... views"] | None = None
    labelled: "Chunk | None" = None
    numbers: Any = None

    def batch(self, prepare: Prepare, number: Int[Array, ""] | int, key: PRNGKeyArray) -> Batch:
        """Round `number` of the chunk, its rows scaled by `prepare`, a `Prepare` that may lack its arrays.

        Pure: it runs inside the compiled round.
        """
        prepare = eqx.combine(self.numbers, prepare)
        labelled, labelled_key = None, stream(key, "labelled")
        if self.labelled is not None:
            labelled = self.labelled._take(prepare, number, labelled_key)
        elif self.labelled_order is not None:
            labelled = self._take(prepare, self.labelled_order[number], labelled_key)
        rows = number if self.order is None else self.order[number]
        return self._take(prepare, rows, stream(key, "rows"), labelled)

    def _take(
        self, prepare: Prepare, rows: Int[Array, "..."] | int, key: PRNGKeyArray, labelled: Batch | None = None
    ) -> Batch:
        """These rows as a batch; or the batch of this number."""
        views = prepare(tuple(view[rows] for view in self.views), key)
        labels = None if self.labels is None else self.labels[rows]
        if self.present is None:
            return Batch(views, labels, labelled)
        present = self.present[rows]
        return Batch(masked(views, present), labels, labelled, present)


class Order:
    """An endless stream of rows, one permutation after another, cut into batches.

    Epoch `e` is the permutation that `(seed, stream, e)` gives. A batch may straddle two epochs, so every row is drawn
    exactly once an epoch, no batch is ever smaller than the others, and the rows of any round are known without
    playing the rounds before it.

    With `weights`, an epoch draws as many rows, each in proportion to its weight: by systematic sampling (Madow 1949),
    so that one which is due 2.3 times is drawn twice or three times. The mean of a batch is then, in expectation, the
    weighted mean of all rows.
    """

    def __init__(
        self,
        rows: int,
        batch_size: int,
        seed: int,
        stream: int = 0,
        weights: Float[np.ndarray, "rows"] | None = None,
    ) -> None:
        self.rows, self.batch_size, self.seed, self.stream = rows, min(batch_size, rows), seed, stream
        self.shares = None if weights is None else np.cumsum(weights) / np.sum(weights)
        self._cached: dict[int, Int[np.ndarray, rows]] = {}

    def batches(self, first_round: int, rounds: int) -> Int[np.ndarray, "rounds batch"]:
        """The rows of `rounds` rounds from `first_round` on."""
        start, stop = first_round * self.batch_size, (first_round + rounds) * self.batch_size
        epochs = range(start // self.rows, -(-stop // self.rows))
        rows = np.concatenate([self._permutation(epoch) for epoch in epochs])
        offset = epochs.start * self.rows
        return rows[start - offset : stop - offset].reshape(rounds, self.batch_size)

    def _permutation(self, epoch: int) -> Int[np.ndarray, "rows"]:
        if (cached := self._cached.get(epoch)) is not None:
            return cached
        random = np.random.default_rng((self.seed, _ORDER, self.stream, epoch))
        permutation = random.permutation(self.rows).astype(np.int32)
        if self.shares is not None:
            grid = (np.arange(self.rows) + random.uniform()) / self.rows
            drawn = np.searchsorted(self.shares[:-1], grid, side="right").astype(np.int32)
            permutation = drawn[permutation]
        # The two last are kept: a batch may straddle two. Replaced, never changed, since a prefetch may be reading.
        self._cached = {**dict(list(self._cached.items())[-1:]), epoch: permutation}
        return permutation


class Feed:
    """Draws batches from a data set.

    Args:
        views: one array-like a view, all of the same length, in their stored type (uint8 stays uint8).
        labels: the class of each row, `-1` where it is unknown; or its conditions, one row of numbers each.
        present: which views each row has; all of them unless said.
        batch_size: rows a round; if there are fewer, all of them.
        seed: of the order in which rows are drawn.
        prepare: `prepare(views, key)` scales stored rows on the device, inside the round (see `Prepare`).
        draw_labelled: draw `batch.labelled`, a second batch from the labelled rows alone, too.
        weights: of the rows, above 0: how often each is drawn against the others. Unless said, all equally often.
        first_round: the round at which it begins to draw: that of a run that goes on with these rows.
        resident_bytes: data sets of up to this size are kept on the device.

    Attributes:
        prepare: what was given, without the arrays that chunks bring.
        own: the columns of a table of draws that this process is to read; all of them, unless processes share them.

    Raises:
        ValueError: there are no rows, views or labels differ in length, or labelled rows are asked for and none is
            known.

    Example:
        >>> import jax, numpy as np
        >>> feed = Feed((np.arange(10.0)[:, None],), batch_size=4, seed=0)
        >>> feed.batch(feed.chunk(0, 1), 0, jax.random.key(0)).x.shape
        (4, 1)
    """

    def __init__(
        self,
        views: Sequence[_ArrayLike],
        labels: Int[np.ndarray, "rows"] | Float[np.ndarray, "rows elements"] | None = None,
        *,
        present: Bool[np.ndarray, "rows views"] | None = None,
        batch_size: int,
        seed: int,
        prepare: Prepare = lambda views, key: views,  # noqa: ARG005
        draw_labelled: bool = False,
        weights: Float[np.ndarray, "rows"] | None = None,
        first_round: int = 0,
        resident_bytes: int = RESIDENT_BYTES,
    ) -> None:
        lengths = {len(view) for view in views} | ({len(labels)} if labels is not None else set())
        if len(lengths) != 1 or lengths == {0}:
            raise ValueError(
                f"views and labels must have the same number of rows, at least one; got {sorted(lengths)}."
            )
        if batch_size < 1:
            raise ArgumentError("batch_size", "must be 1 or more", batch_size)
        self.views, self.labels, self.present = tuple(views), labels, present
        numbers, self.prepare = eqx.partition(prepare, lambda leaf: isinstance(leaf, np.ndarray | jax.Array))
        self._numbers = jax.tree.map(jnp.asarray, numbers)
        self.rows = lengths.pop()
        self.weights, self.first_round = weights, first_round
        self.order = Order(self.rows, batch_size, seed, weights=weights)
        self.batch_size = self.order.batch_size
        self.labelled_rows: Int[np.ndarray, labelled] | None = None
        self.labelled_order: Order | None = None
        if draw_labelled:
            known = np.zeros(0, int) if labels is None else np.flatnonzero(labels >= 0)
            if not len(known):
                raise ValueError(
                    "labels holds no known label (every one is -1), but this model learns from labelled rows."
                )
            self.labelled_rows = known.astype(np.int32)
            of_known = None if weights is None else weights[known]
            self.labelled_order = Order(len(known), batch_size, seed, 1, of_known)
        row_bytes = sum(int(np.prod(view.shape[1:])) * view.dtype.itemsize for view in self.views)
        self.resident = self.rows * row_bytes <= resident_bytes
        filled = max(_LEAST_FILLED, 2 ** (self.rows - 1).bit_length())
        self._lying = filled if filled * row_bytes <= _FILLED_BYTES else self.rows  # rows on the device
        fitting = MAX_CHUNK_ROUNDS if self.resident else CHUNK_BYTES // (row_bytes * self.drawn)
        self.max_rounds = max(1, min(MAX_CHUNK_ROUNDS, fitting))
        self.own: Callable[[Int[np.ndarray, "rounds batch"]], Int[np.ndarray, "rounds own"]] = lambda order: order
        self._data: _Stored | None = None
        self._reader: ThreadPoolExecutor | None = None
        self._ahead: tuple[tuple[int, int], Future[Chunk]] | None = None

    @property
    def rounds_per_epoch(self) -> float:
        """Rounds in which every row is drawn once, on average."""
        return self.rows / self.batch_size

    @property
    def drawn(self) -> int:
        """Rows drawn a round: the batch, and its labelled rows where those are drawn beside it."""
        return self.batch_size + (self.labelled_order.batch_size if self.labelled_order else 0)

    def chunk(self, first_round: int, rounds: int) -> Chunk:
        """What `rounds` rounds from `first_round` on are played on; always of the same shapes, so compiled once."""
        if self._ahead is not None and self._ahead[0] == (first_round, rounds):
            chunk = self._ahead[1].result()
            self._ahead = None
            return chunk
        return self._make(first_round, rounds)

    def chunk_shapes(self) -> Any:
        """Any chunk with `jax.ShapeDtypeStruct`s for arrays: nothing is read, or put on the device."""
        return jax.eval_shape(self._blank)

    def _blank(self) -> Chunk:
        """A chunk of zeros."""
        rounds, batch = self.max_rounds, self.batch_size

        def of(array: Any, lead: tuple[int, ...], dtype: Any = None) -> Array:
            return jnp.zeros((*lead, *array.shape[1:]), jax.dtypes.canonicalize_dtype(dtype or array.dtype))

        def drawn(lead: tuple[int, ...]) -> Chunk:
            kind = jnp.float32 if self.labels is not None and self.labels.ndim > 1 else jnp.int32
            labels = None if self.labels is None else of(self.labels, lead, kind)
            present = None if self.present is None else of(self.present, lead)
            views = tuple(of(view, lead) for view in self.views)
            return Chunk(views, labels, None, present=present, numbers=self._numbers)

        known = None if self.labelled_order is None else (rounds, self.labelled_order.batch_size)
        if not self.resident:
            return replace(drawn((rounds, batch)), labelled=None if known is None else drawn(known))
        orders = jnp.zeros((rounds, batch), jnp.int32), None if known is None else jnp.zeros(known, jnp.int32)
        return replace(drawn((self._lying,)), order=orders[0], labelled_order=orders[1])

    def prefetch(self, first_round: int, rounds: int) -> None:
        """Begin to read the next chunk while the device plays this one."""
        if self._reader is None:
            self._reader = ThreadPoolExecutor(1, thread_name_prefix="latently-feed")
        self._ahead = ((first_round, rounds), self._reader.submit(self._make, first_round, rounds))

    def same_rows(self, other: "Feed") -> bool:
        """Whether another feed draws from the same rows, scaled alike; labels and order may differ."""
        numbers = map(jax.tree.leaves, (self._numbers, other._numbers))
        if not all(np.array_equal(a, b) for a, b in zip(*numbers, strict=False)):
            return False
        if self._data is not None and other._data is not None and self._data[0] is other._data[0]:
            return True
        mine, theirs = ((*feed.views, *(() if feed.present is None else (feed.present,))) for feed in (self, other))
        return len(mine) == len(theirs) and all(a is b or _same(a, b) for a, b in zip(mine, theirs, strict=True))

    def share(self, other: "Feed") -> None:
        """Draw from the copy of the same rows that another resident feed keeps on the device; give one's own up."""
        views, _, present = other._on_device()
        self._data = views, self._on_device()[1], present

    def batch(self, chunk: Chunk, number: Int[Array, ""] | int, key: PRNGKeyArray) -> Batch:
        """Round `number` of a chunk, scaled."""
        return chunk.batch(self.prepare, number, key)

    def _make(self, first_round: int, rounds: int) -> Chunk:
        first_round -= self.first_round
        order, labelled = self.own(self.order.batches(first_round, rounds)), None
        if self.labelled_order is not None and self.labelled_rows is not None:
            labelled = self.own(self.labelled_rows[self.labelled_order.batches(first_round, rounds)])
        if self.resident:
            views, labels, present = self._on_device()
            orders = self._pad(order), None if labelled is None else self._pad(labelled)
            return Chunk(views, labels, *orders, present, numbers=self._numbers)
        drawn = self._read(order)
        return drawn if labelled is None else replace(drawn, labelled=self._read(labelled))

    def _read(self, order: Int[np.ndarray, "rounds batch"]) -> Chunk:
        """The batches of these rows, one for each round, and zeros up to `max_rounds`."""
        shape = self.max_rounds, order.shape[1]

        def batches(array: Any) -> Shaped[np.ndarray, "max_rounds batch ..."]:
            return _read(array, order.ravel(), shape[0] * shape[1]).reshape(*shape, *array.shape[1:])

        return Chunk(
            tuple(jnp.asarray(batches(view)) for view in self.views),
            None if self.labels is None else _labels(batches(self.labels), conditions=self.labels.ndim > 1),
            None,
            present=None if self.present is None else jnp.asarray(batches(self.present)),
            numbers=self._numbers,
        )

    def _on_device(self) -> _Stored:
        if self._data is None:
            labels, present = None, None
            if self.labels is not None:
                labels = _labels(self._filled(self.labels), conditions=self.labels.ndim > 1)
            if self.present is not None:
                present = jnp.asarray(self._filled(self.present))
            self._data = tuple(map(self._laid, self.views)), labels, present
        return self._data

    def _laid(self, view: Any) -> Array:
        """The rows of a view on the device, in memory that nobody else changes: read once, some at a time."""
        dtype = jax.dtypes.canonicalize_dtype(_native(view))
        rows = _aligned((self._lying, *view.shape[1:]), dtype)
        step = max(1, _READ_BYTES // max(1, rows[:1].nbytes))
        with np.errstate(over="ignore"):
            for start in range(0, self.rows, step):
                rows[start : min(start + step, self.rows)] = view[start : min(start + step, self.rows)]
        rows[self.rows :] = 0
        placed: Array = jax.device_put(rows, may_alias=True)
        return placed

    def _filled(self, array: Any) -> Shaped[np.ndarray, "lying ..."]:
        """Zeros after the last row, so that data sets of about the same size share compiled rounds."""
        rows, more = np.asarray(array, _native(array)), self._lying - self.rows
        return np.pad(rows, [(0, more), *[(0, 0)] * (rows.ndim - 1)]) if more else rows

    def _pad(self, order: Int[np.ndarray, "rounds batch"]) -> Int[Array, "max_rounds batch"]:
        return jnp.asarray(np.pad(order, ((0, self.max_rounds - len(order)), (0, 0))))


def _labels(labels: Shaped[np.ndarray, "..."], *, conditions: bool) -> Shaped[Array, "..."]:
    """Labels on the device: classes as integers, conditions as numbers."""
    return jnp.asarray(labels, jnp.float32 if conditions else jnp.int32)


def _native(array: _ArrayLike) -> np.dtype[Any]:
    """The array's type in this machine's byte order, the only one that devices know.

    Integers that the 32 bits of JAX do not hold go as floats, which is what a game reads of them.
    """
    wide = array.dtype.kind in "iu" and not np.can_cast(array.dtype, np.int32)
    return np.dtype(np.float32) if wide else array.dtype.newbyteorder("=")


def _aligned(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Shaped[np.ndarray, "..."]:
    """An array that JAX does not have to copy."""
    size = math.prod(shape) * dtype.itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def _same(one: _ArrayLike, other: _ArrayLike) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype and np.array_equal(np.asarray(one), np.asarray(other))


def _read(array: _ArrayLike, rows: Int[np.ndarray, "n"], size: int) -> Shaped[np.ndarray, "size ..."]:
    """The rows asked for, in sorted order on disk, and zeros up to `size`."""
    out = np.zeros((size, *array.shape[1:]), _native(array))
    ascending = np.argsort(rows, kind="stable")
    out[ascending] = array[rows[ascending]]
    return out
