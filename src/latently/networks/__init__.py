"""Networks: each maps a batch to a batch, `network(x, key)` in training and `network(x)` in inference."""

from latently.networks.builders import conv_decoder, conv_encoder, mlp
from latently.networks.conditional import Conditional, LabelProduct, calibrated_pair
from latently.networks.convolution import Conv, Unflatten, UpsampleConv, as_convolutions
from latently.networks.layers import (
    ACTIVATIONS,
    Activate,
    Chain,
    Flatten,
    Gate,
    Layer,
    Linear,
    MarkGaps,
    condition,
    cross_condition,
)
from latently.networks.linear_path import BesideLinear
from latently.networks.own import PerRow, own_network
from latently.networks.regularization import NORMALIZATIONS, BatchNorm, Dropout, InputNoise, LayerNorm, Shift
from latently.networks.residual import Residual

__all__ = [
    "ACTIVATIONS",
    "NORMALIZATIONS",
    "Activate",
    "BatchNorm",
    "BesideLinear",
    "Chain",
    "Conditional",
    "Conv",
    "Dropout",
    "Flatten",
    "Gate",
    "InputNoise",
    "LabelProduct",
    "Layer",
    "LayerNorm",
    "Linear",
    "MarkGaps",
    "PerRow",
    "Residual",
    "Shift",
    "Unflatten",
    "UpsampleConv",
    "as_convolutions",
    "calibrated_pair",
    "condition",
    "conv_decoder",
    "conv_encoder",
    "cross_condition",
    "mlp",
    "own_network",
]
