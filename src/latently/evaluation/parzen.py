"""The likelihood of data under a kernel density estimate of what the model draws: for models without a density.

It says little that samples do not show, and in many dimensions it is a poor estimate of the likelihood (Theis et al.);
it is here because results on generative adversarial models were published in it.

References:
    Breuleux, Bengio, Vincent: Unlearning for Better Mixing, 2010.
    Goodfellow et al.: Generative Adversarial Networks, 2014. https://arxiv.org/abs/1406.2661
    Theis, van den Oord, Bethge: A Note on the Evaluation of Generative Models, 2015. https://arxiv.org/abs/1511.01844
"""

from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

COARSE = np.geomspace(0.01, 10, 31)
FINE = 21
BLOCK = 512, 2048
"""Rows and samples whose distances are held at a time: 8 MB of them."""


def parzen(
    test: Shaped[np.ndarray, "test ..."],
    validation: Shaped[np.ndarray, "validation ..."],
    samples: Shaped[np.ndarray, "samples ..."],
) -> dict[str, Any]:
    r"""The mean log-likelihood of test rows under a Gaussian Parzen window on samples of a model.

    \(\log p(x) = \log \frac1n \sum_i N(x; s_i, \sigma^2 I)\). The bandwidth σ is the one that makes validation rows
    likeliest: first of 31 values from 0.01 to 10, evenly in the logarithm, then of 21 between the best one's
    neighbours. Pixels stored as bytes are divided by 255, as the published numbers have it; all other numbers are taken
    as they are.

    Args:
        test: rows to score.
        validation: rows to choose the bandwidth by.
        samples: rows that the model drew.

    Returns:
        `log_likelihood_nats` (higher is better), its `standard_error_nats` over rows (`None` for one row), `bandwidth`,
        `bandwidth_rows`, `bandwidth_at_edge` (whether it is the end of the grid), `bandwidth_grid` in words, `rows`,
        `samples`, `dimensions`, `divided_by` (255 or 1). Or `skipped`.

    Example:
        >>> import numpy as np
        >>> draw = np.random.default_rng(0).normal
        >>> result = parzen(draw(size=(200, 1)), draw(size=(200, 1)), draw(size=(2000, 1)))
        >>> round(result["log_likelihood_nats"], 1)  # minus the entropy of a normal, which is 1.42 nats
        -1.4
    """
    divisor = _divisor(samples)
    for name, rows in (("test rows", test), ("validation rows", validation), ("samples", samples)):
        broken = np.count_nonzero(~np.isfinite(rows).reshape(len(rows), -1).all(axis=1))
        if broken:
            return {"skipped": f"{broken} of {len(rows)} {name} are not finite"}
    bandwidth, at_edge = choose_bandwidth(validation, samples)
    nats = log_density(test, samples, np.array([bandwidth]))[0]
    return {
        "log_likelihood_nats": float(nats.mean()),
        "standard_error_nats": float(nats.std(ddof=1) / np.sqrt(len(nats))) if len(nats) > 1 else None,
        "bandwidth": bandwidth,
        "bandwidth_rows": len(validation),
        "bandwidth_at_edge": at_edge,
        "bandwidth_grid": f"{len(COARSE)} from {COARSE[0]:g} to {COARSE[-1]:g} in equal ratios, then {FINE} between",
        "rows": len(test),
        "samples": len(samples),
        "dimensions": int(np.prod(test.shape[1:])),
        "divided_by": divisor,
    }


def choose_bandwidth(
    validation: Shaped[np.ndarray, "validation ..."], samples: Shaped[np.ndarray, "samples ..."]
) -> tuple[float, bool]:
    """The bandwidth that makes validation rows likeliest, and whether it is at the end of the grid."""
    best = int(log_density(validation, samples, COARSE).mean(axis=1).argmax())
    fine = np.geomspace(COARSE[max(best - 1, 0)], COARSE[min(best + 1, len(COARSE) - 1)], FINE)
    bandwidth = float(fine[log_density(validation, samples, fine).mean(axis=1).argmax()])
    return bandwidth, bool(np.isclose(bandwidth, COARSE[[0, -1]]).any())


def log_density(
    rows: Shaped[np.ndarray, "rows ..."],
    samples: Shaped[np.ndarray, "samples ..."],
    bandwidths: Float[np.ndarray, "bandwidths"],
) -> Float[np.ndarray, "bandwidths rows"]:
    """log p of every row under the Parzen window of every bandwidth, in float64, block by block.

    Args:
        rows: the rows to score.
        samples: the middles of the kernels; where they are bytes, all rows are divided by 255.
        bandwidths: their standard deviations.

    Returns:
        Nats.
    """
    dimensions = int(np.prod(rows.shape[1:]))
    constant = np.log(len(samples)) + dimensions * (np.log(bandwidths) + 0.5 * np.log(2 * np.pi))
    result = np.full((len(bandwidths), len(rows)), -np.inf)
    divisor, (row_block, sample_block) = _divisor(samples), BLOCK
    for first in range(0, len(rows), row_block):
        x = _flat(rows[first : first + row_block], divisor)
        part = result[:, first : first + row_block]
        for start in range(0, len(samples), sample_block):
            farther = _squared_distances(x, _flat(samples[start : start + sample_block], divisor))
            nearest = farther.min(axis=1)
            farther -= nearest[:, None]  # so that the nearest kernel is exp(0), whatever the bandwidth
            for total, precision in zip(part, 1 / bandwidths**2, strict=True):
                kernels = np.exp(-0.5 * precision * farther).sum(axis=1)
                np.logaddexp(total, np.log(kernels) - 0.5 * precision * nearest, out=total)
    return np.asarray(result - constant[:, None])


def _divisor(samples: Shaped[np.ndarray, "samples ..."]) -> int:
    """What brings rows to [0, 1]; the model's own tell, since data may hold the same bytes in a wider type."""
    return 255 if samples.dtype == np.uint8 else 1


def _flat(rows: Shaped[np.ndarray, "rows ..."], divisor: int) -> Float[np.ndarray, "rows dimensions"]:
    return np.asarray(rows.reshape(len(rows), -1).astype(np.float64) / divisor)


def _squared_distances(
    x: Float[np.ndarray, "rows dimensions"], y: Float[np.ndarray, "samples dimensions"]
) -> Float[np.ndarray, "rows samples"]:
    squares = np.sum(x**2, axis=1)[:, None] + np.sum(y**2, axis=1)
    return np.asarray(np.maximum(squares - 2 * x @ y.T, 0))
