"""Several views of the same rows, some of them missing."""

import numpy as np
import pytest

from latently.data import DataError, Preprocessing, Views, ViewsPreprocessing, preprocessing_from_config

A, B = np.arange(12.0).reshape(4, 3), np.arange(16, dtype=np.uint8).reshape(4, 2, 2)


def test_rows_that_are_all_nan_or_masked_lack_the_view():
    a = A.copy()
    a[1] = np.nan
    masked = np.ma.masked_array(B, mask=np.zeros(B.shape, bool))
    masked[3] = np.ma.masked
    views = Views({"a": a, "b": masked})
    assert views.present.tolist() == [[True, True], [False, True], [True, True], [True, False]]
    assert views[[1, 3]].present.tolist() == [[False, True], [True, False]]
    assert not views.complete
    assert views[[0, 2]].complete
    assert views.shape == (4, 7)
    assert views.view("b").dtype == np.uint8
    one = views[1]
    assert (len(one), one.present.tolist(), one.view("b").tolist()) == (1, [[False, True]], B[1:2].tolist())


def test_a_number_that_is_missing_in_a_row_is_no_missing_view():
    a = A.copy()
    a[1, 0] = np.nan
    views = Views({"a": a, "b": B})
    assert views.complete
    with pytest.raises(DataError, match="NaN"):
        Preprocessing.fit(views.view("a"))


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({}, "at least one view"),
        ({"a": A, "b": B[:3]}, "a has 4, b has 3"),
        ({"a": np.full((4, 3), np.nan), "b": np.ma.masked_array(B, mask=[[[True] * 2] * 2] * 4)}, "none of its views"),
        ({"a": np.ma.masked_array(A, mask=A == 4), "b": B}, "row 1 of view 'a' is masked in part"),
        ({"a": np.array(["x", "y"]).reshape(2, 1)}, "view 'a' must hold"),
    ],
)
def test_views_that_cannot_be_used_are_refused_with_a_sentence(arrays, words):
    with pytest.raises(DataError, match=words):
        Views(arrays)


def test_what_is_present_can_be_said():
    assert Views({"a": A}, {"a": np.array([True] * 4)}).complete
    with pytest.raises(DataError, match="4 booleans"):
        Views({"a": A}, {"a": np.array([True])})


def test_a_list_takes_names_in_order_and_one_array_is_refused():
    assert Views.of([A, B], ("left", "right")).names == ("left", "right")
    with pytest.raises(DataError, match="a list of 2 views"):
        Views.of([A], ("left", "right"))
    with pytest.raises(DataError, match="a list or a dict of arrays; got ndarray"):
        Views.of(A)


def both():
    return ViewsPreprocessing({"a": Preprocessing.fit(A), "b": Preprocessing.fit(B, range="unit")})


def test_each_view_is_scaled_on_its_own_and_zeros_stand_for_what_is_missing():
    a = A.copy()
    a[2] = np.nan
    batch = both()(Views({"a": a, "b": B}))
    (x_a, x_b), given = batch.views, batch.present
    expected = (A - A.mean(0)) / A.std(0)
    assert np.allclose(np.asarray(x_a)[[0, 1, 3]], expected[[0, 1, 3]], atol=1e-6)
    assert (np.asarray(x_a)[2] == 0).all()
    assert np.allclose(x_b, B.reshape(4, 4) / 255)
    assert np.asarray(given).tolist() == [[1, 1], [1, 1], [0, 1], [1, 1]]
    back = both().inverse((x_a, x_b))
    assert back["b"].dtype == np.uint8
    assert (back["b"] == B).all()
    assert np.allclose(back["a"][3], A[3])


def test_a_config_of_views_comes_back():
    again = preprocessing_from_config(both().to_config())
    assert isinstance(again, ViewsPreprocessing)
    assert again.row_shape == {"a": (3,), "b": (2, 2)}
    first, second = (each(Views({"a": A, "b": B})) for each in (both(), again))
    assert all(np.allclose(x, y) for x, y in zip(first.views, second.views, strict=True))
    assert (first.present == second.present).all()
    with pytest.raises(DataError, match="'views'"):
        preprocessing_from_config({"views": {}})


def test_new_rows_are_checked_view_by_view():
    preprocessing = both()
    with pytest.raises(DataError, match="view 'b' of ACCA"):
        preprocessing.check(Views({"a": A, "b": B / 255}), "ACCA")
    with pytest.raises(DataError, match="has the views b"):
        preprocessing.check(Views({"b": B}), "ACCA")
    assert preprocessing.check(Views({"a": A, "b": B})).complete
