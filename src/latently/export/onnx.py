"""A fitted model as ONNX files, one a function, for any number of rows: https://onnx.ai.

What was done to the data is inside: a file reads rows in the type that they were fitted in, and gives rows as Python
does. It needs the packages `jax2onnx` and `onnxruntime`, which `pip install 'latently[onnx]'` installs.
"""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jax
import jax.export
import jax.extend
import numpy as np

from latently.data import TablePreprocessing, ViewsPreprocessing
from latently.data.columns import Column
from latently.errors import ArgumentError, needed
from latently.export.functions import Function, Port, functions
from latently.files import write_atomically
from latently.fitted import Fitted
from latently.networks import as_convolutions

OPSET = 21
"""The version of ONNX's operators that files ask for: of March 2024, and read by ONNX Runtime 1.18 and later."""

_ROWS = "rows"
_FILES = {"encode": "encoder", "decode": "decoder", "classify": "classifier"}
_CLASSES = "a weight for each class: 1 for the row's, 0 for the others, or NaN for all where it is not known"
_CONDITIONS = "a number for each of the `conditions` of the metadata, NaN where it is not known"
_PRESENT = "for each of the `views` of the metadata 1 where a row has it, and 0 where it has not, whatever stands there"
_CELLS = "a number for each of the `columns` of the metadata, NaN where a cell is missing"


def check_export(folder: Path, format: str, force: bool) -> None:  # noqa: A002
    """See that a model can be exported, before any work.

    Args:
        folder: where to.
        format: the name of the format.
        force: whether the folder may hold something.

    Raises:
        ArgumentError: there is no such format, or the folder holds something.
        MissingPackageError: `jax2onnx` is not installed.
    """
    if format != "onnx":
        raise ArgumentError("format", "must be 'onnx'", format)
    if folder.exists() and not folder.is_dir():
        raise ArgumentError(str(folder), "is a file", remedy="Name a folder.")
    if not force and folder.exists() and any(folder.iterdir()):
        raise ArgumentError(
            str(folder), "is not empty", remedy="Name another folder, or write over it by {force=True}."
        )
    needed("jax2onnx", "onnx", "ONNX")


def write_onnx(fitted: Fitted, folder: Path, about: Mapping[str, Any]) -> list[Path]:
    """Write the functions of a fitted model as ONNX files, each atomically, and over files of the same names.

    Args:
        fitted: the model.
        folder: where to; it is made where it is missing.
        about: further JSON values for the metadata of each file.

    Returns:
        The files: `encoder.onnx`, `decoder.onnx` and the others that the model has (see `functions`).

    Raises:
        ValueError: a network of a user's own does something that ONNX, or jax2onnx, has nothing for.
    """
    metadata, meanings = {**about, **_metadata(fitted)}, _meanings(fitted)
    files = {
        f"{quote(_FILES.get(function.name, function.name), safe=' ')}.onnx": _file(function, meanings, metadata)
        for function in functions(fitted).values()
    }
    folder.mkdir(parents=True, exist_ok=True)
    return [write_atomically(folder / name, content) for name, content in files.items()]


def _metadata(fitted: Fitted) -> dict[str, Any]:
    """What a user of a file has to know besides its inputs and outputs."""
    from latently import __version__

    done, told = fitted.preprocessing, fitted.conditions
    facts = {
        "latently": __version__,
        "classes": None if fitted.classes is None else fitted.classes.tolist(),
        "views": list(done.names) if isinstance(done, ViewsPreprocessing) else None,
        "columns": _columns(done.columns) if isinstance(done, TablePreprocessing) else None,
        "conditions": None if told is None else _columns(told.columns),
    }
    return {name: value for name, value in facts.items() if value is not None}


def _columns(columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    """The name and the kind of each column; of words, whose numbers are their places, and of dates what those mean."""
    units = {"date": {"unit": "days since 1970-01-01"}}
    return [
        {"name": column.name, "kind": column.kind}
        | ({"words": list(column.words)} if column.words else {})
        | units.get(column.kind, {})
        for column in columns
    ]


def _meanings(fitted: Fitted) -> dict[str, str]:
    """What each input and output is, by name; all others are rows."""
    return {
        "code": "the code of each row",
        "label": _CLASSES if fitted.conditions is None else _CONDITIONS,
        "present": _PRESENT,
        "probabilities": "how likely each of the `classes` of the metadata is",
        **({"x": _CELLS} if isinstance(fitted.preprocessing, TablePreprocessing) else {}),
    }


def _file(function: Function, meanings: Mapping[str, str], metadata: Mapping[str, Any]) -> bytes:
    """A function as ONNX, its inputs and outputs in the types of the data."""
    import onnx

    def value(port: Port, name: str, dtype: np.dtype[Any]) -> Any:
        kind, about = onnx.helper.np_dtype_to_tensor_dtype(dtype), meanings.get(port.name, "rows as they are stored")
        return onnx.helper.make_tensor_value_info(name, kind, [_ROWS, *port.shape], about)

    model = _converted(function)
    graph, inputs, outputs = model.graph, [], []
    for port, inner in zip(function.inputs, graph.input, strict=True):
        inputs.append(value(port, port.name, np.dtype(port.dtype)))
        graph.node.insert(0, onnx.helper.make_node("Cast", [port.name], [inner.name], to=onnx.TensorProto.FLOAT))
    for port, inner in zip(function.outputs, graph.output, strict=True):
        name = f"reconstructed_{port.name}" if port in function.inputs else port.name
        stored = np.dtype(port.dtype) if np.dtype(port.dtype).kind != "f" else np.dtype(np.float32)
        outputs.append(value(port, name, stored))
        graph.node.extend(_as_type(inner.name, name, stored))
    if len({each.name for each in (*inputs, *outputs)}) < len(inputs) + len(outputs):
        raise ValueError("a file of ONNX cannot tell a view called code, label or present from those; rename the view.")
    for values, new in ((graph.input, inputs), (graph.output, outputs)):
        del values[:]
        values.extend(new)
    _drop_unused(graph)
    model.producer_name, model.producer_version = "latently", metadata["latently"]
    texts = {name: each if isinstance(each, str) else json.dumps(each) for name, each in metadata.items()}
    onnx.helper.set_model_props(model, texts)
    with _in_a_sentence(function):
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())


def _converted(function: Function) -> Any:
    """A function as a model of ONNX from floats to floats.

    JAX traces it before jax2onnx does: that one replaces functions of JAX while it traces, and knows less of them.
    """
    converter = needed("jax2onnx", "onnx", "ONNX")
    (rows,) = jax.export.symbolic_shape(_ROWS)
    shapes = [jax.ShapeDtypeStruct((rows, *port.shape), np.float32) for port in function.inputs]
    with _in_a_sentence(function), _quiet("onnx_ir"):
        with as_convolutions():
            traced = jax.make_jaxpr(function.call)(*shapes)
        return converter.to_onnx(jax.extend.core.jaxpr_as_fun(traced), shapes, model_name=function.name, opset=OPSET)


def _as_type(given: str, name: str, dtype: np.dtype[Any]) -> Iterator[Any]:
    """The operations from floats to numbers of a stored type, as `Preprocessing.inverse` gives them."""
    from onnx import helper, numpy_helper

    def constant(of: str, value: Any) -> Any:
        array = numpy_helper.from_array(np.asarray(value, np.float32))
        return helper.make_node("Constant", [], [f"{name}, {of}"], value=array)

    if dtype.kind == "f":
        yield helper.make_node("Identity", [given], [name])
    elif dtype.kind == "b":
        yield constant("half", 0.5)
        yield helper.make_node("Greater", [given, f"{name}, half"], [name])
    else:
        limits = np.iinfo(dtype)
        high = np.float32(limits.max)
        yield constant("low", limits.min)
        yield constant("high", high if int(high) <= limits.max else np.nextafter(high, np.float32(0)))
        yield helper.make_node("Round", [given], [f"{name}, rounded"])
        yield helper.make_node("Clip", [f"{name}, rounded", f"{name}, low", f"{name}, high"], [f"{name}, clipped"])
        kind = helper.np_dtype_to_tensor_dtype(dtype)
        yield helper.make_node("Cast", [f"{name}, clipped"], [name], to=kind)


def _drop_unused(graph: Any) -> set[str]:
    """Drop the operations and the constants that no output of a graph needs; the names of what they need."""
    needs, kept = {output.name for output in graph.output}, []
    for node in reversed(graph.node):
        if needs.isdisjoint(node.output):
            continue
        kept.append(node)
        needs |= set(node.input).union(*(_drop_unused(part.g) for part in node.attribute if part.HasField("g")))
    constants = [each for each in graph.initializer if each.name in needs]
    for held, left in ((graph.node, kept[::-1]), (graph.initializer, constants)):
        copies = [type(each).FromString(each.SerializeToString()) for each in left]
        del held[:]
        held.extend(copies)
    return needs


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """A package that says more than a user needs to know."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _in_a_sentence(function: Function) -> Iterator[None]:
    """What a network of a user's own does that no file can hold, as one sentence."""
    try:
        yield
    except Exception as error:
        text = f"{type(error).__name__}: {error}"
        operation = re.search(r"(?:primitive '|No Op registered for )(\w+)", text)
        if operation:
            why = f"jax2onnx knows no operation of ONNX for the {operation[1]} in its network"
        elif "_DimExpr" in text or "Symbolic dimension" in text:
            why = "its network needs to know the number of rows; write x.shape[0] for len(x), and decide nothing by it"
        else:
            why = text.splitlines()[0].rstrip(".")
        raise ValueError(f"the function {function.name} of this model cannot be written as ONNX: {why}.") from error
