"""Large data through a model: part by part, on this machine or on the workers of a cluster.

There is a list of parts, each a file of data and the file that its answer goes to, and a function from part to part; an
engine decides no more than who runs it. A part is written whole or not at all, and what is there is not made again.
"""

import argparse
import glob
import hashlib
import json
import logging
import os
import sys
import warnings
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from latently.cli.errors import FAILURE, UsageError, sentence
from latently.cli.outputs import FORMS
from latently.cli.verbs import Verb
from latently.errors import needed
from latently.files import write_atomically, written_whole
from latently.reading import path_meant, read_json

RECORD = "_latently.json"
"""What a folder of answers is of; readers of Parquet pass over names with such a beginning."""

SUFFIX = ".parquet"


class Part(NamedTuple):
    """A file of data, and the file that its answer goes to."""

    source: str
    target: str


class Outcome(NamedTuple):
    """What has become of a part: the rows that were written, or what went wrong."""

    part: Part
    rows: int
    error: str


class Opened(NamedTuple):
    """A verb with what it is asked, and the model that is to answer."""

    verb: Verb
    given: argparse.Namespace
    model: Any
    about: dict[str, Any]
    folder: Path


class Answerer:
    """Answers one part after another with a model that is loaded once.

    Args:
        name: of the verb.
        words: of the command line that follow it.
    """

    def __init__(self, name: str, words: Sequence[str]) -> None:
        from latently.cli.use import opened

        self._asked = opened(name, words)

    def __call__(self, part: Part) -> Outcome:
        """Read a part, ask the model, and write what it answers."""
        from latently.cli import answers
        from latently.cli.asked import Asked

        target = Path(part.target)
        given = argparse.Namespace(**{**vars(self._asked.given), "data": part.source, "force": True})
        if hasattr(given, "seed"):  # no two parts have the same noise, whoever draws it, and in whatever order
            given.seed = zlib.crc32(f"{given.seed} {target.name}".encode())
        try:
            result = getattr(answers, self._asked.verb.name)(
                Asked(given, self._asked.model, self._asked.about, [target])
            )
            target.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(target) as file:
                FORMS[SUFFIX](result, file)
        except Exception as error:  # noqa: BLE001  # others can be answered all the same
            return Outcome(part, 0, sentence(error))
        return Outcome(part, len(next(iter(result.arrays.values()))), "")


def are_parts(verb: Verb, given: argparse.Namespace) -> bool:
    """Whether a command is about parts: what it writes is a folder."""
    folder = given.out is not None and len(given.out) == 1 and not given.out[0].suffix
    if not verb.takes_data or SUFFIX not in verb.writes:
        return False
    if folder:
        return True
    if given.engine is not None or _is_pattern(given.data):
        raise UsageError(
            "data in parts is answered in parts: name one folder for them with --out, such as --out answers."
        )
    return False


def use_parts(opened: Opened, words: Sequence[str]) -> int:
    """Answer all parts that are not answered yet, and say how many there are; the exit code."""
    given, out = opened.given, opened.given.out[0]
    if given.part != "all":
        raise UsageError(f"--part {given.part} is of a run's own data, and not of data in parts; leave it out.")
    answered = _on_ray if given.engine == "ray" else _here
    if answered is _on_ray:
        _ray()
    elif given.workers is not None:
        raise UsageError("--workers is for --engine ray; here one part is answered after the other, on all cores.")
    parts = _parts(given.data, out)
    _check_folder(opened, out, given.force)
    left = [part for part in parts if given.force or not Path(part.target).exists()]
    rows, failed = 0, []
    with Console(file=sys.stderr).status("") as status:
        for done, outcome in enumerate(answered(opened.verb.name, words, left, given.workers), 1):
            rows += outcome.rows
            failed += [outcome] if outcome.error else []
            status.update(f"{done:,} of {len(left):,} parts, {rows:,} rows")
    there = f", and {len(parts) - len(left):,} that were there" if len(left) < len(parts) else ""
    print(f"{out}: {rows:,} rows in {len(left) - len(failed):,} parts{there}")
    if failed:
        first = failed[0]
        print(
            f"latently: {len(failed):,} of {len(left):,} parts could not be answered, {first.part.source} first: "
            f"{first.error}",
            file=sys.stderr,
        )
    return FAILURE if failed else 0


def _here(name: str, words: Sequence[str], parts: Sequence[Part], workers: int | None) -> Iterator[Outcome]:
    """Answer parts on this machine, one after the other."""
    del workers  # which are those of a cluster
    yield from map(Answerer(name, words), parts)


class _Worker:
    """An answerer as Ray Data takes it: from a row to a row."""

    def __init__(self, name: str, words: Sequence[str]) -> None:
        self._answer = Answerer(name, words)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        outcome = self._answer(Part(row["source"], row["target"]))
        return {**row, "rows": outcome.rows, "error": outcome.error}


def _ray() -> tuple[Any, Any]:
    """Ray, and Ray Data."""
    warnings.simplefilter("ignore")  # of what Ray thinks of Ray
    return needed("ray", "ray", "--engine ray"), needed("ray.data", "ray", "--engine ray")


def _on_ray(name: str, words: Sequence[str], parts: Sequence[Part], workers: int | None) -> Iterator[Outcome]:
    """Answer parts on the workers of a Ray cluster, or of one on this machine; one that dies is replaced."""
    ray, data = _ray()
    if not parts:
        return
    if not ray.is_initialized():  # a cluster is found by $RAY_ADDRESS
        ray.init(include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    data.DataContext.get_current().enable_progress_bars = False
    there = ray.cluster_resources()
    gpus = 1 if there.get("GPU") else 0
    most = int(there["GPU"] if gpus else there["CPU"])
    rows = data.from_items([part._asdict() for part in parts], override_num_blocks=len(parts))
    answered = rows.map(
        _Worker,
        fn_constructor_args=(name, list(words)),
        compute=data.ActorPoolStrategy(size=min(len(parts), workers or most)),
        num_gpus=gpus,
    )
    for row in answered.iter_rows():
        yield Outcome(Part(row["source"], row["target"]), row["rows"], row["error"])


def _parts(data: str, out: Path) -> list[Part]:
    """The files that a pattern or a folder names, each with the file that its answer goes to."""
    from latently.data.tables import is_table

    path = Path(data).expanduser()
    if path.is_dir():
        found = sorted(str(entry) for entry in path.iterdir() if entry.is_file() and is_table(entry))
    else:
        found = [str(path)] if path.exists() else sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207  # which knows no absolute ones
    if not found:
        raise UsageError(f"{data}: there are no such files.{'' if _is_pattern(data) else path_meant(data)}")
    files = [os.path.realpath(each) for each in found]
    common = Path(files[0]).parent if len(files) == 1 else Path(os.path.commonpath([Path(f).parent for f in files]))
    targets = [out.resolve() / Path(each).relative_to(common).with_suffix(SUFFIX) for each in files]
    if len(set(targets)) < len(targets):
        twice = next(target for target in targets if targets.count(target) > 1)
        raise UsageError(f"{data}: two parts would be answered in {twice.name}; give them names of their own.")
    return [Part(source, str(target)) for source, target in zip(files, targets, strict=True)]


def _check_folder(opened: Opened, out: Path, force: bool) -> None:
    """See that a folder is new, or holds answers of the same model to the same question; and say in it which."""
    aside = {"data", "out", "force", "engine", "workers", "run"}
    asked = {name: value for name, value in vars(opened.given).items() if name not in aside}
    digest = hashlib.sha256((opened.folder / "model.safetensors").read_bytes()).hexdigest()[:16]
    record = {"verb": opened.verb.name, "model": digest, "options": json.loads(json.dumps(asked, default=str))}
    path = out / RECORD
    there = read_json(path, "record of parts") if path.exists() else None
    if there != record and not force and out.exists() and any(out.iterdir()):
        raise UsageError(
            f"{out} holds the answers of another model, or to another question; choose another folder, or --force to "
            "write over them."
        )
    out.mkdir(parents=True, exist_ok=True)
    write_atomically(path, (json.dumps(record, indent=2) + "\n").encode())


def _is_pattern(data: str) -> bool:
    return glob.has_magic(data) and not Path(data).expanduser().exists()
