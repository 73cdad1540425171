"""What a round is played on, and in which order its rows are drawn."""

import sys
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from latently.data import Subset
from latently.training import Feed
from latently.training import feed as feed_module
from latently.training.feed import Order

KEY = jax.random.key(0)
X = np.arange(37 * 3, dtype=np.float32).reshape(37, 3)
LABELS = np.where(np.arange(37) % 5 == 0, np.arange(37) % 2, -1)


def drawn(feed, rounds, chunks_of=4):
    """The batches of the first rounds, drawn in chunks."""
    batches = []
    for first in range(0, rounds, chunks_of):
        count = min(chunks_of, rounds - first)
        chunk = feed.chunk(first, count)
        batches += [feed.batch(chunk, number, KEY) for number in range(count)]
    return batches


def bits(batches):
    return [np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(batches)]


@pytest.mark.parametrize("resident_bytes", [2**30, 0], ids=["resident", "streamed"])
def test_every_row_is_drawn_once_an_epoch_beside_its_own_label(resident_bytes):
    feed = Feed((X, -X), LABELS, batch_size=8, seed=0, resident_bytes=resident_bytes)
    batches = drawn(feed, 37)
    rows = np.concatenate([batch.x for batch in batches])
    assert (np.sort(rows[:, 0].reshape(8, 37), axis=1) == X[:, 0]).all()
    assert all((batch.views[1] == -batch.x).all() for batch in batches)
    labels = np.concatenate([batch.labels for batch in batches])
    assert (labels == LABELS[(rows[:, 0] // 3).astype(int)]).all()


@pytest.mark.parametrize("resident_bytes", [2**30, 0], ids=["resident", "streamed"])
def test_with_fewer_rows_than_a_batch_a_batch_is_all_rows(resident_bytes):
    feed = Feed((X,), batch_size=100, seed=0, resident_bytes=resident_bytes)
    assert feed.rounds_per_epoch == 1.0
    for batch in drawn(feed, 3):
        assert (np.sort(batch.x[:, 0]) == X[:, 0]).all()


@pytest.mark.parametrize("resident_bytes", [2**30, 0], ids=["resident", "streamed"])
@pytest.mark.parametrize("batch_size", [4, 30])
def test_the_labelled_draw_holds_every_labelled_row_and_no_other(resident_bytes, batch_size):
    feed = Feed((X,), LABELS, batch_size=batch_size, seed=0, draw_labelled=True, resident_bytes=resident_bytes)
    batches = [batch.labelled for batch in drawn(feed, 16)]
    labels = np.concatenate([batch.labels for batch in batches])
    rows = np.concatenate([batch.x[:, 0] for batch in batches])
    assert (labels >= 0).all()
    assert set(rows) == set(X[LABELS >= 0, 0])
    assert len(batches[0].x) == min(batch_size, 8)


def test_the_labelled_draw_is_independent_of_the_first():
    feed = Feed((X,), np.zeros(37, int), batch_size=37, seed=0, draw_labelled=True)
    (batch,) = drawn(feed, 1)
    assert (batch.x != batch.labelled.x).any()


@pytest.mark.parametrize("source", ["array", "memory map", "subset", "subset of a memory map"])
@pytest.mark.parametrize("draw_labelled", [False, True])
def test_a_streamed_batch_is_the_resident_one_bit_for_bit(source, draw_labelled, tmp_path):
    stored = np.random.default_rng(0).integers(0, 256, (40, 4, 4), dtype=np.uint8)
    np.save(tmp_path / "rows.npy", stored)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    rows = np.random.default_rng(1).permutation(40)[:37]
    array = {
        "array": stored[rows],
        "memory map": mapped[:37],
        "subset": Subset(stored, rows),
        "subset of a memory map": Subset(mapped, rows),
    }[source]
    plain = mapped[:37] if source == "memory map" else stored[rows]

    def feed(view, resident_bytes):
        return Feed(
            (view,),
            LABELS,
            batch_size=8,
            seed=0,
            draw_labelled=draw_labelled,
            resident_bytes=resident_bytes,
            prepare=lambda views, key: (views[0] / 255.0,),
        )

    streamed, resident = feed(array, 0), feed(np.asarray(plain), 2**30)
    assert resident.resident
    assert not streamed.resident
    assert bits(drawn(streamed, 20, chunks_of=3)) == bits(drawn(resident, 20, chunks_of=5))


def test_a_prefetched_chunk_is_the_chunk():
    plain, ahead = (Feed((X,), LABELS, batch_size=8, seed=0, draw_labelled=True, resident_bytes=0) for _ in range(2))
    for first in range(0, 12, 3):
        expected = plain.chunk(first, 3)
        chunk = ahead.chunk(first, 3)
        ahead.prefetch(first + 3, 3)
        assert bits(chunk) == bits(expected)


def test_a_prefetched_chunk_that_is_not_asked_for_does_no_harm():
    feed, plain = (Feed((X,), LABELS, batch_size=8, seed=0, resident_bytes=0) for _ in range(2))
    feed.prefetch(5, 3)
    assert bits(feed.chunk(0, 2)) == bits(plain.chunk(0, 2))
    assert bits(feed.chunk(5, 3)) == bits(plain.chunk(5, 3))


@pytest.mark.parametrize("resident_bytes", [2**30, 0], ids=["resident", "streamed"])
def test_rows_keep_their_stored_type_on_the_device_and_are_prepared_in_the_round(resident_bytes):
    stored = np.arange(60, dtype=np.uint8).reshape(20, 3)
    feed = Feed(
        (stored,), batch_size=4, seed=0, prepare=lambda views, key: (views[0] / 255.0,), resident_bytes=resident_bytes
    )
    chunk = feed.chunk(0, 2)
    assert chunk.views[0].dtype == jnp.uint8
    assert feed.batch(chunk, 0, KEY).x.dtype == jnp.float32


@pytest.mark.parametrize("resident_bytes", [2**30, 0], ids=["resident", "streamed"])
def test_rows_in_another_byte_order_are_the_same_rows(resident_bytes):
    feeds = [Feed((rows,), batch_size=8, seed=0, resident_bytes=resident_bytes) for rows in (X, X.astype(">f4"))]
    assert bits(drawn(feeds[0], 5)) == bits(drawn(feeds[1], 5))


def test_the_device_shares_no_memory_with_the_rows():
    rows = X.copy()
    feed = Feed((rows,), batch_size=8, seed=0)
    chunk = feed.chunk(0, 2)
    before = bits(chunk)
    rows[:] = 0
    assert bits(chunk) == before


@pytest.mark.parametrize("resident_bytes", [2**30, 0], ids=["resident", "streamed"])
def test_chunks_of_any_length_have_the_same_shapes(resident_bytes):
    feed = Feed((X,), LABELS, batch_size=8, seed=0, draw_labelled=True, resident_bytes=resident_bytes)
    shapes = {str(jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), feed.chunk(0, rounds))) for rounds in (1, 3, 7)}
    assert len(shapes) == 1


def test_a_streamed_chunk_is_bounded_and_one_round_at_least():
    wide = np.zeros((10, 2**20), np.uint8)
    assert Feed((wide,), batch_size=4, seed=0, resident_bytes=0).max_rounds == 8
    assert Feed((np.zeros((100, 2**20), np.uint8),), batch_size=64, seed=0, resident_bytes=0).max_rounds == 1


def test_prepare_gets_a_key_of_its_own_for_each_draw():
    feed = Feed(
        (X,),
        LABELS,
        batch_size=8,
        seed=0,
        draw_labelled=True,
        prepare=lambda views, key: (jax.random.uniform(key, views[0].shape),),
    )
    (batch,) = drawn(feed, 1)
    assert (batch.x != batch.labelled.x).all()


@pytest.mark.parametrize(
    ("views", "labels", "options", "sentence"),
    [
        ((X,), LABELS[:5], {}, r"views and labels must have the same number of rows, at least one; got \[5, 37\]."),
        ((X, X[:9]), None, {}, r"views and labels must have the same number of rows, at least one; got \[9, 37\]."),
        ((X[:0],), None, {}, r"views and labels must have the same number of rows, at least one; got \[0\]."),
        ((X,), None, {"batch_size": 0}, "batch_size must be 1 or more; got 0."),
        (
            (X,),
            np.full(37, -1),
            {"draw_labelled": True},
            r"labels holds no known label \(every one is -1\), but this model learns from labelled rows.",
        ),
    ],
    ids=["labels", "views", "no rows", "batch size", "no known label"],
)
def test_data_that_cannot_be_drawn_from_is_refused_in_one_sentence(views, labels, options, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        Feed(views, labels, **{"batch_size": 4, "seed": 0, **options})


# ---- the order of rows ----


@pytest.mark.parametrize(("rows", "batch_size"), [(1, 1), (5, 2), (7, 7), (10, 3), (3, 8), (64, 16)])
def test_an_order_draws_every_row_once_an_epoch(rows, batch_size):
    order = Order(rows, batch_size, seed=0)
    epochs = 4
    rounds = -(-epochs * rows // order.batch_size)
    drawn = order.batches(0, rounds).ravel()[: epochs * rows].reshape(epochs, rows)
    assert (np.sort(drawn, axis=1) == np.arange(rows)).all()


def test_every_batch_is_full_and_no_larger_than_the_data():
    assert Order(10, 4, seed=0).batches(0, 9).shape == (9, 4)
    assert Order(3, 8, seed=0).batches(0, 9).shape == (9, 3)


def test_epochs_differ():
    first, second = Order(50, 50, seed=0).batches(0, 2)
    assert (first != second).any()


def test_the_order_is_a_function_of_seed_and_stream():
    batches = Order(50, 7, seed=1).batches(0, 20)
    assert (batches == Order(50, 7, seed=1).batches(0, 20)).all()
    assert (batches != Order(50, 7, seed=2).batches(0, 20)).any()
    assert (batches != Order(50, 7, seed=1, stream=1).batches(0, 20)).any()


def test_the_rows_of_a_round_do_not_depend_on_where_one_begins():
    whole = Order(11, 4, seed=0).batches(0, 40)
    order = Order(11, 4, seed=0)
    for first, rounds in ((30, 10), (0, 3), (17, 1), (39, 1), (5, 20)):
        assert (order.batches(first, rounds) == whole[first : first + rounds]).all()


def test_two_threads_may_ask_at_once():
    firsts = [0, 380, 190, 20, 300, 100] * 50
    order, whole = Order(100, 100, seed=0), Order(100, 100, seed=0).batches(0, 400)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            asked = list(pool.map(lambda first: order.batches(first, 3), firsts))
    finally:
        sys.setswitchinterval(interval)
    assert all((rows == whole[first : first + 3]).all() for rows, first in zip(asked, firsts, strict=True))


def test_of_a_streamed_draw_a_process_reads_its_own_columns_and_no_other_rows():
    read = []

    class Noted:
        def __init__(self, array):
            self.array, self.shape, self.dtype = array, array.shape, array.dtype

        def __len__(self):
            return len(self.array)

        def __getitem__(self, rows):
            read.extend(rows.tolist())
            return self.array[rows]

    x = np.arange(60, dtype=np.float32).reshape(20, 3)
    feed = Feed((Noted(x),), batch_size=4, seed=0, resident_bytes=0)
    feed.own = lambda order: order[:, 2:]
    chunk, rows = feed.chunk(0, 3), feed.order.batches(0, 3)[:, 2:]
    assert sorted(read) == sorted(rows.ravel().tolist())
    for number in range(3):
        np.testing.assert_array_equal(feed.batch(chunk, number, jax.random.key(0)).x, x[rows[number]])


@pytest.mark.parametrize("resident_bytes", [0, 2**20])
def test_integers_beyond_32_bits_are_drawn_as_the_numbers_that_they_are(resident_bytes):
    rows = np.arange(20)[:, None] * 10**10
    feed = Feed((rows,), batch_size=20, seed=0, resident_bytes=resident_bytes)
    drawn = feed.batch(feed.chunk(0, 1), 0, jax.random.key(0)).x
    np.testing.assert_allclose(np.sort(np.asarray(drawn), axis=0), rows, rtol=1e-6)


def test_rows_are_read_once_some_at_a_time_and_copied_to_the_device_once(monkeypatch):
    class Rows:
        """Rows that note how many are read at a time, and where they lie."""

        shape, dtype = (1000, 64), np.dtype(np.float32)

        def __init__(self):
            self.read = []

        def __len__(self):
            return 1000

        def __getitem__(self, rows):
            self.read.append(len(range(*rows.indices(1000))))
            return np.arange(64_000, dtype=np.float32).reshape(1000, 64)[rows]

    monkeypatch.setattr(feed_module, "_READ_BYTES", 256 * 100)
    rows, placed = Rows(), []
    monkeypatch.setattr(feed_module.jax, "device_put", lambda array, **how: placed.append(array) or jnp.asarray(array))
    feed = Feed((rows,), batch_size=10, seed=0)
    lying = feed.chunk(0, 1).views[0]
    assert rows.read == [100] * 10
    assert placed[0].ctypes.data % 64 == 0  # so that JAX takes it as it is
    np.testing.assert_array_equal(lying[:1000], rows[:])
    assert not np.asarray(lying[1000:]).any()
