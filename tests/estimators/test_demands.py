"""What a fit will take of memory is known before anything is made."""

import time
import warnings
from types import SimpleNamespace

import jax
import numpy as np
import pytest

from latently import AAE, ACCA, VAE, ClusteringAAE
from latently.cli.errors import sentence
from latently.errors import ArgumentError
from latently.estimators import demands
from latently.training import Room, device_bytes
from latently.training import round as rounds


def refused(monkeypatch: pytest.MonkeyPatch, there: int, model: object, X: object) -> ArgumentError:
    """The error where so many bytes are there."""
    monkeypatch.setattr(demands, "device_bytes", lambda: there)
    with pytest.raises(ArgumentError) as caught:
        model.trainer(X)
    return caught.value


def photos(side: int) -> np.ndarray:
    noise = np.random.default_rng(0).integers(0, 100, (12, side, side, 3))
    return (noise + np.linspace(0, 155, side)[:, None]).astype(np.uint8)


def test_twelve_photos_for_a_perceptron_are_refused_in_a_sentence_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before, began = len(jax.live_arrays()), time.perf_counter()
    with pytest.warns(match=r"rows of 512 x 512 x 3 .* 402,653,184 weights; network=\"conv\" needs few"):
        error = refused(monkeypatch, 8_000_000_000, VAE(latent_dim=2, random_state=0), photos(512))
    assert time.perf_counter() - began < 10
    assert len(jax.live_arrays()) - before < 20  # none of them a weight
    assert str(error) == (
        "network must be smaller: its 807 million weights, and what training keeps beside each, take about 19 GB of "
        "memory, and 8.0 GB are free here (LATENTLY_MEMORY=24GB sets another limit). Use "
        'network="conv", smaller images (opened with image_size=64), or a smaller hidden.'
    )
    assert "Use --network conv, smaller images (opened with --image-size 64), or a smaller --hidden." in sentence(error)


def test_a_wide_table_is_told_of_narrower_layers(monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(monkeypatch, 10_000_000, AAE(latent_dim=2, random_state=0), np.eye(20, 3000))
    assert (error.name, error.remedy) == ("network", "Use a smaller {hidden}.")


@pytest.mark.parametrize("name", ["latent_dim", "hidden", "n_clusters", "importance_samples"])
def test_a_hyperparameter_that_is_far_too_large_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = ClusteringAAE if name == "n_clusters" else VAE
    given = {"hidden": (4,), name: (10**6,) if name == "hidden" else 10**6}
    error = refused(monkeypatch, 10_000_000, kind(random_state=0, **given), np.eye(20, 30))
    assert str(error).startswith(f"{name} must be smaller: ")


def test_large_batches_are_told_of_smaller_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    model = VAE(latent_dim=2, network="conv", channels=(16,), hidden=(4,), batch_size=12, random_state=0)
    error = refused(monkeypatch, 4_500_000, model, photos(64))
    assert error.name == "batch_size"
    assert error.remedy == "Use a smaller {batch_size}, or smaller images (opened with {image_size=64})."


def test_several_views_are_reckoned_with(monkeypatch: pytest.MonkeyPatch) -> None:
    halves = {"left": np.eye(20, 300), "right": np.eye(20, 200)}
    assert refused(monkeypatch, 1_000_000, ACCA(latent_dim=2, random_state=0), halves).name == "network"


def test_what_is_reckoned_are_weights_twice_with_their_means_and_what_the_compiler_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[Room | None] = []
    room_for = demands.room_for
    monkeypatch.setattr(demands, "room_for", lambda *a, **how: found.append(room_for(*a, **how)))
    X = np.random.default_rng(0).uniform(size=(200, 50)).astype(np.float32)
    for there in (10**12, 14_500_000):
        monkeypatch.setattr(demands, "device_bytes", lambda there=there: there)
        model = VAE(latent_dim=2, batch_size=100, random_state=0)
        trainer = model.trainer(X)
    plenty, exact = found
    leaves = jax.tree.leaves(trainer.state.game)
    weights = sum(leaf.nbytes for leaf in leaves if isinstance(leaf, jax.Array))
    assert plenty is None
    assert exact is not None
    assert exact.weights == weights
    assert exact.kept == pytest.approx(6 * weights, rel=1e-4)  # made, and copied: each with Adam's two means
    assert exact.rows == X[0].nbytes * 256 + 4 * 512 * 100  # filled up; and the table of draws


@pytest.mark.parametrize(
    ("stats", "there"), [({"bytes_limit": 900, "bytes_in_use": 200}, 700), ({"bytes_in_use": 1}, None), (None, None)]
)
def test_an_accelerator_has_what_it_does_not_use(
    stats: dict[str, int] | None, there: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = SimpleNamespace(platform="gpu", memory_stats=lambda: stats)
    monkeypatch.setattr(jax, "local_devices", lambda: [device])
    assert device_bytes() == there


def test_a_fit_that_has_room_plays_the_rounds_that_were_traced_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    traced: list[object] = []
    begin = rounds.Rounds.__init__
    monkeypatch.setattr(rounds.Rounds, "__init__", lambda self, *a: (traced.append(self), begin(self, *a))[1])
    VAE(latent_dim=2, hidden=(7,), epochs=1, random_state=0).fit(np.eye(30))
    assert len(traced) == 1


def test_a_code_that_is_far_larger_than_its_rows_is_warned_of():
    X = np.random.default_rng(0).normal(size=(8, 3))
    with pytest.warns(UserWarning, match=r"^a code of 31 dimensions is over 10 times as large as its rows"):
        VAE(latent_dim=31, hidden=(4,)).trainer(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        VAE(latent_dim=30, hidden=(4,), standardize="features").trainer(X)
