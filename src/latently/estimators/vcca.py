"""Variational canonical correlation analysis, as a scikit-learn estimator of several views."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from jaxtyping import PRNGKeyArray

from latently.errors import ArgumentError
from latently.estimators import architecture as build
from latently.estimators.base import LatentModel
from latently.estimators.hyperparameters import Count, Fusion, NotNegative, Probability, Range, ViewLikelihoods
from latently.estimators.schedules import build_optimizer, kl_weight
from latently.game import Task
from latently.games import vcca
from latently.networks import Conditional
from latently.probability import GaussianHead
from latently.streams import stream

# Wang et al. 2016, noisy two-view MNIST, in fewer and longer steps.
_NOISY: dict[str, Any] = dict(
    latent_dim=50, hidden=(1024, 1024, 1024), activation="relu", inferred_from="first", code_dropout=0.2,
    likelihood=("bernoulli", "gaussian"), likelihood_scale=0.1, output="sigmoid", batch_size=200, epochs=30,
    learning_rate=1e-3, learning_rate_decay=0.5, fusion="mean", linear_path=False
)  # fmt: skip
_PRIVATE = {**_NOISY, "private_dim": 30}


@dataclasses.dataclass(eq=False, repr=False)
class VCCA(LatentModel):
    """Variational CCA: one code that explains two or more views of a row, and perhaps a private code for each view.

    A code is inferred from a view and has to give back all of them, by the bound of a VAE. With private codes
    (VCCA-private), what a view has for itself goes there, and the shared code keeps what the views have in common.

    `X` is as for `ACCA`, and rows may lack views. `transform` gives the shared code; `reconstruct`, `complete` and
    `sample` decode it with private codes at 0, their prior's mean: what the views share, each in its typical form.

    Args:
        latent_dim: dimensions of the shared code.
        likelihood: p(xᵥ|z), as for all models, or one for each view; from Python also a dict, name → likelihood.
        private_dim: dimensions of each view's private code; 0 for none.
        inferred_from: the views that codes are inferred from: `each`, `first` or names. Of several, the bounds are
            averaged (bi-VCCA); a row with none of them has the code 0, the prior's mean.
        fusion: how those views give one code: `product` of what each says of it, the surer the more (Wu & Goodman
            2018), and a round's codes come from views that are drawn for each row; by `mean`, all views count alike,
            and a round's codes come from each view alone, as in bi-VCCA.
        joint: have an encoder of all views together besides, which gives the codes of rows that have them all.
        code_dropout: probability of dropping a dimension of the shared code before it is decoded in training.
        beta: weight of the KL terms.
        warm_up_epochs: epochs over which the weight of the KL terms rises from 0 to beta.

    References:
        Wang, Yan, Lee & Livescu 2016, arXiv 1610.03454; Wu & Goodman 2018, arXiv 1802.05335.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import VCCA
        >>> images = load_digits().images / 16
        >>> halves = {"left": images[:, :, :4], "right": images[:, :, 4:]}
        >>> vcca = VCCA(latent_dim=8, private_dim=2, hidden=(64,), epochs=2, random_state=0).fit(halves)
        >>> vcca.transform(halves).shape, vcca.complete({"left": images[:3, :, :4]})["right"].shape
        ((1797, 8), (3, 8, 4))
    """

    game_type = vcca.VCCA
    linear_by_default: ClassVar[Literal["rows"]] = "rows"
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"vcca-noisy": _NOISY, "vcca-private": _PRIVATE}

    latent_dim: Count = 50
    _: dataclasses.KW_ONLY
    likelihood: ViewLikelihoods = "auto"  # type: ignore[assignment]
    private_dim: Annotated[int, Range(0)] = 0
    inferred_from: str | Sequence[str] = "each"
    fusion: Fusion = "product"
    joint: bool = False
    code_dropout: Probability = 0.0
    beta: NotNegative = 1.0
    warm_up_epochs: NotNegative = 0.0

    def build_game(self, task: Task, key: PRNGKeyArray) -> vcca.VCCA:
        """The untrained game."""
        given = self.inferred_from
        named = {"each": task.views, "first": task.views[:1]}.get(given, (given,)) if isinstance(given, str) else given
        if not named or not set(named) <= set(task.views):
            rule, known = f"must be each, first, or among {', '.join(task.views)}", ("each", "first", *task.views)
            raise ArgumentError("inferred_from", rule, given, known=known)
        views, own = {name: task.of_view(place) for place, name in enumerate(task.views)}, int(self.private_dim)

        def encoder(name: str, read: Task, dim: int | None = None) -> Conditional:
            head, own_key = GaussianHead(scale="exp"), stream(key, f"encoder of {name}")
            return build.encoder(self, read, head, own_key, latent_dim=dim)

        return vcca.VCCA(
            encoders=tuple(encoder(name, view) if name in named else None for name, view in views.items()),
            joint=encoder("all", build.joint_task(task)) if self.joint else None,
            decoders=build.view_decoders(self, task, stream(key, "decoders"), private_dim=own),
            prior=build.normal_prior(self),
            optimizer=build_optimizer(self, task),
            names=task.views,
            private=tuple(encoder(f"private {name}", view, own) for name, view in views.items() if own),
            private_dim=own,
            beta=kl_weight(self, task),
            code_dropout=float(self.code_dropout),
            corruption=build.view_corruption(self, task),
            experts=build.experts(self, len(named)),
        )
