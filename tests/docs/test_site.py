"""The site: what `make docs` would refuse, as far as it can be told without building it."""

import ast
import importlib.util
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

import latently
from latently.catalogue import BY_TERMINAL_NAME
from latently.cli.commands import find_command
from latently.cli.options import FitParser

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
MADE = ("how-it-works/players.md", "reference/")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def hooks() -> ModuleType:
    """docs/hooks.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("site_hooks", DOCS / "hooks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def named(nav: Any) -> Iterator[str]:
    """The pages of a navigation, however deep."""
    if isinstance(nav, str):
        yield nav
    for entry in nav.values() if isinstance(nav, dict) else nav if isinstance(nav, list) else ():
        yield from named(entry)


def test_the_navigation_names_every_page_and_no_other() -> None:
    nav = list(named(yaml.safe_load((ROOT / "mkdocs.yml").read_text())["nav"]))
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    assert len(nav) == len(set(nav))
    assert {page for page in nav if not page.startswith(MADE)} == there


def test_no_public_name_lacks_its_place_in_the_reference_or_its_docstring(hooks: ModuleType) -> None:
    assert hooks.lacking() == []


def test_a_name_without_a_page_or_a_docstring_and_an_argument_without_a_word_are_found(
    hooks: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def described(rows: int, columns: int) -> None:
        """Something.

        Args:
            rows: how many.
        """

    monkeypatch.setattr(latently, "__all__", [*latently.__all__, "described"])
    monkeypatch.setattr(latently, "described", described, raising=False)
    monkeypatch.setattr(latently.Splits, "__doc__", None)
    assert hooks.lacking() == [
        "latently.described is on no page of the reference; name it in PAGES of docs/hooks.py.",
        "latently.Splits has no docstring.",
        "the docstring of latently.described says nothing of columns.",
        "latently.data.Splits has no docstring.",
    ]


@pytest.mark.parametrize(
    ("page", "link", "shown"),
    [
        ("how-it-works/index.md", "../../src/latently/game.py#L1", "../source/src/latently/game.py.md#L1"),
        ("models.md", "../README.md#numbers", "source/README.md.md#numbers"),
        ("models.md", "data.md#gaps", "data.md#gaps"),
        ("models.md", "https://arxiv.org/abs/1312.6114", "https://arxiv.org/abs/1312.6114"),
        ("models.md", "../src/none.py", "../src/none.py"),  # which a strict build refuses
        ("source/README.md.md", "docs/data.md#gaps", "../data.md#gaps"),
        ("source/README.md.md", "CONTRIBUTING.md", "CONTRIBUTING.md.md"),
    ],
)
def test_links_that_are_right_in_the_repository_are_right_on_the_site(
    page: str, link: str, shown: str, hooks: ModuleType
) -> None:
    where = SimpleNamespace(file=SimpleNamespace(src_uri=page))
    assert hooks.on_page_markdown(f"see [this]({link}).", where) == f"see [this]({shown})."


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_command_lines_in_the_documentation_are_understood(page: Path) -> None:
    for language, body in BLOCK.findall(page.read_text(encoding="utf-8")):
        for line in body.splitlines() if language in ("sh", "bash") else ():
            words = shlex.split(line, comments=True)
            if "latently" not in words[:2]:
                continue
            command, *rest = words[words.index("latently") + 1 :]
            find_command(command)
            if command == "fit" and rest[:1] and rest[0] in BY_TERMINAL_NAME and "--help" not in rest:
                FitParser(rest[0]).given(rest[1:])


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_python_in_the_documentation_is_python_and_imports_what_there_is(page: Path) -> None:
    for language, body in BLOCK.findall(page.read_text(encoding="utf-8")):
        if language == "python" and not body.startswith(">>>"):
            for node in ast.walk(ast.parse(body)):
                if isinstance(node, ast.ImportFrom) and node.module == "latently":
                    for alias in node.names:
                        assert alias.name in latently.__all__ or importlib.util.find_spec(f"latently.{alias.name}")
