"""The interface of every prior p(z), and of its parts p(z|y)."""

import abc
import dataclasses
from typing import ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, PRNGKeyArray

from latently.errors import ArgumentError, setting


class Prior(eqx.Module):
    """A distribution on codes, in parts that labels may choose between.

    A prior is numbers only: it owns no arrays and so no player has to own it. With `labels`, a draw falls into the
    region of its label (a petal, a segment of the curve, a cell, a sector); the regions of a two-dimensional prior
    apply to each consecutive pair of dimensions.

    Attributes:
        name: what `make_prior` calls it.
        density: where p(z) > 0: "everywhere", "inside" its support, or "nowhere" (it lives on a curve or on points).
        dim: length of a code.
    """

    name: ClassVar[str]
    density: ClassVar[Literal["everywhere", "inside", "nowhere"]] = "everywhere"

    dim: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.dim < 1:
            raise ValueError(f"dim must be at least 1; got dim={self.dim}.")

    def sample(
        self, key: PRNGKeyArray, n: int, labels: Int[Array, "n"] | None = None, n_labels: int | None = None
    ) -> Float[Array, "n dim"]:
        """Independent draws.

        Args:
            key: random key.
            n: number of draws.
            labels: the region of each draw, `[n]`, from 0 to `n_labels - 1`; -1 draws from the whole prior.
            n_labels: into how many regions the prior is divided; needed with `labels`.

        Returns:
            Codes `[n, dim]` in JAX's default float type.

        Raises:
            ValueError: when `labels` come without `n_labels`, are not `n`, or the prior cannot be divided so.
        """
        if labels is None:
            return self._draw(key, n)
        if n_labels is None:
            raise ValueError("labels need n_labels, the number of regions to divide the prior into; got n_labels=None.")
        if labels.shape != (n,):
            raise ValueError(f"labels must be one per draw, n={n}; got shape {labels.shape}.")
        self.check_labels(n_labels)
        whole_key, region_key = jax.random.split(key)
        of_region = self._draw_labelled(region_key, jnp.maximum(labels, 0), n_labels)
        return jnp.where((labels < 0)[:, None], self._draw(whole_key, n), of_region)

    @abc.abstractmethod
    def log_prob(self, z: Float[Array, "n dim"]) -> Float[Array, "n"]:
        """Log-density of the whole prior in nats; a prior that lives on a curve raises a `NotImplementedError`."""

    @abc.abstractmethod
    def responsibilities(self, z: Float[Array, "n dim"], n_labels: int) -> Float[Array, "n n_labels"]:
        """Which label's region each code lies in; rows sum to one.

        A posterior over labels where the regions overlap, else one-hot of the nearest region.
        """

    @abc.abstractmethod
    def support(self) -> tuple[float, float]:
        """The interval, the same for every dimension, that holds practically all the mass: for drawing grids."""

    def check_labels(self, n_labels: int) -> None:
        """Refuse, with the way out, a number of labels that this prior cannot be divided by."""
        if n_labels < 1:
            raise ValueError(f"n_labels must be at least 1; got n_labels={n_labels}.")
        self._check_regions(n_labels)

    def config(self) -> dict[str, str | int | float]:
        """Plain values from which `prior_from_config` rebuilds this prior."""
        return {"name": self.name} | {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}

    @abc.abstractmethod
    def _draw(self, key: PRNGKeyArray, n: int) -> Float[Array, "n dim"]:
        """Draws from the whole prior."""

    @abc.abstractmethod
    def _draw_labelled(self, key: PRNGKeyArray, labels: Int[Array, "n"], n_labels: int) -> Float[Array, "n dim"]:
        """Draws from the region of each label; labels are known."""

    def _check_regions(self, n_labels: int) -> None:
        """Raise a ValueError when `n_labels` regions are not possible."""


def check_pairs(dim: int, what: str) -> None:
    """Refuse an odd dimension where a formula takes dimensions in pairs."""
    if dim % 2:
        raise ArgumentError(
            "latent_dim",
            f"must be even for {what}, which is laid out in pairs of dimensions",
            dim,
            f"Use {setting('latent_dim', dim + 1)}, or {{prior=normal}} or {{prior=uniform}} without labels.",
        )


def to_pairs(z: Float[Array, "n dim"]) -> Float[Array, "n pairs 2"]:
    """Consecutive dimensions as points of the plane."""
    return z.reshape(z.shape[0], -1, 2)


def from_pairs(pairs: Float[Array, "n pairs 2"]) -> Float[Array, "n dim"]:
    """Points of the plane as consecutive dimensions."""
    return pairs.reshape(pairs.shape[0], -1)


def nearest_region(squared_distances: Float[Array, "n pairs n_labels"]) -> Float[Array, "n n_labels"]:
    """One-hot of the region nearest in all pairs together."""
    totals = squared_distances.sum(axis=1)
    nearest = jnp.argmin(totals, axis=1)
    return (nearest[:, None] == jnp.arange(totals.shape[1])).astype(totals.dtype)
