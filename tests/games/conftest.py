"""The mathematics is tested in float64."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def float64() -> Iterator[None]:
    import jax  # here, because it reads where to keep compiled programs when it is imported

    with jax.enable_x64(True):
        yield
