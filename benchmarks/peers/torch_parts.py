"""What the PyTorch peers share within a training: perceptrons, the terms of a VAE, and Adam."""

import itertools

import torch
from torch import Tensor, nn

MEMORY_FORMATS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
"""How convolutions may find images in memory; which is faster depends on the machine."""


def make_mlp(*widths: int, hidden: tuple[nn.Module, ...] = (nn.ReLU(),)) -> nn.Sequential:
    """A multilayer perceptron of these widths, from inputs to outputs.

    Args:
        widths: of the input, of each hidden layer, and of the output, which is linear.
        hidden: what follows each hidden layer; modules without parameters, since all layers share them.
    """
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(widths[:-1]):
        layers += [nn.Linear(inputs, outputs), *hidden]
    return nn.Sequential(*layers, nn.Linear(*widths[-2:]))


def sample(mean: Tensor, log_variance: Tensor) -> Tensor:
    """A draw of the normal distribution, through which gradients pass."""
    return mean + torch.exp(log_variance / 2) * torch.randn_like(mean)


def kl_from_prior(mean: Tensor, log_variance: Tensor, dim: int | None = None) -> Tensor:
    """KL(N(mean, variance) || N(0, 1)) in nats, summed along one dimension, or over all."""
    return (mean.square() + log_variance.exp() - log_variance - 1).sum(dim) / 2


def adam(*modules: nn.Module, fused: bool, **settings: object) -> torch.optim.Adam:
    """Adam over the parameters of all modules."""
    parameters = itertools.chain(*(module.parameters() for module in modules))
    # None leaves the choice to PyTorch, as a script does that does not name the argument.
    return torch.optim.Adam(parameters, fused=fused or None, **settings)
