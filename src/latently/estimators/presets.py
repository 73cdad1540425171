"""Presets: named hyperparameters that follow a published description, one table."""

from typing import Any

PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    # Kingma & Welling 2013, and the two-dimensional example that most tutorials share.
    "vae-2d": (
        "VAE",
        {"latent_dim": 2, "hidden": (256,), "activation": "relu", "likelihood": "bernoulli"}
        | {"batch_size": 100, "epochs": 50, "learning_rate": 1e-3},
    ),
    "vae-mlp": (
        "VAE",
        {
            "latent_dim": 20,
            "hidden": (500, 500),
            "activation": ("elu", "tanh"),
            "dropout": 0.1,
            "likelihood": "bernoulli",
        }
        | {"posterior_scale": "softplus", "batch_size": 128, "epochs": 50, "learning_rate": 1e-3},
    ),
    "vae-conv": (
        "VAE",
        {"latent_dim": 16, "network": "conv", "channels": (32, 64), "hidden": (256,), "likelihood": "bernoulli"}
        | {"batch_size": 128, "epochs": 20, "learning_rate": 1e-3},
    ),
    # Makhzani et al. 2015: three separate steps, the critic's rate a fifth of the others', two generator updates.
    "aae-mlp": (
        "AAE",
        {"latent_dim": 2, "hidden": (1000, 1000), "critic_hidden": (1000, 1000), "activation": "relu", "dropout": 0.1}
        | {"critic_dropout": 0.1, "likelihood": "gaussian", "likelihood_scale": 1.0, "output": "sigmoid"}
        | {
            "generator_updates": 2,
            "batch_size": 128,
            "epochs": 20,
            "learning_rate": 1e-3,
            "critic_learning_rate": 2e-4,
        },
    ),
    # A probabilistic encoder and one joint step.
    "aae-gaussian": (
        "AAE",
        {"latent_dim": 10, "hidden": (512, 512), "critic_hidden": (512, 256), "activation": "leaky_relu"}
        | {"normalization": (None, "batch"), "encoder": "gaussian", "likelihood": "laplace", "likelihood_scale": 1.0}
        | {
            "output": "tanh",
            "fooling_weight": 0.001,
            "learning_rate": 2e-4,
            "momentum": 0.5,
            "batch_size": 64,
            "epochs": 20,
        },
    ),
}
"""Name → (estimator, its hyperparameters)."""
