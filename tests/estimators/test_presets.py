"""Every preset builds and plays."""

import jax.numpy as jnp
import numpy as np
import pytest

import latently
from latently.catalogue import MODELS

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (140, 8, 8), dtype=np.uint8)
Y = np.arange(140) % 10
PRESETS = {name: (model.name, given) for model in MODELS for name, given in model.load().presets.items()}


@pytest.mark.sampled
@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_plays_a_few_rounds(name):
    model = getattr(latently, PRESETS[name][0]).from_preset(name, random_state=0)
    rows = {"left": PIXELS[:, :, :4], "right": PIXELS[:, :, 4:]} if model.takes_views else PIXELS
    trainer = model.trainer(rows, Y)
    trainer.run(3)
    model.adopt(trainer)
    assert trainer.feed.batch_size == min(140, PRESETS[name][1]["batch_size"])
    assert all(np.isfinite(value) for progress in trainer.history for value in progress.terms.values())
    drawn = model.sample(5, random_state=0)
    assert all(each.dtype == np.uint8 for each in (drawn.values() if model.takes_views else [drawn]))
    if "encode" in model.abilities():
        assert model.transform(rows if model.takes_views else rows[:5]).shape[1] == model.latent_dim
        model.reconstruct(rows)


def test_presets_follow_their_papers():
    """The facts of the descriptions that are easily lost."""
    mlp = latently.AAE.from_preset("aae-mlp", random_state=0).trainer(PIXELS, Y).state.game
    assert {player.name: player.updates for player in mlp.players()} == {"autoencoder": 1, "critic": 1, "generator": 2}
    gaussian = latently.AAE.from_preset("aae-gaussian", random_state=0).trainer(PIXELS).state.game
    critic, autoencoder = gaussian.players()
    assert dict(autoencoder.weights) == {"reconstruction_per_element": 0.999, "fooling": 0.001, "reconstruction": 0.0}
    assert dict(critic.weights) == {"prior": 0.5, "posterior": 0.5, "accuracy": 0.0}
    assert [type(layer).__name__ for layer in gaussian.encoder.network.layers] == [
        *("Flatten", "Linear", "Activate"),
        *("Linear", "BatchNorm", "Activate"),
        "Linear",
    ]


def test_a_warm_up_raises_the_weight_from_0_to_beta():
    model = latently.VAE(2, hidden=(4,), beta=3.0, warm_up_epochs=2, batch_size=14, random_state=0)
    (player,) = model.trainer(PIXELS).state.game.players()
    assert [float(player.weights["kl"](jnp.asarray(round_))) for round_ in (0, 5, 10, 20, 500)] == [
        0.0,
        0.75,
        1.5,
        3.0,
        3.0,
    ]
