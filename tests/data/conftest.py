"""What the tests of data share: small files of every kind, and a mirror on this machine."""

import functools
import http.server
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# Read before any test changes it.
GIVEN = os.environ.get("LATENTLY_DATA")


@pytest.fixture
def make_image():
    """A function that writes an image: of noise, unless it is given its pixels."""
    generator = np.random.default_rng(0)

    def make(path, size=(8, 8), mode="L", pixels=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        if pixels is None:
            pixels = generator.integers(0, 256, (*size, *{"L": (), "RGB": (3,), "RGBA": (4,)}[mode]), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
        return pixels

    return make


class Mirror:
    """A web server on this machine that serves a folder, and breaks off where it is told to."""

    def __init__(self, folder):
        self.folder = folder
        self.requests = []
        self.truncated = set()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, self))
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, mirror, *args):
        self.mirror = mirror
        super().__init__(*args)

    def do_GET(self):
        name = Path(self.path).name
        self.mirror.requests.append(name)
        path = self.mirror.folder / name
        if not path.is_file():
            self.send_error(404)
            return
        data = path.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if name in self.mirror.truncated else data)

    def log_message(self, *args):
        pass


@pytest.fixture
def make_mirror(tmp_path):
    """A function that starts a mirror of its own, empty folder."""
    mirrors = []

    def make():
        folder = tmp_path / f"mirror-{len(mirrors)}"
        folder.mkdir()
        mirror = Mirror(folder)
        mirror.thread.start()
        mirrors.append(mirror)
        return mirror

    yield make
    for mirror in mirrors:
        mirror.server.shutdown()
        mirror.server.server_close()


@pytest.fixture
def nowhere(monkeypatch, tmp_path):
    """No data and no cache but empty folders; returns the folder of the cache and that of $LATENTLY_DATA."""
    cache, given = tmp_path / "cache", tmp_path / "given"
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("LATENTLY_DATA", str(given))
    for name in ("LATENTLY_CACHE", "LATENTLY_MNIST_MIRROR", "LATENTLY_FASHION_MNIST_MIRROR", "LATENTLY_TINY_MIRROR"):
        monkeypatch.delenv(name, raising=False)
    return cache / "latently" / "data", given


@pytest.fixture
def mnist_folder():
    """The real MNIST files; the test is skipped where there are none."""
    folder = Path(GIVEN or "") / "mnist"
    if not (GIVEN and (folder / "train-images-idx3-ubyte.gz").is_file()):
        pytest.skip(
            "needs MNIST: set $LATENTLY_DATA to a folder that holds mnist/train-images-idx3-ubyte.gz and the rest"
        )
    return folder
