"""Principal components of rows."""

import numpy as np
import pytest

from latently.data.components import EXACT_COLUMNS, principal_components

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("columns", [8, EXACT_COLUMNS + 1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_components_are_the_singular_vectors_of_centred_rows_in_their_dtype(columns, dtype):
    hidden, noise = RANDOM.normal(size=(60, 3)) * [9, 6, 3], 0.1 * RANDOM.normal(size=(60, columns))
    rows = (5 + hidden @ np.linalg.qr(RANDOM.normal(size=(columns, 3)))[0].T + noise).astype(dtype)
    pca = principal_components(rows, 3)
    _, scales, lines = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    np.testing.assert_allclose(np.abs((pca.components_ * lines[:3]).sum(axis=1)), 1, rtol=1e-4)
    np.testing.assert_allclose(pca.explained_variance_, scales[:3] ** 2 / 59, rtol=1e-3)
    assert pca.svd_solver == ("covariance_eigh" if columns == 8 else "randomized")
    assert pca.components_.dtype == pca.mean_.dtype == dtype


def test_there_are_no_more_components_than_rows_or_columns():
    assert principal_components(RANDOM.normal(size=(40, 6)), 10).n_components_ == 6
    assert principal_components(RANDOM.normal(size=(4, 6)), 10).n_components_ == 4


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("columns", [4, EXACT_COLUMNS + 1])
def test_rows_that_are_all_the_same_have_components_of_no_variance(columns):
    pca = principal_components(np.full((20, columns), 7.0, np.float32), 2)
    np.testing.assert_allclose(pca.explained_variance_, 0, atol=1e-6)
    assert np.isfinite(pca.components_).all()
