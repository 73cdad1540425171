"""Precision: the products of a computation in bfloat16, everything else as it was.

A product is where the arithmetic of a network is, and what an accelerator's matrix units take in bfloat16 at several
times the rate of float32 (Micikevicius et al. 2018, arXiv 1710.03740; Kalamkar et al. 2019, arXiv 1905.12322, for
bfloat16, whose range is that of float32, so that no loss has to be scaled). It is done to the program of a whole round,
gradients and all, and so holds for any network of any game.
"""

from collections.abc import Callable
from typing import Any, Literal, TypeAlias, TypeVar

import jax
import jax.numpy as jnp
from jax.extend.core import ClosedJaxpr
from jax.extend.core import Literal as Constant

Precision: TypeAlias = Literal["float32", "bfloat16"]

_Result = TypeVar("_Result")


def products_in(precision: Precision, function: Callable[..., _Result]) -> Callable[..., _Result]:
    """A pure function of arrays that rounds what it multiplies to a precision; with `float32`, the function itself.

    Args:
        precision: `bfloat16`: the operands of every product of two matrices and of every convolution of float32 numbers
            are rounded to it; their sums, and all else, are float32. A product with a vector is a sum with weights, as
            in losses and norms, and stays as it is.
        function: what computes them, differentiated already.

    Example:
        >>> third = jnp.full((2, 2), 1 / 3)
        >>> rounded = products_in("bfloat16", lambda x: (x @ jnp.eye(2), x @ jnp.ones(2)))
        >>> product, sums = rounded(third)
        >>> float(product[0, 0]), float(sums[0]), product.dtype
        (0.333984375, 0.6666666865348816, dtype('float32'))
    """
    if precision == "float32":
        return function

    def rounded(*arguments: Any) -> _Result:
        jaxpr, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
        leaves = _evaluate(jaxpr, *jax.tree.leaves(arguments))
        result: _Result = jax.tree.unflatten(jax.tree.structure(shape), leaves)
        return result

    return rounded


def _evaluate(closed: ClosedJaxpr, *inputs: Any) -> list[Any]:
    """The outputs of a jaxpr, its products rounded, and those of the jaxprs within it."""
    values: dict[Any, Any] = dict(zip(closed.jaxpr.constvars, closed.consts, strict=True))
    values |= dict(zip(closed.jaxpr.invars, inputs, strict=True))

    def value(atom: Any) -> Any:
        return atom.val if isinstance(atom, Constant) else values[atom]

    for equation in closed.jaxpr.eqns:
        given = [value(atom) for atom in equation.invars]
        if _is_product(equation):
            given, (wide,) = [array.astype(jnp.bfloat16) for array in given], equation.outvars
            parameters = equation.params | {"preferred_element_type": jnp.dtype(jnp.float32)}
            values[wide] = equation.primitive.bind(*given, **parameters)
            continue
        bound = equation.primitive.get_bind_params({name: _rounded(each) for name, each in equation.params.items()})
        functions, parameters = bound if isinstance(bound, tuple) else ((), bound)  # before JAX 0.10 it was two
        outputs = equation.primitive.bind(*functions, *given, **parameters)
        outputs = outputs if equation.primitive.multiple_results else [outputs]
        values |= dict(zip(equation.outvars, outputs, strict=True))
    return [value(atom) for atom in closed.jaxpr.outvars]


def _rounded(parameter: Any) -> Any:
    """A parameter of an equation; where it is a jaxpr (of a loop, a branch, a function), with its products rounded."""
    if isinstance(parameter, tuple) and parameter and all(isinstance(each, ClosedJaxpr) for each in parameter):
        return tuple(map(_rounded, parameter))
    if not isinstance(parameter, ClosedJaxpr):
        return parameter
    return jax.make_jaxpr(lambda *inputs: _evaluate(parameter, *inputs))(*parameter.in_avals)


def _is_product(equation: Any) -> bool:
    """Whether it multiplies matrices, or convolves."""
    if any(atom.aval.dtype != jnp.float32 for atom in equation.invars):
        return False
    if equation.primitive.name == "conv_general_dilated":
        return True
    if equation.primitive.name != "dot_general":
        return False
    summed, shared = equation.params["dimension_numbers"]
    free = [atom.aval.ndim - len(s) - len(b) for atom, s, b in zip(equation.invars, summed, shared, strict=True)]
    return bool(summed[0]) and min(free) > 0
