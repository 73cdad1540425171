"""The supervised adversarial autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, Literal

import jax
from jaxtyping import PRNGKeyArray
from sklearn.utils._param_validation import StrOptions

from latently import games
from latently.estimators.adversarial import AdversarialModel, build_posterior
from latently.estimators.architecture import (
    Shape,
    build_corruption,
    build_critic,
    build_decoder,
    build_prior,
    likelihood_head,
)
from latently.estimators.classes import Classifies
from latently.probability import ADVERSARIAL_LOSSES


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class SupervisedAAE(Classifies, AdversarialModel):
    """Supervised adversarial autoencoder: the decoder is told the class, so the code holds the style alone.

    A critic asks of the codes of every class to fill one and the same prior, of any shape: nothing is left in them
    that would tell the class. Draw a class in every style with `sample(n, labels)`, write one row as every class with
    `restyle`. `predict` gives the class under which a row is reconstructed best.

    Args:
        encoder: q(z|x): `deterministic` or `gaussian`.

    Note:
        The arguments that all models share are described at `LatentModel`, the critics' at `AdversarialModel`.

    References:
        Makhzani et al. 2015, arXiv 1511.05644, Section 4.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import SupervisedAAE
        >>> X, y = load_digits().images / 16, load_digits().target
        >>> aae = SupervisedAAE(latent_dim=2, hidden=(64,), epochs=2, random_state=0).fit(X, y)
        >>> aae.sample(3, labels=7, random_state=0).shape, aae.restyle(X[:2], labels=[3, 4]).shape
        ((3, 8, 8), (2, 2, 8, 8))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **AdversarialModel._parameter_constraints,
        "encoder": [StrOptions({"deterministic", "gaussian"})],
    }

    _learns_from_labels: ClassVar[bool] = True
    _needs_labels: ClassVar[bool] = True
    decodes_labels: ClassVar[bool] = True
    draws_labelled: ClassVar[bool] = True

    encoder: Literal["deterministic", "gaussian"] = "deterministic"

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.SupervisedAAE:
        classes = n_labels or 1
        encoder_key, decoder_key, critic_key = jax.random.split(key, 3)
        rounds = rounds_in(float(self.epochs))
        return games.SupervisedAAE(
            encoder=build_posterior(self, shape, encoder_key),
            decoder=build_decoder(self, shape, likelihood_head(self, self.preprocessing_), decoder_key, facts=classes),
            critic=build_critic(self, int(self.latent_dim) + classes, critic_key),
            prior=build_prior(self),
            adversarial=ADVERSARIAL_LOSSES[self.adversarial],
            optimizer=self._optimizer(None, rounds),
            critic_optimizer=self._optimizer(self.critic_learning_rate, rounds),
            generator_optimizer=self._optimizer(None, rounds),
            n_labels=classes,
            corruption=build_corruption(self.corruption, self.preprocessing_),
        )
