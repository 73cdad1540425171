"""The forms of a convolution, measured: XLA's own, the known rewritings, and the one that Latently uses on a CPU.

Run as `python -m benchmarks.convolutions`; it takes under a minute. The layers are those of the convolutional VAE of
`make bench`. The forms of a layer run in turns, and the shortest time of each counts: other work on the machine only
adds to it.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
from jax import Array, lax
from rich.console import Console
from rich.table import Table

from latently.networks.convolution import convolve, upsample_convolve

Form: TypeAlias = Callable[[Array, Array], Array]

BATCH, TURNS, SECONDS = 128, 2, 0.2


def plain(x: Array, kernel: Array, stride: int = 1) -> Array:
    """XLA's convolution."""
    return lax.conv_general_dilated(x, kernel, (stride, stride), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))


def plain_upsampled(x: Array, kernel: Array) -> Array:
    """Upsampling as it is said: every pixel repeated, then XLA's convolution."""
    return plain(x.repeat(2, axis=1).repeat(2, axis=2), kernel)


def merged_kernels(kernel: Array) -> Array:
    """What the 3×3 kernel is at the low resolution, for each of the four output phases.

    Returns:
        An array of shape `[2, 2, 2, 2, inputs, outputs]`: row phase, column phase, row tap, column tap.
    """

    def along_first(kernel: Array) -> Array:
        before, center, after = kernel
        return jnp.stack([jnp.stack([before, center + after]), jnp.stack([before + center, after])])

    rows = along_first(kernel)  # [phase, tap, columns, inputs, outputs]
    both = along_first(jnp.moveaxis(rows, 2, 0))  # [column phase, column tap, phase, tap, inputs, outputs]
    return both.transpose(2, 0, 3, 1, 4, 5)


def four_convolutions(x: Array, kernel: Array) -> Array:
    """A 2×2 convolution at the low resolution for each of the four output phases: 4/9 of the arithmetic."""
    merged = merged_kernels(kernel)

    def phase(row: int, column: int) -> Array:
        padding = ((1 - row, row), (1 - column, column))
        return lax.conv_general_dilated(
            x, merged[row, column], (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )

    rows = [jnp.stack([phase(row, 0), phase(row, 1)], axis=3) for row in (0, 1)]
    return lax.collapse(lax.collapse(jnp.stack(rows, axis=2), 3, 5), 1, 3)


def sixteen_taps(x: Array, kernel: Array) -> Array:
    """One matrix product to the 2×2 taps of all four phases, then shifted sums: 4/9 of the arithmetic."""
    batch, height, width, inputs = x.shape
    matrix = merged_kernels(kernel)[::-1, ::-1].transpose(4, 2, 3, 0, 1, 5).reshape(inputs, -1)
    taps = (x.reshape(-1, inputs) @ matrix).reshape(
        batch, height, width, 2, 2, 2, 2, -1
    )  # [..., row tap, column tap, phases, outputs]
    taps = jnp.pad(taps, ((0, 0), (1, 1), (1, 1), *((0, 0),) * 5))
    shifted = [taps[:, i : i + height + 1, j : j + width + 1, i, j] for i in (0, 1) for j in (0, 1)]
    corners = shifted[0] + shifted[1] + shifted[2] + shifted[3]
    images = corners.transpose(0, 1, 3, 2, 4, 5).reshape(batch, 2 * height + 2, 2 * width + 2, -1)
    return images[:, 1:-1, 1:-1]


STRIDED: dict[str, Form] = {
    "XLA": lambda x, kernel: plain(x, kernel, 2),
    "Latently": lambda x, kernel: convolve(x, kernel, 2),
}
UPSAMPLED: dict[str, Form] = {
    "XLA": plain_upsampled,
    "four 2×2": four_convolutions,
    "16 taps": sixteen_taps,
    "Latently": upsample_convolve,
}
# The layer, its input, its output channels, its forms, and whether its input needs a gradient.
LAYERS: tuple[tuple[str, tuple[int, int, int], int, dict[str, Form], bool], ...] = (
    ("28×28×1 → 14×14×32", (28, 28, 1), 32, STRIDED, False),
    ("14×14×32 → 7×7×64", (14, 14, 32), 64, STRIDED, True),
    ("7×7×64 → 14×14×32", (7, 7, 64), 32, UPSAMPLED, True),
    ("14×14×32 → 28×28×1", (14, 14, 32), 1, UPSAMPLED, True),
)


def forward(form: Form) -> Callable[..., Any]:
    """The form's output; what a backward pass would start from is taken and left."""
    return lambda x, kernel, cotangent: form(x, kernel)  # noqa: ARG005


def gradients(form: Form, of_input: bool) -> Callable[..., Any]:
    """The form's gradient for the kernel, and for the input if asked."""

    def both(x: Array, kernel: Array, cotangent: Array) -> Any:
        if of_input:
            return jax.vjp(form, x, kernel)[1](cotangent)
        return jax.vjp(lambda kernel: form(x, kernel), kernel)[1](cotangent)

    return both


def looped(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function `TURNS` times in a compiled loop, each turn fed by the last, so that nothing can be left out."""

    def turn(_: int, carry: tuple[Any, Any]) -> tuple[Any, Any]:
        operands, _ = carry
        result = function(*operands)
        trace = 1e-30 * sum(leaf.reshape(-1)[0] for leaf in jax.tree.leaves(result))
        return tuple(operand.at[(0,) * operand.ndim].add(trace) for operand in operands), result

    def loop(*operands: Array) -> Any:
        empty = jax.tree.map(jnp.zeros_like, jax.eval_shape(function, *operands))
        return lax.fori_loop(0, TURNS, turn, (operands, empty))[1]

    return loop


def shortest_seconds(
    programs: Mapping[str, tuple[Callable[..., Any], int]], operands: tuple[Array, ...]
) -> dict[str, float]:
    """The shortest time of one turn of each program, the programs run in turns."""
    for program, _ in programs.values():
        jax.block_until_ready(program(*operands))
    shortest = dict.fromkeys(programs, float("inf"))
    end = time.perf_counter() + SECONDS * len(programs)
    while True:
        for name, (program, turns) in programs.items():
            start = time.perf_counter()
            jax.block_until_ready(program(*operands))
            shortest[name] = min(shortest[name], (time.perf_counter() - start) / turns)
        if time.perf_counter() > end:
            return shortest


def measure(
    shape: tuple[int, int, int], outputs: int, forms: dict[str, Form], of_input: bool
) -> dict[str, dict[str, float]]:
    """Seconds of every form's forward pass and gradients: called from Python, and in a compiled loop."""
    keys = jax.random.split(jax.random.key(0), 3)
    x, kernel = jax.random.normal(keys[0], (BATCH, *shape)), jax.random.normal(keys[1], (3, 3, shape[2], outputs))
    cotangent = jax.random.normal(keys[2], jax.eval_shape(forms["XLA"], x, kernel).shape)
    seconds = {}
    for title, wrap in (("forward", forward), ("gradients", lambda form: gradients(form, of_input))):
        programs = {}
        for name, form in forms.items():
            programs[name] = jax.jit(wrap(form)), 1
            programs[f"{name}, looped"] = jax.jit(looped(wrap(form))), TURNS
        seconds[title] = shortest_seconds(programs, (x, kernel, cotangent))
    return seconds


def main() -> None:
    """Measure every layer, and print the table."""
    table = Table(title=f"milliseconds for a batch of {BATCH}: one call / in a compiled loop", title_justify="left")
    for column in ("layer", "pass", *UPSAMPLED, "XLA / Latently"):
        table.add_column(column, justify="left" if column in ("layer", "pass") else "right")
    console = Console()
    with console.status("") as status:
        for layer, shape, outputs, forms, of_input in LAYERS:
            status.update(layer)
            for title, seconds in measure(shape, outputs, forms, of_input).items():
                times = [
                    f"{1e3 * seconds[name]:.2f} / {1e3 * seconds[f'{name}, looped']:.2f}" if name in forms else ""
                    for name in UPSAMPLED
                ]
                ratios = [seconds[f"XLA{suffix}"] / seconds[f"Latently{suffix}"] for suffix in ("", ", looped")]
                table.add_row(layer, title, *times, " / ".join(f"{ratio:.1f}" for ratio in ratios))
    console.print(table)


if __name__ == "__main__":
    main()
