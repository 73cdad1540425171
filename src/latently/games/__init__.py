"""The games: one paper a file."""

from latently.games.aae import AAE
from latently.games.autoencoder import Autoencoder
from latently.games.conditional_vae import ConditionalVAE
from latently.games.semi_supervised_aae import SemiSupervisedAAE
from latently.games.semi_supervised_vae import SemiSupervisedVAE
from latently.games.stacked_semi_supervised_vae import StackedSemiSupervisedVAE
from latently.games.supervised_aae import SupervisedAAE
from latently.games.vae import VAE

__all__ = [
    "AAE",
    "VAE",
    "Autoencoder",
    "ConditionalVAE",
    "SemiSupervisedAAE",
    "SemiSupervisedVAE",
    "StackedSemiSupervisedVAE",
    "SupervisedAAE",
]
