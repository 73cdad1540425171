"""What two views share, and the completion of one from the other, against cases with known answers."""

import numpy as np
import pytest

from latently.data import Views
from latently.data.views import joined
from latently.evaluation import advice, as_table
from latently.evaluation.rows import Selection
from latently.evaluation.views import (
    canonical_correlation,
    completion,
    nearest_neighbour,
    neighbours,
    normalized_hsic,
    ridge,
    several_views,
    total_canonical_correlation,
)

RANDOM = np.random.default_rng(0)


def halves(n, noise=0.0):
    """Images 8 × 8 of three classes; the right half is the left one mirrored, more or less."""
    labels = RANDOM.integers(3, size=n)
    prototypes = np.random.default_rng(7).uniform(size=(3, 8, 4))
    left = prototypes[labels] + 0.1 * RANDOM.normal(size=(n, 8, 4))
    return Views({"left": left, "right": left[:, :, ::-1] + noise * RANDOM.normal(size=left.shape)}), labels


def test_canonical_correlations_are_those_that_the_data_was_made_with():
    correlations = np.array([0.9, 0.5, 0.0])
    a = RANDOM.normal(size=(40_000, 3))
    b = correlations * a + np.sqrt(1 - correlations**2) * RANDOM.normal(size=a.shape)
    turned = b @ RANDOM.normal(size=(3, 3)) + 5
    of_a, of_b = (a[:20_000], a[20_000:]), (turned[:20_000], turned[20_000:])
    assert total_canonical_correlation(of_a, of_b, 3) == pytest.approx(1.4, abs=0.05)
    assert total_canonical_correlation(of_a, of_b, 1) == pytest.approx(0.9, abs=0.02)


def test_hsic_sees_dependence_that_no_correlation_sees():
    angle = RANDOM.uniform(0, 2 * np.pi, 1000)
    a, b = np.cos(angle)[:, None], np.sin(angle)[:, None]
    assert abs(np.corrcoef(a[:, 0], b[:, 0])[0, 1]) < 0.1
    assert normalized_hsic(a, b) > 3 * normalized_hsic(a, RANDOM.permutation(b))
    assert normalized_hsic(a, np.zeros_like(b)) == 0


def test_each_completer_does_what_its_name_says():
    train, _ = halves(200)
    test = train[:20]
    given = test.without("right")
    assert (nearest_neighbour(train, "right")(given) == test.view("right")).all()
    linear = canonical_correlation(train, "right")(given)
    assert linear.shape == (20, 8, 4)
    assert ((linear - test.view("right")) ** 2).mean() < 0.1 * np.var(test.view("right"))  # with 20 of 32 pairs


def linear_views(n, noise=0.0):
    """A table of two columns of unlike scales, beside three that are linear in them."""
    random = np.random.default_rng(n)
    a = random.normal(size=(n, 2)) * [1, 1000] + [0, 5000]
    return Views({"a": a, "b": a @ [[1, 0, 2], [0.001, 0.002, 0]] + 7 + noise * random.normal(size=(n, 3))})


def test_ridge_completes_a_linear_view_exactly_whatever_its_scales():
    train, test = linear_views(100), linear_views(20)
    assert ridge(train, "b")(test.without("b")) == pytest.approx(test.view("b"), abs=1e-3)
    assert ridge(train, "a")(test.without("a")) == pytest.approx(test.view("a"), rel=1e-3, abs=1e-3)


def test_five_neighbours_give_their_mean_by_columns_that_count_alike():
    small = np.array([0, 0, 0, 0, 0, 9, 9, 9, 9, 9.0])
    large = 1e6 * np.array([1, 2, 3, 4, 5, 1, 2, 3, 4, 5.0])
    views = Views({"a": np.stack([small, large], axis=1), "b": np.arange(10.0)[:, None]})
    asked = Views({"a": np.array([[0.0, 3e6], [9.0, 3e6]]), "b": np.zeros((2, 1))}).without("b")
    assert neighbours(views, "b")(asked).ravel().tolist() == [2, 7]


class Mean:
    """Completes a view by the mean of nothing: zeros."""

    latent_dim = 2

    def __init__(self, exact=None):
        self.exact = exact

    def abilities(self):
        return frozenset({"encode", "complete"})

    def transform(self, X):
        there = [view for view, has in zip(X.arrays, X.present.T, strict=True) if has.all()]
        return there[0][:, :2]

    def complete(self, X):
        missing = next(name for name in X.names if X.lacking(name).any())
        view = X.view(missing)
        return {missing: self.exact.view(missing) if self.exact else np.zeros_like(view)}


def test_where_ridge_completes_a_view_better_a_sentence_says_so():
    fitted, held = (Selection.choose(linear_views(n, 0.1), None, 1000, 0) for n in (100, 40))
    block = several_views(Mean(), fitted, held)
    figures = block["completion"]["b"]
    assert figures["ridge"]["root_mean_squared_error"] == pytest.approx(0.1, rel=0.2)
    assert figures["model"]["root_mean_squared_error"] > figures["neighbours"]["root_mean_squared_error"] > 0.1
    assert block["advice"].startswith("Ridge regression completes a, b better here (root mean squared error ")
    assert advice({"views": block}) == [block["advice"]]
    lines = {line.name: line.value for line in as_table({"views": block})}
    name = "root mean squared error, b completed"
    assert lines[name] == figures["model"]["root_mean_squared_error"]
    assert lines[f"{name}, by ridge regression"] == figures["ridge"]["root_mean_squared_error"]
    assert {f"{name}, by CCA", f"{name}, by 5 nearest neighbours"} <= set(lines)
    assert "advice" not in several_views(Mean(held.data), fitted, held)


def test_cca_keeps_the_type_of_pixels():
    train, _ = halves(100)
    pixels = Views({name: (255 * np.clip(train.view(name), 0, 1)).astype(np.uint8) for name in train.names})
    assert canonical_correlation(pixels, "left")(pixels[:3].without("left")).dtype == np.uint8


class Mirror:
    """Completes a half by mirroring the other; its code is the left half."""

    view_names_ = ("left", "right")
    latent_dim = 32

    def abilities(self):
        return frozenset({"encode", "complete"})

    def transform(self, X):
        left = X.view("left") if not X.lacking("left").any() else X.view("right")[:, :, ::-1]
        return np.asarray(left).reshape(len(X), -1)

    def complete(self, X):
        missing = "right" if X.lacking("right").any() else "left"
        other = "left" if missing == "right" else "right"
        return {missing: np.asarray(X.view(other))[:, :, ::-1]}


class JudgeOfMeans:
    """Reads the class of a whole image by the nearest prototype."""

    classes = np.arange(3)
    training_rows = 0

    def predict_proba(self, X):
        prototypes = np.random.default_rng(7).uniform(size=(3, 8, 4))
        whole = np.concatenate([prototypes, prototypes[:, :, ::-1]], axis=2)
        distances = ((X[:, None] - whole) ** 2).sum(axis=(2, 3))
        return np.eye(3)[distances.argmin(axis=1)]

    def features(self, X):
        return X.reshape(len(X), -1)


def test_a_perfect_model_reaches_the_figures_of_the_truth():
    (train, train_labels), (test, test_labels) = halves(300), halves(60)
    block = several_views(
        Mirror(),
        Selection.choose(train, train_labels, 1000, 0),
        Selection.choose(test, test_labels, 1000, 0),
        JudgeOfMeans(),
    )
    common = block["correlation"]["left and right"]
    assert common["total"] == pytest.approx(32, abs=0.5)
    assert common["hsic"] > 0.99 > 0.5 > common["hsic_shuffled"]
    assert block["svm_error"]["left"] == block["svm_error"]["all"] == 0
    for view in ("left", "right"):
        figures = block["completion"][view]
        assert figures["model"]["root_mean_squared_error"] == 0
        assert figures["model"]["structural_similarity"] == pytest.approx(1)
        assert figures["model"]["judge_agreement"] == figures["truth"]["judge_agreement"] == 1
        assert figures["nearest_neighbour"]["root_mean_squared_error"] > 0.05
    names = [line.name for line in as_table({"views": block})]
    assert "read as the true class, right completed" in names
    assert "error of a linear SVM on the codes of left" in names


def test_rows_that_lack_a_view_are_left_out_and_data_without_labels_is_no_obstacle():
    views, _ = halves(80)
    gappy = Views({"left": views.view("left"), "right": views.view("right")}, {"right": np.arange(80) % 2 == 0})
    block = several_views(Mirror(), Selection.choose(gappy, None, 1000, 0), Selection.choose(gappy, None, 1000, 0))
    assert block["rows"] == block["train_rows"] == 40
    assert "skipped" in block["svm_error"]
    assert "judge_agreement" not in block["completion"]["left"]["model"]
    assert several_views(Mirror(), None, Selection.choose(gappy, None, 1000, 0))["skipped"]


def test_completion_of_a_table_has_an_error_and_no_similarity():
    table = Views({"a": RANDOM.normal(size=(30, 3)), "b": RANDOM.normal(size=(30, 2))})
    figures = completion({"zero": np.zeros((30, 2))}, table, "b", None, None)
    expected = np.sqrt((table.view("b") ** 2).mean())
    deviations = np.sqrt(((table.view("b") ** 2).mean(axis=0) / table.view("b").var(axis=0)).mean())
    assert figures["zero"] == {
        "root_mean_squared_error": pytest.approx(expected),
        "standardized_error": pytest.approx(deviations),
    }


def test_of_many_pairs_of_views_the_highest_the_median_and_the_lowest_are_told():
    def pair(k):
        return {"total": k, "of_data": 0.0, "components": 2, "hsic": (7 * k) % 15 / 15, "hsic_shuffled": 0.0}

    correlation = {f"{k} and {k + 1}": pair(k) for k in range(15)}
    block = {"rows": 9, "train_rows": 9, "correlation": correlation, "svm_error": {"skipped": "none"}, "completion": {}}
    lines = [line for line in as_table({"views": block}) if line.value is not None]
    assert [line.value for line in lines[:3]] == [14, 7, 0]
    assert lines[1].name.endswith("codes of 7 and 8, the median of 15 pairs")
    assert [line.value for line in lines[3:]] == [14 / 15, 7 / 15, 0]
    few = dict(list(correlation.items())[:6])
    assert len([line for line in as_table({"views": block | {"correlation": few}}) if line.value is not None]) == 12


def test_halves_join_and_other_views_do_not():
    views, _ = halves(5)
    whole = joined({name: views.view(name) for name in views.names})
    assert (whole[:, :, :4] == views.view("left")).all()
    assert joined({"top": np.zeros((5, 4, 8)), "bottom": np.zeros((5, 4, 8))}).shape == (5, 8, 8)
    assert joined({"left": np.zeros((5, 4)), "right": np.zeros((5, 4))}) is None
    assert joined({"a": np.zeros((5, 4, 4)), "b": np.zeros((5, 4, 4))}) is None
    assert joined({"left": np.zeros((5, 4, 4)), "right": np.zeros((5, 5, 4))}) is None
