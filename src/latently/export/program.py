"""A function of a fitted model as a program of few operations, which a small interpreter runs in a browser.

JAX traces the function for one row, and what hangs on no input is computed here. Whatever the network is, seven
operations are left:

| operation | does |
| --- | --- |
| `map` | a function of each element, from strided operands to a strided place |
| `reduce` | a sum, product, maximum, minimum, or the place of one, over some axes |
| `accumulate` | the same from the first element up to each, along an axis |
| `dot` | products of matrices |
| `take` | elements from fixed places |
| `put` | elements to fixed places, or added to what is there |
| `gather` | windows from places that were computed |

`explorer/static/machine.js` runs it.
"""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from latently.export.blobs import Blobs
from latently.export.functions import Function
from latently.export.lowering import ExportError, Step, Tape, Value, lower

FEW = 1024
"""Constants with fewer numbers keep their 32 bits."""
LARGEST_HALF = 65504.0


def program(function: Function, blobs: Blobs, *, full_precision: bool = False) -> dict[str, Any]:
    """A function, for one row, as JSON values and weights.

    Args:
        function: of a fitted model.
        blobs: takes the weights and other constants; those that several programs use are there once.
        full_precision: keep 32 bits of the weights of products, which have 16 unless told so.

    Returns:
        `inputs` and `outputs`: their names and shapes. `constants`: where they lie in `blobs`. `slots`: how many
        numbers each buffer holds. `operations`, which read and write inputs, constants and slots by number, in this
        order; `results`: the slot of each output.

    Raises:
        ExportError: it computes something that a page cannot.

    Example:
        >>> from latently import VAE
        >>> from latently.export import functions
        >>> model = VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(np.eye(8))
        >>> decode = program(functions(model.fitted_)["decode"], Blobs())
        >>> [operation["do"] for operation in decode["operations"]]
        ['dot', 'map', 'map', 'dot', 'map', 'map', 'map', 'map']
        >>> decode["outputs"]
        [{'name': 'x', 'shape': [8]}]
    """
    tape = Tape()
    inputs = [tape.new((1, *port.shape)) for port in function.inputs]
    traced = jax.make_jaxpr(function.call)(
        *(jax.ShapeDtypeStruct((1, *port.shape), jnp.float32) for port in function.inputs)
    )
    try:
        outputs = [_in_own_buffer(tape, value, len(inputs)) for value in lower(tape, traced, inputs)]
    except ExportError as error:
        raise ExportError(f"this model cannot be explored in a page: its {function.name!r} {error}.") from None
    return {
        "inputs": [{"name": port.name, "shape": list(port.shape)} for port in function.inputs],
        "outputs": [{"name": port.name, "shape": list(port.shape)} for port in function.outputs],
        **_Assembly(tape, len(inputs), outputs, blobs, full_precision).parts(),
    }


def _in_own_buffer(tape: Tape, value: Value, inputs: int) -> Value:
    """An output, where nothing else is."""
    own = not value.known and value.tensor is not None and value.tensor >= inputs
    return tape.whole(value) if own else tape.map("copy", value)


class _Assembly:
    """Operations with buffers: what nobody reads is left out, and a buffer is used again when its numbers are spent.

    Operations call inputs, buffers and constants by number, in this order.
    """

    def __init__(self, tape: Tape, inputs: int, outputs: Sequence[Value], blobs: Blobs, full_precision: bool) -> None:
        self.tape, self.inputs, self.outputs = tape, inputs, outputs
        self.blobs, self.weight_type = blobs, np.float32 if full_precision else np.float16
        self.steps = _needed(tape.steps, outputs)
        self.sizes: list[int] = []
        self.numbers = self._buffers()
        self.packed: list[np.ndarray] = []  # the constants that are no weights, which share the first blob
        self.places: dict[bytes, int] = {}
        self.weights: list[dict[str, Any]] = []

    def parts(self) -> dict[str, Any]:
        """The constants, the sizes of buffers, the operations and the buffers of the results."""
        operations = [self._written(step) for step in self.steps]
        packed = self.blobs.add(np.concatenate([*self.packed, np.zeros(1, np.float32)]))
        return {
            "slots": self.sizes,
            "constants": [packed, *self.weights],
            "operations": operations,
            "results": [self._number(output) for output in self.outputs],
        }

    def _number(self, value: Value) -> int:
        assert value.tensor is not None
        return self.numbers[value.tensor]

    def _buffers(self) -> dict[int, int]:
        """The number of each tensor's buffer; finds how many buffers there are, and their sizes."""
        last = {value.tensor: place for place, step in enumerate(self.steps) for value in (step.out, *step.of)}
        last |= {value.tensor: len(self.steps) for value in self.outputs}
        numbers = {tensor: tensor for tensor in range(self.inputs)}
        free: list[int] = []
        for place, step in enumerate(self.steps):
            tensor, spent = step.out.tensor, {value.tensor for value in step.of if last[value.tensor] == place}
            spent -= {None, *range(self.inputs), tensor}
            if tensor is not None and tensor not in numbers:
                in_place = next((each for each in spent if self._may_replace(step, each)), None)
                spent -= {in_place}
                number = numbers[in_place] if in_place is not None else self._taken(step.out, free)
                numbers[tensor] = number
            free += [numbers[each] for each in spent if each is not None]
        return numbers

    def _may_replace(self, step: Step, tensor: int | None) -> bool:
        """Whether an operation may write each number in the place of the one that it is made of."""
        seen = [value for value in step.of if value.tensor == tensor]
        return step.name == "map" and all(self.tape.is_whole(value) for value in (step.out, *seen))

    def _taken(self, out: Value, free: list[int]) -> int:
        """A buffer for a tensor: of those that are free the smallest that holds it, or the largest, made larger."""
        assert out.tensor is not None
        needed = self.tape.stand_ins[out.tensor].size
        if not free:
            self.sizes.append(needed)
            return self.inputs + len(self.sizes) - 1
        size_of = {number: self.sizes[number - self.inputs] for number in free}
        large = [number for number in free if size_of[number] >= needed]
        number = min(large, key=size_of.__getitem__) if large else max(free, key=size_of.__getitem__)
        self.sizes[number - self.inputs] = max(size_of[number], needed)
        free.remove(number)
        return number

    def _written(self, step: Step) -> dict[str, Any]:
        """An operation as JSON values."""
        out, of = step.out, step.of
        if step.name in ("take", "put", "gather"):
            tables = {name: self.blobs.add(value) for name, value in step.how.items() if isinstance(value, np.ndarray)}
            read = [self._weight(value) if value.known else [self._number(value)] for value in of]
            return {"do": step.name, **step.how, **tables, "out": [self._number(out)], "of": read}
        if step.name == "dot":
            shape, (left,) = self._strided(step.axes, of[:1])
            right = self._weight(of[1]) if of[1].known else [self._number(of[1])]
            return {"do": "dot", **step.how, "shape": shape, "out": [self._number(out)], "of": [left, right]}
        if step.name == "reduce":
            shape, read = self._strided(step.axes, of)
            return {"do": "reduce", **step.how, "shape": shape, "out": [self._number(out)], "of": read}
        shape, (written, *read) = self._strided(step.axes, (out, *of))
        return {"do": step.name, **step.how, "shape": shape, "out": written, "of": read}

    def _strided(self, axes: Sequence[int], values: Sequence[Value]) -> tuple[list[list[int]], list[list[Any]]]:
        """The sizes of axes, by kind, and how each of the values is read along them: number, offset, strides by kind.

        Neighbouring axes that all values walk through like one become one.
        """
        read = [self._read(value) for value in values]
        sizes: list[list[int]] = []
        operands: list[list[Any]] = [[number, offset] for number, offset, _ in read]
        start = 0
        for count in axes:
            shape = values[0].shape[start : start + count]
            joined, strides = _joined(shape, [walk[start : start + count] for _, _, walk in read])
            sizes.append(joined)
            for operand, walk in zip(operands, strides, strict=True):
                operand.append(walk)
            start += count
        return sizes, operands

    def _read(self, value: Value) -> tuple[int, int, tuple[int, ...]]:
        """The number of a value, where it begins, and its strides."""
        if not value.known:
            return self._number(value), self.tape.offset(value), value.array.strides
        few = _narrowed(np.asarray(value.array, np.float32))
        data = few.tobytes()
        if data not in self.places:
            self.places[data] = sum(part.size for part in self.packed)
            self.packed.append(few.ravel())
        strides = tuple(
            0 if size == 1 else stride // few.itemsize for size, stride in zip(few.shape, few.strides, strict=True)
        )
        return self.inputs + len(self.sizes), self.places[data], strides

    def _weight(self, value: Value) -> list[int]:
        """Weights, rounded to 16 bits where they are many and none is too large."""
        array = np.asarray(value.array, np.float32)
        if array.size >= FEW and np.abs(array).max() <= LARGEST_HALF:
            array = array.astype(self.weight_type)
        blob = self.blobs.add(array)
        if blob not in self.weights:
            self.weights.append(blob)
        return [self.inputs + len(self.sizes) + 1 + self.weights.index(blob)]


def _needed(steps: Sequence[Step], outputs: Sequence[Value]) -> list[Step]:
    """The operations that the outputs hang on."""
    needed, kept = {value.tensor for value in outputs}, []
    for step in reversed(steps):
        if step.out.tensor in needed:
            needed |= {value.tensor for value in step.of}
            kept.append(step)
    return kept[::-1]


def _narrowed(array: np.ndarray) -> np.ndarray:
    """An array with one element along each axis along which all are alike, in order."""
    for axis in range(array.ndim):
        first = array.take([0], axis)
        if array.shape[axis] > 1 and np.array_equal(np.broadcast_to(first, array.shape), array, equal_nan=True):
            array = first
    return np.ascontiguousarray(array).reshape(array.shape)


def _joined(sizes: Sequence[int], walks: Sequence[Sequence[int]]) -> tuple[list[int], list[list[int]]]:
    """Axes and their strides, with those joined that every walk goes through like one; one axis at least.

    Example:
        >>> _joined((2, 1, 3, 4), [(12, 12, 4, 1), (0, 0, 4, 1)])
        ([2, 12], [[12, 1], [0, 1]])
    """
    kept = [axis for axis, size in enumerate(sizes) if size > 1]
    joined: list[int] = []
    strides: list[list[int]] = [[] for _ in walks]
    for axis in kept:
        here = [walk[axis] for walk in walks]
        if joined and all(before[-1] == step * sizes[axis] for before, step in zip(strides, here, strict=True)):
            joined[-1] *= sizes[axis]
        else:
            joined.append(sizes[axis])
            for walk in strides:
                walk.append(0)
        for walk, step in zip(strides, here, strict=True):
            walk[-1] = step
    return (joined, strides) if joined else ([1], [[0] for _ in walks])
