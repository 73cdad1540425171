"""The pictures of a model that knows labels: classes (or clusters) predicted, drawn and exchanged."""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Int, Shaped
from matplotlib.figure import Figure

from latently import figures
from latently.data import Dataset
from latently.data.columns import Column
from latently.data.conditions import spread
from latently.report.scenes import Scene, drawn, samples

DRAWS = 10  # of each label
RESTYLED_ROWS = 10
STYLES = 10
STEPS = 12
SHOWN_LABELS = 30
SHOWN_CONDITIONS = 4
ACROSS = 12  # more labels than this stand side by side, not one below the other


def prediction_scenes(evaluation: Mapping[str, Any]) -> Iterator[Scene]:
    """What was predicted, from the numbers of an evaluation."""
    classes, clusters = evaluation.get("classification", {}), evaluation.get("clustering", {})
    if "confusion" in classes:
        table = classes["confusion"]
        yield Scene(
            "confusion.png",
            "What is taken for what",
            f"The label of {classes['rows']:,} held-out rows, and what the model predicts: "
            f"{100 * classes['error']:.2f} % are wrong.",
            len(table["classes"]) > ACROSS,
            drawn(lambda: figures.confusion(np.array(table["counts"]), table["labels"], table["classes"])),
        )
    if "curve" in classes.get("calibration", {}):
        calibration = classes["calibration"]
        error, rows = calibration["expected_calibration_error"], calibration["rows"]
        yield Scene(
            "calibration.png",
            "Is it as sure as it should be?",
            "How often the predicted class is right, for rows of like confidence. On the diagonal, confidence can be "
            "taken at its word; below it, the model is too sure.",
            False,
            drawn(lambda: figures.calibration(calibration["curve"], error, rows=rows)),
        )
    if "confusion" in clusters:
        yield Scene(
            "clusters.png",
            "Clusters and labels",
            f"The label of {clusters['rows']:,} held-out rows, which the model never saw, and the cluster it puts them "
            f"in. {100 * clusters['aae_protocol']['accuracy']:.1f} % agree, where each cluster takes the label of its "
            "most confident row (AAE protocol).",
            clusters["clusters"] > ACROSS,
            drawn(lambda: _clusters(clusters["confusion"])),
        )


def class_scenes(
    model: Any, shown: Dataset, rows: Shaped[np.ndarray, "rows ..."], labels: Int[np.ndarray, "rows"] | None
) -> Iterator[Scene]:
    """Samples by label and, where the decoder is given the label, rows under every label."""
    things = "cluster" if model.classes_ is None else "class"
    count = len(model.label_values)
    some = f" (the first {SHOWN_LABELS} of {count})" if count > SHOWN_LABELS else ""
    side_by_side = count > ACROSS
    draws = f"Draws from the region of each {things} in the prior, decoded"
    if model.decodes_labels:
        draws = "Draws from the prior, decoded under each label"
    yield Scene(
        "samples.png",
        f"Samples by {things}",
        f"{draws}: one {'column' if side_by_side else 'row'} a {things}{some}.",
        side_by_side,
        drawn(lambda: _samples(model, shown)),
    )
    if "restyle" in model.abilities():
        chosen = one_of_each(labels, len(rows))
        yield Scene(
            "restyled.png",
            "The same style under other labels",
            f"Held-out rows at the left; beside them their codes, decoded under each {things}{some}.",
            True,
            drawn(lambda: _restyled(model, shown, rows, chosen)),
        )


def condition_scenes(model: Any) -> Iterator[Scene]:
    """Draws of the code, decoded under each value of a condition, for the first few conditions."""
    for place, column in enumerate(model.conditions_.columns[:SHOWN_CONDITIONS], 1):
        yield Scene(
            f"condition-{place}.png",
            f"Under {column.name}",
            f"Each row is one draw of the code and of the other conditions, decoded under each {column.name}.",
            True,
            drawn(partial(_under, model, column)),
        )


def drawing_scenes(model: Any, shown: Dataset) -> Iterator[Scene]:
    """Samples by class, one draw of noise under every class, and paths from draw to draw, where no rows are encoded."""
    if model.conditions_ is not None:
        yield samples(model)
        yield from condition_scenes(model)
        return
    yield from class_scenes(model, shown, np.empty(0), None)
    yield Scene(
        "styles.png",
        "One draw under every class",
        "Each row is one draw of the noise, decoded under each class: what the noise decides is the style.",
        len(model.label_values) > ACROSS,
        drawn(lambda: _styles(model, shown)),
    )
    yield Scene(
        "walks.png",
        "From one draw to another",
        "Each row walks from one draw of the noise to another, and stays in its class.",
        True,
        drawn(lambda: _walks(model, shown)),
    )


def label_names(model: Any, shown: Dataset) -> list[str]:
    """The labels that a model takes, in words: as the data names them, or as clusters."""
    values = model.label_values.tolist()
    if model.classes_ is None:
        return [f"cluster {value}" for value in values]
    return [str(name) for name in (shown.classes if len(shown.classes) == len(values) else values)]


def one_of_each(labels: Int[np.ndarray, "rows"] | None, n: int) -> Int[np.ndarray, "chosen"]:
    """The first row of each of the first ten labels; the first ten of n rows, where no label is known."""
    if labels is None or not (labels >= 0).any():
        return np.arange(min(n, RESTYLED_ROWS))
    found, first = np.unique(labels, return_index=True)
    return np.asarray(first[found >= 0][:RESTYLED_ROWS])


def known_labels_of(
    model: Any, shown: Dataset, chosen: Int[np.ndarray, "chosen"]
) -> Shaped[np.ndarray, "chosen"] | None:
    """The labels of rows as the model was given them in `fit`, unknown where it never saw them."""
    if model.classes_ is None or shown.labels is None:
        return None
    classes = model.classes_.tolist()
    values = list(shown.classes) if set(shown.classes) & set(classes) else list(range(max(shown.labels) + 1))
    unknown = "" if isinstance(classes[0], str) else -1
    codes = shown.labels[chosen].tolist()
    return np.array([values[code] if code >= 0 and values[code] in classes else unknown for code in codes])


def _clusters(table: Mapping[str, Any]) -> Figure:
    """Labels against clusters, these in the order of the label that most of their rows have."""
    counts = np.array(table["counts"])
    order = np.lexsort((-counts.max(axis=0), counts.argmax(axis=0), counts.sum(axis=0) == 0))
    columns = [table["classes"][k] for k in order]
    return figures.confusion(counts[:, order], table["labels"], columns, across="cluster")


def _samples(model: Any, shown: Dataset) -> Figure:
    values, names = _first_labels(model, shown, SHOWN_LABELS)
    data = model.sample(DRAWS * len(values), labels=np.repeat(values, DRAWS), random_state=0)
    if len(values) <= ACROSS:
        return figures.image_grid(data, rows=len(values), columns=DRAWS, row_labels=names)
    across = data.reshape(len(values), DRAWS, *data.shape[1:]).swapaxes(0, 1).reshape(data.shape)
    return figures.image_grid(across, rows=DRAWS, columns=len(values), column_labels=_heads(model, names))


def _restyled(
    model: Any, shown: Dataset, rows: Shaped[np.ndarray, "rows ..."], chosen: Int[np.ndarray, "chosen"]
) -> Figure:
    values, names = _first_labels(model, shown, SHOWN_LABELS)
    data = model.restyle(rows[chosen], values, known=known_labels_of(model, shown, chosen))
    return figures.restyled(rows[chosen], data, _heads(model, names))


def _under(model: Any, column: Column) -> Figure:
    values, noise = spread(column, ACROSS), model.sample_prior(STYLES, random_state=1)
    told = model.conditions_.draw(None, STYLES, 0).to_pandas().loc[np.repeat(np.arange(STYLES), len(values))]
    told[column.name] = values * STYLES
    data = model.inverse_transform(np.repeat(noise, len(values), axis=0), told)
    names = [f"{value:.4g}" if isinstance(value, float) else str(value) for value in values]
    return figures.image_grid(data, rows=STYLES, columns=len(values), column_labels=names)


def _styles(model: Any, shown: Dataset) -> Figure:
    values, names = _first_labels(model, shown, SHOWN_LABELS)
    noise = np.asarray(model.sample_prior(STYLES, random_state=1))
    data = model.inverse_transform(np.repeat(noise, len(values), axis=0), np.tile(values, STYLES))
    return figures.image_grid(data, rows=STYLES, columns=len(values), column_labels=names)


def _walks(model: Any, shown: Dataset) -> Figure:
    """Paths on which every point is a draw of a normal prior, as likely as the ends: cos t · a + sin t · b."""
    values, names = _first_labels(model, shown, STYLES)
    a, b = (np.asarray(model.sample_prior(len(values), random_state=seed))[:, None] for seed in (2, 3))
    angle = np.linspace(0, np.pi / 2, STEPS, dtype=np.float32)[None, :, None]
    path = (np.cos(angle) * a + np.sin(angle) * b).reshape(-1, a.shape[-1])
    data = model.inverse_transform(path, np.repeat(values, STEPS))
    return figures.image_grid(data, rows=len(values), columns=STEPS, row_labels=names)


def _first_labels(model: Any, shown: Dataset, most: int) -> tuple[Shaped[np.ndarray, "labels"], list[str]]:
    """As many labels as are shown, and their names."""
    return model.label_values[:most], label_names(model, shown)[:most]


def _heads(model: Any, names: list[str]) -> list[str]:
    """Names over columns: of clusters, the numbers alone."""
    return [name.removeprefix("cluster ") for name in names] if model.classes_ is None else names
