"""What a fitted model computes, as pure functions of rows in the units of the data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from latently.data import DataError, TablePreprocessing, ViewsPreprocessing
from latently.export.lowering import ExportError
from latently.fitted import Fitted
from latently.game import Batch, masked


@dataclass(frozen=True)
class Port:
    """Something that a function takes or gives.

    Attributes:
        name: the view's, or `"code"`, `"label"`, `"present"`, `"probabilities"`.
        shape: of one row.
        dtype: of a view, the type of its numbers as they are stored, such as `"uint8"`; else `"float32"`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"


@dataclass(frozen=True)
class Function:
    """A pure function of a fitted model, which JAX can trace.

    Attributes:
        name: what it does.
        inputs: what it takes, in order.
        outputs: what it gives, in order.
        call: from arrays `[rows, *shape]`, one an input, to a tuple of arrays, one an output; floats of whatever type.
            Of rows with views, those that are not present may hold anything.
    """

    name: str
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    call: Callable[..., tuple[Array, ...]]


def functions(fitted: Fitted) -> dict[str, Function]:
    """Name → what a fitted model can compute of one row without drawing at random.

    `encode` gives the mean of q(z|x), `decode` the mean of p(x|z), `reconstruct` one after the other, `classify`
    p(y|x), and of several views `complete_NAME` gives one of them for the others.

    Rows are in the units of the data, as floats: images are not rounded, of words the place of the likeliest is told,
    of dates days since 1970; NaN is a cell that is missing. Where there are several views, `present` tells which a row
    has, as ones and zeros. A decoder that is given the label takes weights of the classes, NaN for an encoder to let
    the likeliest stand in; or a number for each condition, NaN where it is not named.

    Raises:
        ExportError: float32, in which pages and ONNX files hold rows, does not hold the numbers of the data.

    Example:
        >>> import numpy as np
        >>> from latently import VAE
        >>> model = VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(np.eye(8))
        >>> encode = functions(model.fitted_)["encode"]
        >>> [port.name for port in encode.inputs], [port.name for port in encode.outputs]
        (['x'], ['code'])
        >>> (code,) = encode.call(jnp.eye(8))
        >>> bool(np.allclose(code, model.transform(np.eye(8)), atol=1e-6))
        True
    """
    try:
        return _Traced(fitted).functions()
    except DataError as error:
        raise ExportError(f"this model has no page and no ONNX files, which hold rows as float32: {error}.") from None


class _Traced:
    """The functions of a fitted model."""

    def __init__(self, fitted: Fitted) -> None:
        self.game, self.able = fitted.game, fitted.abilities
        self.conditions = None if fitted.conditions is None else fitted.conditions.preprocessing.single
        done = fitted.preprocessing.single
        self.done: Any = done
        self.several = isinstance(done, ViewsPreprocessing)
        parts: Mapping[str, Any] = done.views if isinstance(done, ViewsPreprocessing) else {"x": done}
        self.views = tuple(
            Port(name, part.row_shape, getattr(part, "dtype", "float64")) for name, part in parts.items()
        )
        self.code = Port("code", fitted.sample_prior(1, None, 0).shape[1:])
        self.present = (Port("present", (len(self.views),)),) if self.several else ()
        told = self.game.n_labels if self.conditions is None else len(self.conditions.columns)
        self.label = (Port("label", (told,)),) if fitted.decodes_labels else ()

    def functions(self) -> dict[str, Function]:
        rows = (*self.views, *self.label, *self.present)
        found = [Function("decode", (self.code, *self.label), self.views, self._decode)]
        if "encode" in self.able:
            found.insert(0, Function("encode", rows, (self.code,), self._encode))
            found.append(Function("reconstruct", rows, self.views, self._reconstruct))
        if "predict" in self.able:
            ports = (*self.views, *self.present)
            found.append(Function("classify", ports, (Port("probabilities", (self.game.n_labels,)),), self._classify))
        if "complete" in self.able:
            for place, view in enumerate(self.views):
                others = tuple(other for other in self.views if other != view)
                found.append(Function(f"complete_{view.name}", others, (view,), self._completing(place)))
        return {function.name: function for function in found}

    def _encode(self, *arrays: Array) -> tuple[Array, ...]:
        x, y = self._read(arrays)
        return (self.game.encode(x, y).mean,)

    def _decode(self, z: Array, label: Array | None = None) -> tuple[Array, ...]:
        return self._written(self.game.decode(z, None if label is None else self._told(label)).mean)

    def _reconstruct(self, *arrays: Array) -> tuple[Array, ...]:
        x, y = self._read(arrays)
        return self._written(self.game.decode(self.game.encode(x, y).mean, y).mean)

    def _classify(self, *arrays: Array) -> tuple[Array, ...]:
        return (jax.nn.softmax(self.game.class_scores(self._rows(arrays))),)

    def _completing(self, place: int) -> Callable[..., tuple[Array, ...]]:
        def complete(*others: Array) -> tuple[Array, ...]:
            rows = others[0].shape[0]
            arrays = [*others[:place], jnp.zeros((rows, *self.views[place].shape)), *others[place:]]
            present = jnp.ones((rows, len(self.views))).at[:, place].set(0)
            return (self._reconstruct(*arrays, present)[place],)

        return complete

    def _read(self, arrays: tuple[Array, ...]) -> tuple[Any, Array | None]:
        """What a game reads of rows, and of their labels; the likeliest class in the place of one that is not known."""
        if not self.label:
            return self._rows(arrays), None
        *views, label = arrays
        x, y = self._rows(tuple(views)), self._told(label)
        if self.conditions is None:
            likeliest = jax.nn.one_hot(jnp.argmax(self.game.class_scores(x), axis=1), self.game.n_labels)
            y = jnp.where(jnp.isnan(y).any(axis=1, keepdims=True), likeliest, y)
        return x, y

    def _rows(self, arrays: tuple[Array, ...]) -> Any:
        """What a game reads of stored rows."""
        if not self.several:
            return self.done(arrays[0])
        *views, present = arrays
        here: Bool[Array, "rows views"] = present > 0.5
        return Batch(masked(self.done.prepare(tuple(views)), here), present=here)

    def _told(self, label: Array) -> Float[Array, "rows facts"]:
        """What a network is told of labels."""
        return label if self.conditions is None else self.conditions(label)

    def _written(self, means: Any) -> tuple[Array, ...]:
        """Rows in the units of the data."""
        if self.several:
            return tuple(part.in_units(each) for part, each in zip(self.done.views.values(), means, strict=True))
        if isinstance(self.done, TablePreprocessing):
            return (self.done.in_units(means, jnp).astype(jnp.float32),)
        return (self.done.in_units(means),)
