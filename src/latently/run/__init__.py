"""A run: a folder that holds what was trained on what, the model, its checkpoint, its history and its film."""

from latently.run.folder import BusyError, Run, TakenError
from latently.run.playing import Playing
from latently.run.repeats import Repeats, mean_and_sd
from latently.run.rows import (
    IMAGE_OPTIONS,
    PLACE_OPTIONS,
    TABLE_OPTIONS,
    dialect_for,
    film_rows,
    fingerprint,
    known_labels,
    labels_of,
    located,
    open_rows,
    open_run_splits,
    open_splits,
    open_views,
    reading_of,
    short_name,
    targets_of,
)
from latently.run.session import Plan, Session, load_model
from latently.run.training import Training, train_together

__all__ = [
    "IMAGE_OPTIONS",
    "PLACE_OPTIONS",
    "TABLE_OPTIONS",
    "BusyError",
    "Plan",
    "Playing",
    "Repeats",
    "Run",
    "Session",
    "TakenError",
    "Training",
    "dialect_for",
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
    "open_views",
    "reading_of",
    "short_name",
    "targets_of",
    "train_together",
]
