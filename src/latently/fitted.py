"""A fitted model: a game that was trained, with what was done to its data; and all that it can be asked."""

import itertools
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, PRNGKeyArray, Shaped

from latently import abilities, inference
from latently.data import (
    ConditionPreprocessing,
    Preprocessing,
    Table,
    TablePreprocessing,
    ViewsPreprocessing,
    label_values,
)
from latently.data.conditions import asked_conditions, warn_of_far
from latently.data.rows import spread_rows
from latently.errors import ArgumentError
from latently.game import Batch, Task
from latently.sampler import MOST_ROWS, Sampler
from latently.scatter import Scatter
from latently.streams import stream

LEAST_ROWS = 8
"""Fewer of a class, or of all, have no sampler unless one is asked for."""
MOST_COLUMNS = 10_000
"""Rows with more have no sampler but of codes."""
SCATTER_NUMBERS = 2**24
"""Of tables so many numbers, at most, are looked at by a sampler."""
OUTLIER_DRAWS = 16
"""Draws behind the bound of a row that may be an outlier: with one, the draw's own luck would decide."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """A game that was trained, with what it takes to speak to it in the units of the data.

    It encodes, decodes, bounds, samples and classifies rows in pieces, so that memory stays bounded whatever their
    number. Rows are those that `preprocessing.check` lets pass; labels are the values of `label_values`, or conditions
    as `latently.data.conditions.asked_conditions` reads them.

    Attributes:
        game: its batch norms calibrated; it implements the interfaces of `latently.abilities`.
        preprocessing: what was done to the data.
        classes: the labels that it learned, in order; `None` where there were none.
        task: what the game was built for.
        conditions: what was done to the conditions that it learned; `None` where there were none.
        sampler: where codes that are to be decoded come from; `None` for the prior.
    """

    game: Any
    preprocessing: Preprocessing | TablePreprocessing | ViewsPreprocessing
    classes: Shaped[np.ndarray, "classes"] | None
    task: Task
    conditions: ConditionPreprocessing | None = None
    sampler: Sampler | None = None

    @property
    def abilities(self) -> frozenset[str]:
        """The names of all that it can be asked (see `latently.abilities`); clusters are no labels to draw by."""
        able = abilities.abilities(self.game)
        return able if self.classes is not None else able - {"sample_labels"}

    @property
    def assumed(self) -> tuple[str, ...]:
        """What was guessed of rows and conditions (see `latently.data.assumptions`)."""
        return (
            *self.preprocessing.assumed,
            *(() if self.conditions is None else self.conditions.preprocessing.assumed),
        )

    @property
    def decodes_labels(self) -> bool:
        """Whether the decoder is given the label beside the code."""
        return bool(self.game.label_role == "decoder")

    @property
    def draws_rows(self) -> bool:
        """Whether a sample is a draw from p(x|z): of tables, whose numbers scatter around what a code stands for.

        A picture is shown as its mean, and a generator without a likelihood has nothing else.
        """
        done = self.preprocessing
        if isinstance(done, TablePreprocessing):
            return True
        parts = done.views.values() if isinstance(done, ViewsPreprocessing) else (done,)
        vectors = all(part.range == "real" and len(part.row_shape) == 1 for part in parts)
        return vectors and abilities.may(type(self.game), "encode")

    @property
    def scatters(self) -> bool:
        """Whether a sampler draws what rows have beside their means with their codes: of tables of numbers."""
        vectors = isinstance(self.preprocessing, Preprocessing) and self.preprocessing.n_features <= MOST_COLUMNS
        return self.draws_rows and vectors

    @property
    def label_values(self) -> Shaped[np.ndarray, "classes"] | None:
        """The labels that it takes: the classes that it learned, or the numbers of its clusters."""
        if self.game.label_role is None or self.conditions is not None:
            return None
        return np.arange(self.game.n_labels) if self.classes is None else self.classes

    def codes(self, rows: Any, labels: Any = None) -> Float[np.ndarray, "rows latent"]:
        """The mean of q(z|x) of each row, of q(z|x, y) where the decoder is given the label."""
        return self._ask(inference.code_means, rows, self._given(labels, len(rows)))

    def draw_codes(self, rows: Any, seed: int, labels: Any = None) -> Float[np.ndarray, "rows latent"]:
        """One draw of q(z|x) for each row: together, a sample of the aggregated posterior."""
        keys, game = _keys(seed), self.game
        given = self._given(labels, len(rows))
        return self._on_rows(lambda *piece: inference.code_draws(game, next(keys), *piece), rows, given)

    def decode(
        self,
        z: Float[np.ndarray, "n numbers"],
        weights: Float[np.ndarray, "n classes"] | None = None,
        noise: int | None = None,
        *,
        first: int = 0,
        among: int | None = None,
    ) -> Any:
        """The mean of p(x|z) of each code, in the units of the data; name → rows where there are several views.

        A decoder that is given the label takes weights of the classes: one-hot, or between classes. With a seed of
        `noise`, a row is drawn from p(x|z); or, where more than a code is given, by the sampler's scatter.

        Args:
            z: the codes; or codes and what is behind them, as `draw` gives them.
            weights: of the classes.
            noise: the seed, where rows are drawn.
            first: the number of the first one, where they are a part of more; a multiple of what a piece holds.
            among: how many there are in all; the rows are then those that all together would give.
        """
        scatter = None if self.sampler is None else self.sampler.scatter
        if scatter is not None:
            z, along = np.split(z, [self.game.prior.dim], axis=1)
            if noise is not None and along.shape[1]:
                mean = self._asked(inference.data_means, of_codes=True)
                means = inference.in_pieces(mean, z, lambda piece: (piece,), weights, among)
                rows: Any = self.preprocessing.inverse(means + scatter.draw(z, along, noise, first))
                return scatter.written(rows)
        if noise is None:
            asked = self._asked(inference.data_means, of_codes=True, writes=True)
            return self._in_units(inference.in_pieces(asked, z, lambda piece: (piece,), weights, among))
        game, before = self.game, first // inference.piece_rows(among or len(z), z.shape[1])
        keys = itertools.islice(_keys(noise, "rows"), before, None)
        return self.preprocessing.inverse(
            inference.in_pieces(
                lambda *piece: inference.data_draws(game, next(keys), *piece), z, labels=weights, among=among
            )
        )

    def impute(self, rows: Table, n_samples: int, seed: int, labels: Any = None, *, drawn: bool = False) -> Table:
        """The rows of a table with a value for each cell; what is there stays, but for the rounding of float32.

        Args:
            rows: of which some cells are missing.
            n_samples: codes behind each row.
            seed: of the draws.
            labels: as for `codes`.
            drawn: whether missing cells are drawn, instead of their mean, or likeliest word.
        """
        game, keys = self.game, _keys(seed, "imputation")

        def filled(*piece: Any) -> Any:
            key, choice = jax.random.split(next(keys))
            return inference.imputations(game, jax.random.split(key, n_samples), choice, *piece)[drawn]

        expected: Any = self._on_rows(filled, rows, self._given(labels, len(rows)))
        expected = self.preprocessing.inverse(expected)
        values = np.where(rows.missing, np.asarray(expected), np.asarray(rows))
        return Table(rows.columns, values, rows.container)

    def reconstruct(self, rows: Any, labels: Any = None) -> Any:
        """Each row, encoded to its mean code and decoded again, under its label where the decoder is given one."""
        asked, given = self._asked(inference.reconstructions, writes=True), self._given(labels, len(rows))
        return self._in_units(inference.in_pieces(asked, rows, self.preprocessing.stored, given))

    def sampler_of(
        self,
        rows: Any,
        labels: Any = None,
        groups: Int[np.ndarray, "rows"] | None = None,
        classes: Shaped[np.ndarray, "groups"] | None = None,
        parts: int | None = None,
        seed: int = 0,
    ) -> Sampler:
        """What draws codes from where those of rows lie; of tables of numbers, what their rows have beside them, too.

        Args:
            rows: of tables of numbers, some of them will do.
            labels: of the rows, as for `codes`.
            groups: as for `Sampler.fit`, likewise all that follow.
            classes: of the groups.
            parts: Gaussians a group.
            seed: of all that is drawn.
        """
        if not self.scatters:
            return Sampler.fit(self.draw_codes(rows, seed, labels), groups, classes, parts, seed)
        codes, weights = self.codes(rows, labels), self.label_weights(rows, labels)
        some = spread_rows(len(rows), min(MOST_ROWS, max(2, SCATTER_NUMBERS // self.preprocessing.n_features)))
        codes, rows = codes[some], rows[some]
        groups, weights = (None if each is None else each[some] for each in (groups, weights))
        asked = self._asked(inference.data_means, of_codes=True)
        means = inference.in_pieces(asked, codes, lambda piece: (piece,), weights)
        read = inference.in_pieces(jnp.asarray, rows, self.preprocessing)
        scatter, along, units = Scatter.fit(codes, means, read, np.asarray(rows), seed)
        return Sampler.fit(np.hstack([codes, along]), groups, classes, parts, seed, scatter, units)

    def usual_sampler(self, rows: Any, places: Shaped[np.ndarray, "rows ..."] | None) -> Sampler | None:
        """What draws the rows of a table of numbers unless something else is asked for; `None` of other data.

        Each class has a mixture of its own where the model knows labels, and so has each of its own clusters.

        Args:
            rows: that were learned from, or some of them.
            places: of their classes among those that are known, -1 for an unknown one.
        """
        if not self.scatters or self.conditions is not None or len(rows) < LEAST_ROWS:
            return None
        role, classes, told, groups = self.game.label_role, self.label_values, None, places
        if role is None or classes is None:
            return self.sampler_of(rows)
        if self.classes is not None and places is not None and (places >= 0).all():
            told = self.classes[places]
        if role == "decoder":
            weights: Any = self.label_weights(rows, told)
            groups = np.argmax(weights, axis=1)
        elif self.classes is None:
            groups = np.argmax(self.class_probabilities(rows), axis=1)
        if groups is None or np.bincount(groups[groups >= 0], minlength=len(classes)).min() < LEAST_ROWS:
            return None if role == "prior" else self.sampler_of(rows, told)
        return self.sampler_of(rows, told, groups, classes)

    def label_weights(self, rows: Any, labels: Any = None) -> Float[np.ndarray, "rows classes"] | None:
        """The labels of rows as one-hot weights, the likeliest class in the place of an unknown one; or conditions.

        `None` for a decoder that is given no label.
        """
        given = self._given(labels, len(rows))
        return None if given is None else self._ask(inference.label_weights, rows, given)

    def class_probabilities(self, rows: Any) -> Float[np.ndarray, "rows classes"]:
        """p(y|x) of each row."""
        return self._ask(inference.class_probabilities, rows)

    def bounds(
        self, rows: Any, n_samples: int, kind: Literal["elbo", "importance"], seed: int, labels: Any = None
    ) -> Float[np.ndarray, "rows"]:
        """A lower bound on log p(x) of each row, or on log p(x|y), in nats (see `LatentModel.score_samples`)."""
        keys = jax.random.split(jax.random.key(seed), n_samples)
        bound = partial(inference.likelihood_bound, self.game, kind, keys)
        return self._on_rows(bound, rows, self._given(labels, len(rows)))

    def strangeness(self, rows: Any, seed: int, labels: Any = None) -> Float[np.ndarray, "rows"]:
        """How little the model expects each row: its negative bound in nats, or what its reconstruction misses.

        What is missed is the mean square of what is there, in the units that networks read; the mean over views.
        """
        if "log_likelihood" in self.abilities:
            return -self.bounds(rows, OUTLIER_DRAWS, "importance", seed, labels)
        return self.missed(rows, labels)

    def missed(self, rows: Any, labels: Any = None) -> Float[np.ndarray, "rows"]:
        """What the reconstruction of each row misses: the mean square, in the units that networks read."""
        return self._ask(inference.missed, rows, self._given(labels, len(rows)))

    def spread_kept(self, rows: Any, labels: Any = None) -> float:
        """How much rows differ once they are reconstructed, as a share of how much they do: a ratio of deviations.

        In the units that networks read, over all views; NaN where the rows do not differ.
        """
        given, read = self._given(labels, len(rows)), inference.in_pieces(lambda x: x, rows, self.preprocessing)
        made = inference.in_pieces(self._asked(inference.reconstructions), rows, self.preprocessing.stored, given)
        views, present = (read.views, read.has) if isinstance(read, Batch) else ((read,), np.ones((len(rows), 1), bool))
        found = zip(views, made if isinstance(made, tuple) else (made,), present.T, strict=True)
        spreads = [(_spread(after, there), _spread(before, there)) for before, after, there in found]
        kept, whole = np.sum(spreads, axis=0)
        return float(np.sqrt(kept / whole)) if whole > 0 else float("nan")

    def residuals(self, rows: Any, labels: Any = None) -> Float[np.ndarray, "rows columns"]:
        """What reconstructions of vectors miss, column by column; of several elements of a column the largest."""
        missed = self._ask(inference.residuals, rows, self._given(labels, len(rows)))
        missed = missed.reshape(len(missed), -1)
        if not self.task.cells:
            return missed
        ends = np.cumsum([cell.width for cell in self.task.cells])[:-1]
        parts = np.split(missed, ends, axis=1)
        return np.stack([np.take_along_axis(p, np.abs(p).argmax(axis=1)[:, None], axis=1)[:, 0] for p in parts], axis=1)

    def posterior_kl(self, rows: Any) -> Float[np.ndarray, "rows latent"]:
        """KL(q(z_d|x) ‖ p(z_d)) of each row and dimension, in nats."""
        return self._ask(inference.divergence, rows, self._given(None, len(rows)))

    def corrupt(self, rows: Any, seed: int) -> Any:
        """Rows as the encoder met them in training."""
        keys, noise = _keys(seed), self.game.corruption

        def corrupted(x: Any) -> Any:
            return noise(x.views if isinstance(x, Batch) else x, next(keys))

        return self.preprocessing.inverse(inference.in_pieces(corrupted, rows, self.preprocessing))

    def sample_prior(self, n: int, labels: Any, seed: int) -> Float[np.ndarray, "n latent"]:
        """Draws from the prior p(z), or p(z|y) where labels are tied to it."""
        tied = self.game.n_labels if self.game.label_role == "prior" else None
        places = None if labels is None else jnp.asarray(self.label_places(labels, n))
        return np.asarray(self.game.prior.sample(jax.random.key(seed), n, places, tied))

    def draw(
        self, n: int, labels: Any, seed: int, *, from_prior: bool = False
    ) -> tuple[Float[np.ndarray, "n numbers"], Float[np.ndarray, "n facts"] | None]:
        """Codes to decode into new data, of the sampler where there is one, and what the decoder is told beside them.

        Behind each code is where its row is along the directions of the sampler's scatter, where it has one.

        Args:
            n: how many.
            labels: one for all or one for each, or conditions; `None` for any.
            seed: of the draw.
            from_prior: also where there is a sampler.
        """
        told, sampler = None, None if from_prior else self.sampler
        if self.decodes_labels:
            labels = self.drawn_labels(labels, n, seed)
            told = self.told(labels, n)
        if sampler is None:
            return self.sample_prior(n, None if self.decodes_labels else labels, seed), told
        groups = None if labels is None or sampler.classes is None else label_places(labels, n, sampler.classes)
        return sampler.draw(n, groups, seed), told

    def sliced(self, labels: Any, n: int, *, from_prior: bool = False) -> Callable[[slice], Any]:
        """From a slice of the numbers of n rows to their labels, which are checked at once; for `draw`.

        Args:
            labels: one for all or one for each, or conditions; `None` for any.
            n: how many rows.
            from_prior: as for `draw`.

        Raises:
            ArgumentError: they are too many or too few, or none that the model knows.
        """
        if labels is None:
            return lambda _: None
        if self.decodes_labels and self.conditions is not None:
            table = asked_conditions(labels, self.conditions.columns, n)
            return lambda some: table[some]
        sampler = None if from_prior or self.decodes_labels else self.sampler
        among = self.label_values if sampler is None else sampler.classes
        label_places(labels, n, among)
        each = np.broadcast_to(np.asarray(labels), (n,))
        return lambda some: each[some]

    def prior_log_density(self, z: Float[np.ndarray, "n latent"]) -> Float[np.ndarray, "n"] | None:
        """Log p(z) in nats; `None` for a prior that lives on a curve."""
        prior = self.game.prior
        return None if prior.density == "nowhere" else inference.in_pieces(prior.log_prob, z)

    def label_places(self, labels: Any, n: int, *, unknown: bool = False) -> Int[np.ndarray, "n"]:
        """The place of each of n labels among the values that the model takes; -1 for unknown ones, if they may be.

        One label may stand for all.

        Raises:
            ArgumentError: they are too many or too few, or one is none of the values.
        """
        return label_places(labels, n, self.label_values, unknown=unknown)

    def one_hot(self, places: Int[np.ndarray, "n"]) -> Float[np.ndarray, "n classes"]:
        """Places of labels as weights of the classes."""
        weights: Float[np.ndarray, "n classes"] = np.eye(self.game.n_labels, dtype=np.float32)[places]
        return weights

    def told(self, labels: Any, n: int | None) -> Float[np.ndarray, "n facts"]:
        """What a decoder is told of each of n codes: the class, one-hot; or conditions, NaN where one is not named.

        Args:
            labels: one for all or one for each; `None` for conditions of which none is named.
            n: how many; `None` for as many as there are labels.

        Raises:
            ArgumentError: they are too many or too few, or none that the model knows; or a condition is not named, and
                the model has no code that could hold it.
        """
        if self.conditions is None:
            labels = np.atleast_1d(labels) if n is None else labels
            return self.one_hot(self.label_places(labels, len(labels) if n is None else n))
        told = self.conditions(labels, n)
        if np.isnan(told).any() and "encode" not in self.abilities:
            names = ", ".join(column.name for column in self.conditions.columns)
            raise ArgumentError("labels", f"must give each of {names}: noise does not hold what is not told")
        return told

    def told_instead(self, labels: Any, known: Any, n: int) -> Float[np.ndarray, "n labels facts"]:
        """What a decoder is told of each of n rows under each of the labels; conditions not named are as `known`."""
        wanted = self.told(labels, None)
        if self.conditions is None:
            return np.broadcast_to(wanted, (n, *wanted.shape))
        return np.where(np.isnan(wanted), self.conditions(known, n)[:, None], wanted)

    def drawn_labels(self, labels: Any, n: int, seed: int) -> Any:
        """Labels to draw n rows under, where none or not all are named: any class, conditions as the data has them."""
        if self.conditions is None:
            return self._any_labels(n, seed) if labels is None else labels
        if labels is not None:
            warn_of_far(asked_conditions(labels, self.conditions.columns))
        return self.conditions.draw(labels, n, seed)

    def _any_labels(self, n: int, seed: int) -> Shaped[np.ndarray, "n"]:
        """Labels as often as they come: by the sampler's shares, or by p(y) where it is not uniform."""
        random, values = np.random.default_rng(seed), np.asarray(self.label_values)
        logits = self.game.log_prior if isinstance(self.game, abilities.Classifies) else None
        if self.sampler is not None and self.sampler.classes is not None:
            values, shares = self.sampler.classes, self.sampler.shares.astype(np.float64)
        elif logits is not None:
            shares = np.asarray(jax.nn.softmax(logits), np.float64)
        else:
            return random.choice(values, n)
        return random.choice(values, n, p=shares / shares.sum())

    def _given(self, labels: Any, n: int) -> Shaped[np.ndarray, "n ..."] | None:
        """Labels as a decoder that knows them takes them: one-hot where all are known, else -1 for unknown ones."""
        if not self.decodes_labels:
            return None
        if self.conditions is not None:
            return self.conditions(labels, n)
        places = np.full(n, -1, np.int32) if labels is None else self.label_places(labels, n, unknown=True)
        return places if (places < 0).any() else self.one_hot(places)

    def _on_rows(
        self, function: Callable[..., Any], rows: Any, labels: Shaped[np.ndarray, "rows ..."] | None = None
    ) -> Shaped[np.ndarray, "rows ..."]:
        results: Shaped[np.ndarray, "rows ..."] = inference.in_pieces(function, rows, self.preprocessing, labels)
        return results

    def _ask(
        self, function: Callable[..., Any], rows: Any, labels: Shaped[np.ndarray, "rows ..."] | None = None
    ) -> Shaped[np.ndarray, "rows ..."]:
        """The results of a function of the game, of rows, and of labels where there are any."""
        asked = self._asked(function)
        results: Shaped[np.ndarray, "rows ..."] = inference.in_pieces(asked, rows, self.preprocessing.stored, labels)
        return results

    def _asked(self, function: Callable[..., Any], *, of_codes: bool = False, writes: bool = False) -> inference.Asked:
        """A function of the game, laid out when it is first asked, from rows or from codes; in their units or not."""
        kept, kind = _ASKED.setdefault(self, {}), (function.__name__, of_codes, writes)
        if kind not in kept:
            write = self.preprocessing.writes if writes else None
            read = _codes_alone if of_codes else self.preprocessing.reads
            kept[kind] = inference.Asked(function, self.game, read, *(() if write is None else (write,)))
        return kept[kind]

    def _in_units(self, results: Any) -> Any:
        """Rows in the units of the data, from the results of what was asked to write them so where it can."""
        if self.preprocessing.writes is None:
            return self.preprocessing.inverse(results)
        views = isinstance(self.preprocessing, ViewsPreprocessing)
        return dict(zip(self.preprocessing.row_shape, results, strict=False)) if views else results


def _spread(view: Float[np.ndarray, "rows ..."], there: Bool[np.ndarray, "rows"]) -> float:
    """The variances of all elements of the rows that have a view, summed; of the cells that are there."""
    flat = np.asarray(view, np.float64)[there].reshape(int(there.sum()), -1)
    gaps = np.ma.masked_invalid(flat)
    return float(np.ma.filled(gaps.var(axis=0).sum(), 0.0)) if len(flat) else 0.0


def _codes_alone(stored: tuple[Float[Array, "piece latent"]]) -> Float[Array, "piece latent"]:
    return stored[0]


_ASKED: WeakKeyDictionary[Fitted, dict[Any, inference.Asked]] = WeakKeyDictionary()


def label_places(
    labels: Any, n: int, among: Shaped[np.ndarray, "classes"] | None, *, unknown: bool = False
) -> Int[np.ndarray, "n"]:
    """The place of each of n labels among classes (see `Fitted.label_places`)."""
    known = [] if among is None else among.tolist()
    values = label_values(labels, None) if unknown else np.asarray(labels)
    if values.shape not in ((), (n,)):
        given = len(values) if values.ndim == 1 else values.shape
        raise ArgumentError("labels", f"must be one for all, or one for each of n={n}", given)
    flat, hidden = values.ravel().tolist(), (-1, "-1", "", None) if unknown else ()  # None, where it is masked
    if odd := next((value for value in flat if not isinstance(value, Hashable)), None):
        raise ArgumentError("labels", f"must be among the classes {', '.join(map(str, known))}", odd)
    for value in dict.fromkeys(flat):
        if value not in known and value not in hidden:
            raise ArgumentError("labels", f"must be among the classes {', '.join(map(str, known))}", value, known=known)
    places = [known.index(value) if value in known else -1 for value in flat]
    return np.broadcast_to(np.asarray(places, np.int32).reshape(values.shape), (n,))


def _keys(seed: int, name: str | None = None) -> Iterator[PRNGKeyArray]:
    """A key for each piece of rows, of the stream of that name."""
    key = jax.random.key(seed) if name is None else stream(jax.random.key(seed), name)
    return (jax.random.fold_in(key, piece) for piece in itertools.count())
