"""Compiled programs are kept as long as they are asked for, and forgotten by JAX when they go."""

import gc
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import ClosedJaxpr

from latently.training import Kept, compilation


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


def test_what_goes_leaves_few_traces_and_what_stays_is_not_compiled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compilation, "MOST_TRACES", 0)

    def traced() -> int:
        gc.collect()
        return sum(isinstance(each, ClosedJaxpr) for each in gc.get_objects())

    def asked(size: int) -> None:
        kept.of(size, lambda: jax.jit(lambda x: jnp.clip(jnp.linalg.norm(x), 0, 1) + jnp.median(x)))(np.ones(size))

    kept: Kept[Any] = Kept(2)
    for size in (2, 3, 4, 5):
        asked(size)
    before, compiled = traced(), []
    for size in range(6, 12):
        asked(size)
    assert traced() <= before + 5
    jax.monitoring.register_event_duration_secs_listener(lambda event, *_, **__: compiled.append(event))
    asked(10)
    asked(11)
    assert compiled == []
