"""What a widely copied PyTorch script of the semi-supervised AAE does, data in memory; shows its classes now and then.

The recipe of `aae_semisupervised.py` in github.com/fducau/AAE_pytorch, written anew: 1000-1000 ReLU networks, dropout
of 0.25 before each ReLU; the encoder gives probabilities of ten classes and a style of ten numbers; binary
cross-entropy, its mean over pixels; a critic of 1000-1000 for classes and another for styles, with dropout of 0.2;
cross-entropy of the probabilities on labelled rows, which come in batches of 100, one for each of the others. Adam:
6e-4 for reconstruction, 8e-4 for critics and generator, 1e-3 for the classifier. There 3,000 rows have labels.
"""

from collections.abc import Iterator

import numpy as np
import torch
from common import few_labels
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, cross_entropy, one_hot
from torch_common import answering, load_images, load_labels, memory_batches, run, start, torch_parser
from torch_parts import adam

CLASSES, STYLE, WIDTH, PIXELS, BATCH, TINY = 10, 10, 1000, 784, 100, 1e-15


def make_network(inputs: int, outputs: int, dropout: float) -> nn.Sequential:
    """Two hidden layers, with dropout before each ReLU."""
    hidden = [nn.Linear(inputs, WIDTH), nn.Dropout(dropout), nn.ReLU()]
    return nn.Sequential(*hidden, nn.Linear(WIDTH, WIDTH), nn.Dropout(dropout), nn.ReLU(), nn.Linear(WIDTH, outputs))


def heads(encoder: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """The probabilities of the classes, and the style."""
    logits, z = encoder(x).split([CLASSES, STYLE], dim=1)
    return logits.softmax(1), z


def train(
    encoder: nn.Module, batches: Iterator[Tensor], labelled: tuple[Tensor, Tensor], fused: bool
) -> Iterator[dict[str, Tensor]]:
    """One round for every batch; yields the losses."""
    decoder = make_network(CLASSES + STYLE, PIXELS, 0.25).append(nn.Sigmoid())
    critics = nn.ModuleList([make_network(size, 1, 0.2).append(nn.Sigmoid()) for size in (CLASSES, STYLE)])
    autoencoder_optimizer = adam(encoder, decoder, fused=fused, lr=6e-4)
    critic_optimizer, generator_optimizer = (adam(each, fused=fused, lr=8e-4) for each in (critics, encoder))
    classifier_optimizer = adam(encoder, fused=fused, lr=1e-3)
    known, labels = labelled

    def moved(loss: Tensor, optimizer: torch.optim.Optimizer) -> Tensor:
        for each in (autoencoder_optimizer, critic_optimizer):
            each.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    for x in batches:
        reconstruction = binary_cross_entropy(decoder(torch.cat(heads(encoder, x), 1)), x)
        moved(reconstruction, autoencoder_optimizer)

        encoder.eval()
        drawn = one_hot(torch.randint(CLASSES, (BATCH,)), CLASSES).float(), torch.randn(BATCH, STYLE)
        pairs = zip(critics, drawn, heads(encoder, x), strict=True)
        losses = [-(critic(a) + TINY).log().mean() - (1 - critic(b) + TINY).log().mean() for critic, a, b in pairs]
        critic_loss = moved(sum(losses), critic_optimizer)

        encoder.train()
        pairs = zip(critics, heads(encoder, x), strict=True)
        fool = moved(sum(-(critic(each) + TINY).log().mean() for critic, each in pairs), generator_optimizer)

        rows = torch.randperm(len(known))[:BATCH]
        classification = moved(cross_entropy(heads(encoder, known[rows])[0], labels[rows]), classifier_optimizer)
        yield {"critic": critic_loss, "fool": fool, "classification": classification}


def main() -> None:
    """Train for a while, and print the line; or show the classes now and then."""
    options = start(torch_parser(__doc__))
    data, test = (load_images(options.data, part).flatten(1) for part in ("train", "t10k"))
    labels = load_labels(options.data)
    rows = few_labels(labels.numpy(), 100, options.seed)
    encoder = make_network(PIXELS, CLASSES + STYLE, 0.25)
    rounds = train(encoder, memory_batches(data, BATCH), (data[rows], labels[rows]), options.fused)

    def classes() -> dict[str, np.ndarray]:
        with answering(encoder):
            return {"classes": heads(encoder, test)[0].argmax(1).numpy()}

    run(rounds, BATCH, options, classes)


if __name__ == "__main__":
    main()
