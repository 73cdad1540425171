"""A convolutional VAE in eager fp32 PyTorch, data in memory.

Encoder: 3x3 convolutions of stride 2, 1-32-64 channels, a dense layer of 256, 16 means and 16 log-variances. Decoder:
a dense layer to 64 x 7 x 7, twice a nearest-neighbour upsampling and a 3x3 convolution, 64-32-1 channels, Bernoulli
logits.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_common import load_images, memory_batches, print_fastest, start, torch_parser
from torch_parts import MEMORY_FORMATS, adam, kl_from_prior, sample

LATENT_DIM, BATCH = 16, 128


def make_encoder() -> nn.Module:
    """An image to the means and log-variances of its code."""
    return nn.Sequential(
        nn.Conv2d(1, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * 7 * 7, 256),
        nn.ReLU(),
        nn.Linear(256, 2 * LATENT_DIM),
    )


def make_decoder() -> nn.Module:
    """A code to the logits of pixels."""
    return nn.Sequential(
        nn.Linear(LATENT_DIM, 64 * 7 * 7),
        nn.ReLU(),
        nn.Unflatten(1, (64, 7, 7)),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(64, 32, 3, padding=1),
        nn.ReLU(),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(32, 1, 3, padding=1),
    )


def train(batches: Iterator[Tensor], fused: bool, memory_format: torch.memory_format) -> Iterator[dict[str, Tensor]]:
    """One round for every batch; yields both terms of the bound, in nats."""
    encoder = make_encoder().to(memory_format=memory_format)
    decoder = make_decoder().to(memory_format=memory_format)
    optimizer = adam(encoder, decoder, fused=fused, lr=1e-3)
    for x in batches:
        x = x.unsqueeze(1).contiguous(memory_format=memory_format)
        mean, log_variance = encoder(x).chunk(2, dim=1)
        reconstruction = (
            binary_cross_entropy_with_logits(decoder(sample(mean, log_variance)), x, reduction="sum") / BATCH
        )
        kl = kl_from_prior(mean, log_variance) / BATCH
        optimizer.zero_grad()
        (reconstruction + kl).backward()
        optimizer.step()
        yield {"reconstruction": reconstruction.detach(), "kl": kl.detach()}


def main() -> None:
    """Train for a while, and print the line."""
    options = start(torch_parser(__doc__))
    data = load_images(options.data)
    trials = {
        name: train(memory_batches(data, BATCH), options.fused, memory_format)
        for name, memory_format in MEMORY_FORMATS.items()
    }
    print_fastest(trials, BATCH, options)


if __name__ == "__main__":
    main()
