"""The judge reads real rows well, and is trained once for them."""

import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits

from latently.evaluation import Judge, judge_of
from latently.evaluation.judge import judge_path

ROUNDS = 80


@pytest.fixture(scope="module")
def digits():
    """Images of three digits, their classes words, some unknown."""
    images, target = load_digits(n_class=3, return_X_y=True)
    words = np.array(["zero", "one", "two"])[target]
    return np.round(images * 255 / 16).astype(np.uint8).reshape(-1, 8, 8), words


@pytest.fixture(scope="module")
def judge(digits):
    X, y = digits
    return Judge.fit(X[::2], np.where(np.arange(len(X[::2])) % 7, y[::2], ""), rounds=ROUNDS)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENTLY_CACHE", str(tmp_path))
    return tmp_path / "judges"


@pytest.fixture
def fits(monkeypatch):
    """How often a judge is trained, briefly."""
    fit, count = Judge.fit, []

    def brief(X, y, **options):
        count.append(len(X))
        return fit(X, y, **options, rounds=2)

    monkeypatch.setattr(sys.modules["latently.evaluation.judge"].Judge, "fit", brief)
    return count


def test_it_reads_rows_that_it_has_not_seen(judge, digits):
    X, y = digits
    assert np.mean(judge.predict(X[1::2]) == y[1::2]) > 0.95
    assert judge.classes.tolist() == ["one", "two", "zero"]
    assert judge.training_rows == np.count_nonzero(np.arange(len(X[::2])) % 7)


def test_its_classes_follow_from_its_features(judge, digits):
    X = digits[0][:700]
    p, features = judge.predict_proba(X), judge.features(X)
    last = judge.network.layers[-1]
    scores = features @ np.asarray(last.weight) + np.asarray(last.bias)
    np.testing.assert_allclose(np.log(p[:, 1:] / p[:, :1]), scores[:, 1:] - scores[:, :1], atol=1e-3)
    np.testing.assert_allclose(p.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(judge.features(X[:3]), features[:3], atol=1e-4)


def test_the_same_rows_give_the_same_judge(judge, digits):
    X, y = digits
    again = Judge.fit(X[::2], np.where(np.arange(len(X[::2])) % 7, y[::2], ""), rounds=ROUNDS)
    np.testing.assert_array_equal(judge.features(X[:5]), again.features(X[:5]))


def test_vectors_are_read_by_a_perceptron():
    random = np.random.default_rng(0)
    y = random.integers(3, size=300)
    X = random.normal(size=(300, 4)) + 30 * y[:, None]
    judge = Judge.fit(X[:200], y[:200], rounds=ROUNDS)
    assert np.mean(judge.predict(X[200:]) == y[200:]) == 1
    assert judge.features(X).shape == (300, 128)
    with pytest.raises(ValueError, match=r"rows of shape \(4,\).*got \(3,\)"):
        judge.predict(X[:, :3])


def test_it_is_trained_once_for_the_rows_and_labels(cache, fits, digits):
    X, y = digits
    first = judge_of(X, y)
    again = judge_of(X.copy(), y)
    assert len(fits) == 1
    np.testing.assert_array_equal(first.predict_proba(X), again.predict_proba(X))
    assert again.classes.tolist() == first.classes.tolist()
    assert again.training_rows == len(X)
    assert sorted(path.suffix for path in cache.iterdir()) == [".json", ".safetensors"]
    judge_of(X[::-1], y[::-1])
    judge_of(X, np.where(y == "one", "uno", y))
    assert len(fits) == 3


@pytest.mark.parametrize("suffix", [".json", ".safetensors"])
def test_a_damaged_one_is_trained_anew(cache, fits, digits, suffix):
    X, y = digits
    judge_of(X, y)
    path = judge_path(X, y).with_suffix(suffix)
    path.write_bytes(path.read_bytes()[:40])
    assert judge_of(X, y).classes.tolist() == ["one", "two", "zero"]
    assert len(fits) == 2
    judge_of(X, y)
    assert len(fits) == 2


@pytest.mark.parametrize(
    ("y", "message"), [(np.zeros(4, int), "two classes or more"), (np.arange(3), "one label for each of the 4 rows")]
)
def test_what_cannot_be_learned_from_is_refused(y, message):
    with pytest.raises(ValueError, match=message):
        Judge.fit(np.ones((4, 2)), y)
