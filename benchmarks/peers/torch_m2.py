"""The `m2` game in eager PyTorch, data in memory: 100 labels, and a sum over all classes of every row.

Encoder 784+10-500-(50 means, 50 log-variances), decoder 50+10-500-784, Bernoulli logits, classifier 784-500-10;
softplus; Adam 1e-3; batch 128. The sum is taken as it mostly is: each row ten times, beside each one-hot class.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, log_softmax, one_hot
from torch_common import load_images, load_labels, print_rounds, row_batches, start, torch_parser
from torch_parts import adam, kl_from_prior, make_mlp, sample

CLASSES, LATENT_DIM, HIDDEN, PIXELS, BATCH, LABELLED = 10, 50, 500, 784, 128, 100


def train(data: Tensor, labels: Tensor, fused: bool) -> Iterator[dict[str, Tensor]]:
    """One round for every batch; yields the bound and the classifier's loss, in nats."""
    hidden = (nn.Softplus(),)
    classifier = make_mlp(PIXELS, HIDDEN, CLASSES, hidden=hidden)
    encoder = make_mlp(PIXELS + CLASSES, HIDDEN, 2 * LATENT_DIM, hidden=hidden)
    decoder = make_mlp(LATENT_DIM + CLASSES, HIDDEN, PIXELS, hidden=hidden)
    optimizer = adam(classifier, encoder, decoder, fused=fused, lr=1e-3)
    each_class = torch.eye(CLASSES).repeat(BATCH, 1)
    for rows in row_batches(len(data), BATCH):
        known, y = rows < LABELLED, one_hot(labels[rows], CLASSES).float()
        x = data[rows]
        log_q = log_softmax(classifier(x), 1)
        entropy = torch.where(known, 0.0, -(log_q.exp() * log_q).sum(1))
        weights = torch.where(known[:, None], y, log_q.exp())

        copies = x.repeat_interleave(CLASSES, 0)
        mean, log_variance = encoder(torch.cat([copies, each_class], 1)).chunk(2, dim=1)
        logits = decoder(torch.cat([sample(mean, log_variance), each_class], 1))
        reconstruction = binary_cross_entropy_with_logits(logits, copies, reduction="none").sum(1)
        kl = kl_from_prior(mean, log_variance, dim=1)
        bound = (weights * (reconstruction + kl).view(BATCH, CLASSES)).sum(1) - entropy
        classification = cross_entropy(classifier(data[:LABELLED]), labels[:LABELLED])
        optimizer.zero_grad()
        (bound.mean() + classification).backward()
        optimizer.step()
        yield {"bound": bound.mean().detach(), "classification": classification.detach()}


def main() -> None:
    """Train for a while, and print the line."""
    options = start(torch_parser(__doc__))
    data = load_images(options.data).flatten(1)
    labels = load_labels(options.data)
    print_rounds(train(data, labels, options.fused), BATCH, options)


if __name__ == "__main__":
    main()
