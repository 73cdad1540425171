"""Files that other programs write: MATLAB's, HDF5, AnnData's, Zarr stores, Hugging Face data sets."""

import json
import sys

import numpy as np
import pytest
from PIL import Image

from latently.data import DataError, assumed, open_dataset, open_whole

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(20, 3))
KINDS = np.array(["ant", "bee"] * 10)
PARTED = {"x_train": X[:12], "y_train": KINDS[:12], "x_test": X[12:], "y_test": KINDS[12:]}


# ---- MATLAB ----


def test_a_matlab_file_opens_with_its_labels_lying_either_way(tmp_path):
    from scipy.io import savemat

    for shape in ((20, 1), (1, 20)):
        savemat(tmp_path / "rows.mat", {"X": X, "y": (np.arange(20) % 2 + 1).reshape(shape)})
        whole = open_whole(tmp_path / "rows.mat")
        np.testing.assert_array_equal(whole.x, X)
        assert whole.classes == (1, 2)
        assert whole.labels.tolist() == [0, 1] * 10


def test_images_of_matlab_have_their_samples_last(tmp_path):
    from scipy.io import savemat

    images = GENERATOR.integers(0, 256, (6, 5, 3, 20)).astype(np.uint8)
    savemat(tmp_path / "rows.mat", {"X": images, "y": np.arange(20) % 10})
    whole = open_whole(tmp_path / "rows.mat")
    np.testing.assert_array_equal(whole.x[7], images[..., 7])
    guess = "the last axis of X is that of the rows: it has one for each label; {row_axis=first} takes the first"
    assert assumed(whole.description) == (guess,)
    with pytest.raises(DataError, match="20 labels"):  # for 6 rows
        open_whole(tmp_path / "rows.mat", row_axis="first")


def test_the_axis_of_the_rows_is_told_where_no_labels_tell(tmp_path):
    images = GENERATOR.integers(0, 256, (6, 5, 20)).astype(np.uint8)
    np.savez(tmp_path / "rows.npz", X=images)
    assert open_whole(tmp_path / "rows.npz").x.shape == (6, 5, 20)
    last = open_whole(tmp_path / "rows.npz", row_axis="last")
    np.testing.assert_array_equal(last.x[7], images[..., 7])
    assert assumed(last.description) == ()


def test_a_matlab_file_of_version_7_3_has_its_axes_turned_back(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "rows.mat", "w", userblock_size=512) as file:
        file["X"], file["y"] = X.T, np.arange(20.0)[None] % 2
    with (tmp_path / "rows.mat").open("r+b") as file:  # as MATLAB writes it
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    whole = open_whole(tmp_path / "rows.mat")
    np.testing.assert_array_equal(whole.x, X)
    assert whole.labels.tolist() == [0, 1] * 10


# ---- HDF5 ----


def test_the_arrays_and_groups_of_an_hdf5_file_are_parts(tmp_path):
    h5py = pytest.importorskip("h5py")
    for name, separator in (("flat.h5", "_"), ("groups.hdf5", "/")):
        with h5py.File(tmp_path / name, "w") as file:
            for key, values in PARTED.items():
                role, part = key.split("_")
                words = values.astype("S") if values.dtype.kind == "U" else values
                file[f"{part}{separator}{role}"] = words
        data = open_dataset(tmp_path / name)
        np.testing.assert_array_equal(data.train.x, X[:12])
        assert data.test.classes == ("ant", "bee")
        assert data.test.labels.tolist() == [0, 1] * 4


def test_an_array_of_an_hdf5_file_is_named(tmp_path):
    h5py = pytest.importorskip("h5py")
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deep/one"], file["deep/two"], file["kind"] = X, 2 * X, np.arange(20) % 2
    with pytest.raises(DataError, match=r'holds "deep/one" \(20, 3\), "deep/two" \(20, 3\), "kind" \(20,\), and which'):
        open_dataset(tmp_path / "a.h5")
    whole = open_whole(tmp_path / "a.h5", array="deep/two", labels_column="kind")
    np.testing.assert_array_equal(whole.x, 2 * X)
    assert whole.classes == (0, 1)


# ---- AnnData ----


def write_anndata(path, sparse=False):
    """A file as AnnData 0.12 writes it: 4 cells of 3 genes."""
    h5py = pytest.importorskip("h5py")
    dense = np.array([[0, 1, 0], [2, 0, 0], [0, 0, 3], [0, 4, 0]], np.float32)
    with h5py.File(path, "w") as file:
        if sparse:
            from scipy.sparse import csr_matrix

            matrix, group = csr_matrix(dense), file.create_group("X")
            group.attrs.update({"encoding-type": "csr_matrix", "shape": dense.shape})
            group["data"], group["indices"], group["indptr"] = matrix.data, matrix.indices, matrix.indptr
        else:
            file["X"] = dense
        obs, var = file.create_group("obs"), file.create_group("var")
        obs.attrs["_index"] = var.attrs["_index"] = "_index"
        obs["_index"], var["_index"] = [b"c1", b"c2", b"c3", b"c4"], [b"CD4", b"CD8", b"MS4A1"]
        obs["cell_type/categories"], obs["cell_type/codes"] = [b"B", b"T"], np.array([1, -1, 0, 1], np.int8)
        obs["batch"] = np.array([1, 1, 2, 2])
    return dense


@pytest.mark.parametrize("sparse", [False, True])
def test_cells_are_rows_genes_are_columns_and_a_column_of_obs_the_labels(sparse, tmp_path):
    dense = write_anndata(tmp_path / "cells.h5ad", sparse)
    whole = open_whole(tmp_path / "cells.h5ad", labels_column="cell_type")
    np.testing.assert_array_equal(whole.x, dense)
    assert whole.description["columns"] == ["CD4", "CD8", "MS4A1"]
    assert whole.classes == ("B", "T")
    assert whole.labels.tolist() == [1, -1, 0, 1]
    assert open_whole(tmp_path / "cells.h5ad", labels_column="batch").classes == (1, 2)


def test_columns_of_obs_are_offered_as_labels(tmp_path):
    write_anndata(tmp_path / "cells.h5ad")
    whole = open_whole(tmp_path / "cells.h5ad")
    assert whole.labels is None
    assert assumed(whole.description) == (
        "no column of obs is the labels; {labels_column=NAME} takes one of batch, cell_type",
    )
    with pytest.raises(DataError, match=r"^labels_column must be a column of obs in .*, which has batch, cell_type"):
        open_whole(tmp_path / "cells.h5ad", labels_column="sort")


def test_other_matrices_of_cells_are_named_and_may_be_taken(tmp_path):
    h5py = pytest.importorskip("h5py")
    path, dense = tmp_path / "cells.h5ad", write_anndata(tmp_path / "cells.h5ad")
    with h5py.File(path, "a") as file:
        file["layers/counts"], file["obsm/X_pca"] = 10 * dense, dense[:, :2]
        file["raw/X"], file["raw/var/_index"] = np.hstack([dense, dense]), [f"g{n}".encode() for n in range(6)]
        file["obsm/frame/a"] = dense[:, 0]  # a data frame is no matrix
    said = assumed(open_whole(path, labels_column="batch").description)
    names = "layers/counts, obsm/X_pca, raw/X"
    assert said == (f"the rows are those of X in cells.h5ad; {{array=NAME}} takes those of {names}",)
    counts = open_whole(path, array="layers/counts", labels_column="batch")
    np.testing.assert_array_equal(counts.x, 10 * dense)
    assert counts.description["columns"] == ["CD4", "CD8", "MS4A1"]
    assert open_whole(path, array="raw/X").description["columns"][-1] == "g5"
    assert open_whole(path, array="obsm/X_pca").x.shape == (4, 2)
    with pytest.raises(DataError, match=rf"^array must be a matrix of .*, which has X, {names}; got 'layers/x'"):
        open_whole(path, array="layers/x")


# ---- Zarr ----


def test_a_zarr_store_is_a_group_of_arrays_or_one(tmp_path):
    zarr = pytest.importorskip("zarr")
    store = zarr.open_group(str(tmp_path / "rows.zarr"), mode="w")
    for name, values in PARTED.items():
        store.create_array(name, data=np.arange(len(values)) % 2 if values.dtype.kind == "U" else values)
    data = open_dataset(tmp_path / "rows.zarr")
    np.testing.assert_array_equal(data.test.x, X[12:])
    assert data.train.labels.tolist() == [0, 1] * 6
    zarr.save_array(str(tmp_path / "one.zarr"), X)
    np.testing.assert_array_equal(open_whole(tmp_path / "one.zarr").x, X)


@pytest.mark.parametrize("field", ["compressor", "filters"])
def test_a_zarr_store_that_runs_code_when_it_is_read_is_refused(field, tmp_path):
    pytest.importorskip("zarr")
    folder, codec = tmp_path / "trap.zarr", {"id": "pickle", "protocol": 5}
    folder.mkdir()
    about = {"zarr_format": 2, "shape": [2, 2], "chunks": [2, 2], "dtype": "<f8", "fill_value": 0.0, "order": "C"}
    about |= {"compressor": None, "filters": None} | {field: codec if field == "compressor" else [codec]}
    (folder / ".zarray").write_text(json.dumps(about))
    (folder / "0.0").write_bytes(b"cposix\n_exit\n(I3\ntR.")
    with pytest.raises(DataError, match=r"Python objects|damaged or no Zarr store"):
        open_whole(folder)


# ---- Hugging Face ----


@pytest.fixture
def hub(tmp_path):
    """A saved data set of pictures: 6 to train on, 3 for the test, of the classes ant and bee."""
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"image": datasets.Image(), "label": datasets.ClassLabel(names=["ant", "bee"]), "id": datasets.Value("int64")}
    )

    def part(n):
        pictures = [Image.fromarray(np.full((8, 8), 10 * row, np.uint8)) for row in range(n)]
        values = {"image": pictures, "label": [row % 2 for row in range(n)], "id": list(range(n))}
        return datasets.Dataset.from_dict(values, features=features)

    datasets.DatasetDict({"train": part(6), "test": part(3)}).save_to_disk(str(tmp_path / "bugs"))
    return f"hf:{tmp_path / 'bugs'}"


def test_a_saved_hugging_face_data_set_has_its_splits_and_the_names_of_its_classes(hub):
    data = open_dataset(hub)
    assert (len(data.train), len(data.validation), len(data.test)) == (6, 0, 3)
    assert data.train.x.shape == (6, 8, 8)
    np.testing.assert_array_equal(data.test.x[:, 0, 0], [0, 10, 20])
    assert data.test.classes == ("ant", "bee")
    assert data.test.labels.tolist() == [0, 1, 0]
    (guess,) = assumed(data.train.description)
    assert guess.startswith("the columns id of hf:")
    assert open_dataset(hub, image_size=4).train.x.shape == (6, 4, 4)


def save_splits(folder, **splits):
    """A data set of pictures: split → its images, saved as the package does."""
    datasets = pytest.importorskip("datasets")
    features = datasets.Features({"image": datasets.Image()})
    held = {name: datasets.Dataset.from_dict({"image": each}, features=features) for name, each in splits.items()}
    datasets.DatasetDict(held).save_to_disk(str(folder))
    return f"hf:{folder}"


def filled(*levels, dtype=np.uint8):
    return [Image.fromarray(np.full((4, 4), level, dtype)) for level in levels]


@pytest.mark.parametrize(
    ("splits", "levels", "guess"),
    [
        (
            {"unsupervised": 1, "train": 2, "valid": 3, "test": 4},
            (2, 3, 4),
            "the splits unsupervised of {source} were not used beside train (train), valid (validation), test (test); ",
        ),
        (  # its very name goes before others
            {"train_noisy": 1, "train": 2, "test_a": 3, "test_b": 4},
            (2, None, 3),
            "the splits train_noisy, test_b of {source} were not used beside train (train), test_a (test); ",
        ),
        ({"test": 1, "all": 2}, (2, None, 1), "the split all of {source} is trained on, since none is called train"),
        ({"test": 1}, (1, None, None), "the split test of {source} is trained on, since none is called train"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_splits_of_a_hugging_face_data_set_are_kept_or_named(splits, levels, guess, tmp_path):
    source = save_splits(tmp_path / "parts", **{name: filled(level, level) for name, level in splits.items()})
    data = open_dataset(source, **({} if levels[2] else {"test": 0, "validation": 0}))
    for part, level in zip((data.train, data.validation, data.test), levels, strict=True):
        assert sorted({*np.asarray(part.x).ravel().tolist()}) == ([] if level is None else [level])
    (said,) = assumed(data.train.description)
    assert said.startswith(guess.format(source=source))


def test_splits_are_the_parts_that_they_are_told_to_be(tmp_path):
    splits = {"train_noisy": 1, "train": 2, "test_a": 3, "test_b": 4}
    source = save_splits(tmp_path / "parts", **{name: filled(level, level) for name, level in splits.items()})
    data = open_dataset(source, parts="train=train_noisy,validation=test_a,test=test_b")
    assert [part.x[0, 0, 0] for part in (data.train, data.validation, data.test)] == [1, 3, 4]
    assert assumed(data.train.description) == ()
    assert len(open_whole(source, parts="none")) == 8
    with pytest.raises(DataError, match=r"^parts must name splits of hf:.*, which has train_noisy, .*; got 'all'"):
        open_dataset(source, parts={"train": "all"})


def test_images_of_all_splits_have_one_white_and_one_colour(tmp_path):
    deep = save_splits(
        tmp_path / "deep", train=filled(0, 4095, dtype=np.uint16), test=filled(400, 1000, dtype=np.uint16)
    )
    data = open_dataset(deep)
    assert np.asarray(data.test.x)[:, 0, 0].tolist() == [25, 62]  # of 4095, not of 1023
    assert data.train.description["white_level"] == data.test.description["white_level"] == 4095
    assert np.asarray(open_dataset(deep, white_level=2000).test.x)[:, 0, 0].tolist() == [51, 128]
    colour = Image.fromarray(np.full((4, 4, 3), (9, 9, 200), np.uint8))
    mixed = save_splits(tmp_path / "mixed", train=filled(0, 9), test=[colour])
    assert open_dataset(mixed).train.x.shape == (2, 4, 4, 3)
    assert open_dataset(mixed, gray=True).test.x.shape == (1, 4, 4)


def test_an_image_that_is_missing_or_damaged_is_named_by_its_row(tmp_path):
    damaged = {"bytes": b"no image", "path": None}
    for name, bad in (("gap", None), ("damaged", damaged)):
        source = save_splits(tmp_path / name, train=[*filled(1, 2), bad])
        with pytest.raises(DataError, match=r'^the image of row 2 of the part "train" is missing or cannot be read; '):
            open_dataset(source)


def test_columns_of_numbers_are_rows_where_there_are_no_pictures(tmp_path):
    datasets = pytest.importorskip("datasets")
    columns = {"a": X[:, 0].tolist(), "b": X[:, 1].tolist(), "kind": KINDS.tolist()}
    datasets.Dataset.from_dict(columns).save_to_disk(str(tmp_path / "numbers"))
    whole = open_whole(f"hf:{tmp_path / 'numbers'}", labels_column="kind")
    np.testing.assert_allclose(whole.x, X[:, :2])
    assert whole.classes == ("ant", "bee")
    assert whole.description["columns"] == ["a", "b"]
    with pytest.raises(DataError, match=r"^labels_column must be a column of hf:.*, which has a, b, kind; got 'sort'"):
        open_whole(f"hf:{tmp_path / 'numbers'}", labels_column="sort")


# ---- what is refused ----


@pytest.mark.parametrize("name", ["a.mat", "a.h5", "a.h5ad", "a.zarr"])
def test_a_damaged_store_gets_a_sentence_that_names_it(name, tmp_path):
    (tmp_path / name).write_bytes(b"hello, world" * 50)
    with pytest.raises(DataError, match=r"damaged or no|is no AnnData"):
        open_dataset(tmp_path / name)


@pytest.mark.parametrize(
    ("package", "name", "extra"),
    [("h5py", "a.h5", "hdf5"), ("h5py", "a.h5ad", "hdf5"), ("zarr", "a.zarr", "zarr"), ("datasets", "hf:a", "hub")],
)
def test_a_package_that_is_missing_is_named_with_its_extra(package, name, extra, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    (tmp_path / name.removeprefix("hf:")).write_bytes(b"")
    with pytest.raises(DataError, match=rf"needs {package} to be read; run: pip install 'latently\[{extra}\]'\."):
        open_dataset(name if name.startswith("hf:") else tmp_path / name)
