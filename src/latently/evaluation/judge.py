"""The judge: a classifier of real data that samples of a model are shown to. It has seen no sample of any model.

One is trained once for every set of training rows, and kept in the user's cache directory.
"""

import contextlib
import json
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, final

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, PRNGKeyArray, Shaped

from latently.data import DataAssumption, Preprocessing, Subset, Table, TablePreprocessing, encode_labels
from latently.data.rows import hash_rows, spread_rows
from latently.evaluation.rows import known_labels
from latently.files import cache_directory, write_atomically
from latently.game import Batch
from latently.games.classifier import Classifier
from latently.inference import in_pieces
from latently.networks import Chain, Layer, MarkGaps, Shift, conv_encoder, mlp
from latently.probability import first_elements
from latently.training import Feed, Observer, Trainer, load_tree, save_tree

EPOCHS, LEAST_ROUNDS, MOST_ROUNDS = 12, 1500, 20_000
BATCH_SIZE = 128
LEARNING_RATE = 2e-3
CHANNELS = (32, 64, 128)
FEATURES = 128
DROPOUT = 0.2
CALIBRATION_ROWS = 4096
EDITION = 1
"""Of the way judges are trained: those of another edition are not read from the cache."""


@final
@dataclass(frozen=True, eq=False)
class Judge:
    """A small network that reads the class of a row: convolutions for images, a perceptron for vectors.

    Attributes:
        network: from prepared rows to one logit a class; its batch norms are calibrated.
        preprocessing: what was done to the rows that it learned from.
        classes: their labels, in order.
        training_rows: how many they were.

    Example:
        >>> random = np.random.default_rng(0)
        >>> y = random.integers(2, size=200)
        >>> X = random.normal(size=(200, 3)) + 9 * y[:, None]
        >>> judge = Judge.fit(X, y, rounds=50)
        >>> float((judge.predict(X) == y).mean()), judge.features(X).shape
        (1.0, (200, 128))
    """

    network: Chain
    preprocessing: Preprocessing | TablePreprocessing
    classes: Shaped[np.ndarray, "classes"]
    training_rows: int

    @classmethod
    def fit(
        cls, X: Any, y: Shaped[np.ndarray, "rows"], *, rounds: int | None = None, observers: Sequence[Observer] = ()
    ) -> "Judge":
        """Learn from real data. The same rows give the same judge.

        Args:
            X: rows `(n, features)`, `(n, height, width)` or `(n, height, width, channels)`, or a table, as models take
                them.
            y: the label of each row; rows where it is -1 (or the empty word) are left out.
            rounds: of 128 rows; unless said, 12 passes over the rows, and at least 1500 rounds.
            observers: look on between chunks of rounds, a progress bar for instance.

        Raises:
            ValueError: fewer than two classes are known, or there is not one label a row.
        """
        labels = np.asanyarray(y)
        if labels.shape != (len(X),):
            raise ValueError(f"y must have one label for each of the {len(X)} rows of X; got shape {labels.shape}.")
        known = np.flatnonzero(known_labels(labels))
        classes, codes = np.unique(labels[known], return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"y must name two classes or more for a judge to tell apart; got {len(classes)}.")
        if isinstance(X, Table):
            rows: Any = X[known]
            preprocessing: Preprocessing | TablePreprocessing = TablePreprocessing.fit(rows)
        else:
            rows = X if len(known) == len(X) else Subset(X, known)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataAssumption)  # whoever fitted the model was told
                preprocessing = Preprocessing.fit(rows, layout="images" if len(rows.shape) > 2 else "vectors")
        if rounds is None:
            rounds = min(max(EPOCHS * len(rows) // BATCH_SIZE, LEAST_ROUNDS), MOST_ROUNDS)
        network = _train(rows, codes.astype(np.int32), preprocessing, rounds, observers)
        return cls(network, preprocessing, classes, len(known))

    def predict(self, X: Any) -> Shaped[np.ndarray, "rows"]:
        """The likeliest class of each row."""
        return np.asarray(self.classes[self.predict_proba(X).argmax(axis=1)])

    def predict_proba(self, X: Any) -> Float[np.ndarray, "rows classes"]:
        """The probability of each class for each row, in the order of `classes`."""
        return self._read(X, self.network, probabilities=True)

    def features(self, X: Any) -> Float[np.ndarray, "rows features"]:
        """What the judge tells the classes by: the output of its last hidden layer."""
        return self._read(X, Chain(self.network.layers[:-1]), probabilities=False)

    def _read(self, X: Any, network: Chain, *, probabilities: bool) -> Float[np.ndarray, "rows outputs"]:
        if isinstance(self.preprocessing, TablePreprocessing):
            X = Table.like(X, self.preprocessing.columns, "the judge")
        if math.prod(X.shape[1:]) != self.preprocessing.n_features:
            raise ValueError(
                f"X must have rows of shape {self.preprocessing.row_shape}, as the judge's training rows had; "
                f"got {tuple(X.shape[1:])}."
            )
        return np.asarray(in_pieces(partial(_outputs, network, probabilities), X, self.preprocessing))


@eqx.filter_jit
def _outputs(network: Layer, probabilities: bool, x: Float[Array, "piece ..."]) -> Float[Array, "piece outputs"]:
    outputs = network(x)
    return jax.nn.softmax(outputs) if probabilities else outputs


def judge_network(preprocessing: Preprocessing | TablePreprocessing, n_classes: int, key: PRNGKeyArray) -> Chain:
    """The untrained network: images are moved about a little while it learns, by a fourteenth of their size."""
    common: dict[str, Any] = {"normalize": "batch", "dropout": DROPOUT}
    event_shape = preprocessing.event_shape
    if isinstance(preprocessing, TablePreprocessing):
        width, firsts = event_shape[0], tuple(first_elements(preprocessing.cells).tolist())
        flatten, *rest = mlp(width + len(firsts), (2 * FEATURES, FEATURES), n_classes, key, **common).layers
        return Chain((MarkGaps(flatten, firsts, width), *rest))
    if len(event_shape) == 1:
        return mlp(event_shape[0], (2 * FEATURES, FEATURES), n_classes, key, **common)
    height, width, channels = event_shape
    network = conv_encoder((height, width, channels), CHANNELS, FEATURES, n_classes, key, **common)
    return Chain((Shift(max(1, round(min(height, width) / 14))), *network.layers))


def _train(
    rows: Any,
    codes: Int[np.ndarray, "rows"],
    preprocessing: Preprocessing | TablePreprocessing,
    rounds: int,
    observers: Sequence[Observer],
) -> Chain:
    optimizer = optax.adam(optax.cosine_decay_schedule(LEARNING_RATE, rounds))
    build = eqx.filter_jit(lambda key: judge_network(preprocessing, int(codes.max()) + 1, key))
    game = Classifier(build(jax.random.key(0)), optimizer)
    feed = Feed(preprocessing.laid_out(rows), codes, batch_size=BATCH_SIZE, seed=0, prepare=preprocessing.prepare)
    trainer = Trainer(game, feed, seed=0)
    trainer.run(rounds, observers)
    spread = spread_rows(len(rows), CALIBRATION_ROWS)
    batch = Batch((preprocessing(rows[spread]),), jnp.asarray(codes[spread]))
    network: Chain = trainer.state.game.calibrated(batch, jax.random.key(0)).network  # type: ignore[assignment]
    return network


def judge_of(X: Any, y: Shaped[np.ndarray, "rows"], observers: Sequence[Observer] = ()) -> Judge:
    """The judge that `Judge.fit` gives of real data: read from the cache, or trained and written there.

    Args:
        X: training rows.
        y: their labels.
        observers: look on while it is trained.
    """
    if kept := kept_judge(X, y):
        return kept
    judge = Judge.fit(X, y, observers=observers)
    if (path := judge_path(X, y)) is not None:
        with contextlib.suppress(OSError):  # a cache that cannot be written: the next one is trained again
            _keep(judge, path)
    return judge


def _keep(judge: Judge, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # The arrays first: where the JSON is, they are.
    save_tree(path.with_suffix(".safetensors"), eqx.filter(judge.network, eqx.is_array), {"edition": EDITION})
    about = {
        "edition": EDITION,
        "classes": judge.classes.tolist(),
        "preprocessing": judge.preprocessing.to_config(),
        "training_rows": judge.training_rows,
    }
    write_atomically(path, json.dumps(about, indent=2).encode())


def kept_judge(X: Any, y: Shaped[np.ndarray, "rows"]) -> Judge | None:
    """The judge of these rows from the cache; `None` where there is none, or where it is damaged."""
    path = judge_path(X, y)
    if path is None:
        return None
    try:
        about = json.loads(path.read_text())
        classes, rows = np.asarray(about["classes"]), int(about["training_rows"])
        found = about["preprocessing"]
        kind = TablePreprocessing if "columns" in found else Preprocessing
        preprocessing = kind.from_config(found)

        def untrained() -> Chain:
            network = judge_network(preprocessing, len(classes), jax.random.key(0))
            return network.calibrated(jnp.zeros((2, *preprocessing.event_shape)))[0]

        shapes, static = eqx.partition(
            eqx.filter_eval_shape(untrained), lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct)
        )
        arrays, _ = load_tree(path.with_suffix(".safetensors"), shapes)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Judge(eqx.combine(arrays, static), preprocessing, classes, rows)


def judge_path(X: Any, y: Shaped[np.ndarray, "rows"]) -> Path | None:
    """Where the judge of these rows is kept: its JSON; its arrays are beside it. `None` without a cache."""
    cache = cache_directory()
    if cache is None:
        return None
    codes, classes = encode_labels(np.asanyarray(y), "y")
    digest = hash_rows((X,), codes)
    digest.update(f"{classes} edition {EDITION}".encode())
    return cache / "judges" / f"{digest.hexdigest()[:16]}.json"
