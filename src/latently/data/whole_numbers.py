"""Whole numbers of 64 bits in the cells of a column: a float tells them apart once an origin is taken from them."""

from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float64

from latently.data.far import differences, loses_whole_numbers, middle, placed

if TYPE_CHECKING:
    import pandas as pd


def read_numbers(cells: "pd.Series[Any]", origin: int) -> Float64[np.ndarray, "rows"]:
    """Cells as numbers, less an origin; NaN where one is missing, or no number."""
    import pandas as pd

    read = pd.to_numeric(cells, errors="coerce")
    if not origin or not pd.api.types.is_integer_dtype(read):
        with np.errstate(invalid="ignore"):  # the NA of R is a NaN that signals
            return np.asarray(read.to_numpy(np.float64, na_value=np.nan) - origin)
    missing = read.isna().to_numpy()
    whole = read.fillna(0).to_numpy(str(getattr(read.dtype, "numpy_dtype", read.dtype)))
    return np.where(missing, np.nan, differences(whole, np.float64(origin)))


def origin_of(cells: "pd.Series[Any]") -> int:
    """What is to be taken from whole numbers so that float64 tells them apart; 0 where it does."""
    import pandas as pd

    there = pd.to_numeric(cells, errors="coerce")
    if not pd.api.types.is_integer_dtype(there):
        return 0
    whole = there.dropna().to_numpy(str(getattr(there.dtype, "numpy_dtype", there.dtype)))
    return int(middle(whole.min(), whole.max())) if loses_whole_numbers(whole) else 0


def whole_cells(values: Float64[np.ndarray, "rows"], origin: int, dtype: str) -> "pd.Series[Any]":
    """Numbers beside an origin as whole numbers, `NA` where one is missing."""
    import pandas as pd

    missing, own = np.isnan(values), pd.api.types.pandas_dtype(dtype)
    whole = placed(np.where(missing, 0.0, values), np.float64(origin), np.dtype(getattr(own, "numpy_dtype", own)))
    cells = pd.Series(whole)
    if missing.any():
        unsigned = "U" if whole.dtype.kind == "u" else ""
        return cells.astype(f"{unsigned}Int{8 * whole.dtype.itemsize}").mask(missing)
    return cells.astype(own)
