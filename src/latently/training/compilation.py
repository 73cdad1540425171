"""Compile once: JAX's persistent compilation cache, in the user's cache directory."""

import jax

from latently.files import cache_directory


def keep_compiled() -> None:
    """Keep compiled programs on disk, so that a second run starts without compiling; a cache set elsewhere stays."""
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    jax.config.update("jax_compilation_cache_dir", str(cache_directory() / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
