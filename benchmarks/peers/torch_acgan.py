"""The `acgan-mnist` game in eager fp32 PyTorch, data in memory.

Generator: 100 numbers of noise times an embedding of the class; dense layers of 1024 and 7 x 7 x 128; twice a
nearest-neighbour upsampling and a 3x3 convolution, to 256 and 128 channels; a 3x3 convolution to one, tanh. Critic: 3x3
convolutions of stride 2, 32-64-128-256 channels, with dropout 0.3; one logit for the source and ten for the class.
LeakyReLU 0.2; Adam 2e-4 (0.5, 0.999); batch 32. One pass of the generator serves both players, as in most scripts.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy
from torch_common import load_images, load_labels, print_fastest, row_batches, start, torch_parser
from torch_parts import MEMORY_FORMATS, adam

LATENT_DIM, CLASSES, BATCH = 100, 10, 32


class Generator(nn.Module):
    """Noise and a class to an image."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(CLASSES, LATENT_DIM)
        self.network = nn.Sequential(
            nn.Linear(LATENT_DIM, 1024),
            nn.LeakyReLU(0.2),
            nn.Linear(1024, 128 * 7 * 7),
            nn.LeakyReLU(0.2),
            nn.Unflatten(1, (128, 7, 7)),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(128, 256, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Upsample(scale_factor=2),
            nn.Conv2d(256, 128, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(128, 1, 3, padding=1),
            nn.Tanh(),
        )

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        """Images of shape [batch, 1, 28, 28] in [-1, 1]."""
        return self.network(z * self.embedding(y))


def make_critic() -> nn.Module:
    """An image to a logit of its source and one of each class."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((1, 32), (32, 64), (64, 128), (128, 256)):
        layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Dropout(0.3)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(256 * 2 * 2, 1 + CLASSES))


def train(data: Tensor, labels: Tensor, fused: bool, memory_format: torch.memory_format) -> Iterator[dict[str, Tensor]]:
    """One round for every batch; yields the losses of both players."""
    generator = Generator().to(memory_format=memory_format)
    critic = make_critic().to(memory_format=memory_format)
    settings = {"fused": fused, "lr": 2e-4, "betas": (0.5, 0.999)}
    generator_optimizer, critic_optimizer = adam(generator, **settings), adam(critic, **settings)
    real, fake = torch.ones(BATCH), torch.zeros(BATCH)
    for rows in row_batches(len(data), BATCH):
        x, y = data[rows].contiguous(memory_format=memory_format), labels[rows]
        fakes = generator(torch.randn(BATCH, LATENT_DIM), y)
        logits = critic(torch.cat([fakes.detach(), x]))
        source = binary_cross_entropy_with_logits(logits[:, 0], torch.cat([fake, real]))
        critic_loss = 2 * (source + cross_entropy(logits[:, 1:], torch.cat([y, y])))
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()

        critic.requires_grad_(False)
        logits = critic(fakes)
        generator_loss = binary_cross_entropy_with_logits(logits[:, 0], real) + cross_entropy(logits[:, 1:], y)
        generator_optimizer.zero_grad()
        generator_loss.backward()
        generator_optimizer.step()
        critic.requires_grad_(True)
        yield {"critic": critic_loss.detach(), "generator": generator_loss.detach()}


def main() -> None:
    """Train for a while, and print the line."""
    options = start(torch_parser(__doc__))
    data = (2 * load_images(options.data) - 1).unsqueeze(1)
    labels = load_labels(options.data)
    trials = {name: train(data, labels, options.fused, memory_format) for name, memory_format in MEMORY_FORMATS.items()}
    print_fastest(trials, BATCH, options)


if __name__ == "__main__":
    main()
