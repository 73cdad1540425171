"""The `aae-mlp` game in eager PyTorch, data in memory: 1000-1000 ReLU networks, a 2-D code, three separate steps.

Reconstruction (mean squared error on a sigmoid output), critic (logistic, the prior real, codes fake), and two updates
of the encoder that fool the critic; dropout keeps 0.9; Adam, the critic's rate a fifth of the others'.
"""

from collections.abc import Iterator

import torch
from common import mnist_images, print_line, time_rounds
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss
from torch_common import adam, as_tensor, memory_batches, torch_parser

LATENT_DIM, HIDDEN, PIXELS, BATCH = 2, 1000, 784, 128


def make_mlp(inputs: int, outputs: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for units in (inputs, HIDDEN):
        layers += [nn.Linear(units, HIDDEN), nn.ReLU(), nn.Dropout(0.1)]
    return nn.Sequential(*layers, nn.Linear(HIDDEN, outputs))


def train(batches: Iterator[Tensor], fused: bool) -> Iterator[dict[str, Tensor]]:
    """One round of the game for every batch; yields the losses."""
    encoder, critic = make_mlp(PIXELS, LATENT_DIM), make_mlp(LATENT_DIM, 1)
    decoder = make_mlp(LATENT_DIM, PIXELS).append(nn.Sigmoid())
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
    options = torch_parser(__doc__).parse_args()
    torch.set_num_threads(options.threads)
    batches = memory_batches(as_tensor(mnist_images(options.data)).flatten(1), BATCH)
    timing = time_rounds(train(batches, options.fused), options.warm_up, options.seconds)
    print_line("torch", BATCH, **timing, fused=options.fused, versions={"torch": torch.__version__})


if __name__ == "__main__":
    main()
