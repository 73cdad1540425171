"""What a model that bounds no likelihood is judged by: how much of the rows its reconstruction explains."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from latently.data import Views, ViewsPreprocessing
from latently.evaluation.codes import squared_errors
from latently.evaluation.rows import BLOCK_ROWS
from latently.fitted import Fitted


def reconstruction_r2(fitted: Fitted, rows: Any) -> float:
    """R² of the reconstruction of rows, 1 − its squared error over that of the mean row; NaN where all rows are alike.

    It is taken in the scale in which the model learns, so that all columns of a table count alike. Of several views it
    is the mean of those of the views, each over the rows that have it.
    """
    done, several = fitted.preprocessing, isinstance(rows, Views)
    parts: Sequence[Any] = tuple(done.views.values()) if isinstance(done, ViewsPreprocessing) else (done,)

    def blocks(view: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        part = parts[view]
        for start in range(0, len(rows), BLOCK_ROWS):
            block = rows[start : start + BLOCK_ROWS]
            has = block.present[:, view] if several else np.ones(len(block), bool)
            if has.any():
                data = fitted.reconstruct(block)
                pair = (block.arrays[view], list(data.values())[view]) if several else (block, data)
                x, mean = (np.asarray(part.prepare(part.stored(each))[0])[has] for each in pair)
                yield x, mean

    views = [view for view in range(len(parts)) if not several or rows.present[:, view].any()]
    explained = [squared_errors(blocks(view)).get("variance_explained") for view in views]
    known = [share for share in explained if share is not None]
    return float(np.mean(known)) if known else float("nan")
