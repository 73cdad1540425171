"""The engine: it plays rounds of any game on any feed."""

from latently.training.checkpoint import load_tree, save_tree
from latently.training.compilation import keep_compiled
from latently.training.feed import Chunk, Feed
from latently.training.round import State, play_round
from latently.training.together import Together, why_apart
from latently.training.trainer import NonFiniteLossError, Observer, Progress, Trainer, next_stop

__all__ = [
    "Chunk",
    "Feed",
    "NonFiniteLossError",
    "Observer",
    "Progress",
    "State",
    "Together",
    "Trainer",
    "keep_compiled",
    "load_tree",
    "next_stop",
    "play_round",
    "save_tree",
    "why_apart",
]
