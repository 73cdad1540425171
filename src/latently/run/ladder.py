"""How many dimensions a code should have: one model a size, measured on the rows kept for validation, beside PCA."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA

from latently.data import Splits
from latently.data.components import principal_components
from latently.data.rows import spread_rows
from latently.errors import ArgumentError
from latently.evaluation import counted
from latently.game import Batch
from latently.run.session import trainer_for
from latently.training import Observer

MOST_ROWS = 10_000
"""Training rows that the principal components are found in."""
_ENOUGH = 0.02
"""Of all that is gained over the ladder: a smaller code that misses no more than this is large enough."""


Watching: TypeAlias = Callable[[str], AbstractContextManager[tuple[list[Observer], Callable[[], None]]]]


@contextmanager
def _unseen(title: str) -> Iterator[tuple[list[Observer], Callable[[], None]]]:
    del title
    yield [], lambda: None


class Step(NamedTuple):
    """A size of the code, and what held-out rows say of the model that has it.

    Attributes:
        latent_dim: dimensions of the code.
        value: of the criterion; the lower, the better.
        unexplained: the share of variance that reconstructions miss; `None` of a model that gives none.
        pca: the same of as many principal components; `None` where there are none, or rows have gaps.
        epochs: that were played until the best measurement.
        verdict: on the training: its kind (see `latently.training.verdict`).
    """

    latent_dim: int
    value: float
    unexplained: float | None
    pca: float | None
    epochs: float
    verdict: str


def climb(
    make: Callable[[int], Any], splits: Splits, sizes: Sequence[int], use_labels: bool, watching: Watching = _unseen
) -> Iterator[tuple[Step, Any]]:
    """Fit a model of every size, in ascending order; each with what was found, and the estimator itself.

    Args:
        make: the estimator of a size, not fitted.
        splits: the data, with rows for validation.
        sizes: of the code; those larger than a row are left out.
        use_labels: whether labels are shown.
        watching: from a title to a context in which observers look on (see `latently.run.playing.Reporter`).

    Raises:
        ArgumentError: there are no rows for validation.
    """
    if not len(splits.validation):
        rule = f"must keep some of the {len(splits.train) + len(splits.test):,} rows: they tell the sizes apart"
        raise ArgumentError("validation", rule, remedy="Give {validation=0.1}, or more rows.")
    components: Any = None
    for size in sorted(set(sizes)):
        model = make(size)
        trainer = trainer_for(model, splits, use_labels, verbose=False)
        if size > model.n_features_in_:
            return
        with watching(f"{type(model).__name__}, {counted(size, 'dimension')}") as (observers, _):
            trainer.run(model.total_rounds(trainer), observers)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what a code that is too large leaves unused is what is asked here
            model.adopt(trainer)
        measure, game = trainer.validation.measure, trainer.result
        reconstructs = "decode" in model.abilities()
        if components is None:
            components = _components(model, splits.train.rows, sizes) if reconstructs else ()
        told = [told for told in trainer.history if told.held_out]
        value = measure(game)[measure.criterion]
        unexplained = measure.unexplained(game) if reconstructs else None
        pca = _missed_by_pca(components, measure.batch, size) if components else None
        epochs = trainer.validation.best_round / trainer.feed.rounds_per_epoch if told else trainer.epoch
        yield Step(size, value, unexplained, pca, epochs, model.verdict_.kind), model


def smallest_enough(steps: Sequence[Step]) -> Step:
    """The smallest code beyond which next to nothing is gained: a fiftieth of what the whole ladder gains.

    Example:
        >>> values = {2: 90.0, 4: 60.0, 8: 50.2, 16: 50.0}
        >>> smallest_enough([Step(d, v, None, None, 1.0, "settled") for d, v in values.items()]).latent_dim
        8
    """
    values = np.array([step.value for step in steps])
    best = values.min()
    return steps[int(np.argmax(values <= best + _ENOUGH * (values[0] - best)))]


def _components(model: Any, rows: Any, sizes: Sequence[int]) -> tuple[PCA, ...]:
    """The principal components of the training rows as the model reads them; none where these have gaps."""
    x = _flat(_batch(model, rows[spread_rows(len(rows), MOST_ROWS)]))
    return (principal_components(x, max(sizes)),) if np.isfinite(x).all() else ()


def _missed_by_pca(components: tuple[PCA, ...], batch: Batch, size: int) -> float | None:
    """The share of variance that so many components miss of held-out rows; the mean over views."""
    (pca,) = components
    x = _flat(batch)
    if size > pca.n_components_ or not np.isfinite(x).all():
        return None
    axes = pca.components_[:size]
    left = ((x - pca.mean_) - (x - pca.mean_) @ axes.T @ axes) ** 2
    all_ = (x - x.mean(axis=0)) ** 2
    ends = np.cumsum([int(np.prod(view.shape[1:])) for view in batch.views])
    parts = zip(np.split(left, ends[:-1], axis=1), np.split(all_, ends[:-1], axis=1), strict=True)
    return float(np.mean([lost.sum() / max(float(total.sum()), 1e-12) for lost, total in parts]))


def _batch(model: Any, rows: Any) -> Batch:
    x = model.preprocessing_(rows)
    return x if isinstance(x, Batch) else Batch((x,))


def _flat(batch: Batch) -> Float[np.ndarray, "rows numbers"]:
    return np.concatenate([np.asarray(view).reshape(len(view), -1) for view in batch.views], axis=1)
