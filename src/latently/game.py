"""The one idea: every model is a game of players.

A VAE has one player, a GAN two, an adversarial autoencoder three. A game holds the networks and the prior and names its
players; each player owns some parts of the game and moves them to lower its own loss. A game knows mathematics only: no
data set, no optimiser state, no device, no file.
"""

import abc
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, NamedTuple, Optional, Self, TypeAlias

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, PyTree, Shaped

from latently.errors import ArgumentError

_MOST_ROUNDS = 2**31 - 1
"""What a round's number on a device can be."""

Terms: TypeAlias = dict[str, Float[Array, ""]]
"""The named terms of a loss: scalars, unweighted."""

Schedule: TypeAlias = Callable[[Int[Array, ""]], Float[Array, ""]]
"""A weight that moves: from the round's number to the weight."""

Weight: TypeAlias = float | Schedule

Labels: TypeAlias = Int[Array, "batch"] | Float[Array, "batch elements"]
"""What is known of each row: its class, -1 where that is unknown; or its conditions, NaN where one is."""

LabelsKnown: TypeAlias = Literal["all", "some", "none"]
"""Of how many rows the labels are known."""

History: TypeAlias = Sequence[Mapping[str, float]]
"""`"player/term"` → its mean, for every chunk of rounds so far."""


class Batch(eqx.Module):
    """What one round of a game is played on: rows drawn from the data, one array a view.

    Attributes:
        views: one array per view, each of shape `[batch, *features]`, already scaled.
        labels: the class of each row, `-1` where it is unknown; or its conditions, which a game is told as they are,
            `[batch, elements]`, NaN in all elements of one that is unknown. `None` when the data has no labels at all.
        labelled: a second, independent draw from the labelled rows alone. With 100 labels in 60,000 rows a uniform
            batch holds none, so a supervised term takes its mean over this draw instead of masking the first.
        present: which views each row has, where rows may lack some; the rows of a view that is not present are zeros.

    Example:
        >>> Batch(views=(jnp.ones((4, 2)),)).x.shape
        (4, 2)
    """

    views: tuple[Shaped[Array, "batch ..."], ...]
    labels: Labels | None = None
    labelled: Optional["Batch"] = None
    present: Bool[Array, "batch views"] | None = None

    @property
    def x(self) -> Shaped[Array, "batch ..."]:
        """The first view: the only one of most models."""
        return self.views[0]

    @property
    def y(self) -> Labels:
        """The labels, of a batch that has them."""
        if self.labels is None:
            raise ValueError("the batch has no labels, but the game learns from them; hand labels to the feed.")
        return self.labels

    @property
    def known(self) -> "Batch":
        """Rows whose labels are known: the second draw, or this one where all rows have a label."""
        return self if self.labelled is None else self.labelled

    @property
    def has(self) -> Bool[Array, "batch views"]:
        """Which views each row has."""
        return jnp.ones((self.x.shape[0], len(self.views)), bool) if self.present is None else self.present


def masked(
    views: tuple[Float[Array, "batch ..."], ...], present: Bool[Array, "batch views"]
) -> tuple[Float[Array, "batch ..."], ...]:
    """Views with zeros in the place of what a row lacks, whatever stands there.

    Example:
        >>> [view.tolist() for view in masked((jnp.full((2, 1), jnp.nan),), jnp.array([[True], [False]]))]
        [[[nan], [0.0]]]
    """
    columns = (present[:, place].reshape(-1, *[1] * (x.ndim - 1)) for place, x in enumerate(views))
    return tuple(jnp.where(column, x, 0.0) for column, x in zip(columns, views, strict=True))


Loss: TypeAlias = Callable[[Any, Batch, PRNGKeyArray], Terms]


@dataclasses.dataclass(frozen=True)
class Player:
    """One player of a game: what it owns, what it wants, and how it moves.

    Attributes:
        name: how the player is called in logs.
        parts: the fields of the game that it owns; they may overlap another player's. Its gradient is taken with
            respect to these alone, so no gradient can leak into a part that it does not own.
        loss: `loss(game, batch, key)` gives the named terms, each a scalar, unweighted.
        optimizer: how the player moves.
        weights: a number or a schedule (round → weight) for each term; a term that is not named weighs 1, and a
            term that weighs the number 0 is a diagnostic: logged, never differentiated.
        updates: how many updates the player makes in a round.

    Example:
        >>> lowered = Player("fit", ("center",), lambda game, batch, key: {"square": game.center**2}, optax.sgd(0.1))
        >>> lowered.updates, lowered.weights
        (1, {})
    """

    name: str
    parts: tuple[str, ...]
    loss: Loss
    optimizer: optax.GradientTransformation
    weights: Mapping[str, Weight] = dataclasses.field(default_factory=dict)
    updates: int = 1

    def objective(
        self, game: "Game", batch: Batch, key: PRNGKeyArray, round_: Int[Array, ""]
    ) -> tuple[Float[Array, ""], Terms]:
        """The weighted sum of the terms, and the raw terms beside it."""
        terms = self.loss(game, batch, key)
        weights = {name: self.weights.get(name, 1.0) for name in terms if self._counts(name)}
        weighted = [(of(round_) if callable(of) else of) * terms[name] for name, of in weights.items()]
        return sum(weighted, jnp.zeros(())), terms

    def _counts(self, term: str) -> bool:
        weight = self.weights.get(term, 1.0)
        return callable(weight) or weight != 0.0

    def owns(self, game: "Game") -> PyTree[bool]:
        """The mask, shaped like the game, of the arrays that this player may change."""
        return jax.tree_util.tree_map_with_path(
            lambda path, leaf: eqx.is_inexact_array(leaf) and path[0].name in self.parts, game
        )


class Cells(NamedTuple):
    """What a column of a table is in an event: a kind of distribution, over one element or several side by side.

    Attributes:
        kind: `"gaussian"`, `"student"`, `"poisson"`, `"negative-binomial"`, `"bernoulli"` or `"categorical"`.
        width: how many elements it takes: one for each word of a categorical column.
        offset: of counts, whose element is (log(1 + count) - offset) / scale.
        scale: likewise.
    """

    kind: str
    width: int
    offset: float = 0.0
    scale: float = 1.0


@dataclasses.dataclass(frozen=True)
class Task:
    """What a game is built for; it is saved with the model, so that the same game can be built again.

    Attributes:
        shape: of a row as networks read it, such as `(784,)` or `(28, 28, 1)`; of several views, one each.
        range: where the numbers of a row lie: `"unit"` is [0, 1], `"symmetric"` is [-1, 1], `"real"` has mean 0 and
            deviation 1; of several views, one each.
        rows: how many rows there are to learn from.
        n_labels: the number of classes, or of clusters to be found; `None` for a model that knows none, or is told
            conditions.
        labels_known: of `"all"`, `"some"` or `"none"` of the rows.
        rounds: how many rounds will be played.
        views: the names of the views, where there are several.
        cells: of the columns of a table with gaps or of several kinds, in the order of the row; else none.
        conditions: what each row comes with that is more than one class: several labels, measured numbers; else none.
    """

    shape: tuple[Any, ...]
    range: Any
    rows: int
    n_labels: int | None
    labels_known: LabelsKnown
    rounds: int
    views: tuple[str, ...] = ()
    cells: tuple[Cells, ...] = ()
    conditions: tuple[Cells, ...] = ()

    def of_view(self, place: int) -> "Task":
        """The task of one view alone, by its place."""
        return dataclasses.replace(self, shape=self.shape[place], range=self.range[place], views=())

    def rounds_in(self, epochs: float, batch_size: int) -> int:
        """The rounds of so many passes over the data in batches of so many rows, one at least."""
        return rounds_in(epochs, self.rows / min(batch_size, self.rows))


def rounds_in(epochs: float, rounds_per_epoch: float) -> int:
    """The rounds of so many passes over the data, one at least.

    Raises:
        ArgumentError: they are more than can be counted.
    """
    if epochs * rounds_per_epoch > _MOST_ROUNDS:
        most = f"{_MOST_ROUNDS / rounds_per_epoch:,.0f}"
        raise ArgumentError("epochs", f"must be {most} or less: a fit has {_MOST_ROUNDS:,} rounds at most", epochs)
    return max(1, round(epochs * rounds_per_epoch))


class Game(eqx.Module):
    """A model: networks, a prior, and the players that train them.

    Subclasses are final. They state their mathematics as losses and name their players; everything else (batches,
    optimiser states, devices, files) belongs to the trainer.

    Example:
        A game of one player that fits a mean.

        >>> import jax, optax
        >>> class Mean(Game):
        ...     center: jax.Array
        ...     def players(self):
        ...         return (Player("mean", ("center",), Mean.distance, optax.sgd(0.1)),)
        ...     def distance(self, batch, key):
        ...         return {"distance": ((batch.x - self.center) ** 2).mean()}
        >>> game = Mean(jax.numpy.zeros(2))
        >>> check_game(game, Batch(views=(jax.numpy.ones((4, 2)),)))
    """

    frozen: ClassVar[tuple[str, ...]] = ()
    """Fields that hold arrays which nobody moves, such as a model that was fitted before."""

    draws_labelled: ClassVar[bool] = False
    """Whether a round draws from the labelled rows a second time (`batch.labelled`), where only some have labels."""

    added: ClassVar[tuple[str, ...]] = ()
    """Fields of arrays that came with a later version: in a file without them they are zeros."""

    @abc.abstractmethod
    def players(self) -> tuple[Player, ...]:
        """The players, in the order in which they move within a round."""

    def calibrated(self, batch: Batch, key: PRNGKeyArray) -> Self:  # noqa: ARG002
        """A copy whose batch norms hold the statistics of these rows; only that copy is used for inference."""
        return self

    def diagnose(self, history: History) -> tuple[str, ...]:  # noqa: ARG002
        """Warnings that the terms give rise to: sentences, with arguments marked as in `latently.errors`."""
        return ()


def check_game(game: Game, batch: Batch) -> None:
    """Check that the players fit the game, without compiling or computing anything.

    Args:
        game: the game.
        batch: a batch of the shapes that it will be played on; arrays or `jax.ShapeDtypeStruct`s.

    Raises:
        ValueError: a part is no field of the game, two players share a name, an array belongs to no player, a loss
            does not depend on a part that its player owns, a term is no scalar, or a weight names a term that the
            loss does not return.
    """
    players = game.players()
    names = [player.name for player in players]
    if len(set(names)) < len(names):
        raise ValueError(f"{type(game).__name__}: two players share a name in {names}; give each player its own.")
    _check_owners(game, players)
    for player in players:
        _check_loss(game, player, batch)


def _check_owners(game: Game, players: tuple[Player, ...]) -> None:
    who, fields = type(game).__name__, [field.name for field in dataclasses.fields(game)]
    for player in players:
        for part in player.parts:
            if part not in fields:
                raise ValueError(
                    f"{who}: player {player.name!r} owns {part!r}, which is no field of the game; its fields are "
                    f"{', '.join(fields)}."
                )
        if player.updates < 1:
            raise ValueError(f"{who}: player {player.name!r} makes {player.updates} updates; make it 1 or more.")
    owned = {part for player in players for part in player.parts} | set(game.frozen)
    for path, leaf in jax.tree_util.tree_leaves_with_path(game):
        if eqx.is_array(leaf) and path[0].name not in owned:
            raise ValueError(
                f"{who}: no player owns {jax.tree_util.keystr(path)[1:]}; name {path[0].name!r} among a player's "
                "parts or in `frozen`, or keep the value as a static field."
            )


def _check_loss(game: Game, player: Player, batch: Batch) -> None:
    read = _read(game, player, batch)
    who = f"{type(game).__name__}: the loss of player {player.name!r}"
    for name, term in read.terms.items():
        if term.shape != ():
            raise ValueError(
                f"{who} returns the term {name!r} of shape {term.shape}; a term is a scalar: take its mean."
            )
    for name in player.weights:
        if name not in read.terms:
            raise ValueError(f"{who} has a weight for {name!r} but returns only {', '.join(map(repr, read.terms))}.")
    reached = read.parts_reached([player._counts(name) for name in read.terms])
    for part in player.parts:
        if part in read.parts and part not in reached:
            raise ValueError(
                f"{who} does not depend on {part!r}, which it owns; use it in the loss, or give the part up."
            )


class Role(NamedTuple):
    """What a player does in a game, read off the code of its loss.

    Attributes:
        player: whose role it is.
        moves: the parts that it owns and that have weights, as the game was built.
        weights: term of the loss → what it weighs there, in the order in which the loss gives the terms.
        looks_at: the parts of the game that the loss depends on, though the player does not own them.
    """

    player: Player
    moves: tuple[str, ...]
    weights: dict[str, Weight]
    looks_at: tuple[str, ...]


def roles(game: Game, batch: Batch) -> tuple[Role, ...]:
    """What each player of a game does, in the order in which they move; nothing is compiled or computed.

    Args:
        game: the game; its arrays may be `jax.ShapeDtypeStruct`s.
        batch: as for `check_game`.

    Example:
        >>> import jax, optax
        >>> class Chase(Game):
        ...     fox: jax.Array
        ...     hare: jax.Array
        ...     def players(self):
        ...         return (Player("fox", ("fox",), Chase.gap, optax.sgd(0.1)),)
        ...     def gap(self, batch, key):
        ...         return {"gap": ((self.fox - self.hare) ** 2).mean()}
        >>> (fox,) = roles(Chase(jnp.zeros(2), jnp.ones(2)), Batch(views=(jnp.ones((4, 2)),)))
        >>> fox.moves, fox.looks_at, fox.weights
        (('fox',), ('hare',), {'gap': 1.0})
    """
    found = []
    for player in game.players():
        read = _read(game, player, batch)
        reached = read.parts_reached([True] * len(read.terms))
        moves = tuple(part for part in player.parts if part in read.parts)
        weights = {name: player.weights.get(name, 1.0) for name in read.order}
        found.append(Role(player, moves, weights, tuple(part for part in reached if part not in player.parts)))
    return tuple(found)


class _Read(NamedTuple):
    """A loss that was traced.

    Attributes:
        jaxpr: its program, from the arrays of the game, the batch and the key to the terms.
        terms: in the order of their names, as the program gives them.
        order: the names, in the order in which the loss gives them.
        places: the part of the game that each of its arrays belongs to.
    """

    jaxpr: Any
    terms: dict[str, Any]
    order: list[str]
    places: list[str]

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts of the game that have arrays."""
        return tuple(dict.fromkeys(self.places))

    def parts_reached(self, counted: list[bool]) -> tuple[str, ...]:
        """The parts that a gradient of some of the terms can reach."""
        reached = _inputs_reached(self.jaxpr, counted)[: len(self.places)]
        hit = {place for place, is_hit in zip(self.places, reached, strict=True) if is_hit}
        return tuple(part for part in self.parts if part in hit)


def _read(game: Game, player: Player, batch: Batch) -> _Read:
    arrays, static = eqx.partition(game, lambda leaf: eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct))
    order: list[str] = []

    def loss(arrays: Game, batch: Batch, key: PRNGKeyArray) -> dict[str, Array]:
        terms = player.loss(eqx.combine(arrays, static), batch, key)
        order.extend(terms)  # JAX hands a dict back in the order of its keys
        return terms

    key = jax.eval_shape(lambda: jax.random.key(0))
    jaxpr, terms = jax.make_jaxpr(loss, return_shape=True)(arrays, batch, key)
    places = [path[0].name for path, _ in jax.tree_util.tree_leaves_with_path(arrays)]
    return _Read(jaxpr.jaxpr, {name: terms[name] for name in sorted(terms)}, order, places)


def _inputs_reached(jaxpr: Any, outputs: list[bool]) -> list[bool]:
    """Which inputs of a jaxpr a gradient of the chosen outputs can reach (inner jaxprs are taken to pass it to all)."""
    live = {id(var) for var, wanted in zip(jaxpr.outvars, outputs, strict=True) if wanted}
    for equation in reversed(jaxpr.eqns):
        if equation.primitive.name != "stop_gradient" and any(
            id(var) in live and jnp.issubdtype(var.aval.dtype, jnp.inexact) for var in equation.outvars
        ):
            live.update(id(var) for var in equation.invars)
    return [id(var) in live for var in jaxpr.invars]
