"""The `acca-halves` game in eager PyTorch, data in memory: the left and right halves of images, and both together.

Three encoders of 256-256 to codes of 100, decoders of 256-256 to each half, tanh, a critic of 512-256-1; LeakyReLU 0.2.
The critic tells draws of a normal prior from codes of all origins; then one joint step of mean squared errors, 1/3 for
the codes of each origin, and 1e-4 of each fooling term. Adam 1e-3; batch 256.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss
from torch_common import load_images, memory_batches, print_rounds, start, torch_parser
from torch_parts import adam, make_mlp

LATENT_DIM, VIEW, BATCH, ORIGINS, FOOLING = 100, 28 * 14, 256, 3, 1e-4


def train(batches: Iterator[Tensor], fused: bool) -> Iterator[dict[str, Tensor]]:
    """One round of the game for every batch; yields the losses."""
    hidden = (nn.LeakyReLU(0.2),)
    encoders = nn.ModuleList([make_mlp(n, 256, 256, LATENT_DIM, hidden=hidden) for n in (VIEW, VIEW, 2 * VIEW)])
    decoders = nn.ModuleList([make_mlp(LATENT_DIM, 256, 256, VIEW, hidden=hidden).append(nn.Tanh()) for _ in range(2)])
    critic = make_mlp(LATENT_DIM, 512, 256, 1, hidden=hidden)
    optimizer, critic_optimizer = adam(encoders, decoders, fused=fused, lr=1e-3), adam(critic, fused=fused, lr=1e-3)
    real, fake = torch.ones(BATCH, 1), torch.zeros(ORIGINS * BATCH, 1)
    for x in batches:
        views = x[:, :, :14].flatten(1), x[:, :, 14:].flatten(1)
        inputs = (*views, torch.cat(views, 1))
        # One pass of the encoders, and of the decoders over all codes, serves both players.
        codes = torch.cat([encoder(each) for encoder, each in zip(encoders, inputs, strict=True)])
        on_real, on_fake = critic(torch.cat([torch.randn(BATCH, LATENT_DIM), codes.detach()])).split(
            [BATCH, ORIGINS * BATCH]
        )
        critic_loss = binary_cross_entropy_with_logits(on_real, real)
        critic_loss = 0.5 * (critic_loss + binary_cross_entropy_with_logits(on_fake, fake))
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()

        critic.requires_grad_(False)
        pairs = zip(decoders, views, strict=True)
        reconstruction = sum(mse_loss(decoder(codes), view.repeat(ORIGINS, 1)) for decoder, view in pairs) / 2
        fooling = ORIGINS * binary_cross_entropy_with_logits(critic(codes), real.repeat(ORIGINS, 1))
        optimizer.zero_grad()
        (reconstruction + FOOLING * fooling).backward()
        optimizer.step()
        critic.requires_grad_(True)
        yield {"critic": critic_loss.detach(), "reconstruction": reconstruction.detach()}


def main() -> None:
    """Train for a while, and print the line."""
    options = start(torch_parser(__doc__))
    batches = memory_batches(2 * load_images(options.data) - 1, BATCH)
    print_rounds(train(batches, options.fused), BATCH, options)


if __name__ == "__main__":
    main()
