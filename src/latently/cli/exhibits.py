"""What the demo shows of each of its models, and how a run becomes a part of its page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from latently.cli.models import MODELS
from latently.cli.options import DATA_OPTIONS
from latently.cli.terminal import number
from latently.recipes import Recipe
from latently.report import Exhibit, ReportFigure
from latently.run import Run


@dataclass(frozen=True)
class Part:
    """A model of the demo: the words, pictures and numbers that it is shown with.

    Attributes:
        recipe: that makes it.
        name: of the model.
        title: what it does, in a few words.
        about: what it is for.
        pictures: of its report: file, title, caption, whether it takes the page's width.
        numbers: of its evaluation: what they say, where they stand, their unit; what is in % stands there as a share.
    """

    recipe: str
    name: str
    title: str
    about: str
    pictures: Sequence[tuple[str, str, str, bool]]
    numbers: Sequence[tuple[str, str, str]]

    def exhibit(self, recipe: Recipe, run: Run) -> Exhibit:
        """The part of the page, from a finished run."""
        folder, evaluation = run.folder / "figures", run.read_json("evaluation.json")
        numbers = {words: number(_at(evaluation, key, unit), unit) for words, key, unit in self.numbers}
        seconds = f"{run.config()['run']['seconds']:.0f} s"
        return Exhibit(
            name=self.name,
            title=self.title,
            about=self.about,
            figures=[
                ReportFigure(title, caption, folder / file, wide=wide)
                for file, title, caption, wide in self.pictures
                if (folder / file).exists()
            ],
            numbers={**numbers, "to train, on this machine": seconds},
            makers={"In the terminal": f"latently fit --recipe {recipe.name}", "In Python": python_of(recipe)},
            report=f"{run.folder.name}/report.html",
        )


def python_of(recipe: Recipe) -> str:
    """The lines of Python that fit a recipe's model to its training rows.

    Example:
        >>> print(python_of(Recipe("mine", "", "vae", {"data": "digits", "hidden": [64]}, ())))
        from latently import VAE, open_dataset
        train = open_dataset("digits").train
        model = VAE(hidden=(64,)).fit(train.rows, train.labels)
    """
    about_data = {flag.removeprefix("--").replace("-", "_") for flag, *_ in DATA_OPTIONS}
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in recipe.options.items()}
    views = f', views="{options["views"]}"' if "views" in options else ""
    arguments = ", ".join(f"{name}={_literal(value)}" for name, value in options.items() if name not in about_data)
    estimator = MODELS[recipe.model][0]
    return (
        f"from latently import {estimator}, open_dataset\n"
        f'train = open_dataset("{options["data"]}"{views}).train\n'
        f"model = {estimator}({arguments}).fit(train.rows, train.labels)"
    )


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _at(evaluation: Mapping[str, Any], key: str, unit: str) -> float | None:
    value: Any = evaluation
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return None if value is None else float(value) * (100 if unit == "%" else 1)


_READ_AS_ASKED = (
    "of its samples are read as the digit asked for, by a classifier of real digits",
    "samples.class_consistency",
    "%",
)

PARTS = (
    Part(
        "demo-vae",
        "VAE",
        "Map the data",
        "A variational autoencoder gives every digit a place on a plane, and every place of the plane a digit. It saw "
        "pixels alone: the colours of the classes were added afterwards.",
        (
            (
                "film.gif",
                "The map as it forms",
                "Digits that it did not learn from; the first rounds to the last.",
                False,
            ),
            ("manifold.png", "The map, decoded", "What each place of the plane decodes to.", False),
        ),
        (
            ("of other digits are told by their 5 nearest neighbours on the map", "probe.neighbours.accuracy", "%"),
            (
                "negative evidence lower bound of other digits",
                "likelihood.evidence_lower_bound.negative_log_likelihood_nats",
                "nats",
            ),
        ),
    ),
    Part(
        "demo-cvae",
        "Conditional VAE",
        "Draw a class, in any style",
        "It is told the class, so its code keeps what the class does not tell: the handwriting. Draw any digit in many "
        "hands, or write all ten in the hand of one.",
        (
            (
                "restyled.png",
                "One hand, ten digits",
                "A digit that it did not learn from, at the left; beside it all digits in that hand.",
                False,
            ),
            ("samples.png", "Many hands", "Ten draws of each digit.", False),
        ),
        (
            _READ_AS_ASKED,
            ("classification error, by Bayes' rule", "classification.error", "%"),
        ),
    ),
    Part(
        "demo-aae",
        "Adversarial autoencoder",
        "Shape the codes",
        "A critic makes the codes fill any prior that can be drawn from. Here it is a star with a petal for each "
        "digit, so a draw from a petal decodes to its digit.",
        (
            (
                "film.gif",
                "The codes fill the star",
                "Digits that it did not learn from; the first rounds to the last.",
                False,
            ),
            ("samples.png", "Petal by petal", "Ten draws from each petal, decoded.", False),
        ),
        (
            ("of the codes lie in the petal of their digit", "regions.share", "%"),
            _READ_AS_ASKED,
        ),
    ),
    Part(
        "demo-acca",
        "Adversarial CCA",
        "Complete a missing view",
        "It finds one code for a digit from its left half, its right half or both, and decodes it to both. So one half "
        "is enough to draw the other.",
        (
            (
                "completed-right.png",
                "The left half given",
                "What was given, the digit that it makes of it, and the true one.",
                True,
            ),
            (
                "completed-left.png",
                "The right half given",
                "The same, the other way round.",
                True,
            ),
        ),
        (
            (
                "of digits with a completed right half are read as what they are, by a classifier of real digits",
                "views.completion.right.model.judge_agreement",
                "%",
            ),
            ("of digits with a completed left half", "views.completion.left.model.judge_agreement", "%"),
        ),
    ),
    Part(
        "demo-acgan",
        "ACGAN",
        "Draw what is asked for",
        "A generator is asked for a digit and has to fool a critic, which also names what it sees. So it draws crisp "
        "digits to order, and the critic is a classifier besides.",
        (
            ("samples.png", "Ten draws of each digit", "One row a digit.", False),
            ("styles.png", "One draw under every class", "Each row has the same noise: it decides the style.", False),
        ),
        (
            _READ_AS_ASKED,
            ("classification error of the critic", "classification.error", "%"),
        ),
    ),
)
"""The models of the demo, in the order of its page."""
