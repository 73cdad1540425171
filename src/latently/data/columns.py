"""Columns of a table: of what kind each is, told or guessed, and what a cell of it is as a number."""

import math
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

import numpy as np
from jaxtyping import Float64

from latently.data.rows import DataArgumentError, DataError
from latently.data.whole_numbers import origin_of, read_numbers, whole_cells

if TYPE_CHECKING:
    import pandas as pd

Kind: TypeAlias = Literal[
    "number", "robust", "heavy", "count", "poisson", "binary", "category", "date",
    "degrees", "radians", "hour", "weekday", "month",
]  # fmt: skip
Told: TypeAlias = Kind | Literal["day-first", "month-first"]
"""What may be said of a column: its kind, or in which order the dates of a column are written."""
KINDS: tuple[Kind, ...] = get_args(Kind)
"""`number` is Gaussian, `robust` Student-t, `heavy` Student-t of a logarithm (or of asinh, where there are numbers of 0
or less); `count` is negative binomial, `poisson` Poisson; `binary` is Bernoulli, `category` categorical; `date` is
Gaussian in its years, and in the sine and cosine of the day of the year and of the hour. Those of `PERIODS` come round:
they are Gaussian in their sine and cosine."""
PERIODS: dict[str, float] = {"degrees": 360.0, "radians": 2 * math.pi, "hour": 24.0, "weekday": 7.0, "month": 12.0}
"""Kind of what comes round → after how much: 359 and 1 degrees are 2 apart."""

ORDERS: tuple[str, ...] = ("day-first", "month-first")
"""What `kinds` may say of a column of dates beside `date`: what 03/04/2025 means."""

MOST_WORDS = 50
"""A column of text with more words, each of which few rows share, is free text."""
_MOST_DECIMALS = 6
_LOOKED_AT = 10_000
_SKEWED = 1.5
_LARGE = 1e60
_MOST_COUNT = 1000
_FEWEST_COUNTED = 10  # rows: with fewer, numbers may be 1, 2, 3 by chance
_IDENTIFIER = re.compile(r"(^|[_\s-])(id|uuid|guid|key)$", re.IGNORECASE)
_UNNAMED = re.compile(r"^(Unnamed: \d+|__index_level_\d+__|index|)$", re.IGNORECASE)
_DATE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{1,2}:\d{2}")
_LONG = re.compile(r"\s*[-+]?\d{17,300}\s*")
_TRUTHS = ({"no", "yes"}, {"false", "true"}, {"n", "y"}, {"f", "t"})


@dataclass(frozen=True)
class Column:
    """What is known of a column: enough to read its cells as numbers, and to write numbers as its cells.

    Attributes:
        name: of the column.
        kind: one of `KINDS`.
        words: of `category` and `binary`, in the order of their codes 0, 1, …: words, whole numbers or truth values.
        decimals: digits behind the point that numbers have, 0 for whole ones; of dates 0 for days without an hour.
            `None`: not rounded.
        low: the smallest value that was seen; dates are days since 1970.
        high: the largest.
        dtype: of the column of a frame, as pandas calls it.
        pattern: of dates that are text, as for `strptime`.
        origin: of whole numbers that a float does not tell apart: what is taken from each, so that it does.
    """

    name: str
    kind: Kind
    words: tuple[Any, ...] = ()
    decimals: int | None = None
    low: float = -math.inf
    high: float = math.inf
    dtype: str = "float64"
    pattern: str | None = None
    origin: int = field(default=0, repr=False)  # so that tables without one have the digests that they had before

    @classmethod
    def of(cls, name: str, cells: "pd.Series[Any]", kind: Told | None = None) -> "Column | str":
        """What a column is, or a clause that says why it is left out.

        Args:
            name: of the column.
            cells: as pandas read them; missing ones are NaN, `None` or `NA`.
            kind: what it is; guessed unless said.

        Raises:
            DataError: it is not what is said.
        """
        import pandas as pd

        there = cells.dropna()
        if not len(there):
            return "it is empty"
        if isinstance(cells.dtype, pd.CategoricalDtype):
            words = tuple(_plain(word) for word in cells.cat.categories)
            return (
                cls(name, "category", words, dtype="category")
                if kind in (None, "category")
                else cls._told(name, cells.astype(object), kind)
            )
        if kind is not None:
            return cls._told(name, there, kind)
        if pd.api.types.is_datetime64_any_dtype(cells):
            return cls._told(name, there, "date")
        if pd.api.types.is_bool_dtype(cells):
            return cls(name, "binary", (False, True), dtype=str(cells.dtype))
        if pd.api.types.is_numeric_dtype(cells):
            return cls._numeric(name, there)
        return cls._textual(name, there)

    @classmethod
    def _told(cls, name: str, there: "pd.Series[Any]", kind: Told) -> "Column":
        """A column of this kind."""
        import pandas as pd

        dtype = str(there.dtype)
        if kind in ("category", "binary"):
            words = tuple(ordered(there.unique().tolist()))
            if kind == "binary" and len(words) > 2:
                raise _wrong_kind(name, kind, f"{len(words)} different values", "category")
            return cls(name, kind, words, dtype=dtype)
        if kind in ("date", *ORDERS):
            patterns = [] if pd.api.types.is_datetime64_any_dtype(there) else date_patterns(there, kind)
            pattern, kind = next(iter(patterns), None), "date"
            days = _days(there, pattern)
            if np.isnan(days).any():
                raise _wrong_kind(name, kind, f'"{there.iloc[int(np.isnan(days).argmax())]}"', "category")
            whole = bool((days == np.trunc(days)).all())
            return cls(name, "date", (), 0 if whole else None, days.min(), days.max(), dtype, pattern)
        origin = origin_of(there) if kind in ("number", "robust") else 0
        numbers = read_numbers(there, origin)
        if np.isnan(numbers).any():
            raise _wrong_kind(name, kind, f'"{there.iloc[int(np.isnan(numbers).argmax())]}"', "category")
        finite(name, numbers)
        if kind in ("count", "poisson") and ((numbers < 0).any() or (numbers != np.trunc(numbers)).any()):
            odd = numbers[(numbers < 0) | (numbers != np.trunc(numbers))][0]
            raise _wrong_kind(name, kind, f"{odd:g}", "number")
        if not pd.api.types.is_numeric_dtype(there):
            dtype = "float64"
        low, high = float(numbers.min()), float(numbers.max())
        return cls(name, cast(Kind, kind), (), _decimals(numbers), low, high, dtype, origin=origin)

    @classmethod
    def _numeric(cls, name: str, there: "pd.Series[Any]") -> "Column | str":
        """A guess at numbers: two values 0 and 1, identifiers, counts, heavy tails, or plain numbers."""
        numbers = there.to_numpy(np.float64, na_value=np.nan)
        if why := names_rows(name, numbers):
            return why
        if set(np.unique(numbers)) == {0.0, 1.0}:
            words = (0, 1)
            return cls(name, "binary", words, dtype=str(there.dtype))
        kind: Kind = "number"
        if np.isfinite(numbers).all() and (numbers == np.trunc(numbers)).all() and _are_counts(numbers):
            kind = "count"
        elif _are_heavy(numbers[np.isfinite(numbers)]):
            kind = "heavy"
        return cls._told(name, there, kind)

    @classmethod
    def _textual(cls, name: str, there: "pd.Series[Any]") -> "Column | str":
        """A guess at words: truth values, dates, categories; identifiers and free text are left out."""
        import pandas as pd

        words = there.astype(str)
        distinct = words.unique()
        if pd.to_numeric(words, errors="coerce").notna().all() and not any(map(_is_long, distinct)):
            return cls._numeric(name, pd.to_numeric(words))
        if len(distinct) > 2 and words.head(20).str.contains(_DATE).all() and date_patterns(words):
            return cls._told(name, words, "date")
        if len(distinct) == len(there) > MOST_WORDS or (len(distinct) == len(there) > 2 and _IDENTIFIER.search(name)):
            return "its words are identifiers, another one in each row"
        if len(distinct) > max(MOST_WORDS, math.sqrt(len(there))) or len(distinct) > max(2, 0.8 * len(there)):
            return f"it is free text, with {len(distinct):,} different values in {len(there):,} rows"
        return cls._told(name, there, "binary" if len(distinct) == 2 else "category")

    def numbers(self, cells: "pd.Series[Any]") -> Float64[np.ndarray, "rows"]:
        """Cells as numbers: codes of words, days of dates; NaN where a cell is missing, or a word is not known.

        Raises:
            DataError: a cell is no number, or no date, in a column of them.
        """
        missing = cells.isna().to_numpy()
        if self.kind in ("category", "binary"):
            codes = {_key(word): code for code, word in enumerate(self.words)}
            found = [codes.get(_key(word), np.nan) for word in cells]
            return np.where(missing, np.nan, np.asarray(found, np.float64))
        read = _days(cells, self.pattern) if self.kind == "date" else None
        if read is None:
            read = read_numbers(cells, self.origin)
        values = read
        if (np.isnan(values) & ~missing).any():
            found = cells[np.isnan(values) & ~missing].iloc[0]
            what = "dates" if self.kind == "date" else "numbers"
            raise DataError(f'column "{self.name}" holds {what}, but one of its cells is "{found}"; correct it.')
        return values

    def unknown_words(self, cells: "pd.Series[Any]") -> list[Any]:
        """The words that a column of words does not know."""
        if self.kind not in ("category", "binary"):
            return []
        known = {_key(word) for word in self.words}
        return [word for word in cells.dropna().unique().tolist() if _key(word) not in known]

    def cells(self, values: Float64[np.ndarray, "rows"]) -> "pd.Series[Any]":
        """Numbers as cells of the column: words, dates, whole numbers and decimals as they came; missing ones are NaN.

        Numbers are held within the range that was seen; those that come round, within one round from its beginning.
        """
        import pandas as pd

        missing = np.isnan(values)
        if self.kind in ("category", "binary"):
            codes = np.clip(np.round(np.where(missing, 0, values)), 0, len(self.words) - 1).astype(int)
            cells = pd.Series([None if gone else self.words[code] for gone, code in zip(missing, codes, strict=True)])
            if self.dtype == "category":
                return cells.astype(pd.CategoricalDtype(list(self.words)))
            return _as_dtype(cells, self.dtype)
        if self.kind not in PERIODS:
            values = np.clip(values, self.low, self.high)
        if self.decimals is not None:
            values = np.round(values, self.decimals)
        if self.kind in PERIODS:
            values = self.low + (values - self.low) % PERIODS[self.kind]
        if self.kind == "date":
            moments = pd.Series(pd.to_datetime(values, unit="D").round("s"))
            return moments if self.pattern is None else moments.dt.strftime(self.pattern)
        if self.origin:
            return whole_cells(values, self.origin, self.dtype)
        return _as_dtype(pd.Series(values), self.dtype)

    def to_config(self) -> dict[str, Any]:
        """All fields as JSON-able values."""
        config = {each.name: getattr(self, each.name) for each in fields(self)}
        return {**config, "words": list(self.words), "low": _finite(self.low), "high": _finite(self.high)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "Column":
        """What `to_config` wrote."""
        low, high = config["low"], config["high"]
        column = cls(**{**config, "words": tuple(config["words"]), "low": -math.inf, "high": math.inf})
        if column.kind not in KINDS:
            raise DataError(f"the kind of a column must be one of {', '.join(KINDS)}; got {column.kind!r}.")
        return replace(column, low=-math.inf if low is None else low, high=math.inf if high is None else high)


def on_circle(column: Column, numbers: Float64[np.ndarray, "rows"]) -> Float64[np.ndarray, "rows 2"]:
    """The cosine and the sine of each number of a column that comes round (see `PERIODS`).

    Example:
        >>> column = Column("heading", "degrees")
        >>> on_circle(column, np.array([0.0, 90.0])).round(3).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    angles = 2 * np.pi * numbers / PERIODS[column.kind]
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def names_rows(name: str, numbers: Float64[np.ndarray, "rows"]) -> str | None:
    """Why numbers say which row it is, and nothing of it: a clause; `None` where they do not.

    Example:
        >>> names_rows("", np.arange(4.0)), names_rows("patient_id", np.array([7.0, 3.0, 5.0]))
        ('it counts the rows', 'its numbers are identifiers, another one in each row')
    """
    if len(numbers) < 3 or not np.isfinite(numbers[[0, -1]]).all() or (numbers[:9] != np.trunc(numbers[:9])).any():
        return None
    unnamed = _UNNAMED.match(name) is not None
    if len(numbers) >= _FEWEST_COUNTED and numbers[0] in (0.0, 1.0) and (np.diff(numbers) == 1).all():
        return "it counts the rows"
    if (unnamed or _IDENTIFIER.search(name)) and len(np.unique(numbers)) == len(numbers):
        return "it counts the rows" if unnamed else "its numbers are identifiers, another one in each row"
    return None


def finite(name: str, numbers: Float64[np.ndarray, "rows"]) -> Float64[np.ndarray, "rows"]:
    """The numbers of a column, if they are finite."""
    if not np.isfinite(numbers).all():
        raise DataError(f'the table has infinite values in column "{name}"; drop them.')
    return numbers


def date_patterns(words: "pd.Series[Any]", order: str = "date") -> list[str]:
    """How the dates of a column may be written, as for `strptime`, the likeliest first; none where not all are alike.

    Of two that would do, that with the month first goes before, unless points stand between (03.04.2025).

    Args:
        words: the dates.
        order: one of `ORDERS`, which goes before, or `date`.

    Example:
        >>> import pandas as pd
        >>> date_patterns(pd.Series(["03/04/2025", "05/06/2025"]))
        ['%m/%d/%Y', '%d/%m/%Y']
        >>> date_patterns(pd.Series(["03/04/2025", "25/06/2025"]))
        ['%d/%m/%Y']
    """
    import pandas as pd
    from pandas.tseries.api import guess_datetime_format

    first = str(words.iloc[0]).strip()
    day_first = order == "day-first" or (order == "date" and re.match(r"\d{1,2}\.\d", first) is not None)
    patterns: list[str] = []
    for dayfirst in (day_first, not day_first):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pattern = guess_datetime_format(first, dayfirst=dayfirst)
        usable = pattern is not None and not (pattern.startswith("%Y") and "%d" in pattern.partition("%m")[0])
        if usable and pd.to_datetime(words, format=pattern, errors="coerce").notna().all():
            patterns.append(str(pattern))
    return list(dict.fromkeys(patterns))


def said_of_dates(name: str, cells: "pd.Series[Any]", pattern: str | None) -> str | None:
    """That dates could be written in another order than they are taken for; `None` where they could not."""
    if pattern is None or len(date_patterns(cells.dropna().astype(str))) < 2:
        return None
    first, other = ("month", "day") if pattern.index("%m") < pattern.index("%d") else ("day", "month")
    what = f'the dates of "{name}", such as {cells.dropna().iloc[0]}, are read with the {first} first'
    return f"{what}; {{kinds={name}={other}-first}} reads them with the {other} first"


def _days(cells: "pd.Series[Any]", pattern: str | None) -> Float64[np.ndarray, "rows"]:
    """Days since 1970, with fractions; NaN where a cell is no date."""
    import pandas as pd

    moments = pd.to_datetime(cells, format=pattern, errors="coerce")
    if getattr(moments.dt, "tz", None) is not None:
        moments = moments.dt.tz_convert(None)
    days = (moments - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return np.asarray(days.to_numpy(np.float64))


def _are_counts(numbers: Float64[np.ndarray, "n"]) -> bool:
    """Whether whole numbers look counted: none below 0, some 0 or 1, most of them small beside their spread."""
    small = (
        len(numbers) >= _FEWEST_COUNTED
        and numbers.min() in (0.0, 1.0)
        and numbers.max() <= _MOST_COUNT
        and len(np.unique(numbers)) > 2
    )
    return bool(small and numbers.mean() < 3 * numbers.std())


def _are_heavy(numbers: Float64[np.ndarray, "n"]) -> bool:
    """Whether tails are heavy: a skewness above 1.5, which a logarithm halves; or far more outliers than a Gaussian."""
    if len(numbers) and (most := float(np.abs(numbers).max())) > _LARGE:
        numbers = numbers / most  # of which float64 holds the powers
    if len(numbers) < 20 or numbers.std() == 0:
        return False
    skewness = _moment(numbers, 3)
    if numbers.min() > 0:
        return bool(skewness > _SKEWED and abs(_moment(np.log(numbers), 3)) < skewness / 2)
    return bool(_moment(numbers, 4) > 10 and len(np.unique(numbers)) > 20)


def _moment(numbers: Float64[np.ndarray, "n"], order: int) -> float:
    return float((((numbers - numbers.mean()) / numbers.std()) ** order).mean())


def _decimals(numbers: Float64[np.ndarray, "n"]) -> int | None:
    looked_at = numbers[:_LOOKED_AT]
    with np.errstate(over="ignore"):
        spread = min(1.0, float(looked_at.max() - looked_at.min()) or float(np.abs(looked_at).max()) or 1.0)
    for digits in range(_MOST_DECIMALS + 1):
        if np.allclose(looked_at, np.round(looked_at, digits), rtol=1e-15, atol=1e-12 * spread):
            return digits
    return None


def ordered(words: list[Any]) -> list[Any]:
    """Words as values that JSON knows, in order; of two that mean no and yes, no first."""
    try:
        words = sorted(words)
    except TypeError:
        words = sorted(words, key=str)
    truths = {str(word).lower() for word in words} in _TRUTHS
    return [_plain(word) for word in (sorted(words, key=lambda word: str(word).lower()) if truths else words)]


def _key(word: Any) -> Any:
    """What two ways of writing a word have in common: 1 and 1.0, True and 1 are one number."""
    if isinstance(word, bool | np.bool_):
        return str(bool(word))
    if isinstance(word, int | np.integer):  # which Python compares with a float exactly
        return int(word)
    if isinstance(word, float | np.floating):
        return float(word)
    return str(word).strip()


def _plain(word: Any) -> Any:
    """A word as a value that JSON knows."""
    word = word.item() if isinstance(word, np.generic) else word
    if isinstance(word, float) and word.is_integer():
        return int(word)
    return word if isinstance(word, bool | int | float) else str(word)


def _as_dtype(cells: "pd.Series[Any]", dtype: str) -> "pd.Series[Any]":
    try:
        return cells if dtype == "bool" and cells.isna().any() else cells.astype(dtype)
    except (TypeError, ValueError):
        return cells


def _is_long(word: str) -> bool:
    """Whether a word is a whole number of so many digits that a number would round it, as numbers of accounts are."""
    return _LONG.fullmatch(word) is not None and int(float(word)) != int(word)


def _finite(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None


def _wrong_kind(name: str, kind: str, found: str, instead: str) -> DataArgumentError:
    rule = f'says that column "{name}" is of the kind {kind}, which {found} is not'
    return DataArgumentError("kinds", rule, remedy=f"Leave it out, or use {{kinds={name}={instead}}}.")
