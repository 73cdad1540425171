"""`latently presets`: the hyperparameters and experiments that have a name."""

from collections.abc import Sequence
from typing import Any

from latently.cli.parsing import Parser, in_words


def main(arguments: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "presets",
        "Presets are hyperparameters with a name: `latently fit MODEL --preset NAME`.\n"
        "Recipes are whole experiments with the numbers they must reach: `latently fit --recipe NAME`.",
        "[--json]",
        ("latently presets",),
    )
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    given = parser.parse_args(arguments)

    from latently.cli.models import MODELS, name_of
    from latently.cli.terminal import print_json, print_table
    from latently.estimators.presets import PRESETS
    from latently.recipes import load_recipe, recipe_names

    models = list(MODELS)
    recipes = sorted(map(load_recipe, recipe_names()), key=lambda recipe: models.index(recipe.model))
    if given.json:
        presets = {name: {"model": name_of(owner), "parameters": values} for name, (owner, values) in PRESETS.items()}
        reach = {recipe.name: [{"key": each.key, "rule": each.rule} for each in recipe.reach] for recipe in recipes}
        experiments = {
            recipe.name: {"model": recipe.model, "options": recipe.options, "reach": reach[recipe.name]}
            for recipe in recipes
        }
        print_json({"presets": presets, "recipes": experiments})
        return 0
    rows = [(name, name_of(owner), _in_words(values)) for name, (owner, values) in PRESETS.items()]
    print_table(("preset", "model", "hyperparameters"), sorted(rows, key=lambda row: models.index(row[1])))
    print()
    goals = ["; ".join(f"{each.name} {each.rule} {each.unit}".strip() for each in recipe.reach) for recipe in recipes]
    print_table(
        ("recipe", "what it shows", "must reach"),
        [(recipe.name, recipe.about, goal) for recipe, goal in zip(recipes, goals, strict=True)],
    )
    return 0


def _in_words(values: dict[str, Any]) -> str:
    return " ".join(f"{name}={in_words(value)}" for name, value in values.items())
