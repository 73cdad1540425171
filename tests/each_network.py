"""Each model with each network, as small as they may be, and the rows that they are for."""

import math
from collections.abc import Iterator
from typing import Any

import equinox as eqx
import jax
import numpy as np
import pytest

import latently
from latently.catalogue import MODELS
from latently.networks import Chain, Flatten, PerRow, Unflatten
from small_models import as_if_loaded, small

RNG = np.random.default_rng(0)
ROWS = 17
IMAGES = RNG.integers(0, 256, (ROWS, 5, 4)).astype(np.uint8)
SERIES = RNG.normal(50, 20, (ROWS, 5, 2))
VIEWS = {"left": RNG.normal(size=(ROWS, 4)), "right": RNG.integers(-100, 100, (ROWS, 3))}
LABELS = np.arange(ROWS) % 3


def own_encoder(in_shape, out_size, key):
    return Chain((Flatten(), PerRow(eqx.nn.MLP(math.prod(in_shape), out_size, 8, 1, jax.nn.gelu, key=key))))


def own_decoder(in_size, out_shape, key):
    return Chain((PerRow(eqx.nn.MLP(in_size, math.prod(out_shape), 8, 1, key=key)), Unflatten(out_shape)))


NETWORKS = {
    "mlp": ({"hidden": (8,), "activation": "elu", "normalization": "batch"}, IMAGES),
    "conv, resnet": ({"network": "conv", "decoder_network": "resnet", "normalization": "layer"}, IMAGES),
    "resnet, conv": ({"network": "resnet", "decoder_network": "conv", "activation": "silu"}, IMAGES),
    "conv1d, own": ({"network": "conv1d", "decoder_network": own_decoder, "activation": "gelu"}, SERIES),
    "own, conv1d": ({"network": own_encoder, "decoder_network": "conv1d", "normalization": "batch"}, SERIES),
}


def combinations() -> Iterator[Any]:
    """Their names; the plain tests take each model once, and every network with some models."""
    for number, model in enumerate(MODELS):
        for place, network in enumerate(NETWORKS):
            rest = () if number % len(NETWORKS) == place else pytest.mark.exhaustive
            yield pytest.param(model.name, network, marks=rest)


def combined(name: str, network: str) -> tuple[Any, Any]:
    """A model with arrays of no meaning, and its rows."""
    parameters, rows = NETWORKS[network]
    channels = {} if network == "mlp" else {"channels": (4, 2) if name == "ACGAN" else (2,)}
    model = small(getattr(latently, name), **parameters, **channels)
    if model.takes_views:
        rows = VIEWS if network == "mlp" else {"left": rows, "right": rows[:, ::-1]}
    return as_if_loaded(model, rows, LABELS if not model.takes_views else None), rows
