"""The matrix products of a training's round, alone: what no order of the rest of the round can beat.

Run as `python -m benchmarks.products --preset vae-2d`; prints one JSON line with the time that they take one after the
other, each with operands that have just been written, as in training, and the samples a second that would follow if
nothing else had to be done.
"""

import json
import re
import time
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from benchmarks.flops import TRAININGS
from benchmarks.latently_side import make_trainer
from benchmarks.peers.common import mnist_images, mnist_labels, parser

SMALLEST = 10**6
"""Products of fewer operations are left out; their results are needed as early as those of the large ones."""

_ARRAY = re.compile(r"%([\w.-]+) = f32\[([\d,]+)\]")
_DOT = re.compile(
    r"= f32\[([\d,]+)\]\S* dot\(%([\w.-]+), %([\w.-]+)\), "
    r"lhs_contracting_dims=\{(\d+)\}, rhs_contracting_dims=\{(\d+)\}"
)


@dataclass(frozen=True)
class Product:
    """A product of two matrices, as XLA makes it.

    Attributes:
        left: shape of the first.
        right: shape of the second.
        contracted: the axis of each that is summed over.
    """

    left: tuple[int, ...]
    right: tuple[int, ...]
    contracted: tuple[int, int]

    @property
    def flops(self) -> int:
        """Operations."""
        m, n = self.left[1 - self.contracted[0]], self.right[1 - self.contracted[1]]
        return 2 * m * n * self.left[self.contracted[0]]

    def __call__(self, left: jax.Array, right: jax.Array) -> jax.Array:
        return jax.lax.dot_general(left, right, (((self.contracted[0],), (self.contracted[1],)), ((), ())))


def products_of(trainer: Any) -> list[Product]:
    """The products of matrices in a compiled round that take at least `SMALLEST` operations, in its order."""
    from latently.training import play_round
    from latently.training.compilation import computed_once

    arrays, static = eqx.partition(trainer.state, eqx.is_array)
    batch = trainer.feed.batch(trainer.feed.chunk(0, 1), 0, jax.random.key(0))

    def play(arrays: Any, batch: Any) -> Any:
        state, terms = play_round(eqx.combine(arrays, static), batch)
        return eqx.filter(state, eqx.is_array), terms

    program = jax.jit(computed_once(play)).lower(arrays, batch).compile().as_text()
    shapes = {name: tuple(map(int, shape.split(","))) for name, shape in _ARRAY.findall(program)}
    found = [
        Product(shapes[left], shapes[right], (int(one), int(other)))
        for _, left, right, one, other in _DOT.findall(program)
        if len(shapes[left]) == len(shapes[right]) == 2
    ]
    return [product for product in found if product.flops >= SMALLEST]


def block_of(products: list[Product], times: int = 100) -> Any:
    """The products one after the other, so many times: a compiled function of what `operands_of` gives, to the same."""

    def once(_: int, carried: tuple[Any, jax.Array]) -> tuple[Any, jax.Array]:
        operands, last = carried
        written = []
        for product, (left, right) in zip(products, operands, strict=True):
            left, right = left.at[0, 0].set(last), right.at[0, 0].set(last)
            last = product(left, right)[0, 0] * 1e-6
            written.append((left, right))
        return written, last

    loop = jax.jit(lambda carried: jax.lax.fori_loop(0, times, once, carried), donate_argnums=0)
    return loop.lower(operands_of(products)).compile()


def operands_of(products: list[Product]) -> tuple[Any, jax.Array]:
    """Random matrices for every product, and a number that it is given by the one before."""
    keys = jax.random.split(jax.random.key(0), len(products))
    pairs = zip(keys, products, strict=True)
    return [(jax.random.normal(key, each.left), jax.random.normal(key, each.right)) for key, each in pairs], jnp.zeros(
        ()
    )


def seconds_for(products: list[Product], seconds: float) -> float:
    """How long the products take one after the other, in the best of blocks of a hundred."""
    block, carried = block_of(products), operands_of(products)
    carried = jax.block_until_ready(block(carried))
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        start = time.perf_counter()
        carried = jax.block_until_ready(block(carried))
        best = min(best, (time.perf_counter() - start) / 100)
    return best


def main() -> None:
    """Measure, and print the line."""
    arguments = parser(__doc__)
    arguments.add_argument("--preset", choices=sorted(TRAININGS), required=True)
    options = arguments.parse_args()
    trainer = make_trainer(options.preset, mnist_images(options.data), mnist_labels(options.data))
    products, batch = products_of(trainer), trainer.feed.batch_size
    best = seconds_for(products, options.seconds)
    flops = sum(product.flops for product in products)
    print(
        json.dumps(
            {
                "name": "products",
                "preset": options.preset,
                "products": len(products),
                "microseconds_per_round": 1e6 * best,
                "gflops": flops / best / 1e9,
                "samples_per_second_at_most": batch / best,
            }
        )
    )


if __name__ == "__main__":
    main()
