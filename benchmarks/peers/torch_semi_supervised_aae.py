"""The `aae-semi-supervised` game in eager PyTorch, data in memory: 100 labels, 1000-1000 ReLU encoder and decoder.

One encoder gives ten class logits and a 10-D style, batch-normalised; reconstruction from noisy input (sd 0.5, 0.3 to
cluster; mean squared error on a sigmoid output), a critic of 500-500 each for classes and for styles beside a class,
one update of the encoder against both, and one of its classifier on the labelled rows; Adam 1e-3 (0.5, 0.999); batch
128. With `--clustering` it is the `aae-clustering` game: 30 clusters, a 5-D style, and no classifier to train.
"""

from collections.abc import Iterator

import numpy as np
import torch
from common import few_labels
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss, one_hot
from torch_common import answering, load_images, load_labels, memory_batches, run, start, torch_parser
from torch_parts import adam, make_mlp

WIDTHS, CRITIC, PIXELS, BATCH, LABELLED = (1000, 1000), (500, 500), 784, 128, 100


def seen(logits: Tensor, z: Tensor) -> Tensor:
    """What the critic of styles sees: the style beside its likeliest class, one-hot."""
    return torch.cat([z, one_hot(logits.argmax(1), logits.shape[1]).float()], 1)


def judge(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    """The critic's logistic loss, in one pass over both."""
    on_real, on_fake = critic(torch.cat([real, fake])).chunk(2)
    loss_real = binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    return 0.5 * (loss_real + binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake)))


def train(
    encoder: nn.Module,
    batches: Iterator[Tensor],
    classes: int,
    latent_dim: int,
    labelled: tuple[Tensor, Tensor] | None,
    fused: bool,
) -> Iterator[dict[str, Tensor]]:
    """One round of the game for every batch; yields the losses. With no labelled rows it clusters."""
    both = classes + latent_dim
    decoder = make_mlp(both, *WIDTHS, PIXELS).append(nn.Sigmoid())
    critics = nn.ModuleList([make_mlp(classes, *CRITIC, 1), make_mlp(both, *CRITIC, 1)])
    settings = {"fused": fused, "lr": 1e-3, "betas": (0.5, 0.999)}
    autoencoder_optimizer = adam(encoder, decoder, **settings)
    critic_optimizer, generator_optimizer = adam(critics, **settings), adam(encoder, **settings)
    classifier_optimizer = adam(encoder, **settings)
    real, noise = torch.ones(BATCH, 1), 0.3 if labelled is None else 0.5

    def heads(x: Tensor) -> tuple[Tensor, ...]:
        return encoder(x).split([classes, latent_dim], dim=1)

    for x in batches:
        logits, z = heads(x + noise * torch.randn_like(x))
        reconstruction = mse_loss(decoder(torch.cat([logits.softmax(1), z], 1)), x)
        autoencoder_optimizer.zero_grad()
        reconstruction.backward()
        autoencoder_optimizer.step()

        # One pass of the encoder serves the critics and the generator: it does not move in between.
        logits, z = heads(x)
        fixed, style = logits.detach(), z.detach()
        y_prior = one_hot(torch.randint(classes, (BATCH,)), classes).float()
        critic_loss = judge(critics[0], y_prior, fixed.softmax(1)) + judge(
            critics[1], seen(fixed, torch.randn(BATCH, latent_dim)), seen(fixed, style)
        )
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()

        critics.requires_grad_(False)
        fool = binary_cross_entropy_with_logits(critics[0](logits.softmax(1)), real)
        fool = fool + binary_cross_entropy_with_logits(critics[1](seen(logits, z)), real)
        generator_optimizer.zero_grad()
        fool.backward()
        generator_optimizer.step()
        critics.requires_grad_(True)

        if labelled is not None:
            rows, labels = labelled
            classification = cross_entropy(heads(rows + noise * torch.randn_like(rows))[0], labels)
            classifier_optimizer.zero_grad()
            classification.backward()
            classifier_optimizer.step()
        yield {"reconstruction": reconstruction.detach(), "critic": critic_loss.detach(), "fool": fool.detach()}


def main() -> None:
    """Train for a while, and print the line; or show the classes now and then."""
    arguments = torch_parser(__doc__)
    arguments.add_argument("--clustering", action="store_true", help="30 clusters, a 5-D style, no labels")
    options = start(arguments)
    data, test = (load_images(options.data, part).flatten(1) for part in ("train", "t10k"))
    if options.clustering:
        classes, latent_dim, labelled = 30, 5, None
    else:
        labels = load_labels(options.data)
        rows = few_labels(labels.numpy(), LABELLED, options.seed)
        classes, latent_dim, labelled = 10, 10, (data[rows], labels[rows])
    both = classes + latent_dim
    encoder = make_mlp(PIXELS, *WIDTHS, both).append(nn.BatchNorm1d(both))
    rounds = train(encoder, memory_batches(data, BATCH), classes, latent_dim, labelled, options.fused)

    def likeliest() -> dict[str, np.ndarray]:
        with answering(encoder):
            return {"classes": encoder(test)[:, :classes].argmax(1).numpy()}

    run(rounds, BATCH, options, likeliest)


if __name__ == "__main__":
    main()
