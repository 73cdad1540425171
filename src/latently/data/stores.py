"""Stores of named arrays that other programs write: MATLAB's `.mat`, HDF5, `.h5ad` of AnnData, Zarr.

All but `.mat` need a package of their own, an extra, which is imported when such a file is opened.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped

from latently.data.archives import Archive, open_archive
from latently.data.assumptions import assume
from latently.data.dataset import Dataset
from latently.data.labels import Unlabelled
from latently.data.parts import Parts
from latently.data.rows import DataArgumentError, DataError
from latently.data.view_making import Groups
from latently.reading import check_room, reading

HDF5 = (".h5", ".hdf5")
SUFFIXES = (".mat", *HDF5, ".zarr")
ANNDATA = ".h5ad"
_ANEW = "write it anew"
_LESS = "save the rows as a .npy file, which is read in pieces"
_MATLAB_BYTES = {"int8": 1, "uint8": 1, "logical": 1, "char": 2, "int16": 2, "uint16": 2, "int32": 4, "single": 4}


def open_store(path: Path, groups: Groups | None = None, **chosen: Any) -> Parts:
    """The rows and labels of a store (see `open_archive`); the arrays of a group are called `group/array`."""
    with _opened(path) as arrays:
        kept = {name: _Checked(array, path) for name, array in arrays.items()}
        return open_archive(kept, path, f"{path.suffix.lower()} file", groups, **chosen)


def array_names(path: Path) -> list[str]:
    """The names of the arrays of a store; none, where it cannot be read, as opening it will say."""
    try:
        with _opened(path) as arrays:
            return list(arrays)
    except DataError:
        return []


@contextmanager
def _opened(path: Path) -> Iterator[Archive]:
    """Name → array of a store, each read when it is asked for."""
    suffix = path.suffix.lower()
    if suffix == ".zarr":
        zarr = _package("zarr", path, "zarr")
        with reading(path, "Zarr store", _ANEW, DataError):
            store = zarr.open(str(path), mode="r")
            arrays = dict(_leaves(store)) if hasattr(store, "members") else {"X": store}
            yield {name: _harmless(array, path) for name, array in arrays.items()}
        return
    if suffix == ".mat" and (found := _matlab(path)) is not None:
        yield found
        return
    with _hdf5(path) as file:
        matlab = suffix == ".mat"  # since version 7.3, which writes the axes the other way round
        yield {name: _Transposed(array) if matlab else array for name, array in _leaves(file) if "#" not in name}


def _harmless(array: Any, path: Path) -> Any:
    """An array of Zarr, if reading it runs no code from the file: one of its codecs does."""
    stored = {name: value for name, value in array.metadata.to_dict().items() if name != "attributes"}
    if array.dtype.kind == "O" or "pickle" in str(stored).lower():
        raise DataError(
            f"{path} holds Python objects, which are not loaded because a file of them can run code; save the array "
            "with a type of numbers."
        )
    return array


def _matlab(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays of a `.mat` file; `None` where it is of version 7.3, which is HDF5."""
    from scipy.io import loadmat, whosmat

    with reading(path, "MATLAB file", "save it anew", DataError):
        try:
            told = whosmat(str(path), appendmat=False)
        except NotImplementedError:
            return None
        check_room(path, sum(_MATLAB_BYTES.get(kind, 8) * prod(shape) for _, shape, kind in told), _LESS, DataError)
        held = loadmat(str(path), appendmat=False)
    arrays = {name: value for name, value in held.items() if not name.startswith("__")}
    return {name: np.asarray(value) for name, value in arrays.items()}


class _Checked:
    """An array that is not read before it is known to fit into memory."""

    def __init__(self, array: Any, path: Path) -> None:
        self._array, self._path, self.shape, self.dtype = array, path, tuple(array.shape), array.dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        del copy
        check_room(self._path, prod(self.shape) * self.dtype.itemsize, _LESS, DataError)
        return np.asarray(self._array[()] if not isinstance(self._array, _Transposed) else self._array, dtype=dtype)


class _Transposed:
    """An array of HDF5 whose axes MATLAB wrote in its own order."""

    def __init__(self, array: Any) -> None:
        self._array, self.shape, self.dtype = array, tuple(reversed(array.shape)), array.dtype

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        del copy
        return np.asarray(self._array[()], dtype=dtype).T


@contextmanager
def _hdf5(path: Path) -> Iterator[Any]:
    h5py = _package("h5py", path, "hdf5")
    with reading(path, "HDF5 file", _ANEW, DataError), h5py.File(path, "r") as file:
        yield file


def _leaves(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """The arrays of a group and of the groups in it, under their paths."""
    for name, each in group.items() if hasattr(group, "items") else group.members():
        if hasattr(each, "dtype"):
            yield before + name, each
        else:
            yield from _leaves(each, f"{before}{name}/")


def open_h5ad(
    path: Path, labels_column: str | None = None, unlabelled: Unlabelled = "auto", array: str | None = None
) -> Dataset:
    """The observations of an AnnData file: rows of `X`, made dense, with one column of `obs` as their labels.

    Args:
        path: of the file.
        labels_column: of `obs`.
        unlabelled: which label marks a row without one.
        array: what the rows are of in the place of `X`: `layers/NAME`, `obsm/NAME` or `raw/X`.
    """
    array = array or "X"
    with _hdf5(path) as file:
        missing = [name for name in ("obs", "var") if name not in file]
        if missing:
            raise DataError(f"{path} is no AnnData file: it has no {missing[0]}; write it anew with write_h5ad.")
        if array not in (matrices := _matrices(file)):
            listed = ", ".join(matrices) or "none"
            raise DataArgumentError("array", f"must be a matrix of {path}, which has {listed}", array, known=matrices)
        rows, variables = _dense(file[array], path), {"X": "var", "layers": "var", "raw": "raw/var"}
        at = variables.get(array.partition("/")[0])
        columns = None if at is None else _column(file[at], None)
        others = [name for name in file["obs"] if name != file["obs"].attrs.get("_index")]
        if labels_column is not None and labels_column not in others:
            rule = f"must be a column of obs in {path}, which has {', '.join(others) or 'none'}"
            raise DataArgumentError("labels_column", rule, labels_column, known=others)
        labels = None if labels_column is None else _column(file["obs"], labels_column)
    names = [] if columns is None else [str(name) for name in columns.tolist()]
    description: dict[str, Any] = {"source": "AnnData file", "columns": names, "labels_column": labels_column}
    if others and labels_column is None:
        listed = ", ".join(others)
        description = assume(
            description, f"no column of obs is the labels; {{labels_column=NAME}} takes one of {listed}"
        )
    if unused := ", ".join(name for name in matrices if name != array):
        guess = f"the rows are those of {array} in {path.name}; {{array=NAME}} takes those of {unused}"
        description = assume(description, guess)
    source = f"{path.name}, obs[{labels_column!r}]"
    return Dataset.of(path.name, rows, labels, source, description, unlabelled=unlabelled)


def _matrices(file: Any) -> list[str]:
    """The names of an AnnData file's matrices that have a row for each observation."""
    inner = [f"{group}/{name}" for group in ("layers", "obsm") for name in file.get(group, ())]
    return [name for name in ("X", *inner, "raw/X") if name in file and _is_matrix(file[name])]


def _is_matrix(x: Any) -> bool:
    """Whether something of HDF5 is a matrix, dense or sparse, and no data frame."""
    return len(x.shape) == 2 if hasattr(x, "dtype") else "indptr" in x


def anndata_names(path: Path) -> list[str]:
    """The columns of `obs` and the matrices of an AnnData file; none, where it cannot be read."""
    try:
        with _hdf5(path) as file:
            return [*file.get("obs", {}), *_matrices(file)]
    except DataError:
        return []


def _dense(x: Any, path: Path) -> Shaped[np.ndarray, "rows columns"]:
    """A matrix that is stored as it is, or by its nonzero numbers."""
    if hasattr(x, "dtype"):
        return np.asarray(_Checked(x, path))
    from scipy import sparse

    kinds: dict[str, Callable[..., Any]] = {"csr_matrix": sparse.csr_matrix, "csc_matrix": sparse.csc_matrix}
    kind = str(x.attrs.get("encoding-type", ""))
    if kind not in kinds:
        raise DataError(f"{path} stores X as {kind or 'something else'}, which is not known here; store it dense.")
    check_room(path, prod(map(int, x.attrs["shape"])) * x["data"].dtype.itemsize, _LESS, DataError)
    matrix = kinds[kind]((x["data"][()], x["indices"][()], x["indptr"][()]), shape=tuple(x.attrs["shape"]))
    return np.asarray(matrix.toarray())


def _column(frame: Any, name: str | None) -> Shaped[np.ndarray, "rows"] | None:
    """A column of a data frame in HDF5, or (`None`) its index; categories as words, empty where there is none."""
    column = frame.get(name or str(frame.attrs.get("_index", "_index")))
    if column is None:
        return None
    result: np.ndarray
    if hasattr(column, "dtype"):
        return _words(column[()])
    if "categories" in column:
        categories, codes = _words(column["categories"][()]), column["codes"][()]
        words = categories.dtype.kind == "U"
        result = np.append(categories, "" if words else -1)[codes]
    else:
        result = np.where(column["mask"][()], -1, column["values"][()])  # integers or booleans with gaps
    return result


def _words(values: Any) -> Shaped[np.ndarray, "rows"]:
    """Bytes and Python's strings as NumPy's words; numbers as they are."""
    array = np.asarray(values)
    if array.dtype.kind not in "OS":
        return array
    return np.asarray([each.decode() if isinstance(each, bytes) else str(each) for each in array.tolist()])


def _package(name: str, path: Path, extra: str) -> Any:
    """A package that is imported when it is needed."""
    import importlib

    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise DataError(f"{path} needs {name} to be read; run: pip install 'latently[{extra}]'.") from error
