"""The games: one paper a file."""

from latently.games.aae import AAE
from latently.games.vae import VAE

__all__ = ["AAE", "VAE"]
