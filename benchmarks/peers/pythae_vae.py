"""The `vae-2d` network in Pythae, trained by its own `BaseTrainer`: 784-256 ReLU-(2, 2), 2-256 ReLU-784 Bernoulli."""

import contextlib
import tempfile
from importlib.metadata import version

import numpy as np
import torch
from common import MNIST_ROWS, EpochClock, Exam, parser, print_line
from pythae.data.datasets import BaseDataset
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from pythae.trainers.training_callbacks import TrainingCallback
from torch import nn
from torch_common import load_images, start

LATENT_DIM, HIDDEN, PIXELS, BATCH = 2, 256, 784, 100


class Encoder(BaseEncoder):
    """784-256 ReLU-(2 means, 2 log-variances)."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.ReLU())
        self.mean = nn.Linear(HIDDEN, LATENT_DIM)
        self.log_variance = nn.Linear(HIDDEN, LATENT_DIM)

    def forward(self, x):
        """The parameters of the posterior of each row."""
        hidden = self.hidden(x)
        return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_variance(hidden))


class Decoder(BaseDecoder):
    """2-256 ReLU-784; Pythae's Bernoulli likelihood takes probabilities."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(LATENT_DIM, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, PIXELS), nn.Sigmoid())

    def forward(self, z):
        """The pixels' probabilities."""
        return ModelOutput(reconstruction=self.layers(z))


class Enough(Exception):  # noqa: N818 - a signal, no error
    """Raised to leave Pythae's training loop, which knows no other way to stop early."""


class Stopwatch(TrainingCallback):
    """Leaves the training once enough epochs have been timed."""

    def __init__(self, clock: EpochClock):
        super().__init__()
        self.clock = clock
        self.loss = float("nan")

    def on_log(self, training_config, logs, **kwargs):  # noqa: ARG002
        """Count the epoch."""
        self.loss = logs["train_epoch_loss"]
        if self.clock.tick():
            raise Enough


class Examined(TrainingCallback):
    """Shows the negative bound of test rows after every epoch, and leaves the training once it is good enough."""

    def __init__(self, exam: Exam, model: VAE, test: torch.Tensor):
        super().__init__()
        self.exam, self.model, self.test, self.epochs = exam, model, test, 0

    def on_log(self, training_config, logs, **kwargs):  # noqa: ARG002
        """Show it."""
        self.epochs += 1
        if self.exam.over(self.epochs * MNIST_ROWS, lambda: {"nats": negative_bound(self.model, self.test)}):
            raise Enough


@torch.no_grad()
def negative_bound(model: VAE, x: torch.Tensor) -> np.ndarray:
    """The negative evidence lower bound of all rows, in nats, by one draw of each code."""
    found = model.eval()(BaseDataset(x, torch.zeros(len(x)))[:])
    model.train()
    return np.array([float(found.loss)])


def main() -> None:
    """Train for a while, and print the line."""
    options = start(parser(__doc__))
    x = load_images(options.data).flatten(1)
    exam = Exam(options.answers)
    model = VAE(
        VAEConfig(input_dim=(PIXELS,), latent_dim=LATENT_DIM, reconstruction_loss="bce"),
        encoder=Encoder(),
        decoder=Decoder(),
    )
    stopwatch = Stopwatch(EpochClock(options.warm_up, options.seconds))
    watcher = Examined(exam, model, load_images(options.data, "t10k").flatten(1)) if options.answers else stopwatch
    with tempfile.TemporaryDirectory() as folder:
        config = BaseTrainerConfig(
            output_dir=folder,
            num_epochs=10_000,
            learning_rate=1e-3,
            per_device_train_batch_size=BATCH,
            no_cuda=True,
        )
        data = BaseDataset(x, torch.zeros(len(x)))
        trainer = BaseTrainer(model, train_dataset=data, training_config=config, callbacks=[watcher])
        with contextlib.suppress(Enough):
            trainer.train()
    if options.answers:
        return
    clock = stopwatch.clock
    print_line(
        "pythae",
        BATCH,
        rounds=clock.epochs * (len(x) // BATCH),
        seconds=clock.elapsed,
        loss=stopwatch.loss,
        versions={"pythae": version("pythae"), "torch": torch.__version__},
    )


if __name__ == "__main__":
    main()
