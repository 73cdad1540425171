"""What games of several views share: a code from each view, or from all of them, that gives back every view.

References:
    Wu & Goodman 2018, Multimodal Generative Models for Scalable Weakly-Supervised Learning, arXiv 1802.05335: the code
    given some of the views is a product of experts, one a view; training draws which views are given.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, PRNGKeyArray, Shaped

from latently.abilities import Decodes, Denoises, Encodes, HasViews, LabelRole
from latently.game import Batch, Game
from latently.networks import Conditional
from latently.probability import (
    Averaged,
    DeterministicHead,
    Distribution,
    EachView,
    Experts,
    Joint,
    Normal,
    Prior,
)
from latently.streams import stream


class Posterior(NamedTuple):
    """A posterior of the code from one origin.

    Attributes:
        origin: the view that it comes from, `"some"` of them, drawn anew for each row, or `"all"` of them together.
        q: q(z|origin) of each row.
        present: the rows that have what it comes from; the others are to be left out.
    """

    origin: str
    q: Distribution
    present: Bool[Array, "batch"]


class SeveralViews(Game, Encodes, Decodes, HasViews, Denoises):
    """A game of q(z|xᵥ) for each view, perhaps q(z|x₁, x₂, …), and p(xᵥ|z) or p(xᵥ|z, hᵥ); rows may lack views.

    Attributes:
        encoders: q(z|xᵥ), one a view; `None` for a view that no code is inferred from.
        joint: q(z|x₁, x₂, …), fed all views, flattened side by side; `None` for none.
        private: q(hᵥ|xᵥ), one a view: the codes of what each view has for itself; none where the views share all.
        private_dim: dimensions of a private code, which a decoder reads beside the shared one.
        decoders: p(xᵥ|z) or p(xᵥ|z, hᵥ), one a view.
        prior: p(z).
        names: the views' names.
        corruption: what is done to the views before they are encoded.
        experts: how the views that a row has give one code: each encoder tells the information of an expert q̃(z|xᵥ),
            and the code given the views S is that of p(z) Πᵥ∈S q̃(z|xᵥ). `None`: the mean of the codes of each.
    """

    n_labels: ClassVar[None] = None
    label_role: ClassVar[LabelRole] = None

    if TYPE_CHECKING:

        @property
        def encoders(self) -> tuple[Conditional | None, ...]: ...
        @property
        def joint(self) -> Conditional | None: ...
        @property
        def private(self) -> tuple[Conditional, ...]: ...
        @property
        def private_dim(self) -> int: ...
        @property
        def decoders(self) -> tuple[Conditional, ...]: ...
        @property
        def prior(self) -> Prior: ...
        @property
        def corruption(self) -> EachView | None: ...
        @property
        def experts(self) -> Experts | None: ...

    else:
        encoders: eqx.AbstractVar[tuple[Conditional | None, ...]]
        joint: eqx.AbstractVar[Conditional | None]
        private: eqx.AbstractVar[tuple[Conditional, ...]]
        private_dim: eqx.AbstractVar[int]
        decoders: eqx.AbstractVar[tuple[Conditional, ...]]
        prior: eqx.AbstractVar[Prior]
        corruption: eqx.AbstractVar[EachView | None]
        experts: eqx.AbstractVar[Experts | None]

    @property
    def origins(self) -> tuple[str, ...]:
        """What codes come from in training: each view that has an encoder, or some of them; all, with a joint one."""
        readable = (name for name, encoder in zip(self.names, self.encoders, strict=True) if encoder is not None)
        views = tuple(readable) if self.experts is None else ("some",)
        return views if self.joint is None else (*views, "all")

    @property
    def is_deterministic(self) -> bool:
        """Whether a row has one code: its encoders give points."""
        encoder = next(encoder for encoder in (*self.encoders, self.joint) if encoder is not None)
        return isinstance(encoder.head, DeterministicHead) and not encoder.noise_dim

    def corrupted(self, batch: Batch, key: PRNGKeyArray) -> Batch:
        """Rows as the encoders meet them in training."""
        if self.corruption is None:
            return batch
        noisy: Batch = eqx.tree_at(
            lambda batch: batch.views, batch, self.corruption(batch.views, stream(key, "corruption"))
        )
        return noisy

    def posteriors(self, batch: Batch, key: PRNGKeyArray, *, dropout: bool = True) -> list[Posterior]:
        """The posterior from each origin in a round.

        Args:
            batch: rows as the encoders meet them.
            key: of the round; all players that hand over the same one are shown the same views.
            dropout: with dropout and input noise.
        """
        noise = key if dropout else None
        origins = self._of_each_view(batch, noise)
        if self.experts is not None:
            shown = some_of(_present(origins), stream(key, "shown views"), proper=self.joint is not None)
            origins = [self._product(origins, shown)]
        return origins if self.joint is None else [*origins, self._of_all_views(batch, noise)]

    def private_posteriors(self, batch: Batch, key: PRNGKeyArray | None = None) -> list[Distribution]:
        """q(hᵥ|xᵥ) of each view, in training with a key; none where the views share all."""
        each = zip(self.names, self.private, batch.views, strict=False)
        return [encoder(x, _stream(key, f"private encoder of {name}")) for name, encoder, x in each]

    def encode(self, x: Batch, y: Any = None) -> Distribution:  # noqa: ARG002
        """q(z|x): the joint encoder's where a row has all views, else what those of the views that it has agree on.

        A row that has no view with an encoder has the code 0.
        """
        posteriors = self._of_each_view(x)
        if self.experts is not None:
            posteriors = [self._product(posteriors, _present(posteriors))]
        if self.joint is not None:
            posteriors.append(self._of_all_views(x))
        speak = _present(posteriors)
        if self.joint is not None:
            speak = speak.at[:, :-1].set(speak[:, :-1] & ~speak[:, -1:])
        weights = speak / jnp.maximum(speak.sum(axis=1, keepdims=True), 1)
        return Averaged(tuple(posterior.q for posterior in posteriors), weights)

    def decode(self, z: Float[Array, "batch latent"], y: Any = None) -> Joint:  # noqa: ARG002
        """p(x₁, x₂, … |z); private codes are 0, the mean of their prior."""
        return self.decode_in_training(z, None)

    def decode_in_training(
        self,
        z: Float[Array, "batch latent"],
        key: PRNGKeyArray | None,
        private: Sequence[Float[Array, "batch private"]] = (),
    ) -> Joint:
        """p(x₁, x₂, … |z, h₁, h₂, …), with dropout where there is a key; private codes are 0 unless they are given."""
        codes = self._with_private(z, private)
        each = zip(self.names, self.decoders, codes, strict=True)
        return Joint(tuple(decoder(code, _stream(key, f"decoder of {name}")) for name, decoder, code in each))

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:
        """A copy whose batch norms hold the statistics of these rows and of their codes."""

        def calibrate(what: str, networks: Sequence[Conditional | None], rows: Sequence[Any]) -> list[Any]:
            each = zip(self.names, networks, rows, strict=False)
            return [net and net.calibrated(x, stream(key, f"{what} of {name}"))[0] for name, net, x in each]

        together = side_by_side(batch.views)
        readers = [
            *calibrate("encoder", self.encoders, batch.views),
            self.joint and self.joint.calibrated(together, stream(key, "encoder of all"))[0],
            *calibrate("private encoder", self.private, batch.views),
        ]

        def places(game: Self) -> list[Any]:
            return [*game.encoders, game.joint, *(game.private if self.private else ())]

        game: Self = eqx.tree_at(places, self, readers, is_leaf=lambda leaf: leaf is None)
        codes = game._with_private(game.encode(batch).mean, [q.mean for q in game.private_posteriors(batch)])
        decoders = calibrate("decoder", game.decoders, codes)
        calibrated: Self = eqx.tree_at(lambda game: [*game.decoders], game, decoders)
        return calibrated

    def _of_each_view(self, batch: Batch, key: PRNGKeyArray | None = None) -> list[Posterior]:
        """What each encoder says; with a key, with dropout and input noise."""
        each = zip(self.names, self.encoders, batch.views, batch.has.T, strict=True)
        return [
            Posterior(name, encoder(x, _stream(key, f"encoder of {name}")), present)
            for name, encoder, x, present in each
            if encoder is not None
        ]

    def _of_all_views(self, batch: Batch, key: PRNGKeyArray | None = None) -> Posterior:
        assert self.joint is not None
        q = self.joint(side_by_side(batch.views), _stream(key, "encoder of all"))
        return Posterior("all", q, batch.has.all(axis=1))

    def _product(self, said: Sequence[Posterior], shown: Bool[Array, "batch views"]) -> Posterior:
        """The code given the views that are shown: p(z) Πᵥ q̃(z|xᵥ) (Wu & Goodman 2018, Section 2.2)."""
        assert self.experts is not None
        scale = self.prior.scale if isinstance(self.prior, Normal) else 1.0
        return Posterior("some", self.experts.product([each.q for each in said], shown, scale), shown.any(axis=1))

    def _with_private(
        self, z: Float[Array, "batch latent"], private: Sequence[Float[Array, "batch private"]]
    ) -> list[Float[Array, "batch both"]]:
        """What each decoder reads."""
        if not self.private_dim:
            return [z] * len(self.names)
        none = [jnp.zeros((z.shape[0], self.private_dim), z.dtype)] * len(self.names)
        return [jnp.concatenate([z, h], axis=1) for h in private or none]


def _present(posteriors: Sequence[Posterior]) -> Bool[Array, "batch posteriors"]:
    return jnp.stack([posterior.present for posterior in posteriors], axis=1)


def _stream(key: PRNGKeyArray | None, name: str) -> PRNGKeyArray | None:
    return None if key is None else stream(key, name)


def some_of(
    present: Bool[Array, "batch views"], key: PRNGKeyArray, *, proper: bool = False
) -> Bool[Array, "batch views"]:
    """Some of the views that each row has: as many as there are or fewer, all numbers of them equally likely.

    Args:
        present: the views that there are to choose from.
        key: of the draw.
        proper: of rows that have all, never all of them.
    """
    of_view, of_size = jax.random.split(key)
    n = present.sum(axis=1)
    most = jnp.where(present.all(axis=1), n - 1, n) if proper and present.shape[1] > 1 else n
    size = jax.random.randint(of_size, n.shape, 1, jnp.maximum(most, 1) + 1)
    luck = jnp.where(present, jax.random.uniform(of_view, present.shape), -1.0)
    rank = (luck[:, :, None] < luck[:, None, :]).sum(axis=2)
    return present & (rank < size[:, None])


def codes_of(posteriors: Sequence[Posterior], key: PRNGKeyArray) -> list[Float[Array, "batch latent"]]:
    """A draw from each origin; all players draw the same."""
    return [posterior.q.sample(stream(key, f"code of {posterior.origin}")) for posterior in posteriors]


def log_likelihoods(p: Joint, batch: Batch, origins: int) -> Float[Array, "origins batch"]:
    """Log p(x₁, x₂, … |z) in nats; a view that a row lacks asks nothing of its code.

    `p` is of the codes of all origins, one origin after the other: one pass of the decoders for all of them.
    """
    log_p = p.log_probs(tuple(jnp.concatenate([x] * origins) for x in batch.views))
    return (log_p.reshape(origins, batch.x.shape[0], -1) * batch.has).sum(axis=2)


def masked_mean(values: Shaped[Array, "batch *columns"], present: Bool[Array, "batch"]) -> Float[Array, "*columns"]:
    """The mean over the rows that are present."""
    return jnp.where(present, values.T, 0).T.sum(axis=0) / jnp.maximum(present.sum(), 1)


def side_by_side(views: Sequence[Float[Array, "batch ..."]]) -> Float[Array, "batch elements"]:
    """All views of each row, flattened, one beside the other."""
    return jnp.concatenate([x.reshape(x.shape[0], -1) for x in views], axis=1)
