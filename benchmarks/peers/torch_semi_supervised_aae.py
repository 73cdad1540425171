"""The `aae-semi-supervised` game in eager PyTorch, data in memory: 100 labels, 1000-1000 ReLU encoder and decoder.

One encoder gives ten class logits and a 10-D style, batch-normalised; reconstruction from noisy input (sd 0.3, mean
squared error on a sigmoid output), a critic of 500-500 each for classes and for styles beside their class, one update
of the encoder against both, and one of its classifier on the labelled rows; Adam 1e-3 (0.5, 0.999); batch 128.
"""

from collections.abc import Iterator

import torch
from common import mnist_images, print_line, time_rounds
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss, one_hot
from torch_common import adam, as_tensor, memory_batches, torch_parser

CLASSES, LATENT_DIM, HIDDEN, CRITIC, PIXELS, BATCH, LABELLED, NOISE = 10, 10, 1000, 500, 784, 128, 100, 0.3


def make_mlp(inputs: int, hidden: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(
        *(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU(), nn.Linear(hidden, outputs))
    )


def heads(encoder: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    logits, z = encoder(x).split([CLASSES, LATENT_DIM], dim=1)
    return logits, z


def seen(logits: Tensor, z: Tensor) -> Tensor:
    return torch.cat([z, one_hot(logits.argmax(1), CLASSES).float()], 1)


def judge(critic: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
    on_real, on_fake = critic(torch.cat([real, fake])).chunk(2)
    loss_real = binary_cross_entropy_with_logits(on_real, torch.ones_like(on_real))
    return 0.5 * (loss_real + binary_cross_entropy_with_logits(on_fake, torch.zeros_like(on_fake)))


def train(batches: Iterator[Tensor], labelled: Tensor, labels: Tensor, fused: bool) -> Iterator[dict[str, Tensor]]:
    """One round of the game for every batch; yields the losses."""
    encoder = make_mlp(PIXELS, HIDDEN, CLASSES + LATENT_DIM).append(nn.BatchNorm1d(CLASSES + LATENT_DIM))
    decoder = make_mlp(CLASSES + LATENT_DIM, HIDDEN, PIXELS).append(nn.Sigmoid())
    critics = nn.ModuleList([make_mlp(CLASSES, CRITIC, 1), make_mlp(CLASSES + LATENT_DIM, CRITIC, 1)])
    settings = {"fused": fused, "lr": 1e-3, "betas": (0.5, 0.999)}
    autoencoder_optimizer = adam(encoder, decoder, **settings)
    critic_optimizer, generator_optimizer = adam(critics, **settings), adam(encoder, **settings)
    classifier_optimizer = adam(encoder, **settings)
    real = torch.ones(BATCH, 1)
    for x in batches:
        logits, z = heads(encoder, x + NOISE * torch.randn_like(x))
        reconstruction = mse_loss(decoder(torch.cat([logits.softmax(1), z], 1)), x)
        autoencoder_optimizer.zero_grad()
        reconstruction.backward()
        autoencoder_optimizer.step()

        # One pass of the encoder serves the critics and the generator: it does not move in between.
        logits, z = heads(encoder, x)
        fixed, style = logits.detach(), z.detach()
        y_prior = one_hot(torch.randint(CLASSES, (BATCH,)), CLASSES).float()
        critic_loss = judge(critics[0], y_prior, fixed.softmax(1)) + judge(
            critics[1], seen(fixed, torch.randn(BATCH, LATENT_DIM)), seen(fixed, style)
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

        classification = cross_entropy(heads(encoder, labelled + NOISE * torch.randn_like(labelled))[0], labels)
        classifier_optimizer.zero_grad()
        classification.backward()
        classifier_optimizer.step()
        yield {"reconstruction": reconstruction.detach(), "critic": critic_loss.detach(), "fool": fool.detach()}


def main() -> None:
    options = torch_parser(__doc__).parse_args()
    torch.set_num_threads(options.threads)
    data = as_tensor(mnist_images(options.data)).flatten(1)
    rounds = train(memory_batches(data, BATCH), data[:LABELLED], torch.arange(LABELLED) % CLASSES, options.fused)
    timing = time_rounds(rounds, options.warm_up, options.seconds)
    print_line("torch", BATCH, **timing, fused=options.fused, versions={"torch": torch.__version__})


if __name__ == "__main__":
    main()
