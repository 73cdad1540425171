"""What the eager PyTorch peers share: the optimiser, the data in memory and the entry."""

import argparse
import itertools
from collections.abc import Iterator

import numpy as np
import torch
from common import parser
from torch import Tensor


def torch_parser(description: str | None) -> argparse.ArgumentParser:
    """The common arguments, and which Adam to use."""
    options = parser(description)
    options.add_argument("--fused", action="store_true", help="Adam as one kernel, not PyTorch's default")
    return options


def adam(*modules: torch.nn.Module, fused: bool, **settings: object) -> torch.optim.Adam:
    """Adam over the parameters of all modules."""
    parameters = itertools.chain(*(module.parameters() for module in modules))
    # None leaves the choice to PyTorch, as a script does that does not name the argument.
    return torch.optim.Adam(parameters, fused=fused or None, **settings)


def memory_batches(data: Tensor, batch: int) -> Iterator[Tensor]:
    """Epoch after epoch of full batches from one tensor, each epoch in a new order."""
    while True:
        for rows in torch.randperm(len(data)).split(batch):
            if len(rows) == batch:
                yield data[rows]


def as_tensor(images: np.ndarray) -> Tensor:
    """Images as float32 in [0, 1], of shape [n, 28, 28]."""
    return torch.from_numpy(images.astype(np.float32) / 255)
