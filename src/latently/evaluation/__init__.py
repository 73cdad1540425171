"""Plain numbers: what a fitted model can do, asked without knowing which model it is."""

from typing import TYPE_CHECKING, Any

from latently.evaluation.classification import classification, clustering
from latently.evaluation.model import FittedModel
from latently.evaluation.summary import evaluate
from latently.evaluation.table import Line, as_table, counted

if TYPE_CHECKING:
    from latently.evaluation.judge import Judge, judge_of

__all__ = [
    "FittedModel",
    "Judge",
    "Line",
    "as_table",
    "classification",
    "clustering",
    "counted",
    "evaluate",
    "judge_of",
]


def __getattr__(name: str) -> Any:
    """Load the judge when it is asked for: it needs JAX, and the numbers do not."""
    if name in ("Judge", "judge_of"):
        from latently.evaluation import judge

        return getattr(judge, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
