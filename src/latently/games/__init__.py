"""The games: one paper a file. Every game of this folder's files is exported, whatever file it is in.

Code that is type-checked imports a game from its file.
"""

import inspect
from importlib import import_module
from pkgutil import iter_modules

from latently.game import Game


def _games() -> dict[str, type[Game]]:
    files = [import_module(f"{__name__}.{file.name}") for file in iter_modules(__path__)]
    return {
        name: found
        for file in files
        for name, found in inspect.getmembers(file, inspect.isclass)
        if issubclass(found, Game) and found.__module__ == file.__name__ and not inspect.isabstract(found)
    }


GAMES = _games()
"""Name → game."""

__all__ = sorted(GAMES)

globals().update(GAMES)
