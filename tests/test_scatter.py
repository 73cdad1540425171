"""What rows of a table have beside what their codes stand for is drawn with the codes."""

import numpy as np
import pytest

import latently
from latently.scatter import PIECE, Scatter, step_of
from small_models import small

RNG = np.random.default_rng(0)
CODE = RNG.normal(size=(400, 1))
BESIDE = RNG.normal(size=(400, 1)) * [0.0, 0.3, -0.3, 0.0]  # two columns have something in common that is small
ROWS = CODE * [1.0, 1.0, 1.0, 2.0] + BESIDE + 0.02 * RNG.normal(size=(400, 4))


@pytest.mark.parametrize(
    ("numbers", "step"),
    [
        ([5.1, 4.9, 4.7, 6.0], 0.1),
        ([0.0, 6.0, 10.0, 16.0], 2.0),
        (np.float32([0.1, 0.4, 1.3]), 0.3),
        ((np.array([3.0, 8.0, 4.0]) - 4.7) / 1.3, 1 / 1.3),
        ([-1.0, 2.5], 3.5),
        ([7.0, 7.0], 0.0),
        (RNG.normal(size=50), 0.0),
    ],
)
def test_steps_are_found_whatever_the_scale(numbers, step):
    assert step_of(np.asarray(numbers, np.float64)) == pytest.approx(step, rel=1e-4)


def test_what_is_beside_the_mean_is_drawn_as_it_hangs_together():
    means = 0.8 * CODE * [1.0, 1.0, 1.0, 2.0]  # a decoder shrinks rows towards their mean
    scatter, along, units = Scatter.fit(CODE, means, ROWS, ROWS)
    drawn = means + scatter.draw(CODE, RNG.permutation(along), seed=1)
    np.testing.assert_allclose(np.cov(drawn.T), np.cov(ROWS.T), atol=0.03)
    assert units[0] == pytest.approx(7**0.5, rel=0.05)
    codes, many = np.zeros((PIECE + 5, 1)), np.zeros((PIECE + 5, along.shape[1]), np.float32)
    np.testing.assert_array_equal(
        scatter.draw(codes, many, 1)[PIECE:], scatter.draw(codes[PIECE:], many[PIECE:], 1, first=PIECE)
    )


def test_samples_of_a_table_have_the_correlations_of_its_rows_and_its_steps():
    rows = np.column_stack([ROWS.round(1), ROWS[:, 0] > 0])
    model = small(latently.VAE, latent_dim=1, epochs=60).fit(rows)
    drawn = model.sample(2000, random_state=0)
    np.testing.assert_allclose(np.corrcoef(drawn.T), np.corrcoef(rows.T), atol=0.1)
    np.testing.assert_allclose(drawn, drawn.round(1), atol=1e-5)
    assert set(drawn[:, 4]) == {0.0, 1.0}
    assert (drawn.min(axis=0) >= rows.min(axis=0) - 1e-6).all()
    assert (drawn.max(axis=0) <= rows.max(axis=0) + 1e-6).all()
    prior = model.sample(2000, random_state=0, from_prior=True)
    assert abs(np.corrcoef(prior.T) - np.corrcoef(rows.T)).max() > 0.2


def test_the_sampler_of_a_table_is_saved_and_does_not_hang_on_how_rows_are_cut(tmp_path):
    model = small(latently.VAE, latent_dim=2).fit(ROWS)
    model.save(tmp_path)
    drawn = model.drawn(3000, random_state=3)
    np.testing.assert_array_equal(latently.load(tmp_path).sample(3000, random_state=3), drawn[:])
    np.testing.assert_array_equal(drawn[1500:1600], drawn[:][1500:1600])


def test_whole_numbers_stay_whole_numbers():
    rows = np.column_stack([np.arange(60) * 5, (np.arange(60) - 30) ** 2])
    drawn = small(latently.VAE, latent_dim=1).fit(rows).sample(100, random_state=0)
    assert drawn.dtype == rows.dtype
    assert not (drawn[:, 0] % 5).any()


@pytest.mark.parametrize("name", ["AAE", "ConditionalVAE", "SupervisedAAE", "SemiSupervisedAAE", "SemiSupervisedVAE"])
def test_each_class_of_a_table_is_drawn_by_itself(name):
    y = np.array(["low", "high"])[(CODE[:, 0] > 0).astype(int)]
    model = small(getattr(latently, name), latent_dim=2).fit(ROWS, y)
    assert model.sampler_.classes.tolist() == ["high", "low"]
    for label in ("high", "low"):
        drawn = model.sample(300, labels=label, random_state=0)
        np.testing.assert_allclose(drawn.mean(axis=0), ROWS[y == label].mean(axis=0), atol=0.5)


def test_clusters_are_drawn_by_themselves_and_as_often_as_they_are():
    model = small(latently.ClusteringAAE, n_clusters=2, cluster_start="gaussian-mixture")
    model.fit(np.vstack([ROWS + 5, ROWS[:100] - 5]))
    assert sorted(model.sampler_.shares) == pytest.approx([0.2, 0.8], abs=0.05)
    assert (model.sample(1000, random_state=0)[:, 0] > 0).mean() == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize(
    ("model", "rows"),
    [(latently.VAE, ROWS[:5]), (latently.VAE, (ROWS > 0) * 1.0), (latently.VAE, RNG.normal(size=(30, 4, 4)))],
)
def test_few_rows_and_pictures_have_no_sampler_unless_it_is_asked_for(model, rows):
    assert small(model, latent_dim=2).fit(rows).sampler_ is None


def test_a_part_of_a_stream_is_not_taken_for_all():
    assert small(latently.VAE, latent_dim=2).partial_fit(ROWS).sampler_ is None
