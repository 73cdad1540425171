"""Networks of a user's own: any module of Equinox that maps a batch to a batch, seen as a layer and checked."""

import inspect
from collections.abc import Callable
from typing import Any, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from latently.errors import ArgumentError, first_line
from latently.networks.layers import Layer
from latently.networks.regularization import BatchNorm, LayerNorm

_ROWS = 5
"""Of the batch that a network is checked with."""


class PerRow(Layer):
    """A module that maps one row, as those of Equinox do, for a batch of them; with a key, each row has its own.

    Example:
        >>> import jax
        >>> network = PerRow(eqx.nn.MLP(4, 2, width_size=8, depth=1, key=jax.random.key(0)))
        >>> network(jnp.ones((3, 4))).shape
        (3, 2)
    """

    module: Callable[..., Any]

    def __check_init__(self) -> None:
        if any(map(_norms_rows, jax.tree.leaves(self.module, is_leaf=_norms_rows))):
            raise ValueError("Latently's norms take a batch, and PerRow hands them one row; use eqx.nn.LayerNorm.")

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The module's output on every row."""
        if key is None or not _takes_key(self.module):
            mapped: Array = jax.vmap(lambda row: _called(self.module, row, key))(x)
        else:
            keys = jax.random.split(key, x.shape[0])
            mapped = jax.vmap(lambda row, key: _called(self.module, row, key))(x, keys)
        return mapped


class Own(Layer):
    """A module that maps a batch and is no `Layer`.

    It is called with `key=`, which is `None` in inference, if it takes one. In inference, Equinox's own layers are in
    their inference mode, and the batch norms of Latently within it are calibrated as they are elsewhere.
    """

    module: Callable[..., Any]

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        """The module's output."""
        output: Float[Array, "batch ..."] = _called(self.module, x, key)
        return output

    def calibrated(self, x: Float[Array, "batch ..."]) -> tuple[Self, Float[Array, "batch ..."]]:
        """The module whose batch norms hold the statistics of what reaches them, and its output."""
        parts, structure = jax.tree.flatten(self.module, is_leaf=_is_norm)
        listening = [_Listener(part) if _is_norm(part) else part for part in parts]
        output = _called(jax.tree.unflatten(structure, listening), x, None)
        heard = [part.norm if isinstance(part, _Listener) else part for part in listening]
        return eqx.tree_at(lambda own: own.module, self, jax.tree.unflatten(structure, heard)), output


class _Listener:
    """Stands in the place of a batch norm, and calibrates it on what it is called with."""

    def __init__(self, norm: BatchNorm) -> None:
        self.norm = norm

    def __call__(self, x: Float[Array, "batch ..."], key: PRNGKeyArray | None = None) -> Float[Array, "batch ..."]:
        output: Array
        self.norm, output = self.norm.calibrated(x)
        return output


def _norms_rows(part: Any) -> bool:
    return isinstance(part, BatchNorm | LayerNorm)


def _is_norm(part: Any) -> bool:
    return isinstance(part, BatchNorm)


def _takes_key(module: Callable[..., Any]) -> bool:
    return "key" in inspect.signature(module).parameters


def _called(module: Callable[..., Any], x: Any, key: PRNGKeyArray | None) -> Any:
    told = {"key": key} if _takes_key(module) else {}
    return (eqx.nn.inference_mode(module) if key is None else module)(x, **told)


def own_network(
    argument: str,
    make: Callable[..., Any],
    reads: int | tuple[int, ...],
    gives: int | tuple[int, ...],
    key: PRNGKeyArray,
) -> Layer:
    """The network that a user's function makes, called and checked before anything is computed.

    Args:
        argument: that the function was given as, for errors.
        make: from `reads`, `gives` and a key to a module that maps a batch; or such a module, ready.
        reads: the shape of a row that it reads, or its length.
        gives: the shape of a row that it gives, or its length.
        key: for the initial weights.

    Raises:
        ArgumentError: the function fails, or what it makes does, or does not map a batch to a batch of that shape.
    """
    ready = isinstance(make, eqx.Module)
    module = make if ready else _made(argument, make, reads, gives, key)
    if not callable(module):
        raise ArgumentError(argument, "must make a module that maps a batch of rows", module)
    if not any(map(eqx.is_inexact_array, jax.tree.leaves(module))):
        rule = "must make a module with arrays to train, and holds none"
        remedy = "jax.vmap(module) hides those of a module: use latently.networks.PerRow(module)."
        raise ArgumentError(argument, rule, remedy=remedy)
    given, made = ((size,) if isinstance(size, int) else size for size in (reads, gives))
    for told in (None, key):
        _check(argument, module, given, made, told)
    return module if isinstance(module, Layer) else Own(module)


def _made(argument: str, make: Callable[..., Any], reads: Any, gives: Any, key: PRNGKeyArray) -> Any:
    try:
        return make(reads, gives, key)
    except Exception as error:
        names = ("in_shape", "out_size") if isinstance(gives, int) else ("in_size", "out_shape")
        call = f"({names[0]}={reads}, {names[1]}={gives}, key)"
        raise ArgumentError(
            argument, f"must be a function of {call}; called so, it fails: {first_line(error)}"
        ) from error


def _check(
    argument: str, module: Any, reads: tuple[int, ...], gives: tuple[int, ...], key: PRNGKeyArray | None
) -> None:
    rule = f"must map a batch of rows, {_batch(reads)}, to {_batch(gives)}"
    try:
        found = _shape(module, (_ROWS, *reads), key)
    except Exception as error:
        _check_no_row(argument, module, rule, reads, gives, key)
        raise ArgumentError(argument, f"{rule}; on {_ROWS} rows it fails: {first_line(error)}") from error
    if found != (_ROWS, *gives):
        _check_no_row(argument, module, rule, reads, gives, key)
        raise ArgumentError(argument, f"{rule}; of {_ROWS} rows it makes {found}")


def _check_no_row(
    argument: str, module: Any, rule: str, reads: tuple[int, ...], gives: tuple[int, ...], key: PRNGKeyArray | None
) -> None:
    """See that it is not a module for one row, as those of Equinox are."""
    try:
        found = _shape(module, reads, key)
    except Exception:  # noqa: BLE001 - it is nothing of the kind, whatever it says
        return
    if found == gives:
        remedy = "Wrap it: latently.networks.PerRow(module)."
        raise ArgumentError(argument, f"{rule}; this one maps a single row", remedy=remedy)


def _shape(module: Any, shape: tuple[int, ...], key: PRNGKeyArray | None) -> Any:
    """The shape of what it makes of numbers of a shape; in words, where that is no array of fractions."""
    made = eqx.filter_eval_shape(lambda x: _called(module, x, key), jax.ShapeDtypeStruct(shape, jnp.float32))
    if not isinstance(made, jax.ShapeDtypeStruct):
        return f"a {type(made).__name__}"
    return made.shape if jnp.issubdtype(made.dtype, jnp.floating) else f"numbers of type {made.dtype}"


def _batch(row: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, ('batch', *row)))}]"
