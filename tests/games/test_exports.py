"""A game is exported by being in a file of the room."""

from latently import games
from latently.game import Game


def test_every_game_is_exported_and_nothing_abstract():
    assert {"VAE", "AAE", "StackedSemiSupervisedVAE"} < set(games.__all__)
    assert not {"Game", "EncoderDecoder"} & set(games.__all__)
    assert all(issubclass(getattr(games, name), Game) for name in games.__all__)
    assert games.VAE.__module__ == "latently.games.vae"
