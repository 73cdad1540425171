"""In which order the rows are drawn: a pure function of the seed and the round."""

import numpy as np
from jaxtyping import Int


class Order:
    """An endless stream of rows, one permutation after another, cut into batches.

    Epoch `e` is the permutation that `(seed, stream, e)` gives. A batch may straddle two epochs, so every row is drawn
    exactly once an epoch, no batch is ever smaller than the others, and the rows of any round are known without
    playing the rounds before it.

    Args:
        rows: how many rows there are.
        batch_size: how many are drawn a round; never more than there are.
        seed: the seed of the run.
        stream: tells streams of one seed apart.

    Example:
        >>> order = Order(rows=5, batch_size=2, seed=0)
        >>> sorted(order.batches(0, 5).ravel().tolist())
        [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    """

    def __init__(self, rows: int, batch_size: int, seed: int, stream: int = 0) -> None:
        self.rows = rows
        self.batch_size = min(batch_size, rows)
        self.seed = seed
        self.stream = stream
        self._cached: dict[int, Int[np.ndarray, rows]] = {}

    def batches(self, first_round: int, rounds: int) -> Int[np.ndarray, "rounds batch"]:
        """The rows of `rounds` rounds from `first_round` on."""
        start, stop = first_round * self.batch_size, (first_round + rounds) * self.batch_size
        epochs = range(start // self.rows, -(-stop // self.rows))
        rows = np.concatenate([self._permutation(epoch) for epoch in epochs])
        offset = epochs.start * self.rows
        return rows[start - offset : stop - offset].reshape(rounds, self.batch_size)

    def _permutation(self, epoch: int) -> Int[np.ndarray, "rows"]:
        cached = self._cached.get(epoch)
        if cached is not None:
            return cached
        permutation = np.random.default_rng((self.seed, self.stream, epoch)).permutation(self.rows).astype(np.int32)
        # The two last are kept: a batch may straddle two. Replaced, never changed, since a prefetch may be reading.
        self._cached = {**dict(list(self._cached.items())[-1:]), epoch: permutation}
        return permutation
