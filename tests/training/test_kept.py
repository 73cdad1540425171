"""Compiled programs are kept as long as they are asked for, and forgotten by JAX when they go."""

import jax
import jax.numpy as jnp

from latently.training import Kept


class Program:
    """One that notes whether it was forgotten."""

    def __init__(self) -> None:
        self.forgotten = False

    def clear_cache(self) -> None:
        """As a compiled function."""
        self.forgotten = True


def test_the_programs_that_were_asked_for_last_stay() -> None:
    kept: Kept[Program] = Kept(2)
    first, second = kept.of(1, Program), kept.of(2, Program)
    assert kept.of(1, Program) is first
    third = kept.of(3, Program)
    assert [each.forgotten for each in (first, second, third)] == [False, True, False]
    assert len(kept) == 2
    assert kept.of(2, Program) is not second
    assert first.forgotten


def test_a_program_that_is_forgotten_computes_all_the_same() -> None:
    kept: Kept[Program] = Kept(1)
    program = kept.of("sine", lambda: jax.jit(jnp.sin))
    assert float(program(0.0)) == 0.0
    kept.of("cosine", lambda: jax.jit(jnp.cos))
    assert float(program(0.0)) == 0.0
