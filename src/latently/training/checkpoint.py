"""Checkpoints: the leaves of a pytree in one safetensors file, written whole or not at all."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import jax
import numpy as np
from jaxtyping import PyTree, Shaped
from safetensors import safe_open
from safetensors.numpy import save

from latently.files import write_atomically
from latently.game import Game
from latently.reading import reading

Tree = TypeVar("Tree", bound=PyTree)


def save_tree(path: Path, tree: PyTree, about: Mapping[str, Any]) -> None:
    """Write a pytree of arrays and random keys, and JSON values about them, to a safetensors file, atomically."""
    numbers = {
        name: np.asarray(jax.random.key_data(leaf) if is_key(leaf) else leaf, order="C")  # as safetensors takes it
        for name, leaf in _named(tree).items()
    }
    write_atomically(path, save(numbers, {"about": json.dumps(about)}))


def load_tree(
    path: Path, like: Tree, renamed: Callable[[dict[str, Any]], dict[str, Any]] = lambda stored: stored
) -> tuple[Tree, dict[str, Any]]:
    """Read what `save_tree` wrote: the pytree, and the JSON values about it. Another or a damaged file is a ValueError.

    `like` is a pytree of the same structure, shapes and types; its leaves may be `jax.ShapeDtypeStruct`s. `renamed`
    gives the arrays of a file the names that they have today; those that a game says were `added` are zeros in files
    that lack them.
    """
    expected = _named(like)
    with opened_arrays(path) as file:
        about = _about(file.metadata())
        stored = renamed({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118  # not a mapping
    stored = {name: np.zeros(expected[name].shape, expected[name].dtype) for name in _added(like)} | stored
    if odd := set(stored) ^ set(expected):
        raise ValueError(f"{path} does not fit this model: {sorted(odd)[0]} is in only one of the two.")
    leaves = [_restored(path, name, stored[name], leaf) for name, leaf in expected.items()]
    return jax.tree.unflatten(jax.tree.structure(like), leaves), about


@contextmanager
def opened_arrays(path: Path) -> Iterator[Any]:
    """A safetensors file, opened: its `keys`, and the array of each by `get_tensor`.

    Raises:
        FileError: it is damaged, or of another kind.
    """
    with reading(path, "safetensors file", "bring back a copy of it"), safe_open(path, framework="numpy") as file:
        yield file


def _about(metadata: dict[str, str] | None) -> dict[str, Any]:
    """The JSON values of a header; none, where another program wrote it."""
    try:
        about = json.loads((metadata or {}).get("about", "{}"))
    except json.JSONDecodeError:
        return {}
    return about if isinstance(about, dict) else {}


def _added(tree: PyTree) -> set[str]:
    """The names of the arrays of games that files of earlier versions lack."""
    games = jax.tree_util.tree_leaves_with_path(tree, is_leaf=lambda node: isinstance(node, Game))
    names = {
        jax.tree_util.keystr((*path, jax.tree_util.GetAttrKey(field)))
        for path, game in games
        if isinstance(game, Game)
        for field in game.added
    }
    return names & set(_named(tree))


def _named(tree: PyTree) -> dict[str, Any]:
    return {jax.tree_util.keystr(path): leaf for path, leaf in jax.tree_util.tree_leaves_with_path(tree)}


def is_key(leaf: Any) -> bool:
    """Whether a leaf is a random key, which is stored as its numbers."""
    return bool(jax.numpy.issubdtype(leaf.dtype, jax.dtypes.prng_key))


def _restored(path: Path, name: str, stored: Shaped[np.ndarray, "..."], like: Any) -> Any:
    expected = jax.eval_shape(jax.random.key_data, like) if is_key(like) else like
    if stored.shape != expected.shape or stored.dtype != expected.dtype:
        raise ValueError(
            f"{path} does not fit this model: {name} is {stored.dtype}{list(stored.shape)}, "
            f"the model's is {expected.dtype}{list(expected.shape)}."
        )
    array = jax.numpy.array(stored)
    return jax.random.wrap_key_data(array, impl=_key_kind(like)) if is_key(like) else array


def _key_kind(like: Any) -> Any:
    """The kind of random key that `like` is, be it an array or a `jax.ShapeDtypeStruct`."""
    kinds: list[Any] = []
    jax.eval_shape(lambda key: kinds.append(jax.random.key_impl(key)), like)
    return kinds[0]
