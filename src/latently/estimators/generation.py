"""The two networks of a game of generation: what draws rows of a class, and what judges rows."""

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import jax
from jaxtyping import PRNGKeyArray

from latently.data import Preprocessing
from latently.estimators.architecture import (
    Critical,
    Hyperparameters,
    NetworkName,
    Shape,
    critic_options,
    dense_width,
    hidden_widths,
    image_shape,
    layer_options,
    output_activation,
    widths,
)
from latently.networks import Activate, Chain, Conditional, LabelProduct, Layer, conv_decoder, conv_encoder, mlp
from latently.probability import DeterministicHead


@runtime_checkable
class Judging(Critical, Protocol):
    """The constructor arguments that shape a critic of rows."""

    network: NetworkName
    input_noise: float
    critic_channels: Sequence[int]
    spectral_norm: bool


def build_generator(
    model: Hyperparameters, shape: Shape, labels: int, preprocessing: Preprocessing, key: PRNGKeyArray
) -> Conditional:
    """G(c, z): noise times an embedding of one of so many labels, as a row of `shape`, in the range of the data."""
    embedding_key, network_key = jax.random.split(key)
    dim, common = int(model.latent_dim), layer_options(model)
    if model.network == "conv":
        *upsampled, last = generated_channels(model)
        image = image_shape(shape)
        network = conv_decoder(dim, dense_width(model), upsampled, image, image[2], network_key, **common, last=last)
    else:
        network = mlp(dim, hidden_widths(model), math.prod(shape), network_key, **common)
    first, end = LabelProduct(labels, dim, embedding_key), Activate(output_activation(model, preprocessing))
    return Conditional(Chain((first, *network.layers, end)), DeterministicHead())


def generated_channels(model: Hyperparameters) -> tuple[int, ...]:
    """`channels`, of a generator: those of its first image, and of each that is twice the size of the last.

    Raises:
        ValueError: there is no second image.
    """
    channels = widths("channels", model.channels)
    if len(channels) < 2:
        raise ValueError(
            f"channels must name two images of a generator or more, each twice the size of the last; got {channels!r}. "
            "Use channels=(64, 32), say."
        )
    return channels


def build_judge(model: Judging, shape: Shape, outputs: int, key: PRNGKeyArray) -> Layer:
    """A critic of rows of `shape`, with so many logits for each."""
    common = critic_options(model)
    common |= {"input_noise": float(model.input_noise), "spectral_norm": bool(model.spectral_norm)}
    if model.network == "conv":
        channels = widths("critic_channels", model.critic_channels)
        return conv_encoder(image_shape(shape), channels, None, outputs, key, **common)
    return mlp(math.prod(shape), widths("critic_hidden", model.critic_hidden), outputs, key, **common)
