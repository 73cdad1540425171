"""Adversarial canonical correlation analysis, as a scikit-learn estimator of several views."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from functools import partial
from numbers import Real
from typing import Any, ClassVar

import jax
import numpy as np
from jaxtyping import PRNGKeyArray, Shaped
from sklearn.utils._param_validation import Interval, StrOptions

from latently import games
from latently.data import Views, ViewsPreprocessing
from latently.estimators import inference
from latently.estimators.adversarial import ENCODER_CONSTRAINTS, AdversarialModel, EncoderName, build_posterior
from latently.estimators.architecture import (
    LikelihoodName,
    Shape,
    build_corruption,
    build_critic,
    build_decoder,
    build_prior,
    likelihood_head,
)
from latently.estimators.scaling import of_view
from latently.probability import ADVERSARIAL_LOSSES, EachView

_LIKELIHOODS = ("auto", "bernoulli", "gaussian", "laplace")


@dataclasses.dataclass(eq=False, repr=False)
class ACCA(AdversarialModel):
    """Adversarial CCA: one code for two or more views of a row, from any of them, that gives back all of them.

    An encoder for each view and one for all views together; a critic matches the codes of each to one prior, and so to
    those of the others; every code has to reconstruct every view. So a code may come from one view and be decoded to a
    missing one: `complete`.

    `X` is a list of arrays, or a dict, name → array, or `latently.data.Views`; all have the same number of rows, each
    its own shape, type and likelihood. A row that lacks a view (all NaN, or masked in a NumPy masked array) takes part
    with what it has.

    Args:
        latent_dim: dimensions of a code; even, where the prior is laid out in pairs of dimensions.
        likelihood: p(xᵥ|z): `bernoulli`, `gaussian`, `laplace`, or `auto`: Bernoulli for a view in [0, 1], else
            Gaussian; from Python also a dict, name → likelihood.
        joint: have an encoder of all views together, beside those of each.
        encoder: q(z|x): `deterministic`, `gaussian` (mean and log-variance), or `implicit` (noise fed beside x).
        noise_dim: numbers of noise that an implicit encoder is fed.
        fooling_weight: of the fooling of the critic by the codes of each origin, against one share of the
            reconstruction per element.

    Attributes:
        view_names_: the views' names, in order.

    Note:
        The arguments that all models share are described at `LatentModel`, the critics' at `AdversarialModel`.

    References:
        Shi et al. 2019, arXiv 1907.02345.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import ACCA
        >>> images = load_digits().images / 16
        >>> halves = {"left": images[:, :, :4], "right": images[:, :, 4:]}
        >>> acca = ACCA(latent_dim=8, hidden=(64,), epochs=2, random_state=0).fit(halves)
        >>> acca.complete({"left": images[:3, :, :4]})["right"].shape
        (3, 8, 4)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **AdversarialModel._parameter_constraints,
        "likelihood": [StrOptions(set(_LIKELIHOODS)), dict],
        "joint": ["boolean"],
        **ENCODER_CONSTRAINTS,
        "fooling_weight": [Interval(Real, 0, None, closed="neither")],
    }

    _bounds_data: ClassVar[bool] = False
    takes_views: ClassVar[bool] = True

    latent_dim: int = 10
    _: dataclasses.KW_ONLY
    likelihood: LikelihoodName | Mapping[str, LikelihoodName] = "auto"  # type: ignore[assignment]
    joint: bool = True
    encoder: EncoderName = "deterministic"
    noise_dim: int = 10
    fooling_weight: float = 1e-3

    @property
    def view_names_(self) -> tuple[str, ...]:
        """The views' names, in order."""
        return self._parts.names

    def complete(
        self, views: Any, draws: int | None = None, random_state: int | np.random.RandomState | None = None
    ) -> dict[str, Shaped[np.ndarray, "rows ..."]]:
        """The missing views from those that are given.

        Args:
            views: a dict of some of the views; or all of them, where rows lack some.
            draws: how many codes to draw for each row from q(z|given), for an encoder that is not deterministic, each
                decoded to its mean; by default the mean code is decoded.
            random_state: seed of the draws.

        Returns:
            Name → data of shape `(n, *row)`, or `(n, draws, *row)`, in the units and the type of the training data, for
            every view that some row lacks; rows that have it keep it.

        Raises:
            ValueError: no view is missing, or drawing is asked of a deterministic encoder.
        """
        game, rows = self._fitted(), self._rows(views)
        if rows.complete:
            raise ValueError(
                f"every row has all of {', '.join(self.view_names_)}, so there is nothing to complete; give a dict of "
                "the views that are known."
            )
        if draws is None:
            codes = inference.in_pieces(partial(inference.code_means, game), rows, self.preprocessing_)[:, None]
        elif self.encoder == "deterministic":
            raise ValueError(
                "draws needs an encoder that is not deterministic: this one has one code a row. "
                'Fit with encoder="gaussian".'
            )
        else:
            codes = np.stack([self.aggregate_codes(rows, seed) for seed in _seeds(draws, random_state)], axis=1)
        data = self._decode(codes.reshape(-1, self.latent_dim), None)
        completed = {}
        for name, values in data.items():
            given = ~rows.lacking(name)
            if given.all():
                continue
            values = inference.regroup(values, len(rows), codes.shape[1])
            values[given] = np.asarray(rows.view(name))[given].reshape(-1, 1, *values.shape[2:])
            completed[name] = values if draws is not None else values[:, 0]
        return completed

    def abilities(self) -> frozenset[str]:
        """What this fitted model can do: names that `latently.evaluation` knows."""
        return super().abilities() | {"complete"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags

    def _accept(self, X: Any, *, reset: bool) -> Views:
        """X as views; those that are not given are zeros, and known to be missing."""
        if reset:
            views = Views.of(X)
            if len(views.names) < 2:
                raise ValueError(f"ACCA learns from two views or more; got {views.names[0]} alone. Use AAE for one.")
            self._check_likelihoods(views)
            return views
        known = self.view_names_
        views = Views.of(X, None if isinstance(X, Views | Mapping) else known)
        for name in views.names:
            if name not in known:
                raise ValueError(f"X has the view {name!r}, and the views of this model are {', '.join(known)}.")
        if views.names == known:
            return views
        given = dict(zip(views.names, views.given.T, strict=True))
        n, shapes = len(views), self._parts.row_shape
        blank = {name: np.broadcast_to(np.float32(0), (n, *shapes[name])) for name in known if name not in given}
        return Views(
            {name: blank[name] if name in blank else views.view(name) for name in known},
            {name: given.get(name, np.zeros(n, dtype=bool)) for name in known},
        )

    @property
    def _parts(self) -> ViewsPreprocessing:
        assert isinstance(self.preprocessing_, ViewsPreprocessing)  # made of the views that `_accept` gives
        return self.preprocessing_

    def _check_likelihoods(self, views: Views) -> None:
        if isinstance(self.likelihood, str):
            return
        for name, value in self.likelihood.items():
            if name not in views.names:
                raise ValueError(f"likelihood names the view {name!r}; the views are {', '.join(views.names)}.")
            if value not in _LIKELIHOODS:
                raise ValueError(f"likelihood[{name!r}] must be one of {', '.join(_LIKELIHOODS)}; got {value!r}.")

    def _build_game(
        self,
        shape: tuple[Shape, ...],  # type: ignore[override]
        n_labels: int | None,
        rounds_in: Callable[[float], int],
        key: PRNGKeyArray,
    ) -> games.ACCA:
        rounds, views = rounds_in(float(self.epochs)), len(shape)
        keys = jax.random.split(key, 2 * views + 2)
        preprocessings = self._parts.views
        heads = [likelihood_head(of_view(self, name), each) for name, each in preprocessings.items()]
        corruptions = [build_corruption(self.corruption, each) for each in preprocessings.values()]
        return games.ACCA(
            encoders=tuple(build_posterior(self, each, k) for each, k in zip(shape, keys, strict=False)),
            joint=build_posterior(self, (sum(map(math.prod, shape)),), keys[-1]) if self.joint else None,
            decoders=tuple(
                build_decoder(self, each, head, k) for each, head, k in zip(shape, heads, keys[views:], strict=False)
            ),
            critic=build_critic(self, int(self.latent_dim), keys[-2]),
            prior=build_prior(self, n_labels),
            adversarial=ADVERSARIAL_LOSSES[self.adversarial],
            optimizer=self._optimizer(None, rounds),
            critic_optimizer=self._optimizer(self.critic_learning_rate, rounds),
            names=self.view_names_,
            fooling_weight=float(self.fooling_weight),
            corruption=None if None in corruptions else EachView(tuple(corruptions)),  # type: ignore[arg-type]
        )


def _seeds(draws: int, random_state: int | np.random.RandomState | None) -> list[int]:
    if draws < 1:
        raise ValueError(f"draws must be 1 or more; got {draws}.")
    generator = np.random.default_rng(inference.seed_of(random_state))
    return [int(seed) for seed in generator.integers(2**31 - 1, size=draws)]
