"""How likely the data is under the model: lower bounds on log p(x) and log p(x|y), or a kernel density estimate."""

from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from latently.data import Table
from latently.evaluation.model import FittedModel
from latently.evaluation.rows import Selection, known_labels, not_finite, squared_distances, standard_error, unlabelled

COARSE = np.geomspace(0.01, 10, 31)
FINE = 21
BLOCK = 512, 2048
"""Rows and samples whose distances are held at a time for the Parzen window: 8 MB of them."""

_Rows = Shaped[np.ndarray, "_ ..."]


def bits_per_dimension(nats: float, event_size: int) -> float:
    r"""Nats of a whole row in bits per dimension: \(\text{nats} / (D \ln 2)\).

    The bits are those of the density or mass that the model defines. For a density over 8-bit pixels scaled to
    [0, 1], add 8 to compare with codes for the bytes themselves.
    """
    return float(nats / (event_size * np.log(2)))


def summarize_bounds(bounds: Float[np.ndarray, "rows"], event_size: int, samples: int) -> dict[str, Any]:
    """The mean of lower bounds on log p(x) in nats, from so many posterior samples each, with its error over rows.

    Returns:
        `negative_log_likelihood_nats` and `bits_per_dimension` (upper bounds both, lower is better), the standard error
        of each (`None` for one row), and the counts `rows` and `samples`; or `skipped` when a bound is not finite.
    """
    bounds = np.asarray(bounds, dtype=np.float64)
    if reason := not_finite(bounds, "the bound of {} rows is not finite"):
        return {"skipped": reason}
    nats = float(-bounds.mean())
    error = standard_error(bounds)
    return {
        "negative_log_likelihood_nats": nats,
        "standard_error_nats": error,
        "bits_per_dimension": bits_per_dimension(nats, event_size),
        "standard_error_bits_per_dimension": None if error is None else bits_per_dimension(error, event_size),
        "rows": len(bounds),
        "samples": samples,
    }


def likelihood(
    model: FittedModel, rows: Selection, importance_samples: int, random_state: int = 0, *, given_labels: bool = False
) -> dict[str, Any]:
    r"""The evidence lower bound and the importance-weighted bound of the rows.

    The first is \(E_q[\log p(x, z) - \log q(z|x)]\) from one sample of the posterior, the second
    \(E[\log \frac1k \sum_i p(x, z_i) / q(z_i|x)]\), which is tighter and nears log p(x) as k, `importance_samples`,
    grows. With `given_labels` they bound log p(x|y), y the label of each row.

    References:
        Burda, Grosse, Salakhutdinov: Importance Weighted Autoencoders, 2015. https://arxiv.org/abs/1509.00519

    Returns:
        `evidence_lower_bound` and `importance_weighted`, each as `summarize_bounds` gives it.
    """

    def bounds(samples: int, kind: str) -> dict[str, Any]:
        def score(X: Any, labels: Any) -> np.ndarray:
            y = {"labels": labels} if given_labels else {}
            return model.score_samples(X, n_samples=samples, kind=kind, random_state=random_state, **y)

        of_all = np.concatenate([score(X, labels) for X, labels in rows.blocks()])
        return summarize_bounds(of_all, model.event_size_, samples)

    return {"evidence_lower_bound": bounds(1, "elbo"), "importance_weighted": bounds(importance_samples, "importance")}


def label_likelihood(
    model: FittedModel, rows: Selection, importance_samples: int, random_state: int = 0
) -> dict[str, Any]:
    """Bounds on log p(x|y) as `likelihood` gives them, of rows with a label that the model has seen; or `skipped`.

    Of rows that come under conditions, y is what is known of them.
    """
    if isinstance(rows.labels, Table):
        return likelihood(model, rows, importance_samples, random_state, given_labels=True)
    if reason := unlabelled(rows.labels):
        return {"skipped": reason}
    if model.classes_ is None:
        return {"skipped": "the model was fitted without labels"}
    labels, classes = np.asanyarray(rows.labels), set(model.classes_.tolist())
    rows = rows.where(np.array([label in classes for label in labels.tolist()]) & known_labels(labels))
    if not len(rows):
        return {"skipped": "no label of the data is among the classes that the model was fitted on"}
    return likelihood(model, rows, importance_samples=importance_samples, random_state=random_state, given_labels=True)


def parzen(test: _Rows, validation: _Rows, samples: _Rows) -> dict[str, Any]:
    r"""The mean log-likelihood of test rows under a Gaussian Parzen window on samples: for models without a density.

    \(\log p(x) = \log \frac1n \sum_i N(x; s_i, \sigma^2 I)\). It says little that samples do not show, and in many
    dimensions it is a poor estimate of the likelihood (Theis et al.); it is here because results on generative
    adversarial models were published in it (Goodfellow et al.).

    The bandwidth σ is the one that makes validation rows likeliest: first of 31 values from 0.01 to 10, evenly in the
    logarithm, then of 21 between the best one's neighbours. Pixels stored as bytes are divided by 255, as the published
    numbers have it; all other numbers are taken as they are.

    References:
        Breuleux, Bengio, Vincent: Unlearning for Better Mixing, 2010.
        Goodfellow et al.: Generative Adversarial Networks, 2014. https://arxiv.org/abs/1406.2661
        Theis, van den Oord, Bethge: A Note on the Evaluation of Generative Models, 2015.
        https://arxiv.org/abs/1511.01844

    Returns:
        `log_likelihood_nats` (higher is better), its `standard_error_nats` over rows (`None` for one row), `bandwidth`,
        `bandwidth_rows`, `bandwidth_at_edge` (whether it is the end of the grid), `bandwidth_grid` in words, `rows`,
        `samples`, `dimensions`, `divided_by` (255 or 1). Or `skipped`.
    """
    for name, rows in (("test rows", test), ("validation rows", validation), ("samples", samples)):
        if reason := not_finite(rows, f"{{}} {name} are not finite"):
            return {"skipped": reason}
    bandwidth, at_edge = choose_bandwidth(validation, samples)
    nats = log_density(test, samples, np.array([bandwidth]))[0]
    return {
        "log_likelihood_nats": float(nats.mean()),
        "standard_error_nats": standard_error(nats),
        "bandwidth": bandwidth,
        "bandwidth_rows": len(validation),
        "bandwidth_at_edge": at_edge,
        "bandwidth_grid": f"{len(COARSE)} from {COARSE[0]:g} to {COARSE[-1]:g} in equal ratios, then {FINE} between",
        "rows": len(test),
        "samples": len(samples),
        "dimensions": int(np.prod(test.shape[1:])),
        "divided_by": _divisor(samples),
    }


def choose_bandwidth(validation: _Rows, samples: _Rows) -> tuple[float, bool]:
    """The bandwidth that makes validation rows likeliest, and whether it is at the end of the grid."""
    best = int(log_density(validation, samples, COARSE).mean(axis=1).argmax())
    fine = np.geomspace(COARSE[max(best - 1, 0)], COARSE[min(best + 1, len(COARSE) - 1)], FINE)
    bandwidth = float(fine[log_density(validation, samples, fine).mean(axis=1).argmax()])
    return bandwidth, bool(np.isclose(bandwidth, COARSE[[0, -1]]).any())


def log_density(
    rows: _Rows, samples: _Rows, bandwidths: Float[np.ndarray, "bandwidths"]
) -> Float[np.ndarray, "bandwidths _"]:
    """The log-density of every row in nats, under the window of every bandwidth, in float64 and block by block."""
    dimensions = int(np.prod(rows.shape[1:]))
    constant = np.log(len(samples)) + dimensions * (np.log(bandwidths) + 0.5 * np.log(2 * np.pi))
    result = np.full((len(bandwidths), len(rows)), -np.inf)
    divisor, (row_block, sample_block) = _divisor(samples), BLOCK
    for first in range(0, len(rows), row_block):
        x = _flat(rows[first : first + row_block], divisor)
        part = result[:, first : first + row_block]
        for start in range(0, len(samples), sample_block):
            y = _flat(samples[start : start + sample_block], divisor)
            farther = squared_distances(x, y)
            nearest = farther.min(axis=1)
            farther -= nearest[:, None]  # so that the nearest kernel is exp(0), whatever the bandwidth
            for total, precision in zip(part, 1 / bandwidths**2, strict=True):
                kernels = np.exp(-0.5 * precision * farther).sum(axis=1)
                np.logaddexp(total, np.log(kernels) - 0.5 * precision * nearest, out=total)
    return np.asarray(result - constant[:, None])


def _divisor(samples: _Rows) -> int:
    """What brings rows to [0, 1]; the model's own tell, since data may hold the same bytes in a wider type."""
    return 255 if samples.dtype == np.uint8 else 1


def _flat(rows: _Rows, divisor: int) -> Float[np.ndarray, "_ dimensions"]:
    return np.asarray(rows.reshape(len(rows), -1).astype(np.float64) / divisor)
