"""Recipes: complete, named experiments as YAML files, with the numbers that they must reach."""

from latently.recipes.recipe import Recipe, Target, Verdict, load_recipe, read_yaml, recipe_names

__all__ = ["Recipe", "Target", "Verdict", "load_recipe", "read_yaml", "recipe_names"]
