"""Views that a file or a folder holds, and views made of images: halves, and noisy pairs of a class."""

import json

import numpy as np
import pytest
from scipy import ndimage

from latently.data import DataError, Dataset, assumed, open_dataset
from latently.data.view_making import LARGEST_ANGLE, halves, noisy, rotate, view_groups

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
    for kind, axis, names in (("halves", 2, ("left", "right")), ("top-bottom", 1, ("top", "bottom"))):
        views = halves(Dataset("images", (images,)), kind)
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
    ("shape", "message"),
    [
        ((4, 12), r'views can be "halves" of images alone, .* have the shape \(12,\)\. Save'),
        ((4, 6, 1), "images of 2 pixels or more"),
    ],
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
        (Dataset("rows", (np.zeros((4, 2, 2)),)), "rows has no labels. Give every row its label"),
        (Dataset("rows", (np.zeros((3, 2, 2)),), np.array([0, 0, -1]), ("a",)), "has 1 rows of unknown class"),
        (Dataset("rows", (np.zeros((3, 2, 2)),), np.array([0, 0, 1]), ("a", "b")), "class b has one row alone"),
        (Dataset("rows", (np.full((2, 2, 2), 7.0),), np.zeros(2, int), ("a",)), "has float64 from 7 to 7. Scale them"),
        (Dataset("rows", (np.zeros((4, 3)),), np.zeros(4, int), ("a",)), "of images alone"),
    ],
)
def test_what_cannot_be_paired_is_refused(dataset, message):
    with pytest.raises(DataError, match=message):
        noisy(dataset)


# ---- named views: what is asked for ----

A, B = np.arange(24.0).reshape(8, 3), np.arange(32, dtype=np.uint8).reshape(8, 2, 2)


def whole(source, views, **options):
    return open_dataset(source, views=views, validation=0.0, test=0.0, **options).train


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("halfs", r"one of halves, top-bottom, noisy, or NAME=WHAT,NAME=WHAT .*; got 'halfs'"),
        ("a=", "got 'a='"),
        ("a=X,=Y", "got 'a=X,=Y'"),
        ("a=X,a=Y", 'got "a" twice'),
        ("a=X", "two views or more; got 'a=X'"),
        ("a=X+,b=Y", "got 'a=X"),
    ],
)
def test_a_spec_that_cannot_be_read_gets_a_sentence(spec, message):
    with pytest.raises(DataError, match=message):
        view_groups(spec)


def test_names_and_patterns_find_their_parts():
    groups = view_groups("a = x? + z[0] ,b=y")
    assert groups.matched(["z[0]", "x1", "y", "x2", "other"], "it has") == {"a": ["z[0]", "x1", "x2"], "b": ["y"]}
    with pytest.raises(DataError, match=r'it has x1, y; none of them is "z\[0\]", of the view "a"'):
        groups.matched(["x1", "y"], "it has")
    with pytest.raises(DataError, match='"y" must be in one view alone; got it in "a" and in "b"'):
        view_groups("a=*,b=y").matched(["x1", "y"], "it has")
    assert view_groups("a=x,b=y", partial=True).matched(["y"], "it has") == {"b": ["y"]}
    with pytest.raises(DataError, match="none of them is of a view"):
        view_groups("a=x,b=y", partial=True).matched(["z"], "it has")


@pytest.mark.parametrize("source", ["digits", "rows.npy"])
def test_data_without_parts_has_no_named_views(source, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("rows.npy", A)
    with pytest.raises(DataError, match=f'{source} has none. Use views="halves"'):
        open_dataset(source, views="a=X,b=Y")


# ---- arrays ----


@pytest.fixture
def npz(tmp_path):
    path = tmp_path / "pairs.npz"
    sparse = A.copy()
    sparse[[1, 5]] = np.nan
    np.savez(path, a=sparse, b=B, y=np.arange(8) % 2)
    return path


def test_arrays_of_a_file_are_views_and_rows_of_nan_lack_theirs(npz):
    data = whole(npz, "numbers=a,image=b")
    assert data.view_names == ("numbers", "image")
    assert data.present[:, 0].tolist() == [True, False, True, True, True, False, True, True]
    assert data.present[:, 1].all()
    np.testing.assert_array_equal(data.views[1], B)
    np.testing.assert_array_equal(data.labels, np.arange(8) % 2)
    json.dumps(dict(data.description))
    parts = open_dataset(npz, views="numbers=a,image=b", seed=1)
    for part in (parts.train, parts.test):
        np.testing.assert_array_equal(np.isnan(part.views[0]).all(axis=1), ~part.present[:, 0])


def test_the_labels_may_be_a_view(npz):
    np.savez(npz, a=A, y=B)
    data = whole(npz, "a=a,b=y")
    assert data.labels is None
    np.testing.assert_array_equal(data.rows.view("b"), B)


@pytest.mark.parametrize(
    ("arrays", "views", "message"),
    [
        ({"a": A, "b": B}, "a=a,c=c", r'pairs.npz holds the arrays a, b; none of them is "c", of the view "c"'),
        ({"a": A, "b": B, "c": A}, "a=[ac],b=b", 'holds the arrays a, c for the view "a"; name one of them alone'),
        ({"a": A, "b": B[:3]}, "a=a,b=b", "pairs.npz: views must have equally many rows; got: a has 8, b has 3"),
        ({"a": A[:, 0], "b": B}, "a=a,b=b", "view 'a' must be rows of features"),
        ({"a": np.where(A == 4, np.nan, A), "b": B}, "a=a,b=b", 'pairs.npz, view "a", must be finite'),
        ({"a": np.full_like(A, np.nan), "b": B}, "a=a,b=b", 'no row with the view "a"; give some, or leave'),
        ({"a": A, "b": B}, None, 'name them with views="NAME=ARRAY,NAME=ARRAY"'),
    ],
)
def test_arrays_that_are_no_views_are_refused(arrays, views, message, npz):
    np.savez(npz, **arrays)
    with pytest.raises(DataError, match=message):
        whole(npz, views)


def test_some_of_the_views_will_do_where_that_is_said(npz):
    data = whole(npz, "numbers=gone,image=b", some_views=True)
    assert data.view_names == ("image",)
    np.testing.assert_array_equal(data.rows.view("image"), B)


# ---- groups of columns ----

TABLE = """leaf_length,leaf_width,red,green,note,kind
1,2,10,20,hi,ant
3,4,,,,bee
,,30,40,ho,ant
5,6,50,60,,
"""


def table(tmp_path, text=TABLE):
    path = tmp_path / "plants.csv"
    path.write_text(text)
    return path


def test_groups_of_columns_are_views_and_other_columns_are_passed_over(tmp_path):
    data = whole(table(tmp_path), "leaf=leaf_*,colour=green+red", labels_column="kind")
    assert data.description["columns"] == {"leaf": ["leaf_length", "leaf_width"], "colour": ["red", "green"]}
    assert data.present.tolist() == [[True, True], [True, False], [False, True], [True, True]]
    np.testing.assert_array_equal(data.views[0][[0, 1, 3]], [[1, 2], [3, 4], [5, 6]])
    np.testing.assert_array_equal(data.views[1][[0, 2, 3]], [[10, 20], [30, 40], [50, 60]])
    assert (data.classes, data.labels.tolist()) == (("ant", "bee"), [0, 1, 0, -1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TABLE.replace("5,6,50", "5,6,"), r'misses values in column "red", in 1 of 3 rows'),
        (TABLE.replace(",,30,40", ",,,"), "plants.csv: row 2 has none of its views"),
        (TABLE.replace("50", "pink"), r'columns that are not numbers: "red" \(such as "pink"\)'),
        (TABLE.replace("green", "blue"), r'the columns leaf_length, .*; none of them is "green", of the view "colour"'),
    ],
)
def test_groups_of_columns_that_are_no_views_are_refused(text, message, tmp_path):
    with pytest.raises(DataError, match=message):
        whole(table(tmp_path, text), "leaf=leaf_*,colour=green+red", labels_column="kind")


def test_groups_of_columns_of_parquet_are_views(tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(pa.table({"a": [1.0, None, 3.0], "b": [1, 2, 3], "c": [4, 5, None]}), tmp_path / "rows.parquet")
    with pytest.raises(DataError, match='misses values in column "c"'):
        whole(tmp_path / "rows.parquet", "one=a,two=b+c")
    data = whole(tmp_path / "rows.parquet", "one=a,two=b")
    assert data.present.tolist() == [[True, True], [False, True], [True, True]]


# ---- subfolders of images ----


@pytest.fixture
def folder(tmp_path, make_image):
    for name in ("a", "b", "d"):
        make_image(tmp_path / "before" / f"{name}.png", (6, 4))
    make_image(tmp_path / "after" / "c.png", (5, 5), "RGB")
    for name in ("a", "b"):
        make_image(tmp_path / "after" / f"{name}.jpg", (5, 5), "RGB")
    make_image(tmp_path / "other" / "z.png")
    return tmp_path


def test_images_of_one_name_are_one_row_and_others_lack_a_view(folder):
    data = whole(folder, "then=before,now=after")
    assert [view.shape for view in data.views] == [(4, 6, 4), (4, 5, 5, 3)]
    assert data.present.tolist() == [[True, True], [True, True], [False, True], [True, False]]
    assert (data.views[0][2] == 0).all()
    assert (data.views[0][3] != 0).any()
    assert data.labels is None
    json.dumps(dict(data.description))


def test_images_of_views_have_labels_by_name_and_sizes_of_their_own(folder):
    (folder / "labels.csv").write_text("filename,label\na,old\nc.png,new\n")
    data = whole(folder, "then=before,now=after", image_size={"then": (3, 3), "now": 2})
    assert [view.shape[1:3] for view in data.views] == [(3, 3), (2, 2)]
    assert (data.classes, data.labels.tolist()) == (("new", "old"), [1, -1, 0, -1])
    (folder / "labels.csv").write_text("filename,label\nz,old\n")
    with pytest.raises(DataError, match='names "z", which is not among the images'):
        whole(folder, "then=before,now=after")


def test_an_image_that_is_skipped_leaves_its_row_without_the_view(folder):
    (folder / "before" / "b.png").write_bytes(b"no image")
    with pytest.raises(DataError, match=r"b\.png cannot be read"):
        whole(folder, "then=before,now=after")
    with pytest.warns(UserWarning, match=r"skipped 1 images .* b\.png"):
        data = whole(folder, "then=before,now=after", skip_bad=True)
    assert data.present[:, 0].tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("views", "message"),
    [
        ("then=before,now=later", 'holds the folders after, before, empty, other; none of them is "later"'),
        ("then=before,now=[ao]*", 'for the view "now"; name one of them alone'),
        ("then=before,now=before", '"before" must be in one view alone'),
        ("then=before,now=empty", "empty holds no PNG, JPEG, TIFF, WebP, BMP or GIF image"),
    ],
)
def test_folders_that_are_no_views_are_refused(views, message, folder):
    (folder / "empty").mkdir()
    with pytest.raises(DataError, match=message):
        whole(folder, views)


def test_two_images_of_one_name_in_a_view_are_refused(folder, make_image):
    make_image(folder / "before" / "a.jpg")
    with pytest.raises(DataError, match='two images named "a"'):
        whole(folder, "then=before,now=after")


def test_images_with_their_channels_first_are_cut_across_and_that_is_said_unless_it_is_told():
    rows = np.arange(2 * 3 * 4 * 6).reshape(2, 3, 4, 6).astype(np.uint8)
    left, right = halves(dataset := Dataset("rows", (rows,))).views
    np.testing.assert_array_equal(np.concatenate([left, right], axis=2), np.moveaxis(rows, 1, -1))
    (guess,) = assumed(halves(dataset).description)
    assert guess.startswith("the first axis of rows (3, 4, 6) is the channels, which the views that are made of them h")
    for told, axis in (("first", 3), ("last", 2)):
        made = halves(dataset, channel_axis=told)
        assert assumed(made.description) == ()
        np.testing.assert_array_equal(np.concatenate(made.views, axis=axis), rows)
