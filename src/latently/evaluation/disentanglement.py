"""Whether single dimensions of a code follow single factors of the data, where the factors are known.

Both scores look at codes `[rows, latent]` beside integer factors `[rows, factors]`. Rows in which a factor is unknown
(-1) are left out, and so are factors that never change.

References:
    Chen, Li, Grosse, Duvenaud: Isolating Sources of Disentanglement in Variational Autoencoders, 2018.
    https://arxiv.org/abs/1802.04942
    Kim, Mnih: Disentangling by Factorising, 2018. https://arxiv.org/abs/1802.05983
    Locatello et al.: Challenging Common Assumptions in the Unsupervised Learning of Disentangled Representations, 2019.
    https://arxiv.org/abs/1811.12359
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.special import entr

from latently.evaluation.rows import share

BINS = 20
GROUPS = 10
ROWS_A_VOTE = 64
VOTES, TEST_VOTES = 10_000, 5_000
COLLAPSED = 0.05

Codes = Float[np.ndarray, "rows latent"]
Factors = Int[np.ndarray, "n factors"]


def disentanglement(codes: Codes, factors: Mapping[str, Int[np.ndarray, "rows"]], *, seed: int = 0) -> dict[str, Any]:
    """Both scores of named factors: `mutual_information_gap` and `factor_vae_score`, and the names in `factors`."""
    table = np.stack(list(factors.values()), axis=1)
    return {
        "factors": list(factors),
        "mutual_information_gap": mutual_information_gap(codes, table, seed=seed),
        "factor_vae_score": factor_vae_score(codes, table, seed=seed),
    }


def mutual_information_gap(codes: Codes, factors: Factors, *, seed: int = 0) -> dict[str, Any]:
    r"""How far the dimension that tells most about a factor is ahead of the next one (Chen et al., Section 4.1).

    \(\text{MIG} = \frac1K \sum_k \frac{1}{H(v_k)} \left( I(z_{j_k}; v_k) - \max_{j \ne j_k} I(z_j; v_k) \right)\) with
    \(j_k = \arg\max_j I(z_j; v_k)\). It is 1 where each factor is told by one dimension, wholly, and by no
    other; 0 where two dimensions tell as much. The mutual information is that of the histogram of 20 equal bins a
    dimension, as Locatello et al. estimate it from codes: of few rows it is too large, the more so the more values a
    factor has, so that gaps compare only at the same number of rows.

    Returns:
        `gap`, its `standard_error` (a jackknife that leaves out a tenth of the rows at a time), `by_factor` (one gap a
        factor; `None` for one that never changes), `dimension` (the \(j_k\) of each), `bins`, `rows`. Or `skipped`.
    """
    codes, columns = _known(codes, factors)
    if not columns:
        return {"skipped": "no factor takes two values"}
    places = np.stack([np.digitize(column, np.histogram_bin_edges(column, BINS)[1:-1]) for column in codes.T])

    def gaps(kept: Int[np.ndarray, "kept"]) -> dict[int, tuple[float, int]]:
        return {k: _gap(places[:, kept], column[kept]) for k, column in columns.items()}

    of_all = gaps(np.arange(len(codes)))
    group = np.random.default_rng(seed).permutation(len(codes)) % GROUPS
    without = [np.mean([gap for gap, _ in gaps(np.flatnonzero(group != g)).values()]) for g in range(GROUPS)]
    return {
        "gap": float(np.mean([gap for gap, _ in of_all.values()])),
        "standard_error": float(np.sqrt(GROUPS - 1) * np.std(without)),
        "by_factor": [of_all[k][0] if k in of_all else None for k in range(factors.shape[1])],
        "dimension": [of_all[k][1] if k in of_all else None for k in range(factors.shape[1])],
        "bins": BINS,
        "rows": len(codes),
    }


def factor_vae_score(
    codes: Codes, factors: Factors, *, votes: int = VOTES, collapsed: float = COLLAPSED, seed: int = 0
) -> dict[str, Any]:
    r"""How often the dimension that varies least tells which factor was held fixed (Kim and Mnih, Section 4).

    A vote: a factor k is drawn, one of its values, and L rows that have it. Every dimension is divided by its standard
    deviation \(s_j\) over all rows, and the vote is for \(d = \arg\min_j \text{Var}_l(z_j^{(l)} / s_j)\). With
    \(V_{jk}\) the number of votes for dimension j under factor k, the classifier \(C(j) = \arg\max_k V_{jk}\) is
    measured on votes of its own; its accuracy is the score. The numbers of rows and votes are those of Locatello et al.
    Left out are values of one row alone, and dimensions that have `collapsed`: those of no more variance than 0.05,
    which is meant for a prior of unit scale.

    Returns:
        `score` (a share), its binomial `standard_error` over votes, `chance` (one over the number of factors that
        change), `factor_of_dimension` (the place of C(j) among the factors; `None` for a collapsed dimension),
        `rows_a_vote`, `votes`, `test_votes`, `rows`. Or `skipped`.
    """
    codes, columns = _known(codes, factors)
    rows_of = {k: rows for k, column in columns.items() if (rows := _rows_by_value(column))}
    variance = codes.var(axis=0) if len(codes) else np.zeros(codes.shape[1])
    alive, voted = np.flatnonzero(variance > collapsed), list(rows_of)
    if len(voted) < 2 or not len(alive):
        return {"skipped": "fewer than two factors take two values" if len(alive) else "every dimension has collapsed"}
    scaled, random = codes[:, alive] / np.sqrt(variance[alive]), np.random.default_rng(seed)
    drawn = random.integers(len(voted), size=votes + TEST_VOTES)
    least = np.empty_like(drawn)
    for vote, k in enumerate(drawn):
        of_values = rows_of[voted[k]]
        having = of_values[random.integers(len(of_values))]
        least[vote] = scaled[having[random.integers(len(having), size=ROWS_A_VOTE)]].var(axis=0).argmin()
    table = np.zeros((len(alive), len(voted)), dtype=int)  # V_jk
    np.add.at(table, (least[:votes], drawn[:votes]), 1)
    classifier = table.argmax(axis=1)
    of_alive = {j: voted[k] for j, k in zip(alive.tolist(), classifier.tolist(), strict=True)}
    return {
        **share("score", classifier[least[votes:]] == drawn[votes:]),
        "chance": 1 / len(voted),
        "factor_of_dimension": [of_alive.get(j) for j in range(codes.shape[1])],
        "rows_a_vote": ROWS_A_VOTE,
        "votes": votes,
        "test_votes": TEST_VOTES,
        "rows": len(codes),
    }


def _known(codes: np.ndarray, factors: np.ndarray) -> tuple[Codes, dict[int, Int[np.ndarray, "rows"]]]:
    """The codes of rows of which all factors are known, and each factor that changes, its values numbered from 0."""
    if codes.ndim != 2 or factors.ndim != 2 or len(codes) != len(factors) or not np.isfinite(codes).all():
        raise ValueError(
            "codes and factors must be tables with a row of finite numbers, and one of integers, for each row of data; "
            f"got shapes {codes.shape} and {factors.shape}."
        )
    known = (factors >= 0).all(axis=1)
    numbered = {k: np.unique(column[known], return_inverse=True)[1] for k, column in enumerate(factors.T)}
    return codes[known].astype(np.float64), {k: column for k, column in numbered.items() if column.any()}


def _rows_by_value(column: Int[np.ndarray, "rows"]) -> list[Int[np.ndarray, "_"]]:
    """The rows of each value that two or more rows have."""
    _, value, counts = np.unique(column, return_inverse=True, return_counts=True)
    return [rows for rows in np.split(np.argsort(value, kind="stable"), np.cumsum(counts)[:-1]) if len(rows) > 1]


def _gap(places: Int[np.ndarray, "latent rows"], values: Int[np.ndarray, "rows"]) -> tuple[float, int]:
    """The normalised gap of one factor, and the dimension that tells most about it, from the bins that rows are in."""
    n_values = int(values.max()) + 1
    counts = [np.bincount(place * n_values + values, minlength=BINS * n_values) for place in places]
    joint = np.reshape(counts, (-1, BINS, n_values)) / len(values)
    entropy = entr(joint[0].sum(axis=0)).sum()
    told = entr(joint.sum(axis=2)).sum(axis=1) + entropy - entr(joint).sum(axis=(1, 2))  # I = H(z) + H(v) - H(z, v)
    second, first = np.sort([0.0, *told])[-2:]
    return float((first - second) / entropy) if entropy > 0 else 0.0, int(np.argmax(told))
