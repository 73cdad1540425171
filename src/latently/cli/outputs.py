"""Files that a command writes: of the kind that the suffix says, and never over another file unless told so."""

import contextlib
import csv
import io
import itertools
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np

from latently.cli.errors import UsageError
from latently.cli.parsing import Option
from latently.files import npy_header, written_whole
from latently.reading import path_meant

if TYPE_CHECKING:
    from matplotlib.figure import Figure


Table: TypeAlias = tuple[Sequence[str], Sequence[Sequence[Any]]]
"""The names of columns, and the cells of each row."""


def _nothing() -> Any:
    raise UsageError("this cannot be written in that form.")


@dataclass(frozen=True)
class InPieces:
    """Rows that are made where they are needed, so many at a time: to be written, without all of them in memory.

    Attributes:
        rows: how many there are.
        make: those of a slice.
        step: how many at a time.
    """

    rows: int
    make: Callable[[slice], np.ndarray]
    step: int

    def __len__(self) -> int:
        return self.rows

    def __iter__(self) -> Iterator[np.ndarray]:
        yield self.first
        for start in range(self.step, self.rows, max(1, self.step)):
            yield self.make(slice(start, start + self.step))

    @cached_property
    def first(self) -> np.ndarray:
        """The first piece, which tells the shape and the type of all."""
        return self.make(slice(0, self.step))

    @cached_property
    def whole(self) -> np.ndarray:
        """All of them."""
        return np.concatenate(list(self))


@dataclass(frozen=True)
class Result:
    """What a command has made, in every form in which it can be written.

    Attributes:
        what: it is, in words; `{rows}` is the length of the first array.
        arrays: for `.npz`, by name, those that are `None` left out; the first one is what `.npy` holds. They may be
            `InPieces`.
        table: for `.csv`.
        delimiter: between the cells of `table`.
        columns: for `.parquet`: the arrays that stand side by side, by name; the cells of `table`, unless said.
        draw: for `.png`: the figure.
        remark: prints what is to be said besides.
        shown: how many rows a picture shows; all, unless said.
    """

    what: str
    arrays: Mapping[str, Any]
    table: Callable[[], Table] = _nothing
    draw: Callable[[], "Figure"] = _nothing
    remark: Callable[[], None] = lambda: None
    shown: int | None = None
    columns: Callable[[], Any] | None = None
    delimiter: str = ","


def output_options(default: str, kinds: Sequence[str] = ()) -> tuple[Option, ...]:
    """`--out` and `--force`, from what is written unless said otherwise and the kinds of files (all, unless said)."""
    kinds = kinds or tuple(FORMS)
    of_tables = {".csv": " for tables", ".parquet": " for tables"}
    only = {".png": " for images", **of_tables, ".npy": " for one view"} if ".png" in kinds else {}
    suffixes = ", ".join(kind + only.get(kind, "") for kind in kinds)
    about = f"a file of the kind that its suffix says, {suffixes}; may be given several times (default: {default})"
    return (
        Option("out", Path, about=about, metavar="FILE", nargs="append"),
        Option("force", None, False, "overwrite files that are there"),
    )


def kinds_for(model: Any) -> tuple[str, ...]:
    """The kinds of file that hold rows of a model's data: pictures for images, tables for vectors."""
    from latently import figures

    several = isinstance(model.row_shape_, dict)
    shapes = list(model.row_shape_.values()) if several else [model.row_shape_]
    if model.fitted_.task.cells and model.preprocessing_.container != "array":
        return (".csv", ".parquet")
    picture = (".png",) if any(figures.are_pictures(shape) for shape in shapes) else ()
    table = (".csv", ".parquet") if all(len(shape) == 1 for shape in shapes) else ()
    return (*picture, *table, ".npz", *(() if several else (".npy",)))


def by_view(name: str, data: Any) -> dict[str, Any]:
    """Rows with a name; those of several views have the view's name behind it, as in `samples_left`."""
    return {f"{name}_{view}": rows for view, rows in data.items()} if isinstance(data, dict) else {name: data}


def choose_paths(given: Any, stem: str, kinds: Sequence[str]) -> list[Path]:
    """The files to write: those of `--out`, or one of the first kind in the current folder; they can be written."""
    paths: list[Path] = given.out or [Path(f"{stem}{kinds[0]}")]
    for path in paths:
        if path.suffix.lower() not in kinds:
            raise UsageError(f"--out must end in {' or '.join(kinds)} here; got {path}.")
        if not path.parent.is_dir():
            raise UsageError(f"--out {path}: there is no folder {path.parent}.{path_meant(path.parent)}")
    return paths


def check_free(paths: Sequence[Path], force: bool) -> None:
    """See that no file is written over, unless that is asked for: before any work, and once all else is in order."""
    for path in paths:
        if path.exists() and not force:
            raise UsageError(f"{path} is there already; give another --out, or --force to overwrite it.")


def write(paths: Sequence[Path], result: Result, force: bool, *, quiet: bool = False) -> None:
    """Write a result in every form asked for, and say so unless `quiet`."""
    check_free(paths, force)
    rows = len(next(iter(result.arrays.values())))
    for path in paths:
        with written_whole(path) as file:
            FORMS[path.suffix.lower()](result, file)
        first = result.shown is not None and result.shown < rows and path.suffix.lower() == ".png"
        counted = f"the first {result.shown} of {rows:,}" if first else f"{rows:,}"
        if not quiet:
            print(f"{path}: {result.what.format(rows=counted)}")
    result.remark()


def vectors(rows: Any, columns: Mapping[str, Sequence[str]] | Sequence[str] | None = None) -> Table:
    """Rows `(n, d)` as a table; those of several views side by side.

    Args:
        rows: an array, or name of a view → array.
        columns: the names of the columns, or name of a view → its columns; others are numbered.

    Returns:
        The columns, and the cells of each row: the shortest words that are these numbers and no others of their type.

    Example:
        >>> vectors(np.array([[0.1, 20]], np.float32))
        (['x1', 'x2'], [['0.1', '20.0']])
        >>> vectors({"lab": np.ones((1, 2)), "body": np.zeros((1, 1))}, {"lab": ("iron", "zinc")})
        (['iron', 'zinc', 'body.x1'], [['1.0', '1.0', '0.0']])
    """
    if hasattr(rows, "iloc"):  # a frame: each cell as its column writes it
        return list(rows.columns), rows.astype(object).where(rows.notna(), "").to_numpy().tolist()
    if isinstance(rows, dict):
        of_view = columns if isinstance(columns, Mapping) else {}
        numbered = {view: [f"{view}.{column}" for column in vectors(values)[0]] for view, values in rows.items()}
        header = [column for view in rows for column in of_view.get(view, numbered[view])]
        return header, np.hstack([values.astype(str) for values in rows.values()]).tolist()
    return list(columns or [f"x{place + 1}" for place in range(rows.shape[1])]), rows.astype(str).tolist()


def beside(table: Table, /, **columns: np.ndarray | None) -> Table:
    """A table with more columns at its right, by name; those that are `None` are left out."""
    header, rows = table
    given = {name: values.tolist() for name, values in columns.items() if values is not None}
    return [*header, *given], [[*row, *more] for row, *more in zip(rows, *given.values(), strict=True)]


def are_curves(data: Any) -> bool:
    """Whether rows `(n, steps, channels)` are series, to be drawn as curves."""
    from latently.data.layout import rows_are

    return isinstance(data, np.ndarray) and data.ndim == 3 and rows_are(data) == "series"


def images(data: Any) -> np.ndarray:
    """Rows as pictures; those of several views put together."""
    from latently import figures

    pictures = figures.as_images(data)
    if pictures is None:
        raise UsageError("these rows are no pictures.")
    return pictures


def paths_of_images(paths: Any) -> np.ndarray:
    """Paths `(k, steps, ...)` of rows as pictures."""
    if not isinstance(paths, dict):
        array: np.ndarray = paths
        return array
    k, steps = next(iter(paths.values())).shape[:2]
    pictures = images({view: values.reshape(k * steps, *values.shape[2:]) for view, values in paths.items()})
    return pictures.reshape(k, steps, *pictures.shape[1:])


def _npz(result: Result, file: IO[bytes]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, values in result.arrays.items():
            if values is not None:
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    _write_npy(values, member)


def _npy(result: Result, file: IO[bytes]) -> None:
    _write_npy(next(iter(result.arrays.values())), file)


def _write_npy(values: Any, file: IO[bytes]) -> None:
    """Write an array; one that is made piece by piece is never whole in memory."""
    if not isinstance(values, InPieces):
        array = np.asarray(values)
        array = array.astype(str) if array.dtype == object else array
        values = InPieces(len(array), lambda _: array, len(array))
    file.write(npy_header(values.first.dtype, (len(values), *values.first.shape[1:])))
    for piece in values:
        if piece.size:  # `tofile` would not say why it fails
            file.write(np.ascontiguousarray(piece).reshape(-1).view(np.uint8).data)


def _csv(result: Result, file: IO[bytes]) -> None:
    header, rows = result.table()
    text = io.TextIOWrapper(file, "utf-8", newline="")
    csv.writer(text, lineterminator="\n", delimiter=result.delimiter).writerows(itertools.chain([header], rows))
    text.detach()  # which flushes it, and leaves the file open


def _parquet(result: Result, file: IO[bytes]) -> None:
    import pandas as pd

    if result.columns is None:
        header, rows = result.table()
        frame = pd.DataFrame(rows, columns=list(header))
    else:
        columns = {name: values for name, values in result.columns().items() if values is not None}
        masked = {name: values.tolist() for name, values in columns.items() if isinstance(values, np.ma.MaskedArray)}
        frame = pd.DataFrame(columns | masked)
    frame = frame.replace("", None).infer_objects()
    for name in frame.select_dtypes(["object", "str"]):
        with contextlib.suppress(TypeError, ValueError):
            frame[name] = pd.to_numeric(frame[name])
    try:
        file.write(frame.to_parquet(index=False))
    except ImportError as error:
        raise UsageError("a .parquet file needs PyArrow to be written; run: pip install 'latently[tables]'.") from error


def _png(result: Result, file: IO[bytes]) -> None:
    from latently import figures

    file.write(figures.png(result.draw()))


FORMS: dict[str, Callable[[Result, IO[bytes]], None]] = {
    ".png": _png,
    ".csv": _csv,
    ".parquet": _parquet,
    ".npz": _npz,
    ".npy": _npy,
}
"""Suffix → how a result is written in a file of that kind."""
