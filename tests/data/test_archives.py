"""Files of several arrays: the customary names tell rows from labels, and one part of the data from another."""

import numpy as np
import pytest

from latently.data import DataError, assumed, open_dataset, open_whole
from latently.data.rows import is_mapped

SIZES = {"train": 30, "validation": 10, "test": 12}


def rows(n, start=0):
    return np.arange(start, start + 2 * n, dtype=float).reshape(n, 2)


def save(path, **arrays):
    np.savez(path, **arrays)
    return path


@pytest.mark.parametrize(
    ("x", "y", "parts"),
    [
        ("x_{}", "y_{}", ("train", "valid", "test")),
        ("X_{}", "Y_{}", ("train", "val", "test")),
        ("{}_images", "{}_labels", ("train", "val", "test")),
        ("{}X", "{}Y", ("train", "validation", "test")),
        ("{}_data", "{}_target", ("train", "dev", "test")),
        ("X{}", "y{}", ("Train", "Val", "Test")),
        ("{}", "labels_{}", ("train", "valid", "test")),
        ("{}/features", "{}/label", ("training", "validation", "testing")),
    ],
)
def test_arrays_of_three_parts_are_kept_as_they_are_named(x, y, parts, tmp_path):
    arrays, start = {}, 0
    for part, n in zip(parts, SIZES.values(), strict=True):
        arrays |= {x.format(part): rows(n, start), y.format(part): (np.arange(n) % 3 + 5)[:, None]}
        start += 2 * n
    data = open_dataset(save(tmp_path / "parts.npz", **arrays))
    for part, n in SIZES.items():
        opened = getattr(data, part)
        assert len(opened) == n
        assert opened.classes == (5, 6, 7)
        np.testing.assert_array_equal(opened.labels, np.arange(n) % 3)
    assert data.train.x[0, 0] == 0
    assert data.test.x[0, 0] == 80
    assert len(open_whole(tmp_path / "parts.npz")) == sum(SIZES.values())
    assert assumed(data.train.description) == ()


def test_rows_without_a_part_in_their_name_are_to_train_on_beside_test_rows(tmp_path):
    data = open_dataset(save(tmp_path / "a.npz", x=rows(30), y=np.arange(30) % 2, x_test=rows(6), y_test=np.ones(6)))
    assert (len(data.train), len(data.validation), len(data.test)) == (30, 0, 6)
    assert data.test.labels.tolist() == [1] * 6


def test_validation_rows_are_still_cut_where_there_are_test_rows_and_they_are_asked_for(tmp_path):
    path = save(tmp_path / "a.npz", x_train=rows(30), x_test=rows(6))
    data = open_dataset(path, validation=0.1)
    assert (len(data.train), len(data.validation), len(data.test)) == (27, 3, 6)
    with pytest.raises(DataError, match=r"^test must be left out: .* has a test set of its own, of 6 rows; got 0\.2"):
        open_dataset(path, test=0.2)


def test_a_part_without_labels_has_none(tmp_path):
    data = open_dataset(save(tmp_path / "a.npz", train_x=rows(30), train_y=np.arange(30) % 2, test_x=rows(6)))
    assert data.test.labels is None
    assert data.train.classes == (0, 1)
    assert open_whole(tmp_path / "a.npz").labels.tolist() == [0, 1] * 15 + [-1] * 6


def test_arrays_that_are_not_used_are_named_with_the_way_to_use_them(tmp_path):
    path = save(tmp_path / "a.npz", X=rows(20), y=np.arange(20) % 2, other=rows(20, 100), names=np.array(["a", "b"]))
    data = open_dataset(path)
    assert assumed(data.train.description) == (
        "the arrays other, names of a.npz were not used; {array=NAME} takes another as the rows",
    )
    whole = open_whole(path, array="other")
    assert whole.x[0, 0] == 100
    assert whole.labels is not None


def test_an_array_that_is_named_is_the_rows_and_its_part_gives_the_labels(tmp_path):
    arrays = {"x_train": rows(30), "y_train": np.zeros(30), "x_test": rows(6), "y_test": np.arange(6) % 2}
    path = save(tmp_path / "a.npz", **arrays)
    assert open_whole(path, array="x_test").labels.tolist() == [0, 1] * 3
    assert open_whole(path, array="x_train", labels_column="x_train").labels is None
    with pytest.raises(DataError, match=r"^array must be an array of .*a.npz, which has x_train, .*; got 'z'"):
        open_dataset(path, array="z")


def test_labels_of_another_name_are_named(tmp_path):
    path = save(tmp_path / "a.npz", X=rows(20), kind=np.array(["ant", "bee"] * 10))
    assert open_dataset(path, labels_column="kind").train.classes == ("ant", "bee")
    with pytest.raises(DataError, match=r"^labels_column must be an array of .*; got 'sort'"):
        open_dataset(path, labels_column="sort")


@pytest.mark.parametrize(
    ("name", "sizes", "classes"),
    [("train-val-test-names", (300, 100, 100), 10), ("x-train-x-test", (300, 0, 100), 10)],
)
def test_files_that_others_publish_open_as_they_are(name, sizes, classes, case):
    data = open_dataset(case(f"arrays/{name}.npz"))
    assert (len(data.train), len(data.validation), len(data.test)) == sizes
    assert len(data.train.classes) == classes
    assert data.train.labels.ndim == 1
    assert (data.test.labels >= 0).all()


def test_several_labels_of_a_part_of_one_row_stay_apart(tmp_path):
    several = np.arange(30 * 14).reshape(30, 14) % 3 % 2
    path = save(tmp_path / "a.npz", x_train=rows(30), y_train=several, x_test=rows(1), y_test=several[:1])
    data = open_dataset(path)
    assert (data.train.conditions.shape, data.test.conditions.shape) == ((30, 14), (1, 14))


def test_arrays_beside_those_of_the_views_are_named(tmp_path):
    path = save(tmp_path / "a.npz", left=rows(20), right=rows(20), other=rows(20))
    data = open_dataset(path, views="left=left,right=right")
    assert assumed(data.train.description) == ("of a.npz, other were not used; {views} names the views",)


def test_large_arrays_that_are_not_packed_are_mapped(tmp_path, monkeypatch):
    monkeypatch.setattr("latently.data.archives.MAPPED_BYTES", 100)
    wanted = rows(30)
    np.savez(tmp_path / "plain.npz", X=wanted, y=np.arange(30) % 2)
    found = open_whole(tmp_path / "plain.npz")
    assert is_mapped(found.x)
    np.testing.assert_array_equal(found.x, wanted)
    np.savez_compressed(tmp_path / "packed.npz", X=wanted)
    assert not is_mapped(open_whole(tmp_path / "packed.npz").x)
    np.savez(tmp_path / "columns.npz", X=np.asfortranarray(wanted))
    np.testing.assert_array_equal(open_whole(tmp_path / "columns.npz").x, wanted)
    content = (tmp_path / "plain.npz").read_bytes()
    (tmp_path / "cut.npz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="damaged"):
        open_whole(tmp_path / "cut.npz")
    np.savez(tmp_path / "objects.npz", X=np.array([{}] * 30))
    with pytest.raises(DataError, match="Python objects"):
        open_whole(tmp_path / "objects.npz")
