"""What `network`, `decoder_network`, `hidden` and `channels` ask for, given what rows are."""

from collections.abc import Callable
from math import prod
from typing import Any, TypeAlias

from latently.data.layout import Layout
from latently.errors import ArgumentError, setting

Shape: TypeAlias = tuple[int, ...]
Network: TypeAlias = str | Callable[..., Any]

MOST_WEIGHTS = 2**22
"""A dense layer beside convolutions has no more than this by itself: they halve large images so often."""

_CONVOLVED = {"conv": 3, "conv1d": 2, "resnet": 3}
"""Of networks of convolutions: how many axes rows have that they convolve."""
_READ_OUTPUTS = 16  # of a critic that reads classes


def decoder_network(model: Any) -> Network:
    """The network that gives rows: the one asked for, or the mirror image of the encoder, if that has one."""
    if model.decoder_network is not None:
        asked: Network = model.decoder_network
        return asked
    return model.network if isinstance(model.network, str) else "mlp"


def convolves(network: Network, shape: Shape) -> bool:
    """Whether rows of a shape are read or given by convolutions; of several views, those that are vectors are not."""
    return isinstance(network, str) and _CONVOLVED.get(network) == len(shape)


def takes_tables(model: Any) -> bool:
    """Whether both networks read or give vectors, whatever these hold."""
    return all(network not in ("conv", "conv1d") for network in _named(model))


def layout_of(model: Any, axes: int, *, view: bool = False) -> Layout:
    """What networks read and give rows as.

    Args:
        model: the estimator.
        axes: how many a row has.
        view: whether rows are a view of several, where vectors stay what they are.

    Raises:
        ArgumentError: one network is of images, and the other of series.
    """
    vectors = ("mlp", *(("resnet",) if axes == 1 else ()), *(("conv", "conv1d") if axes == 1 and view else ()))
    found = {name for name in _named(model) if name not in vectors}
    if {"own"} < found:
        found.remove("own")  # a function takes rows as the other network has them
    layouts: set[Layout] = {{"own": "rows", "conv1d": "series"}.get(name, "images") for name in found}  # type: ignore[misc]
    if len(layouts) > 1:
        rule = f"must be of series, too, or of images, beside {setting('network', model.network)}"
        raise ArgumentError("decoder_network", rule, model.decoder_network)
    return layouts.pop() if layouts else "vectors"


def _named(model: Any) -> tuple[str, ...]:
    """Both networks by name; a function is `own`."""
    return tuple(each if isinstance(each, str) else "own" for each in (model.network, decoder_network(model)))


def hidden_widths(model: Any, network: Network, shape: Shape) -> tuple[int, ...]:
    """`hidden`, or what it is by default for a network of rows of that shape.

    Raises:
        ArgumentError: there are convolutions, and it names several.
    """
    convolving = convolves(network, shape)
    if model.hidden is None:
        return (256,) if convolving or network in ("conv", "conv1d") else (512, 512)
    hidden = widths(model.hidden)
    if convolving and len(hidden) > 1:
        rule = "must be the width of the one dense layer beside the convolutions for " + setting("network", network)
        remedy = f"Use {setting('hidden', hidden[:1])}, and {{channels}} for the convolutions."
        raise ArgumentError("hidden", rule, hidden, remedy)
    return hidden


def channels_of(model: Any, shape: Shape, name: str = "channels") -> tuple[int, ...]:
    """The channels of convolutions: those asked for, or the default ones and more of the same, where images are large.

    Args:
        model: the estimator.
        shape: of a row.
        name: of the hyperparameter.
    """
    if getattr(model, name) is not None:
        return widths(getattr(model, name))
    channels = widths(model.default_channels[name])
    while _dense_weights(model, shape, channels, name) > MOST_WEIGHTS and 2 ** len(channels) < max(shape[:-1]):
        channels = (channels[0], *channels) if _grows(model, name) else (*channels, channels[-1])
    return channels


def said_of_channels(model: Any, shape: Shape) -> tuple[str, ...]:
    """What is said of convolutions that halve rows more often than by default, or leave a large dense layer."""
    if not any(convolves(network, shape) for network in (model.network, decoder_network(model))):
        return ()
    size, said = " x ".join(map(str, shape[:-1])), []
    for name, default in model.default_channels.items():
        channels = channels_of(model, shape, name)
        weights = _dense_weights(model, shape, channels, name) if channels else 0
        if getattr(model, name) is None and len(channels) > len(default):
            halvings, fewer = (len(each) - _grows(model, name) for each in (channels, default))
            said.append(
                f"rows of {size} are halved {halvings} times instead of {fewer}, so that the dense layer beside the "
                f"convolutions has {weights:,} weights; {setting(name, default)} leaves it at "
                f"{_dense_weights(model, shape, default, name):,}"
            )
        elif weights > 16 * MOST_WEIGHTS:
            said.append(
                f"the dense layer beside convolutions of {setting(name, channels)} has {weights:,} weights for rows of "
                f"{size}; without {{{name}}}, rows are halved more often"
            )
    return tuple(said)


def said_of_perceptrons(model: Any, row_shape: Shape) -> tuple[str, ...]:
    """What is said of perceptrons that read or give large images, each pixel with weights of its own."""
    if len(row_shape) < 2 or "mlp" not in (model.network, decoder_network(model)):
        return ()
    weights = prod(row_shape) * max(hidden_widths(model, "mlp", (prod(row_shape),))[:1], default=1)
    if weights <= 16 * MOST_WEIGHTS:
        return ()
    size = " x ".join(map(str, row_shape))
    return (
        f"rows of {size} are read or given by a perceptron, a layer of which has {weights:,} weights; {{network=conv}} "
        "needs few, and less memory",
    )


def _dense_weights(model: Any, shape: Shape, channels: tuple[int, ...], name: str) -> int:
    """Of the dense layer beside convolutions: from the smallest image, or to it."""
    grows = _grows(model, name)
    halvings, smallest = len(channels) - grows, channels[0 if grows else -1]
    network = next(each for each in (model.network, decoder_network(model)) if convolves(each, shape))
    hidden = hidden_widths(model, network, shape)
    beside = max(*hidden, 1, 2 * int(model.latent_dim)) if name == "channels" else _READ_OUTPUTS
    return prod(-(-length // (1 << halvings)) for length in shape[:-1]) * smallest * beside


def _grows(model: Any, name: str) -> bool:
    """Whether channels are a generator's: of the smallest image first, and of one more than there are halvings."""
    return name == "channels" and "critic_channels" in model.default_channels


def widths(values: Any) -> tuple[int, ...]:
    """The widths of layers as plain integers."""
    return tuple(map(int, values))


def named(network: Any) -> str:
    """A network in words: its name, or where the function is that makes it, `module:qualname`."""
    if isinstance(network, str):
        return network
    whose = getattr(network, "func", network)  # of a functools.partial
    whose = whose if hasattr(whose, "__qualname__") else type(whose)
    return f"{whose.__module__}:{whose.__qualname__}"
