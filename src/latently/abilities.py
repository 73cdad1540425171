"""What a model can do: abstract interfaces that games list among their bases, and the one table that reads them.

A game states its abilities by the interfaces that it implements. Some hold for a game as it was built, not for its
class: an adversarial autoencoder bounds a likelihood only where its encoder has a density. `abilities(game)` is the one
place that tells; `hasattr` of an estimator's methods, the sentences of errors, evaluation, reports and the terminal all
read it.
"""

import abc
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeAlias

import equinox as eqx
import jax
from jaxtyping import Array, Float

from latently.networks import MarkGaps
from latently.probability import Corruption, Distribution, EachView, Joint, Normal, Prior

LabelRole: TypeAlias = Literal["decoder", "prior"] | None
"""Where a label that is asked for goes: to the decoder, beside the code; to the prior, which draws from the region of
the label; or nowhere."""


class Encodes(eqx.Module):
    """A game that gives a code for a row."""

    @abc.abstractmethod
    def encode(self, x: Any, y: Float[Array, "batch classes"] | None = None) -> Distribution:
        """The posterior of the code, q(z|x), or q(z|x, y) where the encoder is told the label.

        Args:
            x: prepared rows, `[batch, ...]`; of several views a `Batch`, which says which views a row has.
            y: one-hot labels, or conditions with NaN for unknown ones, for a game whose `label_role` is `"decoder"`.
        """


class Decodes(eqx.Module):
    """A game that gives data for a code, and a prior to draw codes from.

    Attributes:
        prior: p(z): what codes look like.
        n_labels: how many classes the game knows; `None` where it knows none, or its decoder is given conditions.
        label_role: where a label goes that is asked for.
    """

    if TYPE_CHECKING:  # a type checker would take an abstract variable for a field

        @property
        def prior(self) -> Prior: ...
        @property
        def n_labels(self) -> int | None: ...
        @property
        def label_role(self) -> LabelRole: ...

    else:
        prior: eqx.AbstractVar[Prior]
        n_labels: eqx.AbstractVar[int | None]
        label_role: eqx.AbstractVar[LabelRole]

    @abc.abstractmethod
    def decode(
        self, z: Float[Array, "batch latent"], y: Float[Array, "batch classes"] | None = None
    ) -> Distribution | Joint:
        """The likelihood p(x|z), or p(x|y, z) where the decoder is given the label; of several views a joint one."""


class Classifies(eqx.Module):
    """A game that tells classes apart: those of the labels, or clusters of its own making.

    Attributes:
        n_labels: how many; `None` for a game that was built without labels, and then tells none.
        aims_at_classes: whether that is what the game is for, so that it is as good as the classes that it tells.
    """

    aims_at_classes: ClassVar[bool] = False

    if TYPE_CHECKING:

        @property
        def n_labels(self) -> int | None: ...

    else:
        n_labels: eqx.AbstractVar[int | None]

    @property
    def log_prior(self) -> Float[Array, "classes"] | None:
        """Log p(y), up to a constant; `None` where all classes are equally likely."""
        return None

    @abc.abstractmethod
    def class_scores(self, x: Any) -> Float[Array, "batch classes"]:
        """How well each class explains each row, as logits."""


class Bounds(eqx.Module):
    """A game that bounds the likelihood of the data: q(z|x), p(z) and p(x|z) have densities.

    Attributes:
        has_densities: whether they do, as the game was built.
    """

    if TYPE_CHECKING:

        @property
        def has_densities(self) -> bool: ...

    else:
        has_densities: eqx.AbstractVar[bool]


class Explanation(NamedTuple):
    """A draw of all that is latent of rows.

    Attributes:
        code: z.
        likelihood: p(x) given all that was drawn.
        log_ratio: log p − log q of all that was drawn.
    """

    code: Float[Array, "batch latent"]
    likelihood: Distribution
    log_ratio: Float[Array, "batch"]


class HasAuxiliary(eqx.Module):
    """A game that draws an auxiliary variable of each row before the code, so that q(z|x) is no Gaussian, but many."""

    @abc.abstractmethod
    def explanation(
        self,
        x: Any,
        y: Float[Array, "batch classes"],
        draw: Callable[[Distribution, str], Float[Array, "batch dimensions"]],
    ) -> Explanation:
        """A draw of the auxiliary variable and the code, and what they say of x.

        Args:
            x: prepared rows, `[batch, ...]`.
            y: one-hot labels.
            draw: from a distribution, by the name of its own stream.
        """


class ReadsGaps(eqx.Module):
    """A game that reads rows some of whose cells are missing, where it was built for a table: see `MarkGaps`."""


class TakesConditions(eqx.Module):
    """A game that may be told, in the place of one class a row, conditions: several labels, measured numbers."""


class Denoises(eqx.Module):
    """A game whose encoder can be shown corrupted rows in training, so that it learns to give clean ones back.

    Attributes:
        corruption: what is done to x before it is encoded; `None` for nothing.
    """

    if TYPE_CHECKING:

        @property
        def corruption(self) -> Corruption | EachView | None: ...

    else:
        corruption: eqx.AbstractVar[Corruption | EachView | None]


class HasViews(eqx.Module):
    """A game whose rows have several views; those that a row lacks can be completed.

    Attributes:
        names: of the views, in order.
    """

    if TYPE_CHECKING:

        @property
        def names(self) -> tuple[str, ...]: ...

    else:
        names: eqx.AbstractVar[tuple[str, ...]]


class Ability(NamedTuple):
    """Something that a model can be asked.

    Attributes:
        can: what it is, as a verb: "the model cannot encode data".
        needs: the interfaces that a game has to implement.
        lacks: why a game that does not implement them cannot, a clause.
        when: what has to hold besides, for a game as it was built.
        unmet: why a game for which that does not hold cannot, and what would help.
        methods: of an estimator, that are there only where the model has the ability.
        of_data: whether it hangs on the data that a model is fitted on: one that is not fitted may have it.
    """

    can: str
    needs: tuple[type, ...]
    lacks: str
    when: Callable[[Any], bool] = lambda game: True  # noqa: ARG005
    unmet: str = ""
    methods: tuple[str, ...] = ()
    of_data: bool = False


def _gives_label_to_decoder(game: Any) -> bool:
    return bool(game.label_role == "decoder")


def _is_told_conditions(game: Any) -> bool:
    return _gives_label_to_decoder(game) and game.n_labels is None


def _reads_gaps(game: Any) -> bool:
    """Whether what a network reads first may have gaps: rows, that is, and not what it is told of them."""
    return any(map(_marks_gaps, jax.tree.leaves(game, is_leaf=_marks_gaps)))


def _marks_gaps(layer: Any) -> bool:
    return isinstance(layer, MarkGaps) and layer.start == 0


_NO_ENCODER = "it has no encoder"
_NO_LABELS = "it was fitted without classes; fit it with labels of one class a row"
_NO_DENSITY = "it has no posterior, or no likelihood, with a density over the data"
_UNMET_DENSITY = "that needs an encoder and a prior with a density: {encoder=gaussian}, and a {prior} that is no curve"
_NO_LABEL_TO_DECODER = "its decoder is given no label"

ABILITIES: dict[str, Ability] = {
    "encode": Ability(
        "encode data",
        (Encodes,),
        _NO_ENCODER,
        methods=("transform", "fit_transform", "set_output", "get_feature_names_out", "aggregate_codes", "peek"),
    ),
    "decode": Ability(
        "reconstruct data",
        (Encodes, Decodes),
        _NO_ENCODER,
        methods=("reconstruct", "interpolate", "outlier_scores", "fit_sampler"),
    ),
    "sample": Ability("draw from a prior", (Decodes,), "it has no prior"),
    "sample_labels": Ability(
        "draw data of a class",
        (Decodes,),
        "it has no prior",
        lambda game: game.label_role is not None and game.n_labels is not None,
        "no label is tied to its codes or given to its decoder",
    ),
    "sample_conditions": Ability(
        "draw data under conditions",
        (Decodes, TakesConditions),
        "it learns from one class a row, if it learns from labels",
        _is_told_conditions,
        "no conditions were given to fit, such as several labels or measured numbers",
        of_data=True,
    ),
    "predict": Ability(
        "predict classes",
        (Classifies,),
        "it tells no classes apart",
        lambda game: game.n_labels is not None,
        _NO_LABELS,
        ("predict", "predict_proba"),
    ),
    "log_likelihood": Ability(
        "bound its log-likelihood",
        (Bounds,),
        _NO_DENSITY,
        lambda game: game.has_densities,
        _UNMET_DENSITY,
        ("score_samples",),
    ),
    "score": Ability(
        "score rows",  # in nats by its bound; a kind of model that bounds nothing, by what it reconstructs
        (Encodes, Decodes),
        _NO_ENCODER,
        lambda game: not isinstance(game, Bounds) or game.has_densities,
        _UNMET_DENSITY,
        ("score",),
    ),
    "label_likelihood": Ability(
        "bound its log-likelihood given labels",
        (Bounds, Decodes),
        _NO_DENSITY,
        lambda game: game.has_densities and _gives_label_to_decoder(game),
        _NO_LABEL_TO_DECODER,
    ),
    "restyle": Ability(
        "decode a code under another label",
        (Encodes, Decodes),
        _NO_ENCODER,
        _gives_label_to_decoder,
        _NO_LABEL_TO_DECODER,
        ("restyle",),
    ),
    "impute": Ability(
        "fill in missing cells",
        (Encodes, Decodes, ReadsGaps),
        "it reads no rows with gaps",
        _reads_gaps,
        "it was fitted on rows without gaps; fit it on a table that has some, or columns of several kinds",
        ("impute",),
        of_data=True,
    ),
    "complete": Ability("complete a missing view", (HasViews,), "its rows have one view", methods=("complete",)),
    "posterior_kl": Ability(
        "give its posterior's KL in closed form",
        (Bounds, Decodes),
        _NO_DENSITY,
        lambda game: game.has_densities and isinstance(game.prior, Normal),
        "a closed form needs a Gaussian encoder and a normal prior: {encoder=gaussian}, {prior=normal}",
        ("posterior_kl",),
    ),
    "denoise": Ability(
        "clean noise",
        (Denoises,),
        "nothing corrupts its rows in training",
        lambda game: game.corruption is not None,
        "it was fitted without a corruption, so it has not learned to; fit it with {corruption=gaussian:0.5}, say",
        ("corrupt",),
    ),
}
"""Name → ability, in the order in which they are told."""


def is_able(game: Any, name: str) -> bool:
    """Whether a game, as it was built, has an ability; its arrays may be shapes alone."""
    ability = ABILITIES[name]
    return may(type(game), name) and ability.when(game)


def may(game_type: type, name: str) -> bool:
    """Whether games of a class can have an ability, however they are built."""
    return all(issubclass(game_type, interface) for interface in ABILITIES[name].needs)


def abilities(game: Any) -> frozenset[str]:
    """The names of all that a game, as it was built, can be asked."""
    return frozenset(name for name in ABILITIES if is_able(game, name))


def inability(game_type: type, name: str) -> str:
    """Why a game of a class cannot do something: a clause with marked arguments (see `latently.errors`)."""
    ability = ABILITIES[name]
    return ability.unmet if may(game_type, name) else ability.lacks
