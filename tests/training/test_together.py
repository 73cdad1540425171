"""Several trainers as one program: each must come to what it comes to alone."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.tree_util import Partial
from sklearn.datasets import load_digits

from latently import SemiSupervisedVAE
from latently.training import Feed, NonFiniteLossError, Together, Trainer, why_apart
from toy_games import Convolving, StopEvery, Tug, same_bits, tug_rows, tug_trainer

SEEDS = (3, 4, 5)


def agree(one, other, tolerance=1e-5):
    """Whether two runs stand at the same state, to rounding."""
    assert one.round == other.round
    pairs = zip(jax.tree.leaves(one.state.game), jax.tree.leaves(other.state.game), strict=True)
    for mine, theirs in pairs:
        np.testing.assert_allclose(mine, theirs, rtol=tolerance, atol=tolerance)
    for mine, theirs in zip(one.history, other.history, strict=True):
        assert (mine.round, mine.until, mine.epoch) == (theirs.round, theirs.until, theirs.epoch)
        assert mine.terms == pytest.approx(theirs.terms, rel=tolerance * 10, abs=tolerance * 10)


def m2_trainer(seed):
    """A small M2 that sees 5 labels a class, other ones for each seed."""
    X, y = load_digits().data[:400] / 16, load_digits().target[:400]
    order = np.random.default_rng(seed).permutation(len(y))
    known = np.concatenate([order[y[order] == digit][:5] for digit in range(10)])
    labels = np.full(len(y), -1)
    labels[known] = y[known]
    model = SemiSupervisedVAE(
        latent_dim=2, hidden=(16,), learning_rate_decay=0.5, epochs=3, batch_size=50, random_state=seed
    )
    return model.trainer(X, labels)


# ---- what they come to ----


def test_trainers_together_come_to_what_each_comes_to_alone():
    alone, together = [tug_trainer(seed=seed) for seed in SEEDS], [tug_trainer(seed=seed) for seed in SEEDS]
    Together(together).run(30, [[StopEvery(1)] for _ in SEEDS])
    for one, other in zip(alone, together, strict=True):
        one.run(30, [StopEvery(1)])
        agree(one, other)
    assert not same_bits(together[0].state.game, together[1].state.game)


def test_a_model_with_few_labels_comes_to_what_it_comes_to_alone():
    alone, together = [m2_trainer(seed) for seed in (0, 1)], [m2_trainer(seed) for seed in (0, 1)]
    assert not np.array_equal(together[0].feed.labels, together[1].feed.labels)
    Together(together).run(20, [[StopEvery(1)], [StopEvery(1)]])
    for one, other in zip(alone, together, strict=True):
        one.run(20, [StopEvery(1)])
        agree(one, other, tolerance=1e-4)


def test_a_checkpoint_of_one_goes_on_alone(tmp_path):
    whole, together, resumed = tug_trainer(seed=4), [tug_trainer(seed=seed) for seed in SEEDS], tug_trainer(seed=4)
    whole.run(30)
    Together(together).run(13)
    together[1].save(tmp_path / "checkpoint.safetensors")
    resumed.restore(tmp_path / "checkpoint.safetensors")
    assert same_bits(resumed.state, together[1].state)
    resumed.run(30)
    together[1].run(30)
    assert same_bits(resumed.state, together[1].state)
    np.testing.assert_allclose(resumed.state.game.left, whole.state.game.left, rtol=1e-5)


def test_they_go_on_from_where_they_stand_and_do_not_depend_on_where_chunks_are_cut():
    whole, cut = [tug_trainer(seed=seed) for seed in SEEDS], [tug_trainer(seed=seed) for seed in SEEDS]
    Together(whole).run(30)
    Together(cut).run(11)
    Together(cut).run(30, [[StopEvery(4)], [StopEvery(5)], []])
    assert all(same_bits(one.state, other.state) for one, other in zip(whole, cut, strict=True))


# ---- what is told ----


def test_the_observers_of_each_look_at_its_own_run():
    class Watch(StopEvery):
        def __call__(self, trainer, progress):
            self.seen.append((trainer, progress))

    trainers, watches = [tug_trainer(seed=seed) for seed in SEEDS], [Watch(rounds) for rounds in (2, 3, 50)]
    Together(trainers).run(6, [[watch] for watch in watches])
    for trainer, watch in zip(trainers, watches, strict=True):
        assert {one for one, _ in watch.seen} == {trainer}
        ends = {row.round: row for row in trainer.history}
        assert all(progress.until == ends[progress.round].until for _, progress in watch.seen)
        assert watch.seen[0][1] == ends[1]  # of one round
        assert {2, 3, 4, 6} <= {progress.round for _, progress in watch.seen}
    assert trainers[0].history[-1].terms != trainers[1].history[-1].terms


def test_one_that_is_told_to_stop_stops_all_at_the_same_round():
    class Stop(StopEvery):
        def __call__(self, trainer, progress):
            trainer.stop_requested = progress.round >= 4

    trainers = [tug_trainer(seed=seed) for seed in SEEDS]
    Together(trainers).run(30, [[], [Stop(4)], []])
    assert [trainer.round for trainer in trainers] == [4, 4, 4]


def test_a_term_that_is_not_finite_is_told_with_its_run():
    trainers = [_tug(left=0.0), _tug(left=jnp.inf)]
    with pytest.raises(NonFiniteLossError, match=r"run 2 of 2: .*'distance' of player 'left'.*round 1"):
        Together(trainers).run(5)
    assert trainers[0].history == []


# ---- what cannot be played together ----


def _shifted(offset, views, key):
    return (views[0] - offset,)


def _tug(left=0.0, game=Tug, x=None, labels=None, offset=0.0):
    rows, known = tug_rows()
    prepare, labels = Partial(_shifted, np.full(3, offset, np.float32)), known if labels is None else labels
    feed = Feed((rows if x is None else x,), labels, batch_size=8, seed=3, prepare=prepare)
    return Trainer(game(jnp.full(3, left), jnp.ones(3)), feed, seed=3)


def _moved():
    trainer = tug_trainer()
    trainer.run(1)
    return trainer


def _convolving():
    rows = np.ones((10, 6, 6, 1), np.float32)
    return Trainer(Convolving(jnp.zeros((3, 3, 1, 1))), Feed((rows,), batch_size=4, seed=0), seed=0)


def _right(weight=0.5, offset=0):
    """A game whose right player has another weight, or another array of constants."""

    class Other(Tug):
        def players(self):
            left, right = Tug.players(self)
            return left, dataclasses.replace(right, loss=Other.pull, weights={"labels": weight})

        def pull(self, batch, key):
            return Tug.pull_right(self, batch, key) | {"offset": (self.right * np.arange(offset, offset + 3)).sum()}

    return Other


@pytest.mark.parametrize(
    ("first", "other", "reason"),
    [
        (lambda: tug_trainer(resident_bytes=0), None, "streamed"),
        (_convolving, None, "convolutions"),
        (tug_trainer, _moved, "different rounds, 0 and 1"),
        (lambda: tug_trainer(batch_size=8), lambda: tug_trainer(batch_size=9), "different numbers of rows a round"),
        (_tug, lambda: _tug(x=tug_rows()[0] + 1), "different rows"),
        (_tug, lambda: _tug(offset=1.0), "different rows, or scale them differently"),
        (lambda: _tug(game=_right()), lambda: _tug(game=_right(weight=0.75)), "differ in more than their weights"),
        (lambda: _tug(game=_right()), lambda: _tug(game=_right(offset=1)), "differ in more than their weights"),
    ],
    ids=["streamed", "convolutions", "rounds", "batches", "rows", "scales", "weights of terms", "constants"],
)
def test_what_cannot_be_played_together_is_told_why(first, other, reason):
    one = first()
    another = one if other is None else other()
    assert reason in why_apart(one, another)
    with pytest.raises(ValueError, match="run each by itself"):
        Together([one, another])


def test_labels_and_weights_may_differ_and_rows_are_kept_once():
    one, other = _tug(), _tug(left=0.5, x=tug_rows()[0].copy(), labels=np.roll(tug_rows()[1], 1))
    assert why_apart(one, other) is None
    Together([one, other])
    assert one.feed.chunk(0, 1).views[0] is other.feed.chunk(0, 1).views[0]
    labels = np.roll(tug_rows()[1], 1)
    np.testing.assert_array_equal(other.feed.chunk(0, 1).labels[: len(labels)], labels)
