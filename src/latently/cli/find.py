"""`latently datasets` and `latently presets`: what has a name."""

import dataclasses
from collections.abc import Sequence

from latently.catalogue import BY_TERMINAL_NAME
from latently.cli.options import presets_of
from latently.cli.parsing import Option, Parser, in_words
from latently.recipes import load_recipe, recipe_names

_FILES = (
    ("a folder of images", "PNG, JPEG, TIFF, WebP, BMP, GIF; subfolders, or a labels.csv, are the labels"),
    ("train/, test/, val/ above them", "the parts of the data; likewise x_train, test_images, val_labels in a file"),
    (".npy", "an array (n, ...)"),
    (".npz .mat .h5 .zarr", "an array x, or the only one, and labels y; --array and --labels-column name others"),
    (".h5ad", "cells and genes of AnnData; --labels-column names a column of obs"),
    ("hf:NAME", "a Hugging Face data set, or a folder that save_to_disk wrote"),
    (".csv .tsv .parquet", "numeric columns; --labels-column names that of the labels"),
    ("idx files, or a folder of them", "as MNIST is published: train-images-idx3-ubyte.gz and so on"),
)
_VIEWS = (
    ("halves, top-bottom", "images, cut into left and right, or into top and bottom"),
    ("noisy", "labelled images, each rotated; and another image of its class under noise"),
    ("NAME=ARRAY,NAME=ARRAY", "arrays of a .npz file; all NaN in one row: that row lacks the view"),
    ("NAME=COLUMN+PATTERN*,...", "columns of a table, by name or pattern; all cells empty: the row lacks the view"),
    ("NAME=FOLDER,NAME=FOLDER", "subfolders of images, matched by file name; labels.csv: filename,label"),
)


def datasets(words: Sequence[str]) -> int:
    """`latently datasets`: the data that can be opened."""
    options = [Option("json", None, about="print the data sets with a name as JSON")]
    parser = Parser("datasets", "The data that `--data` can open.", "[--json]", ("latently datasets",), options)
    given = parser.parse(words)

    from latently.cli.terminal import print_json, print_table
    from latently.data import BUILTIN

    if given.json:
        print_json({name: dataclasses.asdict(about) for name, about in BUILTIN.items()})
        return 0
    rows = [
        (name, about.about, about.rows, "×".join(map(str, about.shape)), str(about.classes), about.where)
        for name, about in BUILTIN.items()
    ]
    print_table(("name", "what", "rows", "shape", "classes", "where it comes from"), rows, numbers=(2, 4))
    print()
    print_table(("your own", "what is read"), _FILES)
    print()
    print_table(("--views", "several views of a row, for models that learn from such"), _VIEWS)
    return 0


def presets(words: Sequence[str]) -> int:
    """`latently presets`: the hyperparameters and experiments that have a name."""
    parser = Parser(
        "presets",
        "Presets are hyperparameters with a name: `latently fit MODEL --preset NAME`.\n"
        "Recipes are whole experiments with the numbers they must reach: `latently fit --recipe NAME`.",
        "[--json]",
        ("latently presets",),
        [Option("json", None, about="print them as JSON")],
    )
    given = parser.parse(words)

    from latently.cli.terminal import print_json, print_table

    models = list(BY_TERMINAL_NAME)
    named = [(name, model, values) for model in models for name, values in presets_of(model).items()]
    recipes = sorted(map(load_recipe, recipe_names()), key=lambda recipe: models.index(recipe.model))
    if given.json:
        experiments = {
            recipe.name: {
                "model": recipe.model,
                "options": recipe.options,
                "reach": [{"key": target.key, "rule": target.rule} for target in recipe.reach],
            }
            for recipe in recipes
        }
        found = {name: {"model": model, "parameters": values} for name, model, values in named}
        print_json({"presets": found, "recipes": experiments})
        return 0
    typed = {name: " ".join(f"{key}={in_words(value)}" for key, value in values.items()) for name, _, values in named}
    print_table(("preset", "model", "hyperparameters"), [(name, model, typed[name]) for name, model, _ in named])
    print()
    goals = ["; ".join(f"{each.name} {each.rule} {each.unit}".strip() for each in recipe.reach) for recipe in recipes]
    rows = [(recipe.name, recipe.about, goal) for recipe, goal in zip(recipes, goals, strict=True)]
    print_table(("recipe", "what it shows", "must reach"), rows)
    return 0
