"""Files that others wrote: whatever is wrong with one is told in a sentence that names it, before it takes memory."""

import contextlib
import errno
import itertools
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latently.errors import ArgumentError, closest
from latently.memory import available_bytes, lacking

_OF_PYTHON = re.compile(r"<[^<>]*>|\b[A-Z]\w*(?:Error|Exception): | at 0x[0-9a-f]+|^[\"']|[\"']$")
_LONGEST = 200
"""Characters of a library's own words."""
_SMALL_BYTES = 2**20
_MOST_NAMES = 2000
"""In a folder, among which one that is spelt like another is looked for."""


class FileError(ValueError):
    """A file that cannot be used: one sentence that names it, says what is wrong with it, and the way out."""


@contextlib.contextmanager
def reading(path: Path, what: str, remedy: str, error: type[ValueError] = FileError) -> Iterator[None]:
    """While a library reads a file: whatever it raises becomes one sentence that names the file.

    A parser that meets bytes it was not made for may raise anything at all, so that no list of its errors is complete.
    What the system says (no permission, a lost disk) keeps its type, and gets the file's name.

    Args:
        path: of the file, or of the folder.
        what: it should be, such as `"Excel file"`.
        remedy: what to do about it.
        error: that is raised; one of this type, or about an argument, goes through as it is.

    Raises:
        ValueError: of the type `error`.
        OSError: the system does not give the file.

    Example:
        >>> with reading(Path("rows.mat"), "MATLAB file", "save it anew"):
        ...     raise KeyError("no such field")
        Traceback (most recent call last):
        latently.reading.FileError: rows.mat is damaged or no MATLAB file (no such field); save it anew.
    """
    try:
        yield
    except (error, FileError, ArgumentError, ImportError):
        raise
    except OSError as raised:
        if isinstance(raised, FileNotFoundError) and not path.exists():  # some libraries give no number
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path)) from raised
        if raised.errno in (None, errno.ENOENT) or raised.filename2 is not None:
            raise error(_damaged(path, what, remedy, raised)) from raised
        raise type(raised)(raised.errno, os.strerror(raised.errno), str(raised.filename or path)) from raised
    except MemoryError as raised:
        raise error(f"{path} holds more than fits into the memory that is free here; give it in parts.") from raised
    except Exception as raised:  # see above
        raise error(_damaged(path, what, remedy, raised)) from raised


def check_room(path: Path, size: float, remedy: str, error: type[ValueError] = FileError) -> None:
    """See that what a file says it holds fits into memory, before any of it is read.

    Args:
        path: of the file.
        size: of what is to be read, in bytes.
        remedy: what to do where it does not.
        error: that is raised.

    Raises:
        ValueError: of the type `error`: it does not fit; the sentence says what is needed and what there is.
    """
    if short := lacking(size, available_bytes()):
        raise error(f"{path} says that it holds data that {short}; {remedy}.")


def small_text(path: Path, what: str, remedy: str = "write it anew", most: int = _SMALL_BYTES) -> str:
    """The text of a small file, in UTF-8 whatever the system's own encoding is.

    Raises:
        FileError: it is in another encoding, or longer than any of its kind.
    """
    with reading(path, what, remedy), path.open("rb") as file:
        content = file.read(most + 1)
        if len(content) > most:
            raise FileError(f"{path} has more than {most:,} bytes, and is no {what}; {remedy}.")
        return content.decode("utf-8-sig")


def path_meant(path: str | Path) -> str:
    """A question, behind a space, about the file or folder that is there and spelt most like one that is not.

    Each part of the path may be misspelt. An ending may be another, or the end of a long name left out.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> (folder / "people.csv").touch()
        >>> path_meant(folder / "poeple.cvs") == f" Did you mean {folder}/people.csv?"
        True
    """
    path = Path(path).expanduser()
    there = Path(path.anchor)
    for part in path.parts[bool(path.anchor) :]:
        if (step := there / part).exists():
            there = step
            continue
        if (name := _alike(part, there)) is None:
            return ""
        there /= name
    return "" if there == path else f" Did you mean {there}?"


def _alike(part: str, folder: Path) -> str | None:
    """The name in a folder that is spelt most like another: whole, without its ending, or at its beginning."""
    names: list[str] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        names = sorted(entry.name for entry in itertools.islice(entries, _MOST_NAMES) if entry.name[:1] != ".")
    stems = {Path(name).stem: name for name in reversed(names)}
    begun = [name for name in names if len(part) > 1 and name.lower().startswith(part.lower())]
    whole: str | None = closest(part, {name: name for name in names})
    return whole or closest(Path(part).stem, stems) or next(iter(begun), None)


def read_json(path: Path, what: str, remedy: str = "bring back a copy of it") -> Any:
    """What a JSON file holds.

    Raises:
        FileError: it is none.
    """
    with reading(path, what, remedy):
        return json.loads(path.read_text(encoding="utf-8"))


def reason(raised: BaseException) -> str:
    """What a library says of a file, as it fits into a sentence: its first line, without words of Python.

    Example:
        >>> reason(ValueError("malformed node: <ast.Name object at 0x7fe05a182e00>.")), reason(EOFError())
        ('malformed node', 'it ends too early')
    """
    if isinstance(raised, RecursionError):
        return "it is nested too deeply"
    first = next(iter(str(raised).strip().splitlines()), "")
    text = _OF_PYTHON.sub("", first).strip(" .:")[:_LONGEST]
    return text or ("it ends too early" if isinstance(raised, EOFError) else "it cannot be made out")


def _damaged(path: Path, what: str, remedy: str, raised: BaseException) -> str:
    return f"{path} is damaged or no {what} ({reason(raised)}); {remedy}."
