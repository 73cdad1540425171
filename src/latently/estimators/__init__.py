"""The estimators: scikit-learn faces of the games."""

from latently.estimators.aae import AAE
from latently.estimators.acca import ACCA
from latently.estimators.acgan import ACGAN
from latently.estimators.autoencoder import Autoencoder, ContractiveAutoencoder, DenoisingAutoencoder
from latently.estimators.base import LatentModel
from latently.estimators.clustering_aae import ClusteringAAE
from latently.estimators.conditional_vae import ConditionalVAE
from latently.estimators.fitting import CollapseWarning
from latently.estimators.known_labels import NotSupportedError
from latently.estimators.loading import load
from latently.estimators.semi_supervised_aae import SemiSupervisedAAE
from latently.estimators.semi_supervised_vae import SemiSupervisedVAE
from latently.estimators.stacked_semi_supervised_vae import StackedSemiSupervisedVAE
from latently.estimators.supervised_aae import SupervisedAAE
from latently.estimators.vae import VAE

__all__ = [
    "AAE",
    "ACCA",
    "ACGAN",
    "VAE",
    "Autoencoder",
    "ClusteringAAE",
    "CollapseWarning",
    "ConditionalVAE",
    "ContractiveAutoencoder",
    "DenoisingAutoencoder",
    "LatentModel",
    "NotSupportedError",
    "SemiSupervisedAAE",
    "SemiSupervisedVAE",
    "StackedSemiSupervisedVAE",
    "SupervisedAAE",
    "load",
]
