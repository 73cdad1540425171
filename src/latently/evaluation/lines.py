"""A line of an evaluation's table, and how numbers and what stands behind them are worded."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

Block = dict[str, Any]
SKIPPED = "skipped: "
BASELINES = {
    "pca": "PCA",
    "k_means": "KMeans",
    "gaussian_mixture": "a Gaussian mixture",
    "label_spreading": "LabelSpreading",
}


class Line(NamedTuple):
    """One line of the table: a value of `None` was skipped, for the reason in `note`."""

    name: str
    value: float | None
    unit: str
    note: str


def left_out(name: str, block: Block) -> Line | None:
    """The line of what was skipped, if it was."""
    return Line(name, None, "", f"{SKIPPED}{block['skipped']}") if "skipped" in block else None


def baselines_of(block: Block, name: str) -> Iterator[tuple[str, Block]]:
    """What people would do anyway, beside a number of that name: how its line is called, and its own block."""
    for baseline, other in block.get("baselines", {}).items():
        filled = f", gaps {other['gaps']}" if "gaps" in other else ""
        yield f"{name}, by {BASELINES[baseline]}{filled}", other


def of_share(name: str, share: float, error: float, note: str) -> Line:
    """The line of a share, in per cent, and its standard error."""
    return Line(name, 100 * share, "%", f"{plus_minus(100 * error)}{note}")


def least(shares: Mapping[str, float | None]) -> str:
    """The label with the least of the known shares, and that share."""
    known = {label: share for label, share in shares.items() if share is not None}
    label = min(known, key=lambda label: known[label])
    return f"{label}: {100 * known[label]:.1f} %"


def plus_minus(error: float | None) -> str:
    """A standard error, where there is one, before what else is noted."""
    return "" if error is None else f"± {error:.2g}, "


def counted(n: float, thing: str, things: str | None = None) -> str:
    """A number of things, in words that agree with it; `things` are several, where it is not the same with an s.

    Example:
        >>> counted(1, "epoch"), counted(2.5, "epoch"), counted(10_000, "class", "classes")
        ('1 epoch', '2.5 epochs', '10,000 classes')
    """
    number = f"{int(n):,}" if n == int(n) else f"{n:g}"
    return f"{number} {thing if n == 1 else things or thing + 's'}"
