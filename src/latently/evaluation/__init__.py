"""Plain numbers: what a fitted model can do, asked without knowing which model it is."""

from latently.evaluation.classification import calibration, classification, confusion
from latently.evaluation.clustering import clustering
from latently.evaluation.dimensions import active_dimensions
from latently.evaluation.likelihood import bits_per_dimension, summarize_bounds
from latently.evaluation.mmd import median_bandwidths, mmd, mmd_squared
from latently.evaluation.model import CAPABILITIES, FittedModel
from latently.evaluation.parzen import parzen
from latently.evaluation.prior_match import prior_match
from latently.evaluation.probe import probe
from latently.evaluation.reconstruction import SquaredErrors
from latently.evaluation.regions import regions
from latently.evaluation.summary import evaluate
from latently.evaluation.table import Line, as_table
from latently.evaluation.wasserstein import sliced_wasserstein

__all__ = [
    "CAPABILITIES",
    "FittedModel",
    "Line",
    "SquaredErrors",
    "active_dimensions",
    "as_table",
    "bits_per_dimension",
    "calibration",
    "classification",
    "clustering",
    "confusion",
    "evaluate",
    "median_bandwidths",
    "mmd",
    "mmd_squared",
    "parzen",
    "prior_match",
    "probe",
    "regions",
    "sliced_wasserstein",
    "summarize_bounds",
]
