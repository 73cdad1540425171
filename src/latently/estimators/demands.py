"""What a fit will take of memory, and a sentence where that is more than there is."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any

from latently import distributed
from latently.errors import ArgumentError, warn
from latently.estimators.building import Builder
from latently.estimators.networks import decoder_network
from latently.memory import available_bytes, in_words, lacking
from latently.training import Feed, Room, device_bytes, room_for

_WIDTHS = (
    *("latent_dim", "private_dim", "auxiliary_dim", "noise_dim", "n_clusters"),
    *("hidden", "channels", "critic_hidden", "critic_channels"),
)
"""Hyperparameters that say how wide a layer is."""
_WIDE = 10_000
"""A layer that is wider than this, and than its rows, is hardly meant."""
_MANY_TIMES = 10
"""A code that has so many times the numbers of its rows is hardly meant."""
MOST_DRAWS, MOST_PARTS = 10_000, 1000
"""More tables drawn, and more Gaussians in a sampler, are hardly meant, and take days."""
_BYTES_OF_RESULT = 24
"""What a number takes while a result is made: as the network wrote it, in double precision, and as it is given."""


def check_memory(model: Any, build: Builder, feed: Feed, *, best: bool) -> None:
    """See that there is memory to train a model, before anything is made.

    Args:
        model: the estimator, which has met its data.
        build: gives the untrained game.
        feed: of its rows.
        best: whether a copy of the best game is kept.

    Raises:
        ArgumentError: there is too little; it says what takes most, and what to do. Where several devices share a
            batch, that is left to them.
    """
    there = device_bytes()
    if there is None or model.devices > 1 or distributed.count() > 1:
        return
    averaging = float(model.averaging or 0.0)
    room = room_for(build.begun(averaging, model.precision), feed, best=best, there=there)
    if room is None or not (short := lacking(room.total, there)):
        return
    name, rule, ways = _too_much(model, room, feed.batch_size, short)
    *first, last = ways
    raise ArgumentError(name, rule, remedy=f"Use {', '.join(first)}{', or ' if first else ''}{last}.")


def warn_of_size(model: Any) -> None:
    """Warn where a code has far more dimensions than its rows have numbers: it is meant to have fewer."""
    code, numbers = int(model.latent_dim), int(model.n_features_in_)
    if code > _MANY_TIMES * numbers:
        warn(
            f"a code of {code:,} dimensions is over {_MANY_TIMES} times as large as its rows, of {numbers:,} numbers; "
            "fewer dimensions than numbers are what a code is for, and `latently dimensions` shows how many are of use."
        )


def check_count(name: str, count: Any, *, least: int = 1, most: int | None = None, numbers: int = 1) -> None:
    """See that so many results can be asked for, and that there is memory for them, before any is made.

    Args:
        name: of the argument that says how many.
        count: what was given.
        least: the smallest number allowed.
        most: the largest, of what takes time and no memory.
        numbers: that are made for each of them.

    Raises:
        ArgumentError: it is no whole number, too small, or there is too little memory.
    """
    if not isinstance(count, Integral) or isinstance(count, bool):
        raise ArgumentError(name, "must be a whole number", count)
    if count < least:
        raise ArgumentError(name, f"must be {least} or more", count)
    if most is not None and int(count) > most:
        raise ArgumentError(name, f"must be {most:,} or less", count)
    if short := lacking(_BYTES_OF_RESULT * int(count) * numbers, available_bytes()):
        raise ArgumentError(name, f"must be smaller: so many {short}", count)


def _widest(model: Any) -> tuple[str, int]:
    """The hyperparameter that makes the widest layer, and that width."""
    widths = {name: getattr(model, name, None) or 0 for name in _WIDTHS}
    found = {name: max(each, default=0) if isinstance(each, Sequence) else each for name, each in widths.items()}
    return max(found.items(), key=lambda item: item[1])


def _too_much(model: Any, room: Room, batch: int, short: str) -> tuple[str, str, list[str]]:
    """What takes most: the argument that decides it, the rule that it breaks, and the ways out."""
    shapes = model.row_shape_.values() if model.takes_views else (model.row_shape_,)
    images = any(len(shape) > 1 for shape in shapes)
    smaller = ["smaller images (opened with {image_size=64})"] if images else []
    name, width = _widest(model)
    if width > max(_WIDE, *map(math.prod, shapes)):
        rule = f"must be smaller: with {width:,}, there are {room.weights / 4e6:,.0f} million weights, which {short}"
        return name, rule, ["a smaller one"]
    if room.batch > room.kept and (draws := getattr(model, "importance_samples", 1)) > batch:
        return "importance_samples", f"must be smaller: {draws:,} draws for each of {batch:,} rows {short}", ["fewer"]
    if room.batch > room.kept:
        rule = f"must be smaller: rounds of {batch:,} rows {short}, {in_words(room.batch)} of it for what layers make"
        return "batch_size", f"{rule} of the rows", ["a smaller {batch_size}", *smaller]
    perceptron = images and "mlp" in (model.network, decoder_network(model))
    ways = [*(["{network=conv}"] if perceptron else []), *smaller, "a smaller {hidden}"]
    of_weights = f"{room.weights / 4e6:,.0f} million weights"
    rule = f"must be smaller: its {of_weights}, and what training keeps beside each, {short}"
    return "network", rule, ways
