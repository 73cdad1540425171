"""Plain numbers: what a fitted model can do, asked without knowing which model it is."""

from typing import TYPE_CHECKING, Any

from latently.evaluation.classification import calibration, classification, confusion
from latently.evaluation.clustering import clustering
from latently.evaluation.dimensions import active_dimensions
from latently.evaluation.fidelity import fidelity
from latently.evaluation.frechet import frechet_distance
from latently.evaluation.likelihood import bits_per_dimension, summarize_bounds
from latently.evaluation.mmd import median_bandwidths, mmd, mmd_squared
from latently.evaluation.model import ABILITIES, FittedModel
from latently.evaluation.parzen import parzen
from latently.evaluation.prior_match import prior_match
from latently.evaluation.probe import probe
from latently.evaluation.reconstruction import SquaredErrors
from latently.evaluation.regions import regions
from latently.evaluation.samples import agreement
from latently.evaluation.summary import evaluate
from latently.evaluation.table import Line, as_table, counted
from latently.evaluation.wasserstein import sliced_wasserstein

if TYPE_CHECKING:
    from latently.evaluation.judge import Judge
    from latently.evaluation.judge_cache import judge_of

__all__ = [
    "ABILITIES",
    "FittedModel",
    "Judge",
    "Line",
    "SquaredErrors",
    "active_dimensions",
    "agreement",
    "as_table",
    "bits_per_dimension",
    "calibration",
    "classification",
    "clustering",
    "confusion",
    "counted",
    "evaluate",
    "fidelity",
    "frechet_distance",
    "judge_of",
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


def __getattr__(name: str) -> Any:
    """Load the judge when it is asked for: it needs JAX, and the numbers do not."""
    if name == "Judge":
        from latently.evaluation.judge import Judge

        return Judge
    if name == "judge_of":
        from latently.evaluation.judge_cache import judge_of

        return judge_of
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
