"""What the site has that no file of this folder holds: reference, the terminal's help, diagrams, and pages of sources.

MkDocs calls the functions whose names begin with `on_`. `lacking` is what the tests ask, too.
"""

import contextlib
import dataclasses
import html
import inspect
import io
import logging
import os
import posixpath
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import docstring_parser

import latently
from latently.catalogue import MODELS, Model
from latently.cli import main
from latently.cli.commands import COMMANDS

HERE = Path(__file__).resolve().parent
REPOSITORY = HERE.parent

PAGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "using": ("Using a model", ("LatentModel", "load", "cross_outlier_scores")),
    "data": ("Data", ("open_dataset", "Dataset", "Splits", "Table", "Views")),
    "games": ("Games and training", ("Game", "Player", "Batch", "Feed", "Trainer")),
    "errors": ("Errors and warnings", ("NotSupportedError", "CollapseWarning", "DataAssumption")),
}
"""File → title and what of `latently` it describes; models have a page each."""

ROOMS = {
    "data": "What data sets are made of",
    "probability": "Likelihoods, priors, divergences",
    "networks": "Networks",
    "games": "The games themselves",
    "training": "The engine",
    "evaluation": "Numbers that say how good a model is",
    "figures": "Pictures",
    "explorer": "Pages that hold a model",
    "export": "Models as programs for others",
    "run": "Runs in folders",
    "tracking": "Trackers",
    "distributed": "Many processes",
}
"""Room of the package → title of its page: what is not imported from `latently` itself, but may be."""

_BARE = "{members: [], show_bases: false, show_root_heading: false, show_root_toc_entry: false}"
_LINK = re.compile(r"\]\((?!\w+:)([^)#\s]+)(#[^)\s]*)?\)")
_LOG = logging.getLogger("mkdocs.hooks.latently")


def on_config(config: Any) -> Any:
    """The reference's place in the navigation."""
    for entry in config.nav:
        if "Reference" in entry:
            entry["Reference"] = [
                "reference/index.md",
                {"Models": [{model.name: f"reference/models/{model.name}.md"} for model in MODELS]},
                *({title: f"reference/{page}.md"} for page, (title, _) in PAGES.items()),
                {"The terminal": "reference/terminal.md"},
                {"Rooms of the package": [{title: f"reference/rooms/{room}.md"} for room, title in ROOMS.items()]},
            ]
    from pymdownx.slugs import slugify

    config.mdx_configs["toc"]["slugify"] = slugify(case="lower")  # anchors in any script, as repositories make them
    logging.getLogger("mkdocs.plugins.griffe").addFilter(_is_news)
    for sentence in lacking():
        _LOG.warning(sentence)
    return config


def _is_news(record: logging.LogRecord) -> bool:
    """Griffe wants `__all__` to be written out; ours is made of the catalogue."""
    return "Unsupported item in latently" not in record.getMessage()


def on_files(files: Any, config: Any) -> Any:
    """The pages that are made, and one for each source file that another page points to."""
    from mkdocs.structure.files import File

    made: dict[str, str | bytes] = {**dict(_reference()), **dict(_players())}
    texts = {file.src_uri: file.content_string for file in files.documentation_pages()}
    unread = [*texts.items(), *((uri, content) for uri, content in made.items() if isinstance(content, str))]
    while unread:
        uri, text = unread.pop()
        for match in _LINK.finditer(text):
            target = _target(uri, match[1])
            if target is not None and _source_page(target) not in made:
                made[_source_page(target)] = _source(target)
                unread.append((_source_page(target), _source(target)))
    for uri, content in made.items():
        files.append(File.generated(config, uri, content=content))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links that are right in the repository go to the pages of what they name, of sources, too."""
    uri = page.file.src_uri

    def replaced(match: re.Match[str]) -> str:
        target = _target(uri, match[1])
        if target is not None:
            shown = _source_page(target)
        elif uri.startswith("source/") and (path := _in_repository(uri, match[1])).parts[:1] == ("docs",):
            shown = path.relative_to("docs").as_posix()
        else:
            return match[0]
        return f"]({posixpath.relpath(shown, posixpath.dirname(uri))}{match[2] or ''})"

    return _LINK.sub(replaced, markdown)


def lacking() -> list[str]:
    """What a reader of the reference would miss, in sentences: docstrings, and what they say of each argument."""
    found = [*_unlisted()]
    for name in latently.__all__:
        found += _lacks(f"latently.{name}", getattr(latently, name))
    for name, member in inspect.getmembers(latently.LatentModel):
        if not name.startswith("_") and (callable(member) or isinstance(member, property)) and _is_ours(member):
            found += _lacks(f"LatentModel.{name}", member)
    for room in ROOMS:
        module = import_module(f"latently.{room}")
        for name in getattr(module, "__all__", ()):
            thing = getattr(module, name)
            if (inspect.isroutine(thing) or isinstance(thing, type)) and not inspect.getdoc(thing):
                found.append(f"latently.{room}.{name} has no docstring.")
    return found


def _unlisted() -> Iterator[str]:
    listed = {*(model.name for model in MODELS), *(name for _, names in PAGES.values() for name in names)}
    for name in latently.__all__:
        if name not in listed:
            yield f"latently.{name} is on no page of the reference; name it in PAGES of docs/hooks.py."


def _lacks(name: str, thing: Any) -> Iterator[str]:
    docstring = (inspect.getdoc(thing) or "") if not isinstance(thing, type) else (thing.__doc__ or "")
    if not docstring or docstring.startswith(f"{getattr(thing, '__name__', '')}("):  # what dataclasses write
        yield f"{name} has no docstring."
        return
    if isinstance(thing, property) or not callable(thing):
        return
    owners = inspect.getmro(thing) if isinstance(thing, type) else [thing]
    told = {
        entry.arg_name.lstrip("*") for each in owners for entry in docstring_parser.parse(each.__doc__ or "").params
    }
    for parameter in _parameters(thing):
        if parameter not in told:
            yield f"the docstring of {name} says nothing of {parameter}."


def _parameters(thing: Any) -> list[str]:
    """The arguments that people give; exceptions and tuples are made by the package, and handed out."""
    if isinstance(thing, type) and issubclass(thing, (BaseException, tuple)):
        return []
    names = inspect.signature(thing).parameters
    fixed = {"self", "cls"}
    if dataclasses.is_dataclass(thing):
        fixed |= {field.name for field in dataclasses.fields(thing) if not field.init}
    return [name for name in names if name not in fixed and not name.startswith("_")]


def _is_ours(member: Any) -> bool:
    function = member.fget if isinstance(member, property) else member
    return (getattr(inspect.unwrap(function), "__module__", "") or "").startswith("latently")


def _reference() -> Iterator[tuple[str, str]]:
    """Pages of reference: where each is, and what it holds."""
    lines = [
        "# Reference",
        "",
        "What `import latently` gives. Everything is documented where it is defined: this is made of the docstrings.",
        "",
    ]
    lines += ["## Models", "", "| in Python | in the terminal | what it is |", "| --- | --- | --- |"]
    for model in MODELS:
        lines.append(f"| [`{model.name}`](models/{model.name}.md) | `latently fit {model.terminal}` | {model.about} |")
        yield f"reference/models/{model.name}.md", _model_page(model)
    for page, (title, names) in PAGES.items():
        lines += ["", f"## {title}", "", "| name | what it is |", "| --- | --- |"]
        blocks = []
        for name in names:
            path = _path(getattr(latently, name))
            lines.append(f"| [`{name}`]({page}.md#{path}) | {_first_sentence(getattr(latently, name))} |")
            options = "    options: {inherited_members: true, show_bases: false}\n" if name == "LatentModel" else ""
            blocks.append(f"::: {path}\n{options}")
        yield f"reference/{page}.md", "\n\n".join([f"# {title}", *blocks])
    lines += [
        "",
        "The [terminal's help](terminal.md) is here, too, and so are the [rooms of the package](rooms/data.md).",
    ]
    yield "reference/index.md", "\n".join(lines)
    yield "reference/terminal.md", _terminal_page()
    for room, title in ROOMS.items():
        yield f"reference/rooms/{room}.md", _room_page(room, title)


def _model_page(model: Model) -> str:
    estimator = model.load()
    game = estimator.game_type.__module__.rpartition(".")[2]
    own = inspect.getmro(estimator)[1:]
    shared = [each for each in own[: own.index(latently.LatentModel)] if each.__doc__ and "Args:" in each.__doc__]
    blocks = [
        f"# {model.name}",
        f"`latently fit {model.terminal} {model.examples[0]}`",
        f"Source: [the estimator](../../../src/latently/estimators/{model.module}.py), "
        f"[the game](../../../src/latently/games/{game}.py). "
        f"[Its players](../../how-it-works/players.md#{model.name.lower()}). "
        "Arguments that all models share, and every call, are described at [LatentModel](../using.md).",
        f"::: {_path(estimator)}\n    options: {_BARE}",
        *(f"## Arguments of every {each.__name__}\n\n::: {_path(each)}\n    options: {_BARE}" for each in shared),
        "## In the terminal",
        _block(_said("fit", model.terminal, "--help")),
    ]
    return "\n\n".join(blocks)


def _room_page(room: str, title: str) -> str:
    module = import_module(f"latently.{room}")
    elsewhere = {id(getattr(latently, name)) for _, names in PAGES.values() for name in names}
    members = [name for name in getattr(module, "__all__", ()) if id(getattr(module, name)) not in elsewhere]
    chosen = f", members: [{', '.join(sorted(members))}]" if members else ""
    shown = f"{{show_root_heading: false, show_root_toc_entry: false, show_submodules: false{chosen}}}"
    return f"# {title}\n\n`latently.{room}`\n\n::: latently.{room}\n    options: {shown}\n"


def _terminal_page() -> str:
    blocks = [
        "# The terminal",
        "`latently fit MODEL --help` of each model is on [its own page](index.md#models).",
        _block(_said("--help")),
    ]
    for name in COMMANDS:
        blocks += [f"## latently {name}", _block(_said(name, "--help"))]
    return "\n\n".join(blocks)


def _players() -> Iterator[tuple[str, str | bytes]]:
    """A diagram for every model, and the page that shows them all."""
    from latently import figures
    from latently.cli.players import card_of
    from latently.estimators.roles import roles_of

    blocks = [
        "# The players of every model",
        "Drawn from the code of each game when this page was built: `latently players MODEL --out FILE.svg` draws the "
        "same, with the hyperparameters that you give. A player lowers the terms that it names, by moving its parts; "
        "what it only looks at, it cannot move. What is logged weighs nothing. Terms weigh 1 unless a number stands "
        "before them.",
    ]
    for model in MODELS:
        cards = [card_of(role) for role in roles_of(model.load()())]
        uri = f"how-it-works/players-{model.terminal}.svg"
        yield uri, figures.svg(figures.players(cards))
        told = "; ".join(f"{card.heading} moves {', '.join(card.moves)}" for card in cards)
        blocks += [
            f"## {model.name}",
            f"{model.about[:1].upper()}{model.about[1:]}. `latently players {model.terminal}`",
            f"![The players of {model.name}. {html.escape(told)}.]({posixpath.basename(uri)})",
        ]
    yield "how-it-works/players.md", "\n\n".join(blocks)


def _path(thing: Any) -> str:
    """Where something is defined, which documentation is read from without running it."""
    return f"{thing.__module__}.{thing.__qualname__}"


def _first_sentence(thing: Any) -> str:
    text = " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())
    return text.replace("|", "\\|")


def _said(*words: str) -> str:
    """What a command prints, in as many columns as a page has."""
    out, before = io.StringIO(), os.environ.get("COLUMNS")
    os.environ["COLUMNS"] = "80"
    try:
        with contextlib.redirect_stdout(out):
            main(words)
    finally:
        os.environ.pop("COLUMNS")
        if before is not None:
            os.environ["COLUMNS"] = before
    return out.getvalue()


def _block(text: str, language: str = "text") -> str:
    return f"````{language}\n{text.rstrip()}\n````"


def _in_repository(uri: str, link: str) -> Path:
    """What a link of a page names, from the root of the repository; pages of sources stand for these."""
    page = uri.removeprefix("source/").removesuffix(".md") if uri.startswith("source/") else f"docs/{uri}"
    return Path(posixpath.normpath(posixpath.join(posixpath.dirname(page), link)))


def _target(uri: str, link: str) -> Path | None:
    """What outside of this folder a link names; `None` where it stays within, or names nothing."""
    path = _in_repository(uri, link)
    return path if path.parts[:1] not in ((), ("docs",), ("..",)) and (REPOSITORY / path).exists() else None


def _source_page(target: Path) -> str:
    return f"source/{target.as_posix()}.md"


def _source(target: Path) -> str:
    """The page of a file: Markdown as it is, everything else as code; of a folder, what is in it."""
    if (REPOSITORY / target).is_dir():
        names = sorted(path.name for path in (REPOSITORY / target).iterdir() if path.is_file())
        return "\n".join([f"# {target.as_posix()}", "", *(f"- [{name}]({target.name}/{name})" for name in names)])
    text = (REPOSITORY / target).read_text(encoding="utf-8")
    language = {".py": "python", ".sh": "sh", ".yaml": "yaml", ".json": "json", ".toml": "toml"}.get(
        target.suffix, "text"
    )
    shown = text if target.suffix == ".md" else f"# {target.as_posix()}\n\n{_block(text, language)}\n"
    return f"---\nsearch: {{exclude: true}}\n---\n\n{shown}"
