"""What the tests of estimators share."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np


def as_if_fitted(model, X, y=None):
    """The model after no rounds at all, its arrays shaken: whatever does not hang on what it learned can be asked."""
    model.adopt(model.trainer(X, y))
    random = np.random.default_rng(0)

    def shake(array):
        noise = np.tanh(random.normal(size=array.shape))
        return array * jnp.asarray(1 + 0.1 * noise, array.dtype) + jnp.asarray(0.1 * abs(noise), array.dtype)

    arrays, rest = eqx.partition(model.game_, eqx.is_inexact_array)
    model.game_ = eqx.combine(jax.tree.map(shake, arrays), rest)
    return model
