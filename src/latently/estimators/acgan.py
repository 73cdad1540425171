"""The auxiliary classifier GAN, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from jaxtyping import PRNGKeyArray

from latently.errors import ArgumentError
from latently.estimators import architecture as build
from latently.estimators.adversarial import AdversarialModel
from latently.estimators.hyperparameters import Count, Positive, Probability
from latently.estimators.networks import channels_of, convolves, decoder_network, hidden_widths, widths
from latently.estimators.schedules import build_optimizer
from latently.game import Task
from latently.games import acgan as games
from latently.networks import Activate, Chain, Conditional, LabelProduct, Layer, conv_decoder
from latently.probability import CellsHead, DeterministicHead
from latently.streams import stream


@dataclasses.dataclass(eq=False, repr=False)
class ACGAN(AdversarialModel):
    """Auxiliary classifier GAN: draws rows of the class that is asked for, and tells the class of a row.

    A generator turns noise and a class into a row; a critic tells real rows from generated ones and names the class of
    both. The generator learns to be taken for real, and for the class that was asked for. There is no encoder: `sample`
    draws, `inverse_transform` draws from noise that is given, and `predict` asks the critic.

    In the place of a class there may be conditions: several labels, covariates, measured numbers. The critic then reads
    each of them, and the generator is told all: those that `sample` is not given are drawn as the training rows have
    them.

    Args:
        latent_dim: numbers of noise, which are multiplied by an embedding of the class.
        network: of the critic, which reads rows, and of the generator unless that has another one; as in all models.
        decoder_network: of the generator; as in all models.
        hidden: widths of the generator's hidden layers, (512, 512) unless said. With convolutions, the width of one
            dense layer before the first image, (256,) unless said.
        channels: of the generator's images with convolutions: of the first, small one, and of each after it, twice the
            size of the last; one more convolution then gives the row. (64, 64, 32) unless said, and more where images
            are large.
        normalization: `batch` or `layer` norm before each activation of the generator; the critic has none.
        dropout: probability of dropping a hidden unit of the generator in training.
        input_noise: standard deviation of noise on all that the critic sees in training.
        critic_hidden: widths of the critic's hidden layers with `mlp`.
        critic_channels: of the critic's convolutions, each of which halves the image: (16, 32, 64, 128) unless said,
            and more where images are large.
        critic_dropout: probability of dropping a hidden unit of the critic in training.
        adversarial: what the two play for in the term of the source: `logistic`, `least-squares` or `hinge`.
        class_weight: weight of the term of the class, or of the conditions, against 1 for the source.
        spectral_norm: divide the critic's weights by their largest singular value.
        likelihood: none but `auto`: nothing is reconstructed, so there is no p(x|z).
        corruption: none, likewise.

    Note:
        The arguments that all models share are described at `LatentModel`, the critics' at `AdversarialModel`.

    References:
        Odena et al. 2016, arXiv 1610.09585.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import ACGAN
        >>> X, y = load_digits().images / 16, load_digits().target
        >>> acgan = ACGAN(latent_dim=10, hidden=(64,), critic_hidden=(64,), epochs=2, random_state=0).fit(X, y)
        >>> acgan.sample(3, labels=7, random_state=0).shape, acgan.predict(X[:5]).shape
        ((3, 8, 8), (5,))
        >>> hasattr(acgan, "transform")
        False
    """

    game_type = games.ACGAN
    labels: ClassVar[Literal["required"]] = "required"
    calibration_rows: ClassVar[int] = 512  # a generator that is made for images is wide at their full size
    # Odena et al. 2016, in the size that tutorials on MNIST share; 20,000 rounds. The narrow one is for CPUs.
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "acgan-mnist": dict(
            latent_dim=100, network="conv", hidden=(1024,), channels=(128, 256, 128), output="tanh",
            critic_channels=(32, 64, 128, 256), critic_dropout=0.3, activation="leaky_relu", batch_size=32,
            epochs=32 / 3, learning_rate=2e-4, momentum=0.5
        ),
        "acgan-small": dict(
            latent_dim=100, network="conv", hidden=(256,), channels=(64, 64, 32), output="tanh",
            critic_channels=(16, 32, 64, 128), critic_dropout=0.3, activation="leaky_relu", averaging=0.999,
            batch_size=64, epochs=15, learning_rate=5e-4, learning_rate_decay=0.5, momentum=0.5
        ),
    }
    # fmt: on

    default_channels: ClassVar[Mapping[str, tuple[int, ...]]] = {
        "channels": (64, 64, 32),
        "critic_channels": (16, 32, 64, 128),
    }

    latent_dim: Count = 100
    _: dataclasses.KW_ONLY
    critic_channels: Sequence[Count] | None = None
    activation: str | Sequence[str] = "leaky_relu"
    critic_dropout: Probability = 0.3
    class_weight: Positive = 1.0
    spectral_norm: bool = False
    learning_rate: Positive = 2e-4
    momentum: Probability = 0.5

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.ACGAN:
        """The untrained game."""
        for name, only in (("likelihood", "auto"), ("corruption", None)):
            if (value := getattr(self, name)) != only:
                rule = f"must be left out of {type(self).__name__}, which encodes and reconstructs nothing"
                raise ArgumentError(name, rule, value, "Use {output} to say in what range the rows are.")
        build.check_linear_path(self, f"for {type(self).__name__}, which has no encoder")
        conditions = task.conditions
        read = sum(each.width for each in conditions) or task.n_labels or 1
        return games.ACGAN(
            generator=_build_generator(self, task, stream(key, "generator")),
            critic=_build_critic(self, task, 1 + read, stream(key, "critic")),
            prior=build.prior(self),
            adversarial=self.adversarial_loss,
            optimizer=build_optimizer(self, task),
            critic_optimizer=build_optimizer(self, task, self.critic_learning_rate),
            n_labels=None if conditions else task.n_labels or 1,
            class_weight=float(self.class_weight),
            # A scale that the critic learned would weigh L_C the more against L_S, the better it reads real rows.
            reader=CellsHead(conditions, scale=1.0) if conditions else None,
        )


def _build_generator(model: ACGAN, task: Task, key: PRNGKeyArray) -> Conditional:
    """G(c, z), a row in the range of the data: noise times an embedding of the class, or noise beside conditions."""
    dim, common, network_key = int(model.latent_dim), build.layer_options(model), stream(key, "network")
    inputs, asked = dim + build.told(task) if task.conditions else dim, decoder_network(model)
    hidden = hidden_widths(model, asked, task.shape)
    if convolves(asked, task.shape):
        *upsampled, last = _generated_channels(model, task.shape)
        common |= {"last": last, "residual": asked == "resnet"}
        dense = hidden[0] if hidden else None
        network: Layer = conv_decoder(inputs, dense, upsampled, task.shape, task.shape[-1], network_key, **common)
    else:
        network = build.written_by(asked, inputs, hidden, task.shape, network_key, **common)
    own = network.layers if isinstance(network, Chain) else (network,)
    layers = (*own, Activate(build.output_activation(model, task.range)))
    if task.conditions:  # measured ones may be 0, and a product with them would leave no noise
        return Conditional(build.mark_gaps(Chain(layers), dim, conditions=task.conditions), DeterministicHead())
    first = LabelProduct(build.told(task), dim, stream(key, "embedding"))
    return Conditional(Chain((first, *layers)), DeterministicHead())


def _generated_channels(model: ACGAN, shape: tuple[int, ...]) -> tuple[int, ...]:
    """`channels`, of a generator: those of its first image, and of each that is twice the size of the last."""
    channels = channels_of(model, shape)
    if len(channels) < 2:
        rule = "must name two images of a generator or more, each twice the size of the last"
        raise ArgumentError("channels", rule, channels, "Use {channels=(64, 32)}, say.")
    return channels


def _build_critic(model: ACGAN, task: Task, outputs: int, key: PRNGKeyArray) -> Layer:
    """A critic of rows, with so many logits for each."""
    common = build.critic_options(model)
    common |= {"input_noise": float(model.input_noise), "spectral_norm": bool(model.spectral_norm)}
    convolving = convolves(model.network, task.shape)
    hidden = () if convolving else widths(model.critic_hidden)
    channels = channels_of(model, task.shape, "critic_channels") if convolving else ()
    return build.read_by(model.network, task.shape, hidden, channels, outputs, key, **common)
