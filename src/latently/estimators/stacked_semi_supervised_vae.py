"""M1+M2, a semi-supervised VAE on the codes of a VAE, as a scikit-learn estimator."""

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray
from sklearn.base import clone
from sklearn.utils._param_validation import StrOptions

from latently import games
from latently.estimators.architecture import Hyperparameters, Shape
from latently.estimators.base import LatentModel
from latently.estimators.classes import Classifies
from latently.estimators.semi_supervised_vae import SemiSupervisedVAE, build_m2
from latently.estimators.vae import VAE
from latently.networks import Chain, Conditional, Gate
from latently.probability import GaussianHead

USED_DEVIATION = 0.1
"""Dimensions of the first stage whose mean codes vary less than this carry nothing; the second stage does not read
them (the authors' rule)."""

_SELECTION_ROWS = 10_000


@dataclasses.dataclass(eq=False, repr=False)
class StackedSemiSupervisedVAE(Classifies, LatentModel):
    """M1+M2: a VAE learns codes from all rows, and M2 learns on them from the few labels.

    The first stage is fitted on all rows without labels, or handed over. In every round the second stage sees fresh
    draws of the first one's posterior. The code is the second stage's; data come back through both.

    Args:
        latent_dim: dimensions of the second stage's code.
        network: of the second stage, `mlp`: it reads vectors.
        hidden: widths of the hidden layers of each network of the second stage, (300,) unless said.
        likelihood: of the codes of the first stage: `auto`, Gaussian.
        prior: `normal`.
        corruption: none; give it to the first stage.
        first: the first stage: a VAE, fitted or to be fitted; the folder of one that was saved; or None for one of 10
            dimensions with hidden layers of 500 and 500, ReLU, at β = 0.1.
        first_epochs: passes over the data of the first stage, where it is that one.
        posterior_scale: how the encoder gives its standard deviation: `exp` of half a log-variance, or `softplus`.
        classification_weight: weight of the classifier's own error on the labelled rows, beside the mean bound in nats
            (α/N of Equation 9).
        n_clusters: how many clusters to find where there are no labels.

    Attributes:
        first_: the first stage, fitted.
        first_seconds_: how long `fit` took for it; there is none where it was handed over fitted.

    Note:
        The arguments that all models share are described at `LatentModel`.

    References:
        Kingma et al. 2014, arXiv 1406.5298.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import VAE, StackedSemiSupervisedVAE
        >>> X, y = load_digits().images / 16, load_digits().target
        >>> y[100:] = -1
        >>> first = VAE(latent_dim=10, hidden=(64,), epochs=2, random_state=0).fit(X)
        >>> model = StackedSemiSupervisedVAE(latent_dim=5, first=first, epochs=2, random_state=0).fit(X, y)
        >>> model.predict(X[:5]).shape, model.restyle(X[:2]).shape
        ((5,), (2, 10, 8, 8))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SemiSupervisedVAE._parameter_constraints,
        "network": [StrOptions({"mlp"})],
        "corruption": [None],
        "first": [None, VAE, str, Path],
        "first_epochs": LatentModel._parameter_constraints["epochs"],
    }

    _learns_from_labels: ClassVar[bool] = True
    _bounds_data: ClassVar[bool] = False
    decodes_labels: ClassVar[bool] = True
    draws_labelled: ClassVar[bool] = True

    latent_dim: int = 50
    _: dataclasses.KW_ONLY
    activation: str = "softplus"
    first: VAE | str | None = None
    first_epochs: float = 50
    posterior_scale: Literal["exp", "softplus"] = "exp"
    classification_weight: float = 1.0
    n_clusters: int = 10

    def _reader(self) -> Hyperparameters:
        """The first stage meets the data."""
        return self._first()

    def _first(self) -> VAE:
        """The first stage, fitted or not."""
        if hasattr(self, "first_"):
            fitted: VAE = self.first_
            return fitted
        if isinstance(self.first, VAE):
            return self.first
        if self.first is not None:
            from latently.estimators.loading import load

            loaded = load(self.first)
            if not isinstance(loaded, VAE):
                raise ValueError(
                    f"first must be a VAE or the folder of one; {self.first} holds {type(loaded).__name__}."
                )
            return loaded
        return VAE(
            latent_dim=10,
            hidden=(500, 500),
            activation="relu",
            beta=0.1,
            batch_size=128,
            learning_rate=1e-3,
            learning_rate_decay=0.5,
            epochs=self.first_epochs,
            random_state=self.seed_ if hasattr(self, "seed_") else None,
        )

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.StackedSemiSupervisedVAE:
        first = clone(self._first())
        first.preprocessing_ = self.preprocessing_
        first_key, second_key = jax.random.split(key)
        head, codes, classes = GaussianHead(scale="exp"), (int(first.latent_dim),), n_labels or 1
        second = build_m2(self, codes, head, classes, rounds_in(float(self.epochs)), second_key)
        gated = (_gated(second.classifier, codes[0]), _gated(second.encoder, codes[0] + classes))
        return games.StackedSemiSupervisedVAE(
            first=first._build_game(shape, None, rounds_in, first_key),
            second=eqx.tree_at(lambda game: (game.classifier, game.encoder), second, gated),
        )

    def _with_earlier_stages(self, game: Any, X: Any) -> Any:
        first = self._first()
        if not hasattr(first, "game_"):
            began = time.monotonic()
            first = clone(first).set_params(verbose=self.verbose).fit(X)
            self.first_seconds_ = time.monotonic() - began
        elif first.row_shape_ != self.row_shape_:
            raise ValueError(
                f"first was fitted on rows of shape {first.row_shape_}; these are of shape {self.row_shape_}. "
                "Hand over a VAE of the same data."
            )
        self.first_ = first
        means = first.transform(X[:_SELECTION_ROWS])
        used = (means.std(axis=0) > USED_DEVIATION).astype(np.float32)
        gates = (jnp.asarray(used), jnp.concatenate([jnp.asarray(used), jnp.ones(game.n_labels)]))
        return eqx.tree_at(
            lambda game: (
                game.first,
                game.second.classifier.network.layers[0].factor,
                game.second.encoder.network.layers[0].factor,
            ),
            game,
            (first.game_, *gates),
        )


def _gated(conditional: Conditional, features: int) -> Conditional:
    """Behind a gate that can shut features out; it stands open."""
    network = Chain((Gate(jnp.ones(features)), conditional.network))
    gated: Conditional = eqx.tree_at(lambda conditional: conditional.network, conditional, network)
    return gated
