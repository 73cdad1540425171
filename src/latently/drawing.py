"""New data that is made where it is needed, so many rows at a time, and is the same however it is cut."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, final

import numpy as np
from jaxtyping import Float

from latently.data import Table
from latently.fitted import Fitted
from latently.inference import LARGE_PIECE, LAYER_NUMBERS

BLOCK = 2**18
"""Codes are drawn so many at a time, each block with a seed of its own: memory holds one."""
STEP_NUMBERS = 2**24
"""So many numbers are best asked for at a time."""


class _Codes(NamedTuple):
    """A block of codes, what a decoder is told beside them, and the seed of their noise.

    Behind each code is where its row is along the directions of the sampler's scatter, where there is one.
    """

    z: Float[np.ndarray, "block numbers"]
    told: Any
    seed: int


@final
class Drawn:
    """New rows, as `Fitted.draw` and `Fitted.decode` make them.

    Args:
        fitted: the model.
        n: how many.
        labels: from a slice of their numbers to the labels of rows, as for `Fitted.draw`.
        seed: of codes and noise.
        noise: whether rows are drawn from p(x|z).
        from_prior: as for `Fitted.draw`.
        given: what is done to rows last.

    Attributes:
        step: how many rows are best asked for at a time, from a multiple of it on.

    Example:
        >>> from latently import VAE
        >>> model = VAE(latent_dim=2, hidden=(8,), epochs=1, random_state=0).fit(np.eye(8))
        >>> drawn = Drawn(model.fitted_, 1000, lambda some: None, seed=0, noise=False)
        >>> len(drawn), drawn[990:].shape, bool((drawn[990:] == model.sample(1000, random_state=0)[990:]).all())
        (1000, (10, 8), True)
    """

    def __init__(
        self,
        fitted: Fitted,
        n: int,
        labels: Callable[[slice], Any],
        seed: int,
        *,
        noise: bool,
        from_prior: bool = False,
        given: Callable[[Any], Any] = lambda rows: rows,
    ) -> None:
        self._fitted, self._n, self._labels, self._seed = fitted, n, labels, seed
        self._noise, self._from_prior, self._given = noise, from_prior, given
        self._block = lru_cache(maxsize=1)(self._drawn)
        numbers = fitted.preprocessing.n_features
        # Pieces of wide rows are no larger than the smaller one: their sizes divide it, so that those who begin at a
        # multiple of it get whole ones.
        self._aligned = LARGE_PIECE if numbers * LARGE_PIECE <= LAYER_NUMBERS else 1024
        self.step = min(BLOCK, max(self._aligned, 2 ** int(np.log2(max(1, STEP_NUMBERS // numbers)))))

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, some: slice) -> Any:
        """The rows of a slice without a step."""
        start, stop, _ = some.indices(self._n)
        blocks = range(start // BLOCK, -(-max(stop, start + 1) // BLOCK))
        parts = [self._decoded(block, start - block * BLOCK, stop - block * BLOCK) for block in blocks]
        return self._given(parts[0] if len(parts) == 1 else _joined(parts))

    def _drawn(self, block: int) -> _Codes:
        """The codes of a block; the first one has the seed itself."""
        start, stop = block * BLOCK, min(self._n, (block + 1) * BLOCK)
        seed = int(np.random.SeedSequence((self._seed, block)).generate_state(1)[0]) if block else self._seed
        labels = self._labels(slice(start, stop))
        z, told = self._fitted.draw(stop - start, labels, seed, from_prior=self._from_prior)
        return _Codes(z, told, seed)

    def _decoded(self, block: int, start: int, stop: int) -> Any:
        """Some rows of a block, counted from its first one."""
        codes = self._block(block)
        start, stop = max(0, start), min(stop, len(codes.z))
        first = start // self._aligned * self._aligned
        told = None if codes.told is None else codes.told[first:stop]
        noise = codes.seed if self._noise else None
        rows = self._fitted.decode(codes.z[first:stop], told, noise, first=first, among=len(codes.z))
        if first == start:
            return rows
        cut = slice(start - first, None)
        return {view: each[cut] for view, each in rows.items()} if isinstance(rows, dict) else rows[cut]


def _joined(parts: list[Any]) -> Any:
    """Rows of several blocks as one."""
    if isinstance(parts[0], dict):
        return {view: np.concatenate([part[view] for part in parts]) for view in parts[0]}
    if isinstance(parts[0], Table):
        return Table(parts[0].columns, np.concatenate([part.values for part in parts]), parts[0].container)
    return np.concatenate(parts)
