"""What people give to a page that holds a model: files that they drop, and addresses that they were sent.

    python -m endurance.uploads --n 1000 --seed 0

The page has no server: its own scripts take what it is given, in Chromium here, without a network. Damaged pictures,
tables and series are dropped on the pages of three models, and their addresses are changed to damaged ones. Each must
be answered within ten seconds: the row is taken, or one sentence says why not; no script may fail, and the page must
go on. The figure is how many were not. `--first N` begins with the input of that number.
"""

import argparse
import base64
import json
import random
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from endurance.damage import NUMBERS, damaged
from endurance.seeds import write_pictures

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))  # whose browser it is, and whose small models

MILLISECONDS = 10_000
_KINDS = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "bmp": "image/bmp"}
_KINDS |= {"tif": "image/tiff", "csv": "text/csv"}
_ADDRESS = ("code", "told", "row", "axes", "colour", "hidden", "window", "pins", "from", "to", "way", "code1", "x")
_ODD = (*NUMBERS, "x", "0_0", "1e30_-1e30", "1e38_1e38", "0_0_1e-40", "0_0_1e38", "3e38_3e38_1", "r0", "r-1", "r1e9")
_ODD += ("1_1", "0_0_0", "class", "constructor", "__proto__", "%", "%E0%A4%A", "components", "spherical", "_" * 1000)
_DROP = """([name, type, data, number]) => setTimeout(async () => {
  const { store } = latently.explorers[0], note = document.querySelector(".own [role=status]");
  const before = store.state.code;
  note.textContent = "";
  const file = new File([Uint8Array.from(atob(data), (character) => character.charCodeAt(0))], name, { type });
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(file);
  const event = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
  document.querySelector(".sheets").dispatchEvent(event);
  window.given = [number, before, note];
})"""
_ADDRESSED = """([address, number]) => setTimeout(() => {
  location.hash = address;
  window.given = [number, null, null];
})"""
_IDLE = """(number) => {
  if (window.given?.[0] !== number || document.querySelector("[aria-busy]")) return false;
  if (latently.explorers.some(({ inference }) => inference.running || inference.waiting.size)) window.quiet = 0;
  return (window.quiet = (window.quiet ?? 0) + 1) > 4;
}"""
_FOUND = """() => {
  const { code, decoded } = latently.explorers[0].store.state;
  const [, before, note] = window.given;
  window.quiet = 0;
  return [note?.textContent ?? "", before !== null && before === code, code.every(Number.isFinite)];
}"""


def main() -> int:
    """Run the program; 1 where an input was not answered as it should be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", type=int, default=1000, help="how many inputs (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0, help="of what is damaged and how (default: %(default)s)")
    parser.add_argument("--first", type=int, default=0, help="the number of the first one (default: %(default)s)")
    given = parser.parse_args()
    from browser import chromium

    answers: Counter[str] = Counter()
    faults = []
    with tempfile.TemporaryDirectory() as name, chromium() as browser:
        uploads = Uploads(browser, Path(name))
        for number in range(given.first, given.first + given.n):
            what, fault, said = uploads.give(f"{given.seed}/{number}", number)
            answers["fault" if fault else "refused" if said else "taken"] += 1
            if fault:
                faults.append(number)
                print(f"input {number}: {what}: {fault} {said[:300]!r}", flush=True)
    told = {"inputs": given.n, "taken": answers["taken"], "refused": answers["refused"], "faults": len(faults)}
    print(json.dumps(told | {"seed": given.seed, "faulty": faults}))
    return 1 if faults else 0


class Uploads:
    """Pages of three models, and good files of the kinds that they take.

    Args:
        browser: of Playwright.
        folder: for their files.
    """

    def __init__(self, browser: Any, folder: Path) -> None:
        self._browser = browser
        self._open: dict[str, tuple[Any, list[str]]] = {}
        self._pages = {name: page.save(folder / f"{name}.html") for name, page in explorations()}
        pictures = folder / "pictures"
        pictures.mkdir()
        write_pictures(pictures)
        self._files = {
            "picture": {path.name: path.read_bytes() for path in sorted(pictures.iterdir()) if path.is_file()},
            "table": {
                "named.csv": b"age,size,town,born\n31,2.5,Ulm,1971-05-11\n",
                "plain.csv": b"31,2.5,Ulm,1971-05-11",
                "quoted.csv": b'"town","age"\r\n"Bonn","44"\r\n',
            },
            "series": {"series.csv": "\n".join(f"{n / 7},{n}" for n in range(12)).encode()},
        }

    def give(self, key: str, number: int) -> tuple[str, str, str]:
        """Give a page the input that a key makes: what that is, what is wrong with the answer, and what was said."""
        draw = random.Random(key)
        of = draw.choice(sorted(self._pages))
        page, complaints = self._page(of)
        if draw.random() < 0.25:
            what = "#" + "&".join(f"{draw.choice(_ADDRESS)}={draw.choice(_ODD)}" for _ in range(draw.choice((1, 1, 3))))
            script, values = _ADDRESSED, [what, number]
        else:
            name = draw.choice(sorted(self._files[of]))
            content = damaged(self._files[of][name], name, draw)
            called = draw.choice((name, name, name, "x.csv", "x.png", "ü" * 60 + ".csv"))
            kind = _KINDS.get(called.rpartition(".")[2], "")
            what, script = f"{name} as {called} of {len(content)} bytes", _DROP
            values = [called, kind, base64.b64encode(content).decode(), number]
        return f"{of}, {what}", *self._answer(of, page, complaints, script, values)

    def _answer(self, of: str, page: Any, complaints: list[str], script: str, values: list[Any]) -> tuple[str, str]:
        """What is wrong with how a page answers, and what it says."""
        from playwright.sync_api import Error
        from playwright.sync_api import TimeoutError as LateError

        fault, said = "", ""
        try:
            page.evaluate(script, values)
            page.wait_for_function(_IDLE, arg=values[-1], timeout=MILLISECONDS)
            said, same, finite = page.evaluate(_FOUND)
            fault = fault_of(said, same, finite)
        except LateError:
            fault = "no answer in ten seconds"
        except Error as error:
            fault = str(error).splitlines()[0]
        if fault := fault or "".join(complaints[:1]):
            page.context.close()
            del self._open[of]
        return fault, said

    def _page(self, of: str) -> tuple[Any, list[str]]:
        if of not in self._open:
            page, complaints = self._browser.new_context(offline=True).new_page(), []
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda line: line.type == "error" and complaints.append(line.text))
            page.goto(self._pages[of].as_uri())
            page.wait_for_selector("article.model", timeout=6 * MILLISECONDS)
            self._open[of] = page, complaints
        return self._open[of]


def fault_of(said: str, same: bool, finite: bool) -> str:
    """What is wrong with an answer: nothing was taken and nothing said, words are no sentence, or the code is lost.

    Example:
        >>> fault_of("x.csv is no image.", True, True), fault_of("", True, True)
        ('', 'nothing was taken, and nothing is said')
    """
    if not finite:
        return "the code has numbers that are not finite"
    if same and not said:
        return "nothing was taken, and nothing is said"
    odd = next((word for word in ("undefined", "NaN", "[object", "Error") if word in said), "")
    if odd or len(said) > 500 or (said and not said.endswith(".")):
        return f"no sentence{odd and f': {odd}'}"
    return ""


def explorations() -> Iterator[tuple[str, Any]]:
    """The page of a model of pictures, of one of tables and of one of series; nothing was learned by them."""
    import pandas as pd

    import latently
    from small_models import as_if_loaded, small

    draw = np.random.default_rng(0)
    photos = draw.integers(0, 256, (30, 16, 14, 3)).astype(np.uint8)
    yield "picture", as_if_loaded(small(latently.VAE), photos).explore(photos)
    days = pd.Timestamp("1970-01-01") + pd.to_timedelta(draw.integers(0, 9000, 60), unit="D")
    columns = {"age": draw.normal(40, 9, 60).round(), "size": draw.normal(size=60), "town": ["Bonn", "Ulm"] * 30}
    frame = pd.DataFrame({**columns, "born": days})
    frame.loc[::9, "size"] = None
    yield "table", as_if_loaded(small(latently.VAE, hidden=(8,)), frame).explore(frame)
    series = draw.normal(size=(30, 12, 2)).cumsum(axis=1)
    settings = {"network": "conv1d", "channels": (4,), "channel_axis": "last"}
    yield "series", as_if_loaded(small(latently.VAE, **settings), series).explore(series)


if __name__ == "__main__":
    sys.exit(main())
