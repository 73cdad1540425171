"""What the terms of the players' losses are called in pictures."""

from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["loss", "share", "count"]

_PLAYERS = {"vae": "VAE", "cvae": "CVAE", "m2": "M2"}
_TERMS = {
    "kl": "KL to the prior",
    "bound": "negative bound",
    "importance_bound": "negative importance bound",
    "active_dimensions": "in use",
    "prior": "prior draws",
    "posterior": "codes",
    "accuracy": "prior and codes told apart",
    "label_accuracy": "labels told from the prior",
    "style_accuracy": "styles told from the prior",
    "fooling": "fooling the critic",
    "real": "real rows",
    "fake": "fakes",
    "real_class": "class of real rows",
    "fake_class": "class of fakes",
    "class": "class asked for",
    "source_accuracy": "real and fake told apart",
    "class_accuracy": "class of real rows told",
    "generator/class_accuracy": "fakes read as asked for",
    "penalty": "gradient penalty",
    "head_distance": "closeness of the heads",
}


def term_in_words(name: str) -> str:
    """A term as a legend names it: what has no name of its own is read as it is spelled.

    Args:
        name: `"player/term"`.

    Example:
        >>> term_in_words("critic/posterior"), term_in_words("autoencoder/reconstruction_from_left")
        ('codes', 'reconstruction from left')
    """
    term = name.rpartition("/")[2]
    return _TERMS.get(name) or _TERMS.get(term) or term.replace("_", " ")


def player_in_words(player: str) -> str:
    """A player as a heading names it.

    Example:
        >>> player_in_words("vae"), player_in_words("critic"), player_in_words("")
        ('VAE', 'critic', 'terms')
    """
    return _PLAYERS.get(player) or player.replace("_", " ") or "terms"


def kind_of(name: str) -> Kind:
    """Whether a term is a share between 0 and 1, a count, or a loss: such differ in their scale.

    Example:
        >>> kind_of("critic/source_accuracy"), kind_of("vae/active_dimensions"), kind_of("vae/kl")
        ('share', 'count', 'loss')
    """
    if name.endswith("accuracy"):
        return "share"
    return "count" if name.endswith("dimensions") else "loss"
