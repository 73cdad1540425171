"""Rows that lack a view: a batch says so, whichever way its rows came to the device."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from latently.game import Batch, Game, Player
from latently.training import Feed, Trainer
from latently.training.together import Together
from toy_games import same_bits

RANDOM = np.random.default_rng(2)
LEFT, RIGHT = (RANDOM.normal(size=(30, features)).astype(np.float32) for features in (3, 2))
LABELS = RANDOM.integers(-1, 2, 30)
PRESENT = RANDOM.uniform(size=(30, 2)) > 0.3
LEFT[~PRESENT[:, 0]] = np.nan  # nobody may look at what is not there


class Means(Game):
    """One player that fits the mean of each view to the rows that have it."""

    left: jax.Array
    right: jax.Array

    def players(self):
        return (Player("means", ("left", "right"), Means.distance, optax.adam(0.05)),)

    def distance(self, batch, key):
        def of_view(place, center):
            squared = ((batch.views[place] - center) ** 2).mean(axis=1)
            return (squared * batch.has[:, place]).sum() / batch.has[:, place].sum()

        return {"left": of_view(0, self.left), "right": of_view(1, self.right)}


def feed(present=PRESENT, **options):
    return Feed((LEFT, RIGHT), LABELS, present=present, batch_size=12, seed=1, **options)


def trainer(seed=1, **options):
    return Trainer(Means(jnp.zeros(3), jnp.zeros(2)), feed(**options), seed=seed)


def batch_of(feed, number=1):
    return feed.batch(feed.chunk(0, 3), number, jax.random.key(0))


@pytest.mark.parametrize("resident_bytes", [2**20, 0], ids=["resident", "streamed"])
def test_a_batch_tells_which_views_each_row_has_and_holds_zeros_for_the_others(resident_bytes):
    drawn = feed(resident_bytes=resident_bytes, draw_labelled=True)
    assert drawn.resident == bool(resident_bytes)
    batch, rows = batch_of(drawn), drawn.order.batches(1, 1)[0]
    labelled = drawn.labelled_rows[drawn.labelled_order.batches(1, 1)[0]]
    for found, wanted in ((batch, rows), (batch.labelled, labelled)):
        assert (found.present == PRESENT[wanted]).all()
        assert (found.has == found.present).all()
        for place, view in enumerate((LEFT, RIGHT)):
            expected = np.where(PRESENT[wanted, place, None], view[wanted], 0)
            np.testing.assert_array_equal(found.views[place], expected)
    assert (batch.labelled.labels >= 0).all()


def test_rows_that_are_not_said_to_lack_a_view_have_all():
    batch = batch_of(Feed((RIGHT,), batch_size=12, seed=1))
    assert batch.present is None
    assert batch.has.shape == (12, 1)
    assert batch.has.all()
    assert not Batch((jnp.ones((2, 1)),), present=jnp.zeros((2, 1), bool)).has.any()


def test_a_run_is_the_same_whether_its_rows_are_resident_or_streamed():
    resident, streamed = trainer(), trainer(resident_bytes=0)
    for each in (resident, streamed):
        each.run(20)
    assert same_bits(resident.state, streamed.state)
    assert np.isfinite(resident.state.game.left).all()


def test_runs_together_are_those_of_each_alone():
    alone, together = [trainer(seed) for seed in (1, 2)], [trainer(seed) for seed in (1, 2)]
    Together(together).run(15)
    for one, other in zip(alone, together, strict=True):
        one.run(15)
        for mine, theirs in zip(jax.tree.leaves(one.state.game), jax.tree.leaves(other.state.game), strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-5)


def test_rows_that_lack_other_views_are_other_rows():
    assert feed().same_rows(feed(PRESENT.copy()))
    assert not feed().same_rows(feed(~PRESENT))
    assert not feed().same_rows(feed(None))
