"""What games of several views share: a code from each view, or from all of them, that gives back every view."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray, Shaped

from latently.abilities import Decodes, Denoises, Encodes, HasViews, LabelRole
from latently.batch import Batch
from latently.game import Game
from latently.networks import Conditional
from latently.probability import Averaged, DeterministicHead, Distribution, EachView, Joint
from latently.streams import stream


class Posterior(NamedTuple):
    """A posterior of the code from one origin.

    Attributes:
        origin: the view that it comes from, or `"all"` of them together.
        q: q(z|origin) of each row.
        present: the rows that have what it comes from; the others are to be left out.
    """

    origin: str
    q: Distribution
    present: Bool[Array, "batch"]


class SeveralViews(Game, Encodes, Decodes, HasViews, Denoises):
    """A game of q(z|xᵥ) for each view, perhaps q(z|x₁, x₂, …), and p(xᵥ|z); rows may lack views.

    Attributes:
        encoders: q(z|xᵥ), one a view.
        joint: q(z|x₁, x₂, …), fed all views, flattened side by side; `None` for none.
        decoders: p(xᵥ|z), one a view.
        names: the views' names.
        corruption: what is done to the views before they are encoded.
    """

    n_labels: ClassVar[None] = None
    label_role: ClassVar[LabelRole] = None

    if TYPE_CHECKING:

        @property
        def encoders(self) -> tuple[Conditional, ...]: ...
        @property
        def joint(self) -> Conditional | None: ...
        @property
        def decoders(self) -> tuple[Conditional, ...]: ...
        @property
        def corruption(self) -> EachView | None: ...

    else:
        encoders: eqx.AbstractVar[tuple[Conditional, ...]]
        joint: eqx.AbstractVar[Conditional | None]
        decoders: eqx.AbstractVar[tuple[Conditional, ...]]
        corruption: eqx.AbstractVar[EachView | None]

    @property
    def origins(self) -> tuple[str, ...]:
        """What a code can come from: each view, and all together where there is a joint encoder."""
        return self.names if self.joint is None else (*self.names, "all")

    @property
    def is_deterministic(self) -> bool:
        """Whether a row has one code: its encoders give points."""
        encoder = self.encoders[0]
        return isinstance(encoder.head, DeterministicHead) and not encoder.noise_dim

    def posteriors(self, batch: Batch, key: PRNGKeyArray | None = None) -> list[Posterior]:
        """The posterior from each origin.

        Args:
            batch: rows, and which views they have.
            key: of the round, in training: then with corruption, dropout and input noise. `None` for inference.
        """
        views = batch.views
        if key is not None and self.corruption is not None:
            views = self.corruption(views, stream(key, "corruption"))
        rows, encoders = list(views), list(self.encoders)
        present = [batch.has[:, place] for place in range(len(views))]
        if self.joint is not None:
            rows, encoders = [*rows, side_by_side(views)], [*encoders, self.joint]
            present = [*present, batch.has.all(axis=1)]
        keys = [None if key is None else stream(key, f"encoder of {origin}") for origin in self.origins]
        posteriors = [encoder(x, each) for encoder, x, each in zip(encoders, rows, keys, strict=True)]
        return [Posterior(*each) for each in zip(self.origins, posteriors, present, strict=True)]

    def encode(self, x: Batch, y: Any = None) -> Distribution:  # noqa: ARG002
        """q(z|x): the joint encoder's where a row has all views, else the average of those of the views that it has."""
        posteriors = tuple(posterior.q for posterior in self.posteriors(x))
        weights = x.has / x.has.sum(axis=1, keepdims=True)
        if self.joint is not None:
            whole = x.has.all(axis=1, keepdims=True)
            weights = jnp.concatenate([weights * ~whole, whole], axis=1)
        return Averaged(posteriors, weights)

    def decode(self, z: Float[Array, "batch latent"], y: Any = None) -> Joint:  # noqa: ARG002
        """p(x₁, x₂, … |z)."""
        return self.decode_in_training(z, None)

    def decode_in_training(self, z: Float[Array, "batch latent"], key: PRNGKeyArray | None) -> Joint:
        """p(x₁, x₂, … |z), with dropout where there is a key."""
        keys = [None if key is None else stream(key, f"decoder of {name}") for name in self.names]
        return Joint(tuple(decoder(z, each) for decoder, each in zip(self.decoders, keys, strict=True)))

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows and of their codes."""
        keys = [stream(key, f"encoder of {origin}") for origin in self.origins]
        views = batch.views
        encoders = [each.calibrated(x, k)[0] for each, x, k in zip(self.encoders, views, keys, strict=False)]
        joint = self.joint and self.joint.calibrated(side_by_side(views), keys[-1])[0]
        game: Self = eqx.tree_at(
            lambda game: (game.encoders, game.joint), self, (tuple(encoders), joint), is_leaf=lambda leaf: leaf is None
        )
        z = game.encode(batch).mean
        keys = [stream(key, f"decoder of {name}") for name in self.names]
        decoders = tuple(each.calibrated(z, k)[0] for each, k in zip(self.decoders, keys, strict=True))
        calibrated: Self = eqx.tree_at(lambda game: game.decoders, game, decoders)
        return calibrated


def log_likelihoods(p: Joint, batch: Batch, origins: int) -> Float[Array, "origins batch"]:
    """Log p(x₁, x₂, … |z) per element of all views, of the codes of several origins.

    A view that a row lacks asks nothing of its code.

    Args:
        p: of the codes of all origins, one origin after the other: one pass of the decoders for all of them.
        batch: the rows.
        origins: how many there are.
    """
    elements = sum(math.prod(x.shape[1:]) for x in batch.views)
    log_p = p.log_probs(tuple(jnp.concatenate([x] * origins) for x in batch.views))
    return (log_p.reshape(origins, len(batch.x), -1) * batch.has).sum(axis=2) / elements


def masked_mean(values: Shaped[Array, "batch"], present: Bool[Array, "batch"]) -> Float[Array, ""]:
    """The mean over the rows that are present."""
    return jnp.where(present, values, 0).sum() / jnp.maximum(present.sum(), 1)


def side_by_side(views: Sequence[Float[Array, "batch ..."]]) -> Float[Array, "batch elements"]:
    """All views of each row, flattened, one beside the other."""
    return jnp.concatenate([x.reshape(len(x), -1) for x in views], axis=1)
