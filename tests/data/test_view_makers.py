"""Views that are made of images: halves, and noisy pairs of a class."""

import numpy as np
import pytest
from scipy import ndimage

from latently.data import DataError, Dataset, open_dataset
from latently.data.halves import halves, top_bottom
from latently.data.noisy_views import LARGEST_ANGLE, noisy, rotate

RANDOM = np.random.default_rng(0)


def parts_of(splits):
    return splits.train, splits.validation, splits.test


def labelled(images, classes=3):
    return Dataset("images", (images,), np.arange(len(images)) % classes, tuple(range(classes)))


# ---- halves ----


@pytest.mark.parametrize("shape", [(6, 4, 5), (6, 5, 4, 3), (6, 25)])
def test_halves_put_together_are_the_image_and_the_second_has_the_middle(shape):
    images = RANDOM.integers(0, 256, shape, dtype=np.uint8)
    square = images.reshape(6, 5, 5) if len(shape) == 2 else images
    for cut, axis, names in ((halves, 2, ("left", "right")), (top_bottom, 1, ("top", "bottom"))):
        views = cut(Dataset("images", (images,)))
        assert views.view_names == names
        np.testing.assert_array_equal(np.concatenate(views.views, axis), square)
        first, second = (view.shape[axis] for view in views.views)
        assert second - first == square.shape[axis] % 2


def test_halves_of_the_parts_are_the_parts_of_the_halves():
    whole, cut = open_dataset("digits", labels=20), open_dataset("digits", views="halves", labels=20)
    for part, halved in zip(parts_of(whole), parts_of(cut), strict=True):
        np.testing.assert_array_equal(np.concatenate(halved.views, axis=2), part.x)
        np.testing.assert_array_equal(halved.labels, part.labels)
    assert cut.train.rows.shape == (1258, 64)


def test_halves_of_a_mapped_file_stay_in_it(tmp_path):
    rows = RANDOM.integers(0, 256, (40, 36), dtype=np.uint8)
    np.save(tmp_path / "rows.npy", rows)
    train = open_dataset(tmp_path / "rows.npy", views="top-bottom").train
    assert all(isinstance(view.array, np.memmap) for view in train.views)
    np.testing.assert_array_equal(
        np.concatenate([view[:] for view in train.views], 1), rows[train.x.rows].reshape(-1, 6, 6)
    )


@pytest.mark.parametrize(
    ("shape", "message"), [((4, 12), r"needs images, .* have the shape \(12,\)"), ((4, 6, 1), "2 pixels or more")]
)
def test_what_cannot_be_halved_is_refused(shape, message):
    with pytest.raises(DataError, match=message):
        halves(Dataset("rows", (np.zeros(shape),)))


# ---- noisy pairs ----


def test_a_rotation_is_that_of_scipy_for_gray_and_for_colour():
    images = RANDOM.random((3, 9, 6, 2)).astype(np.float32)
    angles = np.array([0.0, 0.5, -0.7])
    turned = rotate(images, angles)
    for image, angle, found in zip(images, angles, turned, strict=True):
        wanted = ndimage.rotate(image, np.degrees(angle), reshape=False, order=1, mode="grid-constant")
        np.testing.assert_allclose(found, wanted, atol=1e-5)
    np.testing.assert_array_equal(turned[0], images[0])


def test_angles_are_spread_over_an_eighth_of_a_turn_to_either_side():
    bar = np.zeros((400, 33, 33), np.float32)
    bar[:, 16, 4:29] = 1  # a bar through the centre, whose direction is that of its pixels' spread
    y, x = np.mgrid[:33, :33] - 16
    rotated = noisy(labelled(bar)).views[0]
    moments = [(rotated * product).sum((1, 2)) for product in (x * y, x * x, y * y)]
    angles = -0.5 * np.arctan2(2 * moments[0], moments[1] - moments[2])
    assert np.abs(angles).max() <= LARGEST_ANGLE + 0.02
    assert angles.min() < -0.9 * LARGEST_ANGLE
    assert angles.max() > 0.9 * LARGEST_ANGLE
    assert np.std(angles) == pytest.approx(LARGEST_ANGLE / np.sqrt(3), rel=0.1)


def test_the_partner_is_another_image_of_the_class_and_any_of_them():
    images = np.zeros((30, 4, 4), np.float32)
    images[:, 0] = np.arange(30)[:, None] / 100  # the first line says which image it is, under noise
    images = np.concatenate([images] * 20)  # rows 0, 30, 60 ... look alike, in one class
    data = labelled(images, 30)
    partner = noisy(data, 1).views[1]
    assert (partner >= images).all()  # noise adds; so the class is kept
    assert partner.max() <= 1
    three = Dataset("three", (np.arange(3.0).reshape(3, 1, 1) / 2 * np.ones((3, 8, 8)),), np.zeros(3, int), ("a",))
    seen = {tuple(noisy(three, seed).views[1].min((1, 2)).round(1)) for seed in range(40)}
    # the darkest pixel tells the partner: 0, 0.5 or 1; never its own, and each of the others
    assert {round(2 * row[0]) for row in seen} == {1, 2}
    assert {round(2 * row[1]) for row in seen} == {0, 2}
    assert {round(2 * row[2]) for row in seen} == {0, 1}


def test_noise_is_uniform_and_clipped_and_bytes_stay_bytes():
    data = labelled(np.full((60, 10, 10), 51, np.uint8))
    pairs = noisy(data)
    assert [view.dtype for view in pairs.views] == [np.uint8, np.uint8]
    noise = pairs.views[1].astype(float).ravel() / 255
    assert noise.min() >= 0.2
    assert np.mean(noise == 1) == pytest.approx(0.2, abs=0.02)  # 0.2 + U[0, 1] is above 1 so often
    assert np.mean(noise[noise < 1]) == pytest.approx(0.6, abs=0.01)


def test_noisy_pairs_are_made_within_each_part_and_by_the_seed():
    first, again, other = (open_dataset("digits", views="noisy", seed=seed) for seed in (3, 3, 4))
    for part, same in zip(parts_of(first), parts_of(again), strict=True):
        for view, copy in zip(part.views, same.views, strict=True):
            np.testing.assert_array_equal(view, copy)
    assert not np.array_equal(first.train.views[0], other.train.views[0])
    # The noise takes nothing away, so under it lies an image of its own part and class.
    plain = open_dataset("digits", seed=3)
    for part, images in ((first.validation, plain.validation), (first.test, plain.test)):
        np.testing.assert_array_equal(part.labels, images.labels)
        for row in range(0, len(part), 20):
            others = images.x[(images.labels == part.labels[row]) & (np.arange(len(part)) != row)]
            assert (part.views[1][row] >= others).all(axis=(1, 2)).any()


def test_labels_are_hidden_after_the_pairs_are_made():
    few, all_ = open_dataset("digits", views="noisy", labels=20), open_dataset("digits", views="noisy")
    assert (few.train.labels >= 0).sum() == 20
    np.testing.assert_array_equal(few.train.views[1], all_.train.views[1])


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        (Dataset("rows", (np.zeros((4, 2, 2)),)), "rows has no labels; give every row its label"),
        (Dataset("rows", (np.zeros((3, 2, 2)),), np.array([0, 0, -1]), ("a",)), "has 1 rows of unknown class"),
        (Dataset("rows", (np.zeros((3, 2, 2)),), np.array([0, 0, 1]), ("a", "b")), "class b has one row alone"),
        (Dataset("rows", (np.full((2, 2, 2), 7.0),), np.zeros(2, int), ("a",)), "has float64 from 7 to 7. Scale them"),
        (Dataset("rows", (np.zeros((4, 3)),), np.zeros(4, int), ("a",)), "needs images"),
    ],
)
def test_what_cannot_be_paired_is_refused(dataset, message):
    with pytest.raises(DataError, match=message):
        noisy(dataset)
