"""The likelihood of a row of a table: a product over columns, each of its own kind, masked where a cell is missing.

References:
    Nazabal, Olmos, Ghahramani & Valera 2020, Handling incomplete heterogeneous data using VAEs, arXiv 1807.03653: the
    decoder's distribution is a product over columns (Section 3), and the bound counts the cells that are there
    (Equation 3).
"""

import abc
import math
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby
from typing import Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln, xlogy
from jaxtyping import Array, Float, PRNGKeyArray, Shaped

from latently.game import Cells
from latently.probability.distribution import Distribution, check_shape
from latently.probability.heads import Head
from latently.probability.likelihoods import softplus

_TAIL_AT_START = 6.0  # degrees of freedom of a Student-t column: 2 + softplus(6), near a Gaussian
_DISPERSION_AT_START = 2.0  # its logarithm
_LARGEST_LOG_RATE = 20.0


class CellsHead(Head):
    """Outputs are one number for each element of an event made of cells.

    Args:
        cells: of the columns in the order of the event, those of a kind side by side.
        scale: of Gaussian columns; `None`: learned, one for each element.

    Example:
        >>> import jax.numpy as jnp
        >>> head = CellsHead((Cells("gaussian", 1), Cells("categorical", 3)))
        >>> p = head(jnp.zeros((2, 4)))
        >>> x = jnp.array([[0.0, 0, 1, 0], [jnp.nan, 0, 1, 0]])  # the second row lacks its number
        >>> p.log_probs(x).shape, p.log_prob(x)[1].item()  # log 1/3
        ((2, 2), -1.098...)
    """

    log_scale: Float[Array, "elements"] | None
    log_dispersion: Float[Array, "columns"] | None
    tail: Float[Array, "columns"] | None
    cells: tuple[Cells, ...] = eqx.field(static=True)
    scale: float | None = eqx.field(static=True)

    def __init__(self, cells: Sequence[Cells], scale: float | None = None) -> None:
        self.cells, self.scale = tuple(cells), scale
        width = {kind: sum(each.width for each in group) for kind, group in _groups(cells)}
        students = width.get("student", 0)
        scaled = students + (width.get("gaussian", 0) if scale is None else 0)
        self.log_scale = jnp.zeros(scaled) if scaled else None
        self.tail = jnp.full(students, _TAIL_AT_START) if students else None
        counts = width.get("negative-binomial", 0)
        self.log_dispersion = jnp.full(counts, _DISPERSION_AT_START) if counts else None

    def __call__(self, outputs: Float[Array, "batch *outputs"]) -> "Row":
        """The distribution of rows with these parameters."""
        return Row(outputs, self)

    def parts(self, outputs: Float[Array, "batch elements"]) -> tuple["Columns", ...]:
        """The columns of each kind, in the order of the event."""
        groups = [(kind, list(group)) for kind, group in _groups(self.cells)]
        ends = accumulate(sum(each.width for each in group) for _, group in groups)
        pieces = jnp.split(outputs, list(ends)[:-1], axis=1)
        return tuple(self._part(kind, group, piece) for (kind, group), piece in zip(groups, pieces, strict=True))

    def _part(self, kind: str, group: list[Cells], outputs: Float[Array, "batch elements"]) -> "Columns":
        cells = tuple(group)
        if kind == "gaussian":
            return GaussianColumns(outputs, cells, self._scales(outputs.shape[1]))
        if kind == "student":
            assert self.log_scale is not None
            assert self.tail is not None
            scale = jnp.exp(self.log_scale[-outputs.shape[1] :])
            return StudentColumns(outputs, cells, scale, 2 + softplus(self.tail))
        if kind == "negative-binomial":
            assert self.log_dispersion is not None
            return CountColumns(outputs, cells, jnp.exp(self.log_dispersion))
        if kind == "poisson":
            return CountColumns(outputs, cells, None)
        return BernoulliColumns(outputs, cells) if kind == "bernoulli" else CategoricalColumns(outputs, cells)

    def _scales(self, elements: int) -> Float[Array, "elements"]:
        if self.scale is not None or self.log_scale is None:
            return jnp.full(elements, self.scale or 1.0)
        return jnp.exp(self.log_scale[:elements])


class Row(Distribution):
    """The distribution of a row of a table: independent columns, given the code.

    A missing cell is NaN in every element of it. It adds nothing to the log-density, and neither does its gradient.
    """

    outputs: Float[Array, "batch elements"]
    head: CellsHead

    @property
    def mean(self) -> Float[Array, "batch elements"]:
        """What is to be expected of each cell, in the elements of an event: probabilities, for words."""
        return jnp.concatenate([part.mean for part in self.head.parts(self.outputs)], axis=1)

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch elements"]:
        """A row of each distribution: numbers, whole counts, one word for each column of words."""
        parts = self.head.parts(self.outputs)
        keys = jax.random.split(key, len(parts))
        return jnp.concatenate([part.sample(each) for part, each in zip(parts, keys, strict=True)], axis=1)

    def log_probs(self, x: Shaped[Array, "batch elements"]) -> Float[Array, "batch columns"]:
        """Log-density of each cell in nats; 0 for a missing one."""
        check_shape(x, self.outputs.shape, "table")
        parts, missing = self.head.parts(self.outputs), jnp.isnan(x)
        pieces = jnp.split(jnp.where(missing, 0.0, x), _ends(parts), axis=1)
        terms = jnp.concatenate([part.log_probs(piece) for part, piece in zip(parts, pieces, strict=True)], axis=1)
        return jnp.where(missing[:, first_elements(self.head.cells)], 0.0, terms)

    def log_prob(self, x: Shaped[Array, "batch ..."]) -> Float[Array, "batch"]:
        """Log-density in nats of what is there of each row."""
        return self.log_probs(x).sum(axis=1)

    def repeat(self, k: int) -> Self:
        """Each row `k` times."""
        return type(self)(jnp.repeat(self.outputs, k, axis=0), self.head)


class Columns(eqx.Module):
    """The columns of one kind, side by side."""

    outputs: Float[Array, "batch elements"]
    cells: tuple[Cells, ...] = eqx.field(static=True)

    @property
    @abc.abstractmethod
    def mean(self) -> Float[Array, "batch elements"]:
        """The expectation of each element."""

    @abc.abstractmethod
    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch elements"]:
        """A draw of each cell."""

    @abc.abstractmethod
    def log_probs(self, x: Float[Array, "batch elements"]) -> Float[Array, "batch columns"]:
        """Log-density of each cell in nats."""


class GaussianColumns(Columns):
    """N(mean, scale²), with one scale for each element; a cell of several elements is a vector."""

    scale: Float[Array, "elements"]

    @property
    def mean(self) -> Float[Array, "batch elements"]:
        """The means themselves."""
        return self.outputs

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch elements"]:
        """Mean and noise."""
        return self.outputs + self.scale * jax.random.normal(key, self.outputs.shape, self.outputs.dtype)

    def log_probs(self, x: Float[Array, "batch elements"]) -> Float[Array, "batch columns"]:
        """The Gaussian log-density, summed over the elements of a cell."""
        each = -0.5 * ((x - self.outputs) / self.scale) ** 2 - jnp.log(self.scale) - 0.5 * math.log(2 * math.pi)
        return _sum_of_cells(each, self.cells)


class StudentColumns(Columns):
    r"""Student's t around a mean, with a scale and degrees of freedom for each column: numbers with heavy tails.

    $$\log p(x) = \log \Gamma(\tfrac{\nu+1}{2}) - \log \Gamma(\tfrac{\nu}{2}) - \tfrac12 \log(\nu\pi) - \log s
      - \tfrac{\nu+1}{2} \log(1 + \tfrac{(x-\mu)^2}{\nu s^2})$$
    """

    scale: Float[Array, "columns"]
    degrees: Float[Array, "columns"]

    @property
    def mean(self) -> Float[Array, "batch elements"]:
        """The means themselves."""
        return self.outputs

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch elements"]:
        """Mean and noise."""
        noise = jax.random.t(key, self.degrees, self.outputs.shape, self.outputs.dtype)
        return self.outputs + self.scale * noise

    def log_probs(self, x: Float[Array, "batch elements"]) -> Float[Array, "batch columns"]:
        """The log-density above."""
        df = self.degrees
        constant = gammaln((df + 1) / 2) - gammaln(df / 2) - 0.5 * jnp.log(df * math.pi) - jnp.log(self.scale)
        return constant - (df + 1) / 2 * jnp.log1p(((x - self.outputs) / self.scale) ** 2 / df)


class CountColumns(Columns):
    r"""Whole numbers 0, 1, 2 …: Poisson, or with a dispersion r for each column negative binomial.

    An element of an event is the standardised log(1 + count), and outputs stand for the logarithm of the rate m alike.

    $$\log p(k) = \log \frac{\Gamma(k+r)}{\Gamma(r)\, k!} + r \log \frac{r}{r+m} + k \log \frac{m}{r+m}$$
    """

    dispersion: Float[Array, "columns"] | None

    @property
    def rate(self) -> Float[Array, "batch columns"]:
        """The mean number."""
        offset, scale = self._constants()
        return jnp.exp(jnp.clip(self.outputs * scale + offset, -_LARGEST_LOG_RATE, _LARGEST_LOG_RATE))

    @property
    def mean(self) -> Float[Array, "batch elements"]:
        """The mean number, as an element."""
        return self._element(self.rate)

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch elements"]:
        """A whole number, as an element; a negative binomial is a Poisson whose rate is drawn from a gamma."""
        of_rate, of_count = jax.random.split(key)
        rate = self.rate
        if self.dispersion is not None:
            rate = rate * jax.random.gamma(of_rate, self.dispersion, rate.shape) / self.dispersion
        return self._element(jax.random.poisson(of_count, rate).astype(rate.dtype))

    def log_probs(self, x: Float[Array, "batch elements"]) -> Float[Array, "batch columns"]:
        """The log-probability above, or that of Poisson, k log m − m − log k!."""
        offset, scale = self._constants()
        k, m = jnp.round(jnp.maximum(jnp.expm1(x * scale + offset), 0)), self.rate
        if self.dispersion is None:
            return xlogy(k, m) - m - gammaln(k + 1)
        r = self.dispersion
        choices = gammaln(k + r) - gammaln(r) - gammaln(k + 1)
        return choices - r * jnp.log1p(m / r) + xlogy(k, m) - k * jnp.log(r + m)

    def _element(self, count: Float[Array, "batch columns"]) -> Float[Array, "batch elements"]:
        offset, scale = self._constants()
        return (jnp.log1p(count) - offset) / scale

    def _constants(self) -> tuple[Float[np.ndarray, "columns"], Float[np.ndarray, "columns"]]:
        dtype = self.outputs.dtype
        offset, scale = ([getattr(each, name) for each in self.cells] for name in ("offset", "scale"))
        return np.asarray(offset, dtype), np.asarray(scale, dtype)


class BernoulliColumns(Columns):
    """Yes or no, with the outputs as logits."""

    @property
    def mean(self) -> Float[Array, "batch elements"]:
        """The probability of 1."""
        return jax.nn.sigmoid(self.outputs)

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch elements"]:
        """Zeros and ones."""
        return jax.random.bernoulli(key, self.mean).astype(self.outputs.dtype)

    def log_probs(self, x: Float[Array, "batch elements"]) -> Float[Array, "batch columns"]:
        """The log-probability of each, in nats."""
        return x * self.outputs - softplus(self.outputs)


class CategoricalColumns(Columns):
    """One word of several, the outputs of a column being the logits of its words."""

    @property
    def mean(self) -> Float[Array, "batch elements"]:
        """The probability of each word."""
        return self._flat(jax.nn.softmax(self._logits(self.outputs)))

    def sample(self, key: PRNGKeyArray) -> Float[Array, "batch elements"]:
        """A 1 for the word that is drawn in each column."""
        logits = self._logits(self.outputs)
        drawn = jax.random.categorical(key, logits)
        return self._flat(jax.nn.one_hot(drawn, logits.shape[-1], dtype=self.outputs.dtype))

    def log_probs(self, x: Float[Array, "batch elements"]) -> Float[Array, "batch columns"]:
        """The log-probability of each column's word, in nats."""
        places, there = self._places()
        log_p = jax.nn.log_softmax(self._logits(self.outputs))
        return (x[:, places] * jnp.where(there, log_p, 0.0)).sum(axis=2)

    def _logits(self, outputs: Float[Array, "batch elements"]) -> Float[Array, "batch columns words"]:
        """The logits of each column, filled up to the longest with words that are never drawn."""
        places, there = self._places()
        return jnp.where(there, outputs[:, places], -jnp.inf)

    def _flat(self, of_words: Float[Array, "batch columns words"]) -> Float[Array, "batch elements"]:
        _, there = self._places()
        return of_words.reshape(of_words.shape[0], -1)[:, np.flatnonzero(there)]

    def _places(self) -> tuple[Shaped[np.ndarray, "columns words"], Shaped[np.ndarray, "columns words"]]:
        """The element of each column's words, and which of them are words of it."""
        widths = np.array([each.width for each in self.cells])
        first, word = np.cumsum(widths) - widths, np.arange(widths.max())
        there = word < widths[:, None]
        return np.where(there, first[:, None] + word, 0), there


def first_elements(cells: Sequence[Cells]) -> Shaped[np.ndarray, "columns"]:
    """The first element of each cell of an event."""
    widths = np.array([each.width for each in cells], dtype=int)
    starts: Shaped[np.ndarray, columns] = np.cumsum(widths) - widths
    return starts


def _groups(cells: Sequence[Cells]) -> Iterator[tuple[str, Iterator[Cells]]]:
    return groupby(cells, key=lambda each: each.kind)


def _ends(parts: Sequence[Columns]) -> list[int]:
    return list(accumulate(part.outputs.shape[1] for part in parts))[:-1]


def _sum_of_cells(each: Float[Array, "batch elements"], cells: Sequence[Cells]) -> Float[Array, "batch columns"]:
    if all(cell.width == 1 for cell in cells):
        return each
    owner = np.repeat(np.arange(len(cells)), [cell.width for cell in cells])
    return jax.ops.segment_sum(each.T, owner, len(cells), indices_are_sorted=True).T
