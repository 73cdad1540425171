"""Presets: named hyperparameters that follow a published description, one table."""

from typing import Any

_PLAIN: dict[str, Any] = {"activation": "relu", "likelihood": "bernoulli", "batch_size": 128, "epochs": 20} | {
    "learning_rate": 1e-3,
    "learning_rate_decay": 0.5,
}
"""What the presets of the plain autoencoders share."""

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
    # Hinton & Salakhutdinov 2006, Vincent et al. 2010, Rifai et al. 2011: for comparison, one network for all three.
    "autoencoder": ("Autoencoder", {"latent_dim": 20, "hidden": (500, 500), **_PLAIN}),
    "denoising-autoencoder": (
        "DenoisingAutoencoder",
        {"latent_dim": 20, "hidden": (500, 500), "corruption": "masking:0.3", **_PLAIN},
    ),
    "contractive-autoencoder": (
        "ContractiveAutoencoder",
        {"latent_dim": 20, "hidden": (500, 500), "contraction": 0.1, **_PLAIN},
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
    # Kingma et al. 2014, Sohn et al. 2015: as vae-mlp, with the label at both ends.
    "cvae": (
        "ConditionalVAE",
        {"latent_dim": 20, "hidden": (500, 500), "activation": "relu", "likelihood": "bernoulli"}
        | {"batch_size": 128, "epochs": 50, "learning_rate": 1e-3, "learning_rate_decay": 0.5},
    ),
    "cvae-2d": (
        "ConditionalVAE",
        {"latent_dim": 2, "hidden": (500, 500), "activation": "relu", "likelihood": "bernoulli"}
        | {"batch_size": 128, "epochs": 30, "learning_rate": 1e-3, "learning_rate_decay": 0.5},
    ),
    # Kingma et al. 2014: one hidden layer of 500 for M2 on pixels. On codes, two of 300 and a code of 10.
    "m2": (
        "SemiSupervisedVAE",
        {"latent_dim": 50, "hidden": (500,), "activation": "softplus", "likelihood": "bernoulli"}
        | {"batch_size": 128, "epochs": 30, "learning_rate": 3e-3, "learning_rate_decay": 0.5},
    ),
    "m1m2": (
        "StackedSemiSupervisedVAE",
        {"latent_dim": 10, "hidden": (300, 300), "activation": "relu", "first_epochs": 30}
        | {"batch_size": 256, "epochs": 25, "learning_rate": 3e-3, "learning_rate_decay": 0.5},
    ),
    # Makhzani et al. 2015, Sections 4 to 7, with Adam in the place of momentum, as in aae-mlp.
    "aae-supervised": (
        "SupervisedAAE",
        {"latent_dim": 10, "hidden": (1000, 1000), "critic_hidden": (1000, 1000), "activation": "relu"}
        | {"likelihood": "gaussian", "likelihood_scale": 1.0, "output": "sigmoid", "batch_size": 128, "epochs": 20}
        | {"learning_rate": 1e-3, "critic_learning_rate": 2e-4, "learning_rate_decay": 0.5},
    ),
    "aae-semi-supervised": (
        "SemiSupervisedAAE",
        {"latent_dim": 10, "hidden": (1000, 1000), "critic_hidden": (500, 500), "activation": "relu"}
        | {"input_noise": 0.5, "likelihood": "gaussian", "likelihood_scale": 1.0, "output": "sigmoid"}
        | {"batch_size": 128, "epochs": 24, "learning_rate": 1e-3, "learning_rate_decay": 0.5, "momentum": 0.5},
    ),
    "aae-clustering": (
        "ClusteringAAE",
        {"n_clusters": 30, "latent_dim": 5, "hidden": (1000, 1000), "critic_hidden": (500, 500), "activation": "relu"}
        | {"input_noise": 0.3, "likelihood": "gaussian", "likelihood_scale": 1.0, "output": "sigmoid"}
        | {"batch_size": 128, "epochs": 24, "learning_rate": 1e-3, "learning_rate_decay": 0.5, "momentum": 0.5},
    ),
    "aae-dimensions": (
        "SemiSupervisedAAE",
        {"latent_dim": 2, "representation": "sum", "hidden": (1000, 1000), "critic_hidden": (500, 500)}
        | {"activation": "relu", "input_noise": 0.3, "likelihood": "gaussian", "likelihood_scale": 1.0}
        | {"output": "sigmoid", "batch_size": 128, "epochs": 24, "learning_rate": 1e-3, "learning_rate_decay": 0.5}
        | {"momentum": 0.5, "head_distance": 8.0},
    ),
    # Shi et al. 2019, halves of images: squared error on [-1, 1] is −log p of a Gaussian of variance 1/2.
    "acca-halves": (
        "ACCA",
        {"latent_dim": 100, "hidden": (256, 256), "critic_hidden": (512, 256), "activation": "leaky_relu"}
        | {"likelihood": "gaussian", "likelihood_scale": 0.5**0.5, "output": "tanh", "fooling_weight": 1e-4}
        | {"batch_size": 256, "epochs": 42.67, "learning_rate": 1e-3},
    ),
    # Odena et al. 2016, in the size that tutorials on MNIST share; 20,000 rounds. The narrow one is for CPUs.
    "acgan-mnist": (
        "ACGAN",
        {"latent_dim": 100, "network": "conv", "hidden": (1024,), "channels": (128, 256, 128), "output": "tanh"}
        | {"critic_channels": (32, 64, 128, 256), "critic_dropout": 0.3, "activation": "leaky_relu"}
        | {"batch_size": 32, "epochs": 32 / 3, "learning_rate": 2e-4, "momentum": 0.5},
    ),
    "acgan-small": (
        "ACGAN",
        {"latent_dim": 100, "network": "conv", "hidden": (256,), "channels": (64, 64, 32), "output": "tanh"}
        | {"critic_channels": (16, 32, 64, 128), "critic_dropout": 0.3, "activation": "leaky_relu"}
        | {"averaging": 0.999, "batch_size": 64, "epochs": 15, "learning_rate": 5e-4, "learning_rate_decay": 0.5}
        | {"momentum": 0.5},
    ),
    # For a linear reader of the codes: more dimensions, dropout, a light critic, and no encoder of both views.
    "acca-noisy": (
        "ACCA",
        {"latent_dim": 100, "hidden": (1024, 1024), "critic_hidden": (512, 256), "activation": "relu", "dropout": 0.2}
        | {"joint": False, "likelihood": "bernoulli", "fooling_weight": 1e-4, "batch_size": 256, "epochs": 20}
        | {"learning_rate": 1e-3, "learning_rate_decay": 0.5},
    ),
}
"""Name → (estimator, its hyperparameters)."""
