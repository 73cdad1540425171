"""How likely the data is under the model: lower bounds on log p(x) and log p(x|y)."""

from typing import Any, Literal

import numpy as np
from jaxtyping import Float

from latently.evaluation.model import BoundsLabelLikelihood, BoundsLikelihood
from latently.evaluation.rows import Rows, known_labels, unlabelled


def bits_per_dimension(nats: float, event_size: int) -> float:
    r"""Nats of a whole row in bits per dimension: \(\text{nats} / (D \ln 2)\).

    The bits are those of the density or mass that the model defines. For a density over 8-bit pixels scaled to
    [0, 1], add 8 to compare with codes for the bytes themselves.

    Args:
        nats: a negative log-likelihood of one row.
        event_size: D, the number of dimensions of a row.

    Raises:
        ValueError: `event_size` is not positive.

    Example:
        >>> import math
        >>> bits_per_dimension(784 * math.log(2), 784)
        1.0
    """
    if event_size < 1:
        raise ValueError(f"event_size must be at least 1; got {event_size}. It is the number of values in one row.")
    return float(nats / (event_size * np.log(2)))


def summarize_bounds(bounds: Float[np.ndarray, "rows"], event_size: int, samples: int) -> dict[str, Any]:
    """The mean of lower bounds on log p(x), with its standard error over rows.

    Args:
        bounds: a bound of every row, in nats.
        event_size: the number of dimensions of a row.
        samples: the number of posterior samples behind each bound.

    Returns:
        `negative_log_likelihood_nats` and `bits_per_dimension` (upper bounds both, lower is better), the standard error
        of each (`None` for one row), and the counts `rows` and `samples`; or `skipped` when a bound is not finite.
    """
    bounds = np.asarray(bounds, dtype=np.float64)
    broken = np.count_nonzero(~np.isfinite(bounds))
    if broken:
        return {"skipped": f"the bound of {broken} of {len(bounds)} rows is not finite"}
    nats = float(-bounds.mean())
    error = float(bounds.std(ddof=1) / np.sqrt(len(bounds))) if len(bounds) > 1 else None
    return {
        "negative_log_likelihood_nats": nats,
        "standard_error_nats": error,
        "bits_per_dimension": bits_per_dimension(nats, event_size),
        "standard_error_bits_per_dimension": None if error is None else bits_per_dimension(error, event_size),
        "rows": len(bounds),
        "samples": samples,
    }


def likelihood(
    model: BoundsLikelihood, rows: Rows, *, importance_samples: int, random_state: int = 0
) -> dict[str, Any]:
    r"""The evidence lower bound and the importance-weighted bound of the rows.

    The first is \(E_q[\log p(x, z) - \log q(z|x)]\) from one sample of the posterior, the second
    \(E[\log \frac1k \sum_i p(x, z_i) / q(z_i|x)]\), which is tighter and nears log p(x) as k grows.

    References:
        Burda, Grosse, Salakhutdinov: Importance Weighted Autoencoders, 2015. https://arxiv.org/abs/1509.00519

    Args:
        model: a model that bounds its log-likelihood.
        rows: the rows to score.
        importance_samples: k, at least 1.
        random_state: seed of the samples.

    Returns:
        `evidence_lower_bound` and `importance_weighted`, each as `summarize_bounds` gives it.
    """

    def bounds(samples: int, kind: Literal["elbo", "importance"]) -> dict[str, Any]:
        of_rows = rows.apply(lambda X: model.score_samples(X, n_samples=samples, kind=kind, random_state=random_state))
        return summarize_bounds(of_rows, model.event_size_, samples)

    return {
        "evidence_lower_bound": bounds(1, "elbo"),
        "importance_weighted": bounds(importance_samples, "importance"),
    }


def label_likelihood(
    model: BoundsLabelLikelihood, rows: Rows, *, importance_samples: int, random_state: int = 0
) -> dict[str, Any]:
    r"""Bounds on log p(x|y), with the labels of the data: those of `likelihood`, every density given y.

    Rows without a label, or with one that the model never saw, are left out.

    Args:
        model: a model that bounds its log-likelihood given labels.
        rows: the rows to score, with their labels.
        importance_samples: k, at least 1.
        random_state: seed of the samples.

    Returns:
        `evidence_lower_bound` and `importance_weighted`, each as `summarize_bounds` gives it. Or `skipped`.
    """
    if reason := unlabelled(rows.labels):
        return {"skipped": reason}
    if model.classes_ is None:
        return {"skipped": "the model was fitted without labels"}
    labels, classes = np.asarray(rows.labels), set(model.classes_.tolist())
    rows = rows.where(np.array([label in classes for label in labels.tolist()]) & known_labels(labels))
    if not len(rows):
        return {"skipped": "no label of the data is among the classes that the model was fitted on"}

    def bounds(samples: int, kind: Literal["elbo", "importance"]) -> dict[str, Any]:
        of_rows = rows.apply_with_labels(
            lambda X, y: model.score_samples(X, n_samples=samples, kind=kind, random_state=random_state, labels=y)
        )
        return summarize_bounds(of_rows, model.event_size_, samples)

    return {
        "evidence_lower_bound": bounds(1, "elbo"),
        "importance_weighted": bounds(importance_samples, "importance"),
    }
