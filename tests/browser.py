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


@contextmanager
def offline_page() -> Iterator[Any]:
    """A blank page of Chromium; the test is skipped where there is none."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("needs Chromium (apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser.new_context(offline=True).new_page()
        browser.close()


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
