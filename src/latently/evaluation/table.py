"""The numbers of an evaluation as lines to print."""

from collections.abc import Iterator
from typing import Any, NamedTuple

Block = dict[str, Any]


class Line(NamedTuple):
    """One line of the table: a value of `None` was skipped, for the reason in `note`."""

    name: str
    value: float | None
    unit: str
    note: str


def as_table(result: Block) -> list[Line]:
    """The result of `evaluate` as lines for a terminal or a report.

    Args:
        result: what `evaluate` returned, or the same read back from JSON.

    Returns:
        Lines `(name, value, unit, note)` in reading order. Shares are given in per cent.

    Example:
        >>> as_table({"reconstruction": {"skipped": "the model cannot encode data"}})
        [Line(name='reconstruction', value=None, unit='', note='skipped: the model cannot encode data')]
    """
    lines: list[Line] = []
    for name, of_block in _BLOCKS.items():
        block = result.get(name)
        if block is None:
            continue
        skipped = _skipped(name.replace("_", " "), block)
        lines += [skipped] if skipped else of_block(block)
    return lines


def _skipped(name: str, block: Block) -> Line | None:
    return Line(name, None, "", f"skipped: {block['skipped']}") if "skipped" in block else None


def _likelihood(block: Block) -> Iterator[Line]:
    for key, name in (
        ("evidence_lower_bound", "negative evidence lower bound"),
        ("importance_weighted", "negative importance-weighted bound"),
    ):
        bound = block[key]
        if skipped := _skipped(name, bound):
            yield skipped
            continue
        note = f"{_plus_minus(bound['standard_error_nats'])}{_count(bound['samples'], 'sample')} a row"
        yield Line(name, bound["negative_log_likelihood_nats"], "nats", f"{note}, {_count(bound['rows'], 'row')}")
        error = _plus_minus(bound["standard_error_bits_per_dimension"])
        yield Line(f"{name}, per dimension", bound["bits_per_dimension"], "bits", error.rstrip(", "))


def _reconstruction(block: Block) -> Iterator[Line]:
    rows = _count(block["rows"], "row")
    yield Line("mean squared error", block["mean_squared_error"], "squared data units", f"per element, {rows}")
    yield Line("root mean squared error", block["root_mean_squared_error"], "data units", f"per element, {rows}")
    if block["variance_explained"] is not None:
        note = "100 % is a perfect reconstruction, 0 % the mean row"
        yield Line("variance explained", 100 * block["variance_explained"], "%", note)
    if "peak" in block:
        note = f"of the mean error, peak {block['peak']:g}"
        yield Line("peak signal-to-noise ratio", block["peak_signal_to_noise_decibel"], "dB", note)


def _prior_match(block: Block) -> Iterator[Line]:
    for key, name, unit in (
        ("mmd", "MMD to the prior", ""),
        ("sliced_wasserstein", "sliced Wasserstein-2 to the prior", "code units"),
    ):
        match = block[key]
        pairs = _count(block["prior_pairs"], "pair")
        prior = f"{match['prior_to_prior_mean']:.4g}, at most {match['prior_to_prior_max']:.4g} in {pairs}"
        note = f"prior to prior {prior}; {_count(block['rows'], 'row')}"
        yield Line(name, match["codes_to_prior"], unit, note)
        if match["ratio"] is not None:
            yield Line(f"{name}, relative", match["ratio"], "×", "in prior-to-prior distances: 1 is a perfect match")


def _probe(block: Block) -> Iterator[Line]:
    for key, name in (("linear", "linear probe"), ("neighbours", "5 nearest neighbours")):
        reader = block[key]
        if skipped := _skipped(name, reader):
            yield skipped
            continue
        note = f"{_plus_minus(100 * reader['standard_error'])}fitted on {_count(reader['train_rows'], 'code')}"
        note += f", tested on {reader['test_rows']}; the most frequent class has {100 * block['majority']:.1f} %"
        yield Line(f"accuracy of the {name}", 100 * reader["accuracy"], "%", note)


def _dimensions(block: Block) -> Iterator[Line]:
    yield Line("active dimensions", block["active"], f"of {block['latent_dim']}", block["in_words"])
    kl = block["kl"]
    if skipped := _skipped("KL to the prior", kl):
        yield skipped
        return
    note = f"mean of {_count(kl['rows'], 'row')}, {min(kl['nats']):.3g} to {max(kl['nats']):.3g} a dimension"
    yield Line("KL to the prior", kl["total_nats"], "nats", note)


def _regions(block: Block) -> Iterator[Line]:
    shares = block["share_by_label"]
    worst = min(shares, key=lambda label: shares[label])
    note = f"{_plus_minus(100 * block['standard_error'])}{_count(block['rows'], 'row')}; "
    note += f"least for {worst}: {100 * shares[worst]:.1f} %"
    yield Line("predicted as their own label", 100 * block["share"], "%", note)


def _plus_minus(error: float | None) -> str:
    return "" if error is None else f"± {error:.2g}, "


def _count(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


_BLOCKS = {
    "likelihood": _likelihood,
    "reconstruction": _reconstruction,
    "prior_match": _prior_match,
    "probe": _probe,
    "dimensions": _dimensions,
    "regions": _regions,
}
