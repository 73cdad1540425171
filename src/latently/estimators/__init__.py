"""The estimators: scikit-learn faces of the games."""

from latently.estimators.aae import AAE
from latently.estimators.base import CollapseWarning, LatentModel
from latently.estimators.latent_space import NotSupportedError
from latently.estimators.loading import load
from latently.estimators.vae import VAE

__all__ = ["AAE", "VAE", "CollapseWarning", "LatentModel", "NotSupportedError", "load"]
