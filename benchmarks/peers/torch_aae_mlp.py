"""The `aae-mlp` game in eager PyTorch, data in memory: 1000-1000 ReLU networks, a 2-D code, three separate steps.

Reconstruction (mean squared error on a sigmoid output), critic (logistic, the prior real, codes fake), and two updates
of the encoder that fool the critic; dropout keeps 0.9; Adam, the critic's rate a fifth of the others'.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss
from torch_common import load_images, memory_batches, print_rounds, start, torch_parser
from torch_parts import adam, make_mlp

LATENT_DIM, WIDTHS, PIXELS, BATCH = 2, (1000, 1000), 784, 128


def train(batches: Iterator[Tensor], fused: bool) -> Iterator[dict[str, Tensor]]:
    """One round of the game for every batch; yields the losses."""
    hidden = (nn.ReLU(), nn.Dropout(0.1))
    encoder = make_mlp(PIXELS, *WIDTHS, LATENT_DIM, hidden=hidden)
    critic = make_mlp(LATENT_DIM, *WIDTHS, 1, hidden=hidden)
    decoder = make_mlp(LATENT_DIM, *WIDTHS, PIXELS, hidden=hidden).append(nn.Sigmoid())
    autoencoder_optimizer = adam(encoder, decoder, fused=fused, lr=1e-3)
    critic_optimizer = adam(critic, fused=fused, lr=2e-4)
    generator_optimizer = adam(encoder, fused=fused, lr=1e-3)
    real, fake = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    for x in batches:
        reconstruction = mse_loss(decoder(encoder(x)), x)
        autoencoder_optimizer.zero_grad()
        reconstruction.backward()
        autoencoder_optimizer.step()

        with torch.no_grad():
            z = encoder(x)
        critic_loss = binary_cross_entropy_with_logits(
            critic(torch.randn(BATCH, LATENT_DIM)), real
        ) + binary_cross_entropy_with_logits(critic(z), fake)
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()

        critic.requires_grad_(False)
        for _ in range(2):
            fool = binary_cross_entropy_with_logits(critic(encoder(x)), real)
            generator_optimizer.zero_grad()
            fool.backward()
            generator_optimizer.step()
        critic.requires_grad_(True)
        yield {"reconstruction": reconstruction.detach(), "critic": critic_loss.detach(), "fool": fool.detach()}


def main() -> None:
    """Train for a while, and print the line."""
    options = start(torch_parser(__doc__))
    batches = memory_batches(load_images(options.data).flatten(1), BATCH)
    print_rounds(train(batches, options.fused), BATCH, options)


if __name__ == "__main__":
    main()
