"""From what JAX traces to a few operations: each primitive's meaning in terms of them.

A value that is computed is known by its shape and by which numbers of a buffer it reads, in which order. NumPy keeps
account of that: a view of a stand-in, whose numbers nobody looks at, has the offset and the strides. So transposing,
slicing, reversing, broadcasting and the windows of a convolution cost nothing: the next operation reads accordingly.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend.core import ClosedJaxpr, Literal
from numpy.lib.stride_tricks import sliding_window_view

MOST_STEPS = 20_000
"""Operations of a program."""


class ExportError(ValueError):
    """What a model computes cannot be written as a program for a page."""


@dataclass(frozen=True, eq=False)
class Value:
    """Numbers that are known, or that will be.

    Attributes:
        array: the numbers; of numbers that will be computed, a view of a stand-in, whose strides say which they are.
        tensor: which ones will be computed; `None` of those that are known.
    """

    array: Any
    tensor: int | None = None

    @property
    def known(self) -> bool:
        """Whether the numbers are known."""
        return self.tensor is None

    @property
    def shape(self) -> tuple[int, ...]:
        """As of an array."""
        return tuple(self.array.shape)

    def seen(self, view: Callable[[Any], Any]) -> "Value":
        """The same numbers in another order, or some of them."""
        return Value(view(self.array), self.tensor)


@dataclass(frozen=True, eq=False)
class Step:
    """An operation.

    Attributes:
        name: of the operation.
        out: where it writes.
        of: what it reads.
        axes: how many axes there are of each kind, such as kept ones and those summed over; in the order of a view.
        how: whatever else it needs.
    """

    name: str
    out: Value
    of: tuple[Value, ...]
    axes: tuple[int, ...]
    how: dict[str, Any]


class Tape:
    """Operations in the order in which they were met."""

    def __init__(self) -> None:
        self.stand_ins: list[np.ndarray] = []
        self.steps: list[Step] = []

    def new(self, shape: Sequence[int]) -> Value:
        """Room for numbers of a shape."""
        self.stand_ins.append(np.empty(shape, np.int8))
        return Value(self.stand_ins[-1], len(self.stand_ins) - 1)

    def offset(self, value: Value) -> int:
        """Where a computed value begins in its buffer."""
        assert value.tensor is not None
        begins = [array.__array_interface__["data"][0] for array in (value.array, self.stand_ins[value.tensor])]
        return int(begins[0] - begins[1])

    def is_whole(self, value: Value) -> bool:
        """Whether a computed value is all of its buffer, in order."""
        assert value.tensor is not None
        same = value.array.size == self.stand_ins[value.tensor].size and value.array.flags.c_contiguous
        return bool(same and self.offset(value) == 0)

    def add(self, name: str, out: Value, of: tuple[Value, ...], axes: tuple[int, ...], **how: Any) -> Value:
        """Note an operation, and give where it writes."""
        self.check_length(1)
        self.steps.append(Step(name, out, of, axes, how))
        return out

    def check_length(self, more: int) -> None:
        """See that so many more operations are not too many."""
        if len(self.steps) + more > MOST_STEPS:
            raise ExportError(f"takes more than {MOST_STEPS:,} operations a row; use a shorter loop in its network")

    def map(self, function: str, *of: Value, out: Value | None = None) -> Value:
        """A function of each element, in a buffer of its own unless there is room for it."""
        out = out or self.new(np.broadcast_shapes(*(value.shape for value in of)))
        of = tuple(value.seen(lambda array: np.broadcast_to(array, out.shape)) for value in of)
        return self.add("map", out, of, (len(out.shape),), function=function)

    def whole(self, value: Value) -> Value:
        """The value in a buffer of its own, in order."""
        return value if not value.known and self.is_whole(value) else self.map("copy", value)

    def reshaped(self, value: Value, shape: Sequence[int]) -> Value:
        """The value in another shape, copied where no strides can say it."""
        try:
            return value.seen(lambda array: np.reshape(array, shape, copy=None if value.known else False))
        except ValueError:
            return self.map("copy", value).seen(lambda array: np.reshape(array, shape))

    def reduced(self, function: str, value: Value, over: Sequence[int]) -> Value:
        """A sum or the like over some axes."""
        kept = [axis for axis in range(len(value.shape)) if axis not in over]
        out = self.new([value.shape[axis] for axis in kept])
        of = value.seen(lambda array: np.transpose(array, (*kept, *over)))
        return self.add("reduce", out, (of,), (len(kept), len(over)), function=function)

    def joined(self, values: Sequence[Value], axis: int) -> Value:
        """Values one behind the other along an axis."""
        shape = list(values[0].shape)
        shape[axis] = sum(value.shape[axis] for value in values)
        out, start = self.new(shape), 0
        for value in values:
            end = start + value.shape[axis]
            place = (*[slice(None)] * axis, slice(start, end))
            if value.array.size:
                self.map("copy", value, out=out.seen(lambda array: array[place]))  # noqa: B023
            start = end
        return out

    def padded(self, value: Value, fill: Value, config: Sequence[tuple[int, int, int]]) -> Value:
        """With a number before, behind and between the elements of each axis; less than none cuts some off."""
        sides = [(max(low, 0), max(high, 0), between) for low, high, between in config]
        sizes = [size + max(size - 1, 0) * side[2] for size, side in zip(value.shape, sides, strict=True)]
        cut = tuple(
            slice(max(-low, 0), low_ + size + high_ - max(-high, 0))
            for (low, high, _), (low_, high_, _), size in zip(config, sides, sizes, strict=True)
        )
        if not any(any(side) for side in sides):
            return value.seen(lambda array: array[cut])
        out = self.new([low + size + high for (low, high, _), size in zip(sides, sizes, strict=True)])
        self.map("copy", fill, out=out)
        inside = tuple(
            slice(low, low + size, between + 1) for (low, _, between), size in zip(sides, sizes, strict=True)
        )
        self.map("copy", value, out=out.seen(lambda array: array[inside]))
        return out.seen(lambda array: array[cut])

    def product(self, left: Value, right: Value, axes: tuple[int, int, int]) -> Value:
        """Products of matrices `[batch, rows, inner]` and `[batch, inner, columns]`, each of several axes.

        Args:
            left: of `axes[0] + axes[1] + axes[2]` axes.
            right: batch, inner and columns.
            axes: how many are batch, rows and inner.

        Returns:
            Batch, rows and columns.
        """
        batch, rows, inner = axes
        batches, middle = left.shape[:batch], left.shape[batch : batch + rows]
        columns = right.shape[batch + inner :]
        if left.known and not right.known:  # weights are streamed row by row, so they stand on the right
            there = (*range(batch), *range(batch + inner, len(right.shape)), *range(batch, batch + inner))
            back = (*range(batch), *range(batch + rows, batch + rows + inner), *range(batch, batch + rows))
            turned = self.product(
                right.seen(lambda array: np.transpose(array, there)),
                left.seen(lambda array: np.transpose(array, back)),
                (batch, len(columns), inner),
            )
            forth = (
                *range(batch),
                *range(batch + len(columns), len(turned.shape)),
                *range(batch, batch + len(columns)),
            )
            return turned.seen(lambda array: np.transpose(array, forth))
        right = right if right.known else self.whole(right)
        out = self.new((*batches, *middle, *columns))
        return self.add("dot", out, (left, right), axes, columns=math.prod(columns))


Handler: TypeAlias = Callable[..., Any]
PRIMITIVES: dict[str, Handler] = {}
"""Name of a primitive → from the tape, the equation and its inputs to its outputs, or to its only one."""


def lower(tape: Tape, closed: ClosedJaxpr, inputs: Sequence[Value]) -> list[Value]:
    """Note the operations of a traced function, and give its outputs."""
    jaxpr = closed.jaxpr
    values: dict[Any, Value] = dict(zip(jaxpr.constvars, map(_known, closed.consts), strict=True))
    values |= dict(zip(jaxpr.invars, inputs, strict=True))

    def read(atom: Any) -> Value:
        if isinstance(atom, Literal):
            kind: Any = atom.aval
            return Value(np.asarray(atom.val, kind.dtype))
        return values[atom]

    for equation in jaxpr.eqns:
        given = [read(atom) for atom in equation.invars]
        for variable, value in zip(equation.outvars, _lowered(tape, equation, given), strict=True):
            empty = not value.known and not value.array.size
            values[variable] = _known(np.zeros(value.shape, np.float32)) if empty else value
    return [read(atom) for atom in jaxpr.outvars]


def _lowered(tape: Tape, equation: Any, given: list[Value]) -> Sequence[Value]:
    name = equation.primitive.name
    inner = next((equation.params[key] for key in _INNER if key in equation.params), None)
    if name not in PRIMITIVES and inner is not None and name not in _LOOPS:
        closed = inner if isinstance(inner, ClosedJaxpr) else ClosedJaxpr(inner, ())
        return lower(tape, closed, given)
    if all(value.known for value in given) and not (name in _MOVES and name in PRIMITIVES):
        found = equation.primitive.bind(*(value.array for value in given), **equation.params)
        return [_known(array) for array in (found if equation.primitive.multiple_results else [found])]
    if name not in PRIMITIVES:
        raise ExportError(
            f"computes `{name}`, for which a page has no operation; write that part of the network with sums, "
            "products, comparisons, convolutions and reductions"
        )
    found = PRIMITIVES[name](tape, equation, *given)
    return found if isinstance(found, list) else [found]


_INNER = ("jaxpr", "call_jaxpr", "fun_jaxpr")
_LOOPS = ("scan", "while", "cond")
_MOVES = ("broadcast_in_dim", "reshape", "rev", "slice", "squeeze", "split", "transpose")


def _known(array: Any) -> Value:
    """Numbers as they are; keys of random numbers stay JAX's."""
    of_jax = hasattr(array, "dtype") and jnp.issubdtype(array.dtype, jax.dtypes.extended)
    return Value(array if of_jax else np.asarray(array))


def _handles(*names: str) -> Callable[[Handler], Handler]:
    def note(handler: Handler) -> Handler:
        PRIMITIVES.update(dict.fromkeys(names, handler))
        return handler

    return note


def _number(value: float) -> Value:
    return Value(np.float32(value))


# What is a function of each element.

_MAPS = (
    *("abs", "acos", "acosh", "add", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "ceil", "cos", "cosh"),
    *("eq", "erf", "exp", "expm1", "floor", "ge", "gt", "is_finite", "le", "lgamma", "log", "log1p", "logistic"),
    *("lt", "max", "min", "mul", "ne", "neg", "pow", "rem", "rsqrt", "sign", "sin", "sinh", "sqrt", "sub", "tan"),
    "tanh",
)
_ORDERED = {"le_to": "le", "lt_to": "lt"}  # a total order, which places numbers that are none as well
_SAME = ("copy", "optimization_barrier", "reduce_precision", "stop_gradient")


@_handles(*_MAPS, *_ORDERED)
def _map(tape: Tape, equation: Any, *of: Value) -> Value:
    name = equation.primitive.name
    return tape.map(_ORDERED.get(name, name), *of)


@_handles(*_SAME)
def _same(tape: Tape, equation: Any, *of: Value) -> list[Value]:
    return list(of)


@_handles("and", "or", "not", "xor")
def _logic(tape: Tape, equation: Any, *of: Value) -> Value:
    name = equation.primitive.name
    if equation.outvars[0].aval.dtype != np.bool_:
        raise ExportError(f"computes `{name}` of the bits of whole numbers, for which a page has no operation")
    functions = {"and": "min", "or": "max", "xor": "ne"}
    return tape.map("eq", of[0], _number(0)) if name == "not" else tape.map(functions[name], *of)


@_handles("div")
def _divided(tape: Tape, equation: Any, x: Value, y: Value) -> Value:
    quotient = tape.map("div", x, y)
    whole = jnp.issubdtype(equation.outvars[0].aval.dtype, jnp.integer)
    return tape.map("trunc", quotient) if whole else quotient


@_handles("square", "integer_pow")
def _power(tape: Tape, equation: Any, x: Value) -> Value:
    power = equation.params.get("y", 2)
    return tape.map("mul", x, x) if power == 2 else tape.map("pow", x, _number(power))


@_handles("exp2")
def _power_of_two(tape: Tape, equation: Any, x: Value) -> Value:
    return tape.map("pow", _number(2), x)


@_handles("erfc")
def _error_complement(tape: Tape, equation: Any, x: Value) -> Value:
    return tape.map("sub", _number(1), tape.map("erf", x))


@_handles("round")
def _rounded(tape: Tape, equation: Any, x: Value) -> Value:
    if equation.params["rounding_method"] == jax.lax.RoundingMethod.TO_NEAREST_EVEN:
        return tape.map("round", x)
    upwards = tape.map("floor", tape.map("add", tape.map("abs", x), _number(0.5)))
    return tape.map("mul", tape.map("sign", x), upwards)


@_handles("clamp")
def _clamped(tape: Tape, equation: Any, low: Value, x: Value, high: Value) -> Value:
    return tape.map("min", tape.map("max", x, low), high)


@_handles("convert_element_type")
def _converted(tape: Tape, equation: Any, x: Value) -> Value:
    there, here = equation.params["new_dtype"], equation.invars[0].aval.dtype
    if there == np.bool_ and here != np.bool_:
        return tape.map("ne", x, _number(0))
    shortened = jnp.issubdtype(there, jnp.integer) and jnp.issubdtype(here, jnp.inexact)
    return tape.map("trunc", x) if shortened else x


@_handles("select_n")
def _selected(tape: Tape, equation: Any, which: Value, *cases: Value) -> Value:
    chosen = cases[0]
    for number, case in enumerate(cases[1:], 1):
        chosen = tape.map("select", tape.map("eq", which, _number(number)) if len(cases) > 2 else which, case, chosen)
    return chosen


# What only moves numbers.


@_handles("broadcast_in_dim")
def _broadcast(tape: Tape, equation: Any, x: Value, *_: Value) -> Value:
    shape, axes = equation.params["shape"], equation.params["broadcast_dimensions"]
    sizes = [1] * len(shape)
    for axis, size in zip(axes, x.shape, strict=True):
        sizes[axis] = size
    return x.seen(lambda array: np.broadcast_to(array.reshape(sizes), shape))


@_handles("reshape")
def _reshaped(tape: Tape, equation: Any, x: Value) -> Value:
    return tape.reshaped(x, equation.params["new_sizes"])


@_handles("squeeze")
def _squeezed(tape: Tape, equation: Any, x: Value) -> Value:
    return x.seen(lambda array: np.squeeze(array, equation.params["dimensions"]))


@_handles("transpose")
def _transposed(tape: Tape, equation: Any, x: Value) -> Value:
    return x.seen(lambda array: np.transpose(array, equation.params["permutation"]))


@_handles("rev")
def _reversed(tape: Tape, equation: Any, x: Value) -> Value:
    return x.seen(lambda array: np.flip(array, equation.params["dimensions"]))


@_handles("slice")
def _sliced(tape: Tape, equation: Any, x: Value) -> Value:
    how = equation.params
    steps = how["strides"] or (1,) * len(x.shape)
    places = tuple(map(slice, how["start_indices"], how["limit_indices"], steps))
    return x.seen(lambda array: array[places])


@_handles("split")
def _split(tape: Tape, equation: Any, x: Value) -> list[Value]:
    ends = np.cumsum(equation.params["sizes"])[:-1]
    return [Value(array, x.tensor) for array in np.split(x.array, ends, axis=equation.params["axis"])]


@_handles("concatenate")
def _concatenated(tape: Tape, equation: Any, *of: Value) -> Value:
    return tape.joined(of, int(equation.params["dimension"]))


@_handles("stack")
def _stacked(tape: Tape, equation: Any, *of: Value) -> Value:
    axis = equation.params["axis"]
    return tape.joined([value.seen(lambda array: np.expand_dims(array, axis)) for value in of], axis)


@_handles("unstack")
def _unstacked(tape: Tape, equation: Any, x: Value) -> list[Value]:
    axis = equation.params["axis"]
    return [x.seen(lambda array: np.moveaxis(array, axis, 0)[place]) for place in range(x.shape[axis])]  # noqa: B023


@_handles("tile")
def _tiled(tape: Tape, equation: Any, x: Value) -> Value:
    for axis, times in enumerate(equation.params["reps"]):
        x = tape.joined([x] * times, axis)
    return x


@_handles("pad")
def _padded(tape: Tape, equation: Any, x: Value, fill: Value) -> Value:
    config = [(int(low), int(high), int(between)) for low, high, between in equation.params["padding_config"]]
    return tape.padded(x, fill, config)


# Elements from places that are fixed, or computed.


@_handles("gather")
def _gathered(tape: Tape, equation: Any, x: Value, places: Value) -> Value:
    if places.known:
        return _moved(tape, equation, x, places)
    how, axes = equation.params, equation.params["dimension_numbers"]
    if axes.operand_batching_dims:  # which become axes that a place is given for
        places = _with_batch(tape, places, axes)
    mapped = (*axes.operand_batching_dims, *axes.start_index_map)
    sizes, strides = how["slice_sizes"], [math.prod(x.shape[axis + 1 :]) for axis in range(len(x.shape))]
    gone = {*axes.collapsed_slice_dims, *axes.operand_batching_dims}
    window = [size for axis, size in enumerate(sizes) if axis not in gone]
    within = sum(np.ix_(*(np.arange(size) * stride for size, stride in zip(sizes, strides, strict=True))))
    batch = places.shape[:-1]
    out = tape.add(
        "gather",
        tape.new((*batch, *window)),
        (x if x.known else tape.whole(x), tape.whole(places)),
        (),
        windows=math.prod(batch),
        within=np.asarray(within, np.int32).ravel(),
        strides=[strides[axis] for axis in mapped],
        most=[x.shape[axis] - sizes[axis] for axis in mapped],
        clip=how["mode"] != jax.lax.GatherScatterMode.FILL_OR_DROP,
    )
    offsets = list(axes.offset_dims)
    order = [place for place in range(len(out.shape)) if place not in offsets] + offsets
    return out.seen(lambda array: np.transpose(array, np.argsort(order)))


def _with_batch(tape: Tape, places: Value, axes: Any) -> Value:
    """Places that begin with the number of each batch axis."""
    batch = places.shape[:-1]
    numbers = [
        Value(np.broadcast_to(np.arange(batch[axis]).reshape(-1, *[1] * (len(batch) - axis)), (*batch, 1)))
        for axis in axes.start_indices_batching_dims
    ]
    return tape.joined([*numbers, places], len(batch))


@_handles("scatter", "scatter-add")
def _scattered(tape: Tape, equation: Any, x: Value, places: Value, updates: Value) -> Value:
    name, axes = equation.primitive.name, equation.params["dimension_numbers"]
    if not places.known:
        raise ExportError(f"writes to places that hang on its input (`{name}`); select with `jnp.where` instead")
    gone, window = {*axes.inserted_window_dims, *axes.operand_batching_dims}, iter(axes.update_window_dims)
    chosen = jax.lax.gather(  # what an update writes to is what a gathering with its axes would read
        np.arange(x.array.size, dtype=np.int32).reshape(x.shape),
        places.array,
        jax.lax.GatherDimensionNumbers(
            offset_dims=axes.update_window_dims,
            collapsed_slice_dims=axes.inserted_window_dims,
            start_index_map=axes.scatter_dims_to_operand_dims,
            operand_batching_dims=axes.operand_batching_dims,
            start_indices_batching_dims=axes.scatter_indices_batching_dims,
        ),
        tuple(1 if axis in gone else updates.shape[next(window)] for axis in range(len(x.shape))),
        mode=equation.params["mode"],
        fill_value=-1,
    )
    out = tape.map("copy", x)
    add = name == "scatter-add"
    return tape.add("put", out, (tape.whole(updates),), (), places=np.asarray(chosen, np.int32).ravel(), add=add)


def _moved(tape: Tape, equation: Any, x: Value, *places: Value) -> Value:
    """Elements from fixed places: which ones, the primitive itself says when it is asked to move their numbers."""
    numbers = np.arange(x.array.size, dtype=np.int32).reshape(x.shape)
    chosen = np.asarray(equation.primitive.bind(numbers, *(each.array for each in places), **equation.params))
    chosen = np.where((chosen >= 0) & (chosen < x.array.size), chosen, -1).astype(np.int32)  # -1 is not a number
    return tape.add("take", tape.new(chosen.shape), (tape.whole(x),), (), places=chosen.ravel())


@_handles("dynamic_slice")
def _cut(tape: Tape, equation: Any, x: Value, *starts: Value) -> Value:
    sizes = equation.params["slice_sizes"]
    if all(start.known for start in starts):
        firsts = [_first(start, x.shape[axis] - sizes[axis]) for axis, start in enumerate(starts)]
        places = tuple(slice(first, first + size) for first, size in zip(firsts, sizes, strict=True))
        return x.seen(lambda array: array[places])
    strides = [math.prod(x.shape[axis + 1 :]) for axis in range(len(x.shape))]
    within = sum(np.ix_(*(np.arange(size) * stride for size, stride in zip(sizes, strides, strict=True))))
    joined = tape.joined([start.seen(lambda array: array.reshape(1)) for start in starts], 0)
    return tape.add(
        "gather",
        tape.new(sizes),
        (x if x.known else tape.whole(x), joined),
        (),
        windows=1,
        within=np.asarray(within, np.int32).ravel(),
        strides=strides,
        most=[size - part for size, part in zip(x.shape, sizes, strict=True)],
        clip=True,
    )


@_handles("dynamic_update_slice")
def _replaced(tape: Tape, equation: Any, x: Value, update: Value, *starts: Value) -> Value:
    if not all(start.known for start in starts):
        raise ExportError(
            "writes to places that hang on its input (`dynamic_update_slice`); select with `jnp.where` instead"
        )
    firsts = [_first(start, x.shape[axis] - update.shape[axis]) for axis, start in enumerate(starts)]
    places = tuple(slice(first, first + size) for first, size in zip(firsts, update.shape, strict=True))
    out = tape.map("copy", x)
    tape.map("copy", update, out=out.seen(lambda array: array[places]))
    return out


def _first(start: Value, most: int) -> int:
    return min(max(int(start.array), 0), most)


# Sums and the like.

_REDUCTIONS = {"add": "sum", "and": "min", "max": "max", "min": "min", "mul": "prod", "or": "max"}


@_handles("reduce_sum", "reduce_max", "reduce_min", "reduce_prod", "reduce_and", "reduce_or", "argmax", "argmin")
def _reduced(tape: Tape, equation: Any, x: Value) -> Value:
    name = equation.primitive.name.removeprefix("reduce_")
    return tape.reduced(_REDUCTIONS.get(name, name), x, [int(axis) for axis in equation.params["axes"]])


@_handles("cumsum", "cumprod", "cummax", "cummin")
def _accumulated(tape: Tape, equation: Any, x: Value) -> Value:
    axis, out = equation.params["axis"], tape.new(x.shape)

    def turned(array: Any) -> Any:
        last = np.moveaxis(array, axis, -1)
        return last[..., ::-1] if equation.params["reverse"] else last

    name = equation.primitive.name.removeprefix("cum")
    tape.add("accumulate", out.seen(turned), (x.seen(turned),), (len(x.shape) - 1, 1), function=name)
    return out


@_handles("reduce_window_sum", "reduce_window_max", "reduce_window_min")
def _pooled(tape: Tape, equation: Any, x: Value) -> Value:
    how, name = equation.params, equation.primitive.name.removeprefix("reduce_window_")
    start = {"sum": 0.0, "max": -math.inf, "min": math.inf}[name]
    sides = [(*pair, between - 1) for pair, between in zip(how["padding"], how["base_dilation"], strict=True)]
    rank, sizes = len(x.shape), how["window_dimensions"]
    seen = _windows(tape.padded(x, _number(start), sides), sizes, how["window_strides"], how["window_dilation"])
    return tape.reduced(name, seen, range(rank, 2 * rank))


def _windows(x: Value, sizes: Sequence[int], strides: Sequence[int], dilation: Sequence[int]) -> Value:
    """Every window of the last axes, as many axes behind them."""
    rank, first = len(sizes), len(x.shape) - len(sizes)
    spans = [(size - 1) * between + 1 for size, between in zip(sizes, dilation, strict=True)]
    steps = (*[slice(None)] * first, *(slice(None, None, stride) for stride in strides))
    apart = tuple(slice(None, None, between) for between in dilation)
    axes = tuple(range(first, first + rank))
    return x.seen(lambda array: sliding_window_view(array, spans, axes, writeable=False)[(*steps, *apart)])


# Products.


@_handles("dot_general")
def _multiplied(tape: Tape, equation: Any, left: Value, right: Value) -> Value:
    (inner, inner_right), (batch, batch_right) = equation.params["dimension_numbers"]
    rows = [axis for axis in range(len(left.shape)) if axis not in (*inner, *batch)]
    columns = [axis for axis in range(len(right.shape)) if axis not in (*inner_right, *batch_right)]
    return tape.product(
        left.seen(lambda array: np.transpose(array, (*batch, *rows, *inner))),
        right.seen(lambda array: np.transpose(array, (*batch_right, *inner_right, *columns))),
        (len(batch), len(rows), len(inner)),
    )


@_handles("conv_general_dilated")
def _convolved(tape: Tape, equation: Any, x: Value, kernel: Value) -> Value:
    """A product of the windows, which are read where they lie, with the kernel."""
    how = equation.params
    axes, groups = how["dimension_numbers"], how["feature_group_count"]
    if how["batch_group_count"] != 1:
        raise ExportError("convolves in groups of rows, for which a page has no operation; convolve each row alone")
    x = x.seen(lambda array: np.transpose(array, axes.lhs_spec))  # [rows, channels, *size]
    sides = [(*pair, between - 1) for pair, between in zip(how["padding"], how["lhs_dilation"], strict=True)]
    x = tape.padded(x, _number(0), [(0, 0, 0), (0, 0, 0), *sides])
    kernel = kernel.seen(lambda array: np.transpose(array, axes.rhs_spec))  # [outputs, channels, *taps]
    outputs, channels, *taps = kernel.shape
    seen = _windows(x, taps, how["window_strides"], how["rhs_dilation"])
    size, rank = seen.shape[2 : 2 + len(taps)], len(taps)
    left = tape.reshaped(seen, (seen.shape[0], groups, channels, *size, *taps))
    left = left.seen(
        lambda array: np.transpose(array, (1, 0, *range(3, 3 + rank), *range(3 + rank, 3 + 2 * rank), 2))
    )  # [groups, rows, *size, *taps, channels]
    right = tape.reshaped(kernel, (groups, outputs // groups, channels, *taps))
    right = right.seen(lambda array: np.transpose(array, (0, *range(3, 3 + rank), 2, 1)))
    product = tape.product(left, right, (1, 1 + rank, rank + 1))  # [groups, rows, *size, outputs]
    out = product.seen(lambda array: np.transpose(array, (1, 0, 2 + rank, *range(2, 2 + rank))))
    out = tape.reshaped(out, (out.shape[0], outputs, *size))
    return out.seen(lambda array: np.transpose(array, np.argsort(axes.out_spec)))


# Loops.


@_handles("scan")
def _unrolled(tape: Tape, equation: Any, *given: Value) -> list[Value]:
    how = equation.params
    constants, carried, length = how["num_consts"], how["num_carry"], how["length"]
    fixed, carry, rows = given[:constants], list(given[constants : constants + carried]), given[constants + carried :]
    tape.check_length(length * len(how["jaxpr"].eqns))
    made: list[list[Value]] = []
    for place in reversed(range(length)) if how["reverse"] else range(length):
        found = lower(tape, how["jaxpr"], [*fixed, *carry, *(each.seen(lambda array: array[place]) for each in rows)])  # noqa: B023
        carry = found[:carried]
        made.append(found[carried:])
    if how["reverse"]:
        made.reverse()
    of_each = [[value.seen(lambda array: array[None]) for value in values] for values in zip(*made, strict=True)]
    return [*carry, *(tape.joined(values, 0) for values in of_each)]


@_handles("cond")
def _branched(tape: Tape, equation: Any, which: Value, *given: Value) -> list[Value]:
    branches = equation.params["branches"]
    if which.known:
        return lower(tape, branches[_first(which, len(branches) - 1)], given)
    chosen, *others = (lower(tape, branch, given) for branch in branches)
    for number, other in enumerate(others, 1):
        is_it = tape.map("eq", which, _number(number))
        chosen = [tape.map("select", is_it, value, old) for value, old in zip(other, chosen, strict=True)]
    return chosen
