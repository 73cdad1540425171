"""One HTML file that holds models, rows and all that it takes to explore them; it opens without a network."""

import base64
import html
import json
import tempfile
import webbrowser
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from latently.export import Blobs
from latently.files import write_atomically

FORMAT = 1


@dataclass(frozen=True, eq=False)
class Exploration:
    """Models in a page of their own, which computes in the browser whatever it is asked.

    It shows itself where it is the last line of a notebook's cell.

    Attributes:
        models: as they stand in the manifest (see `latently.explorer.contents.contents`).
        blobs: their numbers.
    """

    models: Sequence[dict[str, Any]]
    blobs: Blobs

    def page(self) -> str:
        """The HTML."""
        manifest = {"format": FORMAT, "latently": version("latently"), "models": list(self.models)}
        template = _templates().get_template("index.html.j2")
        return template.render(
            title=" and ".join(model["title"] for model in self.models),
            style=_source("style.css"),
            boot=_source("boot.js"),
            scripts=_scripts(),
            manifest=json.dumps(manifest, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
            data=_packed(self.blobs.bytes()),
        )

    def save(self, path: str | Path) -> Path:
        """Write the page, one file that opens without a network or a server; give its path.

        Args:
            path: the file; its folder must exist.
        """
        return write_atomically(Path(path), self.page().encode())

    def open(self) -> Path:
        """Write the page to a temporary file and open it in a browser; give its path."""
        path = self.save(Path(tempfile.mkdtemp(prefix="latently-")) / "explorer.html")
        webbrowser.open(path.as_uri())
        return path

    def _repr_html_(self) -> str:
        """The page in a frame."""
        return f'<iframe srcdoc="{html.escape(self.page())}" style="width:100%;height:860px;border:0"></iframe>'


def _packed(data: bytes) -> str:
    """Deflated and written in letters that HTML leaves alone; `boot.js` reads it."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return base64.b85encode(packer.compress(data) + packer.flush()).decode("ascii").replace("<", ",")


def _static() -> Any:
    return files("latently.explorer") / "static"


def _source(name: str) -> str:
    return str((_static() / name).read_text(encoding="utf-8"))


@cache
def _scripts() -> str:
    """All modules by the names that they import each other under, packed."""
    names = sorted(file.name for file in _static().iterdir() if file.name.endswith(".js") and file.name != "boot.js")
    return _packed(json.dumps({f"latently/{name.removesuffix('.js')}": _source(name) for name in names}).encode())


@cache
def _templates() -> Environment:
    return Environment(loader=PackageLoader("latently.explorer", "static"), autoescape=True, undefined=StrictUndefined)
