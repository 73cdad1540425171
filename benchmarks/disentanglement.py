"""How far single dimensions of a code follow single factors of sprites: VAE, β-VAE, FactorVAE and β-TCVAE.

The sprites are drawn here: a disc, a square or a triangle, of every place and size in the grid of `FACTORS`, as grey
pictures of 16 × 16. Run as `python -m benchmarks.disentanglement`; prints a table with the mean and the standard
deviation over seeds of both scores, and the reconstruction error that they cost.
"""

import argparse
import warnings
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8

from latently import VAE, FactorVAE
from latently.estimators import CollapseWarning, LatentModel
from latently.evaluation import factor_vae_score, mutual_information_gap

FACTORS = {"shape": 3, "x": 12, "y": 12, "size": 6}
SIDE, FINE = 16, 8  # pixels; and points along each, of which a grey is the mean

COMMON = dict(latent_dim=6, hidden=(256, 256), likelihood="bernoulli", batch_size=64, learning_rate=1e-3)
MODELS: dict[str, tuple[type[LatentModel], dict[str, Any]]] = {
    "VAE": (VAE, {}),
    "β-VAE, β = 4": (VAE, {"beta": 4.0}),
    "FactorVAE, γ = 40": (FactorVAE, {"gamma": 40.0}),
    "β-TCVAE, β = 6": (FactorVAE, {"gamma": 5.0, "total_correlation": "weighted"}),
}


def sprites() -> tuple[UInt8[np.ndarray, "rows side side"], Int[np.ndarray, "rows factors"]]:
    """Every sprite, and its factors."""
    factors = np.stack([axis.ravel() for axis in np.indices(tuple(FACTORS.values()))], axis=1)
    return np.stack([_sprite(*row) for row in factors]), factors


def _sprite(shape: int, x: int, y: int, size: int) -> UInt8[np.ndarray, "side side"]:
    radius = 2.0 + 0.4 * size
    free = SIDE - 2 * 4.0 - 0.5  # so that the largest one stays within
    left, top = (4.25 + free * place / (FACTORS["x"] - 1) for place in (x, y))
    at = (np.arange(SIDE * FINE) + 0.5) / FINE
    across, down = (at[None] - left) / radius, (at[:, None] - top) / radius
    inside = [
        across**2 + down**2 < 1,
        np.maximum(abs(across), abs(down)) < 0.85,
        (down < 0.7) & (down > 2 * abs(across) - 1),
    ][shape]
    grey: Float[np.ndarray, "side side"] = inside.reshape(SIDE, FINE, SIDE, FINE).mean(axis=(1, 3))
    return np.round(255 * grey).astype(np.uint8)


def measure(model: LatentModel, images: Any, factors: Any) -> tuple[float, float, float]:
    """Mutual information gap, FactorVAE score, and the mean squared error of a reconstruction, per picture."""
    codes = model.transform(images)
    error = ((model.reconstruct(images).astype(float) - images) / 255) ** 2
    gap, score = mutual_information_gap(codes, factors)["gap"], factor_vae_score(codes, factors)["score"]
    return gap, score, float(error.sum(axis=(1, 2)).mean())


def main() -> None:
    """Fit every model with every seed, and print a line for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3, help="fits of each model")
    parser.add_argument("--epochs", type=float, default=200, help="passes over the sprites")
    parser.add_argument("--only", help="models whose name holds this")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore", CollapseWarning)
    images, factors = sprites()
    print("| model | mutual information gap | FactorVAE score | squared error of a picture |")
    print("| --- | ---: | ---: | ---: |", flush=True)
    for name, (model, options) in MODELS.items():
        if chosen.only and chosen.only not in name:
            continue
        fits = (model(**COMMON, **options, epochs=chosen.epochs, random_state=seed) for seed in range(chosen.seeds))
        results = np.array([measure(fit.fit(images), images, factors) for fit in fits])
        cells = (f"{mean:.2f} ± {sd:.2f}" for mean, sd in zip(results.mean(axis=0), results.std(axis=0), strict=True))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
