"""Principal components: the one way in which they are found of rows."""

import numpy as np
from jaxtyping import Float
from sklearn.decomposition import PCA

EXACT_COLUMNS = 1000


def principal_components(rows: Float[np.ndarray, "rows columns"], most: int, seed: int = 0) -> PCA:
    """The first principal components of rows: as many as are asked for, or as there are of so many rows and columns.

    They are taken from the covariance where columns are few, and else found at random (Halko, Martinsson & Tropp 2009,
    Finding Structure with Randomness, arXiv 0909.4061).

    Args:
        rows: 2 or more, without gaps.
        most: how many components there may be, 1 or more.
        seed: of the search at random.

    Returns:
        scikit-learn's PCA, fitted: `mean_` `(columns,)`, `components_` `(components, columns)` and their
        `explained_variance_` `(components,)`, in the dtype of the rows; the variances of rows that are all the same
        are 0.

    Example:
        >>> rows = np.random.default_rng(0).normal(size=(100, 1)) * np.array([[3.0, 4.0]])
        >>> np.abs(principal_components(rows, most=1).components_).round(3).tolist()
        [[0.6, 0.8]]
    """
    solver = "covariance_eigh" if rows.shape[1] <= EXACT_COLUMNS else "randomized"
    with np.errstate(invalid="ignore"):  # rows that are all the same: of no variance, each component has no share
        return PCA(min(most, *rows.shape), svd_solver=solver, random_state=seed).fit(rows)


def leading_plane(
    codes: Float[np.ndarray, "rows columns"],
) -> tuple[Float[np.ndarray, "columns 2"], Float[np.ndarray, "2"]]:
    """The plane in which codes are spread most, and the share of their variance along each of its two directions.

    Args:
        codes: of 3 columns or more; those that are not finite are left out.

    Returns:
        The two leading principal components, one a column, each pointing where its largest part does; and the shares.

    Example:
        >>> codes = np.random.default_rng(0).normal(size=(500, 3)) * [1.0, 4.0, 2.0]
        >>> directions, shares = leading_plane(codes)
        >>> np.abs(directions).argmax(axis=0).tolist(), shares.round(1).tolist()
        ([1, 2], [0.7, 0.2])
    """
    finite = codes[np.isfinite(codes).all(axis=1)].astype(np.float64)
    if len(finite) < 2:
        size = codes.shape[1]
        return np.eye(size, 2), np.full(2, 1 / size)
    found = principal_components(finite, 2)
    directions = found.components_.T
    signs = np.sign(directions[np.abs(directions).argmax(axis=0), [0, 1]])
    return directions * signs, found.explained_variance_ / max(float(finite.var(axis=0, ddof=1).sum()), 1e-12)
