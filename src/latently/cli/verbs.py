"""The verbs: what a fitted model can be asked from the terminal, as one table; and how people are told of them."""

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from latently.cli.outputs import FORMS
from latently.cli.parsing import Option, in_words
from latently.errors import MOST_SEED

RECONSTRUCTED, COMPLETED, RESTYLED, PATHS, STRANGEST = 24, 12, 10, 6, 16
"""Rows in a picture."""


class Next(NamedTuple):
    """How a verb is offered to who has trained a model that can do it.

    Attributes:
        step: what it is called in a run's closing lines, where it is about the run's own data.
        tail: of the command line, there.
        page: what it is called on the run's page, where it is about other data.
        page_tail: of the command line, there.
    """

    step: str
    tail: str
    page: str
    page_tail: str = ""


class Verb(NamedTuple):
    """Something that a fitted model can be asked; the function of its name in `latently.cli.answers` answers.

    Attributes:
        name: of the command.
        ability: that it takes, a key of `ABILITIES`.
        about: what it does, for the help.
        examples: what may follow `latently NAME`.
        options: of its own.
        stem: of the file that is written unless said otherwise.
        takes_data: whether it is asked about new rows.
        writes: the kinds of file that it can write.
        writes_rows: whether what it writes are rows of data, for which not all of these kinds suit every model.
        default: the file that is written unless said otherwise, in words; a picture or a table unless said.
        of_run: whether it takes the run's own data, and not the model alone.
        of_classes: of a verb that predicts: whether classes, or else clusters.
        next: how it is offered; `None`: it is not.
    """

    name: str
    ability: str
    about: str
    examples: tuple[str, ...]
    options: tuple[Option, ...]
    stem: str
    takes_data: bool = True
    writes: tuple[str, ...] = tuple(FORMS)
    writes_rows: bool = True
    default: str = ""
    of_run: bool = False
    of_classes: bool | None = None
    next: Next | None = None


_IN_PATHS = (".png", ".npz", ".npy", ".csv", ".parquet")
_TABLES, _CODES = (".csv", ".parquet", ".npz", ".npy"), (".npz", ".csv", ".parquet", ".npy")
_PREDICTED = "{0}.csv; an .npz file holds {0}, probabilities, names of their columns, and labels where there are any"


def _seed(about: str) -> Option:
    return Option("seed", int, 0, about, least=0, most=MOST_SEED)


_PROBA = Option("proba", None, False, "a column of the table for each probability, too")

# fmt: off
VERBS = {
    verb.name: verb
    for verb in (
        Verb("sample", "sample",
            "Draw codes from the prior, or from the sampler that `latently fit --sampler` fitted, and decode them.", (
            "runs/vae-digits-1",
            "runs/vae-digits-1 --n 1000 --out samples.npz",
            "runs/cvae-digits-1 --labels all --n 10 --out digits.png",
            "runs/cvae-people-1 --labels age=20,40,60,sex=f --n 5"), (
            Option("n", int, None, "how many (default: 64, or 10 for each label)", least=1),
            Option("labels", str, None,
                   "so many of each of these classes or clusters, or of all; or under conditions: age=40,sex=f",
                   "L[,L...]", also="label"),
            Option("mean", None, False, "of tables: what a code stands for, without the scatter of rows around it"),
            Option("from_prior", None, False, "draw codes from the prior, also where the model has a sampler"),
            _seed("of the draw")),
            "samples", takes_data=False,
            next=Next("Sample", "{labels}", "draw new data", " --n 64")),
        Verb("encode", "encode",
            "Write the code of every row: the mean of q(z|x), or of q(z|x,y) for a model whose code goes with a label. "
            "Labels that the data has and the model knows are used, others inferred.", (
            "runs/vae-digits-1 digits --out codes.csv",
            "runs/vae-photos-1 new-photos/ --skip-bad --out codes.npz",
            "runs/vae-mnist-1 mnist --part test",
            "runs/vae-patients-1 patients.csv --id patient --out codes.parquet",
            "runs/vae-patients-1 'parts/*.parquet' --out codes --engine ray"), (
            Option("id", str, None, "a column of the table that is written beside the codes, as it stands there",
                   "NAME"),),
            "codes", writes=_CODES, writes_rows=False,
            default="codes.npz, with codes, and labels where there are any",
            next=Next("Codes", " --out codes.csv", "encode other data")),
        Verb("reconstruct", "encode",
            "Encode every row and decode its code again, under its own label for a model that is given one (that of "
            f"the data, or else inferred). A picture shows the first {RECONSTRUCTED} beside their originals.", (
            "runs/vae-digits-1 digits --part test",
            "runs/vae-photos-1 new-photos/ --out seen.png --out seen.npz"), (),
            "reconstructions"),
        Verb("cluster", "predict",
            "Write the number of the likeliest cluster of every row, among those that the model found without labels, "
            "and its probability. Where the data has labels, print how the clusters agree with them.", (
            "runs/clustering-aae-digits-1 digits",
            "runs/clustering-aae-photos-1 new-photos/ --proba --out clusters.csv --out clusters.npz"), (_PROBA,),
            "clusters",
            writes=_TABLES, writes_rows=False, default=_PREDICTED.format("clusters"), of_classes=False,
            next=Next("Clusters", "", "sort other data into the clusters")),
        Verb("classify", "predict",
            "Write the likeliest class of every row, among those that the model was fitted on, and its probability. "
            "Where the data has labels, print how well they are met.", (
            "runs/m2-mnist-1 new.npy",
            "runs/m2-mnist-1 mnist --part test --proba --out classes.csv",
            "runs/aae-photos-1 new-photos/ --out classes.npz"), (_PROBA,),
            "classes",
            writes=_TABLES, writes_rows=False, default=_PREDICTED.format("classes"), of_classes=True,
            next=Next("Classes", "", "classify other data")),
        Verb("outliers", "decode",
            "Rank rows by how strange they are to the model: by the bound on their likelihood, or by what their "
            "reconstruction misses. New rows are compared with those kept for validation; rows that the model has "
            "learned from are scored by models that have not, each fitted to the others.", (
            "runs/vae-digits-1 digits --part test",
            "runs/vae-table-1 new.csv --out outliers.csv --out outliers.png",
            "runs/vae-table-1 table.csv --folds 10 --id name"), (
            Option("folds", int, 5, "into which rows that the model has learned from are cut", least=2,
                   most=10_000),
            Option("id", metavar="NAME", about="the column of a table that says which row is which"),
            _seed("of folds and draws")),
            "outliers", writes=(".csv", ".parquet", ".png", ".npz"), writes_rows=False, default="outliers.csv",
            of_run=True, next=Next("Outliers", " --part test", "find strange rows")),
        Verb("restyle", "restyle",
            "Read the style of every row, and write it under other labels. A row's own label is used where the data "
            "has it and the model knows it, else inferred.", (
            "runs/cvae-mnist-1 mnist --part test",
            "runs/m2-digits-1 digits --labels 3,8 --n 20 --out restyled.png --out restyled.npz"), (
            Option("labels", str, "all",
                   "these labels, or numbers of clusters (default: all); or conditions that change: age=20,40,60",
                   "L[,L...]", also="label"),
            Option("n", int, None,
                   f"the first N rows only (default: {RESTYLED} in a picture, all in a data file)", least=1),
            Option("rows", Sequence[int], None, "these rows instead, counted from 0")),
            "restyled",
            next=Next("Restyle", "{conditions}", "give other data every label", "{conditions}")),
        Verb("complete", "complete",
            "Fill in the views of each row that are missing, with a model of several views. A picture shows the first "
            f"{COMPLETED} rows: given, completed and, where the data has it, true. The CSV file that fills the "
            "gaps of another one has its columns, and its other cells as they were.", (
            "runs/acca-mnist-1 mnist --part test --given left",
            "runs/acca-mnist-1 left-halves.npy --given left --out right.png --out right.npz",
            "runs/acca-patients-1 gaps.csv --out filled.csv"), (
            Option("given", str, None,
                   "use these views alone, and complete all others (default: complete what rows lack)",
                   "VIEW[,VIEW...]"),
            Option("draws", int, None,
                   "K completions of each row, of an encoder that is not deterministic", "K", least=1),
            _seed("of the draws")),
            "completed", writes=(".png", ".csv", ".npz"),
            next=Next("Complete", " --given {view}", "complete a missing view", " --given {view}")),
        Verb("impute", "impute",
            "Fill in the missing cells of a table, by what the model makes of the cells that are there: with what is "
            "to be expected, or the likeliest word. All other cells, and all other columns, stay as they are.", (
            "runs/vae-patients-1 patients.csv --out filled.csv",
            "runs/vae-patients-1 new-patients.csv --draws 5 --out filled.csv"), (
            Option("draws", int, None,
                   "K tables instead, drawn, for multiple imputation; they stand one below the other, with a column "
                   "`draw`", "K", least=1),
            Option("samples", int, 200, "codes behind each row", least=1),
            _seed("of the draws")),
            "imputed", writes=_TABLES, default="imputed.csv",
            next=Next("Impute", " --out filled.csv", "fill in the gaps of other data")),
        Verb("denoise", "denoise",
            "Clean noisy rows with a model that was fitted with --corruption: each is encoded, and its code decoded. A "
            f"picture shows the first {COMPLETED} above what they become.", (
            "runs/vae-photos-1 noisy-photos/ --out clean.png --out clean.npz",
            "runs/vae-digits-1 digits --part test --corrupt"), (
            Option("corrupt", None, False, "the rows are clean: first add the noise that the model was fitted with"),
            _seed("of that noise")),
            "denoised",
            next=Next("Denoise", " --corrupt", "clean noisy data")),
        Verb("interpolate", "encode",
            "Decode the codes on straight paths between the codes of two rows of the run's data, or of two files.", (
            "runs/vae-digits-1",
            "runs/vae-photos-1 one.jpg other.jpg",
            "runs/vae-digits-1 --rows 3,17 8,120 --steps 12 --out paths.png --out paths.npz"), (
            Option("ends", metavar="FILE", nargs="*", positional=True,
                   about="two files, such as images, each of one row: the ends of a path"),
            Option("rows", tuple[int, int], None, f"numbers of rows, from 0 (default: {PATHS} pairs, drawn by seed)",
                   "A,B", nargs="+"),
            Option("steps", int, 10, "points on a path, both ends included", least=2),
            Option("part", Literal["train", "validation", "test"], "test", "of the run's data (default: test)"),
            _seed("of the pairs")),
            "interpolations", takes_data=False, of_run=True, writes=_IN_PATHS,
            default="interpolations.png for images, interpolations.csv for tables of several kinds, else "
            "interpolations.npz"),
        Verb("manifold", "sample",
            "Decode a grid of codes over the prior's support: two dimensions, any others at 0.", (
            "runs/vae-digits-1",
            "runs/vae-digits-1 --rows 30 --out manifold.png --out manifold.npz",
            "runs/cvae-digits-1 --label 3 --dimensions 2 5"), (
            Option("rows", int, 20, "rows and columns of the grid", least=1),
            Option("label", str, None,
                   "the class or cluster whose plane it is, for a decoder that is given a label; or conditions: "
                   "age=40,sex=f", "L", also="labels"),
            Option("dimensions", int, (1, 2), "the two that vary, counted from 1", ("I", "J"), nargs=2)),
            "manifold", takes_data=False),
    )
}
# fmt: on
"""Name → verb; those that are offered come in this order."""

MEASURES: dict[str, tuple[str, Callable[[frozenset[str]], bool]]] = {
    "measure again, with more samples": ("--importance-samples 1000", lambda able: "log_likelihood" in able),
    "measure again, on a window over samples": ("--parzen", lambda able: not able & {"log_likelihood", "complete"}),
    "measure again, and show samples to a classifier of real rows": ("--judge", lambda able: "sample_labels" in able),
}
"""How a page offers to measure its model again: words → an option of `latently evaluate`, and which abilities it suits.
"""


def next_steps(model: Any, folder: Path, source: str) -> dict[str, str]:
    """What to do with a fitted model, as commands: in the terminal, about the run's own data."""
    steps = {next_.step: line + next_.tail for next_, line in _offered(model, folder, shlex.quote(source))}
    return _filled(steps, model) | {"Python": f"latently.load({str(folder)!r})"}


def next_commands(model: Any, folder: Path) -> dict[str, str]:
    """What to do with a fitted model, as commands: on the page of its run, about other data."""
    commands = {next_.page: line + next_.page_tail for next_, line in _offered(model, folder, "DATA")}
    evaluate, able = f"latently evaluate {shlex.quote(str(folder))}", model.abilities()
    measures = {words: f"{evaluate} {option}" for words, (option, suits) in MEASURES.items() if suits(able)}
    return _filled(commands, model) | measures


def _offered(model: Any, folder: Path, data: str) -> Iterator[tuple[Next, str]]:
    """The verbs that a model can be asked and that are offered, each with the head of its command line."""
    able = model.abilities()
    for verb in VERBS.values():
        right = verb.of_classes is None or verb.of_classes == (model.classes_ is not None)
        if verb.next and verb.ability in able and right:
            line = f"latently {verb.name} {shlex.quote(str(folder))}"
            yield verb.next, f"{line} {data}" if verb.takes_data else line


def _filled(commands: Mapping[str, str], model: Any) -> dict[str, str]:
    """Command lines with what they say of the model's labels and views."""
    conditions = "" if model.conditions_ is None else _condition(model.conditions_.columns[0])
    filled = {
        "{labels}": " --labels all" if model.knows_labels else conditions,
        "{conditions}": conditions,
        "{view}": model.view_names_[0] if "complete" in model.abilities() else "",
    }
    return {name: re.sub(r"{\w+}", lambda mark: filled[mark[0]], line) for name, line in commands.items()}


def _condition(column: Any) -> str:
    """An option that asks for one value of a condition: the middle of its range, or its last word."""
    from latently.data.conditions import spread

    value = column.words[-1] if column.words else spread(column, 3)[1]
    return " --labels " + shlex.quote(f"{column.name}={in_words(value)}")
