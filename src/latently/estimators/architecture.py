"""From hyperparameters to networks: what `network`, `hidden`, `likelihood` and their like build."""

import math
from collections.abc import Sequence
from numbers import Integral
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from jaxtyping import PRNGKeyArray

from latently.data import Preprocessing
from latently.networks import Conditional, Layer, conv_decoder, conv_encoder, mlp
from latently.probability import (
    BernoulliHead,
    CategoricalHead,
    Corruption,
    GaussianHead,
    Head,
    LaplaceHead,
    Normal,
    Prior,
    SaltAndPepperNoise,
    make_corruption,
    make_prior,
)

Shape: TypeAlias = tuple[int, ...]
LikelihoodName: TypeAlias = Literal["auto", "bernoulli", "gaussian", "laplace"]
NetworkName: TypeAlias = Literal["mlp", "conv"]
OutputName: TypeAlias = Literal["auto", "sigmoid", "tanh", "identity"]
PriorName: TypeAlias = Literal["normal", "uniform", "star", "swiss-roll", "s-curve"]
Normalization: TypeAlias = Literal["batch", "layer"] | None

_HIDDEN: dict[str, tuple[int, ...]] = {"mlp": (512, 512), "conv": (256,)}


@runtime_checkable
class Hyperparameters(Protocol):
    """The constructor arguments that shape networks; every estimator has them."""

    latent_dim: int
    network: NetworkName
    hidden: Sequence[int] | None
    channels: Sequence[int]
    activation: str | Sequence[str]
    normalization: Normalization | Sequence[Normalization]
    dropout: float
    input_noise: float
    likelihood: LikelihoodName
    likelihood_scale: Literal["learned"] | float
    output: OutputName
    prior: PriorName | Prior
    prior_scale: float | None
    binarize: bool


@runtime_checkable
class Critical(Protocol):
    """The constructor arguments that shape critics."""

    activation: str | Sequence[str]
    critic_hidden: Sequence[int]
    critic_dropout: float


def likelihood_head(model: Hyperparameters, preprocessing: Preprocessing) -> Head:
    """The head of the decoder, p(x|z); `"auto"` is Bernoulli for data in [0, 1] and Gaussian otherwise.

    Raises:
        ValueError: the likelihood is Bernoulli, and the output is not in [0, 1].
    """
    unit = preprocessing.range == "unit"
    name = model.likelihood
    if name == "auto":
        name = "bernoulli" if unit and model.output in ("auto", "sigmoid") else "gaussian"
    if name == "bernoulli":
        if model.output not in ("auto", "sigmoid"):
            raise ValueError(
                f'likelihood="bernoulli" has the output "sigmoid"; got output={model.output!r}. Leave it at "auto".'
            )
        return BernoulliHead()
    activation = output_activation(model, preprocessing)
    head = GaussianHead if name == "gaussian" else LaplaceHead
    if model.likelihood_scale == "learned":
        return head(activation=activation, scale="learned", value=1.0)
    return head(activation=activation, scale="fixed", value=float(model.likelihood_scale))


def output_activation(model: Hyperparameters, preprocessing: Preprocessing) -> Literal["sigmoid", "tanh", "identity"]:
    """What keeps rows in the range of the data."""
    activations: dict[str, Literal["sigmoid", "tanh", "identity"]] = {
        "unit": "sigmoid",
        "symmetric": "tanh",
        "real": "identity",
    }
    return activations[preprocessing.range] if model.output == "auto" else model.output


def build_encoder(
    model: Hyperparameters, shape: Shape, head: Head, key: PRNGKeyArray, *, noise_dim: int = 0, facts: int = 0
) -> Conditional:
    """q(z|x) for rows of `shape`; with `facts`, for so many numbers beside x; with `noise_dim`, an implicit one.

    Raises:
        ValueError: an implicit one is asked of convolutions.
    """
    if noise_dim and model.network == "conv":
        raise ValueError(
            'encoder="implicit" is fed noise beside x, flattened, which network="conv" cannot read; '
            'use network="mlp", or encoder="gaussian".'
        )
    outputs = int(model.latent_dim) * head.parameters
    return Conditional(build_reader(model, shape, outputs, key, facts=facts + noise_dim), head, noise_dim)


def build_classifier(model: Hyperparameters, shape: Shape, classes: int, key: PRNGKeyArray) -> Conditional:
    """q(y|x) for rows of `shape`."""
    return Conditional(build_reader(model, shape, classes, key), CategoricalHead(classes, per_row=True))


def build_reader(model: Hyperparameters, shape: Shape, outputs: int, key: PRNGKeyArray, *, facts: int = 0) -> Layer:
    """A network that reads rows of `shape`, with so many numbers beside each."""
    common = layer_options(model)
    common["input_noise"] = float(model.input_noise)
    if _convolves(model, shape):
        height, width, channels = image_shape(shape)
        maps = widths("channels", model.channels)
        return conv_encoder((height, width, channels + facts), maps, dense_width(model), outputs, key, **common)
    return mlp(math.prod(shape) + facts, hidden_widths(model), outputs, key, **common)


def build_decoder(
    model: Hyperparameters, shape: Shape, head: Head, key: PRNGKeyArray, *, facts: int = 0
) -> Conditional:
    """p(x|z), the encoder's mirror image: its widths and activations run the other way; with `facts`, p(x|z, y)."""
    common, inputs = layer_options(model), int(model.latent_dim) + facts
    if not isinstance(model.activation, str):
        common["activation"] = tuple(reversed(model.activation))
    if _convolves(model, shape):
        image, widest_last = image_shape(shape), widths("channels", model.channels)
        # The dense layer has no mirror image: the first map of the decoder is linear.
        if not isinstance(common["activation"], str):
            common["activation"] = common["activation"][-len(widest_last) :]
        if not isinstance(common["normalize"], str | None):
            common["normalize"] = common["normalize"][: len(widest_last)]
        outputs = image[2] * head.parameters
        network: Layer = conv_decoder(inputs, None, widest_last[::-1], image, outputs, key, **common)
    else:
        network = mlp(inputs, hidden_widths(model)[::-1], math.prod(shape) * head.parameters, key, **common)
    return Conditional(network, head)


def build_prior(model: Hyperparameters, n_labels: int | None = None) -> Prior:
    """The prior that `prior` names, or the one that it is; with a region for each of so many labels.

    Raises:
        ValueError: its dimension is not `latent_dim`, it has no region for each label, or it is given both as a Prior
            and with a scale.
    """
    prior, scale, dim = model.prior, model.prior_scale, int(model.latent_dim)
    if isinstance(prior, str):
        return make_prior(prior, dim, n_labels, None if scale is None else float(scale))
    if prior.dim != dim:
        raise ValueError(f"prior has {prior.dim} dimensions but latent_dim={dim}; make the two equal.")
    if scale is not None:
        raise ValueError(
            f"prior_scale goes with a prior given by name; got prior_scale={scale} beside {prior!r}. "
            "Leave prior_scale out."
        )
    if n_labels is not None:
        prior.check_labels(n_labels)
    return prior


def normal_prior(model: Hyperparameters) -> Normal:
    """The prior of a model whose games need a normal one.

    Raises:
        ValueError: another was asked for.
    """
    prior = build_prior(model)
    if not isinstance(prior, Normal):
        raise ValueError(
            f'{type(model).__name__} needs prior="normal"; got prior={prior.name!r}. For other shapes use AAE or '
            "SupervisedAAE."
        )
    return prior


def build_critic(model: Critical, inputs: int, key: PRNGKeyArray, *, spectral_norm: bool = False) -> Layer:
    """A critic: one logit for each row of so many numbers."""
    hidden = widths("critic_hidden", model.critic_hidden)
    return mlp(inputs, hidden, 1, key, **critic_options(model), spectral_norm=spectral_norm)


def critic_options(model: Critical) -> dict[str, Any]:
    """What the layers of all critics have in common; of one activation a layer, theirs is the last."""
    activation = model.activation if isinstance(model.activation, str) else model.activation[-1]
    return {"activation": activation, "dropout": float(model.critic_dropout)}


def build_corruption(description: str | None, preprocessing: Preprocessing) -> Corruption | None:
    """What `corruption` describes. Salt and pepper are the ends of the data's range, or one deviation off its mean."""
    corruption = make_corruption(description)
    if isinstance(corruption, SaltAndPepperNoise) and preprocessing.range != "unit":
        return SaltAndPepperNoise(corruption.probability, low=-1.0, high=1.0)
    return corruption


def widths(name: str, values: Sequence[int]) -> tuple[int, ...]:
    """The widths of layers, checked.

    Raises:
        ValueError: one is no positive integer.
    """
    if not all(isinstance(width, Integral) and width > 0 for width in values):
        raise ValueError(f"{name} must name the widths of layers, integers of 1 or more; got {name}={values!r}.")
    return tuple(int(width) for width in values)


def _convolves(model: Hyperparameters, shape: Shape) -> bool:
    """Whether rows are read by convolutions; of several views, those that are vectors are not."""
    return model.network == "conv" and len(shape) == 3


def layer_options(model: Hyperparameters) -> dict[str, Any]:
    """What the layers of an encoder, a decoder or a generator have in common."""
    return {"activation": model.activation, "normalize": model.normalization, "dropout": float(model.dropout)}


def hidden_widths(model: Hyperparameters) -> tuple[int, ...]:
    """`hidden`, or what it is by default."""
    return _HIDDEN[model.network] if model.hidden is None else widths("hidden", model.hidden)


def dense_width(model: Hyperparameters) -> int | None:
    """The width of the one dense layer beside convolutions, or `None`.

    Raises:
        ValueError: `hidden` names several.
    """
    hidden = hidden_widths(model)
    if len(hidden) > 1:
        raise ValueError(
            f'hidden with network="conv" is the width of the one dense layer after the convolutions; got '
            f"hidden={hidden!r}. Use hidden=({hidden[0]},), and channels for the convolutions."
        )
    return hidden[0] if hidden else None


def image_shape(shape: Shape) -> tuple[int, int, int]:
    """Height, width and channels."""
    height, width, channels = shape
    return height, width, channels
