"""NumPy files: mapped and not copied, read without running what they hold."""

import numpy as np
import pytest

from latently.data import DataError, Subset, assumed, open_dataset, open_whole


def test_a_npy_file_is_mapped_and_never_copied(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, np.arange(40, dtype=np.float32).reshape(20, 2))
    data = open_dataset(path, seed=4)
    parts = (data.train, data.validation, data.test)
    assert all(isinstance(part.x, Subset) and isinstance(part.x.array, np.memmap) for part in parts)
    assert sorted(np.concatenate([part.x[:, 0] for part in parts])) == list(range(0, 40, 2))


def test_a_big_endian_npy_file_comes_out_native(tmp_path):
    path = tmp_path / "rows.npy"
    np.save(path, np.arange(40, dtype=">f4").reshape(20, 2))
    train = open_dataset(path).train.x
    assert train.dtype == train[:2].dtype == np.dtype("=f4")


def test_the_labels_of_a_npy_file_are_in_the_file_beside_it(tmp_path):
    np.save(tmp_path / "rows.npy", np.arange(20).repeat(2).reshape(20, 2))
    np.save(tmp_path / "rows_labels.npy", np.arange(20))
    train = open_dataset(tmp_path / "rows.npy").train
    np.testing.assert_array_equal(train.labels, train.x[:, 0])
    np.save(tmp_path / "rows_labels.npy", np.arange(19))
    with pytest.raises(DataError, match="20 rows but 19 labels"):
        open_dataset(tmp_path / "rows.npy")


def test_the_labels_of_a_npy_file_are_in_the_file_that_is_told_or_in_none(tmp_path):
    np.save(tmp_path / "rows.npy", np.zeros((20, 2)))
    np.save(tmp_path / "rows_labels.npy", np.arange(20))
    np.save(tmp_path / "sorts.npy", np.arange(20) % 3)
    (guess,) = assumed(open_whole(tmp_path / "rows.npy").description)
    assert guess == "rows_labels.npy, beside rows.npy, holds the labels; {labels_file=none} does without"
    told = open_whole(tmp_path / "rows.npy", labels_file=str(tmp_path / "sorts.npy"))
    assert told.classes == (0, 1, 2)
    assert assumed(told.description) == ()
    assert open_whole(tmp_path / "rows.npy", labels_file="none").labels is None
    for wrong in (tmp_path / "nowhere.npy", tmp_path):
        with pytest.raises(
            DataError, match=r"^labels_file must be a \.npy or an idx file of labels, for rows\.npy; got"
        ):
            open_whole(tmp_path / "rows.npy", labels_file=str(wrong))


@pytest.mark.parametrize("rows_key", ["X", "x", "data", "images", "anything"])
@pytest.mark.parametrize("labels_key", ["y", "labels", "target", None])
def test_rows_and_labels_of_a_npz_file_are_known_by_name(rows_key, labels_key, tmp_path):
    labels = {} if labels_key is None else {labels_key: np.arange(20) % 4}
    np.savez(tmp_path / "rows.npz", **{rows_key: np.arange(20.0).repeat(2).reshape(20, 2)}, **labels)
    train = open_dataset(tmp_path / "rows.npz").train
    if labels_key is None:
        assert train.labels is None
    else:
        np.testing.assert_array_equal(train.labels, train.x[:, 0] % 4)


def test_arrays_that_could_all_be_the_rows_are_listed(tmp_path):
    np.savez(tmp_path / "rows.npz", left=np.zeros((5, 2)), right=np.zeros((5, 3)))
    with pytest.raises(DataError, match=r'holds "left" \(5, 2\), "right" \(5, 3\), .*Save the rows as "X"'):
        open_dataset(tmp_path / "rows.npz")
    np.savez(tmp_path / "rows.npz")
    with pytest.raises(DataError, match="holds no arrays"):
        open_dataset(tmp_path / "rows.npz")


class Trap:
    def __reduce__(self):
        return exec, ("raise SystemExit('code of the file ran')",)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_python_objects_are_refused_and_not_run(suffix, tmp_path):
    path = tmp_path / f"rows.{suffix}"
    (np.save if suffix == "npy" else np.savez)(path, np.array([[Trap(), Trap()]], dtype=object))
    with pytest.raises(DataError, match="holds Python objects"):
        open_dataset(path)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((5, 2), complex), "Complex data not supported"),
        (np.array([["a"], ["b"]]), "dtype <U1"),
        (np.zeros((4, 2), np.longdouble), "at most 64 bits"),
        (np.zeros(5), "Reshape your data"),
        (np.float64(3), "Reshape your data"),
        (np.zeros((0, 3)), r"0 sample\(s\)"),
        (np.zeros((3, 0)), r"0 feature\(s\)"),
        (np.zeros((1, 3)), "1 row, too few to split"),
    ],
)
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_arrays_that_are_no_rows_of_numbers_are_refused(array, message, suffix, tmp_path):
    path = tmp_path / f"rows.{suffix}"
    (np.save if suffix == "npy" else np.savez)(path, array)
    with pytest.raises(DataError, match=message) as caught:
        open_dataset(path)
    assert "rows." in str(caught.value)


def test_python_objects_among_arrays_that_could_be_the_rows_are_told_apart(tmp_path):
    np.savez(tmp_path / "a.npz", A=np.eye(4), notes=np.array([{}, 1], object))
    with pytest.raises(
        DataError, match=r'holds "A" \(4, 4\), "notes" of Python objects, and which of them is the rows'
    ):
        open_dataset(tmp_path / "a.npz")


def test_numbers_that_are_not_finite_are_refused(tmp_path):
    np.savez(tmp_path / "rows.npz", np.array([[1.0, np.inf], [np.nan, 1.0]]))
    with pytest.raises(DataError, match=r"rows.npz must be finite, and has infinity in column 1 \(row 0\)"):
        open_dataset(tmp_path / "rows.npz")
    np.savez(tmp_path / "images.npz", np.full((2, 3, 3), np.nan))  # of images, no pixel may be missing
    with pytest.raises(DataError, match=r"images.npz must be finite, and has NaN in rows 0 and 1"):
        open_dataset(tmp_path / "images.npz")


@pytest.mark.parametrize("suffix", ["npy", "npz"])
@pytest.mark.parametrize("damage", ["truncated", "other", "empty"])
def test_a_damaged_file_gets_a_sentence_that_names_it(suffix, damage, tmp_path):
    path = tmp_path / f"rows.{suffix}"
    (np.save if suffix == "npy" else np.savez)(path, np.arange(4000.0).reshape(1000, 4))
    data = path.read_bytes()
    path.write_bytes({"truncated": data[: len(data) // 2], "other": b"hello, world" * 20, "empty": b""}[damage])
    with pytest.raises(DataError, match="damaged or no NumPy file") as caught:
        open_dataset(path)
    assert str(path) in str(caught.value)
    assert "pickle" not in str(caught.value)
