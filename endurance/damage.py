"""Ways to damage a file: in its bytes, in the numbers of a text, in the values of JSON and YAML, inside an archive."""

import gzip
import io
import json
import random
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import yaml

ODD: tuple[Any, ...] = (
    *(None, True, "", "x", "ü", [], [[]], {}, {"a": None}, [None], -1, 0, 1, 2.5, 1e308, -1e308, 2**31, 2**63, 10**30),
    *(float("nan"), float("inf"), [1, 2], [-1], "1e400", "none", "\0", "../..", ["x"] * 3, [10**9]),
)
"""Values that a field may hold by mistake."""
NUMBERS = ("-1", "0", "1e308", "-1e999", "99999999999999999999", "nan", "inf", "", "0x1F", "½", "1,5", "true", "\x00")
_BYTES = (b"\x00", b"\xff", b"\x7f\xff\xff\xff", b"\xff" * 8, b"\x00" * 8, b"\x80\x00\x00\x00", b"\n", b'"', b"\xc3")


def damaged(content: bytes, name: str, draw: random.Random) -> bytes:
    """The content of a file of this name, damaged in a way that suits its kind, or in any way."""
    ways = _suited(name)
    way = draw.choice(ways) if draw.random() < 0.6 and ways else draw.choice(_ANY)
    found = way(content, draw)
    return found if found != content else _truncated(content, draw)


def _suited(name: str) -> list[Any]:
    suffix = Path(name).suffix.lower()
    if suffix == ".json" or name == ".zattrs":
        return [_odd_json, _odd_json, _doubled_key, _recoded]
    if suffix in (".yaml", ".yml"):
        return [_odd_yaml, _odd_yaml, _recoded, _odd_number]
    if suffix == ".jsonl":
        return [_odd_line, _lines, _recoded]
    if suffix == ".safetensors":
        return [_odd_header]
    if suffix in (".csv", ".tsv", ".txt"):
        return [_odd_number, _lines, _recoded, _odd_cell]
    if suffix in (".npz", ".xlsx"):
        return [_in_zip, _in_zip, _doubled_member]
    if suffix == ".gz":
        return [_in_gzip]
    return [_number_of_bytes]


def _flipped(content: bytes, draw: random.Random) -> bytes:
    """A few bits, turned over."""
    found = bytearray(content)
    for _ in range(draw.choice((1, 2, 8, 64))):
        if found:
            found[_place(found, draw)] ^= 1 << draw.randrange(8)
    return bytes(found)


def _place(content: bytes | bytearray, draw: random.Random) -> int:
    """Where to damage: as often in the first bytes, which say what a file is, as anywhere."""
    return draw.randrange(min(len(content), 256) if draw.random() < 0.5 else len(content))


def _truncated(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randrange(len(content))] if content else b"\x00"


def _inserted(content: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(content) + 1)
    return content[:place] + draw.choice(_BYTES) * draw.choice((1, 3, 1000)) + content[place:]


def _cut_out(content: bytes, draw: random.Random) -> bytes:
    place = draw.randrange(len(content) + 1)
    return content[:place] + content[place + draw.choice((1, 4, 100)) :]


def _overwritten(content: bytes, draw: random.Random) -> bytes:
    odd = draw.choice(_BYTES)
    place = _place(content, draw) if content else 0
    return content[:place] + odd + content[place + len(odd) :]


def _swapped(content: bytes, draw: random.Random) -> bytes:
    """Two stretches, one in the place of the other."""
    length = draw.choice((1, 4, 8, 64))
    first, second = sorted(draw.randrange(len(content) + 1) for _ in range(2))
    if first + length > second:
        return content[second:] + content[:second]
    end = second + length
    return (
        content[:first]
        + content[second:end]
        + content[first + length : second]
        + content[first : first + length]
        + content[end:]
    )


def _emptied(content: bytes, draw: random.Random) -> bytes:
    return draw.choice((b"", b"\n", b"\x00" * len(content), b"{}", b"[]", b"null", b"PK\x03\x04", b"\x1f\x8b\x08"))


_ANY = [_flipped, _flipped, _truncated, _truncated, _inserted, _cut_out, _overwritten, _overwritten, _swapped, _emptied]


def _number_of_bytes(content: bytes, draw: random.Random) -> bytes:
    """A number of a binary head, replaced by an extreme one."""
    order, kind = draw.choice("<>"), draw.choice("BHIQ")
    size = struct.calcsize(kind)
    most = 2 ** (8 * size)
    place = draw.randrange(max(1, min(len(content), 512) - size))
    number = struct.pack(order + kind, draw.choice((0, 1, most - 1, most // 2, most // 2 - 1)))
    return content[:place] + number + content[place + size :]


def _odd_number(content: bytes, draw: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    found = list(re.finditer(r"\d+(\.\d+)?", text))
    if not found:
        return content
    for each in sorted(draw.sample(found, min(len(found), draw.choice((1, 3)))), key=lambda at: -at.start()):
        text = text[: each.start()] + draw.choice(NUMBERS) + text[each.end() :]
    return text.encode()


def _odd_cell(content: bytes, draw: random.Random) -> bytes:
    lines = [line.split(b",") for line in content.splitlines()]
    if not lines:
        return content
    line = draw.choice(lines)
    line[draw.randrange(len(line))] = draw.choice((b'"', b"a,b", b"\xff\xfe", b"=1+1", b"x" * 200_000, b"1\r2", b""))
    return b"\n".join(b",".join(line) for line in lines)


def _lines(content: bytes, draw: random.Random) -> bytes:
    """Lines twice, in another order, or gone."""
    lines = content.splitlines(keepends=True)
    if len(lines) < 2:
        return content + content
    first, second = draw.sample(range(len(lines)), 2)
    match draw.randrange(4):
        case 0:
            lines[first], lines[second] = lines[second], lines[first]
        case 1:
            lines.insert(first, lines[second])
        case 2:
            del lines[first]
        case _:
            lines = lines[:1]
    return b"".join(lines)


def _recoded(content: bytes, draw: random.Random) -> bytes:
    """In another encoding."""
    text = content.decode("utf-8", "replace")
    return draw.choice(
        (
            lambda: text.encode("utf-16"),
            lambda: text.encode("utf-32"),
            lambda: b"\xff\xfe" + content,
            lambda: ("ü" + text).encode("latin-1", "replace"),
            lambda: b"\xef\xbb\xbf" + content,
        )
    )()


def _odd_in(values: Any, draw: random.Random) -> Any:
    """One field of nested values replaced, dropped or renamed."""
    places: list[tuple[Any, Any]] = []

    def collect(each: Any) -> None:
        for key, inner in each.items() if isinstance(each, dict) else enumerate(each) if isinstance(each, list) else ():
            places.append((each, key))
            collect(inner)

    collect(values)
    if not places:
        return draw.choice(ODD)
    holder, key = draw.choice(places)
    choice = draw.random()
    if choice < 0.15:
        del holder[key]
    elif choice < 0.2 and isinstance(holder, dict):
        holder[draw.choice(("ü", "", "x" * 300, "-"))] = holder.pop(key)
    elif choice < 0.3:
        other, place = draw.choice(places)
        holder[key] = json.loads(json.dumps(other[place], default=str))
    else:
        holder[key] = draw.choice(ODD)
    return values


def _odd_json(content: bytes, draw: random.Random) -> bytes:
    return json.dumps(_odd_in(json.loads(content), draw)).encode()


def _odd_yaml(content: bytes, draw: random.Random) -> bytes:
    return str(yaml.safe_dump(_odd_in(yaml.safe_load(content), draw), allow_unicode=True)).encode()


def _odd_line(content: bytes, draw: random.Random) -> bytes:
    lines = content.splitlines()
    if not lines:
        return content
    place = draw.randrange(len(lines))
    lines[place] = _odd_json(lines[place], draw)
    return b"\n".join(lines)


def _doubled_key(content: bytes, draw: random.Random) -> bytes:
    """A key twice, the second time with another value."""
    values = json.loads(content)
    if not isinstance(values, dict) or not values:
        return content
    again = json.dumps({draw.choice(sorted(values)): draw.choice(ODD)})
    return content.rstrip().removesuffix(b"}") + b", " + again[1:].encode()


def _odd_header(content: bytes, draw: random.Random) -> bytes:
    """A safetensors file whose header, which is JSON, says something else."""
    size = struct.unpack("<Q", content[:8])[0]
    header = _odd_json(content[8 : 8 + size].strip(), draw)
    return struct.pack("<Q", len(header)) + header + content[8 + size :]


def _in_gzip(content: bytes, draw: random.Random) -> bytes:
    return gzip.compress(draw.choice((*_ANY, _number_of_bytes))(gzip.decompress(content), draw))


def _in_zip(content: bytes, draw: random.Random) -> bytes:
    """One member of an archive, damaged, and the archive whole."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = draw.choice(sorted(members))
    members[name] = draw.choice((*_ANY, _number_of_bytes))(members[name], draw)
    return _zipped(list(members.items()))


def _doubled_member(content: bytes, draw: random.Random) -> bytes:
    """An archive that has two members of one name, or one that it should not have."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(name, archive.read(name)) for name in archive.namelist()]
    name, held = draw.choice(members)
    members.append(
        (draw.choice((name, "ü.npy", "../up.npy", "a/" * 100 + "x.npy")), draw.choice((held, b"", b"\x93NUMPY")))
    )
    return _zipped(members)


def _zipped(members: list[tuple[str, bytes]]) -> bytes:
    import warnings

    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")  # of names that are there twice
        for name, held in members:
            archive.writestr(name, held)
    return out.getvalue()
