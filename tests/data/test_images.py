"""Folders of images: labels, sizes, colours, and images that cannot be read."""

import numpy as np
import pytest
from PIL import Image

from latently.data import DataError, Dataset, assumed, images, open_dataset, open_whole, pictures


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
    (guess,) = assumed(opened.description)
    assert guess == f"labels.csv of {tmp_path.name} holds the labels; {{labels_file=none}} does without"
    assert open_whole(tmp_path, labels_file="none").classes == ("deep",)
    other = tmp_path / "other.csv"
    other.write_text("filename,label\nb.png,green\n")
    told = open_whole(tmp_path, labels_file=str(other))
    assert (told.classes, told.labels.tolist(), assumed(told.description)) == (("green",), [-1, 0, -1, -1], ())
    with pytest.raises(DataError, match=r"^labels_file must be a table of labels; there is no .*nowhere\.csv"):
        open_whole(tmp_path, labels_file=str(tmp_path / "nowhere.csv"))


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
    white = open_images(tmp_path)
    np.testing.assert_array_equal(white.x[0, :, 0, 0], [0, 0, 255, 255])
    assert [guess.partition("; ")[2] for guess in assumed(white.description)] == [
        "{background=COLOUR} lays them on another colour"
    ]
    orange = open_dataset(tmp_path, background="#ff8000", validation=0.0, test=0.0).train
    assert orange.x[0, 3, 0].tolist() == [255, 128, 0]
    assert assumed(orange.description) == ()
    np.testing.assert_array_equal(orange.prepare(tmp_path / "a.png"), orange.x[0])  # as those of the folder
    with pytest.raises(ValueError, match=r"^background must be a colour, such as black or #ff8000; got 'glass'"):
        open_dataset(tmp_path, background="glass")


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


def test_an_image_that_does_not_fit_into_memory_is_refused_before_it_is_unpacked(tmp_path, make_image, monkeypatch):
    make_image(tmp_path / "a.png", (512, 512))
    make_image(tmp_path / "b.png", (8, 8))
    monkeypatch.setenv("LATENTLY_MEMORY", "1MB")
    limit = r"take about 1\.0 MB of memory, and 1\.0 MB are free here \(LATENTLY_MEMORY=24GB sets another limit\)"
    with pytest.raises(DataError, match=rf"a\.png is too large: its 512 x 512 pixels {limit}\. Replace or"):
        open_images(tmp_path)


@pytest.mark.parametrize("factor", [1.5, 3])
def test_an_image_over_the_limit_of_pillow_is_read_where_there_is_memory(factor, tmp_path, make_image, monkeypatch):
    pixels = make_image(tmp_path / "a.png", (32, 32))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", limit := int(32 * 32 / factor))
    np.testing.assert_array_equal(open_images(tmp_path).x[0], pixels)
    assert limit == Image.MAX_IMAGE_PIXELS


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


# ---- formats, depths, colours ----

RAMP = np.arange(64, dtype=np.uint16).reshape(8, 8)


@pytest.mark.parametrize("suffix", ["png", "tif", "TIFF", "bmp", "webp", "gif"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_pictures_of_many_formats_are_read(suffix, mode, tmp_path):
    pixels = np.repeat(RAMP.astype(np.uint8)[..., None] * 4, 3, axis=2) if mode == "RGB" else RAMP.astype(np.uint8) * 4
    if mode == "RGB":
        pixels[..., 0] = 0
    image = Image.fromarray(pixels)
    options = {"lossless": True} if suffix == "webp" else {}
    image.save(tmp_path / f"a.{suffix}", **options)
    opened = open_images(tmp_path).x
    assert opened.shape == ((1, 8, 8) if mode == "L" and suffix != "webp" else (1, 8, 8, 3))  # WebP has no gray
    np.testing.assert_allclose(opened[0].reshape(8, 8, -1)[..., -1], RAMP * 4, atol=1)


def test_of_a_moving_gif_the_first_frame_is_taken_and_that_is_said(tmp_path):
    first, second = (Image.fromarray(np.full((8, 8), shade, np.uint8)) for shade in (40, 200))
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    opened = open_images(tmp_path)
    assert opened.x.tolist() == np.full((1, 8, 8), 40).tolist()
    (guess,) = assumed(opened.description)
    assert guess.startswith("1 of 1 files hold several images, of which the first was taken; {frame=N} takes another")
    later = open_dataset(tmp_path, frame=1, validation=0.0, test=0.0).train
    assert later.x.tolist() == np.full((1, 8, 8), 200).tolist()
    assert assumed(later.description) == ()
    np.testing.assert_array_equal(later.prepare(tmp_path / "a.gif"), later.x[0])
    with pytest.raises(DataError, match=r"a\.gif cannot be read as an image \(it holds 2 images, and no frame 2\)"):
        open_dataset(tmp_path, frame=2)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize(("peak", "white"), [(200, 255), (1000, 1023), (4032, 4095), (40_000, 65_535)])
def test_images_of_more_than_eight_bits_are_scaled_by_the_range_that_a_folder_reaches(suffix, peak, white, tmp_path):
    bright, dark = (RAMP * (peak / 63)).astype(np.uint16), (RAMP * (peak / 630)).astype(np.uint16)
    for name, values in (("bright", bright), ("dark", dark)):
        Image.fromarray(values).save(tmp_path / f"{name}.{suffix}")
    opened = open_images(tmp_path)
    np.testing.assert_array_equal(opened.x[0], np.rint(bright * (255 / white)))
    np.testing.assert_array_equal(opened.x[1], np.rint(dark * (255 / white)))
    assert opened.description["white_level"] == white
    assert f"2 of 2 images have more than 8 bits, and {white:,} is white" in assumed(opened.description)[0]
    told = open_images(tmp_path, white_level=2 * white)
    np.testing.assert_array_equal(told.x[0], np.rint(bright * (255 / (2 * white))))
    assert assumed(told.description) == ()


def test_one_dark_image_alone_is_scaled_as_its_folder_was(tmp_path):
    Image.fromarray(RAMP * 10).save(tmp_path / "dark.png")
    assert open_images(tmp_path / "dark.png", white_level=4095).x.max() == round(630 * 255 / 4095)


def test_images_of_eight_bits_beside_deeper_ones_stay_as_they_are(tmp_path):
    Image.fromarray(RAMP * 64).save(tmp_path / "deep.png")
    Image.fromarray(RAMP.astype(np.uint8)).save(tmp_path / "plain.png")
    np.testing.assert_array_equal(open_images(tmp_path).x[1], RAMP)


def test_colours_of_sixteen_bits_are_not_black(tmp_path):
    import tifffile

    tifffile.imwrite(tmp_path / "a.tif", np.stack([RAMP * 64, RAMP * 0, RAMP * 32], -1), photometric="rgb")
    opened = open_images(tmp_path).x[0]
    np.testing.assert_allclose(opened[..., 0], RAMP * 64 * (255 / 4095), atol=17)  # Pillow reads the upper byte
    assert opened[..., 1].max() == 0


def test_images_of_floats_lie_between_black_and_white(tmp_path):
    Image.fromarray((RAMP / 63).astype(np.float32)).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(open_images(tmp_path).x[0], np.rint(RAMP * (255 / 63)))
    Image.fromarray((RAMP - 5.0).astype(np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match="cannot be read as an image"):
        open_images(tmp_path)


@pytest.mark.parametrize(("gray", "shape"), [(True, (2, 8, 8)), (False, (2, 8, 8, 3)), (None, (2, 8, 8, 3))])
def test_a_user_says_whether_there_are_colours(gray, shape, tmp_path, make_image):
    make_image(tmp_path / "a.png")
    make_image(tmp_path / "b.png", mode="RGB")
    assert open_images(tmp_path, gray=gray).x.shape == shape


def test_images_that_are_resized_are_counted(tmp_path, make_image):
    for name, size in (("a", 8), ("b", 8), ("c", 9)):
        make_image(tmp_path / f"{name}.png", (size, size))
    (guess,) = assumed(open_images(tmp_path).description)
    assert guess.startswith("1 of 3 images are not 8 x 8, the most common size: they were cropped around their centre")
    assert assumed(open_images(tmp_path, 8).description) == ()


def test_one_image_is_data(tmp_path, make_image):
    pixels = make_image(tmp_path / "a" / "photo.png")
    opened = open_whole(tmp_path / "a" / "photo.png")
    np.testing.assert_array_equal(opened.x, pixels[None])
    assert opened.labels is None


def test_the_public_folders_are_neither_black_nor_refused(case):
    deep = open_whole(case("folders/sixteen-bit"))
    assert deep.x.shape == (12, 8, 8)
    assert deep.x.max() > 250
    assert deep.description["white_level"] == 4095
    assert open_whole(case("folders/odd-size")).x.shape == (8, 33, 47, 3)


def ramp(height, width):
    """Every pixel another gray than its neighbours: a picture that no two croppings of are alike."""
    return (np.arange(height * width).reshape(height, width) * 7 % 251).astype(np.uint8)


def test_a_wide_image_that_is_fitted_keeps_its_proportions_between_borders(tmp_path, make_image):
    make_image(tmp_path / "wide.png", pixels=np.repeat(np.repeat(ramp(4, 8), 2, axis=0), 2, axis=1))
    opened = open_dataset(tmp_path, image_size=16, image_fit="fit", test=0, validation=0).train
    row, wide = opened.x[0], ramp(8, 16)
    make_image(tmp_path / "whole" / "wide.png", pixels=wide)
    fitted = open_whole(tmp_path / "whole", image_size=16, image_fit="fit").x[0]
    np.testing.assert_array_equal(fitted[4:12], wide)  # pixel for pixel: as wide as what is asked for
    assert not fitted[:4].any() and not fitted[12:].any()  # noqa: PT018
    np.testing.assert_array_equal(row[4:12], np.repeat(np.repeat(ramp(4, 8), 2, axis=0), 2, axis=1))
    assert opened.description["image_fit"] == "fit"
    assert opened.description["size"].endswith("others resized whole with a Lanczos filter, between black borders")


def test_an_image_that_is_cropped_is_its_centre_and_is_not_resized(tmp_path, make_image):
    large, small = (
        make_image(tmp_path / "a.png", pixels=ramp(12, 20)),
        make_image(tmp_path / "b.png", pixels=ramp(2, 4)),
    )
    first, second = open_whole(tmp_path, image_size=(6, 8), image_fit="crop").x
    np.testing.assert_array_equal(first, large[3:9, 6:14])
    np.testing.assert_array_equal(second[2:4, 2:6], small)
    assert second.sum() == small.sum()


def test_an_unknown_way_to_fit_is_named(tmp_path, make_image):
    make_image(tmp_path / "a.png")
    with pytest.raises(DataError, match="image_fit must be one of fill, fit, crop; got 'squeeze'"):
        open_images(tmp_path, image_fit="squeeze")


@pytest.mark.parametrize(
    ("size", "working"),
    [((512, 512), (128, 128)), ((400, 600), (88, 128)), ((4000, 100), (128, 8)), ((128, 96), (128, 96))],
)
def test_large_photos_may_come_in_a_size_to_learn_from(size, working, tmp_path, make_image):
    make_image(tmp_path / "a.png", size)
    assert open_images(tmp_path).x.shape == (1, *size)
    opened = open_images(tmp_path, "auto")
    assert opened.x.shape == (1, *working)
    said = (f"the photos, most of {size[0]:,} x {size[1]:,}, are learned in {working[0]} x {working[1]}; " + SIZED,)
    assert assumed(opened.description) == (() if size == working else said)


SIZED = "{image_size=H,W} sets another size"


def test_photos_of_other_proportions_are_told_of_with_what_was_done_to_them(tmp_path, make_image):
    for name in ("a", "b"):
        make_image(tmp_path / f"{name}.png", (256, 256))
    make_image(tmp_path / "c.png", (256, 512))
    for fit, how in (("fill", "cropped around their centre and resized"), ("fit", "resized whole, between black")):
        (sentence,) = assumed(open_images(tmp_path, "auto", image_fit=fit).description)
        assert f"1 of other proportions or sizes: they were {how}" in sentence
        assert sentence.endswith("{image_fit=fit} keeps all of each" if fit == "fill" else SIZED)


def test_too_many_large_photos_are_refused_before_any_is_read(tmp_path, make_image, monkeypatch):
    for name in "abc":
        make_image(tmp_path / f"{name}.png", mode="RGB")
    monkeypatch.setattr(pictures, "available_bytes", lambda: 1_000_000_000)
    with pytest.raises(
        DataError, match=r"3 images, which in 20,000 x 20,000 pixels take about 3.6 GB of memory, and 1"
    ):
        open_images(tmp_path, 20_000)


@pytest.mark.parametrize("fit", ["fill", "fit", "crop"])
def test_one_new_photo_is_prepared_as_those_of_the_folder(fit, tmp_path, make_image):
    for name in ("a", "b"):
        make_image(tmp_path / "folder" / f"{name}.png", (20, 20), "RGB")
    new = make_image(tmp_path / "new.png", (30, 70), "RGB")
    dataset = open_whole(tmp_path / "folder", image_size=16, image_fit=fit)
    wanted = open_whole(tmp_path / "new.png", image_size=16, image_fit=fit).x[0]
    for picture in (tmp_path / "new.png", str(tmp_path / "new.png"), Image.open(tmp_path / "new.png"), new):
        np.testing.assert_array_equal(dataset.prepare(picture), wanted)
    assert dataset.prepare(new[..., 0]).shape == (16, 16, 3)


def test_a_gray_data_set_prepares_in_gray_and_with_its_white(tmp_path, make_image):
    for name, white in (("a", 4000), ("b", 1000)):
        Image.fromarray(np.full((4, 4), white, np.uint16)).save(tmp_path / f"{name}.png")
    dataset = open_images(tmp_path)
    assert dataset.prepare(tmp_path / "b.png").tolist() == dataset.x[1].tolist()
    assert dataset.prepare(np.full((4, 4, 3), 9, np.uint8)).tolist() == np.full((4, 4), 9).tolist()


def test_what_is_no_photo_or_for_no_photos_cannot_be_prepared(tmp_path, make_image):
    make_image(tmp_path / "a.png")
    photos = open_images(tmp_path)
    with pytest.raises(DataError, match=r"must be the file of an image; there is none; got .nowhere\.png"):
        photos.prepare("nowhere.png")
    with pytest.raises(DataError, match="picture must be pixels"):
        photos.prepare(np.zeros(5))
    with pytest.raises(DataError, match="numbers has no rows that are images"):
        Dataset("numbers", (np.eye(8),)).prepare(tmp_path / "a.png")


# ---- folders as people have them ----


def test_what_a_folder_holds_beside_its_classes_is_named(tmp_path, make_image):
    for name in ("cat/1", "cat/2", "dog/1", "dog/young/2", "dog/young/old/3"):
        make_image(tmp_path / f"{name}.png")
    (tmp_path / "bird").mkdir()
    for junk in (".DS_Store", "Thumbs.db", "cat/.DS_Store", "cat/._1.png"):
        (tmp_path / junk).write_bytes(b"junk")
    train = open_dataset(tmp_path, validation=0.0, test=0.0).train
    assert (len(train), train.classes) == (3, ("cat", "dog"))
    assert assumed(train.description) == (
        f"2 images lie deeper than in folders of {tmp_path.name}, such as those of dog/young: not used; "
        "{nested=True} takes them",
        f"of {tmp_path.name}, bird hold no image, and are no classes",
    )
    whole = open_dataset(tmp_path, nested=True, validation=0.0, test=0.0).train
    assert [whole.classes[label] for label in whole.labels] == ["cat", "cat", "dog", "dog", "dog"]
    assert len(assumed(whole.description)) == 1
    (tmp_path / "dog" / "all").symlink_to(tmp_path, target_is_directory=True)  # which leads around for ever
    assert len(open_dataset(tmp_path, nested=True, validation=0.0, test=0.0).train) == 5
    (tmp_path / "dog" / "all").unlink()
    deep = tmp_path / "dog" / "young"
    for path in (*tmp_path.glob("*/*.png"), *deep.glob("*.png")):
        path.unlink()
    with pytest.raises(DataError, match=r"nor does a folder in it; those of .* lie deeper: give the folder above it"):
        open_dataset(tmp_path)


def test_pictures_of_every_mode_are_read_as_they_look(tmp_path):
    blue = Image.new("RGB", (8, 8), (0, 0, 255))
    looks = {
        "palette.png": (blue.quantize(4), (0, 0, 255)),
        "clear.png": (Image.new("RGBA", (8, 8), (0, 0, 0, 0)), (255, 255, 255)),
        "gray.png": (Image.new("L", (8, 8), 90), (90, 90, 90)),
        "cmyk.tif": (Image.new("CMYK", (8, 8), (0, 255, 255, 0)), (255, 0, 0)),
        "bits.png": (Image.new("1", (8, 8), 1), (255, 255, 255)),
    }
    for name, (image, _) in looks.items():
        image.save(tmp_path / name)
    train = open_dataset(tmp_path, validation=0.0, test=0.0).train
    found = dict(zip(sorted(looks), train.x[:, 4, 4].tolist(), strict=True))
    assert found == {name: list(colour) for name, (_, colour) in looks.items()}
    assert assumed(train.description) == (
        "3 of 5 images have colours, and all are read in colour; {gray=True} reads none",
        "1 of 5 images are transparent in places, and lie on white; {background=COLOUR} lays them on another colour",
    )


def test_an_image_of_numbers_below_0_is_refused_with_what_they_are(tmp_path):
    Image.fromarray(np.linspace(-1, 3, 64, dtype=np.float32).reshape(8, 8)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match=r"cannot be read as an image \(its numbers lie between -1 and 3"):
        open_dataset(tmp_path)
