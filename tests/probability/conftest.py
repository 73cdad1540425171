"""The mathematics is tested in float64.

JAX is imported inside the fixtures, because it reads where to cache compiled programs when it is imported.
"""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def float64() -> Iterator[None]:
    import jax

    with jax.enable_x64(True):
        yield


@pytest.fixture(autouse=True, scope="module")
def quick_compilation() -> Iterator[None]:
    """Nearly all of the time here goes into compiling programs that run once."""
    import jax

    before = jax.config.values["jax_disable_most_optimizations"]
    jax.config.update("jax_disable_most_optimizations", True)
    yield
    jax.config.update("jax_disable_most_optimizations", before)
