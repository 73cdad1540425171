"""A sampler: where the codes of the data lie, learned after training; its draws take the place of the prior's.

A prior is what codes were asked to look like. Where they do not quite, some of its draws fall between all codes, where
the decoder has learned nothing.

References:
    Ghosh et al. 2020, From Variational to Deterministic Autoencoders, arXiv 1903.12436, Section 4 (ex-post density
    estimation).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from jaxtyping import Float, Int, Shaped

PARTS = (1, 2, 5, 10, 20, 50)
"""How many Gaussians a mixture may have, unless a number is given: those with which held-out codes are likeliest."""
MOST_ROWS = 20_000
"""Codes of a group that are looked at: more of them change little."""
_HELD_OUT = 5  # every fifth code
_LEAST_WIDTH = 1e-3  # of a Gaussian, as a share of the codes' own spread: deterministic codes may lie on a surface


@dataclass(frozen=True, eq=False)
class Sampler:
    """A mixture of Gaussians of codes, or one for each class.

    Attributes:
        shares: how many of the rows each group has.
        weights: of the Gaussians of a group; those of a group that has fewer than another are 0.
        means: of the Gaussians.
        roots: lower triangular matrices L of their covariances L Lᵀ.
        classes: the label of each group; `None` where there is one group, of all rows.
    """

    shares: Float[np.ndarray, "groups"]
    weights: Float[np.ndarray, "groups parts"]
    means: Float[np.ndarray, "groups parts latent"]
    roots: Float[np.ndarray, "groups parts latent latent"]
    classes: Shaped[np.ndarray, "groups"] | None = None

    @classmethod
    def fit(
        cls,
        codes: Float[np.ndarray, "rows latent"],
        groups: Int[np.ndarray, "rows"] | None = None,
        classes: Shaped[np.ndarray, "groups"] | None = None,
        parts: int | None = None,
        seed: int = 0,
    ) -> Self:
        """The mixtures of codes.

        Args:
            codes: draws of q(z|x), one a row or more.
            groups: the place of each one's class; one group unless given.
            classes: the label of each group.
            parts: Gaussians a group, at most one for two codes; chosen among `PARTS` by held-out codes unless given.
            seed: of what is looked at, and of where the Gaussians start.

        Raises:
            ValueError: there are fewer than two codes in a group, or some are not finite.
        """
        if not np.isfinite(codes).all():
            raise ValueError("codes that are not finite have no sampler; train the model again.")
        places = range(0 if classes is None else len(classes))
        members = [codes] if groups is None else [codes[groups == place] for place in places]
        mixtures = [_mixture(each, parts, seed) for each in members]
        most = max(len(mixture[0]) for mixture in mixtures)
        padded = [[np.pad(a, [(0, most - len(a))] + [(0, 0)] * (a.ndim - 1)) for a in each] for each in mixtures]
        weights, means, roots = (np.stack(arrays).astype(np.float32) for arrays in zip(*padded, strict=True))
        sizes = np.array([len(each) for each in members], np.float32)
        return cls(sizes / sizes.sum(), weights, means, roots, classes)

    def arrays(self) -> dict[str, Any]:
        """Its arrays, by name."""
        return {name: getattr(self, name) for name in ("shares", "weights", "means", "roots")}

    def config(self) -> dict[str, Any]:
        """What it is but for its arrays, as JSON values."""
        groups, parts = self.weights.shape
        return {"groups": groups, "parts": parts, "classes": None if self.classes is None else self.classes.tolist()}

    @classmethod
    def outline(cls, config: Mapping[str, Any], dim: int) -> Self:
        """The sampler that a config describes, of codes of `dim` numbers, with zeros that take no memory for arrays."""
        groups, parts, classes = int(config["groups"]), int(config["parts"]), config["classes"]
        if classes is not None and len(classes) != groups:
            raise ValueError(f"its sampler has {groups} groups and {len(classes)} classes")
        zero, each = np.float32(0), (groups, parts)
        return cls(
            shares=np.broadcast_to(zero, (groups,)),
            weights=np.broadcast_to(zero, each),
            means=np.broadcast_to(zero, (*each, dim)),
            roots=np.broadcast_to(zero, (*each, dim, dim)),
            classes=None if classes is None else np.asarray(classes),
        )

    def draw(self, n: int, groups: Int[np.ndarray, "n"] | None, seed: int) -> Float[np.ndarray, "n latent"]:
        """Codes, each of its group; of groups as large as they are in the data unless given."""
        random = np.random.default_rng(seed)
        if groups is None:
            groups = _chosen(np.broadcast_to(self.shares, (n, len(self.shares))), random)
        parts = _chosen(self.weights[groups], random)
        noise = random.standard_normal((n, self.means.shape[2]), np.float32)
        codes: Float[np.ndarray, "n latent"] = self.means[groups, parts]
        pairs = groups * self.weights.shape[1] + parts
        for pair in np.unique(pairs):  # a root for each code would take latent² numbers a code
            rows = pairs == pair
            codes[rows] += noise[rows] @ self.roots.reshape(-1, *self.roots.shape[2:])[pair].T
        return codes


def _mixture(codes: Float[np.ndarray, "rows latent"], parts: int | None, seed: int) -> Sequence[np.ndarray]:
    """Weights, means and roots of a mixture of Gaussians."""
    from sklearn.mixture import GaussianMixture

    if len(codes) < 2:
        raise ValueError(f"a sampler needs two rows or more of each class; got {len(codes)} of one.")
    random = np.random.default_rng(seed)
    codes = random.permutation(codes.astype(np.float64))[:MOST_ROWS]
    floor = _LEAST_WIDTH**2 * max(codes.var(axis=0).mean(), 1e-12)

    def of(parts: int, codes: Float[np.ndarray, "rows latent"]) -> GaussianMixture:
        return GaussianMixture(parts, reg_covar=floor, random_state=seed).fit(codes)

    if parts is None and len(codes) < 2 * _HELD_OUT:
        parts = 1
    elif parts is None:
        learned = np.arange(len(codes)) % _HELD_OUT != 0
        inside, outside = codes[learned], codes[~learned]
        parts, best = 1, -np.inf
        for each in PARTS:
            if each > 1 and len(inside) < 2 * each * codes.shape[1]:
                break
            if (likelihood := of(each, inside).score(outside)) < best:
                break
            parts, best = each, likelihood
    mixture = of(min(parts, len(codes) // 2), codes)
    return mixture.weights_, mixture.means_, np.linalg.cholesky(mixture.covariances_)


def _chosen(shares: Float[np.ndarray, "n choices"], random: np.random.Generator) -> Int[np.ndarray, "n"]:
    """A place in each row of shares that add up to 1, as probable as its share."""
    places = (random.random((len(shares), 1)) > shares.cumsum(axis=1)).sum(axis=1)
    last = (shares > 0).cumsum(axis=1).argmax(axis=1)  # rounding may leave the sum a little below 1
    return np.asarray(np.minimum(places, last))
