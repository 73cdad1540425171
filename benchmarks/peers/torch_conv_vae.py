"""A convolutional VAE in eager fp32 PyTorch, data in memory.

Encoder: 3x3 convolutions of stride 2, 1-32-64 channels, a dense layer of 256, 16 means and 16 log-variances. Decoder:
a dense layer to 64 x 7 x 7, twice a nearest-neighbour upsampling and a 3x3 convolution, 64-32-1 channels, Bernoulli
logits.
"""

from collections.abc import Iterator

import torch
from common import mnist_images, print_line, time_rounds
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits
from torch_common import adam, as_tensor, memory_batches, torch_parser

LATENT_DIM, BATCH = 16, 128


def make_encoder() -> nn.Module:
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
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        reconstruction = binary_cross_entropy_with_logits(decoder(z), x, reduction="sum") / BATCH
        kl = (mean.square() + log_variance.exp() - log_variance - 1).sum() / 2 / BATCH
        optimizer.zero_grad()
        (reconstruction + kl).backward()
        optimizer.step()
        yield {"reconstruction": reconstruction.detach(), "kl": kl.detach()}


def main() -> None:
    options = torch_parser(__doc__).parse_args()
    torch.set_num_threads(options.threads)
    data = as_tensor(mnist_images(options.data))
    formats = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
    rates: dict[str, float] = {}
    best: dict[str, float] = {}
    for name, memory_format in formats.items():
        rounds = train(memory_batches(data, BATCH), options.fused, memory_format)
        timing = time_rounds(rounds, options.warm_up, options.seconds)
        rates[name] = timing["rounds"] * BATCH / timing["seconds"]
        if rates[name] == max(rates.values()):
            best = {**timing, "memory_format": name}
    print_line("torch", BATCH, **best, trials=rates, fused=options.fused, versions={"torch": torch.__version__})


if __name__ == "__main__":
    main()
