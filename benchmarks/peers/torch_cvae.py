"""The `cvae` network in eager PyTorch, data in memory: the label, one-hot, beside the image and beside the code.

Encoder 784+10-500-500-(20 means, 20 log-variances), decoder 20+10-500-500-784, Bernoulli logits; ReLU; Adam 1e-3;
batch 128.
"""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot
from torch_common import load_images, load_labels, print_rounds, row_batches, start, torch_parser
from torch_parts import adam, kl_from_prior, make_mlp, sample

CLASSES, LATENT_DIM, WIDTHS, PIXELS, BATCH = 10, 20, (500, 500), 784, 128


def train(data: Tensor, labels: Tensor, fused: bool) -> Iterator[dict[str, Tensor]]:
    """One round for every batch; yields both terms of the bound, in nats."""
    encoder = make_mlp(PIXELS + CLASSES, *WIDTHS, 2 * LATENT_DIM)
    decoder = make_mlp(LATENT_DIM + CLASSES, *WIDTHS, PIXELS)
    optimizer = adam(encoder, decoder, fused=fused, lr=1e-3)
    for rows in row_batches(len(data), BATCH):
        x, y = data[rows], one_hot(labels[rows], CLASSES).float()
        mean, log_variance = encoder(torch.cat([x, y], 1)).chunk(2, dim=1)
        logits = decoder(torch.cat([sample(mean, log_variance), y], 1))
        reconstruction = binary_cross_entropy_with_logits(logits, x, reduction="sum") / BATCH
        kl = kl_from_prior(mean, log_variance) / BATCH
        optimizer.zero_grad()
        (reconstruction + kl).backward()
        optimizer.step()
        yield {"reconstruction": reconstruction.detach(), "kl": kl.detach()}


def main() -> None:
    """Train for a while, and print the line."""
    options = start(torch_parser(__doc__))
    data = load_images(options.data).flatten(1)
    labels = load_labels(options.data)
    print_rounds(train(data, labels, options.fused), BATCH, options)


if __name__ == "__main__":
    main()
