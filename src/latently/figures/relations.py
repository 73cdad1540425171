"""What the columns of a table have to do with each other, and whether generated rows keep it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64, Shaped
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from latently.figures.columns import Shown, most_frequent
from latently.figures.style import DATA, MODEL, TICK_SIZE, dot_area, dots, dress, legend_outside, panels_of, shortened

if TYPE_CHECKING:
    from latently.data.columns import Column

PANELS = 8
MOST_NUMBERS = 2000
"""Columns are looked at as long as they have no more numbers together: 1 each, or one a word."""
WORDS_ACROSS, LETTERS_ACROSS = 4, 24
NAME, SHORT = 10, 7  # letters of two names, and of three, in a heading
ALIKE = 0.9  # how strongly columns depend on each other, one of which may stand for the other
ASIDE = 0.17  # of what is said of data and of samples, from the place of their word

Rows = Float64[np.ndarray, "_ columns"]
Cells = Float64[np.ndarray, "_"]
Pair = Float64[np.ndarray, "two _"]


def table_relations(
    samples: Shaped[np.ndarray, "m columns"],
    originals: Shaped[np.ndarray, "n columns"],
    columns: "Sequence[str | Column] | None" = None,
    *,
    title: str | None = None,
) -> Figure:
    """The up to eight pairs of columns that depend on each other most in the data, of generated rows beside real ones.

    Of more pairs, those are left out of which one column is all but like another one (see `unlike`).

    Two columns of numbers are a cloud of points; numbers and words, for each word the mean, the middle half and the
    middle nine tenths of the numbers; two columns of words, how frequent a word of the one is beside each of the other.
    Each panel is headed by how strongly the two depend on each other (see `dependence`) in the data and in samples.

    Args:
        samples: shape (m, columns): rows drawn from the model, as `originals`.
        originals: shape (n, columns): rows of the data; words are codes, dates days since 1970, and missing cells NaN.
        columns: the columns' names, or what they are (`latently.data.columns.Column`); by default their numbers.
        title: one line over the figure.

    Raises:
        ValueError: there are fewer than two columns, the arrays differ in them, or the names in number.
    """
    if originals.shape[1] != samples.shape[1] or originals.shape[1] < 2:
        raise ValueError(
            f"samples and originals must have the same columns, two or more; got {samples.shape} and {originals.shape}."
        )
    a, b = originals.astype(np.float64), samples.astype(np.float64)
    shown = Shown.of(columns, a)
    of_data, of_samples = dependence(a, shown), dependence(b, shown)
    i, j = np.triu_indices(len(of_data), 1)
    if len(i) > PANELS:
        kept = np.array(unlike(a, shown, least=2))
        among = np.isin(i, kept) & np.isin(j, kept)
        i, j = i[among], j[among]
    best = np.argsort(-of_data[i, j], kind="stable")[:PANELS]
    figure, panels = panels_of(len(best), (2.5, 2.3), (1.1, 0.2), title)
    for axes, first, second in zip(panels, i[best].tolist(), j[best].tolist(), strict=True):
        x, y = _across_and_up(shown, first, second)
        rows = [each[:, [x, y]] for each in (a, b)]
        pairs = [each[np.isfinite(each).all(axis=1)].T for each in rows]
        draw = _cloud if not shown[x].has_words else _words_by_words if shown[y].has_words else _numbers_by_words
        heading = draw(axes, shown[x], shown[y], pairs)
        strength = f"data {of_data[first, second]:.2f} · samples {of_samples[first, second]:.2f}"
        dress(axes, title=f"{heading}\n{strength}")
        axes.tick_params(labelsize=TICK_SIZE - 1)
    legend_outside(figure, dots((DATA, MODEL)), ["data", "samples"])
    return figure


def dependence(rows: Rows, shown: Sequence[Shown]) -> Float64[np.ndarray, "looked_at looked_at"]:
    r"""How strongly each two of the first columns depend on each other, from 0 to 1; 0 for a column and itself.

    Of numbers, where they lie on their axes, it is \(|r|\), the correlation; of numbers and words \(\eta\), the root of
    the share of variance between words; of words Cramér's \(V\). What chance alone gives words is taken off
    (Bergsma 2013, A bias-correction for Cramér's V and Tschuprow's T).

    Args:
        rows: missing cells are NaN; each pair is judged by the rows that have both.
        shown: what the columns are. Only the first are looked at, with 2000 numbers together: one a column or a word.
    """
    widths = [len(column.words) if column.has_words else 1 for column in shown]
    looked_at = max(2, int(np.searchsorted(np.cumsum(widths), MOST_NUMBERS, side="right")))
    scores = [_scores(column, rows[:, k]) for k, column in enumerate(shown[:looked_at])]
    there = np.isfinite(rows[:, :looked_at]).astype(np.float64)
    both, n = np.maximum(there.T @ there, 1.0), len(rows)
    every = np.hstack(scores)
    starts = np.cumsum([0, *(each.shape[1] for each in scores[:-1])])
    squares = (every.T @ every / n) ** 2
    shared = np.add.reduceat(np.add.reduceat(squares, starts, axis=0), starts, axis=1) * (n / both) ** 2
    degrees = np.array([max(each.shape[1] - column.has_words, 1) for each, column in zip(scores, shown, strict=False)])
    most, rest = np.minimum.outer(degrees, degrees), np.maximum(both - 1, 1)
    found = shared - (np.outer(degrees, degrees) - 1) / rest
    at_most = np.maximum(most - (most**2 - 1) / rest, 1e-3)
    strength: Float64[np.ndarray, looked_at] = np.sqrt(np.clip(found / at_most, 0, 1))
    np.fill_diagonal(strength, 0.0)
    return strength


def unlike(rows: Rows, shown: Sequence[Shown], *, least: int) -> list[int]:
    """Columns of which no two are all but alike, in their order: the first of such stands for all.

    Two are where both hold numbers, or both words, and depend on each other by 0.9 or more (see `dependence`, which
    looks at the first columns alone).

    Args:
        rows: missing cells are NaN.
        shown: what the columns are.
        least: so many are given, if there are as many; the first of those that others stood for fill up.
    """
    related = dependence(rows, shown) if len(shown) > 1 else np.zeros((1, 1))
    words = np.array([column.has_words for column in shown[: len(related)]])
    related[words[:, None] != words] = 0.0
    kept: list[int] = []
    for place in range(len(related)):
        if not kept or related[place, kept].max() < ALIKE:
            kept.append(place)
    kept += range(len(related), len(shown))
    rest = [place for place in range(len(shown)) if place not in set(kept)]
    return sorted(kept + rest[: max(0, least - len(kept))])


def _scores(column: Shown, cells: Cells) -> Float64[np.ndarray, "rows numbers"]:
    """A column standardised, or for each of its words the standardised surprise that it is there; 0 where missing."""
    places = column.places(cells)
    there = np.isfinite(places)
    known = places[there]
    if not column.has_words:
        scores = np.zeros((len(cells), 1))
        scores[there, 0] = (known - known.mean()) / max(known.std(), 1e-12) if len(known) else known
        return scores
    words, codes = np.unique(known, return_inverse=True)
    shares = np.bincount(codes, minlength=1) / max(len(codes), 1)
    scores = np.zeros((len(cells), max(len(words), 1)))
    scores[there] = ((codes[:, None] == np.arange(len(shares))) - shares) / np.sqrt(np.maximum(shares, 1e-12))
    return scores


def _across_and_up(shown: Sequence[Shown], first: int, second: int) -> tuple[int, int]:
    """Words go across, and of two columns of words the one with more of them."""
    words = [len(shown[k].words) if shown[k].has_words else 0 for k in (first, second)]
    return (second, first) if words[1] > words[0] else (first, second)


def _cloud(axes: Axes, x: Shown, y: Shown, pairs: Sequence[Pair]) -> str:
    """Points; whole numbers are spread a little, so that equal ones can be seen."""
    random = np.random.default_rng(0)
    places = [[_spread(column, cells, random) for column, cells in zip((x, y), pair, strict=True)] for pair in pairs]
    for (across, up), colour in zip(places, (DATA, MODEL), strict=True):
        axes.scatter(across, up, s=dot_area(len(up)), color=colour, alpha=0.45, linewidths=0)
    limits = [column.limits(*(pair[k] for pair in places)) for k, column in enumerate((x, y))]
    axes.set(xlim=limits[0], ylim=limits[1])
    x.fix_ticks(axes.xaxis, limits[0])
    y.fix_ticks(axes.yaxis, limits[1])
    return f"{shortened(y.name, NAME)} by {shortened(x.name, NAME)}"


def _spread(column: Shown, cells: Cells, random: np.random.Generator) -> Cells:
    return column.places(cells) + (random.uniform(-0.3, 0.3, len(cells)) if column.is_whole else 0.0)


def _numbers_by_words(axes: Axes, x: Shown, y: Shown, pairs: Sequence[Pair]) -> str:
    """For each word the mean of the numbers, their middle half and their middle nine tenths."""
    codes = _words_across(axes, x, pairs[0][0])
    marks: list[Cells] = []
    for (words, cells), colour, aside in zip(pairs, (DATA, MODEL), (-ASIDE, ASIDE), strict=True):
        for place, code in enumerate(codes):
            of_word = y.places(cells[words == code])
            of_word = of_word[np.isfinite(of_word)]
            if len(of_word):
                low, lower, upper, high = np.quantile(of_word, (0.05, 0.25, 0.75, 0.95))
                axes.vlines(place + aside, low, high, color=colour, linewidth=1.2)
                axes.vlines(place + aside, lower, upper, color=colour, linewidth=5, alpha=0.5)
                axes.plot(place + aside, of_word.mean(), "o", color=colour, markersize=5)
                marks.append(np.array([low, high]))
    limits = y.limits(*(marks or [np.empty(0)]))
    axes.set_ylim(*limits)
    y.fix_ticks(axes.yaxis, limits)
    return f"{shortened(y.name, NAME)} by {shortened(x.name, NAME)}"


def _words_by_words(axes: Axes, x: Shown, y: Shown, pairs: Sequence[Pair]) -> str:
    """How frequent a word of y is beside each of x: the word whose share varies most."""
    codes = _words_across(axes, x, pairs[0][0])
    across, up = pairs[0]
    shares = [[np.mean(up[across == code] == word) for code in codes] for word in range(len(y.words))]
    spread = np.array([np.ptp(each) if codes else 0.0 for each in shares])
    word = int(len(spread) - 1 - spread[::-1].argmax())  # of no and yes, yes
    for (words, cells), colour, aside in zip(pairs, (DATA, MODEL), (-ASIDE, ASIDE), strict=True):
        found = [cells[words == code] == word for code in codes]
        heights = [100 * float(each.mean()) if len(each) else 0.0 for each in found]
        axes.bar(np.arange(len(codes)) + aside, heights, width=2 * ASIDE, color=colour, alpha=0.75)
    axes.set_ylim(0, 105)
    axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"])
    named, value, beside = (shortened(name, SHORT) for name in (y.name, y.words[word], x.name))
    return f"{named} = {value} by {beside}"


def _words_across(axes: Axes, x: Shown, cells: Cells) -> list[int]:
    """The most frequent words of a column, named below the axes; their codes."""
    counts = np.bincount(cells.astype(int), minlength=len(x.words))
    codes = [code for code in most_frequent(counts, WORDS_ACROSS) if counts[code]]
    length = max(3, LETTERS_ACROSS // max(len(codes), 1) - 1)
    axes.set_xlim(-0.6, max(len(codes), 2) - 0.4)
    axes.set_xticks(np.arange(len(codes)), [shortened(x.words[code], length) for code in codes])
    return codes
