"""What can be asked of a model whose encoder and prior have densities: bounds on the likelihood, in nats."""

from functools import partial
from typing import Any, ClassVar, Literal

import jax
import numpy as np
from jaxtyping import Float
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from latently.estimators import inference
from latently.estimators.coding import Coding
from latently.probability import PRIORS, Normal, Prior


def _has_density(model: Any) -> bool:
    """Whether q(z|x) and p(z) have densities, so that the likelihood can be bounded: the hyperparameters tell."""
    prior = PRIORS[model.prior] if isinstance(model.prior, str) else model.prior
    encoder = getattr(model, "encoder", "gaussian")
    if not model._bounds_data or encoder != "gaussian" or prior.density == "nowhere":
        raise AttributeError(
            f"this {type(model).__name__} cannot bound its likelihood: that needs an encoder and a prior with a "
            'density (encoder="gaussian", and a prior that is no curve).'
        )
    return True


def _has_closed_divergence(model: Any) -> bool:
    check_is_fitted(model)
    return _has_density(model) and isinstance(model.game_.prior, Normal)


class Bounds(Coding):
    """Bounds on log p(x), as far as the fitted model has densities."""

    _bounds_data: ClassVar[bool] = True
    """Whether encoder and decoder speak of the data itself, and with densities."""

    @available_if(_has_density)
    def score_samples(
        self,
        X: Any,
        n_samples: int = 1,
        kind: Literal["elbo", "importance"] = "elbo",
        random_state: int = 0,
        labels: Any = None,
    ) -> Float[np.ndarray, "rows"]:
        """A lower bound on log p(x) for each row, in nats; on log p(x|y) where its label is given.

        Args:
            X: rows, as in `fit`.
            n_samples: draws of q(z|x) for each row.
            kind: `"elbo"`, the mean over the draws of the evidence lower bound (its divergence in closed form where
                there is one), or `"importance"`, the importance-weighted bound with exactly `n_samples` draws, which
                tightens with their number (Burda et al. 2015, arXiv 1509.00519, Equation 8).
            random_state: seed of the draws. A row's draws hang on the seed and the row alone, so that its bound is the
                same whatever rows are beside it.
            labels: the class of each row, -1 where unknown, for a model whose decoder is given the label. Without one,
                the bound sums over the classes, all equally likely.

        Returns:
            Bounds in nats on the density of the preprocessed row (for pixels, of values in [0, 1]).

        Raises:
            ValueError: `n_samples` is below 1, or `kind` is neither of the two.
        """
        check_is_fitted(self)
        if n_samples < 1:
            raise ValueError(f"n_samples must be 1 or more; got {n_samples}.")
        bound = {"elbo": inference.evidence_bound, "importance": inference.importance_bound}.get(kind)
        if bound is None:
            raise ValueError(f"kind must be 'elbo' or 'importance'; got {kind!r}.")
        keys, game = jax.random.split(jax.random.key(inference.seed_of(random_state)), n_samples), self.game_
        return self._on_rows(X, partial(bound, game, keys), labels)

    @available_if(_has_density)
    def score(self, X: Any, y: Any = None) -> float:
        """The mean evidence lower bound in nats: the higher, the better.

        Args:
            X: rows, as in `fit`.
            y: ignored.
        """
        del y
        return float(self.score_samples(X).mean())

    @available_if(_has_closed_divergence)
    def posterior_kl(self, X: Any) -> Float[np.ndarray, "rows latent"]:
        """KL(q(z_d|x) ‖ p(z_d)) of each row and dimension, in nats.

        Args:
            X: rows, as in `fit`.
        """
        return self._on_rows(X, partial(inference.divergence, self.game_))

    def prior_log_density(self, Z: Float[np.ndarray, "rows latent"]) -> Float[np.ndarray, "rows"] | None:
        """log p(z) of codes in nats, or `None` for a prior that lives on a curve.

        Args:
            Z: codes of shape `(n, latent_dim)`.
        """
        check_is_fitted(self)
        if self._prior.density == "nowhere":
            return None
        return inference.in_pieces(self._prior.log_prob, Z)

    @property
    def _prior(self) -> Prior:
        """What codes look like: the game's prior, unless it says that its codes are more than that."""
        prior: Prior = getattr(self.game_, "code_prior", self.game_.prior)
        return prior
