"""The engine: it plays rounds of any game on any feed."""

from latently.training.checkpoint import load_tree, save_tree
from latently.training.compilation import compiled_once, copied, keep_compiled
from latently.training.feed import Chunk, Feed
from latently.training.precision import Precision
from latently.training.room import Room, device_bytes, room_for
from latently.training.round import State, play_round
from latently.training.together import Together, why_apart
from latently.training.trainer import NonFiniteLossError, Observer, Progress, Trainer, next_stop
from latently.training.validation import Validation
from latently.training.verdict import LEARNED_TOO_LITTLE, Verdict, verdict

__all__ = [
    "LEARNED_TOO_LITTLE",
    "Chunk",
    "Feed",
    "NonFiniteLossError",
    "Observer",
    "Precision",
    "Progress",
    "Room",
    "State",
    "Together",
    "Trainer",
    "Validation",
    "Verdict",
    "compiled_once",
    "copied",
    "device_bytes",
    "keep_compiled",
    "load_tree",
    "next_stop",
    "play_round",
    "room_for",
    "save_tree",
    "verdict",
    "why_apart",
]
