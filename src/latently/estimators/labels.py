"""Labels as they come: integers, words, a data frame's column, with -1 where one is unknown."""

from typing import Any

import numpy as np
from jaxtyping import Shaped


def label_values(y: Any) -> Shaped[np.ndarray, "..."]:
    """Labels as an array of integers or words; unknown ones are the integer -1 or the empty word.

    Args:
        y: an array or a list. Among words, -1, `None` and NaN are unknown, too.

    Example:
        >>> label_values(["cat", -1, None, "ant"]).tolist()
        ['cat', '', '', 'ant']
    """
    values = np.asarray(y, dtype=object) if isinstance(y, list | tuple) else np.asarray(y)
    if values.dtype == object:
        flat = ["" if _is_unknown(value) else value for value in values.ravel().tolist()]
        if any(isinstance(value, str) and value for value in flat):
            flat = [str(value) for value in flat]
        else:
            flat = [-1 if value == "" else value for value in flat]
        values = np.asarray(flat).reshape(values.shape)
    if values.dtype.kind == "U":
        values = np.where(values == "-1", "", values)
    return values


def _is_unknown(value: Any) -> bool:
    return value is None or value == "-1" or (isinstance(value, int | float) and (value == -1 or value != value))
