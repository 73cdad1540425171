"""What a model that bounds no likelihood is judged by: how much of the rows its reconstruction explains."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from latently.estimators.inputs import stored
from latently.evaluation.codes import squared_errors
from latently.evaluation.rows import BLOCK_ROWS
from latently.fitted import Fitted


def reconstruction_r2(fitted: Fitted, rows: Any) -> float:
    """R² of the reconstruction of rows, 1 − its squared error over that of the mean row; NaN where all rows are alike.

    It is taken in the scale in which the model learns, so that all columns of a table count alike. Of several views it
    is the mean of those of the views, each over the rows that have it.
    """

    def blocks(view: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for start in range(0, len(rows), BLOCK_ROWS):
            block = rows[start : start + BLOCK_ROWS]
            given, present = stored(block)
            has = np.ones(len(block), bool) if present is None else present[:, view]
            data = fitted.reconstruct(block)
            decoded = tuple(data.values()) if isinstance(data, dict) else (data,)
            if has.any():
                x, mean = (np.asarray(fitted.preprocessing.prepare(each)[view])[has] for each in (given, decoded))
                yield x, mean

    arrays, present = stored(rows)
    views = [view for view in range(len(arrays)) if present is None or present[:, view].any()]
    explained = [squared_errors(blocks(view)).get("variance_explained") for view in views]
    known = [share for share in explained if share is not None]
    return float(np.mean(known)) if known else float("nan")
