"""How many rows go through a network at once, so that memory stays bounded."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import jax
import numpy as np
from jax.extend.core import Jaxpr, jaxprs_in_params

INPUT_NUMBERS = 2**21
"""A piece holds about this many numbers of input (or 1024 rows, if that is less)."""
LAYER_NUMBERS = 2**24
"""No layer makes more numbers of a piece than this, which is 64 MB (unless of `LEAST_ROWS`)."""
LEAST_ROWS = 16
_PRIME = 1009


def piece_rows(rows: int, numbers_per_row: int, most_numbers: int = INPUT_NUMBERS) -> int:
    """Rows of a piece: a power of two, so that few programs are compiled, and no more than needed.

    Args:
        rows: how many there are.
        numbers_per_row: of which a piece is to hold `most_numbers` at most.
        most_numbers: as many.

    Example:
        >>> piece_rows(60_000, 784), piece_rows(60_000, 65_536), piece_rows(100, 784)
        (1024, 32, 128)
    """
    most = min(1024, max(LEAST_ROWS, most_numbers // max(1, numbers_per_row)))
    return int(min(2 ** int(np.log2(most)), 2 ** int(np.ceil(np.log2(max(LEAST_ROWS, rows))))))


def fewer_rows(rows: int, function: Callable[..., Any], *piece: Any) -> int:
    """Rows of a piece, where a function makes more of them on its way than there is room for.

    Args:
        rows: of a piece that is small enough as input.
        function: of a piece. Only a `partial` is looked into: a lambda may draw its next key whenever it is called.
        piece: its arguments.
    """
    if rows <= LEAST_ROWS or not isinstance(function, partial):
        return rows
    return piece_rows(rows, widest_layer(function, *piece), LAYER_NUMBERS)


def widest_layer(function: Callable[..., Any], *piece: Any) -> int:
    """How many numbers a row has where a function makes most of it: a generator of images is wider inside than out.

    The function is traced, not run, for a prime number of rows: an array whose size is a multiple of it is made of
    rows, and any other of weights.

    Args:
        function: of a piece of rows.
        piece: its arguments, of which the shapes alone matter.

    Example:
        >>> def wide_inside(weights, x):
        ...     return (x @ weights).sum(axis=1)
        >>> widest_layer(partial(wide_inside, np.ones((2, 50))), np.ones((16, 2)))
        50
    """
    shapes = jax.tree.map(lambda array: jax.ShapeDtypeStruct((_PRIME, *array.shape[1:]), array.dtype), piece)
    sizes = _sizes(jax.make_jaxpr(function)(*shapes).jaxpr)
    return max((size // _PRIME for size in sizes if size % _PRIME == 0), default=0)


def _sizes(program: Jaxpr) -> Iterator[int]:
    """Of all arrays that a traced program makes."""
    for equation in program.eqns:
        yield from (int(np.prod(getattr(made.aval, "shape", ()))) for made in equation.outvars)
        for inner in jaxprs_in_params(equation.params):
            yield from _sizes(inner)
