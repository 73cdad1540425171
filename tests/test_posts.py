"""The posts, in English and in Korean, and the pages beside them: their code, their links, their pictures."""

import io
import re
import sys
import tokenize
import warnings
from pathlib import Path

import numpy as np
import pytest

from small_models import as_if_loaded

sys.path.insert(0, str(Path(__file__).parents[1]))  # the benchmarks are no part of the installed package

from benchmarks import posts

import latently
from latently.cli import main

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [*sorted((DOCS / "posts").glob("*.md")), DOCS / "migration.md"]
KOREAN = [*sorted((DOCS / "ko").rglob("*.md")), ROOT / "README.ko.md"]
ALL = [*PAGES, *KOREAN, DOCS / "comparison.md"]
PICTURE_BYTES = {".png": 60_000, ".gif": 400_000}


def name_of(page):
    return str(page.relative_to(ROOT))


def blocks(page, language):
    """The code of a page in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text("utf-8"), re.S | re.M)


def without_comments(code, language):
    """The lines of code, in which comments may be in any language."""
    if language == "sh":
        return [re.sub(r"\s+#.*", "", line) for line in code.splitlines()]
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return [(token.type, token.string) for token in tokens if token.type not in (tokenize.COMMENT, tokenize.NL)]


def headings(page):
    """The anchors of a page's headings, as GitHub and Python-Markdown make them."""
    titles = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.S | re.M), re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_python_of_a_page_runs_and_nothing_but_the_training_is_left_out(page, monkeypatch):
    monkeypatch.setattr(latently.LatentModel, "fit", as_if_loaded)
    code = blocks(page, "python")
    assert code
    for each in code:
        exec(compile(each, page.name, "exec"), {})


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_terminal_takes_the_commands_of_a_page(page, capsys):
    commands = [line for code in blocks(page, "sh") for line in without_comments(code, "sh")]
    for command in commands:
        words = command.split()[1:]
        if words[0] == "fit":
            assert main([*words, "--print-config"]) == 0, capsys.readouterr().err


@pytest.mark.parametrize("page", [page for page in KOREAN if page.name != "index.md"], ids=name_of)
def test_a_korean_page_has_the_code_of_its_english_one(page):
    if page == ROOT / "README.ko.md":
        for language in ("python", "sh"):
            english = [
                line for code in blocks(ROOT / "README.md", language) for line in without_comments(code, language)
            ]
            for code in blocks(page, language):
                assert [line for line in without_comments(code, language) if line not in english] == []
        return
    for language in ("python", "sh"):
        of_both = [
            [without_comments(code, language) for code in blocks(each, language)]
            for each in (page, DOCS / "posts" / page.name)
        ]
        assert of_both[0] == of_both[1] != []


@pytest.mark.parametrize("page", ALL, ids=name_of)
def test_links_of_a_page_lead_somewhere_and_its_pictures_are_small(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link
        if posts.FOLDER in target.parents:
            assert target.stat().st_size <= PICTURE_BYTES[target.suffix], link


def test_the_numbers_of_the_korean_readme_are_those_of_the_english_one():
    english = (ROOT / "README.md").read_text("utf-8").splitlines()
    rows = re.findall(r"^\|.*\| `([\w-]+)` \|.*\| ([^|]*) \|$", (ROOT / "README.ko.md").read_text("utf-8"), re.M)
    assert rows
    for recipe, reached in rows:
        (row,) = (line for line in english if re.search(rf"--recipe {recipe}[` ]", line) and line.startswith("| "))
        assert re.match(r"[\d.]+( ± [\d.]+)?", reached)[0] in row, recipe


def test_every_picture_of_the_posts_is_named_in_both_languages():
    pictures = {path.name for path in posts.FOLDER.glob("*.*")}
    assert pictures == {path.name for path in (posts.FOLDER / "ko").glob("*.*")} != set()
    assert {Path(name).stem for name in pictures} <= set(posts.WORDS)
    for folder, pages in ((DOCS / "posts", "images/posts/"), (DOCS / "ko" / "posts", "images/posts/ko/")):
        text = "".join(page.read_text("utf-8") for page in folder.glob("*.md"))
        assert [name for name in pictures if f"{pages}{name}" not in text] == []


def test_korean_words_are_drawn_with_letters_and_without_a_font_the_package_to_install_is_named(tmp_path, monkeypatch):
    try:
        face = posts.face_of("korean")
    except SystemExit:
        pytest.skip("needs a font with Hangul")
    words = [korean for _, korean in posts.WORDS.values()]
    rows = [np.zeros((3, 2, 2))] * len(words)
    picture = posts.Picture("words", lambda say: posts.rows_of(rows, words, say("vae-sizes")))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of letters that no face has
        posts.write(picture, "korean", tmp_path, face)
    monkeypatch.setattr(posts, "HANGUL", ("No such face",))
    with pytest.raises(SystemExit, match="fonts-noto-cjk"):
        posts.face_of("korean")
