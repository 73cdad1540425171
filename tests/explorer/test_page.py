"""The page of a model, as a person uses it: in a browser, from a file, without a network."""

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import latently
from browser import PHONE, WIDE, decoded, draw, on_map, on_sheet, press, saved, settle, state, visit, walk
from latently.explorer import Exploration, Story, contents
from latently.export import Blobs

ODD_NAMES = [
    "zero",
    "<script>alert(1)</script>",
    "</script>",
    "셋",
    "أربعة",
    'five, "5"',
    "six & 6",
    "seven",
    "eight",
    "nine",
]
PIXEL = 0.01 * 255 + 0.5  # what weights of 16 bits change, and rounding
DIGITS = load_digits()
IMAGES = np.round(DIGITS.images * 255 / 16).astype(np.uint8)
CLASSES = np.array(ODD_NAMES)[DIGITS.target]
LEARNED, HELD_OUT = slice(0, 1500), slice(1500, None)
SMALL = {"hidden": (64,), "epochs": 40, "batch_size": 64, "random_state": 0}


@pytest.fixture(scope="module")
def flat():
    """A model whose map is its whole code space, and which classifies."""
    model = latently.SemiSupervisedVAE(latent_dim=2, **SMALL)
    return model.fit(IMAGES[LEARNED], CLASSES[LEARNED])


@pytest.fixture(scope="module")
def digits(flat):
    return flat.explore(IMAGES[HELD_OUT], CLASSES[HELD_OUT])


@pytest.fixture(scope="module")
def deep():
    """A model of ten dimensions, with a film."""
    model = latently.VAE(latent_dim=10, **SMALL).fit(IMAGES[LEARNED])
    codes = model.transform(IMAGES[HELD_OUT])
    film = ([0, 10, 20], np.stack([0 * codes, codes / 2, codes]), CLASSES[HELD_OUT])
    rows, blobs = IMAGES[HELD_OUT], Blobs()
    told = Story("VAE · digits", film=film)
    return Exploration([contents(model, model._rows(rows), CLASSES[HELD_OUT], told, blobs)], blobs), model


def test_a_page_makes_no_request_and_complains_of_nothing(see, digits):
    page = see(digits)
    press(page, "light or dark")
    assert [url for url in page.asked if not url.startswith(("data:", "blob:"))] == [page.url.split("#")[0]]
    assert page.complaints == []


def test_what_the_pointer_is_on_is_decoded_as_python_decodes_it(see, digits, flat):
    page = see(digits)
    seen = []
    for place in ((0.4, 0.4), (0.65, 0.55)):
        page.mouse.move(*on_map(page, *place))
        settle(page)
        code, told = np.array([state(page)]), state(page, "told")
        label = flat.label_values[int(np.argmax(told))]
        seen.append(decoded(page)[0])
        np.testing.assert_allclose(
            seen[-1], flat.fitted_.decode(code, flat.fitted_.told([label], 1)).ravel(), atol=PIXEL
        )
    assert abs(seen[0] - seen[1]).max() > 1
    picture = page.evaluate("document.querySelector('.inspector .picture').toDataURL()")
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(picture.split(",")[1]))).convert("L"))
    np.testing.assert_allclose(shown.ravel(), np.clip(seen[-1], 0, 255), atol=1)


def test_a_row_near_the_pointer_is_shown_with_its_class_and_error(see, digits):
    page = see(digits)
    visit(page, 7)
    page.locator(".map").focus()
    page.keyboard.press("n")
    settle(page)
    assert state(page, "row") == 7
    facts = page.locator(".inspector .facts").inner_text()
    assert CLASSES[HELD_OUT][7] in facts
    assert "error" in facts
    assert page.locator(".inspector .chances li").count() == 10


def test_names_are_text_everywhere(see, digits, shoot):
    page = see(digits)
    names = page.locator(".legend .name").all_inner_texts()
    assert sorted(names) == sorted(set(CLASSES))
    assert page.evaluate("document.querySelectorAll('main script').length") == 0
    shoot(page, "names")


def test_a_class_is_hidden_by_its_entry_of_the_legend(see, digits):
    page = see(digits)
    page.locator(".legend .entry").first.click()
    hidden = state(page, "hidden")
    assert hidden == [0]
    page.evaluate("latently.explorers[0].store.set({ code: Float32Array.of(0, 0) })")
    page.get_by_role("button", name="Select in sight").click()
    assert len(state(page, "selection")) == (CLASSES[HELD_OUT] != np.unique(CLASSES)[0]).sum()


def test_a_drawn_digit_gets_its_class(see, digits, shoot):
    page = see(digits)
    ring = [(0.5 + 0.2 * np.sin(a), 0.5 - 0.33 * np.cos(a)) for a in np.linspace(0, 2 * np.pi, 24)]
    draw(page, page.locator(".sheet"), ring)
    assert page.locator(".verdict strong").inner_text() == "zero"
    shoot(page, "drawn")
    press(page, "Clear")
    draw(page, page.locator(".sheet"), [(0.5, 0.15), (0.5, 0.85)])
    assert page.locator(".verdict strong").inner_text() == ODD_NAMES[1]


def test_a_dropped_image_is_read(see, digits):
    page = see(digits)
    file = io.BytesIO()
    Image.fromarray(IMAGES[HELD_OUT][0]).resize((64, 64)).save(file, "PNG")
    page.locator("input[type=file]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()}
    )
    page.wait_for_selector(".verdict strong")
    settle(page)
    assert page.locator(".verdict strong").inner_text() == CLASSES[HELD_OUT][0]


def test_the_nearest_row_is_taken_as_it_is(see, digits, flat):
    page = see(digits)
    page.evaluate("latently.explorers[0].store.set({ code: Float32Array.of(0.7, -0.4), row: -1 })")
    nearest = np.linalg.norm(flat.transform(IMAGES[HELD_OUT]) - [0.7, -0.4], axis=1).argmin()
    press(page, "Take the row near the pointer")
    np.testing.assert_allclose(on_sheet(page)[..., 0], IMAGES[HELD_OUT][nearest], atol=1)
    assert page.locator(".verdict strong").inner_text() == flat.predict(IMAGES[HELD_OUT][nearest : nearest + 1])[0]


def test_fingers_draw_decode_and_zoom(see, digits):
    page = see(digits, size=PHONE, has_touch=True, is_mobile=True)
    fingers = page.context.new_cdp_session(page)

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": finger} for finger, (x, y) in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})

    sheet = page.locator(".sheet")
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    line = [(box["x"] + 0.5 * box["width"], box["y"] + share * box["height"]) for share in np.linspace(0.15, 0.85, 8)]
    touch("Start", line[0])
    for place in line[1:]:
        touch("Move", place)
    touch("End")
    settle(page)
    assert page.locator(".verdict strong").inner_text() == ODD_NAMES[1]
    page.locator(".map").scroll_into_view_if_needed()
    before = state(page)
    touch("Start", on_map(page, 0.4, 0.4))
    touch("Move", on_map(page, 0.6, 0.5))
    touch("End")
    settle(page)
    assert state(page) != before
    assert state(page, "window") is None
    assert state(page, "pins") == []
    press(page, "zoom in")
    window, code = state(page, "window"), state(page)
    touch("Start", on_map(page, 0.4, 0.5), on_map(page, 0.6, 0.5))
    touch("Move", on_map(page, 0.2, 0.5), on_map(page, 0.8, 0.5))
    touch("End")
    settle(page)
    assert state(page, "window")["scale"] == pytest.approx(3 * window["scale"], rel=0.02)
    assert (state(page), state(page, "pins")) == (code, [])
    assert page.complaints == []


def test_a_notebook_shows_the_page_at_work_in_a_frame(browser, deep):
    exploration, model = deep
    page = browser.new_context(viewport={"width": 1000, "height": 900}, offline=True).new_page()
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
    page.set_content(f"<!doctype html><p>Out [1]:</p>{exploration._repr_html_()}")
    frame = page.frames[1]
    frame.wait_for_selector("article.model", timeout=60_000)
    settle(frame)
    frame.get_by_role("button", name="Nearest row").click()
    settle(frame)
    np.testing.assert_allclose(
        decoded(frame)[0], model.fitted_.decode(np.array([state(frame)])).astype(float).ravel(), atol=PIXEL
    )
    assert complaints == []
    page.context.close()


def test_the_code_under_the_pointer_is_shown_as_every_class(see, digits, flat):
    page = see(digits)
    tiles = page.get_by_role("region", name="The same code as every class").get_by_role("listitem")
    assert tiles.count() == 10
    tiles.nth(3).get_by_role("button").click()
    settle(page)
    assert np.argmax(state(page, "told")) == 3
    code = np.array([state(page)])
    expected = flat.inverse_transform(code, labels=[flat.label_values[3]])
    np.testing.assert_allclose(decoded(page)[0], expected.astype(float).ravel(), atol=PIXEL)


def test_rows_inside_a_lasso_are_listed_counted_and_saved(see, digits, shoot):
    page = see(digits)
    press(page, "Lasso", exact=True)
    corners = [(0.15, 0.1), (0.9, 0.1), (0.9, 0.55), (0.15, 0.55)]
    page.mouse.move(*on_map(page, *corners[0]))
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*on_map(page, *corner), steps=6)
    page.mouse.up()
    settle(page)
    selection = state(page, "selection")
    assert 10 < len(selection) < 297
    counts = [int(text) for text in page.locator(".counts .count").all_inner_texts()]
    assert sum(counts) == len(selection)
    shoot(page, "lasso")
    name, content = saved(page, page.get_by_role("region", name="Selected rows").get_by_text("Save as CSV"))
    table = pd.read_csv(io.BytesIO(content))
    assert name.endswith("-selected.csv")
    assert table["row"].tolist() == selection
    assert table["class"].tolist() == CLASSES[HELD_OUT][selection].tolist()


def test_a_path_goes_from_row_to_row_plays_and_is_saved(see, digits, shoot):
    page = see(digits)
    press(page, "Two rows")
    strip = page.get_by_role("region", name="Path", exact=True)
    assert strip.get_by_role("listitem").count() == 11
    first = strip.locator("canvas").first.evaluate(
        "canvas => [...canvas.getContext('2d').getImageData(0, 0, 8, 8).data]"
    )
    row = state(page, "from")["row"]
    np.testing.assert_allclose(np.array(first[::4]).reshape(8, 8), IMAGES[HELD_OUT][row], atol=1)
    shoot(page, "path")
    before = state(page)
    press(page, "Play")
    assert state(page) != before
    press(page, "Stop")
    name, content = saved(page, strip.get_by_text("Save as GIF"))
    film = Image.open(io.BytesIO(content))
    assert name.endswith(".gif")
    assert film.n_frames == 94
    film.seek(47)
    last = np.asarray(film.convert("L"), float)
    assert last.shape == (168, 168)
    film.seek(0)
    assert abs(np.asarray(film.convert("L"), float) - last).max() > 30
    _, content = saved(page, strip.get_by_text("Save as PNG"))
    assert Image.open(io.BytesIO(content)).size[0] > 300


def test_a_spherical_path_keeps_its_distance_from_the_origin(see, deep):
    exploration, model = deep
    page = see(exploration)
    walk(page, 3, 40)
    strip = page.get_by_role("region", name="Path", exact=True)
    ends = model.transform(IMAGES[HELD_OUT][[3, 40]])
    midway = {}
    for way in ("straight", "spherical"):
        page.get_by_label("Way").select_option(label=way)
        settle(page)
        strip.get_by_role("listitem").nth(5).get_by_role("button").click()  # a row, and then nine steps
        settle(page)
        midway[way] = np.array(state(page))
        np.testing.assert_allclose(
            decoded(page)[0], model.fitted_.decode(midway[way][None]).astype(float).ravel(), atol=PIXEL
        )
    np.testing.assert_allclose(midway["straight"], ends.mean(axis=0), atol=1e-4)
    radii = np.linalg.norm(ends, axis=1)
    assert np.linalg.norm(midway["spherical"]) == pytest.approx(radii.mean(), rel=1e-4)
    assert np.linalg.norm(midway["straight"]) < 0.99 * radii.mean()
    _, content = saved(page, strip.get_by_text("Save as CSV"))
    path = pd.read_csv(io.BytesIO(content))
    assert path["row"].fillna(-1).tolist() == [3, *[-1] * 9, 40]
    np.testing.assert_allclose(path.loc[5, "z1":].to_numpy(float), midway["spherical"], rtol=1e-5, atol=1e-6)


def test_sliders_move_the_code_the_ones_that_carry_most_first(see, deep, shoot):
    exploration, model = deep
    page = see(exploration)
    order = exploration.models[0]["latent"]["order"]
    assert page.locator(".slider").count() == 8
    press(page, "All 10 dimensions")
    assert page.locator(".slider").count() == 10
    page.locator(".slider input").first.focus()
    before = state(page)
    page.keyboard.press("ArrowRight")
    settle(page)
    moved = np.flatnonzero(np.array(state(page)) != np.array(before))
    assert moved.tolist() == [order[0]]
    np.testing.assert_allclose(
        decoded(page)[0], model.fitted_.decode(np.array([state(page)])).astype(float).ravel(), atol=PIXEL
    )
    press(page, "Nearest row")
    nearest = np.linalg.norm(model.transform(IMAGES[HELD_OUT]) - np.array(state(page)), axis=1).argmin()
    assert state(page, "row") == nearest
    press(page, "Reset")
    np.testing.assert_allclose(state(page), exploration.models[0]["latent"]["center"], rtol=1e-4, atol=1e-5)
    press(page, "Draw from the prior")
    assert state(page) != before
    shoot(page, "sliders")


def test_axes_are_components_or_two_dimensions_and_move_within_the_plane_shown(see, deep):
    exploration, _ = deep
    page = see(exploration)
    assert "principal component 1" in page.locator(".map").get_attribute("aria-label")
    page.get_by_label("Axes").select_option(label="dimensions")
    axes = state(page, "axes")
    before = np.array(state(page))
    page.mouse.move(*on_map(page, 0.3, 0.3))
    settle(page)
    moved = np.flatnonzero(np.array(state(page)) != before)
    assert sorted(moved) == sorted([axes["x"], axes["y"]])


def test_the_film_is_scrubbed(see, deep, shoot):
    page = see(deep[0])
    film = page.locator(".film")
    picture = "canvas => canvas.toDataURL()"
    last = film.evaluate(picture)
    scrub = page.get_by_role("slider", name="round")
    scrub.focus()
    page.keyboard.press("Home")
    settle(page)
    assert film.evaluate(picture) != last
    assert "round 0" in page.locator(".scrub").inner_text()
    page.keyboard.press("End")
    shoot(page, "film")


def test_the_strangest_row_comes_first(see, deep):
    exploration, model = deep
    page = see(exploration)
    page.get_by_role("region", name="Strangest rows").get_by_role("listitem").first.get_by_role("button").click()
    settle(page)
    strange = state(page, "row")
    page.get_by_label("Ranked by").select_option(label="error")
    settle(page)
    page.get_by_role("region", name="Strangest rows").get_by_role("listitem").first.get_by_role("button").click()
    settle(page)
    errors = np.square(model.reconstruct(IMAGES[HELD_OUT]).astype(float) - IMAGES[HELD_OUT]).mean(axis=(1, 2))
    assert state(page, "row") in np.argsort(-errors)[:5]
    assert strange >= 0


def test_the_map_zooms_pans_and_pins_by_mouse(see, digits, shoot):
    page = see(digits)
    page.mouse.move(*on_map(page, 0.5, 0.5))
    page.mouse.wheel(0, -400)
    settle(page)
    near = state(page, "window")
    page.mouse.down()
    page.mouse.move(*on_map(page, 0.6, 0.5), steps=4)
    page.mouse.up()
    settle(page)
    assert state(page, "window")["x"] < near["x"]
    assert state(page, "pins") == []
    page.mouse.click(*on_map(page, 0.5, 0.5))
    settle(page)
    assert len(state(page, "pins")) == 1
    shoot(page, "pins")
    press(page, "show all")
    assert state(page, "window") is None


def test_the_keyboard_alone_is_enough(see, digits, shoot):
    page = see(digits)
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.className").startswith("map"):
            break
    before = np.array(state(page))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    settle(page)
    assert (np.array(state(page)) > before).all()
    page.keyboard.press("a")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    page.keyboard.press("+")
    page.keyboard.press("s")
    settle(page)
    assert state(page, "from")
    assert state(page, "to")
    assert len(state(page, "pins")) == 1
    assert state(page, "window")
    assert 0 < len(state(page, "selection")) <= 297
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.keyboard.press("?")
    assert page.locator("dialog").is_visible()
    shoot(page, "help", whole=False)
    page.keyboard.press("Escape")
    assert not page.locator("dialog").is_visible()


def test_an_address_brings_back_what_was_seen(see, digits):
    page = see(digits)
    page.mouse.move(*on_map(page, 0.42, 0.42))
    page.mouse.click(*on_map(page, 0.42, 0.42))
    press(page, "Two rows")
    page.get_by_label("Colour").select_option(label="error")
    page.wait_for_timeout(600)  # it is written when all is still
    fragment = page.evaluate("location.hash")
    other = see(digits, fragment=fragment)
    np.testing.assert_allclose(state(other), state(page), rtol=1e-4)
    assert state(other, "colour") == "error"
    assert len(state(other, "pins")) == 1
    assert state(other, "from")["row"] == state(page, "from")["row"]


def test_an_address_that_fits_no_model_is_left_out(see, digits):
    page = see(digits, fragment="#code=1_2_3&axes=7_9&row=99999&pins=r-4,x,r5000&colour=moon&told=1")
    assert state(page, "pins") == []
    assert state(page, "row") == state(see(digits), "row")
    assert page.complaints == []


def test_a_page_opens_on_the_row_in_the_middle(see, deep):
    exploration, model = deep
    page = see(exploration)
    codes = model.transform(IMAGES[HELD_OUT])
    middle = np.linalg.norm(codes - np.array(exploration.models[0]["latent"]["center"]), axis=1).argmin()
    assert state(page, "row") == middle
    np.testing.assert_allclose(state(page), codes[middle], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(
        decoded(page)[0], model.fitted_.decode(np.array([state(page)])).astype(float).ravel(), atol=PIXEL
    )


@pytest.mark.parametrize(("size", "theme"), [(WIDE, "light"), (PHONE, "dark")], ids=["wide", "phone"])
def test_pages_fit_their_window_in_the_theme_of_the_system(see, digits, size, theme, shoot):
    page = see(digits, size=size, color_scheme=theme)
    assert page.evaluate("document.documentElement.dataset.theme") == theme
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.mouse.move(*on_map(page, 0.45, 0.45))
    settle(page)
    shoot(page, f"{size[0]}")


def test_a_left_half_is_completed_while_it_is_drawn(see, shoot):
    halves = {"left": IMAGES[:, :, :4], "right": IMAGES[:, :, 4:]}
    learned, held_out = ({name: half[part] for name, half in halves.items()} for part in (LEARNED, HELD_OUT))
    model = latently.ACCA(latent_dim=8, **SMALL | {"epochs": 10}).fit(learned)
    page = see(model.explore(held_out, CLASSES[HELD_OUT]))
    draw(page, page.locator(".sheet").first, [(0.95, 0.15), (0.4, 0.3), (0.3, 0.6), (0.95, 0.88)])
    drawn = on_sheet(page)[..., 0].round().astype(np.uint8)
    assert drawn.max() > 200
    completed = model.complete({"left": drawn[None]})["right"][0].astype(float)
    np.testing.assert_allclose(decoded(page)[1], completed.ravel(), atol=PIXEL + 0.5)  # what is drawn is rounded, too
    np.testing.assert_allclose(on_sheet(page, 1)[..., 0], completed, atol=PIXEL + 1)
    assert np.ptp(completed) > 50
    assert state(page, "row") == -1
    shoot(page, "halves")
    assert page.complaints == []


def people(n):
    random = np.random.default_rng(0)
    age = random.normal(45, 15, n).clip(18, 90)
    table = pd.DataFrame(
        {
            "age": age.round(),
            "<b>town</b>": random.choice(["Bonn", "서울", "القاهرة"], n),
            "visits": random.poisson(age / 15),
            "income": np.exp(8 + age / 60 + random.normal(0, 0.3, n)).round(2),
        }
    )
    table.loc[::17, "income"] = None
    return table


def test_rows_of_tables_are_bars_in_units_and_are_filled_in(see, shoot):
    rows = people(500)
    model = latently.VAE(latent_dim=3, **SMALL).fit(rows[:400])
    page = see(model.explore(rows[400:]))
    names = page.locator(".decoded th").all_inner_texts()
    assert names == ["age", "<b>town</b>", "visits", "income"]
    before = page.locator(".decoded .cell").all_inner_texts()
    page.locator(".code-card .slider input").first.focus()
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    settle(page)
    after = page.locator(".decoded .cell").all_inner_texts()
    assert after != before
    expected = model.fitted_.decode(np.array([state(page)]))
    np.testing.assert_allclose(decoded(page)[0], np.asarray(expected, float).ravel(), rtol=0.02, atol=0.6)
    page.get_by_label("age", exact=True).fill("70")
    settle(page)
    guessed = page.locator(".answer .cell").all_inner_texts()
    assert re.fullmatch(r"\d+ \(70\)", guessed[0])  # whole numbers are written as such
    assert guessed[1] in {"Bonn", "서울", "القاهرة"}
    shoot(page, "table")
    press(page, "Pin it")
    visit(page, 2)
    press(page, "Pin the row")
    _, content = saved(page, page.get_by_role("region", name="Pins").get_by_text("Save as CSV"))
    pinned = pd.read_csv(io.BytesIO(content))
    again = model.inverse_transform(pinned[["z1", "z2", "z3"]].to_numpy())
    assert pinned["<b>town</b>"].tolist() == again["<b>town</b>"].tolist()
    np.testing.assert_allclose(pinned["age"], again["age"], atol=1)
    np.testing.assert_allclose(pinned["income"], again["income"], rtol=0.02)
    walk(page, 2, 3)
    _, content = saved(page, page.get_by_role("region", name="Path", exact=True).get_by_text("Save as CSV"))
    path = pd.read_csv(io.BytesIO(content))
    shown = rows[400:].reset_index(drop=True).loc[[2, 3]]
    assert path.loc[[0, 10], list(rows)].to_numpy().tolist() == shown.to_numpy().tolist()
    assert page.complaints == []


def test_conditions_have_a_control_each(see, shoot):
    told = pd.DataFrame({"parity": np.where(DIGITS.target % 2, "odd", "even"), "ink": IMAGES.mean(axis=(1, 2))})
    model = latently.ConditionalVAE(latent_dim=2, **SMALL).fit(IMAGES[LEARNED], told[LEARNED])
    page = see(model.explore(IMAGES[HELD_OUT], told[HELD_OUT]))
    page.get_by_label("parity").select_option("odd")
    settle(page)
    before = decoded(page)[0]
    assert state(page, "told") == [1, None]
    page.get_by_label("tell ink").check()
    page.get_by_label("ink", exact=True).fill("90")
    settle(page)
    assert state(page, "told") == [1, 90]
    brighter = decoded(page)[0]
    assert brighter.mean() > before.mean()
    expected = model.inverse_transform(np.array([state(page)]), labels={"parity": "odd", "ink": 90.0})
    np.testing.assert_allclose(brighter, expected.astype(float).ravel(), atol=PIXEL)
    shoot(page, "conditions")


def test_models_without_an_encoder_show_draws_from_their_prior(see, shoot):
    model = latently.ACGAN(latent_dim=4, hidden=(32,), epochs=2, batch_size=64, random_state=0)
    page = see(model.fit(IMAGES[LEARNED], CLASSES[LEARNED]).explore(IMAGES[HELD_OUT], CLASSES[HELD_OUT]))
    page.mouse.move(*on_map(page, 0.4, 0.4))
    settle(page)
    assert decoded(page)[0].shape == (64,)
    assert page.get_by_text("This model does not encode").is_visible()
    shoot(page, "acgan")
    assert page.complaints == []


def test_series_are_curves(see, shoot):
    random, steps = np.random.default_rng(0), np.linspace(0, 1, 32)
    turns = random.integers(1, 4, (300, 1)) * steps + random.random((300, 1))
    waves = np.stack([np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)], axis=-1)
    model = latently.VAE(latent_dim=4, **SMALL).fit(waves[:200])
    page = see(model.explore(waves[200:]))
    draw(page, page.locator(".sheet"), [(0.02, 0.5), (0.25, 0.1), (0.5, 0.5), (0.75, 0.9), (0.98, 0.5)])
    expected = model.fitted_.decode(np.array([state(page)]))
    np.testing.assert_allclose(decoded(page)[0], np.asarray(expected, float).ravel(), atol=0.02)
    press(page, "Two rows")
    path = page.get_by_role("region", name="Path", exact=True)
    _, content = saved(page, path.get_by_text("Save as CSV"))
    table = pd.read_csv(io.BytesIO(content))
    assert table.columns[-2:].tolist() == ["x 32 channel 1", "x 32 channel 2"]
    row = int(table["row"].iloc[0])
    np.testing.assert_allclose(table.iloc[0, -64:].to_numpy(float), waves[200:][row].ravel(), atol=2e-3)
    again = model.inverse_transform(table.loc[[4], "z1":"z4"].to_numpy(float))
    np.testing.assert_allclose(table.iloc[4, -64:].to_numpy(float), again.ravel(), atol=0.02)
    _, content = saved(page, path.get_by_text("Save as PNG"))
    assert np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), float).std() > 5
    shoot(page, "series")
    assert page.complaints == []


def test_two_models_point_at_the_same_row(see, flat, deep, shoot):
    blobs = Blobs()
    rows, names = IMAGES[HELD_OUT], CLASSES[HELD_OUT]
    both = [
        contents(model, model._rows(rows), names, Story(title), blobs)
        for title, model in (("M2", flat), ("VAE", deep[1]))
    ]
    page = see(Exploration(both, blobs))
    assert page.get_by_text("Pointers are linked: the same row in both.").is_visible()
    visit(page, 11)
    assert state(page, "row", model=1) == 11
    np.testing.assert_allclose(state(page, "code", model=1), deep[1].transform(rows[11:12])[0], atol=0.02)
    shoot(page, "two")
    assert page.complaints == []


def test_two_models_on_one_flat_prior_point_at_the_same_code(see, flat, shoot):
    other = latently.VAE(latent_dim=2, **SMALL | {"epochs": 2}).fit(IMAGES[LEARNED])
    blobs = Blobs()
    rows = IMAGES[HELD_OUT]
    both = [
        contents(model, model._rows(rows), None, Story(title), blobs) for title, model in (("M2", flat), ("VAE", other))
    ]
    page = see(Exploration(both, blobs))
    page.mouse.move(*on_map(page, 0.4, 0.4))
    settle(page)
    assert state(page) == state(page, model=1)
