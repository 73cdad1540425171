"""The one call for every source."""

import json
import re

import numpy as np
import pytest

from latently.data import BUILTIN, DataError, open_dataset
from latently.errors import ArgumentError


def test_digits_are_split_into_three():
    data = open_dataset("digits")
    assert (len(data.train), len(data.validation), len(data.test)) == (1258, 180, 359)
    assert data.train.x.dtype == np.uint8
    assert (data.train.x.min(), data.train.x.max()) == (0, 255)
    assert data.train.classes == tuple(range(10))


def test_the_same_seed_gives_the_same_rows_and_labels():
    first, again, other = (open_dataset("digits", labels=50, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.train.x, again.train.x)
    np.testing.assert_array_equal(first.train.labels, again.train.labels)
    assert not np.array_equal(first.train.labels, other.train.labels)


def test_a_seed_of_the_labels_alone_leaves_the_rows_as_they_are():
    plain, same, other = (open_dataset("digits", labels=50, label_seed=seed) for seed in (None, 0, 1))
    np.testing.assert_array_equal(plain.train.x, other.train.x)
    np.testing.assert_array_equal(plain.test.x, other.test.x)
    np.testing.assert_array_equal(plain.train.labels, same.train.labels)
    assert not np.array_equal(plain.train.labels, other.train.labels)


def test_labels_are_hidden_in_the_training_rows_alone():
    data = open_dataset("digits", labels=37)
    assert (data.train.labels >= 0).sum() == 37
    assert set(np.bincount(data.train.labels + 1)[1:]) == {3, 4}
    assert (data.test.labels >= 0).all()


def test_what_was_done_can_be_written_down():
    data = open_dataset("digits", labels=20, seed=2)
    for part in (data.train, data.validation, data.test):
        json.dumps(dict(part.description))
    assert data.train.description["labels_kept"] == 20
    assert data.train.description["split_seed"] == 2
    assert "1258, 8, 8" in repr(data.train)


@pytest.mark.parametrize(
    ("source", "options", "message"),
    [
        ("mnits", {}, r'no file or folder "mnits", .* digits, mnist, fashion-mnist\. Did you mean "mnist"\?'),
        ("missing/rows.npy", {}, 'no file or folder "missing/rows.npy"'),
        ("digits", {"labels": 9}, r"labels must lie between the number of classes, 10, .* 1258, in digits; got 9\."),
        ("digits", {"labels": 1259}, r"labels must lie .*; got 1259\."),
        ("digits", {"image_size": 16}, "image_size is for folders of images, and digits is none; got 16"),
        ("digits", {"labels_column": "y"}, r"labels_column is for tables .* and digits is none; got 'y'\."),
        ("digits", {"validation": 0.5, "test": 0.5}, "add up to less than 1"),
    ],
)
def test_arguments_that_do_not_fit_the_source_get_a_sentence(source, options, message):
    with pytest.raises(DataError, match=message):
        open_dataset(source, **options)


@pytest.mark.parametrize(
    ("options", "name", "sentence"),
    [
        ({"labels": 3}, "labels", "--labels must lie between .*; got 3."),
        ({"labels_column": "y"}, "labels_column", "--labels_column is for tables .*; got 'y'."),
        ({"image_size": (8, 8)}, "image_size", r"--image_size is for folders of images, .*; got \(8, 8\)."),
        ({"views": "a=X,b=Y"}, "views", "--views that are named .*. Use --views halves for images."),
        ({"views": "halfs"}, "views", r"--views must be one of halves, .*; got 'halfs'\. Did you mean halves\?"),
        ({"validation": 0.7, "test": 0.7}, "validation", "--validation and --test must be fractions .* 0.7 and 0.7."),
        ({"validation": 0.1, "test": 0.1, "labels": 2000}, "labels", "--labels must lie between .*; got 2000."),
    ],
)
def test_an_error_about_an_argument_is_worded_as_its_reader_types_it(options, name, sentence):
    with pytest.raises(ArgumentError) as caught:
        open_dataset("digits", **options)
    assert caught.value.name == name
    assert isinstance(caught.value, DataError)
    words = caught.value.worded(lambda name, value: f"--{name}" + ("" if value is None else f" {value}"))
    assert re.fullmatch(sentence, words), words


def test_an_unknown_kind_of_file_gets_a_sentence(tmp_path):
    path = tmp_path / "rows.docx"
    path.write_bytes(b"PK")
    with pytest.raises(DataError, match=r'ends in "\.docx", which is not known here; give a folder of PNG'):
        open_dataset(path)


@pytest.mark.parametrize(("name", "frame"), [("rows.rds", r'readRDS\("rows\.rds"\)'), ("rows.RData", "FRAME")])
def test_a_file_of_r_is_told_what_r_can_write_instead(name, frame, tmp_path):
    (tmp_path / name).write_bytes(b"\x1f\x8b")
    with pytest.raises(DataError, match=rf'is a file of R, .*; in R, arrow::write_parquet\({frame}, "rows\.parquet"\)'):
        open_dataset(tmp_path / name)


@pytest.mark.usefixtures("mnist_folder")
def test_a_test_fraction_is_not_for_data_with_test_rows_of_its_own():
    with pytest.raises(
        DataError, match=r"test must be left out: mnist has a test set of its own, of 10,000 rows; got 0\.3\."
    ):
        open_dataset("mnist", test=0.3)


def test_every_data_set_with_a_name_is_described():
    assert list(BUILTIN) == ["digits", "mnist", "fashion-mnist"]
    for entry in BUILTIN.values():
        assert entry.about
        assert entry.where
        assert len(entry.shape) == 2
