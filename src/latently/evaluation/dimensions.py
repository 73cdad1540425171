"""How many dimensions of a code are in use."""

from typing import Any

import numpy as np
from jaxtyping import Float

THRESHOLD = 0.01


def active_dimensions(means: Float[np.ndarray, "rows latent"], *, threshold: float = THRESHOLD) -> dict[str, Any]:
    r"""The dimensions that change with the data: \(\operatorname{Var}_x(E[z_d | x]) > 0.01\).

    References:
        Burda, Grosse, Salakhutdinov: Importance Weighted Autoencoders, 2015, section 5.2.
        https://arxiv.org/abs/1509.00519

    Args:
        means: the mean of the posterior of every row.
        threshold: the variance above which a dimension counts as active, in squared units of the codes. 0.01 is meant
            for a prior of unit scale.

    Returns:
        `latent_dim`, `active`, `threshold`, `rows`, `variances` (one a dimension) and `in_words`.

    Raises:
        ValueError: fewer than two rows.

    Example:
        >>> import numpy as np
        >>> result = active_dimensions(np.array([[-1.0, 0.0], [1.0, 0.0]]))
        >>> result["active"], result["in_words"]
        (1, '1 of 2 latent dimensions is unused')
    """
    if len(means) < 2:
        raise ValueError(f"means must have at least 2 rows, for a variance; got {len(means)}. Encode more rows.")
    variances = means.astype(np.float64).var(axis=0, ddof=1)
    active = int(np.count_nonzero(variances > threshold))
    return {
        "latent_dim": len(variances),
        "active": active,
        "threshold": threshold,
        "rows": len(means),
        "variances": variances.tolist(),
        "in_words": _in_words(len(variances) - active, len(variances)),
    }


def kl_by_dimension(kl: Float[np.ndarray, "rows latent"]) -> dict[str, Any]:
    """What each dimension of a code tells about its row, on average.

    Args:
        kl: KL(q(z_d|x) ‖ p(z_d)) of every row and dimension, in nats.

    Returns:
        `nats` (one a dimension), their sum `total_nats`, and `rows`; or `skipped` when a value is not finite.

    Example:
        >>> import numpy as np
        >>> kl_by_dimension(np.array([[1.0, 0.0], [2.0, 0.0]]))
        {'nats': [1.5, 0.0], 'total_nats': 1.5, 'rows': 2}
    """
    broken = np.count_nonzero(~np.isfinite(kl).all(axis=1))
    if broken:
        return {"skipped": f"the KL of {broken} of {len(kl)} rows is not finite"}
    nats = kl.mean(axis=0, dtype=np.float64)
    return {"nats": nats.tolist(), "total_nats": float(nats.sum()), "rows": len(kl)}


def _in_words(unused: int, dim: int) -> str:
    dimensions = "dimension" if dim == 1 else "dimensions"
    if not unused:
        return f"all {dim} latent {dimensions} are in use" if dim > 1 else "the one latent dimension is in use"
    return f"{unused} of {dim} latent {dimensions} {'is' if unused == 1 else 'are'} unused"
