"""Tables of several kinds of columns: words, counts, dates, heavy tails and gaps are shown as what they are."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from latently import figures
from latently.data import Table
from latently.figures.columns import Shown, counts_of_words
from latently.figures.relations import dependence

DRAW = np.random.default_rng(0)
N = 300
TOWN = DRAW.integers(0, 3, N)
FRAME = pd.DataFrame(
    {
        "age": 30 + 15 * TOWN + DRAW.normal(0, 3, N),
        "town": np.array(["Bonn", "Trier", "Ulm"])[TOWN],
        "visits": DRAW.poisson(1 + 2 * TOWN),
        "income": np.exp(DRAW.normal(9, 1, N)),
        "debt": 100 * DRAW.standard_t(1.5, N),
        "seen": pd.Timestamp("2026-01-01") + pd.to_timedelta(DRAW.integers(0, 365, N), unit="D"),
        "smoker": DRAW.random(N) < 0.1 + 0.4 * TOWN,
    }
).mask(np.random.default_rng(1).random((N, 7)) < [0.1, 0.1, 0, 0.1, 0, 0.1, 0])
TABLE = Table.of(FRAME, kinds={"income": "heavy", "debt": "heavy"})
VALUES = np.asarray(TABLE)


def panel(figure: Figure, name: str) -> Axes:
    return next(axes for axes in figure.axes if axes.get_title(loc="left").split("\n")[0] == name)


def ticks(axes: Axes, axis: str = "x") -> list[str]:
    return [label.get_text() for label in getattr(axes, f"get_{axis}ticklabels")()]


def shown(*columns: str) -> tuple[np.ndarray, list[Shown]]:
    chosen = [TABLE.names.index(name) for name in columns]
    values = VALUES[:, chosen]
    return values, Shown.of([TABLE.columns[k] for k in chosen], values)


def test_each_kind_of_column_is_set_beside_its_reconstruction() -> None:
    given = VALUES.copy()
    given[:, 0] += 3
    bonn = VALUES[:, 1] == 0
    given[np.flatnonzero(bonn)[: bonn.sum() // 2], 1] = 2  # half of those in Bonn come back from Ulm
    figure = figures.table_reconstructions(VALUES, given, TABLE.columns)
    there = np.isfinite(VALUES[:, 0])
    assert len(panel(figure, "age").collections[0].get_offsets()) == there.sum()
    explained = 1 - 9 / VALUES[there, 0].var()
    assert panel(figure, "age").get_title(loc="left") == f"age\n$R^2$ = {explained:.2f}"
    town = panel(figure, "town")
    assert ticks(town, "y") == ["Bonn", "Trier", "Ulm"]
    shares = [bar.get_width() for bar in town.patches]
    assert shares == pytest.approx([100 * (1 - (bonn.sum() // 2) / bonn.sum()), 100, 100])
    right = np.mean(given[:, 1] == VALUES[:, 1]) / np.isfinite(VALUES[:, 1]).mean()
    assert town.get_title(loc="left") == f"town\ngiven back {100 * right:.0f} %"
    assert ticks(panel(figure, "seen")) == ["2026-01", "2026-07", "2027-01"]
    assert {"1,000", "10,000"} <= set(ticks(panel(figure, "income"), "y"))
    assert all(float(name) == int(name) for name in ticks(panel(figure, "visits")))


def test_samples_are_set_beside_the_data_column_by_column() -> None:
    figure = figures.table_samples(VALUES[:100], VALUES, TABLE.columns)
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.get_visible()]
    assert titles == ["age", "income", "debt", "visits", "seen", "town", "smoker"]  # numbers, counts, dates, words
    bars = [bar.get_width() for bar in panel(figure, "town").patches]
    cells = VALUES[np.isfinite(VALUES[:, 1]), 1]
    assert bars[:3] == pytest.approx(100 * np.bincount(cells.astype(int)) / len(cells))
    assert sum(bars[3:]) == pytest.approx(100)
    assert "0" in ticks(panel(figure, "debt"))
    steps = panel(figure, "visits").patches[0]
    edges = steps.get_data().edges
    assert np.all(np.diff(edges) == 1)
    assert edges[0] == -0.5
    assert steps.get_data().values[0] == pytest.approx(np.mean(VALUES[:, 2] == 0))
    assert figure.legends[0].get_texts()[1].get_text() == "samples"


def test_numbers_with_gaps_alone_are_shown_in_pairs() -> None:
    values, _ = shown("age")
    pairs = np.column_stack([values[:, 0], -values[:, 0], DRAW.normal(size=N)])
    figure = figures.table_samples(pairs[:50], pairs, ["a", "b", "c"])
    assert len(figure.axes) == 9


def test_the_pairs_that_depend_most_on_each_other_come_first() -> None:
    samples = VALUES.copy()
    for column in range(VALUES.shape[1]):  # samples whose columns have nothing to do with each other
        samples[:, column] = np.random.default_rng(column).permutation(VALUES[:, column])
    figure = figures.table_relations(samples, VALUES, TABLE.columns)
    titles = [axes.get_title(loc="left").split("\n") for axes in figure.axes if axes.get_visible()]
    assert len(titles) == 8
    assert titles[0][0] == "age by town"
    data, of_samples = (float(part.split()[1]) for part in titles[0][1].split(" · "))
    assert data > 0.9
    assert of_samples < 0.2
    strengths = [float(title[1].split()[1]) for title in titles]
    assert strengths == sorted(strengths, reverse=True)
    ages = panel(figure, "age by town")
    assert ticks(ages) == ["Bonn", "Trier", "Ulm"]
    means = [line.get_ydata()[0] for line in ages.lines]
    both = FRAME[["age", "town"]].dropna()
    assert means[:3] == pytest.approx(both.groupby("town")["age"].mean().tolist())
    smokers = panel(figure, "smoker = True by town")
    shares = FRAME.dropna(subset="town").groupby("town")["smoker"].mean()
    assert [bar.get_height() for bar in smokers.patches][:3] == pytest.approx(100 * shares.to_numpy(float))


def test_dependence_is_the_measure_of_each_pair_of_kinds() -> None:
    values, columns = shown("age", "visits", "town", "smoker")
    found = dependence(values, columns)
    both = np.isfinite(values).all(axis=1)
    complete = dependence(values[both], columns)
    assert complete[0, 1] == pytest.approx(abs(np.corrcoef(values[both, 0], values[both, 1])[0, 1]))
    means = pd.Series(values[both, 0]).groupby(values[both, 2]).transform("mean")
    share = means.var() / values[both, 0].var(ddof=1)
    n = both.sum()
    assert complete[0, 2] == pytest.approx(np.sqrt(share - 1 / (n - 1)))
    counts = pd.crosstab(values[both, 2], values[both, 3]).to_numpy()
    expected = np.outer(counts.sum(axis=1), counts.sum(axis=0)) / n
    squared = ((counts - expected) ** 2 / expected).sum() / n
    assert complete[2, 3] == pytest.approx(np.sqrt(squared - 1 / (n - 1)))
    np.testing.assert_allclose(found, found.T)
    np.testing.assert_allclose(found, complete, atol=0.05)  # a few missing cells change little
    assert np.diag(found).tolist() == [0, 0, 0, 0]


def test_what_has_nothing_to_do_with_each_other_is_near_0_however_many_words_there_are() -> None:
    codes = np.random.default_rng(3).integers(0, 40, (400, 2)).astype(float)
    columns = [Shown(name, "category", tuple(range(40))) for name in "ab"]
    assert dependence(codes, columns)[0, 1] < 0.05
    assert dependence(np.column_stack([codes[:, 0], codes[:, 0]]), columns)[0, 1] == pytest.approx(1)


def test_only_the_first_columns_of_a_wide_table_are_looked_at() -> None:
    columns = [Shown(str(k), "category", tuple(range(50))) for k in range(60)]
    assert dependence(np.zeros((5, 60)), columns).shape == (40, 40)


def test_constant_empty_and_lone_columns_are_shown(assert_nothing_clipped: Callable[[Figure], None]) -> None:
    values = np.column_stack([np.ones(9), np.full(9, np.nan), np.zeros(9), np.arange(9.0)])
    columns = [*TABLE.columns[:2], TABLE.columns[6], TABLE.columns[5]]
    for figure in (
        figures.table_reconstructions(values, values, columns),
        figures.table_samples(values, values, columns),
        figures.table_relations(values, values, columns),
        figures.table_samples(values[:, 1:2], values[:, 1:2], columns[1:2]),
    ):
        assert_nothing_clipped(figure)
    with pytest.raises(ValueError, match="the same columns, two or more"):
        figures.table_relations(values[:, :1], values[:, :1])


def test_the_rarest_of_many_words_stand_together() -> None:
    column = Shown("many", "category", tuple(f"word {k}" for k in range(9)))
    cells = np.repeat(np.arange(9.0), np.arange(1, 10))
    names, (counts,) = counts_of_words(column, cells)
    assert names == ["word 3", "word 4", "word 5", "word 6", "word 7", "word 8", "3 others"]
    assert counts.tolist() == [4, 5, 6, 7, 8, 9, 6]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0.5, ["06-15 06:00", "06-15 12:00"]),
        (40, ["2024-07"]),
        (400, ["2024-07", "2025-01", "2025-07"]),
        (30_000, ["2040", "2060", "2080", "2100"]),
    ],
)
def test_dates_are_told_in_the_units_of_their_range(days: float, said: list[str]) -> None:
    start = (np.datetime64("2024-06-15T03") - np.datetime64(0, "s")) / np.timedelta64(1, "D")
    axes = Figure().subplots()
    limits = (start, start + days)
    axes.set_xlim(*limits)
    Shown("when", "date").fix_ticks(axes.xaxis, limits)
    assert set(ticks(axes)) & set(said)
    assert all(limits[0] <= tick <= limits[1] for tick in axes.get_xticks())


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ((3.0, 40.0), {"3", "10", "30"}),
        ((30.0, 45.0), {"30", "40"}),
        ((1e-6, 1e4), {"0.001", "1,000"}),
        ((120.0, 9e5), {"10,000"}),
    ],
)
def test_logarithmic_axes_have_round_numbers(cells: tuple[float, float], said: set[str]) -> None:
    column = Shown("income", "heavy")
    axes = Figure().subplots()
    limits = column.limits(column.places(np.array(cells)))
    column.fix_ticks(axes.xaxis, limits)
    assert said <= set(ticks(axes))
    column.fix_ticks(axes.yaxis, limits)
    assert len(ticks(axes, "y")) >= 2


@pytest.mark.parametrize("columns", [1, 2, 7, 30])
def test_nothing_is_clipped(columns: int, assert_nothing_clipped: Callable[[Figure], None]) -> None:
    names = [f"{'a long and ' * (k % 3)}winding_name_{k} $" for k in range(columns)]
    kinds = [TABLE.columns[k % 7] for k in range(columns)]
    known = [Shown(name, kind.kind, kind.words) for name, kind in zip(names, kinds, strict=True)]
    values = VALUES[:, [k % 7 for k in range(columns)]]
    assert_nothing_clipped(figures.table_reconstructions(values, values, known))
    assert_nothing_clipped(figures.table_samples(values[::-1], values, known))
    if columns > 1:
        assert_nothing_clipped(figures.table_relations(values[::-1], values, known))
