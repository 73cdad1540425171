"""Sparse rows, of which a batch at a time becomes an array."""

from typing import Any, final

import numpy as np


@final
class Sparse:
    """Rows of a sparse matrix of SciPy: asked for some of them, it gives an array.

    Args:
        matrix: of shape `(n, features)`, in any of SciPy's formats.

    Example:
        >>> from scipy.sparse import csr_array
        >>> rows = Sparse(csr_array(np.eye(3)))
        >>> rows.shape, rows[1:].tolist()
        ((3, 3), [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    """

    def __init__(self, matrix: Any) -> None:
        from scipy.sparse import csr_array  # here, because data sets seldom need it

        self.matrix: Any = csr_array(matrix)

    @property
    def shape(self) -> tuple[int, int]:
        """The number of rows, and of features."""
        n, features = self.matrix.shape
        return int(n), int(features)

    @property
    def ndim(self) -> int:
        """2: rows and features."""
        return 2

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of the numbers."""
        dtype: np.dtype[Any] = self.matrix.dtype
        return dtype

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        """Some rows, by slice, integer array or mask; one by its number."""
        return np.asarray(self.matrix[rows].toarray())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype=dtype)

    def __repr__(self) -> str:
        return f"Sparse(shape={self.shape}, dtype={self.dtype}, {self.matrix.nnz:,} of them not 0)"
