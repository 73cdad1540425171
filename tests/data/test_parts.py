"""Parts that a source names, and parts from files and folders of their own."""

import numpy as np
import pytest

from latently.data import DataError, assumed, open_dataset, open_whole


@pytest.fixture
def folders(tmp_path, make_image):
    """Images in folders of parts: 3 to train on, 2 to validate, 1 to test, of the classes ant and bee."""
    for name in ("train/ant/1", "train/ant/2", "train/bee/1", "val/ant/1", "val/bee/2", "test/bee/1"):
        make_image(tmp_path / "data" / f"{name}.png")
    return tmp_path / "data"


def sizes(data):
    return len(data.train), len(data.validation), len(data.test)


def test_folders_of_parts_above_the_classes_are_kept(folders):
    data = open_dataset(folders)
    assert sizes(data) == (3, 2, 1)
    assert data.train.classes == data.test.classes == ("ant", "bee")
    assert [part.labels.tolist() for part in (data.train, data.validation, data.test)] == [[0, 0, 1], [0, 1], [1]]
    assert len(open_whole(folders)) == 6


@pytest.mark.parametrize(("train", "test"), [("Training", "TEST"), ("seg_train", "seg_test"), ("train", "testing")])
def test_folders_of_parts_have_many_names(train, test, folders):
    (folders / "train").rename(folders / train)
    (folders / "test").rename(folders / test)
    (folders / "val").rename(folders / "valid")
    assert sizes(open_dataset(folders)) == (3, 2, 1)


def test_test_images_without_class_folders_have_no_label(folders, make_image):
    (folders / "test" / "bee" / "1.png").rename(folders / "test" / "1.png")
    data = open_dataset(folders)
    assert sizes(data) == (3, 2, 1)
    assert data.test.labels.tolist() == [-1]


def test_a_table_of_labels_may_lie_above_the_parts(folders):
    (folders / "labels.csv").write_text("filename,label\ntrain/ant/1.png,red\ntest/bee/1.png,blue\n")
    data = open_dataset(folders)
    assert data.train.classes == ("blue", "red")
    assert data.train.labels.tolist() == [1, -1, -1]
    assert data.test.labels.tolist() == [0]


def test_other_folders_beside_the_parts_are_named(folders, make_image):
    make_image(folders / "preview" / "x.png")
    (found,) = assumed(open_dataset(folders).train.description)
    said = "the folders test, train, val of data are parts of the data, and preview beside them not used; "
    assert found == said + "{parts=none} makes all of them classes"


def test_what_lies_beside_the_training_folder_alone_is_named_too(tmp_path, make_image):
    for name in ("train/ant/1", "train/bee/1", "preview/x"):
        make_image(tmp_path / f"{name}.png")
    train = open_dataset(tmp_path, validation=0.0, test=0.0).train
    assert (len(train), train.classes) == (2, ("ant", "bee"))
    (found,) = assumed(train.description)
    assert found.startswith(f"the folders train of {tmp_path.name} are parts of the data, and preview beside them not")


def test_folders_are_the_parts_that_they_are_told_to_be(folders):
    (folders / "train").rename(folders / "clean")
    data = open_dataset(folders, parts={"train": "clean", "test": "val"})
    assert sizes(data) == (3, 0, 2)
    assert assumed(data.train.description) == ()
    told = open_dataset(folders, parts="train=clean,validation=val,test=test")
    assert sizes(told) == (3, 2, 1)
    for wrong in ("test=test", "train", "train=clean,extra=val"):
        with pytest.raises(DataError, match=r"^parts must be PART=NAME,PART=NAME, with a name for train"):
            open_dataset(folders, parts=wrong)
    with pytest.raises(DataError, match=r"^parts must name folders of .*, which has clean, test, val; got 'new'"):
        open_dataset(folders, parts={"train": "new"})


def test_folders_that_are_called_as_parts_may_be_told_to_be_classes(folders, make_image):
    for part in ("train", "val", "test"):
        make_image(folders / part / "1.png")
    whole = open_whole(folders, parts="none")
    assert (len(whole), whole.classes) == (3, ("test", "train", "val"))
    assert len(open_whole(folders, parts="none", nested=True)) == 9


def test_a_class_may_be_called_train(tmp_path, make_image):
    for name in ("train/1", "train/2", "bus/1", "bus/2"):
        make_image(tmp_path / f"{name}.png")
    assert open_dataset(tmp_path).train.classes == ("bus", "train")


def test_two_folders_of_one_part_are_an_error(folders, make_image):
    make_image(folders / "valid" / "ant" / "x.png")
    with pytest.raises(DataError, match="holds val and valid, which both are called as validation rows are"):
        open_dataset(folders)


def test_parts_may_have_files_of_their_own(tmp_path):
    for name, labels in (("rows", ["ant", "bee", "cow"] * 5), ("more", ["bee", "elk"]), ("last", ["cow"] * 3)):
        np.savez(tmp_path / f"{name}.npz", X=np.arange(2 * len(labels)).reshape(-1, 2), y=np.array(labels))
    data = open_dataset(tmp_path / "rows.npz", validation=tmp_path / "more.npz", test=str(tmp_path / "last.npz"))
    assert sizes(data) == (15, 2, 3)
    assert data.train.classes == data.validation.classes == ("ant", "bee", "cow", "elk")
    assert data.train.labels.tolist() == [0, 1, 2] * 5
    assert data.validation.labels.tolist() == [1, 3]
    assert data.test.labels.tolist() == [2, 2, 2]
    with_test = open_dataset(tmp_path / "rows.npz", test=tmp_path / "last.npz", validation=0.2)
    assert sizes(with_test) == (12, 3, 3)


def test_a_folder_of_its_own_comes_in_the_size_and_colour_of_the_training_rows(folders, tmp_path, make_image):
    make_image(tmp_path / "own" / "bee" / "1.png", (20, 30), "RGB")
    data = open_dataset(folders, test=tmp_path / "own")
    assert data.test.x.shape == (1, 8, 8)
    assert data.test.labels.tolist() == [1]


def test_a_part_of_other_rows_is_refused(tmp_path):
    np.savez(tmp_path / "rows.npz", X=np.zeros((9, 2)))
    np.savez(tmp_path / "other.npz", X=np.zeros((9, 3)))
    with pytest.raises(DataError, match=r"^test must have rows like those of rows.npz, of shape \(2,\); other.npz has"):
        open_dataset(tmp_path / "rows.npz", test=tmp_path / "other.npz")
    with pytest.raises(DataError, match=r"^validation must be a share of the rows, such as 0\.2, or the path"):
        open_dataset(tmp_path / "rows.npz", validation="0.3x")


def test_the_folder_with_parts_opens_as_it_is(case):
    data = open_dataset(case("folders/train-test"))
    assert sizes(data) == (12, 0, 12)
    assert data.train.classes == data.test.classes == ("a", "b")
    assert np.bincount(data.train.labels).tolist() == np.bincount(data.test.labels).tolist() == [6, 6]
