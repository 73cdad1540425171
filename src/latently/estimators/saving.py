"""Models on disk: `config.json` says what they are, `model.safetensors` holds their arrays.

`history.jsonl` holds the course of the fit, as in a run's folder, `clock.jsonl` how fast it was, and
`sampler.safetensors` the arrays of a sampler.
Loading runs no code from the files: a config may only name an estimator of the catalogue, and a function that a model
was given is handed over again.
"""

import dataclasses
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import PyTree
from sklearn.base import BaseEstimator

from latently.abilities import may
from latently.catalogue import BY_NAME
from latently.data import ConditionPreprocessing, preprocessing_from_config
from latently.errors import ArgumentError, warn
from latently.estimators.base import LatentModel
from latently.estimators.building import builder
from latently.estimators.hub import local
from latently.estimators.hyperparameters import check_hyperparameters
from latently.estimators.networks import named
from latently.files import CLOCK, HISTORY, read_history, write_atomically, write_history
from latently.game import Batch, Cells, Task
from latently.probability import Prior, prior_from_config
from latently.reading import FileError, path_meant, read_json, reason
from latently.sampler import Sampler
from latently.training import Verdict, load_tree, save_tree

FORMAT = 1
SAMPLER = "sampler.safetensors"


def save_model(model: Any, path: Path, about: Mapping[str, Any]) -> None:
    """Write a fitted estimator to the folder `path`; each file is written atomically, the arrays first."""
    path.mkdir(parents=True, exist_ok=True)
    save_tree(path / "model.safetensors", eqx.filter(model.game_, eqx.is_array), {"format": FORMAT})
    sampler = model.fitted_.sampler
    if sampler is not None:
        save_tree(path / SAMPLER, sampler.arrays(), {"format": FORMAT})
    if model.history_:
        write_history(path, model.history_)
    else:  # of a model that was loaded without one; nobody else's may stay
        for name in (HISTORY, CLOCK):
            (path / name).unlink(missing_ok=True)
    write_atomically(path / "config.json", json.dumps({**model_config(model), **about}, indent=2).encode())
    if sampler is None:  # after the config that told of one
        (path / SAMPLER).unlink(missing_ok=True)


def model_config(model: Any) -> dict[str, Any]:
    """All that an estimator is once it has met its data, but its arrays, as JSON values."""
    parameters = dict(vars(model).get("fitted_parameters_", model.get_params(deep=False)))
    for name in parameters:  # of an estimator within it, the fitted one, which bears its name and an underscore
        if isinstance(fitted := vars(model).get(f"{name}_"), BaseEstimator):
            parameters[name] = fitted
    sampler, verdict = vars(model).get("sampler_"), vars(model).get("verdict_")
    return {
        "format": FORMAT,
        "estimator": type(model).__name__,
        "parameters": {name: _plain(value) for name, value in parameters.items()},
        "preprocessing": model.preprocessing_.to_config(),
        "classes": None if model.classes_ is None else model.classes_.tolist(),
        **({} if model.conditions_ is None else {"conditions": model.conditions_.to_config()}),
        "task": dataclasses.asdict(model.task_),
        "seed": model.seed_,
        **({} if sampler is None else {"sampler": sampler.config()}),
        **({} if verdict is None else {"verdict": verdict._asdict()}),
    }


def load(path: str | Path, **functions: Any) -> LatentModel:
    """Read a model that `save` wrote, or a run's folder, or a model on the Hugging Face hub.

    Args:
        path: the folder; or `hf://USER/NAME`, or `hf://USER/NAME@REVISION`, which is downloaded once.
        **functions: those that the model was given, such as `network=my_network`, by the names of `get_params`: a file
            holds where each was found, and not the function.

    Returns:
        The fitted estimator.

    Raises:
        FileNotFoundError: the folder holds no model.
        ValueError: a file is damaged, from a newer version, or the two do not belong together.
        ArgumentError: a function that the model was given is missing, or one is given where there was none.

    Example:
        >>> import tempfile, latently, numpy as np
        >>> model = latently.VAE(latent_dim=2, hidden=(8,), epochs=1).fit(np.eye(20))
        >>> folder = tempfile.mkdtemp()
        >>> model.save(folder)
        >>> latently.load(folder).transform(np.eye(20)).shape
        (20, 2)
    """
    path = local(path)
    config_path = path / "config.json"
    if not config_path.exists() or not (path / "model.safetensors").exists():
        form = "a model's folder has config.json and model.safetensors"
        raise FileNotFoundError(f"{path} holds no model: {form}.{path_meant(path)}")
    model, template, sampler = _read(config_path, functions)
    arrays, static = eqx.partition(template, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct))
    arrays, _ = load_tree(path / "model.safetensors", arrays, partial(_usable, path / "model.safetensors"))
    model._take_game(eqx.combine(arrays, static))
    if sampler is not None:
        arrays, _ = load_tree(path / SAMPLER, sampler.arrays(), partial(_usable, path / SAMPLER))
        model._take_sampler(sampler.holding(arrays))
    model.history_ = read_history(path)
    loaded: LatentModel = model
    return loaded


def before_fit(config: Mapping[str, Any], **changes: Any) -> Any:
    """The estimator that a config describes, as it was before it was fitted.

    Args:
        config: with `estimator` and `parameters`, as `model.save` writes it.
        **changes: hyperparameters that differ from the config's.

    Raises:
        ValueError: the config names an estimator that is not known here.
        TypeError: a parameter is not one of the estimator's.
    """
    name = config["estimator"]
    if name not in BY_NAME:
        raise ValueError(f"it names the estimator {name!r}; this version knows {', '.join(sorted(BY_NAME))}")
    within = {key: value for key, value in changes.items() if "__" in key}  # of an estimator among the parameters
    changes = {key: value for key, value in changes.items() if key not in within}
    given = {key: value for key, value in config["parameters"].items() if key not in changes}
    if "linear_path" not in config["parameters"]:  # of a version that knew none
        given["linear_path"] = False
    if may(BY_NAME[name].load().game_type, "complete") and "fusion" not in config["parameters"]:  # likewise
        given["fusion"], given["linear_path"] = "mean", given["linear_path"] is True
    unsaved = [key for key, value in given.items() if _is_of(value, "function")]
    if unsaved:
        what = f"{' and '.join(unsaved)} of this {name} {'were functions' if len(unsaved) > 1 else 'was a function'}"
        warn(f"{what}, which no file holds: set it anew before you fit the model again.")
    parameters = {key: _revived(value, _of(key, within)) for key, value in given.items() if key not in unsaved}
    return BY_NAME[name].load()(**(parameters | changes))


def game_shape(model: Any) -> PyTree:
    """The game of a fitted estimator with `jax.ShapeDtypeStruct`s for arrays: nothing is computed.

    Args:
        model: an estimator that has its hyperparameters, its preprocessing and its task.
    """
    model = _as_fitted(model)
    views, told = model.preprocessing_.template(2), model.conditions_
    labels = jnp.zeros(2, int) if told is None else jnp.zeros((2, *told.event_shape))
    batch = Batch(views.views, labels, present=views.present) if model.takes_views else Batch(views, labels)
    game = builder(model, model.task_).shapes
    return eqx.filter_eval_shape(lambda game, key: game.calibrated(batch, key), game, jax.random.key(0))


def _as_fitted(model: Any) -> Any:
    """The estimator with the hyperparameters that it was fitted with, whatever they were set to since."""
    twin = object.__new__(type(model))
    vars(twin).update(vars(model) | vars(model).get("fitted_parameters_", {}))
    return twin


def _usable(path: Path, stored: dict[str, Any]) -> dict[str, Any]:
    """The arrays of a model, all finite; 0.1.0's ACGAN kept a mean beside its generator, which takes its place."""
    if not all(np.isfinite(array).all() for array in stored.values()):
        raise ValueError(f"{path} holds weights that are NaN or infinite; train the model again.")
    means = {f".generator{name.removeprefix('.average')}": name for name in stored if name.startswith(".average.")}
    kept = {name: array for name, array in stored.items() if name not in means.values()}
    return kept | {name: stored[mean] for name, mean in means.items()}


def _read(path: Path, functions: Mapping[str, Any]) -> tuple[Any, Any, Sampler | None]:
    """The estimator that a config describes, and its game and its sampler without arrays."""
    config = read_json(path, "model's")
    try:
        written = config["format"]
        asked = _functions(config) if written == FORMAT else {}
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise _damaged(path, error) from None
    _check_functions(path, asked, functions)
    try:
        model = _skeleton(config, functions) if written == FORMAT else None
        template = None if model is None else game_shape(model)
        told = config.get("sampler")
        sampler = None if model is None or told is None else Sampler.outline(told, int(model.latent_dim))
    except ArgumentError as error:
        if any(name.endswith(error.name) for name in functions):
            vars(error).pop("__notes__", None)  # JAX adds notes on its own workings
            raise error.with_traceback(None) from error.__cause__
        raise _damaged(path, error) from None
    except Exception as error:  # noqa: BLE001  # of what JAX and Equinox may say of sizes that no model has
        raise _damaged(path, error) from None
    if model is None:
        raise ValueError(
            f"{path} has the format {written!r} and this version of Latently reads {FORMAT}; update Latently."
        )
    return model, template, sampler


def _damaged(path: Path, error: Exception) -> ValueError:
    told = f"it has no {error}" if isinstance(error, KeyError) else reason(error)
    return FileError(f"{path} is damaged, or no model's ({told}).")


def _functions(config: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """The functions that a model was given, as `get_params` names them, and where each was found."""
    found: dict[str, str] = {}
    for name, value in config["parameters"].items():
        if _is_of(value, "function"):
            found[prefix + name] = str(value["function"])
        elif _is_of(value, "estimator"):
            found |= _functions(value, f"{prefix}{name}__")
    return found


def _check_functions(path: Path, asked: Mapping[str, str], given: Mapping[str, Any]) -> None:
    """See that a function is given for each network that was a user's own, and none that the model had not."""
    folder, built = str(path.parent), {name: where for name, where in asked.items() if name.endswith("network")}
    for name, where in built.items():
        if name not in given:
            call = ", ".join(f"{each}={where.rpartition(':')[2].rpartition('.')[2]}" for each, where in built.items())
            rule = f"must be handed over: {folder} holds a model with {where}, a function that files do not hold"
            raise ArgumentError(name, rule, remedy=f"Load it from Python by latently.load({folder!r}, {call}).")
    for name in given:
        if name not in asked:
            functions = ", ".join(asked) or "none"
            raise ArgumentError(name, f"must be left out: of functions, the model in {folder} was given {functions}")


def _skeleton(config: dict[str, Any], functions: Mapping[str, Any]) -> Any:
    """The estimator that a config describes, with all that it learned but the game."""
    model = before_fit(config, **functions)
    check_hyperparameters(model)
    model._take_preprocessing(preprocessing_from_config(config["preprocessing"]))
    model.classes_ = None if config["classes"] is None else np.asarray(config["classes"])
    conditions = config.get("conditions")  # those before did not know any
    model.conditions_ = None if conditions is None else ConditionPreprocessing.from_config(conditions)
    model.seed_ = int(config["seed"])
    told = config.get("verdict", config.get("run", {}).get("verdict"))  # in the place of runs before
    model.verdict_ = None if told is None else Verdict(**told)
    if "task" in config:
        task = {name: _revived(value) for name, value in config["task"].items()}
        cells = {name: tuple(Cells(*each) for each in task.get(name, ())) for name in ("cells", "conditions")}
        model.task_ = Task(**task | cells)
    else:  # of version 0.1.0, which saved none; what it lacks decides on no array
        model.task_ = model._task(rows=1, labels_known="some", rounds=1)
    if model.classes_ is not None and model.classes_.shape != (model.task_.n_labels,):
        raise ValueError(f"its classes are {config['classes']}, and its task is one of {model.task_.n_labels}")
    return model


def _plain(value: Any) -> Any:
    if isinstance(value, Prior):
        return {"prior": value.config()}
    if isinstance(value, BaseEstimator):  # an earlier stage: its arrays are in the game
        parameters = {name: _plain(each) for name, each in value.get_params(deep=False).items()}
        return {"estimator": type(value).__name__, "parameters": parameters}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.random.RandomState):
        return None  # the seed that it gave is kept beside the parameters
    if callable(value) or isinstance(value, optax.GradientTransformation):
        return {"function": named(value)}
    return value


def _revived(value: Any, changes: Mapping[str, Any] = MappingProxyType({})) -> Any:
    if _is_of(value, "estimator"):
        return before_fit(value, **changes)
    if _is_of(value, "prior"):
        return prior_from_config(value["prior"])
    return tuple(_revived(item) for item in value) if isinstance(value, list) else value


def _is_of(value: Any, kind: str) -> bool:
    return isinstance(value, dict) and kind in value


def _of(stage: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes to an estimator among the parameters, by its own names."""
    start = f"{stage}__"
    return {name.removeprefix(start): value for name, value in changes.items() if name.startswith(start)}
