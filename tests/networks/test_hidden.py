"""What follows the linear map of a hidden layer, and what is refused."""

import pytest

from latently.networks.hidden import hidden_layers
from latently.networks.layers import Activate, BatchNorm, Dropout, LayerNorm


def test_norm_activation_and_dropout_follow_in_this_order_each_layer_with_its_own() -> None:
    first, second, third = hidden_layers((5, 4, 3), ("relu", "tanh", "elu"), ("batch", None, "layer"), 0.1)
    assert [type(layer) for layer in first] == [BatchNorm, Activate, Dropout]
    assert [type(layer) for layer in second] == [Activate, Dropout]
    assert [type(layer) for layer in third] == [LayerNorm, Activate, Dropout]
    assert [layers[-2].name for layers in (first, second, third)] == ["relu", "tanh", "elu"]
    assert (first[0].gain.shape, third[0].gain.shape) == ((5,), (3,))


@pytest.mark.parametrize(
    ("activation", "normalize", "words"),
    [
        ("relu", "group", "normalization must be one of batch, layer or None; got 'group'"),
        ("relu", ("batch",), "normalization names 1 layers but there are 2"),
        ("rule", None, "activation must be one of elu, .*; got 'rule'"),
        (("relu",) * 3, None, "activation names 3 layers but there are 2"),
    ],
)
def test_what_no_layer_can_be_is_refused(activation: str, normalize: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        hidden_layers((5, 4), activation, normalize, 0.0)
