"""The auxiliary classifier GAN, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, ClassVar

import jax
from jaxtyping import PRNGKeyArray
from sklearn.utils._param_validation import Interval

from latently import games
from latently.estimators.adversarial import AdversarialModel
from latently.estimators.architecture import Shape, build_prior
from latently.estimators.classes import Classifies
from latently.estimators.generation import build_generator, build_judge
from latently.estimators.without import ENCODING, without
from latently.probability import ADVERSARIAL_LOSSES


@without(
    *ENCODING,
    because="it has no encoder, so it gives no code for a row. Use sample or inverse_transform to draw, predict to "
    "classify; or a model that encodes, such as ConditionalVAE or SupervisedAAE.",
)
@dataclasses.dataclass(eq=False, repr=False)
class ACGAN(Classifies, AdversarialModel):
    """Auxiliary classifier GAN: draws rows of the class that is asked for, and tells the class of a row.

    A generator turns noise and a class into a row; a critic tells real rows from generated ones and names the class of
    both. The generator learns to be taken for real, and for the class that was asked for. There is no encoder: `sample`
    draws, `inverse_transform` draws from noise that is given, and `predict` asks the critic.

    Args:
        latent_dim: numbers of noise, which are multiplied by an embedding of the class.
        hidden: widths of the generator's hidden layers, (512, 512) unless said. With `conv`, the width of one dense
            layer before the first image, (256,) unless said.
        channels: of the generator's images with `conv`: of the first, small one, and of each after it, twice the size
            of the last; one more convolution then gives the row.
        normalization: `batch` or `layer` norm before each activation of the generator; the critic has none.
        dropout: probability of dropping a hidden unit of the generator in training.
        input_noise: standard deviation of noise on all that the critic sees in training.
        critic_hidden: widths of the critic's hidden layers with `mlp`.
        critic_channels: of the critic's convolutions with `conv`; each halves the image.
        critic_dropout: probability of dropping a hidden unit of the critic in training.
        adversarial: what the two play for in the term of the source: `logistic`, `least-squares` or `hinge`.
        class_weight: weight of the term of the class, against 1 for the source.
        averaging: share that a running mean of the generator keeps each round, such as 0.999, and less in the first
            rounds; the mean then draws in the generator's place. None: no mean.
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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **AdversarialModel._parameter_constraints,
        "critic_channels": [tuple, list],
        "class_weight": [Interval(Real, 0, None, closed="neither")],
        "averaging": [None, Interval(Real, 0, 1, closed="neither")],
        "spectral_norm": ["boolean"],
    }

    _learns_from_labels: ClassVar[bool] = True
    _needs_labels: ClassVar[bool] = True
    decodes_labels: ClassVar[bool] = True
    draws_labelled: ClassVar[bool] = True
    _bounds_data: ClassVar[bool] = False
    calibration_rows: ClassVar[int] = 512  # a generator that is made for images is wide at their full size

    latent_dim: int = 100
    _: dataclasses.KW_ONLY
    channels: Sequence[int] = (64, 64, 32)
    critic_channels: Sequence[int] = (16, 32, 64, 128)
    activation: str | Sequence[str] = "leaky_relu"
    critic_dropout: float = 0.3
    class_weight: float = 1.0
    averaging: float | None = None
    spectral_norm: bool = False
    learning_rate: float = 2e-4
    momentum: float = 0.5

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.ACGAN:
        self._check()
        generator_key, critic_key = jax.random.split(key)
        generator = build_generator(self, shape, n_labels or 1, self.preprocessing_, generator_key)
        rounds = rounds_in(float(self.epochs))
        return games.ACGAN(
            generator=generator,
            critic=build_judge(self, shape, 1 + (n_labels or 1), critic_key),
            prior=build_prior(self),
            adversarial=ADVERSARIAL_LOSSES[self.adversarial],
            optimizer=self._optimizer(None, rounds),
            critic_optimizer=self._optimizer(self.critic_learning_rate, rounds),
            n_labels=n_labels or 1,
            class_weight=float(self.class_weight),
            average=None if self.averaging is None else generator,
            decay=float(self.averaging or 0.0),
        )

    def _check(self) -> None:
        for name, value, only in (("likelihood", self.likelihood, "auto"), ("corruption", self.corruption, None)):
            if value != only:
                raise ValueError(
                    f"{type(self).__name__} encodes and reconstructs nothing, so it takes no {name}; got "
                    f"{name}={value!r}. Leave it out; output= says in what range the rows are."
                )
