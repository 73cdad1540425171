"""Judges on disk: one is trained once for every set of training rows, and kept in the user's cache directory."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Shaped

from latently.data import Preprocessing, encode_labels
from latently.data.statistics import hash_rows
from latently.evaluation.judge import Judge, judge_network
from latently.files import cache_directory, write_atomically
from latently.networks import Chain
from latently.training import Observer, load_tree, save_tree

EDITION = 1
"""Of the way judges are trained: those of another edition are not read."""


def judge_of(X: Any, y: Shaped[np.ndarray, "rows"], observers: Sequence[Observer] = ()) -> Judge:
    """The judge of real data: read from the cache, or trained and written there.

    Args:
        X, y: training rows and their labels, as `Judge.fit` takes them.
        observers: look on while it is trained.

    Returns:
        The judge that `Judge.fit` gives for these rows.

    Raises:
        ValueError: as `Judge.fit`.
    """
    if kept := kept_judge(X, y):
        return kept
    judge, path = Judge.fit(X, y, observers=observers), judge_path(X, y)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_judge(judge, path)
    return judge


def kept_judge(X: Any, y: Shaped[np.ndarray, "rows"]) -> Judge | None:
    """The judge of these rows from the cache; `None` where there is none, or where it is damaged."""
    try:
        return load_judge(judge_path(X, y))
    except (FileNotFoundError, ValueError):
        return None


def judge_path(X: Any, y: Shaped[np.ndarray, "rows"]) -> Path:
    """Where the judge of these rows is kept: its JSON; its arrays are beside it."""
    codes, classes = encode_labels(np.asarray(y), "y")
    digest = hash_rows((X,), codes)
    digest.update(f"{classes} edition {EDITION}".encode())
    return cache_directory() / "judges" / f"{digest.hexdigest()[:16]}.json"


def save_judge(judge: Judge, path: Path) -> None:
    """Write a judge, the arrays first: `path` itself is JSON, and they lie beside it as safetensors."""
    save_tree(path.with_suffix(".safetensors"), eqx.filter(judge.network, eqx.is_array), {"edition": EDITION})
    about = {
        "edition": EDITION,
        "classes": judge.classes.tolist(),
        "preprocessing": judge.preprocessing.to_config(),
        "training_rows": judge.training_rows,
    }
    write_atomically(path, json.dumps(about, indent=2).encode())


def load_judge(path: Path) -> Judge:
    """Read what `save_judge` wrote.

    Raises:
        FileNotFoundError: there is none.
        ValueError: a file is damaged.
    """
    about = json.loads(path.read_text())
    try:
        classes, rows = np.asarray(about["classes"]), int(about["training_rows"])
        preprocessing = Preprocessing.from_config(about["preprocessing"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"{path} holds no judge ({error}).") from None

    def untrained() -> Chain:
        network = judge_network(preprocessing.event_shape, len(classes), jax.random.key(0))
        return network.calibrated(jnp.zeros((2, *preprocessing.event_shape)))[0]

    shapes, static = eqx.partition(
        eqx.filter_eval_shape(untrained), lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct)
    )
    arrays, _ = load_tree(path.with_suffix(".safetensors"), shapes)
    return Judge(eqx.combine(arrays, static), preprocessing, classes, rows)
