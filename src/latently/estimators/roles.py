"""Who plays in the game that an estimator would build: read off the game itself, before there is any data."""

from typing import Any

import jax
import jax.numpy as jnp

from latently.errors import ArgumentError
from latently.estimators.building import builder
from latently.estimators.hyperparameters import check_hyperparameters
from latently.game import Batch, LabelsKnown, Role, Task, roles

_ROWS = 2


def roles_of(model: Any, labels_known: LabelsKnown | None = None) -> tuple[Role, ...]:
    """The roles of the players of an estimator's game, in the order in which they move.

    The game is built for rows of a few numbers, and only its shapes: nothing is computed. So a model is asked before it
    is fitted, and whatever hyperparameters it has.

    Args:
        model: an estimator, fitted or not.
        labels_known: of how many rows the class is known. Unless said: of some, where the model can do with some; of
            all, where it needs them; of none, where it ignores them.

    Raises:
        ArgumentError: the hyperparameters contradict each other, or no label is known of a model that needs some.

    Example:
        >>> from latently import AAE
        >>> for role in roles_of(AAE()):
        ...     print(role.player.name, "moves", *role.moves, "and looks at", *role.looks_at or ["nothing else"])
        autoencoder moves encoder decoder and looks at nothing else
        critic moves critic and looks at encoder
        generator moves encoder and looks at critic
    """
    check_hyperparameters(model)
    if labels_known == "none" and model.labels == "required":
        raise ArgumentError(
            "labels_known", f"must be all or some for {type(model).__name__}, which needs labels", "none"
        )
    usual: dict[str, LabelsKnown] = {"ignored": "none", "optional": "some", "required": "all"}
    task = model._small_task(labels_known or usual[model.labels])
    return roles(builder(model, task).shapes, _batch(task))


def _batch(task: Task) -> Batch:
    """Rows of the shapes that a task names."""
    shapes = task.shape if task.views else (task.shape,)

    def rows() -> Batch:
        views = tuple(jnp.zeros((_ROWS, *shape)) for shape in shapes)
        if task.labels_known == "none":
            return Batch(views)
        labels = jnp.zeros(_ROWS, jnp.int32)
        return Batch(views, labels, Batch(views, labels) if task.labels_known == "some" else None)

    batch: Batch = jax.eval_shape(rows)
    return batch
