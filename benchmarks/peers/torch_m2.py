"""The `m2` game in eager PyTorch, data in memory: 100 labels, and a sum over all classes of every row.

Encoder 784+10-500-(50 means, 50 log-variances), decoder 50+10-500-784, Bernoulli logits, classifier 784-500-10;
softplus; Adam 1e-3; batch 128. The sum is taken as it mostly is: each row ten times, beside each one-hot class.
"""

from collections.abc import Iterator

import torch
from common import mnist_images, mnist_labels, print_line, time_rounds
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, log_softmax, one_hot
from torch_common import adam, as_tensor, memory_batches, torch_parser

CLASSES, LATENT_DIM, HIDDEN, PIXELS, BATCH, LABELLED = 10, 50, 500, 784, 128, 100


def make_mlp(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(inputs, HIDDEN), nn.Softplus(), nn.Linear(HIDDEN, outputs))


def train(data: Tensor, labels: Tensor, fused: bool) -> Iterator[dict[str, Tensor]]:
    """One round for every batch; yields the bound and the classifier's loss, in nats."""
    classifier = make_mlp(PIXELS, CLASSES)
    encoder, decoder = make_mlp(PIXELS + CLASSES, 2 * LATENT_DIM), make_mlp(LATENT_DIM + CLASSES, PIXELS)
    optimizer = adam(classifier, encoder, decoder, fused=fused, lr=1e-3)
    each_class = torch.eye(CLASSES).repeat(BATCH, 1)
    for rows in memory_batches(torch.arange(len(data)), BATCH):
        known, y = rows < LABELLED, one_hot(labels[rows], CLASSES).float()
        x = data[rows]
        log_q = log_softmax(classifier(x), 1)
        entropy = torch.where(known, 0.0, -(log_q.exp() * log_q).sum(1))
        weights = torch.where(known[:, None], y, log_q.exp())

        copies = x.repeat_interleave(CLASSES, 0)
        mean, log_variance = encoder(torch.cat([copies, each_class], 1)).chunk(2, dim=1)
        z = mean + torch.exp(log_variance / 2) * torch.randn_like(mean)
        logits = decoder(torch.cat([z, each_class], 1))
        reconstruction = binary_cross_entropy_with_logits(logits, copies, reduction="none").sum(1)
        kl = (mean.square() + log_variance.exp() - log_variance - 1).sum(1) / 2
        bound = (weights * (reconstruction + kl).view(BATCH, CLASSES)).sum(1) - entropy
        classification = cross_entropy(classifier(data[:LABELLED]), labels[:LABELLED])
        optimizer.zero_grad()
        (bound.mean() + classification).backward()
        optimizer.step()
        yield {"bound": bound.mean().detach(), "classification": classification.detach()}


def main() -> None:
    options = torch_parser(__doc__).parse_args()
    torch.set_num_threads(options.threads)
    data = as_tensor(mnist_images(options.data)).flatten(1)
    labels = torch.from_numpy(mnist_labels(options.data).astype("int64"))
    timing = time_rounds(train(data, labels, options.fused), options.warm_up, options.seconds)
    print_line("torch", BATCH, **timing, fused=options.fused, versions={"torch": torch.__version__})


if __name__ == "__main__":
    main()
