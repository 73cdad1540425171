"""What samples are worth, in the eyes of a judge that has learned from real data alone."""

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Shaped

from latently.data import Table, Views
from latently.data.views import joined
from latently.evaluation.fidelity import DENSITY_NEIGHBOURS, SUPPORT_NEIGHBOURS, fidelity, frechet_distance
from latently.evaluation.model import Data, FittedModel, inability
from latently.evaluation.rows import Selection, known_labels, not_finite, share, stream, unlabelled

_REFERENCE, _TEST, _LABELS, _DRAWS = range(4)  # one stream of numbers each


@runtime_checkable
class Judges(Protocol):
    """What is asked of a judge; `latently.evaluation.judge.Judge` is one."""

    @property
    def classes(self) -> np.ndarray:
        """The labels it tells apart."""

    @property
    def training_rows(self) -> int:
        """How many rows it learned from."""

    def predict_proba(self, X: Data) -> Float[np.ndarray, "rows classes"]:
        """The probability of each class for each row."""

    def features(self, X: Data) -> Float[np.ndarray, "rows features"]:
        """Where each row lies in the judge's own space."""


def samples(model: FittedModel, judge: Judges, train: Selection | None, test: Selection, seed: int) -> dict[str, Any]:
    """How samples compare with training rows in the judge's features, and whether they are of the class asked for.

    The figures of real test rows stand beside them: they are what a perfect model would reach. All sets (samples, test
    rows, and the training rows that both are compared with) have the same number of rows, since every figure depends on
    it. The labels asked for are those of the test rows. Where nothing can be compared, `skipped` says why.

    Returns:
        - `frechet_distance` (squared, in the units of the judge's features), `precision`, `recall`, `density` and
          `coverage` of the samples, as `frechet_distance` and `fidelity` give them;
        - `class_consistency`, the share of samples that the judge reads as the class asked for, its binomial
          `class_consistency_standard_error`, and `class_consistency_by_label`: of models that sample by label;
        - `from_prior`, the same of samples of the prior, of a model that draws by a sampler (`fit_sampler`);
        - `test`, the same of real test rows, whose class consistency is the judge's accuracy on them;
        - `rows` of each set, `neighbours`, and of the `judge` its `training_rows` and its `features`.
    """
    if reason := inability(model, "sample"):
        return {"skipped": reason}
    if whole_rows(test.data[:1]) is None:
        return {"skipped": "the data has several views that are no halves of images"}
    n = 0 if train is None else min(len(train), len(test))
    if train is None or n <= max(SUPPORT_NEIGHBOURS, DENSITY_NEIGHBOURS):
        return {"skipped": f"there are too few training or test rows to compare samples with: {n}"}
    reference = _features(judge, train.some(n, stream(seed, _REFERENCE)))
    shown = test.some(n, stream(seed, _TEST))
    labels = wanted_labels(model, shown, judge.classes, stream(seed, _LABELS))

    def figures(**how: Any) -> dict[str, Any]:
        drawn = whole_rows(model.sample(n, labels, random_state=stream(seed, _DRAWS), **how))
        drawn = Table.like(drawn, test.data.columns) if isinstance(test.data, Table) else np.asarray(drawn)
        if reason := not_finite(np.asarray(drawn), "{} samples are not finite"):
            return {"skipped": reason}
        if isinstance(drawn, Table):  # a judge reads gaps: samples have those of the rows that they are compared with
            gaps = shown.apply(lambda X: X.missing)
            drawn = Table(drawn.columns, np.where(gaps, np.nan, np.asarray(drawn)), drawn.container)
        return _compared(judge, reference, Selection.choose(drawn, labels, n, 0))

    found = figures()
    if "skipped" in found:
        return found
    if getattr(model, "sampler_", None) is not None:
        found["from_prior"] = figures(from_prior=True)
    return {
        **found,
        "test": _compared(judge, reference, shown),
        "rows": n,
        "neighbours": {"precision_recall": SUPPORT_NEIGHBOURS, "density_coverage": DENSITY_NEIGHBOURS},
        "judge": {"training_rows": judge.training_rows, "features": reference.shape[1]},
    }


def agreement(judge: Judges, X: Data, labels: Shaped[np.ndarray, "rows"]) -> float:
    """The share of rows that the judge reads as their label; rows where it is unknown are left out."""
    return float(_right(judge, Selection.choose(X, np.asanyarray(labels), len(X), 0))[1].mean())


def whole_rows(data: Any) -> Any:
    """What a judge is shown of rows: of views that are the halves of images, the images; `None` for other views."""
    if isinstance(data, Views):
        return joined({name: np.asarray(data.view(name)) for name in data.names})
    return joined(data) if isinstance(data, Mapping) else data


def _features(judge: Judges, rows: Selection) -> Float[np.ndarray, "n features"]:
    return rows.apply(lambda X: judge.features(whole_rows(X)))


def _compared(judge: Judges, reference: Float[np.ndarray, "n features"], rows: Selection) -> dict[str, Any]:
    features = _features(judge, rows)
    figures = {"frechet_distance": frechet_distance(reference, features), **fidelity(reference, features)}
    if unlabelled(rows.labels):
        return figures
    labels, right = _right(judge, rows)
    by_label = {str(label): float(right[labels == label].mean()) for label in np.unique(labels).tolist()}
    shares = share("class_consistency", right, "class_consistency_standard_error")
    return {**figures, **shares, "class_consistency_by_label": by_label}


def _right(judge: Judges, rows: Selection) -> tuple[Shaped[np.ndarray, "known"], Shaped[np.ndarray, "known"]]:
    """The known labels, and whether the judge reads each of their rows as such."""
    if rows.labels is None or not (known := known_labels(rows.labels)).any():
        raise ValueError("labels must hold one known label or more; every one is unknown.")
    chosen = rows.where(known)
    read = judge.classes[chosen.apply(lambda X: judge.predict_proba(whole_rows(X))).argmax(axis=1)]
    labels = np.asarray(chosen.labels)
    return labels, np.asarray(read == labels)


def wanted_labels(
    model: FittedModel, test: Selection, read: Shaped[np.ndarray, "classes"] | None, seed: int
) -> Shaped[np.ndarray, "rows"] | None:
    """A label to ask for each sample: those of test rows, as far as the model knows them; `None`: ask for none.

    Of those that a judge reads, where there is one.
    """
    if inability(model, "sample_labels"):
        return None
    able = np.asarray(model.label_values)
    common = able if read is None else able[np.isin(able, read)]
    if not len(common):
        return None
    found = np.zeros(0, able.dtype) if test.labels is None else test.labels[np.isin(test.labels, common)]
    pool = found if len(found) else common
    return pool if len(pool) == len(test) else np.random.default_rng(seed).choice(pool, len(test))
