"""Calls of Python in which something is counted, for a process of `endurance.bounded`."""

from typing import Any

import numpy as np

CALLS: dict[str, tuple[str, ...]] = {
    "sample": ("n", "random_state"),
    "drawn": ("n", "random_state"),
    "sample_prior": ("n", "random_state"),
    "interpolate": ("steps",),
    "manifold": ("rows", "dimensions"),
    "manifold_codes": ("rows", "dimensions"),
    "score_samples": ("n_samples", "random_state"),
    "outlier_scores": ("random_state",),
    "aggregate_codes": ("random_state",),
    "fit_sampler": ("n_components", "random_state"),
    "impute": ("draws", "n_samples", "random_state"),
    "complete": ("draws", "random_state"),
    "cross_outlier_scores": ("folds", "random_state"),
    "evaluate": ("importance_samples", "max_rows", "parzen_samples", "seed"),
    "open_dataset": ("labels", "seed", "label_seed", "image_size", "frame", "validation", "test"),
    "VAE": ("latent_dim", "batch_size", "hidden", "importance_samples", "patience", "devices", "random_state"),
    "ClusteringAAE": ("n_clusters", "latent_dim", "critic_hidden", "hidden"),
    "ACGAN": ("latent_dim", "hidden", "batch_size"),
}
"""What is called → its arguments that count."""
FEW = {"hidden": (4,), "epochs": 1, "random_state": 0}


def call(folder: str, name: str, argument: str, value: str) -> None:
    """Make a call of this name, about the model in a folder where it takes one, with one argument of this value."""
    import latently

    rows = latently.open_dataset("digits").test.x[:40]
    number: Any = float(value) if "." in value else int(value)
    given: dict[str, Any] = {argument: number}
    if argument == "dimensions":
        given = {argument: (0, number)}
    if name == "open_dataset":
        latently.open_dataset("digits", **given)
    elif name[0].isupper():
        how = {**FEW, **given, "hidden": (number,) if argument == "hidden" else (4,)}
        getattr(latently, name)(**how).fit(rows, np.arange(40) % 2)
    elif name in ("impute", "complete"):
        gaps = np.where(np.arange(160).reshape(40, 4) % 7, np.random.default_rng(0).normal(size=(40, 4)), np.nan)
        if name == "impute":
            latently.VAE(latent_dim=2, **FEW).fit(gaps).impute(gaps, **given)
        else:
            views = {"a": rows[:, :4], "b": rows[:, 4:]}
            latently.ACCA(latent_dim=2, encoder="gaussian", **FEW).fit(views).complete({"a": rows[:, :4]}, **given)
    elif name == "cross_outlier_scores":
        latently.cross_outlier_scores(latently.VAE(latent_dim=2, **FEW), rows, **given)
    elif name == "evaluate":
        from latently.evaluation import evaluate

        evaluate(latently.load(folder), (rows, None, rows, None), parzen=argument == "parzen_samples", **given)
    else:
        model = latently.load(folder)
        about = {
            "interpolate": (rows[:2], rows[2:4]),
            "sample_prior": () if argument == "n" else (2,),
            **dict.fromkeys(("score_samples", "outlier_scores", "aggregate_codes"), (rows,)),
            "fit_sampler": ("gaussian-mixture", rows),
        }
        getattr(model, name)(*about.get(name, ()), **given)
