"""Codes that are the factors score best, mixtures of them less, and noise no better than chance."""

import json

import numpy as np
import pytest

from latently.evaluation import as_table, evaluate
from latently.evaluation.disentanglement import factor_vae_score, mutual_information_gap

SIZES = (10, 10, 5)


def squares():
    """White squares in images of 16 × 16: every place and size, and those three factors."""
    x, y, size = (axis.ravel() for axis in np.indices(SIZES))
    images = np.zeros((len(x), 16, 16), np.uint8)
    for image, left, top, side in zip(images, x, y, size + 2, strict=True):
        image[top : top + side, left : left + side] = 255
    return images, np.stack([x, y, size], axis=1)


def measured(images):
    """Left edge, top edge and side of the square in each image: codes made by hand from the pixels alone."""
    lit = images > 0
    columns, rows = lit.any(axis=1), lit.any(axis=2)
    return np.stack([columns.argmax(axis=1), rows.argmax(axis=1), columns.sum(axis=1)], axis=1).astype(float)


IMAGES, FACTORS = squares()


def standardised(codes):
    return (codes - codes.mean(axis=0)) / codes.std(axis=0)


def scores(codes, factors=FACTORS):
    return mutual_information_gap(codes, factors)["gap"], factor_vae_score(codes, factors)["score"]


ROTATION = np.array([[1, 1, 1], [1, -1, 1], [1, 0, -2]]) / np.sqrt([3, 2, 6])


def test_codes_read_off_the_pixels_are_the_factors_and_score_best():
    codes = measured(IMAGES)
    np.testing.assert_array_equal(codes, FACTORS + np.array([0, 0, 2]))
    gap, score = scores(codes)
    assert gap == pytest.approx(1)  # every combination occurs once: no dimension tells of another factor
    assert score == 1
    permuted = standardised(codes)[:, [2, 0, 1]] * [-1, 3, 1]
    assert scores(permuted) == (pytest.approx(1), 1)
    assert mutual_information_gap(permuted, FACTORS)["dimension"] == [1, 2, 0]
    assert factor_vae_score(permuted, FACTORS)["factor_of_dimension"] == [2, 0, 1]


def test_rotated_codes_score_lower_and_mixed_ones_have_no_gap():
    codes = standardised(measured(IMAGES))
    gap, score = scores(codes @ ROTATION)
    assert gap < 0.4
    # Var(z_2) is 1/2 where left or top is fixed, and Var(z_3) 1/3 where the size is: the first two are not told apart
    assert score == pytest.approx(2 / 3, abs=0.05)
    pairs = codes[:, :2] @ [[1, 1], [1, -1]]  # both sides of the square in both dimensions, alike
    assert mutual_information_gap(pairs, FACTORS[:, :2])["gap"] < 1e-9
    assert factor_vae_score(pairs, FACTORS[:, :2])["score"] < 0.65


def test_noise_has_no_gap_and_scores_near_chance():
    random = np.random.default_rng(0)
    factors = random.integers(6, size=(20_000, 4))
    gap = mutual_information_gap(random.normal(size=(20_000, 6)), factors)
    assert 0 <= gap["gap"] < 0.005
    noise = factor_vae_score(random.normal(size=(20_000, 6)), factors)
    assert noise["chance"] == 0.25
    assert noise["score"] == pytest.approx(0.25, abs=0.05)


def test_the_gap_is_that_of_its_formula():
    """One binary factor; z_1 tells it through a channel that flips a tenth, z_2 through one that flips a third."""
    random = np.random.default_rng(0)
    factor = random.integers(2, size=60_000)
    flipped = [np.where(random.random(60_000) < p, 1 - factor, factor) for p in (0.1, 1 / 3)]

    def capacity(p):
        return 1 + p * np.log2(p) + (1 - p) * np.log2(1 - p)

    result = mutual_information_gap(np.stack(flipped, axis=1).astype(float), factor[:, None])
    expected = capacity(0.1) - capacity(1 / 3)
    assert result["gap"] == pytest.approx(expected, abs=4 * result["standard_error"])
    assert 0.001 < result["standard_error"] < 0.01
    assert result["by_factor"] == [result["gap"]]


def test_the_standard_error_of_the_gap_is_the_spread_over_samples():
    def gap(seed):
        random = np.random.default_rng(seed)
        factors = random.integers(3, size=(600, 2))
        return mutual_information_gap(factors + random.normal(0, 0.7, size=(600, 2)), factors)

    results = [gap(seed) for seed in range(40)]
    spread = np.std([result["gap"] for result in results])
    assert np.mean([result["standard_error"] for result in results]) == pytest.approx(spread, rel=0.4)


def test_one_dimension_that_holds_two_factors_names_one_of_them():
    codes = np.stack([FACTORS[:, 0] + 10.0 * FACTORS[:, 1], np.zeros(len(FACTORS))], axis=1)
    result = factor_vae_score(codes, FACTORS[:, :2])
    assert result["factor_of_dimension"][1] is None  # it has collapsed, and would vary least in every vote
    assert result["score"] == pytest.approx(0.5, abs=4 * result["standard_error"])


def test_a_collapsed_dimension_changes_nothing():
    codes = standardised(measured(IMAGES))
    idle = np.hstack([codes, 0.01 * np.random.default_rng(0).normal(size=(len(codes), 1))])
    assert factor_vae_score(idle, FACTORS)["score"] == 1
    assert factor_vae_score(0.01 * codes, FACTORS)["skipped"] == "every dimension has collapsed"
    assert factor_vae_score(0.01 * codes, FACTORS, collapsed=1e-6)["score"] == 1


def test_rows_with_an_unknown_factor_and_factors_that_never_change_are_left_out():
    codes, factors = standardised(measured(IMAGES)), FACTORS.copy()
    factors[:100, 1] = -1
    still = np.hstack([factors, np.full((len(factors), 1), 3)])
    gap, score = mutual_information_gap(codes, still), factor_vae_score(codes, still)
    assert gap["rows"] == score["rows"] == 400
    assert gap["by_factor"][3] is None
    assert gap["gap"] == pytest.approx(np.mean(gap["by_factor"][:3]))
    assert score["chance"] == pytest.approx(1 / 3)
    assert mutual_information_gap(codes, still[:, 3:])["skipped"] == "no factor takes two values"
    assert factor_vae_score(codes, still[:, 2:])["skipped"] == "fewer than two factors take two values"


def test_the_seed_decides_and_tables_of_other_rows_are_refused():
    codes = standardised(measured(IMAGES)) @ ROTATION
    first, again, other = (factor_vae_score(codes, FACTORS, seed=seed, votes=500) for seed in (1, 1, 2))
    assert first == again != other
    for score in (mutual_information_gap, factor_vae_score):
        with pytest.raises(ValueError, match=r"got shapes \(499, 3\) and \(500, 3\)"):
            score(codes[1:], FACTORS)
        with pytest.raises(ValueError, match="finite"):
            score(np.where(codes == codes[0, 0], np.nan, codes), FACTORS)


class Measuring:
    """A fitted model whose code is what is read off the pixels."""

    latent_dim = 3

    def abilities(self):
        return frozenset({"encode"})

    def transform(self, X):
        return measured(X).astype(np.float32)

    def aggregate_codes(self, X, random_state):
        return self.transform(X)


class Drawing(Measuring):
    def abilities(self):
        return frozenset()


def test_an_evaluation_tells_disentanglement_where_factors_are_given_and_the_model_encodes():
    data = (None, None, IMAGES, None)
    named = dict(zip(("left", "top", "size"), FACTORS.T, strict=True))
    result = evaluate(Measuring(), data, factors=named)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    block = result["disentanglement"]
    assert block["factors"] == ["left", "top", "size"]
    assert block["mutual_information_gap"]["gap"] == pytest.approx(1)
    assert block["factor_vae_score"]["score"] == 1
    assert block["seed"] == 0
    table = {line.name: line for line in as_table(result)}
    assert (table["mutual information gap"].value, table["FactorVAE score"].value) == (pytest.approx(1), 100)
    assert "left 1, top 1, size 1; 20 bins a dimension, 500 rows" in table["mutual information gap"].note
    assert "chance is 33.3 %; 5,000 votes of 64 rows each, 500 rows" in table["FactorVAE score"].note
    unnamed = evaluate(Measuring(), data, factors=FACTORS)["disentanglement"]
    assert unnamed == {**block, "factors": ["factor 1", "factor 2", "factor 3"]}
    assert "disentanglement" not in evaluate(Measuring(), data)
    assert "disentanglement" not in evaluate(Drawing(), data, factors=FACTORS)


def test_factors_follow_the_rows_that_are_chosen_and_reasons_are_told():
    cut = evaluate(Measuring(), (None, None, IMAGES, None), factors=FACTORS, max_rows=200)["disentanglement"]
    assert cut["mutual_information_gap"]["rows"] == 200
    assert cut["factor_vae_score"]["score"] > 0.99
    one = evaluate(Measuring(), (None, None, IMAGES[:1], None), factors=FACTORS[:1])
    assert one["disentanglement"]["skipped"] == "a single row has no distribution"
    still = evaluate(Measuring(), (None, None, IMAGES[:10], None), factors=FACTORS[:10, 0])
    notes = [line.note for line in as_table(still) if line.name in ("mutual information gap", "FactorVAE score")]
    assert notes == ["skipped: no factor takes two values", "skipped: fewer than two factors take two values"]
    with pytest.raises(ValueError, match="factors must hold an integer for each of the 500 test rows and each factor"):
        evaluate(Measuring(), (None, None, IMAGES, None), factors=FACTORS[1:])
    with pytest.raises(ValueError, match=r"got 'float64 \(500,\) for left'"):
        evaluate(Measuring(), (None, None, IMAGES, None), factors={"left": FACTORS[:, 0] / 2})
