"""A row of one's own in a page, from a file or by hand, is what Python makes of it."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import latently
from browser import decoded, drop, on_sheet, press, settle, state, visit
from latently.explorer import Exploration, Story, contents
from latently.export import Blobs
from small_models import as_if_loaded, small

DIGITS = latently.open_dataset("digits").test.x
ROUNDED = 0.501  # a pixel of whole weights


@pytest.mark.parametrize(("fit", "size"), [("fill", (41, 60)), ("fit", (61, 40)), ("crop", (9, 30))])
def test_a_dropped_picture_is_read_as_python_reads_it(see, fit, size):
    random = np.random.default_rng(0)
    rows = random.integers(0, 256, (20, 16, 14, 3)).astype(np.uint8)
    model = as_if_loaded(small(latently.VAE), rows)
    blobs = Blobs()
    told = Story("VAE", image_fit=fit)
    page = see(Exploration([contents(model, model._rows(rows), None, told, blobs, full_precision=True)], blobs))
    pixels = random.integers(0, 256, (4, 3, 4)).astype(np.uint8)
    pixels[..., 3] = np.where(random.random((4, 3)) < 0.7, 255, 0)  # some of it is transparent
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.NEAREST)
    file = io.BytesIO()
    picture.save(file, "PNG")
    drop(page, page.locator(".sheet"), "a.png", "image/png", file.getvalue())
    row = latently.Dataset("photos", (rows,), description={"image_fit": fit}).prepare(picture)
    found = on_sheet(page)
    np.testing.assert_allclose(found, row.astype(float), atol=2)
    np.testing.assert_allclose(state(page), model.transform(found.astype(np.uint8)[None])[0], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(state(page), model.transform(row[None])[0], rtol=0.02, atol=0.02)
    drop(page, page.locator(".sheet"), "b.png", "image/png", b"no picture")
    assert page.locator(".own [role=status]").inner_text() == "This browser cannot read b.png."
    drop(page, page.locator(".sheet"), "b.csv", "text/csv", b"1,2,3")
    assert page.locator(".own [role=status]").inner_text() == "b.csv is no image."
    assert page.complaints == []


def test_rows_that_are_thumbnails_have_the_probabilities_of_all_classes(see, shoot):
    random = np.random.default_rng(0)
    rows, labels = random.integers(0, 256, (30, 80, 72)).astype(np.uint8), np.arange(30) % 15
    model = as_if_loaded(small(latently.SemiSupervisedVAE), rows, labels)
    terms = {f"m2/a_long_name_of_a_term_{place}": float(place) for place in range(10)}
    model.history_ = [
        {
            "round": 10 * n,
            "epoch": n,
            "terms": terms,
            "held_out": None if n % 2 else {"m2/a_long_name_of_a_term_3": 40.0 + n},
        }
        for n in range(1, 6)
    ]
    page = see(model.explore(rows, labels))
    visit(page, 4)
    chances = page.locator(".inspector .chances li")
    assert chances.count() == 12
    press(page, "All 15 classes")
    wanted = model.predict_proba(rows[4:5])[0]
    found = {line.split("\n")[0]: line.split("\n")[1] for line in chances.all_inner_texts()}
    assert {name: int(share.rstrip(" %")) for name, share in found.items()} == pytest.approx(
        {str(name): 100 * share for name, share in zip(model.classes_, wanted, strict=True)}, abs=1
    )
    assert page.get_by_role("button", name="Take the row near the pointer").count() == 0  # none is whole here
    training = page.get_by_role("region", name="Training")
    assert training.locator(".term").count() == 10
    assert "held out 44" in training.locator(".term").nth(3).inner_text()
    shoot(page, "thumbnails")
    assert page.complaints == []


def test_denoising_models_clean_what_is_given(see, shoot):
    model = as_if_loaded(small(latently.DenoisingAutoencoder), DIGITS)
    page = see(model.explore(DIGITS, full_precision=True))
    visit(page, 5)
    press(page, "Take the row near the pointer")
    np.testing.assert_allclose(on_sheet(page)[..., 0], DIGITS[5], atol=1)
    press(page, "Add noise")
    noisy = on_sheet(page)[..., 0]
    assert np.abs(noisy - DIGITS[5]).max() > 50
    assert page.get_by_role("heading", name="Cleaned").is_visible()
    cleaned = model.reconstruct(noisy.astype(np.uint8)[None])[0]
    np.testing.assert_allclose(decoded(page)[0], cleaned.astype(float).ravel(), atol=ROUNDED)
    shoot(page, "denoising")
    assert page.complaints == []


def test_views_of_columns_are_completed_as_tables(see, shoot):
    random = np.random.default_rng(0)
    rows = {"blood": random.normal(5, 2, (60, 3)), "picture": random.integers(0, 256, (60, 8, 8)).astype(np.uint8)}
    model = as_if_loaded(small(latently.VCCA), rows)
    blobs = Blobs()
    told = Story("VCCA", columns={"blood": ["iron", "<i>zinc</i>", "sugar"]})
    page = see(Exploration([contents(model, model._rows(rows), None, told, blobs, full_precision=True)], blobs))
    picture = io.BytesIO()
    Image.fromarray(rows["picture"][9]).save(picture, "PNG")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open an image for picture").press("Enter")
    chooser.value.set_files({"name": "a.png", "mimeType": "image/png", "buffer": picture.getvalue()})
    page.wait_for_selector(".answer:not([hidden])")
    settle(page)
    answer = page.locator(".answer .cells")
    assert answer.locator("th").all_inner_texts() == ["iron", "<i>zinc</i>", "sugar"]
    completed = model.complete({"picture": rows["picture"][9:10]})
    values = [float(text.replace("−", "-")) for text in answer.locator(".cell").all_inner_texts()]
    np.testing.assert_allclose(values, np.asarray(completed["blood"])[0], rtol=2e-3)
    page.get_by_label("iron").fill("9.5")
    settle(page)
    note = page.locator(".own [role=status]")
    assert note.inner_text() == "Fill in <i>zinc</i>, sugar, too: this model knows no missing numbers."
    for name, value in {"<i>zinc</i>": 4, "sugar": 6.25}.items():
        page.get_by_label(name).fill(str(value))
    settle(page)
    assert note.inner_text() == ""
    whole = {"blood": np.array([[9.5, 4, 6.25]]), "picture": rows["picture"][9:10]}
    np.testing.assert_allclose(state(page), model.transform(whole)[0], rtol=1e-3, atol=1e-4)
    shoot(page, "columns")
    assert page.complaints == []


def test_a_row_of_a_csv_file_is_read_by_its_names_and_what_it_lacks_is_missing(see):
    random = np.random.default_rng(0)
    rows = pd.DataFrame(
        {
            "age": random.normal(45, 9, 60).round(),
            "<b>town</b>": random.choice(["Bonn", "서울"], 60),
            "visits": random.poisson(3, 60),
            "income": random.lognormal(9, 0.3, 60).round(2),
        }
    )
    rows.loc[::17, "income"] = None
    model = as_if_loaded(small(latently.VAE, hidden=(8,)), rows)
    page = see(model.explore(rows))
    note = page.locator(".own [role=status]")
    fields = page.locator(".field input, .field select")

    def cells():
        return [
            fields.nth(place).evaluate(
                "field => field.tagName === 'SELECT' ? field.selectedOptions[0].text : field.value"
            )
            for place in range(4)
        ]

    form = page.locator(".form")
    drop(page, form, "one.csv", "text/csv", 'income,visits,"<b>town</b>",age\n,3,"서울",abc\n'.encode())
    assert cells() == ["", "서울", "3", ""]
    assert note.inner_text() == "Left missing, as one.csv has something else there: age."
    given = pd.DataFrame({"age": [np.nan], "<b>town</b>": ["서울"], "visits": [3], "income": [np.nan]})
    np.testing.assert_allclose(state(page), model.transform(given)[0], rtol=0.02, atol=0.01)
    drop(page, form, "two.csv", "text/csv", b",Bonn,2,8000.25")
    assert cells() == ["", "Bonn", "2", "8000.25"]
    assert note.inner_text() == ""
    drop(page, form, "three.csv", "text/csv", b"a,b\nc,d\n")
    assert note.inner_text() == "three.csv holds no row of age, <b>town</b>, visits, income."
    drop(page, form, "a.png", "image/png", b"")
    assert note.inner_text() == "a.png is an image; here a CSV file is read."
    assert cells() == ["", "Bonn", "2", "8000.25"]
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Open a CSV file").press("Enter")
    chooser.value.set_files({"name": "four.csv", "mimeType": "text/csv", "buffer": b"61,Bonn,5,100\n"})
    page.wait_for_function("() => document.querySelector('.field input').value === '61'")
    assert page.complaints == []


@pytest.mark.parametrize("channel_axis", ["first", "last"])
def test_a_file_of_a_series_has_a_line_a_step(see, channel_axis):
    series = np.random.default_rng(0).normal(size=(30, 24, 2)).cumsum(axis=1)
    rows = series if channel_axis == "last" else np.moveaxis(series, 2, 1)
    settings = {"network": "conv1d", "channels": (4,), "channel_axis": channel_axis}
    model = as_if_loaded(small(latently.VAE, **settings), rows)
    page = see(model.explore(rows, full_precision=True))
    lines = ["up,down", *(f"{up},{down}" for up, down in series[7])]
    drop(page, page.locator(".sheet"), "short.csv", "text/csv", "\n".join(lines[:20]).encode())
    told = "short.csv has 38 numbers; x has 48, 2 in each of 24 lines."
    assert page.locator(".own [role=status]").inner_text() == told
    drop(page, page.locator(".sheet"), "whole.csv", "text/csv", "\n".join(lines).encode())
    np.testing.assert_allclose(state(page), model.transform(rows[7:8])[0], rtol=1e-3, atol=1e-3)


def note_of(page):
    return page.locator(".own [role=status]").inner_text()


def test_a_number_that_is_too_large_for_the_page_is_missing(see):
    random = np.random.default_rng(0)
    rows = pd.DataFrame({"age": random.normal(45, 9, 60), "size": random.normal(size=60)})
    rows.loc[::9, "size"] = None
    page = see(as_if_loaded(small(latently.VAE, hidden=(8,)), rows).explore(rows))
    drop(page, page.locator(".form"), "large.csv", "text/csv", b"1e39,1")
    assert note_of(page) == "Left missing, as large.csv has something else there: age."
    assert page.complaints == []


def test_numbers_that_the_model_has_no_answer_to_leave_the_code_as_it_was(see):
    rows = 1e-6 * np.random.default_rng(0).normal(size=(60, 3))
    page = see(as_if_loaded(small(latently.VAE, hidden=(8,)), rows).explore(rows))
    before = state(page)
    drop(page, page.locator(".form"), "far.csv", "text/csv", b"3e38,-3e38,3e38")
    assert note_of(page) == (
        "The model has no answer to these numbers: they are too far from those that it has learned from."
    )
    assert state(page) == before
    drop(page, page.locator(".form"), "good.csv", "text/csv", b"1e-6,0,2e-6")
    assert note_of(page) == ""
    assert state(page) != before
    assert page.complaints == []


def test_a_series_with_gaps_is_refused(see):
    rows = np.random.default_rng(0).normal(size=(30, 24, 2))
    settings = {"network": "conv1d", "channels": (4,), "channel_axis": "last"}
    page = see(as_if_loaded(small(latently.VAE, **settings), rows).explore(rows))
    before = state(page)
    for odd in (b"3,\n", b"3,1e39\n"):
        drop(page, page.locator(".sheet"), "gap.csv", "text/csv", odd + 23 * b"1,2\n")
        assert note_of(page) == "gap.csv has an empty cell, or a number that is too large."
    assert state(page) == before
    assert page.complaints == []


def test_what_is_too_large_for_a_page_or_is_no_file_is_said(see):
    rows = np.random.default_rng(0).integers(0, 256, (20, 16, 14)).astype(np.uint8)
    page = see(as_if_loaded(small(latently.VAE), rows).explore(rows))
    picture = io.BytesIO()
    Image.new("1", (9000, 9000)).save(picture, "PNG")
    drop(page, page.locator(".sheet"), "wide.png", "image/png", picture.getvalue())
    assert note_of(page) == "wide.png has 81,000,000 pixels; a page takes 67,108,864 at most."
    give = """(size) => {
      const file = new File([new Uint8Array(size)], "x.png", { type: "image/png" });
      const event = new DragEvent("drop", { dataTransfer: new DataTransfer(), bubbles: true });
      Object.defineProperty(event.dataTransfer, "files", { value: [file] });
      document.querySelector(".sheet").dispatchEvent(event);
    }"""
    page.evaluate(give, 2**26 + 1)
    settle(page)
    assert note_of(page) == "x.png has 67,108,865 bytes; a page takes 67,108,864 at most."
    assert page.complaints == []


def test_a_file_that_is_gone_or_a_folder_is_said_to_be_unreadable(see):
    rows = pd.DataFrame({"age": np.arange(60.0), "town": ["Bonn", "Ulm"] * 30})
    page = see(as_if_loaded(small(latently.VAE, hidden=(8,)), rows).explore(rows))
    page.evaluate(
        """() => {
          const file = new File(["1,Bonn"], "gone.csv", { type: "text/csv" });
          file.text = () => Promise.reject(new DOMException("gone", "NotReadableError"));
          const event = new DragEvent("drop", { dataTransfer: new DataTransfer(), bubbles: true });
          Object.defineProperty(event.dataTransfer, "files", { value: [file] });
          document.querySelector(".form").dispatchEvent(event);
        }"""
    )
    settle(page)
    assert note_of(page) == "gone.csv cannot be read."
    assert page.complaints == []


def test_dates_beyond_the_calendar_are_shown_at_its_end(see):
    days = pd.Timestamp("1990-01-01") + pd.to_timedelta(np.arange(60), unit="D")
    rows = pd.DataFrame({"born": days, "age": np.arange(60.0)})
    page = see(as_if_loaded(small(latently.VAE, hidden=(8,)), rows).explore(rows))
    page.evaluate("latently.explorers[0].store.set({ code: Float32Array.of(1e30, -1e30) })")
    settle(page)
    assert page.complaints == []
