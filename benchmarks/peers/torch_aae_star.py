"""The `aae-mlp` game with a star and labels in eager PyTorch, data in memory; shows its codes with `--answers`.

The prior is a star of ten petals, each tied to a class: the critic sees a code beside its one-hot class, and draws of
the prior come from the petals of the batch's classes (Makhzani et al. 2015, Section 2.3). Otherwise as
`torch_aae_mlp`: 1000-1000 ReLU, dropout 0.1, a 2-D code, three steps and two of the generator; Adam 1e-3, the critic's
2e-4; batch 128.
"""

from collections.abc import Iterator

import numpy as np
import torch
from common import examine, star
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss, one_hot
from torch_common import load_images, load_labels, print_rounds, row_batches, start, torch_parser
from torch_parts import adam, make_mlp

LATENT_DIM, CLASSES, WIDTHS, PIXELS, BATCH = 2, 10, (1000, 1000), 784, 128
HIDDEN = (nn.ReLU(), nn.Dropout(0.1))


def train(
    encoder: nn.Module, data: Tensor, labels: Tensor, random: np.random.Generator, fused: bool
) -> Iterator[dict[str, Tensor]]:
    """One round of the game for every batch; yields the losses."""
    decoder = make_mlp(LATENT_DIM, *WIDTHS, PIXELS, hidden=HIDDEN).append(nn.Sigmoid())
    critic = make_mlp(LATENT_DIM + CLASSES, *WIDTHS, 1, hidden=HIDDEN)
    autoencoder_optimizer = adam(encoder, decoder, fused=fused, lr=1e-3)
    critic_optimizer = adam(critic, fused=fused, lr=2e-4)
    generator_optimizer = adam(encoder, fused=fused, lr=1e-3)
    real, fake = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    for rows in row_batches(len(data), BATCH):
        x, y = data[rows], one_hot(labels[rows], CLASSES).float()
        reconstruction = mse_loss(decoder(encoder(x)), x)
        autoencoder_optimizer.zero_grad()
        reconstruction.backward()
        autoencoder_optimizer.step()

        with torch.no_grad():
            z = encoder(x)
        z_prior = torch.from_numpy(star(labels[rows].numpy(), random).astype(np.float32))
        on_prior, on_codes = critic(torch.cat([z_prior, y], 1)), critic(torch.cat([z, y], 1))
        critic_loss = binary_cross_entropy_with_logits(on_prior, real)
        critic_loss = critic_loss + binary_cross_entropy_with_logits(on_codes, fake)
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()

        critic.requires_grad_(False)
        for _ in range(2):
            fool = binary_cross_entropy_with_logits(critic(torch.cat([encoder(x), y], 1)), real)
            generator_optimizer.zero_grad()
            fool.backward()
            generator_optimizer.step()
        critic.requires_grad_(True)
        yield {"reconstruction": reconstruction.detach(), "critic": critic_loss.detach(), "fool": fool.detach()}


@torch.no_grad()
def codes(encoder: nn.Module, x: Tensor) -> np.ndarray:
    """The code of each row, [n, 2]."""
    encoder.eval()
    z = encoder(x).numpy()
    encoder.train()
    return z


def main() -> None:
    """Train for a while, and print the line; or show the codes now and then."""
    options = start(torch_parser(__doc__))
    data, test = (load_images(options.data, part).flatten(1) for part in ("train", "t10k"))
    encoder = make_mlp(PIXELS, *WIDTHS, LATENT_DIM, hidden=HIDDEN)
    rounds = train(encoder, data, load_labels(options.data), np.random.default_rng(options.seed), options.fused)
    if options.answers:
        examine(rounds, BATCH, lambda: {"codes": codes(encoder, test)}, options)
    else:
        print_rounds(rounds, BATCH, options)


if __name__ == "__main__":
    main()
