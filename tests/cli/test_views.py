"""Rows of several views from the terminal: `--views`, where a model is fitted and where it is used."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
from PIL import Image

import latently
from latently.data import Dataset, open_dataset
from latently.run import Run, fingerprint, open_rows
from latently.run.rows import image_size_of, views_in

from .conftest import SMALL, call

HALVES = SimpleNamespace(row_shape_={"left": (4, 2), "right": (4, 3)})


def opened(source: Path, model: SimpleNamespace, views: str | None = None, own: str | None = None) -> Dataset:
    return open_rows(str(source), model, {"data": {"views": own}}, views=views)


def test_a_run_knows_its_views_and_opens_new_rows_by_them(acca_run: Path, here: Path) -> None:
    about = Run.open(acca_run).config()["run"]
    splits = open_dataset("digits", views="halves")
    assert about["data"]["views"] == "halves"
    assert about["fingerprint"] == fingerprint(splits) != fingerprint(open_dataset("digits"))
    assert call("encode", acca_run, "digits", "--part", "test").code == 0
    model = latently.load(acca_run)
    np.testing.assert_allclose(np.load("codes.npz")["codes"], model.transform(splits.test.rows), atol=1e-5)
    assert "left 8×4 uint8, scaled to unit; right 8×4" in call("info", acca_run).out


def test_arrays_named_as_the_views_are_the_views(acca_run: Path, here: Path) -> None:
    test = open_dataset("digits", views="halves").test.rows
    np.savez("one.npz", left=np.asarray(test.view("left")))
    np.savez("other.npz", seen=np.asarray(test.view("left")))
    assert call("encode", acca_run, "one.npz", "--out", "one.npy").code == 0
    assert call("encode", acca_run, "other.npz", "--views", "left=seen", "--out", "other.npy").code == 0
    wanted = latently.load(acca_run).transform({"left": test.view("left")})
    for name in ("one.npy", "other.npy"):
        np.testing.assert_allclose(np.load(name), wanted, atol=1e-5)


def test_models_and_data_of_unlike_views_get_a_sentence(vae_run: Path, acca_run: Path, here: Path) -> None:
    several = call("fit", "vae", "--data", "digits", "--views", "halves", *SMALL)
    assert several.code == 2
    assert (
        "--views gives several views (left, right), and VAE learns from rows of one view. Leave it out" in several.err
    )
    one = call("fit", "acca", "--data", "digits", *SMALL)
    assert one.code == 2
    assert (
        "--views is missing: ACCA learns from rows of several views, and digits has one. Give --views halves for images"
        in one.err
    )
    assert not Path("runs").exists()
    used = call("encode", vae_run, "digits", "--views", "halves")
    assert used.code == 2
    assert "--views is for models of several views, and VAE has one" in used.err
    unknown = call("encode", acca_run, "digits", "--views", "top-bottom")
    assert unknown.code == 2
    assert "has the view 'top', and those of the model are left, right" in unknown.err


def test_views_that_data_lacks_are_blank_and_all_come_in_the_models_order(here: Path) -> None:
    left, right = np.ones((5, 4, 2), np.uint8), np.ones((5, 4, 3), np.uint8)
    np.savez("both.npz", b=right, a=left)
    both = opened(here / "both.npz", HALVES, "right=b,left=a")
    assert both.view_names == ("left", "right")
    np.testing.assert_array_equal(both.rows.view("left"), left)
    part = opened(here / "both.npz", HALVES, own="right=b,left=gone")
    assert part.present is not None
    assert part.present.tolist() == [[False, True]] * 5
    assert part.views[0].shape == left.shape


def test_images_are_brought_to_the_size_of_their_view(here: Path) -> None:
    for folder, size in (("whole", (10, 10)), ("pairs/one", (6, 6)), ("pairs/two", (8, 4))):
        (here / folder).mkdir(parents=True)
        for name in "ab":
            Image.fromarray(np.full(size, 200, np.uint8)).save(here / folder / f"{name}.png")
    made = opened(here / "whole", HALVES, own="halves")
    held = opened(here / "pairs", HALVES, own="left=one,right=two")
    for data in (made, held):
        assert [view.shape for view in data.views] == [(2, 4, 2), (2, 4, 3)]
    assert image_size_of(SimpleNamespace(row_shape_={"top": (2, 5), "bottom": (3, 5)}), "top-bottom") == [5, 5]
    assert image_size_of(SimpleNamespace(row_shape_={"image": (2, 5), "table": (3,)}), "image=a,table=b") is None


def test_what_is_said_goes_before_names_and_names_before_the_run(here: Path) -> None:
    np.savez("named.npz", right=np.zeros((2, 4, 3)))
    assert views_in("named.npz", "left=right", "halves", HALVES) == "left=right"
    assert views_in("named.npz", None, "halves", HALVES) == "right=right"
    assert views_in("digits", None, "halves", HALVES) == "halves"
