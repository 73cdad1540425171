"""Histories and tables show the numbers they are given."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from latently import figures
from latently.figures.style import numbers, shortened


def history(n: int, scale: float = 1.0) -> list[dict[str, object]]:
    return [
        {"round": k, "epoch": k / 10, "terms": {"critic/prior": scale / k, "autoencoder/reconstruction": 1.0 + k % 2}}
        for k in range(1, n + 1)
    ]


def test_terms_draws_a_panel_a_player_and_a_line_a_term() -> None:
    figure = figures.terms(history(20))
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["critic", "autoencoder"]
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_xdata(), np.arange(1, 21) / 10)
    np.testing.assert_allclose(line.get_ydata(), 1 / np.arange(1, 21))
    assert line.get_label() == "prior draws"


def test_terms_of_held_out_rows_are_dotted_in_the_same_colour_and_what_else_they_say_has_a_panel() -> None:
    records = history(20)
    for record in records[4::5]:
        record["held_out"] = {"autoencoder/reconstruction": 3.0, "negative_bound": 7.0}
    figure = figures.terms(records)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["critic", "autoencoder", "held-out rows"]
    learned, held_out = figure.axes[1].lines
    assert (learned.get_linestyle(), held_out.get_linestyle()) == ("-", ":")
    assert learned.get_color() == held_out.get_color()
    np.testing.assert_allclose(held_out.get_xdata(), [0.5, 1.0, 1.5, 2.0])
    np.testing.assert_allclose(held_out.get_ydata(), 3.0)
    assert [text.get_text() for text in figure.axes[1].get_legend().get_texts()] == ["reconstruction"]
    (bound,) = figure.axes[2].lines
    assert (bound.get_linestyle(), bound.get_label()) == ("-", "negative bound")
    np.testing.assert_allclose(bound.get_ydata(), 7.0)


def test_losses_accuracies_and_counts_have_scales_of_their_own() -> None:
    names = ("vae/reconstruction", "vae/active_dimensions", "critic/accuracy", "rival/accuracy", "critic/prior")
    figure = figures.terms([{"round": k, "terms": dict.fromkeys(names, 0.01 * 90**k)} for k in range(2)])
    lines = {axes.get_title(loc="left"): [line.get_label() for line in axes.lines] for axes in figure.axes}
    assert lines == {
        "VAE": ["reconstruction"],
        "critic": ["prior draws"],
        "how often it is right": ["critic: prior…es told apart", "rival: prior a…es told apart"],
        "dimensions of the code": ["in use"],
    }
    shares = figure.axes[2]
    assert (shares.get_yscale(), shares.get_ylim()) == ("linear", (-0.04, 1.04))


def test_terms_takes_logarithms_only_of_positive_values_that_span_much() -> None:
    assert figures.terms(history(50)).axes[0].get_yscale() == "log"
    assert figures.terms(history(5)).axes[0].get_yscale() == "linear"
    assert figures.terms(history(50, scale=-1.0)).axes[0].get_yscale() == "linear"


def test_terms_keeps_the_mean_of_a_long_history() -> None:
    line = figures.terms(history(6000)).axes[1].lines[0]
    assert len(line.get_xdata()) == 600
    np.testing.assert_allclose(line.get_ydata(), 1.5)


def test_terms_leaves_out_what_a_record_lacks_or_what_is_no_number() -> None:
    records = history(6)
    records[2] = {"round": 3, "epoch": 0.3, "terms": {"critic/prior": float("nan")}}
    figure = figures.terms(records)
    assert len(figure.axes[0].lines[0].get_xdata()) == 5
    assert len(figure.axes[1].lines[0].get_xdata()) == 5


def test_terms_counts_rounds_where_there_are_no_epochs() -> None:
    figure = figures.terms([{"round": 7 * k, "terms": {"a/b": 1.0}} for k in range(3)])
    assert figure.axes[0].get_xlabel() == "round"


def test_losses_of_other_sizes_have_panels_of_their_own() -> None:
    names = {"vae/reconstruction": 300.0, "vae/kl": 7.0, "vae/penalty": 0.0, "vae/bound": 310.0}
    figure = figures.terms([{"round": k, "terms": names} for k in range(3)])
    lines = [(axes.get_title(loc="left"), [line.get_label() for line in axes.lines]) for axes in figure.axes]
    assert lines == [
        ("VAE", ["reconstruction", "negative bound"]),
        ("", ["KL to the prior", "gradient penalty"]),
    ]


def test_a_first_hundredth_that_dwarfs_the_rest_does_not_make_the_axis() -> None:
    records = [{"round": k, "terms": {"a/b": 1e4 if k == 0 else 5.0 + k / 500}} for k in range(500)]
    (axes,) = figures.terms(records).axes
    assert axes.get_ylim() == pytest.approx((5.01 - 0.06 * 0.988, 5.998 + 0.06 * 0.988))
    assert "first 1 %" in axes.get_title(loc="right")
    assert len(axes.lines[0].get_xdata()) == 500
    (axes,) = figures.terms(records[1:]).axes
    assert axes.get_title(loc="right") == ""


def test_terms_without_a_term_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one record"):
        figures.terms([{"round": 1, "terms": {}}])


def test_table_panels_state_the_variance_explained(random: np.random.Generator) -> None:
    rows = random.normal(size=(4000, 2))
    noisy = rows + random.normal(size=rows.shape) * (0.0, 0.5)
    titles = [axes.get_title(loc="left") for axes in figures.table_reconstructions(rows, noisy, ["a", "b"]).axes]
    assert titles[0] == "a\n$R^2$ = 1.00"
    assert titles[1].startswith("b\n$R^2$ = 0.7")


def test_of_a_wide_table_the_best_and_the_worst_column_are_shown(random: np.random.Generator) -> None:
    rows = random.normal(size=(500, 40))
    noise = np.linspace(0.1, 2, 40)
    figure = figures.table_reconstructions(rows, rows + noise * random.normal(size=rows.shape))
    titles = [axes.get_title(loc="left").split("\n")[0] for axes in figure.axes]
    assert len(titles) == 12
    assert titles[0] == "column 0"
    assert int(titles[-1].removeprefix("column ")) > 34


def test_columns_that_are_all_but_alike_stand_for_each_other(random: np.random.Generator) -> None:
    rows = random.normal(size=(300, 40))
    rows[:, 12:] = rows[:, :1] + 1e-3 * random.normal(size=(300, 28))
    figure = figures.table_reconstructions(rows, rows + random.normal(size=rows.shape))
    shown = {int(axes.get_title(loc="left").split("\n")[0].removeprefix("column ")) for axes in figure.axes}
    assert shown == set(range(12))


def test_samples_show_the_columns_that_vary_together(random: np.random.Generator) -> None:
    rows = random.normal(size=(500, 9))
    rows[:, [2, 5, 6, 8]] = rows[:, :1] + 0.6 * random.normal(size=(500, 4))
    figure = figures.table_samples(rows, rows)
    shown = [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()]
    assert len(shown) == 4
    assert set(shown) <= {f"column {k}" for k in (0, 2, 5, 6, 8)}


def test_names_of_another_number_than_the_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="must hold 3 names"):
        figures.table_samples(np.zeros((4, 3)), np.zeros((4, 3)), ["a"])
    with pytest.raises(ValueError, match="3 columns of the originals"):
        figures.table_samples(np.zeros((4, 2)), np.zeros((4, 3)))


@pytest.mark.parametrize(
    "values", [[0.0, 0.5, 1.0], [1.00001, 1.00002], [-2e-9, 0, 3e7], [-1500.0, 0.0, 1500.0], [0.1]]
)
def test_short_numbers_can_be_told_apart_and_read_back(values: list[float]) -> None:
    names = numbers(np.array(values))
    assert len(set(names)) == len(values)
    assert [float(name.replace("−", "-")) for name in names] == pytest.approx(values, rel=1e-3, abs=1e-12)


def test_numbers_are_as_short_as_can_be() -> None:
    assert numbers(np.array([0.0, 0.5, 1.0])) == ["0", "0.5", "1"]
    assert numbers(np.array([-2e-6, 0.0, 150000.0])) == ["−2e−6", "0", "1.5e5"]


def test_a_shortened_name_keeps_both_its_ends() -> None:
    assert shortened("short") == "short"
    name = shortened("encoder of the left half, layer 12", 16)
    assert len(name) <= 16
    assert name.startswith("encoder")
    assert name.endswith("12")


def test_saved_files_are_whole_and_alone(tmp_path: Path) -> None:
    path = figures.save(figures.image_grid(np.zeros((4, 8, 8))), tmp_path / "grid.png")
    assert path.read_bytes().startswith(b"\x89PNG")
    assert [file.name for file in tmp_path.iterdir()] == ["grid.png"]


def test_figures_are_the_same_from_several_threads(random: np.random.Generator) -> None:
    z = random.normal(size=(200, 2))

    def draw(_: int) -> bytes:
        return figures.png(figures.codes(z, np.arange(200) % 5, None))

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(draw, range(6)))) == 1


def test_figures_import_neither_pyplot_nor_jax() -> None:
    code = (
        "import sys, latently.figures; print([m for m in ('matplotlib.pyplot', 'jax', 'equinox') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
