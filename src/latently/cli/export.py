"""`latently export RUN`: a model for programs that know neither Latently nor JAX."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from latently.cli.options import RUN_OR_MODEL
from latently.cli.parsing import Option, Parser

_EXAMPLES = (
    "latently export runs/vae-digits-1",
    "latently export runs/vae-digits-1 --format onnx --out digits",
)


def export(words: Sequence[str]) -> int:
    """Run the command."""
    given = Parser(
        "export",
        "Write a model for programs that know neither Latently nor JAX: one ONNX file for each thing that it can do "
        "(encoder.onnx, decoder.onnx, classifier.onnx ...), which ONNX Runtime reads from Python, JavaScript, C++, C#, "
        "Java, and on phones. Rows go in and come out as they are stored, any number at a time: what was done to the "
        "data is inside. docs/export.md shows how such files are used.",
        "RUN [options]",
        _EXAMPLES,
        (
            RUN_OR_MODEL,
            Option("format", Literal["onnx"], "onnx", "what is written"),
            Option("out", Path, Path("onnx"), "the folder that the files go to", "FOLDER"),
            Option("force", None, False, "write over files that are there"),
        ),
    ).parse(words)

    from latently.cli.terminal import Reporter  # slow to load, and not for --help
    from latently.estimators.hub import local
    from latently.export import check_export
    from latently.run import Run, load_model

    check_export(given.out, given.format, given.force)
    folder = local(given.run)
    model, columns = load_model(folder), Run.open(folder).config().get("run", {}).get("columns")
    about = {"columns": columns} if columns else {}
    with Reporter().waiting("writing ONNX …"):
        paths = model.export(given.out, format=given.format, force=given.force, about=about)
    inputs = [_told(path) for path in paths]
    feed = ", ".join(f'"{name}": ...' for name in inputs[0])
    print("\nIn Python, and likewise elsewhere (docs/export.md):")
    print(f'onnxruntime.InferenceSession("{paths[0]}").run(None, {{{feed}}})')
    return 0


def _told(path: Path) -> list[str]:
    """Print what a file reads and gives; the names of its inputs."""
    import onnx

    graph = onnx.load(path).graph
    sides = [", ".join(map(_in_words, values)) for values in (graph.input, graph.output)]
    print(f"{path}: {' -> '.join(sides)}")
    return [value.name for value in graph.input]


def _in_words(value: Any) -> str:
    """An input or output: its name, type and shape, such as `x uint8 [rows, 8, 8]`."""
    from onnx.helper import tensor_dtype_to_np_dtype

    tensor = value.type.tensor_type
    shape = ", ".join(str(each.dim_param or each.dim_value) for each in tensor.shape.dim)
    return f"{value.name} {tensor_dtype_to_np_dtype(tensor.elem_type).name} [{shape}]"
