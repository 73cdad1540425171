"""The clustering adversarial autoencoder, as a scikit-learn estimator."""

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

from jaxtyping import PRNGKeyArray

from latently import games
from latently.estimators.adversarial import AdversarialModel
from latently.estimators.architecture import Shape
from latently.estimators.classes import Classifies
from latently.estimators.semi_supervised_aae import SemiSupervisedAAE, build_semi_supervised_aae


@dataclasses.dataclass(eq=False, repr=False, kw_only=True)
class ClusteringAAE(Classifies, AdversarialModel):
    """Clustering adversarial autoencoder: one encoder gives cluster and style, and a critic for each shapes them.

    It is `SemiSupervisedAAE` without labels (those of y are not looked at): `predict` gives the numbers of clusters,
    `sample(n, labels)` draws from a cluster, `restyle` writes one row as every cluster.

    Args:
        latent_dim: dimensions of the style.
        prior: of the styles: `normal`.
        n_clusters: how many clusters to find.
        generator_learning_rate: of the encoder against the critics; the same as learning_rate unless said.

    Note:
        The arguments that all models share are described at `LatentModel`, the critics' at `AdversarialModel`.

    References:
        Makhzani et al. 2015, arXiv 1511.05644, Section 6.

    Example:
        >>> from sklearn.datasets import load_digits
        >>> from latently import ClusteringAAE
        >>> X = load_digits().images / 16
        >>> aae = ClusteringAAE(n_clusters=16, latent_dim=5, hidden=(64,), epochs=2, random_state=0).fit(X)
        >>> aae.predict(X[:5]).shape, aae.predict_proba(X[:5]).shape
        ((5,), (5, 16))
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        name: rule
        for name, rule in SemiSupervisedAAE._parameter_constraints.items()
        if name not in ("representation", "head_distance")
    }

    decodes_labels: ClassVar[bool] = True
    _bounds_data: ClassVar[bool] = False
    representation: ClassVar[str] = "beside"
    head_distance: ClassVar[float] = 0.0

    n_clusters: int = 16
    generator_learning_rate: float | None = None

    def _build_game(
        self, shape: Shape, n_labels: int | None, rounds_in: Callable[[float], int], key: PRNGKeyArray
    ) -> games.SemiSupervisedAAE:
        return build_semi_supervised_aae(self, shape, n_labels or 1, rounds_in(float(self.epochs)), key)
