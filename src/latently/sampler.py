"""A sampler: where the codes of the data lie, learned after training; its draws take the place of the prior's.

A prior is what codes were asked to look like. Where they do not quite, some of its draws fall between all codes, where
the decoder has learned nothing.

References:
    Ghosh et al. 2020, From Variational to Deterministic Autoencoders, arXiv 1903.12436, Section 4 (ex-post density
    estimation).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from jaxtyping import Float, Int, Shaped

from latently.scatter import Scatter

PARTS: tuple[int, ...] = (1, 2, 5, 10, 20, 50)
"""How many Gaussians a mixture may have, unless a number is given: those with which held-out codes are likeliest."""
PARTS_OF_ROWS: tuple[int, ...] = (3, 5, 10, 20, 50)
"""Likewise of whole rows, of which one Gaussian has neither the groups nor the tails: a classifier tells its draws."""
MOST_ROWS = 20_000
"""Codes of a group that are looked at: more of them change little."""
_HELD_OUT = 5  # every fifth code
_LEAST_WIDTH = 1e-3  # of a Gaussian, as a share of the codes' own spread: deterministic codes may lie on a surface
_LEAST_ROW_WIDTH = 0.03  # likewise, of whole rows that are standardised


@dataclass(frozen=True, eq=False)
class Sampler:
    """A mixture of Gaussians of codes, or one for each class; of tables, of codes and what rows have beside them.

    Attributes:
        shares: how many of the rows each group has.
        weights: of the Gaussians of a group; those of a group that has fewer than another are 0.
        means: of the Gaussians.
        roots: lower triangular matrices L of their covariances L Lᵀ.
        classes: the label of each group; `None` where there is one group, of all rows.
        scatter: what is behind the numbers of a code: where rows are along its directions; `None` for codes alone.
    """

    shares: Float[np.ndarray, "groups"]
    weights: Float[np.ndarray, "groups parts"]
    means: Float[np.ndarray, "groups parts numbers"]
    roots: Float[np.ndarray, "groups parts numbers numbers"]
    classes: Shaped[np.ndarray, "groups"] | None = None
    scatter: Scatter | None = None

    @classmethod
    def fit(
        cls,
        codes: Float[np.ndarray, "rows numbers"],
        groups: Int[np.ndarray, "rows"] | None = None,
        classes: Shaped[np.ndarray, "groups"] | None = None,
        parts: int | None = None,
        seed: int = 0,
        scatter: Scatter | None = None,
        units: Float[np.ndarray, "numbers"] | None = None,
    ) -> Self:
        """The mixtures of codes.

        Args:
            codes: draws of q(z|x), one a row or more; behind each, where the row is along the directions of scatter.
            groups: the place of each one's class; one group unless given.
            classes: the label of each group.
            parts: Gaussians a group, at most one for two codes; chosen among `PARTS` by held-out codes unless given.
            seed: of what is looked at, and of where the Gaussians start.
            scatter: what is behind the numbers of a code.
            units: how far rows move with each number, with a scatter: of numbers that count as much as they move rows.

        Raises:
            ValueError: there are fewer than two codes in a group, or some are not finite.
        """
        if not np.isfinite(codes).all():
            raise ValueError("codes that are not finite have no sampler; train the model again.")
        places = range(0 if classes is None else len(classes))
        members = [codes] if groups is None else [codes[groups == place] for place in places]
        mixtures = [_mixture(each, parts, seed, units) for each in members]
        most = max(len(mixture[0]) for mixture in mixtures)
        padded = [[np.pad(a, [(0, most - len(a))] + [(0, 0)] * (a.ndim - 1)) for a in each] for each in mixtures]
        weights, means, roots = (np.stack(arrays).astype(np.float32) for arrays in zip(*padded, strict=True))
        sizes = np.array([len(each) for each in members], np.float32)
        return cls(sizes / sizes.sum(), weights, means, roots, classes, scatter)

    def arrays(self) -> dict[str, Any]:
        """Its arrays, by name."""
        own = {name: getattr(self, name) for name in ("shares", "weights", "means", "roots")}
        return own if self.scatter is None else own | self.scatter.arrays()

    def holding(self, arrays: Mapping[str, Any]) -> Self:
        """The same with other arrays, of the names that `arrays` gives."""
        own = {name: np.asarray(array) for name, array in arrays.items()}
        scatter = self.scatter
        if scatter is not None:
            scatter = replace(scatter, **{name: own.pop(name) for name in scatter.arrays()})
        return replace(self, **own, scatter=scatter)

    def config(self) -> dict[str, Any]:
        """What it is but for its arrays, as JSON values."""
        groups, parts = self.weights.shape
        own = {"groups": groups, "parts": parts, "classes": None if self.classes is None else self.classes.tolist()}
        return own if self.scatter is None else {**own, "scatter": self.scatter.config()}

    @classmethod
    def outline(cls, config: Mapping[str, Any], dim: int) -> Self:
        """The sampler that a config describes, of codes of `dim` numbers, with zeros that take no memory for arrays."""
        groups, parts, classes = int(config["groups"]), int(config["parts"]), config["classes"]
        if classes is not None and len(classes) != groups:
            raise ValueError(f"its sampler has {groups} groups and {len(classes)} classes")
        scatter = Scatter.outline(config["scatter"], dim) if "scatter" in config else None
        dim += 0 if scatter is None else len(scatter.axes)
        zero, each = np.float32(0), (groups, parts)
        return cls(
            shares=np.broadcast_to(zero, (groups,)),
            weights=np.broadcast_to(zero, each),
            means=np.broadcast_to(zero, (*each, dim)),
            roots=np.broadcast_to(zero, (*each, dim, dim)),
            classes=None if classes is None else np.asarray(classes),
            scatter=scatter,
        )

    def draw(self, n: int, groups: Int[np.ndarray, "n"] | None, seed: int) -> Float[np.ndarray, "n numbers"]:
        """Codes, each of its group; of groups as large as they are in the data unless given.

        Behind each is where its row is along the directions of the scatter, where there is one.
        """
        random = np.random.default_rng(seed)
        if groups is None:
            groups = _chosen(np.broadcast_to(self.shares, (n, len(self.shares))), random)
        parts = _chosen(self.weights[groups], random)
        noise = random.standard_normal((n, self.means.shape[2]), np.float32)
        codes: Float[np.ndarray, "n numbers"] = self.means[groups, parts]
        pairs = groups * self.weights.shape[1] + parts
        for pair in np.unique(pairs):  # a root for each code would take latent² numbers a code
            rows = pairs == pair
            codes[rows] += noise[rows] @ self.roots.reshape(-1, *self.roots.shape[2:])[pair].T
        return codes


def _mixture(
    codes: Float[np.ndarray, "rows numbers"],
    parts: int | None,
    seed: int,
    units: Float[np.ndarray, "numbers"] | None = None,
) -> Sequence[np.ndarray]:
    """Weights, means and roots of a mixture of Gaussians; with units, of whole rows."""
    from sklearn.mixture import GaussianMixture

    if len(codes) < 2:
        raise ValueError(f"a sampler needs two rows or more of each class; got {len(codes)} of one.")
    random = np.random.default_rng(seed)
    codes = random.permutation(codes.astype(np.float64))[:MOST_ROWS]
    floor, choices, unit = _LEAST_WIDTH**2 * max(codes.var(axis=0).mean(), 1e-12), PARTS, np.ones(codes.shape[1])
    if units is not None:
        floor, choices, unit = _LEAST_ROW_WIDTH**2, PARTS_OF_ROWS, units
    codes = codes * unit

    def of(parts: int, codes: Float[np.ndarray, "rows numbers"]) -> GaussianMixture:
        return GaussianMixture(parts, reg_covar=floor, random_state=seed).fit(codes)

    first = choices[0]
    if parts is None and len(codes) < 2 * _HELD_OUT * first:
        parts = max(1, len(codes) // (2 * _HELD_OUT))
    elif parts is None:
        learned = np.arange(len(codes)) % _HELD_OUT != 0
        inside, outside = codes[learned], codes[~learned]
        parts, best = first, -np.inf
        for each in choices:
            if each > first and len(inside) < 2 * each * codes.shape[1]:
                break
            if (likelihood := of(each, inside).score(outside)) < best:
                break
            parts, best = each, likelihood
    mixture = of(min(parts, len(codes) // 2), codes)
    return mixture.weights_, mixture.means_ / unit, np.linalg.cholesky(mixture.covariances_) / unit[:, None]


def _chosen(shares: Float[np.ndarray, "n choices"], random: np.random.Generator) -> Int[np.ndarray, "n"]:
    """A place in each row of shares that add up to 1, as probable as its share."""
    places = (random.random((len(shares), 1)) > shares.cumsum(axis=1)).sum(axis=1)
    last = (shares > 0).cumsum(axis=1).argmax(axis=1)  # rounding may leave the sum a little below 1
    return np.asarray(np.minimum(places, last))
