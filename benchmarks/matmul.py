"""The machine's own fp32 matrix-product rate, as XLA reaches it: the yardstick for training's share of it.

Run as `python -m benchmarks.matmul`; prints one JSON line with the rates in GFLOP/s.
"""

import json
import statistics
import time

import jax
import jax.numpy as jnp

SQUARES = (2048, 3072, 4096)
MLP_LAYER = (128, 1000, 1000)


def rate(m: int, k: int, n: int, seconds: float = 1.0) -> float:
    """The best rate of an `[m, k] @ [k, n]` product in fp32, in GFLOP/s.

    The product is called in blocks long enough that a call's own cost, some ten microseconds, disappears; the best
    block counts, since whatever else runs on the machine can only slow it.
    """
    left = jax.random.normal(jax.random.key(0), (m, k), jnp.float32)
    right = jax.random.normal(jax.random.key(1), (k, n), jnp.float32)
    product = jax.jit(jnp.matmul)
    product(left, right).block_until_ready()
    flops = 2 * m * k * n
    calls = max(1, round(2e10 / flops))
    rates: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(rates) < 3:
        start = time.perf_counter()
        for _ in range(calls):
            result = product(left, right)
        result.block_until_ready()
        rates.append(calls * flops / (time.perf_counter() - start) / 1e9)
    return max(rates)


def main() -> None:
    """Measure, and print the line."""
    squares = {str(size): rate(size, size, size) for size in SQUARES}
    print(
        json.dumps(
            {
                "name": "matmul",
                "gflops": max(squares.values()),
                "median_gflops": statistics.median(squares.values()),
                "squares": squares,
                "mlp_layer": {"shape": MLP_LAYER, "gflops": rate(*MLP_LAYER)},
            }
        )
    )


if __name__ == "__main__":
    main()
