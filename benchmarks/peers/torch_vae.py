"""The `vae-mlp` network in eager PyTorch, data in memory; shows its negative bound now and then (`--answers`).

Encoder 784-500 ELU-500 tanh-(20 means, 20 scales by softplus), decoder 20-500 tanh-500 ELU-784, Bernoulli logits;
dropout 0.1; Adam 1e-3; batch 128: the network of the Keras and TensorFlow scripts from which many have learned.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus
from torch_common import answering, load_images, memory_batches, run, start, torch_parser
from torch_parts import adam, kl_from_prior, sample

LATENT_DIM, WIDTH, PIXELS, BATCH = 20, 500, 784, 128


def make_network(inputs: int, outputs: int, first: nn.Module, second: nn.Module) -> nn.Sequential:
    """Two hidden layers, each with dropout behind it."""
    layers = nn.Linear(inputs, WIDTH), first, nn.Dropout(0.1), nn.Linear(WIDTH, WIDTH), second, nn.Dropout(0.1)
    return nn.Sequential(*layers, nn.Linear(WIDTH, outputs))


def terms(encoder: nn.Module, decoder: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Reconstruction and KL of each row, in nats, by one draw of its code."""
    mean, scale = encoder(x).chunk(2, dim=1)
    log_variance = 2 * torch.log(1e-6 + softplus(scale))
    logits = decoder(sample(mean, log_variance))
    reconstruction = binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    return reconstruction, kl_from_prior(mean, log_variance, dim=1)


def train(
    encoder: nn.Module, decoder: nn.Module, batches: Iterator[Tensor], fused: bool
) -> Iterator[dict[str, Tensor]]:
    """One round for every batch; yields both terms of the bound, in nats."""
    optimizer = adam(encoder, decoder, fused=fused, lr=1e-3)
    for x in batches:
        reconstruction, kl = (each.mean() for each in terms(encoder, decoder, x))
        optimizer.zero_grad()
        (reconstruction + kl).backward()
        optimizer.step()
        yield {"reconstruction": reconstruction.detach(), "kl": kl.detach()}


def main() -> None:
    """Train for a while, and print the line; or show the bound now and then."""
    options = start(torch_parser(__doc__))
    data, test = (load_images(options.data, part).flatten(1) for part in ("train", "t10k"))
    encoder = make_network(PIXELS, 2 * LATENT_DIM, nn.ELU(), nn.Tanh())
    decoder = make_network(LATENT_DIM, PIXELS, nn.Tanh(), nn.ELU())
    rounds = train(encoder, decoder, memory_batches(data, BATCH), options.fused)

    def negative_bound() -> dict[str, np.ndarray]:
        with answering(encoder, decoder):
            return {"nats": sum(terms(encoder, decoder, test)).numpy()}

    run(rounds, BATCH, options, negative_bound)


if __name__ == "__main__":
    main()
