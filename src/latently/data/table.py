"""A table whose columns are of several kinds, or have gaps: its cells as numbers, and the frame that they came in."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from numbers import Integral
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, final

import numpy as np
from jaxtyping import Bool, Float64

from latently.data.columns import KINDS, ORDERS, Column, Told, finite, names_rows, said_of_dates
from latently.data.far import loses_whole_numbers, rounded_whole
from latently.data.rows import DataArgumentError, DataError, Rows, Subset, as_type, check_finite, pieces, spread_rows
from latently.errors import did_you_mean, warn

if TYPE_CHECKING:
    import pandas as pd

_MOST_BYTES = 2**30  # of an array in which gaps are looked for
_LOOKED_AT, _LOOKED_AT_COLUMNS = 10_000, 200  # rows and columns in which other kinds than numbers are looked for
Container: TypeAlias = Literal["pandas", "polars", "array"]


@final
class Table:
    """Rows of a table, each cell a number: words are codes, dates are days since 1970, and missing cells are NaN.

    Args:
        columns: what each column is.
        values: the cells, `(n, columns)`.
        container: what the rows came in, and are given back in: a frame of pandas or polars, or an array.
        assumed: what was guessed in reading them, in sentences.

    Example:
        >>> import pandas as pd
        >>> table = Table.of(pd.DataFrame({"age": [30.5, None, 41.0], "town": ["Bonn", "Ulm", "Bonn"]}))
        >>> [column.kind for column in table.columns], table.values.tolist()
        (['number', 'binary'], [[30.5, 0.0], [nan, 1.0], [41.0, 0.0]])
        >>> table[:1].frame()
            age  town
        0  30.5  Bonn
    """

    def __init__(
        self,
        columns: Iterable[Column],
        values: Rows,
        container: Container = "pandas",
        assumed: tuple[str, ...] = (),
    ) -> None:
        self.columns, self.values, self.container, self.assumed = tuple(columns), values, container, assumed

    @classmethod
    def of(
        cls,
        X: Any,
        *,
        kinds: Mapping[str, str] | str | None = None,
        columns: Iterable[str] | None = None,
        leave_out: Iterable[str] = (),
    ) -> "Table":
        """A table from a frame of pandas or polars, a dict of columns, or an array of numbers that may have gaps.

        Args:
            X: the rows. The columns of an array are numbers, unless `kinds` says otherwise; those of a frame are
                guessed by their cells.
            kinds: the name of a column → one of `latently.data.columns.KINDS`, or `day-first` or `month-first` of dates
                that could be read in either way, or `"NAME=KIND,NAME=KIND"`; the columns of an array are `x0`, `x1`, ….
            columns: the names of those to take, also of one that counts the rows; all others unless said.
            leave_out: the names of those not to take.

        Raises:
            DataError: a column is not of the kind that is said, or none is left.
        """
        frame, container = as_frame(X)
        measured = frame.select_dtypes("float")
        check_finite(
            measured.to_numpy(np.float64, na_value=np.nan),
            columns=None if container == "array" else measured.columns,
            allow_nan=True,
        )
        told, known, assumed = kinds_of(kinds), [], []
        columns = None if columns is None else tuple(columns)
        chosen = chosen_names(list(map(str, frame.columns)), columns, leave_out, told)
        for name in chosen:
            alone = len(chosen) == 1 and is_plain(frame[name].dtype)
            kind = told.get(name) or ("number" if container == "array" or alone else None)
            found = Column.of(name, frame[name], kind)
            if isinstance(found, str) and columns is not None and is_plain(frame[name].dtype):  # it was asked for
                found = Column.of(name, frame[name], "number")
            if isinstance(found, str):
                assumed.append(left_out_sentence(name, found, "number" if is_plain(frame[name].dtype) else "category"))
            else:
                known.append(found)
                if kind not in ORDERS and (said := said_of_dates(name, frame[name], found.pattern)):
                    assumed.append(said)
        if not known:
            why = f" ({assumed[0]})" if assumed else ""
            rule = f"has no column to learn from{why}; name those to learn from and their kinds"
            raise DataArgumentError("the table", rule)
        if container != "array":
            assumed = [*said_of_kinds(known, told), *assumed]
        return cls(known, _numbers(known, frame), container, tuple(assumed))

    @classmethod
    def like(cls, X: Any, columns: tuple[Column, ...], owner: str = "the model") -> "Table":
        """Rows with these columns, whatever else X has; words that they do not know count as missing, with a warning.

        Raises:
            DataError: a column is lacking, or a cell is none of its kind.
        """
        if isinstance(X, Table) and X.columns == columns:
            return X
        frame, container = as_frame(X.frame() if isinstance(X, Table) else X)
        if container == "array":
            if frame.shape[1] != len(columns):
                rule = f"has {frame.shape[1]} features, but {owner} is expecting {len(columns)} features as input"
                raise DataArgumentError("X", rule)
            if not any(column.origin for column in columns):
                return cls(columns, frame.to_numpy(np.float64), container)
            frame = frame.set_axis([column.name for column in columns], axis=1)
            return cls(columns, _numbers(columns, frame), container)
        missing = [column.name for column in columns if column.name not in frame.columns]
        if missing:
            rule = f"lacks the column{'s' * (len(missing) > 1)} {some(missing)}, which {owner} was fitted on"
            raise DataArgumentError(
                "X",
                rule,
                remedy=f"Add {'them' if len(missing) > 1 else 'it'}; cells that are not known may be left empty.",
            )
        for column in columns:
            if unknown := column.unknown_words(frame[column.name]):
                warn(f'column "{column.name}" has words that {owner} has not met, taken for missing: {some(unknown)}.')
        return cls(columns, _numbers(columns, frame), container)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows, and of columns."""
        return len(self.values), len(self.columns)

    @property
    def ndim(self) -> int:
        """2: rows and columns."""
        return 2

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""
        return self.values.dtype

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def missing(self) -> Bool[np.ndarray, "rows columns"]:
        """Which cells are missing."""
        return np.asarray(np.isnan(np.asarray(self.values)))

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, rows: Any) -> "Table":
        """Some rows, by slice, integer array or mask."""
        return Table(self.columns, self.values[rows], self.container, self.assumed)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.values, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        kinds = ", ".join(f"{column.name}: {column.kind}" for column in self.columns[:8])
        return f"Table({len(self):,} rows; {kinds}{', …' if len(self.columns) > 8 else ''})"

    def to_pandas(self) -> "pd.DataFrame":
        """The rows as cells: words, dates, whole numbers."""
        import pandas as pd

        values = np.asarray(self.values)
        return pd.DataFrame(
            {each.name: each.cells(np.asarray(values[:, place], np.float64)) for place, each in enumerate(self.columns)}
        )

    def frame(self, container: Container | None = None) -> Any:
        """The rows in a frame of pandas or polars, or an array: in what such rows came in, unless it is named."""
        container = container or self.container
        if container == "array":
            kinds = {column.dtype for column in self.columns}
            frame = self.to_pandas()
            return frame.to_numpy(kinds.pop() if len(kinds) == 1 and not frame.isna().any(axis=None) else np.float64)
        return in_container(self.to_pandas(), container)


def as_frame(X: Any) -> tuple["pd.DataFrame", Container]:
    """Rows as a frame of pandas, and what they were.

    Raises:
        DataError: they are no table.
    """
    import pandas as pd

    if isinstance(X, pd.DataFrame):
        return X.set_axis(list(map(str, X.columns)), axis=1), "pandas"
    if hasattr(X, "to_pandas"):  # a frame of polars, or of arrow
        return _whole_again(X.to_pandas(), X), "polars" if type(X).__module__.startswith("polars") else "pandas"
    if isinstance(X, Mapping):
        return _whole_again(pd.DataFrame(dict(X)), X), "pandas"
    array = np.asarray(X)
    if array.ndim != 2 or array.dtype.kind not in "biuf":
        raise DataArgumentError("X", f"must be rows and columns of a table; got {array.dtype} of shape {array.shape}")
    return pd.DataFrame(array, columns=[f"x{place}" for place in range(array.shape[1])]), "array"


def _whole_again(frame: "pd.DataFrame", X: Any) -> "pd.DataFrame":
    """A frame of pandas made of X, in which whole numbers that stood beside gaps are no floats that round them."""
    import pandas as pd

    for name in frame.columns:
        cells = frame[name]
        if cells.dtype != np.float64 or not cells.isna().any() or not cells.abs().max() > 2**53:
            continue
        values = list(X[name].to_pylist() if hasattr(X[name], "to_pylist") else X[name])
        with suppress(TypeError, ValueError, OverflowError):  # fractions are floats
            if all(value is None or isinstance(value, Integral) for value in values):
                frame[name] = pd.array(values, dtype="Int64" if cells.max() < 2**63 else "UInt64")
    return frame


def in_container(frame: "pd.DataFrame", container: Container) -> Any:
    """A frame of pandas as that of the library that is named."""
    if container != "polars":
        return frame
    import polars as pl

    return pl.from_pandas(frame)


def framed(rows: np.ndarray, names: Iterable[Any], container: Container, dtypes: Sequence[str] = ()) -> Any:
    """Numbers `(n, columns)` in a frame of pandas or polars, each column in a type of its own where there are `dtypes`.

    Example:
        >>> framed(np.eye(2), ["age", "weight"], "pandas").columns.tolist()
        ['age', 'weight']
    """
    if container == "polars":
        import polars as pl

        return pl.DataFrame(_typed(rows, dtypes), schema=list(map(str, names)))
    import pandas as pd

    if not dtypes:
        return pd.DataFrame(rows, columns=list(names))
    return pd.DataFrame(dict(enumerate(_typed(rows, dtypes)))).set_axis(list(names), axis=1)


def _typed(rows: np.ndarray, dtypes: Sequence[str]) -> Any:
    """Numbers `(n, columns)` as a list of columns, each in its type; as they are, where there are none."""
    if not dtypes:
        return rows
    types = map(np.dtype, dtypes)
    columns = zip(rows.T, types, strict=True)
    return [column.astype(dtype) if dtype.kind == "f" else as_type(column, dtype) for column, dtype in columns]


def kinds_of(told: Mapping[str, str] | str | None) -> dict[str, Told]:
    """The kinds of columns by name, from words such as `sex=category,income=heavy`.

    Raises:
        DataError: a kind is not known, or a column has none.
    """
    if isinstance(told, str):
        pairs = (word.rpartition("=") for word in told.split(",") if word.strip())
        told = {name.strip(): kind.strip() for name, _, kind in pairs}
    for name, kind in (told or {}).items():
        if kind not in (*KINDS, *ORDERS) or not name:
            rule = f"must be NAME=KIND for each column, with a kind among {', '.join((*KINDS, *ORDERS))}"
            meant = did_you_mean(kind, (*KINDS, *ORDERS)).strip()
            raise DataArgumentError("kinds", rule, f"{name}={kind}", meant)
    return cast(dict[str, Told], dict(told or {}))


def filled_in(X: Any, table: Table) -> Any:
    """What X is, with the cells of the table where X has gaps; all else is as it was.

    Example:
        >>> gaps = np.array([[1.0, np.nan]])
        >>> filled_in(gaps, Table(Table.of(gaps, kinds={"x1": "number"}).columns, np.array([[5.0, 2.0]]), "array"))
        array([[1., 2.]])
    """
    if isinstance(X, Table):
        return table
    frame, container = as_frame(X)
    if container == "array":
        return np.where(np.isnan(X), np.asarray(table), X).astype(np.asarray(X).dtype)
    filled = frame.copy()
    for place, column in enumerate(table.columns):
        gaps = frame[column.name].isna().to_numpy()
        if gaps.any():
            cells = column.cells(np.asarray(table.values)[gaps, place])
            filled.loc[gaps, column.name] = cells.to_numpy()
    if container == "pandas" and is_frame(X):
        filled = filled.set_axis(X.columns, axis=1)  # names may be numbers
    return in_container(filled, container)


def chosen_names(
    names: list[str], columns: Iterable[str] | None, leave_out: Iterable[str], told: Iterable[str] = ()
) -> list[str]:
    """The names of the columns to learn from, in their order.

    Args:
        names: of all columns.
        columns: those to take; all unless said.
        leave_out: those not to take.
        told: those whose kinds are told.

    Raises:
        DataError: one that is named is not there, or none is left.

    Example:
        >>> chosen_names(["id", "age", "town"], None, ["id"])
        ['age', 'town']
    """
    wanted, left = set(names if columns is None else columns), set(leave_out)
    for argument, given in (("kinds", told), ("columns", wanted), ("leave_out", left)):
        if unknown := sorted(set(given) - set(names)):
            raise DataArgumentError(argument, f"must name columns among {some(names)}", unknown[0], known=names)
    chosen = [name for name in names if name in wanted and name not in left]
    if not chosen:
        raise DataError("it has no numeric columns to learn from, nor others; give at least one besides the labels.")
    return chosen


def columns_of(X: Any, names: Sequence[str | int]) -> Any:
    """A frame of the columns of these names, where it has them all and more; else as it is."""
    own = list(X.columns)
    if not names or len(own) <= len(names) or not set(names) <= set(own):
        return X
    return X[list(names)]


def said_of_kinds(columns: Iterable[Column], told: Iterable[str], how: str = "") -> list[str]:
    """Of what kinds columns were guessed to be, those of numbers and those that are told apart; nothing of no others.

    `how` the guess was made is a clause.
    """
    found = [f"{column.name}={column.kind}" for column in columns if column.name not in told]
    found = [each for each in found if not each.endswith("=number")]
    behind = f", {how}" if how else ""
    return [f"the kinds of columns are {some(found)}{behind}; {{kinds=NAME=KIND}} says otherwise"] if found else []


def is_frame(X: Any) -> bool:
    """Whether X is a frame of pandas or polars, which are not imported for it."""
    return type(X).__name__ == "DataFrame" and type(X).__module__.split(".")[0] in ("pandas", "polars")


def needs_table(X: Any) -> bool:
    """Whether rows are more than numbers without gaps: frames with other columns or missing cells, arrays with NaN.

    Example:
        >>> needs_table(np.eye(2)), needs_table(np.array([[1.0, np.nan]]))
        (False, True)
    """
    if isinstance(X, Table):
        return True
    if is_frame(X):
        frame, _ = as_frame(X)
        plain = all(is_plain(dtype) for dtype in frame.dtypes)
        return not plain or bool(frame.isna().any(axis=None)) or _mixes_whole(frame)
    numbers = isinstance(X, np.ndarray | Subset) and len(X.shape) == 2 and X.dtype.kind == "f"
    if not numbers or X.shape[0] * X.shape[1] * X.dtype.itemsize > _MOST_BYTES:
        return False
    return any(bool(np.isnan(piece).any()) for piece in pieces(X))


def plain_names(frame: "pd.DataFrame") -> tuple[list[int], list[str]] | None:
    """Of a frame of numbers without gaps, the places of the columns to learn from, and what was assumed of others.

    Columns that count the rows are left out, unless there is no other. `None` of other frames, and where no array holds
    all of the numbers.
    """
    if not all(is_plain(dtype) for dtype in frame.dtypes) or frame.isna().any(axis=None) or _mixes_whole(frame):
        return None
    names = list(frame.columns)
    why = [names_rows(name, frame.iloc[:, place].to_numpy(np.float64)) for place, name in enumerate(names)]
    places = [place for place, reason in enumerate(why) if not reason]
    if not places:
        return list(range(len(names))), []
    return places, [left_out_sentence(name, reason) for name, reason in zip(names, why, strict=True) if reason]


def _mixes_whole(frame: "pd.DataFrame") -> bool:
    """Whether whole numbers that float64 does not tell apart stand beside others: no array has a type for both."""
    return any(loses_whole_numbers(cells) for cells in _whole_among_others(frame).values())


def _whole_among_others(frame: "pd.DataFrame") -> dict[int, np.ndarray]:
    """The place of each column of whole numbers that an array of all columns would hold as floats, and its cells."""
    dtypes = [np.dtype(getattr(dtype, "numpy_dtype", dtype)) for dtype in frame.dtypes]
    if np.result_type(*dtypes).kind in "iu" and not frame.isna().any(axis=None):
        return {}
    whole = [place for place, dtype in enumerate(dtypes) if dtype.kind in "iu"]
    return {place: frame.iloc[:, place].dropna().to_numpy(dtypes[place]) for place in whole}


def rounded_sentence(frame: "pd.DataFrame", what: str) -> str | None:
    """That an array of these columns of numbers rounds whole ones of some, and of which; `None` where it does not.

    Example:
        >>> import pandas as pd
        >>> rounded_sentence(pd.DataFrame({"id": [2**53 + 1], "size": [0.5]}), "the view")[:54]
        'the whole numbers of id are rounded to 53 bits, since '
    """
    from pandas.api.types import is_numeric_dtype

    found = _whole_among_others(frame) if all(map(is_numeric_dtype, frame.dtypes)) else {}
    names = [frame.columns[place] for place, cells in found.items() if rounded_whole(cells).any()]
    if not names:
        return None
    why = f"since {what} has fractions or gaps beside them, and an array holds all its numbers alike"
    return f"the whole numbers of {some(names)} are rounded to 53 bits, {why}; a view of their own keeps them"


def said_of_numbers(rows: Any, names: Sequence[str], scaled: str) -> str:
    """That columns are taken for numbers, and which of the first ones could be of another kind.

    Args:
        rows: `(n, columns)`, without gaps.
        names: of the columns.
        scaled: how they are scaled, a clause.

    Example:
        >>> rows = np.array([[0.5, 1], [0.7, 0], [0.1, 0]])
        >>> said_of_numbers(rows, ["weight", "smoker"], "each standardised")
        'all columns are taken for numbers, each standardised, though smoker could be binary; {kinds=NAME=KIND} says so'
    """
    import pandas as pd

    looked_at = np.asarray(rows[spread_rows(len(rows), _LOOKED_AT)])[:, :_LOOKED_AT_COLUMNS]
    others: dict[str, list[str]] = {}
    for name, cells in zip(names, looked_at.T, strict=False):
        found = Column.of(name, pd.Series(cells))
        if isinstance(found, Column) and found.kind != "number":
            others.setdefault(found.kind, []).append(name)
    said = f"all columns are taken for numbers, {scaled}"
    if not others:
        return f"{said}; {{kinds=NAME=KIND}} says otherwise"
    could = " and ".join(f"{some(alike)} could be {kind}" for kind, alike in others.items())
    return f"{said}, though {could}; {{kinds=NAME=KIND}} says so"


def is_plain(dtype: Any) -> bool:
    """Whether cells of this type of pandas are numbers, and no truth values."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return is_numeric_dtype(dtype) and not is_bool_dtype(dtype)


def _numbers(columns: Iterable[Column], frame: "pd.DataFrame") -> Float64[np.ndarray, "rows columns"]:
    known = tuple(columns)
    values = np.empty((len(frame), len(known)))
    for place, column in enumerate(known):
        numbers = column.numbers(frame[column.name])
        finite(column.name, numbers[~np.isnan(numbers)])
        values[:, place] = numbers
    return values


def left_out_sentence(name: str, why: str, kind: Told = "number") -> str:
    """That a column is not taken, and how it is: as of this kind."""
    named = name and not name.startswith(("Unnamed: ", "__index_level_"))
    what = f'the column "{name}"' if named else "the column without a name"
    return f"{what} is left out, since {why}; {{kinds={name}={kind}}} takes it all the same"


def some(names: Iterable[Any], most: int = 12) -> str:
    """The first names, and how many more there are."""
    names = list(map(str, names))
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
