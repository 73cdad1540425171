"""The `cvae` network in eager PyTorch, data in memory: the label, one-hot, beside the image and beside the code.

Encoder 784+10-500-500-(20 means, 20 log-variances), decoder 20+10-500-500-784, Bernoulli logits; ReLU; Adam 1e-3;
batch 128.
"""

from collections.abc import Iterator

import torch
from common import mnist_images, mnist_labels, print_line, time_rounds
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot
from torch_common import adam, as_tensor, memory_batches, torch_parser

CLASSES, LATENT_DIM, HIDDEN, PIXELS, BATCH = 10, 20, 500, 784, 128


def make_mlp(inputs: int, outputs: int) -> nn.Sequential:
    hidden = (nn.Linear(inputs, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, HIDDEN), nn.ReLU())
    return nn.Sequential(*hidden, nn.Linear(HIDDEN, outputs))


def train(data: Tensor, labels: Tensor, fused: bool) -> Iterator[dict[str, Tensor]]:
    """One round for every batch; yields both terms of the bound, in nats."""
    encoder, decoder = make_mlp(PIXELS + CLASSES, 2 * LATENT_DIM), make_mlp(LATENT_DIM + CLASSES, PIXELS)
    optimizer = adam(encoder, decoder, fused=fused, lr=1e-3)
    for rows in memory_batches(torch.arange(len(data)), BATCH):
        x, y = data[rows], one_hot(labels[rows], CLASSES).float()
        mean, log_variance = encoder(torch.cat([x, y], 1)).chunk(2, dim=1)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        logits = decoder(torch.cat([z, y], 1))
        reconstruction = binary_cross_entropy_with_logits(logits, x, reduction="sum") / BATCH
        kl = (mean.square() + log_variance.exp() - log_variance - 1).sum() / 2 / BATCH
        optimizer.zero_grad()
        (reconstruction + kl).backward()
        optimizer.step()
        yield {"reconstruction": reconstruction.detach(), "kl": kl.detach()}


def main() -> None:
    options = torch_parser(__doc__).parse_args()
    torch.set_num_threads(options.threads)
    data = as_tensor(mnist_images(options.data)).flatten(1)
    labels = torch.from_numpy(mnist_labels(options.data).astype("int64"))
    timing = time_rounds(train(data, labels, options.fused), options.warm_up, options.seconds)
    print_line("torch", BATCH, **timing, fused=options.fused, versions={"torch": torch.__version__})


if __name__ == "__main__":
    main()
