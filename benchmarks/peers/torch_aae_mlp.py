"""The `aae-mlp` game in eager PyTorch, data in memory: 1000-1000 ReLU networks, a 2-D code, three separate steps.

Reconstruction (mean squared error on a sigmoid output), critic (logistic, the prior real, codes fake), and two updates
of the encoder that fool the critic; dropout keeps 0.9; Adam, the critic's rate a fifth of the others'.
With `--star` the prior is a star of ten petals, each tied to a class: the critic sees a code beside its one-hot class,
and draws of the prior come from the petals of the batch's classes (Makhzani et al. 2015, Section 2.3).
"""

from collections.abc import Iterator

import numpy as np
import torch
from common import star
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss, one_hot
from torch_common import answering, load_images, load_labels, row_batches, run, start, torch_parser
from torch_parts import adam, make_mlp

LATENT_DIM, CLASSES, WIDTHS, PIXELS, BATCH = 2, 10, (1000, 1000), 784, 128
HIDDEN = (nn.ReLU(), nn.Dropout(0.1))


def train(
    encoder: nn.Module, data: Tensor, labels: Tensor | None, random: np.random.Generator, fused: bool
) -> Iterator[dict[str, Tensor]]:
    """One round of the game for every batch; yields the losses. With labels the prior is a star."""
    seen = LATENT_DIM + (0 if labels is None else CLASSES)
    critic = make_mlp(seen, *WIDTHS, 1, hidden=HIDDEN)
    decoder = make_mlp(LATENT_DIM, *WIDTHS, PIXELS, hidden=HIDDEN).append(nn.Sigmoid())
    autoencoder_optimizer = adam(encoder, decoder, fused=fused, lr=1e-3)
    critic_optimizer = adam(critic, fused=fused, lr=2e-4)
    generator_optimizer = adam(encoder, fused=fused, lr=1e-3)
    real, fake = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    for rows in row_batches(len(data), BATCH):
        x, z_prior, beside = data[rows], torch.randn(BATCH, LATENT_DIM), torch.empty(BATCH, 0)
        if labels is not None:
            z_prior = torch.from_numpy(star(labels[rows].numpy(), random).astype(np.float32))
            beside = one_hot(labels[rows], CLASSES).float()
        reconstruction = mse_loss(decoder(encoder(x)), x)
        autoencoder_optimizer.zero_grad()
        reconstruction.backward()
        autoencoder_optimizer.step()

        with torch.no_grad():
            z = encoder(x)
        critic_loss = binary_cross_entropy_with_logits(
            critic(torch.cat([z_prior, beside], 1)), real
        ) + binary_cross_entropy_with_logits(critic(torch.cat([z, beside], 1)), fake)
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()

        critic.requires_grad_(False)
        for _ in range(2):
            fool = binary_cross_entropy_with_logits(critic(torch.cat([encoder(x), beside], 1)), real)
            generator_optimizer.zero_grad()
            fool.backward()
            generator_optimizer.step()
        critic.requires_grad_(True)
        yield {"reconstruction": reconstruction.detach(), "critic": critic_loss.detach(), "fool": fool.detach()}


def main() -> None:
    """Train for a while, and print the line; or show the codes now and then."""
    arguments = torch_parser(__doc__)
    arguments.add_argument("--star", action="store_true", help="a star for a prior, a petal for each class")
    options = start(arguments)
    data, test = (load_images(options.data, part).flatten(1) for part in ("train", "t10k"))
    encoder = make_mlp(PIXELS, *WIDTHS, LATENT_DIM, hidden=HIDDEN)
    labels = load_labels(options.data) if options.star else None
    rounds = train(encoder, data, labels, np.random.default_rng(options.seed), options.fused)

    def codes() -> dict[str, np.ndarray]:
        with answering(encoder):
            return {"codes": encoder(test).numpy()}

    run(rounds, BATCH, options, codes)


if __name__ == "__main__":
    main()
