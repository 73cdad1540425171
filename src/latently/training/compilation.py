"""How programs are compiled: once, kept in the user's cache directory, and as XLA does it best for rounds in a loop."""

from functools import cache

import jax

from latently.files import cache_directory

COPY_LESS = {"xla_cpu_copy_insertion_use_region_analysis": True}


def keep_compiled() -> None:
    """Keep compiled programs on disk, so that a second run starts without compiling; a cache set elsewhere stays."""
    if jax.config.values["jax_compilation_cache_dir"] is not None:
        return
    jax.config.update("jax_compilation_cache_dir", str(cache_directory() / "compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


@cache
def loop_options() -> dict[str, bool] | None:
    """What XLA is told for a loop of rounds; `None` where there is nothing to tell.

    On a CPU, XLA copies weights and moments that a round updates in place unless it looks at where in the loop they are
    read. That is off by default, since it compiles slower; with it no copy is left.
    """
    if jax.default_backend() != "cpu":
        return None
    try:
        jax.jit(lambda: 0, compiler_options=COPY_LESS).lower().compile()
    except jax.errors.JaxRuntimeError:  # a later XLA no longer knows the option
        return None
    return COPY_LESS
