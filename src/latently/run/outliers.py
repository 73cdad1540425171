"""Which rows are strange: new ones beside those kept for validation, learned ones by models that have not seen them."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, UInt64

from latently.data import Dataset
from latently.data.rows import Rows, pieces
from latently.errors import ArgumentError
from latently.estimators.outliers import cross_outlier_scores
from latently.run.rows import known_labels, open_run_splits, targets_of


def strangeness_of(
    model: Any,
    about: Mapping[str, Any],
    part: Dataset,
    *,
    folds: int,
    seed: int,
    fitting: Callable[[int], None] = lambda rows: None,  # noqa: ARG005
) -> tuple[Float[np.ndarray, "rows"], Bool[np.ndarray, "rows"]]:
    """How strange the rows of a part are to a run's model, from 0 to 1, and whether the model has learned from each.

    Args:
        model: of the run.
        about: what the run says of its data.
        part: the rows.
        folds: into which rows that were learned from are cut.
        seed: of folds and draws.
        fitting: called with their number before models are fitted that have not learned from them.

    Raises:
        ArgumentError: there are new rows, and the run kept none to compare them with.
    """
    splits = open_run_splits(about)
    ordinary = splits.validation if len(splits.validation) else splits.test
    learned = rows_in(part, splits.train)
    new, old = np.flatnonzero(~learned), np.flatnonzero(learned)
    if len(new) and not len(ordinary):
        rule = "has rows to be compared with those kept from training, and the run kept none"
        raise ArgumentError("data", rule, remedy="Fit it with {validation=0.1}.")
    scores, rows, labels = np.empty(len(learned)), part.rows, known_labels(model, part)
    if len(new):
        known = None if labels is None else labels[new]
        scores[new] = model.outlier_scores(rows[new], ordinary.rows, known, seed)
    if len(old):
        fitting(len(old))
        targets = targets_of(part) if about.get("use_labels", True) and model.labels != "ignored" else None
        y = None if targets is None else targets[old]
        scores[old] = cross_outlier_scores(model, rows[old], y, folds=min(folds, len(old)), random_state=seed)
    return scores, learned


def rows_in(part: Dataset, whole: Dataset) -> Bool[np.ndarray, "rows"]:
    """Which rows of a part are, bit for bit, among those of another data set."""
    if [view.dtype for view in part.views] != [view.dtype for view in whole.views]:
        return np.zeros(len(part), bool)
    mine, theirs = (
        sum(_hashes(view) * np.uint64(2 * place + 1) for place, view in enumerate(data.views)) for data in (part, whole)
    )
    return np.isin(np.asarray(mine), np.asarray(theirs))


def _hashes(rows: Rows) -> UInt64[np.ndarray, "rows"]:
    """A number for each row, by multilinear hashing of its bytes."""
    found = []
    for piece in pieces(rows):
        raw = np.ascontiguousarray(piece).reshape(len(piece), -1).view(np.uint8)
        words = np.pad(raw, ((0, 0), (0, -raw.shape[1] % 8))).view(np.uint64)
        odd = np.random.default_rng(0).integers(0, 2**63, words.shape[1], np.uint64) * np.uint64(2) + np.uint64(1)
        found.append((words * odd).sum(axis=1, dtype=np.uint64))
    return np.concatenate(found)
