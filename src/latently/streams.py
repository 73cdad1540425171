"""Named random streams: whoever needs random numbers asks for a key by name, so that no two consumers share one."""

import zlib

import jax
from jaxtyping import PRNGKeyArray


def stream(key: PRNGKeyArray, name: str) -> PRNGKeyArray:
    """The key of a stream of random numbers.

    `jax.random.split(key)[i]` and `jax.random.fold_in(key, i)` are the same key, so a key that is both split and folded
    gives one key twice. Names do not collide so: use them, and nothing else, on a key that several consumers draw from.

    Args:
        key: that the streams come from; it is not used itself.
        name: of the stream.

    Example:
        >>> key = jax.random.key(0)
        >>> bool(stream(key, "encoder") == stream(key, "encoder")), bool(stream(key, "encoder") == stream(key, "code"))
        (True, False)
    """
    return jax.random.fold_in(key, zlib.crc32(name.encode()))
