"""How programs are compiled: once, kept in the user's cache directory, and as XLA does it best for rounds in a loop.

What two players compute alike is computed once. XLA finds such common subexpressions, too, but inside a compiled loop
it does not merge the small loops that make random numbers on a CPU, and so nothing that comes of the numbers: a
generator's forward pass, which critic and generator share, ran twice. `computed_once` finds them before XLA does.
"""

import contextlib
import os
import warnings
from collections.abc import Callable, Hashable
from functools import cache
from typing import Any, Generic, Protocol, TypeVar, runtime_checkable

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal, jaxpr_as_fun
from jaxtyping import Array, PyTree

from latently.files import cache_directory
from latently.forks import begin_work
from latently.memory import give_back

_Result = TypeVar("_Result")
_Program = TypeVar("_Program", bound="Forgettable")


@runtime_checkable
class Forgettable(Protocol):
    """What `jax.jit` gives, or is made of that."""

    def clear_cache(self) -> None:
        """Let JAX forget what it has compiled, and what it has traced on the way there."""


class Kept(Generic[_Program]):
    """The compiled programs that were asked for last; JAX forgets those that go.

    Args:
        most: how many stay.

    Example:
        >>> kept = Kept(1)
        >>> first = kept.of("one", lambda: jax.jit(jnp.sin))
        >>> kept.of("one", lambda: jax.jit(jnp.cos)) is first, kept.of("two", lambda: jax.jit(jnp.cos)) is first
        (True, False)
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._programs: dict[Hashable, _Program] = {}

    def __len__(self) -> int:
        return len(self._programs)

    def of(self, kind: Hashable, make: Callable[[], _Program]) -> _Program:
        """The program of a kind, made unless it is there."""
        program = self._programs.pop(kind, None)
        program = self._programs[kind] = make() if program is None else program
        while len(self._programs) > self.most:
            gone = self._programs.pop(next(iter(self._programs)), None)
            if gone is not None:  # another thread may have been here
                gone.clear_cache()
                forget_traces()
                give_back()  # what the compiler has left of many small pieces
        return program


MOST_TRACES = 1000
"""Each takes some 13 kB, and a fit of a new kind leaves about 90."""


def forget_traces() -> None:
    """Let JAX forget what functions of its own compute, once it has kept many, for all shapes that they ever met.

    They are traced anew where a program is; what is compiled stays, so that a fit of a kind that is kept costs nothing.
    JAX has no public function for this: `jax.clear_caches` would forget what is compiled as well.
    """
    with contextlib.suppress(ImportError, AttributeError):  # a later JAX may have no such memory
        from jax._src.interpreters.partial_eval import trace_to_jaxpr

        if trace_to_jaxpr.cache_info().currsize > MOST_TRACES:
            trace_to_jaxpr.cache_clear()


KEPT_PROGRAMS = 8

COPY_LESS = {"xla_cpu_copy_insertion_use_region_analysis": True}


def keep_compiled() -> None:
    """Keep compiled programs on disk, so that a second run starts without compiling.

    A cache set elsewhere stays; without a place to keep them, they are compiled in every process.
    """
    begin_work()
    place = cache_directory()
    if jax.config.values["jax_compilation_cache_dir"] is not None or place is None:
        return
    folder = place / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return
    # A program that cannot be kept, or was kept by half when its process was killed, is compiled anew.
    warnings.filterwarnings("ignore", "Error (reading|writing) persistent compilation cache entry")
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def copied(arrays: PyTree) -> PyTree:
    """Copies of arrays, since rounds write over those that they are given; nothing is compiled for it.

    None is weakly typed, as Python numbers are, for which rounds would be compiled once more.
    """
    typed = jax.tree.map(lambda a: jnp.asarray(a, a.dtype) if getattr(a, "weak_type", False) else a, arrays)
    return jax.device_put(typed, may_alias=False)


@cache
def loop_options() -> dict[str, bool] | None:
    """What XLA is told for a loop of rounds; `None` where there is nothing to tell.

    On a CPU, XLA copies weights and moments that a round updates in place unless it looks at where in the loop they are
    read. That is off by default, since it compiles slower; with it no copy is left.
    """
    if jax.default_backend() != "cpu":
        return None
    try:
        jax.jit(lambda: 0, compiler_options=COPY_LESS).lower().compile()
    except jax.errors.JaxRuntimeError:  # a later XLA no longer knows the option
        return None
    return COPY_LESS


def compiled_once(closed: ClosedJaxpr) -> Callable[..., list[Array]]:
    """What a jaxpr computes, compiled; one that was traced anew, and computes the same, is not compiled anew.

    Those that hold arrays, which JAX does not write with them, are told from all others.
    """
    identity = closed if _holds_arrays(closed) else str(closed)
    program: Callable[..., list[Array]] = _programs.of(identity, lambda: jax.jit(jaxpr_as_fun(closed)))
    return program


_programs: Kept[Any] = Kept(KEPT_PROGRAMS)


def _holds_arrays(part: Any) -> bool:
    """Whether there are arrays in a jaxpr, or in those that its equations hold."""
    if isinstance(part, ClosedJaxpr):
        return bool(part.consts) or _holds_arrays(part.jaxpr)
    if isinstance(part, Jaxpr):
        return any(_holds_arrays(each) for equation in part.eqns for each in equation.params.values())
    return any(map(_holds_arrays, part)) if isinstance(part, tuple | list) else isinstance(part, np.ndarray | Array)


def computed_once(function: Callable[..., _Result]) -> Callable[..., _Result]:
    """A pure function of arrays of the same result, whose jaxpr lacks equations that repeat others or are not used."""

    def once(*arguments: Any) -> _Result:
        jaxpr, shape = jax.make_jaxpr(function, return_shape=True)(*arguments)
        leaves = jaxpr_as_fun(_without_the_unused(_without_repeats(jaxpr)))(*jax.tree.leaves(arguments))
        result: _Result = jax.tree.unflatten(jax.tree.structure(shape), leaves)
        return result

    return once


def _without_repeats(closed: ClosedJaxpr) -> ClosedJaxpr:
    """Value numbering: an equation with the primitive, the inputs and the parameters of an earlier one gives way to it.

    Equations within equations (the body of a loop, say) are left as they are.
    """
    stands_for: dict[Any, Any] = {}
    first: dict[Any, list[Any]] = {}
    kept = []

    def resolved(atom: Any) -> Any:
        return atom if isinstance(atom, Literal) else stands_for.get(atom, atom)

    for equation in closed.jaxpr.eqns:
        equation = equation.replace(invars=[resolved(atom) for atom in equation.invars])
        identity = _identity(equation)
        if identity in first and not equation.effects:
            stands_for.update(zip(equation.outvars, first[identity], strict=True))
            continue
        kept.append(equation)
        first[identity] = equation.outvars
    outvars = [resolved(atom) for atom in closed.jaxpr.outvars]
    return ClosedJaxpr(closed.jaxpr.replace(eqns=kept, outvars=outvars), closed.consts)


def _without_the_unused(closed: ClosedJaxpr) -> ClosedJaxpr:
    """XLA would leave it out, too, but only after it was lowered: the keys of streams that nobody draws from, say."""
    used, kept = set(map(id, closed.jaxpr.outvars)), []
    for equation in reversed(closed.jaxpr.eqns):
        if equation.effects or any(id(made) in used for made in equation.outvars):
            kept.append(equation)
            used.update(map(id, equation.invars))
    return ClosedJaxpr(closed.jaxpr.replace(eqns=kept[::-1]), closed.consts)


def _identity(equation: Any) -> tuple[Any, ...]:
    inputs = tuple(
        (atom.aval, np.asarray(atom.val).tobytes()) if isinstance(atom, Literal) else atom for atom in equation.invars
    )
    return equation.primitive, inputs, tuple((name, _settled(value)) for name, value in sorted(equation.params.items()))


def _settled(parameter: Any) -> tuple[type, Any]:
    """A parameter as a key; what has no hash is itself alone."""
    try:
        hash(parameter)
    except TypeError:
        return type(parameter), id(parameter)
    return type(parameter), parameter
