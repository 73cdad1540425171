"""A run: a folder that holds what was trained on what, the model, its checkpoint, its history and its film."""

from latently.run.folder import Run
from latently.run.repeats import Repeats, mean_and_sd
from latently.run.rows import (
    film_rows,
    fingerprint,
    known_labels,
    labels_of,
    located,
    open_rows,
    open_run_splits,
    open_splits,
    short_name,
)
from latently.run.session import Plan, Session, load_model, why_not_together
from latently.run.training import Training, train, train_together

__all__ = [
    "Plan",
    "Repeats",
    "Run",
    "Session",
    "Training",
    "film_rows",
    "fingerprint",
    "known_labels",
    "labels_of",
    "load_model",
    "located",
    "mean_and_sd",
    "open_rows",
    "open_run_splits",
    "open_splits",
    "short_name",
    "train",
    "train_together",
    "why_not_together",
]
