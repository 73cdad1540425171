"""How likely the data is under the model: lower bounds on log p(x)."""

from typing import Any

import numpy as np
from jaxtyping import Float

from latently.evaluation.model import BoundsLikelihood
from latently.evaluation.rows import Rows


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


def likelihood(model: BoundsLikelihood, rows: Rows, *, importance_samples: int) -> dict[str, Any]:
    r"""The evidence lower bound and the importance-weighted bound of the rows.

    The first is \(E_q[\log p(x, z) - \log q(z|x)]\) from one sample of the posterior, the second
    \(E[\log \frac1k \sum_i p(x, z_i) / q(z_i|x)]\), which is tighter and nears log p(x) as k grows.

    References:
        Burda, Grosse, Salakhutdinov: Importance Weighted Autoencoders, 2015. https://arxiv.org/abs/1509.00519

    Args:
        model: a model that bounds its log-likelihood.
        rows: the rows to score.
        importance_samples: k, at least 1.

    Returns:
        `evidence_lower_bound` and `importance_weighted`, each as `summarize_bounds` gives it.
    """
    elbo = rows.apply(lambda X: model.score_samples(X, n_samples=1, kind="elbo"))
    weighted = rows.apply(lambda X: model.score_samples(X, n_samples=importance_samples, kind="importance"))
    return {
        "evidence_lower_bound": summarize_bounds(elbo, model.event_size_, 1),
        "importance_weighted": summarize_bounds(weighted, model.event_size_, importance_samples),
    }
