"""Models that every version has saved load in this one, and answer as they did.

Run as `python -m endurance.saved` to ask all that are kept in tests/estimators/saved-by-VERSION. `--add` first saves a
small one of each model of this version there, with its answers, which a release does once; one that is there stays.
Figure: how many load, and answer the same.
"""

import argparse
import dataclasses
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latently import VAE, __version__, load
from latently.catalogue import MODELS

KEPT = Path(__file__).parents[1] / "tests" / "estimators"
SMALL = {"latent_dim": 2, "epochs": 1, "batch_size": 16, "random_state": 0, "n_clusters": 3, "hidden": (4,)}
SMALL |= {"critic_hidden": (4,), "corruption": "gaussian:0.1"}
CLOSE = 1e-4


def main(arguments: Sequence[str] | None = None) -> int:
    """Add, ask and print; 1 where a model answers otherwise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--add", action="store_true", help="save those of this version, too")
    parser.add_argument("--as", dest="version", default=__version__, help="the version that they are saved under")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")  # of models that have hardly learned
    if options.add:
        add(KEPT / f"saved-by-{options.version}")
    folders = kept()
    faults = [fault for folder in folders for fault in differences(folder)]
    for fault in faults:
        print(fault)
    versions = ", ".join(sorted({folder.parent.name.removeprefix("saved-by-") for folder in folders}))
    print(f"saved: {len(folders)} models of the versions {versions}; {len(faults)} answers are others than then")
    return int(bool(faults))


def kept() -> list[Path]:
    """The folders of the models that earlier versions have saved."""
    return sorted(path.parent for path in KEPT.glob("saved-by-*/*/answers.npz"))


def add(folder: Path) -> None:
    """Save a small one of each model, and what it answers."""
    random = np.random.default_rng(0)
    X, y = random.uniform(size=(24, 6)).astype(np.float32), np.repeat([0, 1, 2], 8)
    for each in MODELS:
        place = folder / each.terminal
        if place.exists():
            continue
        model = small(each.load())
        rows: Any = {"left": X[:, :3], "right": X[:, 3:]} if model.takes_views else X
        model.fit(rows, None if model.labels == "ignored" else y).save(place)
        given = {f"X/{name}": view[:8] for name, view in rows.items()} if model.takes_views else {"X": X[:8]}
        np.savez_compressed(place / "answers.npz", **given, **dict(answers(model, given)))


def small(estimator: Any) -> Any:
    """An estimator with the hyperparameters, of `SMALL`, that it has."""
    fields = {field.name for field in dataclasses.fields(estimator)}
    given: dict[str, Any] = {name: value for name, value in SMALL.items() if name in fields}
    if estimator.__name__ != "DenoisingAutoencoder":
        given.pop("corruption", None)
    if "first" in fields:  # a model that is fitted before
        given["first"] = small(VAE)
    return estimator(**given)


def answers(model: Any, given: Mapping[str, np.ndarray]) -> Iterator[tuple[str, np.ndarray]]:
    """What a model answers about rows, by the name of the question, and of the view."""
    views = {name.removeprefix("X/"): rows for name, rows in given.items() if name.startswith("X/")}
    X: Any = views or given["X"]
    questions = {
        "transform": ("encode", lambda: model.transform(X)),
        "reconstruct": ("encode", lambda: model.reconstruct(X)),
        "sample": ("sample", lambda: model.sample(4, random_state=1)),
        "proba": ("predict", lambda: model.predict_proba(X)),
        "predict": ("predict", lambda: model.predict(X)),
        "restyle": ("restyle", lambda: model.restyle(X)),
    }
    for name, (ability, ask) in questions.items():
        if ability in model.abilities():
            answer = ask()
            for view, values in answer.items() if isinstance(answer, dict) else [("", answer)]:
                yield f"{name}/{view}".rstrip("/"), np.asarray(values)


def differences(folder: Path) -> Iterator[str]:
    """What a model that was saved answers otherwise than then, a line each."""
    with np.load(folder / "answers.npz") as file:
        then = {name: file[name] for name in file.files}
    given = {name: rows for name, rows in then.items() if name.split("/")[0] == "X"}
    now = dict(answers(load(folder), given))
    for name in then.keys() - given.keys():
        if name not in now:
            yield f"{folder}: {name} is not answered any more"
        elif not same(now[name], then[name]):
            yield f"{folder}: {name} is answered otherwise"


def same(now: np.ndarray, then: np.ndarray) -> bool:
    """Whether two answers are the same, to rounding: of pixels, to one step."""
    if now.shape != then.shape or now.dtype != then.dtype:
        return False
    if now.dtype.kind not in "fiu":
        return bool((now == then).all())
    return np.allclose(now.astype(float), then.astype(float), rtol=CLOSE, atol=1 if now.dtype == np.uint8 else CLOSE)


if __name__ == "__main__":
    sys.exit(main())
