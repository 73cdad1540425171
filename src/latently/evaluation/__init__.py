"""Plain numbers: what a fitted model can do, asked without knowing which model it is."""

from typing import TYPE_CHECKING, Any

from latently.evaluation.classification import calibration, classification, clustering, confusion, regions
from latently.evaluation.codes import active_dimensions, probe, squared_errors
from latently.evaluation.disentanglement import factor_vae_score, mutual_information_gap
from latently.evaluation.fidelity import fidelity, frechet_distance
from latently.evaluation.likelihood import bits_per_dimension, parzen, summarize_bounds
from latently.evaluation.lines import Line, counted
from latently.evaluation.model import FittedModel
from latently.evaluation.prior_match import median_bandwidths, mmd, mmd_squared, prior_match, sliced_wasserstein
from latently.evaluation.samples import agreement
from latently.evaluation.summary import evaluate
from latently.evaluation.table import advice, as_table

if TYPE_CHECKING:
    from latently.evaluation.judge import Judge, judge_of

# fmt: off
__all__ = [
    "FittedModel", "Judge", "Line", "active_dimensions", "advice", "agreement", "as_table", "bits_per_dimension",
    "calibration", "classification", "clustering", "confusion", "counted", "evaluate", "factor_vae_score", "fidelity",
    "frechet_distance", "judge_of", "median_bandwidths", "mmd", "mmd_squared", "mutual_information_gap", "parzen",
    "prior_match", "probe", "regions", "sliced_wasserstein", "squared_errors", "summarize_bounds",
]
# fmt: on


def __getattr__(name: str) -> Any:
    """Load the judge when it is asked for: it needs JAX, and the numbers do not."""
    if name in ("Judge", "judge_of"):
        from latently.evaluation import judge

        return getattr(judge, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
