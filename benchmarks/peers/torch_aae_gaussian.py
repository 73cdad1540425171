"""The `aae-gaussian` game in eager PyTorch, as the well-known public scripts write it, tidied.

Encoder 784-512-512-(10 means, 10 log-variances), decoder 10-512-512-784 tanh, critic 10-512-256-1; LeakyReLU(0.2),
batch norm before the second activation of encoder and decoder; one joint loss 0.999 L1 + 0.001 fool; critic loss
halved; Adam 2e-4 (0.5, 0.999); batch 64.
"""

from collections.abc import Iterator

import numpy as np
import torch
from common import mnist_images
from PIL import Image
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss
from torch.utils.data import DataLoader, Dataset
from torch_common import load_images, memory_batches, print_fastest, print_rounds, start, torch_parser
from torch_parts import adam, make_mlp, sample

LATENT_DIM, HIDDEN, PIXELS, BATCH = 10, 512, 784, 64


class Encoder(nn.Module):
    """A Gaussian posterior, sampled."""

    def __init__(self):
        super().__init__()
        self.hidden = nn.Sequential(
            nn.Linear(PIXELS, HIDDEN),
            nn.LeakyReLU(0.2),
            nn.Linear(HIDDEN, HIDDEN),
            nn.BatchNorm1d(HIDDEN),
            nn.LeakyReLU(0.2),
        )
        self.mean = nn.Linear(HIDDEN, LATENT_DIM)
        self.log_variance = nn.Linear(HIDDEN, LATENT_DIM)

    def forward(self, x: Tensor) -> Tensor:
        """A draw of the code of each row."""
        hidden = self.hidden(x)
        return sample(self.mean(hidden), self.log_variance(hidden))


def make_decoder() -> nn.Module:
    """A code to pixels in [-1, 1]."""
    return nn.Sequential(
        nn.Linear(LATENT_DIM, HIDDEN),
        nn.LeakyReLU(0.2),
        nn.Linear(HIDDEN, HIDDEN),
        nn.BatchNorm1d(HIDDEN),
        nn.LeakyReLU(0.2),
        nn.Linear(HIDDEN, PIXELS),
        nn.Tanh(),
    )


class ToTensor:
    """An image to a float tensor in [0, 1], operation by operation as torchvision's transform of that name."""

    def __call__(self, image: Image.Image) -> Tensor:
        x = torch.from_numpy(np.array(image, np.uint8, copy=True))
        x = x.view(image.size[1], image.size[0], 1).permute((2, 0, 1)).contiguous()
        return x.to(dtype=torch.get_default_dtype()).div(255)


class Normalize:
    """(x - mean) / deviation, operation by operation as torchvision's transform of that name."""

    def __init__(self, mean: list[float], deviation: list[float]):
        self.mean, self.deviation = mean, deviation

    def __call__(self, x: Tensor) -> Tensor:
        x = x.clone()
        mean = torch.as_tensor(self.mean, dtype=x.dtype)
        deviation = torch.as_tensor(self.deviation, dtype=x.dtype)
        if (deviation == 0).any():
            raise ValueError("the deviation must not be zero")
        return x.sub_(mean.view(-1, 1, 1)).div_(deviation.view(-1, 1, 1))


class Images(Dataset):
    """Images kept as bytes, decoded and transformed item by item, as torchvision's MNIST."""

    def __init__(self, images: np.ndarray):
        self.images = torch.from_numpy(images.copy())
        self.transforms = (ToTensor(), Normalize([0.5], [0.5]))

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        x = Image.fromarray(self.images[index].numpy())
        for transform in self.transforms:
            x = transform(x)
        return x


def loader_batches(images: np.ndarray, workers: int) -> Iterator[Tensor]:
    """Epoch after epoch of batches from a `DataLoader`."""
    loader = DataLoader(
        Images(images), BATCH, shuffle=True, drop_last=True, num_workers=workers, persistent_workers=workers > 0
    )
    while True:
        for x in loader:
            yield x.flatten(1)


def train(batches: Iterator[Tensor], fused: bool) -> Iterator[dict[str, Tensor]]:
    """One round of the game for every batch; yields both losses."""
    encoder, decoder = Encoder(), make_decoder()
    critic = make_mlp(LATENT_DIM, 512, 256, 1, hidden=(nn.LeakyReLU(0.2),))
    generator_optimizer = adam(encoder, decoder, fused=fused, lr=2e-4, betas=(0.5, 0.999))
    critic_optimizer = adam(critic, fused=fused, lr=2e-4, betas=(0.5, 0.999))
    real, fake = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)
    for x in batches:
        # The autoencoder reconstructs, and fools the critic, whose own gradients are not needed here.
        critic.requires_grad_(False)
        z = encoder(x)
        reconstruction = l1_loss(decoder(z), x)
        generator_loss = 0.999 * reconstruction + 0.001 * binary_cross_entropy_with_logits(critic(z), real)
        generator_optimizer.zero_grad()
        generator_loss.backward()
        generator_optimizer.step()

        # The critic: the prior is real, codes are fake.
        critic.requires_grad_(True)
        prior = torch.randn(BATCH, LATENT_DIM)
        critic_loss = 0.5 * (
            binary_cross_entropy_with_logits(critic(prior), real)
            + binary_cross_entropy_with_logits(critic(z.detach()), fake)
        )
        critic_optimizer.zero_grad()
        critic_loss.backward()
        critic_optimizer.step()
        yield {"reconstruction": reconstruction.detach(), "critic": critic_loss.detach()}


def main() -> None:
    """Train for a while, and print the line."""
    arguments = torch_parser(__doc__)
    arguments.add_argument("--loading", choices=("dataloader", "memory"), default="memory")
    arguments.add_argument(
        "--workers", type=int, nargs="+", default=[0, 2], help="of the DataLoader; the fastest counts"
    )
    options = start(arguments)
    if options.loading == "memory":
        batches = memory_batches(load_images(options.data).flatten(1) * 2 - 1, BATCH)
        print_rounds(train(batches, options.fused), BATCH, options)
    else:
        images = mnist_images(options.data)
        trials = {f"{n} workers": train(loader_batches(images, n), options.fused) for n in options.workers}
        print_fastest(trials, BATCH, options)


if __name__ == "__main__":
    main()
