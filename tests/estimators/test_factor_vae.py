"""FactorVAE and β-TCVAE: independent factors of the data end in dimensions of their own."""

import numpy as np
import pytest

import latently
from latently import VAE, FactorVAE
from latently.errors import ArgumentError
from latently.evaluation import mutual_information_gap

RANDOM = np.random.default_rng(0)
FACTORS = RANDOM.integers(10, size=(2000, 2))


def turned_by_half_a_right_angle():
    """Two factors of ten values each, turned and put into six columns: no column follows either."""
    turn = np.array([[1.0, -1.0], [1.0, 1.0]]) / np.sqrt(2)
    columns = np.linalg.qr(RANDOM.normal(size=(6, 6)))[0][:2]
    standardised = (FACTORS - FACTORS.mean(axis=0)) / FACTORS.std(axis=0)
    return standardised @ turn @ columns + 0.05 * RANDOM.normal(size=(2000, 6))


X = turned_by_half_a_right_angle()
SMALL = {"latent_dim": 2, "hidden": (32,), "critic_hidden": (64, 64), "batch_size": 100, "learning_rate": 3e-3}


def gaps(**options):
    models = (
        FactorVAE(**SMALL, likelihood_scale=0.3, epochs=40, linear_path=False, random_state=seed, **options)
        for seed in range(3)
    )
    return [mutual_information_gap(model.fit(X).transform(X), FACTORS)["gap"] for model in models]


def test_a_weight_on_the_total_correlation_parts_the_factors():
    """Without one, the code may be any rotation of them: a seed may happen upon the right one, most do not."""
    assert np.mean(gaps(gamma=0.0, total_correlation="weighted")) < 0.5
    assert min(gaps(gamma=10.0)) > 0.7
    assert min(gaps(gamma=5.0, total_correlation="weighted")) > 0.7


@pytest.mark.parametrize("total_correlation", ["critic", "weighted", "stratified"])
def test_it_does_all_that_a_vae_does_and_is_saved(total_correlation, tmp_path):
    options = {**SMALL, "epochs": 1, "total_correlation": total_correlation, "corruption": "gaussian:0.1"}
    model = FactorVAE(**options, random_state=0).fit(X)
    vae = VAE(latent_dim=2, hidden=(32,), epochs=1, corruption="gaussian:0.1", random_state=0).fit(X)
    assert model.abilities() == vae.abilities()
    assert np.isfinite(model.score(X[:20]))
    model.save(tmp_path / "model")
    loaded = latently.load(tmp_path / "model")
    assert (loaded.transform(X[:20]) == model.transform(X[:20])).all()
    assert loaded.game_.rows == 2000
    assert (loaded.game_.critic is None) == (total_correlation != "critic")


def test_the_presets_follow_their_papers():
    images = RANDOM.integers(0, 256, (40, 16, 16), dtype=np.uint8)
    game = FactorVAE.from_preset("factor-vae", random_state=0).trainer(images).state.game
    critic, vae = game.players()
    widths = [layer.weight.shape[1] for layer in game.critic.layers if hasattr(layer, "weight")]
    assert widths == [1000] * 6 + [1]
    assert {layer.name for layer in game.critic.layers if hasattr(layer, "name")} == {"leaky_relu"}
    assert (critic.name, dict(vae.weights)) == ("critic", {"total_correlation": 35.0, "active_dimensions": 0.0})
    alone = FactorVAE.from_preset("beta-tcvae", random_state=0).trainer(images).state.game
    assert (alone.critic, alone.sampling, alone.rows) == (None, "weighted", 40)
    assert [dict(player.weights)["total_correlation"] for player in alone.players()] == [5.0]


def test_a_prior_whose_dimensions_are_not_independent_is_refused():
    with pytest.raises(ArgumentError, match="prior must be normal for FactorVAE"):
        FactorVAE(**SMALL, prior="star").fit(X)
