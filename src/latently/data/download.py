"""Files from public mirrors: fetched once, checked, and never left half-written."""

import hashlib
import http.client
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from latently.data.errors import DataError
from latently.data.idx import unpack
from latently.files import cache_directory

_TIMEOUT_SECONDS = 30
_PIECE_BYTES = 2**20


@dataclass(frozen=True)
class RemoteFile:
    """A file that mirrors serve, and how to know it.

    Attributes:
        name: its name on the mirrors and on disk.
        sha256: of its bytes, or of the bytes within where it is gzipped: the same rows gzip to other bytes with
            another version of gzip, so the rows are what is checked where their checksum is known.
    """

    name: str
    sha256: str

    def unpacked(self, data: bytes) -> bytes:
        """These bytes, unpacked, if they are the file.

        Raises:
            DataError: where their checksum is another one.
        """
        try:
            inner = unpack(data, Path(self.name))
        except DataError:
            inner = data
        found = list(dict.fromkeys(hashlib.sha256(part).hexdigest() for part in (data, inner)))
        if self.sha256 not in found:
            raise DataError(f"wrong SHA-256, expected {self.sha256}, got {' and, unpacked, '.join(found)}")
        return inner


def cache_folder() -> Path:
    """Where downloaded data is kept."""
    return cache_directory() / "data"


def fetch(file: RemoteFile, mirrors: Sequence[str], folder: Path, way_out: str) -> bytes:
    """Download a file into a folder from the first mirror that has it.

    It is written under a temporary name, checked, and renamed, so that a broken download leaves nothing behind.

    Arguments:
        file: what to download.
        mirrors: URLs that a file's name is appended to, tried in this order.
        folder: where it goes; made where it is missing.
        way_out: what the user can do where no mirror has it, for the error message.

    Returns:
        The bytes of the file, unpacked.

    Raises:
        DataError: where no mirror has the file as it should be; it says what was wrong with each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    failures = []
    for mirror in mirrors:
        url = mirror.rstrip("/") + "/" + file.name
        try:
            return _fetch_one(file, url, folder)
        except (DataError, OSError, http.client.HTTPException, ValueError) as error:
            failures.append(f"{url}: {error}")
    raise DataError(f"{file.name} could not be downloaded ({'; '.join(failures)}); {way_out}.")


def _fetch_one(file: RemoteFile, url: str, folder: Path) -> bytes:
    target = folder / file.name
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as output, urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            expected, got = response.headers.get("Content-Length"), 0
            while piece := response.read(_PIECE_BYTES):
                output.write(piece)
                got += len(piece)
        if expected is not None and got != int(expected):
            raise DataError(f"the download broke off after {got:,} of {int(expected):,} bytes")
        unpacked = file.unpacked(Path(temporary).read_bytes())
        Path(temporary).replace(target)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return unpacked
