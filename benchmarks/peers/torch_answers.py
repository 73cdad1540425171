"""How fast the network of `vae-mlp` answers in eager PyTorch, at the batch at which it is fastest.

Under `inference_mode`, as its documentation advises, uint8 in and uint8 out, like `python -m benchmarks.answers`.
"""

from collections.abc import Callable

import numpy as np
import torch
from common import best_seconds, mnist_images, print_answers
from torch import Tensor, nn
from torch_common import start, torch_parser

LATENT = 20
BATCHES = (512, 1024, 2048, 4096, 8192)


def network(inputs: int, outputs: int) -> nn.Sequential:
    """Two hidden layers of 500, ELU after the first and tanh after the second."""
    widths = (nn.Linear(inputs, 500), nn.ELU(), nn.Linear(500, 500), nn.Tanh(), nn.Linear(500, outputs))
    return nn.Sequential(*widths)


def main() -> None:
    """Ask in each batch, and print the line of the best."""
    options = start(torch_parser(__doc__))
    images = mnist_images(options.data)
    encoder, decoder = network(784, 2 * LATENT), network(LATENT, 784)

    def read(rows: np.ndarray) -> Tensor:
        return torch.from_numpy(rows.reshape(-1, 784)).float().div_(255)

    def write(logits: Tensor) -> np.ndarray:
        return logits.sigmoid_().mul_(255).round_().to(torch.uint8).numpy().reshape(-1, 28, 28)

    def encode(rows: np.ndarray) -> np.ndarray:
        return encoder(read(rows))[:, :LATENT].numpy()

    def reconstruct(rows: np.ndarray) -> np.ndarray:
        return write(decoder(encoder(read(rows))[:, :LATENT]))

    def sample(rows: np.ndarray) -> np.ndarray:
        return write(decoder(torch.randn(len(rows), LATENT)))

    def seconds(answer: Callable[[np.ndarray], np.ndarray]) -> float:
        def whole(batch: int) -> np.ndarray:
            return np.concatenate([answer(images[at : at + batch]) for at in range(0, len(images), batch)])

        share = options.seconds / len(BATCHES)
        return min(best_seconds(lambda batch=batch: whole(batch), share) for batch in BATCHES)

    one = images[:1]
    with torch.inference_mode():
        found = {"transform": seconds(encode), "reconstruct": seconds(reconstruct), "sample": seconds(sample)}
        one_row = best_seconds(lambda: encode(one), options.seconds / 4)
    print_answers("torch", len(images), found, one_row=one_row, versions={"torch": torch.__version__})


if __name__ == "__main__":
    main()
