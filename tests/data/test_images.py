"""Folders of images: labels, sizes, colours, and images that cannot be read."""

import warnings

import numpy as np
import pytest
from PIL import Image

from latently.data import DataError, images, open_dataset


def open_images(*arguments, **options):
    return images.open_images(*arguments, **options).train


def test_subfolders_are_labels_and_images_beside_them_are_unknown(tmp_path, make_image):
    pixels = {name: make_image(tmp_path / name) for name in ("cat/a.png", "ant/b.PNG", "ant/c.png", "d.png")}
    opened = open_images(tmp_path)
    assert opened.x.dtype == np.uint8
    assert opened.classes == ("ant", "cat")
    found = {row.tobytes(): label for row, label in zip(opened.x, opened.labels, strict=True)}
    expected = {"cat/a.png": 1, "ant/b.PNG": 0, "ant/c.png": 0, "d.png": -1}
    assert found == {pixels[name].tobytes(): label for name, label in expected.items()}


def test_subfolders_that_are_numbers_are_sorted_as_numbers(tmp_path, make_image):
    for name in ("10", "9", "2"):
        make_image(tmp_path / name / "a.png")
    assert open_images(tmp_path).classes == (2, 9, 10)


def test_a_labels_csv_labels_the_images_it_names(tmp_path, make_image):
    for name in ("a.png", "b.png", "deep/c.png", "d.png"):
        make_image(tmp_path / name)
    (tmp_path / "labels.csv").write_text("label, filename, note\nred, a.png, -\nblue, deep/c.png, -\n , d.png, -\n")
    opened = open_images(tmp_path)
    assert opened.classes == ("blue", "red")
    assert opened.labels.tolist() == [1, -1, -1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("filename,label\nz.png,red\n", 'line 2, names "z.png", which is not among the images'),
        ("filename,label\n../a.png,red\n", "not among the images"),
        ("filename,label\na.png,red\na.png,blue\n", 'gives "a.png" two labels'),
        ("file,label\na.png,red\n", 'columns "filename" and "label"; got file, label'),
        ("", "got an empty file"),
        ("filename,label\na.png\n", None),
    ],
)
def test_a_labels_csv_that_does_not_fit_is_named(text, message, tmp_path, make_image):
    make_image(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text(text)
    if message is None:
        assert open_images(tmp_path).labels.tolist() == [-1]
        return
    with pytest.raises(DataError, match=message) as caught:
        open_images(tmp_path)
    assert "labels.csv" in str(caught.value)


def test_images_without_labels_have_none_and_other_files_are_passed_over(tmp_path, make_image):
    make_image(tmp_path / "a.png")
    make_image(tmp_path / ".hidden.png")
    make_image(tmp_path / ".thumbnails" / "b.png")
    make_image(tmp_path / "one" / "two" / "too-deep.png")
    (tmp_path / "notes.txt").write_text("no image")
    opened = open_images(tmp_path)
    assert len(opened) == 1
    assert opened.labels is None


def test_images_come_out_in_the_most_common_size_by_default(tmp_path, make_image):
    kept = make_image(tmp_path / "a.png", (6, 9))
    make_image(tmp_path / "b.png", (6, 9))
    make_image(tmp_path / "c.png", (50, 40))
    opened = open_images(tmp_path)
    assert opened.x.shape == (3, 6, 9)
    np.testing.assert_array_equal(opened.x[0], kept)
    assert "6 x 9, the most common size" in opened.description["size"]


def test_of_equally_common_sizes_the_smallest_is_taken(tmp_path, make_image):
    make_image(tmp_path / "a.png", (9, 9))
    make_image(tmp_path / "b.png", (4, 5))
    assert open_images(tmp_path).x.shape == (2, 4, 5)


@pytest.mark.parametrize(("image_size", "shape"), [(5, (5, 5)), ((4, 6), (4, 6))])
def test_images_come_out_in_the_size_asked_for(image_size, shape, tmp_path, make_image):
    make_image(tmp_path / "a.png", (9, 9))
    assert open_images(tmp_path, image_size).x.shape == (1, *shape)


def test_an_image_of_another_shape_is_cropped_around_its_centre(tmp_path, make_image):
    pixels = np.zeros((4, 12), np.uint8)
    pixels[:, 4:8] = 200
    make_image(tmp_path / "a.png", pixels=pixels)
    np.testing.assert_array_equal(open_images(tmp_path, 4).x[0], np.full((4, 4), 200))


@pytest.mark.parametrize("image_size", [0, -3, (4, 0)])
def test_a_size_must_be_a_size(image_size, tmp_path, make_image):
    make_image(tmp_path / "a.png")
    with pytest.raises(DataError, match="image_size must be at least 1 pixel"):
        open_images(tmp_path, image_size)


def test_one_coloured_image_makes_all_rows_colour(tmp_path, make_image):
    make_image(tmp_path / "a.png")
    assert open_images(tmp_path).x.shape == (1, 8, 8)
    make_image(tmp_path / "b.png", mode="RGB")
    opened = open_images(tmp_path)
    assert opened.x.shape == (2, 8, 8, 3)
    np.testing.assert_array_equal(opened.x[0, ..., 0], opened.x[0, ..., 2])


def test_transparency_lies_on_white(tmp_path, make_image):
    pixels = np.zeros((4, 4, 4), np.uint8)
    pixels[:2, :, 3] = 255
    make_image(tmp_path / "a.png", pixels=pixels)
    np.testing.assert_array_equal(open_images(tmp_path).x[0, :, 0, 0], [0, 0, 255, 255])


def test_sixteen_bits_a_pixel_become_eight(tmp_path):
    Image.fromarray(np.array([[0, 256], [32768, 65535]], np.uint16)).save(tmp_path / "a.png")
    np.testing.assert_array_equal(open_images(tmp_path).x[0], [[0, 1], [128, 255]])


def test_photographs_are_turned_upright(tmp_path):
    image = Image.new("L", (8, 4))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=exif)
    assert open_images(tmp_path).x.shape == (1, 8, 4)


DAMAGE = {
    "text": lambda _: b"not an image",
    "empty": lambda _: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "flipped": lambda data: data[:50] + bytes(255 - byte for byte in data[50:70]) + data[70:],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_image_that_cannot_be_read_is_named_and_skipped_only_when_asked(damage, tmp_path, make_image):
    for name in ("a/1.png", "a/2.png", "b/3.png"):
        make_image(tmp_path / name, (16, 16))
    bad = tmp_path / "a" / "2.png"
    bad.write_bytes(DAMAGE[damage](bad.read_bytes()))
    with pytest.raises(DataError, match=r"cannot be read as an image\. .* skip_bad=True\.") as caught:
        open_images(tmp_path)
    assert str(bad) in str(caught.value)
    with pytest.warns(UserWarning, match=r"skipped 1 images .*a.2\.png"):
        opened = open_images(tmp_path, skip_bad=True)
    assert opened.x.shape == (2, 16, 16)
    assert opened.labels.tolist() == [0, 1]
    assert len(opened.description["skipped"]) == 1


def test_another_format_under_the_name_of_an_image_is_refused(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "a.png", format="PPM")
    with pytest.raises(DataError, match="cannot be read as an image"):
        open_images(tmp_path)


@pytest.mark.parametrize("factor", [1.5, 3])
def test_an_image_too_large_to_be_safe_is_refused_before_it_is_unpacked(factor, tmp_path, make_image, monkeypatch):
    make_image(tmp_path / "a.png", (32, 32))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", int(32 * 32 / factor))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(DataError, match="is too large"):
            open_images(tmp_path)


def test_no_image_at_all_gets_a_sentence(tmp_path):
    with pytest.raises(DataError, match="holds no PNG, JPEG, TIFF, WebP, BMP or GIF image"):
        open_dataset(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    with pytest.raises(DataError, match="none of them can be read"):
        open_dataset(tmp_path, skip_bad=True)


def test_one_image_cannot_be_split(tmp_path, make_image):
    make_image(tmp_path / "a.png")
    with pytest.raises(DataError, match="1 row, too few to split"):
        open_dataset(tmp_path)
