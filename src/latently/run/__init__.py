"""A run: a folder that holds what was trained on what, the model, its checkpoint, its history and its film."""

from latently.run.folder import Run
from latently.run.identity import film_rows, fingerprint
from latently.run.repeats import Repeats, mean_and_sd
from latently.run.training import Training, train, train_together

__all__ = ["Repeats", "Run", "Training", "film_rows", "fingerprint", "mean_and_sd", "train", "train_together"]
