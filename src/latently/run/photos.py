"""Photos from the terminal: the network and the number of rounds that suit them, where none were named."""

import dataclasses
import math
from typing import Any

from latently.data import Dataset, Splits, assume

LEAST_SIDE = 48
"""Of images of a folder that are photos, in pixels: smaller ones are learned as well by a perceptron, and sooner."""
LEAST_ROUNDS = 300
"""In which photos are learned, if held-out ones do not end it before: see docs/data.md."""
_CHANNELS = (16, 32, 64)


def suited(estimator: Any, splits: Splits, network_open: bool, epochs_open: bool = False) -> tuple[Any, Splits]:
    """The estimator as photos want it, where no network was named: with convolutions, and rounds enough.

    Args:
        estimator: not fitted.
        splits: the data.
        network_open: whether no network was named.
        epochs_open: whether no number of epochs was said.

    Returns:
        The estimator, and the data with what was chosen in its description.
    """
    train = splits.train
    if not (network_open and are_photos(train)):
        return estimator, splits
    chosen: dict[str, Any] = {"network": "conv"}
    said = ["photos are read and given by convolutions; {network=mlp} has a perceptron instead"]
    if estimator.channels is None and set(estimator.default_channels) == {"channels"}:
        chosen["channels"] = channels_for(min(min(view.shape[1:3]) for view in train.views))
    rounds_of_epoch = max(1.0, len(train) / int(estimator.batch_size))
    if epochs_open and estimator.epochs * rounds_of_epoch < LEAST_ROUNDS:
        chosen["epochs"] = math.ceil(LEAST_ROUNDS / rounds_of_epoch)
        said.append(
            f"{len(train):,} photos make few rounds an epoch, so there may be {chosen['epochs']:,} epochs; "
            "{epochs=N} sets another number"
        )
    train = dataclasses.replace(train, description=assume(train.description, *said))
    suiting = type(estimator)(**{**estimator.get_params(deep=False), **chosen})
    return suiting, dataclasses.replace(splits, train=train)


def are_photos(rows: Dataset) -> bool:
    """Whether rows are images of a folder that are large, or were made smaller."""
    if not all(len(view.shape) > 2 for view in rows.views):
        return False
    large = min(min(view.shape[1:3]) for view in rows.views) >= LEAST_SIDE
    smaller = any(fact.endswith("made_smaller") for fact in rows.description)
    return smaller or (large and rows.description.get("source") == "folder of images")


def channels_for(side: int) -> tuple[int, ...]:
    """Of convolutions that halve photos, whose shorter side has so many pixels, until it has 3 to 5.

    Example:
        >>> channels_for(96), channels_for(64)
        ((16, 32, 64, 64, 64), (16, 32, 64, 64))
    """
    halvings = max(1, math.floor(math.log2(side / 3)))
    return (*_CHANNELS, *[_CHANNELS[-1]] * halvings)[:halvings]
