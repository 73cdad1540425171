"""The games: one paper a file."""

from latently.games.aae import AAE
from latently.games.acca import ACCA
from latently.games.acgan import ACGAN
from latently.games.autoencoder import Autoencoder
from latently.games.classifier import Classifier
from latently.games.conditional_vae import ConditionalVAE
from latently.games.semi_supervised_aae import SemiSupervisedAAE
from latently.games.semi_supervised_vae import SemiSupervisedVAE
from latently.games.stacked_semi_supervised_vae import StackedSemiSupervisedVAE
from latently.games.supervised_aae import SupervisedAAE
from latently.games.vae import VAE

__all__ = [
    "AAE",
    "ACCA",
    "ACGAN",
    "VAE",
    "Autoencoder",
    "Classifier",
    "ConditionalVAE",
    "SemiSupervisedAAE",
    "SemiSupervisedVAE",
    "StackedSemiSupervisedVAE",
    "SupervisedAAE",
]
