"""Numbers that float32, in which models compute, does not hold: far from 0 for their spread, or beyond its range.

They are centred and scaled in float64, before they become float32, and back again afterwards: milliseconds since 1970,
counters of 64 bits, measurements that differ in their ninth digit.
"""

from collections.abc import Callable
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Float64, Shaped
from numpy.typing import ArrayLike

MOST, LEAST = 1e38, 1e-37
"""Between these lie the sizes that float32 holds."""
NOT_SINGLE = (
    "its data holds numbers that float32 does not tell apart; subtract a number from them, or multiply them by one, "
    "and fit it again"
)
"""What is wrong with a model for whoever has no other numbers than float32: a clause."""
_FAR, _FAR_WHOLE = 2.0**6, 2.0**16
WHOLE = 2**24
"""Up to this, float32 holds every whole number."""
_WRAPS = 2**62


def are_far(
    mean: ArrayLike, deviation: ArrayLike, most: ArrayLike, *, exact: ArrayLike = False
) -> Bool[np.ndarray, "..."]:
    """Where float32 would lose more than about a millionth of the spread of numbers, or all of it.

    Those that float32 holds as they are stand much nearer to the edge, since only their mean is rounded.

    Args:
        mean: of the numbers.
        deviation: of them, of numbers that are not all the same; may be infinite or NaN where float64 overflows.
        most: the largest of them, without its sign.
        exact: whether float32 holds the numbers themselves.

    Example:
        >>> means, deviations, most = np.array([[20.0, 1.7e12, 0.0], [5.0, 1e9, 1e299], [30.0, 1.8e12, 1e300]])
        >>> are_far(means, deviations, most).tolist()
        [False, True, True]
    """
    deviation, most = np.asarray(deviation), np.asarray(most)
    with np.errstate(over="ignore", invalid="ignore"):
        near = np.abs(mean) <= np.where(exact, _FAR_WHOLE, _FAR) * deviation
    return np.asarray(~near | (most > MOST) | ((deviation < LEAST) & (most > 0)))


def are_exact(dtype: np.dtype[Any], most: ArrayLike) -> ArrayLike:
    """Whether float32 holds numbers of a type, of which the largest without its sign is `most`."""
    return dtype.itemsize <= 4 if dtype.kind == "f" else np.asarray(most) <= WHOLE


def need_doubles(low: float, high: float) -> bool:
    """Whether numbers from `low` to `high` are to be kept in float64 until it is known how they are scaled.

    Example:
        >>> need_doubles(0.1, 40.0), need_doubles(1.7e12, 1.7e12 + 1e6), need_doubles(1 + 1e-9, 1 + 1e-9)
        (False, True, True)
    """
    if low == high:
        return float(np.float32(low)) != low
    return bool(are_far(low, high / 2 - low / 2, max(-low, high)))


def loses_whole_numbers(values: Shaped[np.ndarray, "..."]) -> bool:
    """Whether there are whole numbers of 64 bits that float64 does not tell apart."""
    wide = values.dtype.kind in "iu" and values.dtype.itemsize == 8 and values.size
    return bool(wide) and (int(values.max()) > 2**53 or int(values.min()) < -(2**53))


def rounded_whole(values: Shaped[np.ndarray, "..."]) -> Bool[np.ndarray, "..."]:
    """Which whole numbers float64 does not hold as they are: those of more than 53 bits.

    Example:
        >>> rounded_whole(np.array([2**53 + 1, 2**53 + 2, -(2**60) - 1])).tolist()
        [True, False, True]
    """
    if not loses_whole_numbers(values):
        return np.zeros(values.shape, bool)
    bits = values.astype(np.uint64)
    size = np.where(values < 0, np.uint64(0) - bits, bits)
    lowest = np.maximum(size & (np.uint64(0) - size), np.uint64(1))  # the last bit that is set
    return np.asarray(size // lowest >= np.uint64(2**53))


def middle(low: Any, high: Any) -> Float64[np.ndarray, "..."]:
    """The middle between two numbers as float64 holds it, a whole one of integers."""
    half = np.asarray(low, np.float64) / 2 + np.asarray(high, np.float64) / 2
    return np.asarray(np.round(half) if np.asarray(low).dtype.kind in "iu" else half)


def differences(rows: Any, centre: ArrayLike) -> Float64[np.ndarray, "..."]:
    """Rows minus a centre that goes with them; of integers of 64 bits exactly, whatever their size.

    Example:
        >>> differences(np.array([2**62 + 1, 2**62 + 3]), np.float64(2**62)).tolist()
        [1.0, 3.0]
    """
    rows = np.asarray(rows)
    with np.errstate(over="ignore"):
        apart: Float64[np.ndarray, ...] = rows.astype(np.float64) - centre
    if rows.dtype.kind in "iu" and rows.dtype.itemsize == 8:
        exact = np.asarray(rows.astype(np.uint64) - _modulo(centre)).view(np.int64)
        apart = np.where(np.abs(apart) < _WRAPS, exact, apart)
    return apart


def placed(numbers: Float64[np.ndarray, "..."], centre: ArrayLike, dtype: np.dtype[Any]) -> Shaped[np.ndarray, "..."]:
    """What `differences` undoes: numbers beside a centre, in a type that rows have, and within its limits.

    Example:
        >>> placed(np.array([1.2, -3.0]), np.float64(2**62), np.dtype(np.int64)).tolist() == [2**62 + 1, 2**62 - 3]
        True
    """
    if dtype.kind == "f":
        limits = np.finfo(dtype)
        with np.errstate(over="ignore"):
            return np.clip(numbers + centre, limits.min, limits.max).astype(dtype)
    low, high = _reach(centre, dtype)
    whole = np.clip(np.round(numbers), low, high).astype(np.int64)
    return np.asarray((whole.astype(np.uint64) + _modulo(centre)).astype(dtype))


def _modulo(centre: ArrayLike) -> Shaped[np.ndarray, "..."]:
    """Whole numbers modulo 2⁶⁴, in which sums and differences are exact."""
    whole = [int(each) % 2**64 for each in np.ravel(centre)]
    return np.asarray(whole, np.uint64).reshape(np.shape(centre))


def _reach(centre: ArrayLike, dtype: np.dtype[Any]) -> tuple[Any, ...]:
    """How far below and above a centre a type of integers reaches, as floats of which none is beyond it."""
    limits, most = np.iinfo(dtype), 2**63 - 2**10
    centres = [int(each) for each in np.ravel(centre)]
    ends = [max(limits.min - each, -most) for each in centres], [min(limits.max - each, most) for each in centres]
    low, high = (np.asarray(end, np.float64).reshape(np.shape(centre)) for end in ends)
    return tuple(np.where(np.abs(end) > WHOLE**2, np.nextafter(end, 0), end) for end in (low, high))


@final
class Read:
    """Rows as something reads them, some at a time, whenever they are asked for.

    Args:
        base: the rows: an array, a memory map or a `Subset`.
        read: from some of the rows to numbers.
        row_shape: of a row that was read.
        dtype: of its numbers.

    Example:
        >>> halves = Read(np.arange(6.0)[:, None], lambda rows: np.float32(rows / 2), (1,))
        >>> halves.shape, halves[2:4].tolist()
        ((6, 1), [[1.0], [1.5]])
    """

    def __init__(
        self, base: Any, read: Callable[[Any], np.ndarray], row_shape: tuple[int, ...], dtype: Any = np.float32
    ) -> None:
        self.base, self.shape, self.dtype = base, (len(base), *row_shape), np.dtype(dtype)
        self._read = read

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Some rows, by slice, integer array or mask."""
        return self._read(self.base[rows])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype=dtype, copy=copy)
