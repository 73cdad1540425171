"""Data sets, subsets, splits by seed and hidden labels."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latently.data import DataError, Dataset, Subset, encode_labels, keep_labels, split
from latently.data.rows import hash_rows, is_mapped, pieces, release, spread_rows


@pytest.fixture
def mapped(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, np.arange(60, dtype=np.float32).reshape(20, 3))
    return np.load(path, mmap_mode="r")


def parts_of(splits):
    return splits.train, splits.validation, splits.test


@given(n=st.integers(3, 200), validation=st.floats(0, 0.45), test=st.floats(0, 0.45), seed=st.integers(0, 2**32 - 1))
def test_a_split_is_a_partition_with_its_labels(n, validation, test, seed):
    dataset = Dataset("rows", (np.arange(n),), labels=np.arange(n) * 2, classes=tuple(range(2 * n)))
    parts = parts_of(split(dataset, validation, test, seed))
    assert sorted(np.concatenate([part.x for part in parts])) == list(range(n))
    for part, fraction, others in zip(parts[1:], (validation, test), (1 + len(parts[2]), 1), strict=True):
        np.testing.assert_array_equal(part.labels, 2 * part.x)
        assert len(part) == (0 if fraction == 0 else max(1, min(round(fraction * n), n - others)))
    assert len(parts[0]) >= 1


def test_a_split_is_a_function_of_its_seed():
    dataset = Dataset("rows", (np.arange(50),))
    first, again, other = (split(dataset, seed=seed).train.x for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_all_views_are_split_alike():
    dataset = Dataset("pairs", (np.arange(30), np.arange(30) * 10), view_names=("ones", "tens"))
    for part in parts_of(split(dataset)):
        np.testing.assert_array_equal(part.views[0] * 10, part.views[1])


def test_rows_of_several_views_keep_their_names_and_what_they_lack():
    present = np.stack([np.arange(30) != 4, np.arange(30) % 2 == 0], axis=1)
    views = np.arange(30)[:, None], np.arange(60).reshape(30, 2)
    for part in parts_of(split(Dataset("pairs", views, view_names=("a", "b"), present=present))):
        assert part.rows.names == ("a", "b")
        np.testing.assert_array_equal(part.rows.view("b"), views[1][part.x[:, 0]])
        np.testing.assert_array_equal(part.rows.present, present[part.x[:, 0]])
    whole = Dataset("pairs", views, view_names=("a", "b"))
    assert whole.rows.complete
    assert len(whole.take(np.arange(0)).rows) == 0
    alone = Dataset("one", views[:1])
    assert alone.rows is alone.x


def test_rows_that_are_not_cut_stay_as_they_are():
    dataset = Dataset("rows", (np.arange(30),))
    assert split(dataset, 0.0, 0.0).train.x is dataset.x


def test_a_memory_map_is_split_without_being_read(mapped):
    for part in parts_of(split(Dataset("rows", (mapped,)))):
        assert isinstance(part.x, Subset)
        assert part.x.array is mapped
        assert (np.diff(part.x.rows) > 0).all()


@pytest.mark.parametrize(("n", "options"), [(1, {}), (1, {"validation": 0.0}), (1, {"test": 0.5})])
def test_one_row_cannot_be_split(n, options):
    with pytest.raises(DataError, match=r"rows has 1 row, too few to split"):
        split(Dataset("rows", (np.zeros((n, 2)),)), **options)


def test_two_rows_are_one_to_train_on_and_one_to_test():
    assert [len(part) for part in parts_of(split(Dataset("rows", (np.zeros((2, 2)),))))] == [1, 0, 1]


@pytest.mark.parametrize(("validation", "test"), [(-0.1, 0.2), (0.5, 0.5), (float("nan"), 0.2)])
def test_fractions_must_leave_rows_to_train_on(validation, test):
    with pytest.raises(DataError, match="must be fractions"):
        split(Dataset("rows", (np.zeros((9, 2)),)), validation, test)


def test_views_and_labels_of_another_length_are_refused():
    with pytest.raises(DataError, match="equally many rows; got 3, 4"):
        Dataset("pairs", (np.zeros(3), np.zeros(4)), view_names=("a", "b"))
    with pytest.raises(DataError, match="a name for each of its 2 views; got 0: none"):
        Dataset("pairs", (np.zeros(3), np.zeros(3)))
    with pytest.raises(DataError, match=r"which of 1 views it has; got an array of shape \(3, 2\)"):
        Dataset("rows", (np.zeros(3),), view_names=("a",), present=np.ones((3, 2), bool))
    with pytest.raises(DataError, match="3 rows but 2 labels"):
        Dataset("rows", (np.zeros(3),), labels=np.zeros(2, int))


@given(
    labels=st.lists(st.integers(-1, 3), min_size=8, max_size=80).filter(lambda labels: set(labels) >= {0, 1, 2, 3}),
    data=st.data(),
)
def test_the_labels_kept_are_as_even_over_classes_as_they_can_be(labels, data):
    labels = np.array(labels)
    dataset = Dataset("rows", (np.arange(len(labels)),), labels, classes=tuple("abcd"))
    count = data.draw(st.integers(4, int((labels >= 0).sum())))
    kept = keep_labels(dataset, count, seed=count).labels
    assert (kept >= 0).sum() == count
    np.testing.assert_array_equal(kept[kept >= 0], labels[kept >= 0])
    have, got = (np.bincount(array[array >= 0], minlength=4) for array in (labels, kept))
    # No class could give one more to bring it nearer to the fullest.
    assert all(got[label] == have[label] or got[label] >= got.max() - 1 for label in range(4))


def test_fewer_labels_of_a_seed_are_among_the_more_of_it():
    labels = np.random.default_rng(0).integers(0, 10, 500)
    dataset = Dataset("rows", (np.arange(500),), labels, classes=tuple(range(10)))
    few, more = (keep_labels(dataset, count, seed=3).labels >= 0 for count in (20, 117))
    assert (more | ~few).all()


@pytest.mark.parametrize("count", [0, 1, 5, -3])
def test_labels_kept_must_reach_every_class_and_be_there(count):
    dataset = Dataset("rows", (np.zeros(5),), np.array([0, 1, 0, 1, -1]), classes=("a", "b"))
    with pytest.raises(
        DataError, match=rf"labels must lie between the number of classes, 2, .* 4, in rows; got {count}\."
    ):
        keep_labels(dataset, count)


def test_labels_cannot_be_kept_where_there_are_none():
    with pytest.raises(DataError, match="rows has none"):
        keep_labels(Dataset("rows", (np.zeros(5),)), 2)


@pytest.mark.parametrize(
    ("values", "codes", "classes"),
    [
        (np.array([7, 3, 7, -1]), [1, 0, 1, -1], (3, 7)),
        (np.array(["b", "", " a ", "b"]), [1, -1, 0, 1], ("a", "b")),
        (np.array(["10", "9", "", "-1"]), [1, 0, -1, -1], (9, 10)),
        (np.array(["007", "7"]), [0, 1], ("007", "7")),
        (np.array(["2.0", "", "1.0"]), [1, -1, 0], (1, 2)),
        (np.array(["1.5.2", "1.5.1"]), [1, 0], ("1.5.1", "1.5.2")),
        (np.array([2.0, np.nan, 0.0]), [1, -1, 0], (0, 2)),
        (np.array([True, False]), [1, 0], (0, 1)),
        (np.array([b"x", b"y"]), [0, 1], ("x", "y")),
        (np.array([[1], [2]]), [0, 1], (1, 2)),
        (np.array([2**63], dtype=np.uint64) - np.uint64(1), [0], (2**63 - 1,)),
        (np.array(["", ""]), [-1, -1], ()),
    ],
)
def test_labels_become_codes_in_the_order_of_their_classes(values, codes, classes):
    encoded, found = encode_labels(values, "rows")
    assert encoded.tolist() == codes
    assert found == classes


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.eye(3), "argmax"),
        (np.array([0.5, 1.0]), "fractions"),
        (np.array(["0.5", "1.0"]), "fractions"),
        (np.array([np.inf]), "fractions"),
        (np.array([1j]), "array of complex128"),
    ],
)
def test_labels_that_are_no_classes_are_refused(values, message):
    with pytest.raises(DataError, match=message):
        encode_labels(values, "rows")


@given(st.data())
def test_a_subset_reads_as_the_array_of_its_rows_would(data):
    array = np.arange(40).reshape(10, 2, 2)
    chosen = np.array(data.draw(st.lists(st.integers(0, 9), max_size=12)), dtype=np.int64)
    subset, expected = Subset(array, chosen), array[chosen]
    assert (subset.shape, subset.ndim) == (expected.shape, expected.ndim)
    assert [row.tolist() for row in subset] == expected.tolist()
    np.testing.assert_array_equal(np.asarray(subset), expected)
    np.testing.assert_array_equal(np.asarray(subset, dtype=np.float32), expected.astype(np.float32))
    indices = [slice(1, None, 2), slice(None), np.arange(len(chosen))[::-1], np.arange(len(chosen)) % 2 == 0]
    for index in indices:
        np.testing.assert_array_equal(subset[index], expected[index])
    np.testing.assert_array_equal(subset[1:, 0], expected[1:, 0])
    if len(chosen):
        np.testing.assert_array_equal(subset[-1], expected[-1])
        np.testing.assert_array_equal(subset[0, 1], expected[0, 1])
    np.testing.assert_array_equal(np.array(list(subset)).reshape(expected.shape), expected)


def test_a_subset_of_a_subset_looks_through_it(mapped):
    inner = Subset(Subset(mapped, np.array([5, 3, 8])), np.array([2, 0]))
    assert inner.array is mapped
    np.testing.assert_array_equal(inner[:], mapped[[8, 5]])


def test_a_subset_comes_out_in_native_byte_order():
    subset = Subset(np.arange(4, dtype=">i4"), np.array([3, 1]))
    assert subset.dtype == subset[:].dtype == np.dtype("=i4")
    assert subset[:].tolist() == [3, 1]


@pytest.mark.parametrize("rows", [np.array([3]), np.array([-1]), np.array([[0]])])
def test_rows_of_a_subset_must_be_in_the_array(rows):
    with pytest.raises(DataError, match=r"row numbers in \[0, 3\)"):
        Subset(np.zeros(3), rows)


def test_a_subset_cannot_be_had_without_a_copy():
    with pytest.raises(ValueError, match=r"np\.asarray"):
        np.array(Subset(np.zeros(3), np.array([1])), copy=False)


def test_pieces_are_all_rows_in_order_and_no_larger_than_the_limit():
    array = np.arange(1000).reshape(100, 10)
    found = list(pieces(array, limit_bytes=500))
    assert max(piece.nbytes for piece in found) <= 500
    np.testing.assert_array_equal(np.concatenate(found), array)
    assert [len(piece) for piece in pieces(array, limit_bytes=1)] == [1] * 100


def test_what_lies_in_a_memory_map_is_known_and_stays_readable_when_released(mapped):
    for rows in (mapped, mapped[3:], Subset(mapped, np.arange(5)), np.asarray(mapped)[2:]):
        assert is_mapped(rows)
        before = np.array(rows[:])
        release(rows)
        np.testing.assert_array_equal(rows[:], before)
    release(np.zeros(3))
    assert not is_mapped(np.zeros(3))


def test_changes_to_a_copy_on_write_map_survive_a_release(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, np.zeros(10000))
    rows = np.load(path, mmap_mode="c")
    rows[:] = 1
    release(rows)
    assert (rows == 1).all()


def test_rows_are_known_by_a_hash_of_all_that_is_learned_from():
    rows, labels, present = np.eye(2), np.array([0, 1]), np.ones((2, 1), bool)
    given = [(rows, None, None), (rows, labels, None), (rows, labels, present), (rows.astype(np.float32), None, None)]
    hashes = {hash_rows((each,), codes, present=there).hexdigest() for each, codes, there in given}
    assert len(hashes) == 4
    assert hash_rows((rows.copy(),), None).hexdigest() in hashes


def test_spread_rows_are_even_and_no_more_than_asked_for():
    assert spread_rows(10, 4).tolist() == [0, 3, 6, 9]
    assert spread_rows(3, 4).tolist() == [0, 1, 2]
