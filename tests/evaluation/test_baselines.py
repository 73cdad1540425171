"""What people would do anyway reaches what is known of small data, and a sentence says where it does better."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from latently.data import Preprocessing, Table
from latently.evaluation import advice, as_table, evaluate
from latently.evaluation.baselines import Learned, clusterings, label_spreading, surely_less
from latently.evaluation.reading import Reading
from latently.evaluation.rows import Selection

MIDDLES = np.array([[0.0, 0, 0, 0], [9, 0, 0, 0], [0, 9, 0, 0]])


def plane(n, seed):
    """Rows on a plane in four dimensions, whose columns have unlike scales; the class is the sign of a coordinate."""
    z = np.random.default_rng(seed).normal(size=(n, 2))
    return z @ np.array([[1.0, 2, 0, 1], [0, 1, 1, -1]]) * [1, 10, 100, 1000], (z[:, 0] > 0).astype(int)


def blobs(n, seed):
    """Three round clusters, and the number of each."""
    random = np.random.default_rng(seed)
    labels = random.integers(3, size=n)
    return MIDDLES[labels] + random.normal(size=(n, 4)), labels


class Coder:
    """A model whose code is the first two columns, and which gives back their mean instead of the others."""

    latent_dim = 2

    def __init__(self, X):
        self.preprocessing_ = Preprocessing.fit(X)
        self.means = X.mean(axis=0)

    def abilities(self):
        return frozenset({"encode", "decode"})

    def transform(self, X):
        return np.asarray(X)[:, :2].astype(np.float32)

    def aggregate_codes(self, X, random_state):
        return self.transform(X)

    def reconstruct(self, X):
        return np.where(np.arange(4) < 2, X, self.means)


class Guesser(Coder):
    """A model that also predicts, what it was told to."""

    def __init__(self, X, predicted, classes=None):
        super().__init__(X)
        self.predicted, self.classes_ = predicted, classes

    def abilities(self):
        return frozenset({"encode", "decode", "predict"})

    def predict(self, X):
        return self.predicted[: len(X)]

    def predict_proba(self, X):
        return np.eye(3)[self.predict(X)]


@pytest.fixture(scope="module")
def of_plane():
    (X, y), (X_test, y_test) = plane(200, 0), plane(100, 1)
    return evaluate(Coder(X), (X, y, X_test, y_test))


def test_components_explain_all_of_a_plane_and_stand_under_the_models_own_line(of_plane):
    given = of_plane["reconstruction"]
    assert given["baselines"]["pca"]["variance_explained"] == pytest.approx(1)
    assert (given["baselines"]["pca"]["components"], given["baselines"]["pca"]["train_rows"]) == (2, 200)
    lines = as_table(of_plane)
    names = [line.name for line in lines]
    place = names.index("variance explained")
    assert lines[place + 1][:3] == ("variance explained, by PCA", pytest.approx(100), "%")
    place = names.index("accuracy of the 5 nearest neighbours")
    assert names[place + 1] == "accuracy of the 5 nearest neighbours, by PCA"
    assert lines[place + 1].value > 90


def test_the_variance_explained_counts_columns_of_unlike_scales_alike(of_plane):
    assert of_plane["reconstruction"]["variance_explained"] == pytest.approx(0.5, abs=0.05)  # two of four columns


def test_a_sentence_says_that_components_explain_more_and_is_silent_where_they_do_not(of_plane):
    (sentence,) = advice(of_plane)
    assert sentence.startswith("PCA with as many dimensions explains more of these rows (100.0 % of their variance")
    assert "sklearn.decomposition.PCA" in sentence
    (X, y), (X_test, y_test) = plane(50, 0), plane(50, 1)

    class Perfect(Coder):
        def reconstruct(self, X):
            return X

    assert advice(evaluate(Perfect(X), (X, y, X_test, y_test))) == []


def test_no_components_are_advised_in_the_place_of_a_code_that_stands_beside_the_label(of_plane):
    (X, y), (X_test, y_test) = plane(50, 0), plane(50, 1)

    class Told(Coder):
        def abilities(self):
            return super().abilities() | {"restyle"}

    assert advice(of_plane) != []
    assert advice(evaluate(Told(X), (X, y, X_test, y_test))) == []


def test_a_single_training_row_has_no_components_and_the_reason_is_told():
    X, y = plane(60, 0)
    given = evaluate(Coder(X), (X[:1], y[:1], X, y))["reconstruction"]
    assert given["baselines"]["pca"] == {"skipped": "it is fitted to two training rows or more"}


def test_gaps_are_filled_by_means_for_components_and_it_is_said():
    X, y = plane(60, 0)
    there = np.random.default_rng(0).random(X.shape) >= 0.1
    table = Table.of(np.where(there, X, np.nan))

    class OfTable(Coder):
        def __init__(self):
            pass

        def transform(self, X):
            return np.nan_to_num(np.asarray(X)[:, :2])

        def reconstruct(self, X):
            return X

    result = evaluate(OfTable(), (table, y, table, y))
    filled = np.where(there, X, np.nanmean(np.where(there, X, np.nan), axis=0))
    scaled = (filled - filled.mean(axis=0)) / np.nanstd(np.asarray(table), axis=0)
    pca = PCA(2).fit(scaled)
    back = pca.inverse_transform(pca.transform(scaled)) * np.nanstd(np.asarray(table), axis=0) + filled.mean(axis=0)
    missed = [((X - back)[on, place] ** 2).mean() / X[on, place].var() for place, on in enumerate(there.T)]
    found = result["reconstruction"]["baselines"]["pca"]
    assert found["variance_explained"] == pytest.approx(1 - np.mean(missed), abs=1e-3)
    assert (found["gaps"], found["components"], found["train_rows"]) == ("filled by means", 2, 60)
    names = [line.name for line in as_table(result) if ", by PCA" in line.name]
    assert "variance explained, mean of 4 columns, by PCA, gaps filled by means" in names
    assert len(names) > 1
    assert all(name.endswith(", gaps filled by means") for name in names)


def test_gaps_of_test_rows_alone_are_filled_too():
    X, y = plane(60, 0)
    holed = X.copy()
    holed[::7, 1] = np.nan
    train, test = Table.of(X), Table.of(holed)
    block = clusterings(Coder(X), Selection.choose(train, y, 60, 0), Selection.choose(test, y, 60, 0), y, 2, 0)
    for found in block["baselines"].values():
        assert found["gaps"] == "filled by means"
        assert np.isfinite(found["adjusted_rand_index"])


def test_components_of_a_table_give_back_words_and_numbers():
    random = np.random.default_rng(0)
    town = random.integers(2, size=80)
    table = Table.of({"a": 3.0 + 50 * town, "b": 7 - 2.0 * town, "town": np.array(["Bonn", "Trier"])[town]})

    class OfTable(Coder):
        latent_dim = 1

        def __init__(self):
            pass

        def transform(self, X):
            return np.asarray(X)[:, :1]

        def reconstruct(self, X):
            return X

    pca = evaluate(OfTable(), (table, town, table, town))["reconstruction"]["baselines"]["pca"]
    assert (pca["numbers"], pca["words"], pca["accuracy"]) == (2, 1, 1)
    assert pca["variance_explained"] == pytest.approx(1)


def test_clusters_are_found_by_both_and_a_sentence_says_so_where_the_models_are_worse():
    (X, y), (X_test, y_test) = blobs(200, 0), blobs(150, 1)
    for predicted, said in ((np.arange(150) % 3, 1), ((y_test + 1) % 3, 0)):
        result = evaluate(Guesser(X, predicted), (X, y, X_test, y_test))
        found = result["clustering"]["baselines"]
        for name in ("k_means", "gaussian_mixture"):
            assert found[name]["adjusted_rand_index"] == found[name]["hungarian"]["accuracy"] == 1
            assert found[name]["train_rows"] == 200
        sentences = [sentence for sentence in advice(result) if "these classes better here" in sentence]
        assert len(sentences) == said
    names = [line.name for line in as_table(result)]
    place = names.index("adjusted Rand index")
    assert names[place + 1 : place + 3] == [
        "adjusted Rand index, by KMeans",
        "adjusted Rand index, by a Gaussian mixture",
    ]


def test_labels_are_spread_from_the_few_that_the_model_had():
    (X, y), (X_test, y_test) = blobs(200, 0), blobs(150, 1)
    few = np.where(np.isin(np.arange(200), [np.flatnonzero(y == label)[0] for label in range(3)]), y, -1)
    result = evaluate(Guesser(X, np.zeros(150, int), np.arange(3)), (X, few, X_test, y_test))
    found = result["classification"]
    assert found["baselines"]["label_spreading"] | {"standard_error": 0} == {
        **{"error": 0, "standard_error": 0, "labels": 3, "train_rows": 200}
    }
    assert found["advice"].startswith("LabelSpreading reads these classes better from as few labels (0.0 % wrong")
    names = [line.name for line in as_table(result)]
    assert names[names.index("classification error") + 1] == "classification error, by LabelSpreading"
    every = evaluate(Guesser(X, y_test, np.arange(3)), (X, y, X_test, y_test))["classification"]
    assert not {"baselines", "advice"} & set(every)


def test_all_labels_are_kept_where_rows_are_cut(monkeypatch):
    (X, y), (X_test, y_test) = blobs(300, 0), blobs(20, 1)
    words = np.array(["ant", "bee", "cat"])
    few = np.where(np.arange(300) < 280, "", words[y])
    monkeypatch.setattr("latently.evaluation.baselines.CLUSTERED_ROWS", 100)
    train, test = (Selection.choose(rows, labels, 1000, 0) for rows, labels in ((X, few), (X_test, words[y_test])))
    found = label_spreading(Coder(X), train, test, words[y_test], 0)["baselines"]["label_spreading"]
    assert (found["labels"], found["train_rows"], found["error"]) == (20, 100, 0)


def test_rows_are_read_as_the_model_reads_them_and_given_back_as_they_were():
    pixels = np.random.default_rng(0).integers(256, size=(20, 3, 4, 5), dtype=np.uint8)
    for rows, layout in ((pixels, "images"), (plane(20, 0)[0], "vectors")):
        coder = Coder(np.eye(4))
        coder.preprocessing_ = Preprocessing.fit(rows, layout=layout)
        reading = Reading.of(coder, rows)
        read = np.asarray(coder.preprocessing_(rows)).reshape(20, -1)
        numbers = reading.numbers(rows)
        assert np.sort(numbers, axis=1) == pytest.approx(np.sort(read, axis=1), abs=1e-5)
        assert reading.rows(numbers) == pytest.approx(rows, rel=1e-6)
        assert reading.rows(numbers).dtype == (np.uint8 if layout == "images" else np.float32)


def test_fewer_of_long_rows_are_learned_from(monkeypatch):
    monkeypatch.setattr("latently.evaluation.baselines.MOST_NUMBERS", 100)
    train = Selection.choose(plane(50, 0)[0], None, 1000, 0)
    assert Learned.of(Coder(np.eye(4)), train, train, 1000, 0).numbers.shape == (25, 4)


def test_a_difference_within_two_standard_errors_is_noise():
    random = np.random.default_rng(0)
    ours = random.random(400)
    assert surely_less(ours - 0.1, ours)
    assert not surely_less(ours, ours)
    assert not surely_less(ours - random.normal(0, 1, 400) - 0.01, ours)
