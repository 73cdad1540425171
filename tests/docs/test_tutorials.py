"""What stands in a tutorial works as it is written: its Python runs, and so do the lines of its terminal."""

import contextlib
import doctest
import io
import re
import shlex
from pathlib import Path

import pytest

from latently.cli import main

DOCS = Path(__file__).parents[2] / "docs"
TUTORIALS = sorted(path for path in (DOCS / "tutorials").glob("*.md") if path.stem != "index")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LENIENT = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def blocks_of(text: str) -> list[tuple[str, str, str | None]]:
    """The language and the text of each block that runs, and what it prints where a block of text follows."""
    found = [match.groups() for match in BLOCK.finditer(text)]
    follows = [*found[1:], ("", "")]
    return [
        (language, body, after if kind == "text" else None)
        for (language, body), (kind, after) in zip(found, follows, strict=True)
        if language in ("python", "sh")
    ]


def play(language: str, body: str, names: dict[str, object]) -> tuple[bool, str]:
    """Run a block: whether it went well, and what it printed; of a command that failed, what it said."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        if language == "python":
            exec(compile(body, "tutorial", "exec"), names)
            return True, out.getvalue()
        codes = [main(shlex.split(line, comments=True)[1:]) for line in body.splitlines()]
    return not any(codes), err.getvalue() if any(codes) else out.getvalue()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_a_tutorial_works_as_it_is_written(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    blocks = blocks_of(page.read_text(encoding="utf-8"))
    assert {language for language, _, _ in blocks} == {"python", "sh"}
    for language, body, printed in blocks:
        went_well, said = play(language, body, names)
        assert went_well or (printed or "").startswith("latently: "), f"{body}\n{said}"
        if printed is not None:
            assert doctest.OutputChecker().check_output(printed, said, LENIENT), f"{body}\nprints\n{said}"
