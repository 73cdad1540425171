"""The plain autoencoders, as scikit-learn estimators: for comparison with those whose codes have a shape."""

import dataclasses
from collections.abc import Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from latently.errors import ArgumentError
from latently.estimators import architecture as build
from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import NotNegative
from latently.estimators.schedules import build_optimizer
from latently.game import Task
from latently.games import autoencoder as games
from latently.probability import DeterministicHead, FittedNormal
from latently.streams import stream

# Hinton & Salakhutdinov 2006, Vincent et al. 2010, Rifai et al. 2011: for comparison, one network for all three.
# fmt: off
_SHARED: dict[str, Any] = dict(
    latent_dim=20, hidden=(500, 500), activation="relu", likelihood="bernoulli", batch_size=128, epochs=20,
    learning_rate=1e-3, learning_rate_decay=0.5
)
# fmt: on


@dataclasses.dataclass(eq=False, repr=False)
class PlainAutoencoder(LatentModel):
    """What the autoencoders without a prior share.

    Nothing shapes their codes in training. After it, the codes are moved to lie around 0 and scaled by one number to a
    variance of 1, a mean over the dimensions; and a normal with their covariance is fitted to them, which stands for
    the prior wherever one is asked for: `sample`, `sample_prior`, `manifold` (Ghosh et al. 2020, arXiv 1903.12436,
    Section 4).

    Args:
        prior: `normal`: the normal that is fitted to the codes after training.
        prior_scale: none: the codes give it.
    """

    game_type = games.Autoencoder

    @property
    def contraction(self) -> float:
        """The weight of the contractive term: a hyperparameter of the model that has one."""
        return 0.0

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.Autoencoder:
        """The untrained game."""
        for name, only in (("prior", "normal"), ("prior_scale", None)):
            if (value := getattr(self, name)) != only:
                rule = f"must be left at {only}: a normal is fitted to the codes after training"
                raise ArgumentError(name, rule, value, "Use a VAE or an AAE to shape codes as a prior.")
        head, dim = build.likelihood_head(self, task), int(self.latent_dim)
        return games.Autoencoder(
            encoder=build.encoder(self, task, DeterministicHead(), stream(key, "encoder")),
            decoder=build.decoder(self, task, head, stream(key, "decoder")),
            prior=FittedNormal(dim),
            center=jnp.zeros(dim),
            spread=jnp.ones(()),
            optimizer=build_optimizer(self, task),
            contraction=float(self.contraction),
            corruption=build.corruption(self, task),
        )


@dataclasses.dataclass(eq=False, repr=False)
class Autoencoder(PlainAutoencoder):
    """Autoencoder: rows are squeezed through a code and given back, and nothing else is asked of the code.

    It reconstructs as well as a network of its size can. Its codes have no shape of their own: `sample` draws from a
    normal that is fitted to the training codes afterwards.

    Note:
        The arguments that all models share are described at `LatentModel`; `prior` and `prior_scale` stay as they are.

    References:
        Hinton & Salakhutdinov 2006, https://doi.org/10.1126/science.1127647. Ghosh et al. 2020, arXiv 1903.12436.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import Autoencoder
        >>> X = load_digits().images / 16
        >>> model = Autoencoder(latent_dim=2, hidden=(64,), epochs=2, random_state=0).fit(X)
        >>> model.transform(X[:5]).shape, model.sample(3, random_state=0).shape
        ((5, 2), (3, 8, 8))
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"autoencoder": _SHARED}


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class DenoisingAutoencoder(PlainAutoencoder):
    """Denoising autoencoder: it is shown corrupted rows and has to give the clean ones back.

    `reconstruct` then cleans noisy rows, and codes hang on what rows have in common more than on single numbers.

    Args:
        corruption: what is done to the encoder's input in training: `gaussian:SD`, `masking:P` or `salt-and-pepper:P`.

    Note:
        The arguments that all models share are described at `LatentModel`; `prior` and `prior_scale` stay as they are.

    References:
        Vincent et al. 2008, https://doi.org/10.1145/1390156.1390294. Vincent et al. 2010, JMLR 11:3371.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import DenoisingAutoencoder
        >>> X = load_digits().images / 16
        >>> model = DenoisingAutoencoder(corruption="masking:0.2", hidden=(64,), epochs=2, random_state=0).fit(X)
        >>> model.reconstruct(model.corrupt(X[:5], random_state=0)).shape
        (5, 8, 8)
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "denoising-autoencoder": {**_SHARED, "corruption": "masking:0.3"}
    }

    corruption: str = "masking:0.3"


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class ContractiveAutoencoder(PlainAutoencoder):
    """Contractive autoencoder: codes move little when rows do, except where the reconstruction needs it.

    The squared Frobenius norm of the encoder's Jacobian, ‖∂z/∂x‖², is a term of the loss. It is estimated without bias
    by one random projection a row, which costs the same for any depth of network and any length of code.

    Args:
        contraction: weight of that norm, against a reconstruction in nats; 0 makes a plain autoencoder.

    Note:
        The arguments that all models share are described at `LatentModel`; `prior` and `prior_scale` stay as they are.

    References:
        Rifai et al. 2011, https://icml.cc/2011/papers/455_icmlpaper.pdf.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import ContractiveAutoencoder
        >>> X = load_digits().images / 16
        >>> model = ContractiveAutoencoder(contraction=1.0, hidden=(64,), epochs=2, random_state=0).fit(X)
        >>> sorted(model.history_[-1]["terms"])
        ['autoencoder/contraction', 'autoencoder/reconstruction']
    """

    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"contractive-autoencoder": {**_SHARED, "contraction": 0.1}}

    contraction: NotNegative = 0.1
