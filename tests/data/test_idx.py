"""idx files: there and back, and what is wrong with damaged ones."""

import gzip

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from idx_files import write_idx
from latently.data import DataError, open_dataset
from latently.data.arrays import read_idx

DTYPES = st.sampled_from(["u1", "i1", "<i2", ">i2", "<i4", "<f4", "<f8", ">f8"]).map(np.dtype)
SHAPES = arrays.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=4)


@settings(deadline=None)
@given(array=DTYPES.flatmap(lambda dtype: arrays.arrays(dtype, SHAPES)), gzipped=st.booleans())
def test_every_shape_and_type_survives_the_way_there_and_back(array, gzipped, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / ("array.idx.gz" if gzipped else "array.idx")
    write_idx(path, array)
    back = read_idx(path)
    assert back.dtype == array.dtype.newbyteorder("=")
    np.testing.assert_array_equal(back, array)


HEADER = bytes([0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 4])


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "first bytes are missing"),
        (b"\x89PNG\r\n", "is no idx file: its first bytes are 89 50 4e 47"),
        (bytes([0, 0, 7, 1]), "is no idx file"),
        (HEADER[:9], "truncated: it ends within its header"),
        (HEADER + bytes(11), "truncated: its header says 3 x 4 numbers of uint8, which take 24 bytes, but it has 23"),
        (HEADER + bytes(13), "too long"),
        (bytes([0, 0, 8, 3]) + b"\xff" * 12, "truncated"),
        (gzip.compress(HEADER + bytes(12), mtime=0)[:-9], "damaged or no idx file"),
        (gzip.compress(HEADER + bytes(12), mtime=0)[:12] + b"\x00" * 9, "damaged or no idx file"),
        (gzip.compress(HEADER + bytes(11), mtime=0), "truncated"),
    ],
)
def test_a_damaged_file_gets_a_sentence_that_names_it(data, message, tmp_path):
    path = tmp_path / "images-idx3-ubyte"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as caught:
        open_dataset(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte"),
        ("images.idx3-ubyte", "labels.idx1-ubyte"),
        ("images.idx", "labels.idx.gz"),
    ],
)
def test_the_labels_beside_the_images_are_found(images, labels, tmp_path):
    write_idx(tmp_path / images, np.arange(10, dtype=np.uint8).repeat(16).reshape(10, 4, 4))
    write_idx(tmp_path / labels, np.arange(10, dtype=np.uint8) + 5)
    data = open_dataset(tmp_path / images)
    assert data.train.classes == tuple(range(5, 15))
    np.testing.assert_array_equal(data.train.labels, data.train.x[:, 0, 0])


def test_images_without_labels_beside_them_have_none(tmp_path):
    write_idx(tmp_path / "rows-idx2-ubyte", np.zeros((10, 4), np.uint8))
    assert open_dataset(tmp_path / "rows-idx2-ubyte").train.labels is None


def test_labels_of_another_length_are_refused(tmp_path):
    write_idx(tmp_path / "images-idx3-ubyte", np.zeros((10, 4, 4), np.uint8))
    write_idx(tmp_path / "labels-idx1-ubyte", np.zeros(9, np.uint8))
    with pytest.raises(DataError, match="10 rows but 9 labels"):
        open_dataset(tmp_path / "images-idx3-ubyte")
