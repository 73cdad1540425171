"""M1+M2, a semi-supervised VAE on the codes of a VAE, as a scikit-learn estimator."""

import dataclasses
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray
from sklearn.base import clone

from latently.errors import ArgumentError, called
from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import ClusterStart, Count, NetworkMaker, NotNegative, Positive, PosteriorScale
from latently.estimators.semi_supervised_vae import build_m2
from latently.estimators.vae import VAE
from latently.estimators.validating import HeldOut
from latently.game import Task
from latently.games import stacked_semi_supervised_vae as games
from latently.networks import Chain, Conditional, Gate
from latently.probability import GaussianHead
from latently.streams import stream

USED_DEVIATION = 0.1
"""Dimensions of the first stage whose mean codes vary less than this carry nothing; the second stage does not read
them (the authors' rule)."""

_SELECTION_ROWS = 10_000


@dataclasses.dataclass(eq=False, repr=False)
class StackedSemiSupervisedVAE(LatentModel):
    """M1+M2: a VAE learns codes from all rows, and M2 learns on them from the few labels.

    The first stage is fitted on all rows without labels, or handed over. In every round the second stage sees fresh
    draws of the first one's posterior. The code is the second stage's; data come back through both.

    Args:
        latent_dim: dimensions of the second stage's code.
        network: of the second stage, which reads vectors: `mlp`, `resnet`, or from Python a function, as in all models.
        decoder_network: of the second stage, likewise.
        hidden: widths of the hidden layers of each network of the second stage, (512, 512) unless said.
        likelihood: of the codes of the first stage: `auto`, Gaussian.
        prior: `normal`.
        corruption: none; give it to the first stage.
        first: the first stage: a VAE, fitted or to be fitted; the folder of one that was saved; or None for one of 10
            dimensions with hidden layers of 500 and 500, ReLU, at β = 0.1.
        first_epochs: passes over the data of the first stage, where it is that one.
        posterior_scale: how the encoder gives its standard deviation: `exp` of half a log-variance, or `softplus`.
        classification_weight: weight of the classifier's own error on the labelled rows, beside the mean bound in nats
            (α/N of Equation 9).
        labelled_weight: weight of the mean bound of a second draw in each round, from the labelled rows alone, beside
            that of all rows; 0 for none: labelled rows then count as often as they are.
        n_clusters: how many clusters to find where there are no labels.
        cluster_start: where clusters begin: at those of a `gaussian-mixture` of the rows, or at `random`.
        consistency_weight: of the term that asks for the same classes after the worst small move of a row; 0 for none.
        consistency_radius: how far rows are moved for it, in the units of the first stage's codes.

    Attributes:
        first_: the first stage, fitted; where rows were held out they were measured in it, too, and its `verdict_` says
            whether it was long enough. It ends early if that is among its own arguments.
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

    game_type = games.StackedSemiSupervisedVAE
    labels: ClassVar[Literal["optional"]] = "optional"
    # Kingma et al. 2014, with two layers of 300 and a code of 10.
    # fmt: off
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "m1m2": dict(
            latent_dim=10, hidden=(300, 300), activation="relu", first_epochs=30, batch_size=256, epochs=25,
            learning_rate=3e-3, learning_rate_decay=0.5
        ),
    }
    # fmt: on

    latent_dim: Count = 50
    _: dataclasses.KW_ONLY
    network: Literal["mlp", "resnet"] | NetworkMaker = "mlp"
    decoder_network: Literal["mlp", "resnet"] | NetworkMaker | None = None
    activation: str = "softplus"
    first: VAE | str | Path | None = None
    first_epochs: Positive = 50
    posterior_scale: PosteriorScale = "exp"
    classification_weight: Positive = 1.0
    labelled_weight: NotNegative = 0.0
    n_clusters: Count = 10
    cluster_start: ClusterStart = "gaussian-mixture"
    consistency_weight: NotNegative = 0.0
    consistency_radius: Positive = 0.5

    def build_game(self, task: Task, key: PRNGKeyArray) -> games.StackedSemiSupervisedVAE:
        """The untrained game; the first stage takes its place in it before training."""
        if self.corruption is not None:
            raise ArgumentError("corruption", "must be None", self.corruption, "Give it to the first stage.")
        first, classes = clone(self.first_stage()), task.n_labels or 1
        codes = dataclasses.replace(task, shape=(int(first.latent_dim),), range="real", cells=())
        second = build_m2(self, codes, GaussianHead(scale="exp"), stream(key, "second"))
        gated = (_gated(second.classifier, *codes.shape), _gated(second.encoder, codes.shape[0] + classes))
        return games.StackedSemiSupervisedVAE(
            first=first.build_game(dataclasses.replace(task, n_labels=None), stream(key, "first")),
            second=eqx.tree_at(lambda game: (game.classifier, game.encoder), second, gated),
        )

    def first_stage(self) -> VAE:
        """The first stage, fitted or not: it meets the data."""
        fitted: VAE | None = vars(self).get("first_")
        if fitted is not None:
            return fitted
        if isinstance(self.first, VAE):
            return self.first
        if self.first is not None:
            from latently.estimators.saving import load

            loaded = load(self.first)
            if not isinstance(loaded, VAE):
                raise ArgumentError(
                    "first",
                    f"must be a VAE or the folder of one; {self.first} holds another model",
                    type(loaded).__name__,
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
            random_state=vars(self).get("seed_"),
        )

    def before_training(self, game: Any, X: Any, out: HeldOut | None = None) -> Any:
        """The game with the first stage in its place, fitted now where it was not, and unused dimensions shut out."""
        first = self.first_stage()
        if not first.__sklearn_is_fitted__():
            began = time.monotonic()
            with called(**({"epochs": "first_epochs"} if self.first is None else {})):
                first = clone(first).set_params(verbose=self.verbose).fit(X, X_val=out and out.rows)
            self.first_seconds_ = time.monotonic() - began
        elif first.row_shape_ != self.row_shape_:
            rule = f"must be fitted on rows of shape {self.row_shape_}"
            raise ArgumentError("first", rule, first.row_shape_, "Hand over a VAE of the same data.")
        self.first_ = first
        means = first.fitted_.codes(X[:_SELECTION_ROWS])
        used = jnp.asarray((means.std(axis=0) > USED_DEVIATION).astype(np.float32))
        gates = (used, jnp.concatenate([used, jnp.ones(game.n_labels)]))
        staged = eqx.tree_at(
            lambda game: (
                game.first,
                game.second.classifier.network.layers[0].factor,
                game.second.encoder.network.layers[0].factor,
            ),
            game,
            (first.game_, *gates),
        )
        return self._clustered(staged, X)


def _gated(conditional: Conditional, features: int) -> Conditional:
    """Behind a gate that can shut features out; it stands open."""
    network = Chain((Gate(jnp.ones(features)), conditional.network))
    gated: Conditional = eqx.tree_at(lambda conditional: conditional.network, conditional, network)
    return gated
