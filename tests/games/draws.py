"""A record of who drew random numbers with which key, while a game was played op by op."""

import collections
import contextlib
import inspect
import sys
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np
import pytest

from latently import streams
from latently.game import Player

DRAWING = {
    name: function
    for name, function in vars(jax.random).items()
    if not name.startswith("_")
    and inspect.isfunction(inspect.unwrap(function))
    and next(iter(inspect.signature(function).parameters), None) == "key"
    and name not in ("clone", "fold_in", "split")
}
"""The functions of `jax.random` that consume a key. They call each other by another module: the outermost is heard."""


_STREAM = streams.stream


class Draw(NamedTuple):
    """Some random numbers.

    Attributes:
        who: asked for them: the feed, or a player in one of its updates.
        key: that they were drawn with.
        what: the function, and shape and type of what it gave.
        where: file and line of the code that called the function.
        by: that code's name.
    """

    who: str
    key: bytes
    what: tuple[str, tuple[int, ...], str]
    where: str
    by: str


class Record:
    """Hears every draw and every key that is made of another, and knows whose turn it is.

    Attributes:
        draws: in order.
        parents: keys that others were made of.
    """

    def __init__(self):
        self.draws, self.parents = [], set()
        self._names, self._who, self._updates = collections.defaultdict(dict), "feed", collections.Counter()

    @contextlib.contextmanager
    def listening(self):
        """While the block runs."""
        with pytest.MonkeyPatch.context() as patch:
            for name, function in DRAWING.items():
                patch.setattr(jax.random, name, self._heard(name, function))
            for name in ("fold_in", "split"):
                patch.setattr(jax.random, name, self._followed(name, getattr(jax.random, name)))
            for module in [module for module in sys.modules.values() if vars(module).get("stream") is _STREAM]:
                patch.setattr(module, "stream", self._named)
            patch.setattr(Player, "objective", self._taking_turns(Player.objective))
            yield self

    def clashes(self):
        """In words: keys that one consumer used twice, or that others were made of; different draws with one key."""
        found, earlier = [], collections.defaultdict(list)
        for draw in self.draws:
            if draw.key in self.parents:
                found.append(f"{self._told(draw)}, a key that others were made of")
            same_key = earlier[draw.key]
            found += [
                f"{self._told(draw)}; so did {self._told(other)}"
                for other in same_key
                if other.who == draw.who or other.what != draw.what
            ]
            same_key.append(draw)
        return found

    def shared(self):
        """The streams from which several consumers take the same draw."""
        consumers = collections.defaultdict(set)
        for draw in self.draws:
            consumers[draw.key].add(draw.who)
        return {self.name(key).partition(".")[0] for key, who in consumers.items() if len(who) > 1}

    def name(self, key):
        """How a key came about, counted from the key of the player or of the run; all ways, if there are several."""
        return " = ".join(self._names[key])

    def _told(self, draw):
        return f"{draw.who} at {draw.where} drew {draw.what} with {self.name(draw.key)!r}"

    def _heard(self, name, function):
        def heard(*given, **options):
            result = function(*given, **options)
            asking = sys._getframe(1)
            where = f"{Path(asking.f_code.co_filename).name}:{asking.f_lineno}"
            for key in _bytes(given[0] if given else options["key"]):
                what = name, result.shape, str(result.dtype)
                self.draws.append(Draw(self._who, key, what, where, asking.f_code.co_qualname))
            return result

        return heard

    def _followed(self, name, function):
        def followed(key, data=2):
            made = function(key, data)
            (parent,) = _bytes(key)
            self.parents.add(parent)
            for number, child in enumerate(_bytes(made)):
                self._names[child][f"{self.name(parent)}.{name}({data if name == 'fold_in' else number})"] = True
            return made

        return followed

    def _named(self, key, name):
        made = _STREAM(key, name)
        (parent,), (child,) = _bytes(key), _bytes(made)
        self._names[child].popitem()  # by which number it was folded in: the name says more
        self._names[child][".".join(filter(None, (self.name(parent), name)))] = True
        return made

    def _taking_turns(self, function):
        def objective(player, game, batch, key, round_):
            (root,) = _bytes(key)
            self._names[root] = {"": True}
            self._who = f"{player.name} {self._updates[player.name]}"
            self._updates[player.name] += 1
            result = function(player, game, batch, key, round_)
            self._who = "feed"
            return result

        return objective


def _bytes(keys):
    """The numbers of each key; they are not known while JAX traces a program, which must then be played otherwise."""
    numbers = np.asarray(jax.random.key_data(keys))
    return [each.tobytes() for each in numbers.reshape(-1, numbers.shape[-1])]
