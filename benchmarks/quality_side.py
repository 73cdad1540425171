"""Latently's side of the contests of `benchmarks.quality`: a model is trained, and shows its answers now and then.

Run by `python -m benchmarks.quality`; it speaks as the peers do (see `benchmarks.peers.common.Exam`).
"""

import json
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from benchmarks.peers.common import Exam, few_labels, mnist_images, mnist_labels, parser
from latently.catalogue import BY_TERMINAL_NAME

LABELLED = 100
HALF = 14
Answers = Callable[[Any, Any, Any], Any]

ANSWERS: Mapping[str, Answers] = {
    "nats": lambda model, x, _: -model.score_samples(x, n_samples=1),
    "codes": lambda model, x, _: model.transform(x),
    "classes": lambda model, x, _: model.predict(x),
    "right": lambda model, x, _: model.complete({"left": x[:, :, :HALF]})["right"],
    "images": lambda model, _, y: model.sample(len(y), labels=y, random_state=1),
}
"""What is asked of a model → what it answers, given images and labels to test with."""


class Examined:
    """Looks on, and shows the model's answers every so many rounds, until they are good enough."""

    def __init__(self, model: Any, exam: Exam, every: int, answers: Callable[[], Mapping[str, Any]]):
        self.model, self.exam, self.every, self.answers = model, exam, every, answers

    def next_stop(self, round_: int) -> int:
        """The next round at which it asks."""
        return (round_ // self.every + 1) * self.every

    def __call__(self, trainer: Any, progress: Any) -> None:
        """Ask, where it is time."""
        if progress.round % self.every == 0:
            self.model.adopt(trainer)
            trainer.stop_requested = self.exam.over(progress.round * trainer.feed.batch_size, self.answers)


def main() -> None:
    """Train, and show answers."""
    arguments = parser(__doc__)
    arguments.add_argument("--model", choices=BY_TERMINAL_NAME, required=True)
    arguments.add_argument("--options", type=json.loads, default={}, help="hyperparameters, as JSON; one is `preset`")
    arguments.add_argument("--asked", choices=ANSWERS, required=True)
    options = arguments.parse_args()
    warnings.simplefilter("ignore")
    x, test = (mnist_images(options.data, part) for part in ("train", "t10k"))
    y, test_y = (mnist_labels(options.data, part).astype(int) for part in ("train", "t10k"))
    preset, changes = options.options.pop("preset"), options.options
    model = BY_TERMINAL_NAME[options.model].load().from_preset(preset, random_state=options.seed, **changes)
    given: Any = {"left": x[:, :, :HALF], "right": x[:, :, HALF:]} if model.takes_views else x
    if options.asked == "classes":
        known = few_labels(y, LABELLED, options.seed)
        y = np.where(np.isin(np.arange(len(y)), known), y, -1)
    exam = Exam(options.answers)
    every = max(1, options.every // int(model.batch_size))
    asking = ANSWERS[options.asked]
    model.fit(given, y, observers=[Examined(model, exam, every, lambda: {options.asked: asking(model, test, test_y)})])


if __name__ == "__main__":
    main()
