"""Bombs: small files that ask for more memory, or more time, than a machine has.

    python -m endurance.bombs

Each must be refused within ten seconds and 1 GB, in one sentence. The figure is how many were not. `--show` prints what
is said of each, `--only NAME` looks at one.
"""

import argparse
import gzip
import io
import json
import struct
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from endurance.bounded import Bounded, told_of

Words = tuple[str, ...]


def npz(folder: Path) -> Words:
    """20 GB of zeros in 20 MB."""
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (20 * 10**9 // 64, 64)}
    )
    with zipfile.ZipFile(folder / "zeros.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _deflated(archive, "X.npy", head.getvalue(), 20 * 10**9)
    return "open", "zeros.npz"


def idx(folder: Path) -> Words:
    """4 GB of zeros in 4 MB."""
    head = b"\x00\x00\x08\x02" + struct.pack(">2I", 2**26, 64)
    (folder / "zeros.idx.gz").write_bytes(_gzipped(head, 2**32))
    return "open", "zeros.idx.gz"


def idx_that_lies(folder: Path) -> Words:
    """A header that says six rows, before 4 GB."""
    head = b"\x00\x00\x08\x02" + struct.pack(">2I", 6, 64)
    (folder / "six.idx.gz").write_bytes(_gzipped(head, 2**32))
    return "open", "six.idx.gz"


def csv(folder: Path) -> Words:
    """A table whose one line has 4 GB."""
    (folder / "line.csv.gz").write_bytes(_gzipped(b"a,b\n1,", 2**32, b"1"))
    return "open", "line.csv.gz"


def png(folder: Path) -> Words:
    """30,000 x 30,000 pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    head = struct.pack(">2I5B", 30_000, 30_000, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(10**7)))
    (folder / "huge.png").write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b""))
    return "open", "huge.png"


def hdf5(folder: Path) -> Words:
    """An array of 10^12 numbers, none of which is written."""
    import h5py

    with h5py.File(folder / "empty.h5", "w") as file:
        file.create_dataset("X", shape=(10**10, 100), chunks=(1000, 100), dtype="f4")
    return "open", "empty.h5"


def zarr(folder: Path) -> Words:
    """The same in Zarr."""
    import zarr

    group = zarr.open_group(folder / "empty.zarr", mode="w")
    group.create_array("X", shape=(10**10, 100), chunks=(1000, 100), dtype="f4")
    return "open", "empty.zarr"


def matlab(folder: Path) -> Words:
    """2 GB of zeros in a compressed MATLAB file."""
    size = 2**31 - 4096
    flags = struct.pack("<4I", 6, 8, 9, 0)  # of an array of bytes
    name = struct.pack("<2I", 1 | 1 << 16, ord("X"))
    shape = struct.pack("<2I2i", 5, 8, size // 64, 64)
    body = flags + shape + name + struct.pack("<2I", 2, size)
    element = struct.pack("<2I", 14, len(body) + size) + body
    packed = _zlibbed(element, size)
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<2H", 0x0100, 0x4D49)
    (folder / "zeros.mat").write_bytes(head + struct.pack("<2I", 15, len(packed)) + packed)
    return "open", "zeros.mat"


def excel(folder: Path) -> Words:
    """A sheet of 4 GB of text."""
    import pandas as pd

    pd.DataFrame({"a": [1, 2]}).to_excel(folder / "small.xlsx", index=False)
    with zipfile.ZipFile(folder / "small.xlsx") as small, zipfile.ZipFile(folder / "sheet.xlsx", "w") as archive:
        for name in small.namelist():
            if name != "xl/worksheets/sheet1.xml":
                archive.writestr(name, small.read(name))
        archive.compression, archive.compresslevel = zipfile.ZIP_DEFLATED, 1
        _deflated(archive, "xl/worksheets/sheet1.xml", small.read("xl/worksheets/sheet1.xml"), 2**32, b" ")
    return "open", "sheet.xlsx"


def parquet(folder: Path) -> Words:
    """A word of 10 MB, in 10,000 rows of a table of 10 MB: 100 GB of cells."""
    import pyarrow as pa
    from pyarrow import parquet

    word = pa.array(["x" * 10**7])
    rows = pa.DictionaryArray.from_arrays(pa.array(np.zeros(10_000, np.int32)), word)
    parquet.write_table(pa.table({"a": rows, "b": np.arange(10_000)}), folder / "word.parquet", compression="zstd")
    return "open", "word.parquet"


def yaml_anchors(folder: Path) -> Words:
    """A list of ten lists of ten lists ... by anchors."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (folder / "anchors.yaml").write_text("\n".join([*lines, "hidden: *a9"]))
    return "fit", "vae", "--config", "anchors.yaml"


def yaml_depth(folder: Path) -> Words:
    """A list in a list ... 50,000 levels deep."""
    (folder / "deep.yaml").write_text("hidden: " + "[" * 40_000 + "]" * 40_000)
    return "fit", "vae", "--config", "deep.yaml"


def yaml_without_end(folder: Path) -> Words:
    """A file that never ends."""
    del folder
    return "fit", "vae", "--config", "/dev/zero"


def json_depth(folder: Path) -> Words:
    """JSON of 100,000 levels."""
    return _config(folder, "deep", lambda text: text[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}")


def wide_layers(folder: Path) -> Words:
    """Layers of a million."""
    return _config(folder, "wide", _with(hidden=[10**6, 10**6]))


def many_layers(folder: Path) -> Words:
    """A hundred thousand layers."""
    return _config(folder, "many", _with(hidden=[8] * 100_000))


def large_code(folder: Path) -> Words:
    """A code of a thousand million dimensions."""
    return _config(folder, "code", _with(latent_dim=10**9))


def layers_in_options(folder: Path) -> Words:
    """A hundred thousand layers, in a file of options."""
    (folder / "layers.yaml").write_text(f"data: digits\nhidden: [{', '.join(['8'] * 9_000)}]\nout: out\n")
    return "fit", "vae", "--config", "layers.yaml"


def safetensors_header(folder: Path) -> Words:
    """A header of 2^60 bytes."""
    words = _config(folder, "header", lambda text: text)
    (folder / "header" / "model.safetensors").write_bytes(struct.pack("<Q", 2**60) + b"{}")
    return words


def safetensors_array(folder: Path) -> Words:
    """An array of a TB that is not there."""
    words = _config(folder, "array", lambda text: text)
    head = json.dumps({"w": {"dtype": "F32", "shape": [2**38], "data_offsets": [0, 2**40]}}).encode()
    (folder / "array" / "model.safetensors").write_bytes(struct.pack("<Q", len(head)) + head)
    return words


def samples(folder: Path) -> Words:
    """More new rows than there is memory."""
    _config(folder, "plain", lambda text: text)
    return "sample", "plain", "--n", "100000000000"


def points(folder: Path) -> Words:
    """A path of a million points, six times."""
    _config(folder, "plain2", lambda text: text)
    return "interpolate", "plain2", "--steps", "1000000"


BOMBS: tuple[Callable[[Path], Words], ...] = (
    *(
        npz,
        idx,
        idx_that_lies,
        csv,
        png,
        hdf5,
        zarr,
        matlab,
        excel,
        parquet,
        yaml_anchors,
        yaml_depth,
        yaml_without_end,
    ),
    *(json_depth, wide_layers, many_layers, large_code, layers_in_options, safetensors_header, safetensors_array),
    *(samples, points),
)
"""Each writes its file and gives the command line that reads it."""


def main() -> int:
    """Run the program; the exit code is 1 where a bomb was not refused."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[bomb.__name__ for bomb in BOMBS], help="one of them")
    parser.add_argument("--show", action="store_true", help="what is said of each")
    given = parser.parse_args()
    bad = []
    chosen = [bomb for bomb in BOMBS if given.only in (None, bomb.__name__)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _train(folder / "run")
        with Bounded(folder, [["sample", "run", "--n", "2", "--out", "warm.npz"]]) as worker:
            for bomb in chosen:
                words = bomb(folder)
                ended = worker.run(words)
                refused = ended.code == 2 and not ended.fault
                bad += [] if refused else [bomb.__name__]
                if given.show or not refused:
                    print(f"{bomb.__name__}: {told_of(words, ended)}", flush=True)
    print(json.dumps({"bombs": len(chosen), "refused": len(chosen) - len(bad), "not refused": bad}))
    return 1 if bad else 0


def _train(run: Path) -> None:
    """A small run, whose files are then made to say other things."""
    import contextlib

    from latently.cli import main

    words = ["fit", "vae", "--data", "digits", "--hidden", "8", "--latent-dim", "2", "--epochs", "1", "--no-report"]
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        main([*words, "--quiet", "--out", str(run)])


def _config(folder: Path, name: str, changed: Callable[[str], str]) -> Words:
    """The run with another `config.json`."""
    import shutil

    shutil.copytree(folder / "run", folder / name)
    config = folder / name / "config.json"
    config.write_text(changed(config.read_text().rstrip()))
    return "sample", name, "--n", "2"


def _with(**parameters: object) -> Callable[[str], str]:
    """A function that puts other hyperparameters into the text of a configuration."""

    def changed(text: str) -> str:
        values = json.loads(text)
        values["parameters"] |= parameters
        return json.dumps(values)

    return changed


def _gzipped(head: bytes, size: int, byte: bytes = b"\0") -> bytes:
    """Some bytes, and so many of one more, in gzip: a megabyte of them is packed once and repeated."""
    piece = byte * 2**20
    return gzip.compress(head, 1) + gzip.compress(piece, 9) * (size // 2**20)


def _zlibbed(head: bytes, size: int) -> bytes:
    """Some bytes, and so many zeros, in one stream of zlib."""
    packer, piece = zlib.compressobj(1), bytes(2**20)
    packed = [packer.compress(head), *(packer.compress(piece) for _ in range(size // 2**20))]
    return b"".join([*packed, packer.compress(bytes(size % 2**20)), packer.flush()])


def _deflated(archive: zipfile.ZipFile, name: str, head: bytes, size: int, byte: bytes = b"\0") -> None:
    """A member of an archive: some bytes, and so many of one more."""
    piece = byte * 2**24
    with archive.open(name, "w", force_zip64=True) as member:
        member.write(head)
        for _ in range(size // 2**24):
            member.write(piece)


if __name__ == "__main__":
    sys.exit(main())
