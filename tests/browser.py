"""A browser that reaches no network, in which tests run programs and pages."""

import base64
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import numpy as np
import pytest

from latently.export import Blobs, Function, program

WIDE, PHONE = (1360, 900), (390, 844)
"""Of a window, in pixels."""

_HARNESS = """async (source) => {
  const { Machine } = await import("data:text/javascript;base64," + source);
  const arrays = { f32: Float32Array, f16: Float16Array, i32: Int32Array };
  window.load = (program, data) => {
    const { buffer } = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const tensor = ({ offset, type, shape }) =>
      Float32Array.from(new arrays[type](buffer, offset, shape.reduce((product, size) => product * size, 1)));
    window.machine = new Machine(program, tensor);
    machine.run(program.inputs.map(({ shape }) => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(7)));
  }; // nothing of one run is in the next
  window.run = (inputs) => {
    const outputs = machine.run(inputs.map((input) => Float32Array.from(input, Number)));
    return outputs.map((output) => Array.from(output, String)); // since JSON has no NaN
  };
}"""


_open: list[Any] = []


@contextmanager
def chromium() -> Iterator[Any]:
    """Chromium, one a process: a module's may be open still while another's tests run; skips where there is none."""
    if _open:
        yield _open[0]
        return
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs Chromium (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        _open.append(browser)
        yield browser
        _open.clear()
        browser.close()


@contextmanager
def offline_page() -> Iterator[Any]:
    """A blank page."""
    with chromium() as browser:
        yield browser.new_context(offline=True).new_page()


class Machine:
    """The page's machine, in a page of a browser."""

    def __init__(self, page: Any) -> None:
        source = (files("latently.explorer") / "static" / "machine.js").read_bytes()
        page.evaluate(_HARNESS, base64.b64encode(source).decode())
        self.page = page

    def load(self, function: Function, *, full_precision: bool = True) -> Callable[..., list[np.ndarray]]:
        """What a function's program gives for one row, by the shape of its outputs; until another is loaded."""
        blobs = Blobs()
        written = program(function, blobs, full_precision=full_precision)
        data = base64.b64encode(blobs.bytes()).decode()
        self.page.evaluate("([program, data]) => load(program, data)", [written, data])

        def run(*inputs: Any) -> list[np.ndarray]:
            given = [
                [str(number).replace("inf", "Infinity") for number in np.asarray(array, np.float32).ravel()]
                for array in inputs
            ]
            outputs = zip(self.page.evaluate("run", given), function.outputs, strict=True)
            return [np.array(each, float).reshape(port.shape) for each, port in outputs]

        return run


def settle(page):
    """Wait until the model has answered all that was asked, and the page has been drawn."""
    page.evaluate(
        """async () => {
          for (let quiet = 0; quiet < 3; ) {
            await new Promise((done) => setTimeout(done, 30));
            await new Promise(requestAnimationFrame);
            const reads = document.querySelector("[aria-busy]");
            const asks = latently.explorers.some(({ inference }) => inference.running || inference.waiting.size);
            const busy = reads || asks;
            quiet = busy ? 0 : quiet + 1;
          }
        }"""
    )


def state(page, of="code", model=0):
    """A part of a model's state, as JSON."""
    return page.evaluate(
        "([of, model]) => JSON.parse(JSON.stringify(latently.explorers[model].store.state[of], "
        "(_, value) => ArrayBuffer.isView(value) || value instanceof Set ? [...value] : value))",
        [of, model],
    )


def decoded(page, model=0):
    return [np.array(view) for view in state(page, "decoded", model)]


def on_map(page, x, y, model=0):
    """Pixels of a place of the map, given as shares of its width and height."""
    box = page.locator(".map").nth(model).bounding_box()
    return box["x"] + x * box["width"], box["y"] + y * box["height"]


def draw(page, sheet, points):
    """Draw a line through points of a sheet, given as shares."""
    sheet.scroll_into_view_if_needed()
    box = sheet.bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()
    settle(page)


def press(page, name, **how):
    page.get_by_role("button", name=name, **how).first.click()
    settle(page)


def saved(page, button):
    """What the page hands out when a button is pressed: the file's name and its bytes."""
    with page.expect_download() as download:
        button.click()
    return download.value.suggested_filename, download.value.path().read_bytes()


def visit(page, row):
    """Go to a row."""
    page.evaluate("(row) => latently.explorers[0].visit(latently.explorers[0].placeOf(row))", row)
    settle(page)


def walk(page, *rows):
    """Set the path between two rows."""
    script = """(rows) => {
      const [from, to] = rows.map((row) => latently.explorers[0].placeOf(row));
      latently.explorers[0].store.set({ from, to });
    }"""
    page.evaluate(script, rows)
    settle(page)


def drop(page, target, name, kind, content):
    """Drop a file on an element."""
    target.evaluate(
        """async (element, [name, type, data]) => {
          const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
          const file = new File([bytes], name, { type });
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(file);
          element.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
          await file.text();
          await createImageBitmap(file).catch(() => null);  // as long as it takes the page to read it
        }""",
        [name, kind, base64.b64encode(content).decode()],
    )
    settle(page)


def on_sheet(page, place=0):
    """The row that lies on a sheet: red, green and blue of each of its pixels, of which the sheet has a block."""
    height, width, colours = page.evaluate(
        """(place) => {
          const sheet = document.querySelectorAll("canvas.sheet")[place];
          const { width, height } = sheet;
          return [height, width, [...sheet.getContext("2d").getImageData(0, 0, width, height).data]];
        }""",
        place,
    )
    fine = height // page.evaluate("(place) => latently.explorers[0].model.views[place].shape[0]", place)
    blocks = np.reshape(colours, (height // fine, fine, width // fine, fine, 4))
    return blocks.mean(axis=(1, 3))[..., :3]
