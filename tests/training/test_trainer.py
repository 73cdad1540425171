"""Rounds: who moves, in what order, and what is told of it."""

import gc
import weakref

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.tree_util import Partial

from latently.game import Batch, Game, Player
from latently.training import Feed, NonFiniteLossError, State, Trainer, play_round
from toy_games import (
    Convolving,
    FewLabels,
    RingGAN,
    StopEvery,
    Tug,
    TwoViews,
    same_bits,
    small_mlp,
    tug_rows,
    tug_trainer,
)

# ---- isolation ----


@pytest.mark.parametrize("name", ["left", "right"])
def test_a_player_changes_its_own_parts_and_no_other(name):
    class Solo(Tug):
        def players(self):
            return tuple(player for player in Tug.players(self) if player.name == name)

    game = Solo(jnp.zeros(3), jnp.ones(3))
    (player,) = game.players()
    optimizer = player.optimizer.init(eqx.filter(game, player.owns(game)))
    state = State(game, {name: optimizer}, jnp.zeros((), jnp.int32), jax.random.key(0))
    after, _ = jax.jit(play_round)(state, Batch(views=(jnp.asarray(tug_rows(8)[0]),)))
    for part in ("left", "right"):
        assert same_bits(getattr(after.game, part), getattr(game, part)) == (part not in player.parts)


def test_a_player_makes_as_many_updates_as_it_says_and_others_see_the_last():
    class Steps(Game):
        fast: jax.Array
        slow: jax.Array

        def players(self):
            return (
                Player("fast", ("fast",), lambda game, batch, key: {"up": -game.fast}, optax.sgd(1.0), updates=3),
                Player("slow", ("slow",), lambda game, batch, key: {"to": game.slow * game.fast}, optax.adam(0.1)),
            )

    trainer = Trainer(
        Steps(jnp.zeros(()), jnp.zeros(())), Feed((np.zeros((4, 1), np.float32),), batch_size=2, seed=0), seed=0
    )
    trainer.run(5)
    assert float(trainer.state.game.fast) == 15.0
    adam_state = trainer.state.optimizers["slow"][0]
    assert int(adam_state.count) == 5


def test_updates_of_a_round_differ_in_their_key_and_players_share_it():
    class Keys(Game):
        a: jax.Array
        b: jax.Array

        def players(self):
            def loss(part):
                def terms(game, batch, key):
                    draw = jax.random.uniform(key)
                    return {"draw": draw + 0.0 * getattr(game, part)}

                return terms

            adam = optax.sgd(0.1)
            return (
                Player("first", ("a",), loss("a"), adam),
                Player("second", ("b",), loss("b"), adam),
                Player("twice", ("a",), loss("a"), adam, updates=2),
            )

    trainer = Trainer(
        Keys(jnp.zeros(()), jnp.zeros(())), Feed((np.zeros((4, 1), np.float32),), batch_size=2, seed=0), seed=0
    )
    trainer.run(2, [StopEvery(1)])
    one, two = (progress.terms for progress in trainer.history)
    assert one["first/draw"] == one["second/draw"]
    assert one["twice/draw"] != one["first/draw"]
    assert one["first/draw"] != two["first/draw"]


def test_a_schedule_is_given_the_number_of_rounds_played():
    class Warm(Game):
        a: jax.Array

        def players(self):
            weight = {"a": lambda round_: jnp.minimum(1.0, round_ / 4)}
            return (Player("p", ("a",), lambda game, batch, key: {"a": game.a}, optax.sgd(1.0), weight),)

    trainer = Trainer(Warm(jnp.zeros(())), Feed((np.zeros((4, 1), np.float32),), batch_size=2, seed=0), seed=0)
    steps, before = [], 0.0
    for until in range(1, 7):
        trainer.run(until)
        steps.append(before - float(trainer.state.game.a))
        before = float(trainer.state.game.a)
    assert steps == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]


# ---- a run ----


def test_a_run_is_a_function_of_its_seed():
    runs = [tug_trainer(seed=seed) for seed in (3, 3, 4)]
    for trainer in runs:
        trainer.run(30)
    assert same_bits(runs[0].state, runs[1].state)
    assert not same_bits(runs[0].state.game, runs[2].state.game)


@pytest.mark.parametrize("rounds", [1, 7])
@pytest.mark.parametrize("resident_bytes", [2**30, 0], ids=["resident", "streamed"])
def test_a_run_does_not_depend_on_where_its_chunks_are_cut(rounds, resident_bytes):
    whole, cut = tug_trainer(), tug_trainer(resident_bytes=resident_bytes)
    whole.run(30)
    stops = StopEvery(rounds)
    cut.run(30, [stops])
    assert same_bits(whole.state, cut.state)
    assert set(range(rounds, 30, rounds)) <= set(stops.seen)


@pytest.mark.parametrize("labelled", [False, True])
def test_a_streamed_run_is_the_resident_one_bit_for_bit(labelled):
    resident, streamed = tug_trainer(labelled=labelled), tug_trainer(labelled=labelled, resident_bytes=0)
    resident.run(40)
    streamed.run(40)
    assert same_bits(resident.state, streamed.state)


def test_runs_of_few_rows_and_fewer_labels_play():
    for rows, batch_size in ((5, 8), (37, 36), (1, 1)):
        trainer = tug_trainer(rows=rows, batch_size=batch_size, labelled=rows > 1)
        trainer.run(trainer.rounds_in(3))
        assert trainer.epoch == pytest.approx(3, abs=0.1)


def test_a_whole_number_of_epochs_is_told_as_such():
    trainer = tug_trainer(rows=40, batch_size=8, labelled=False)
    assert trainer.rounds_in(2) == 10
    assert trainer.rounds_in(0.01) == 1
    trainer.run(10, [StopEvery(5)])
    assert {progress.round: progress.epoch for progress in trainer.history}[5] == 1.0


def test_a_stop_is_obeyed_after_the_chunk_and_the_run_can_go_on():
    class StopAt(StopEvery):
        def __call__(self, trainer, progress):
            trainer.stop_requested = progress.round == 6

    trainer, whole = tug_trainer(), tug_trainer()
    trainer.run(30, [StopAt(6)])
    assert trainer.round == 6
    trainer.stop_requested = False
    trainer.run(30)
    whole.run(30)
    assert same_bits(trainer.state, whole.state)


def test_an_observer_that_asks_for_a_stop_in_the_past_is_not_heeded():
    class Past(StopEvery):
        def next_stop(self, round_):
            return round_

    trainer = tug_trainer()
    trainer.run(3, [Past(1)])
    assert trainer.round == 3


def test_a_run_to_a_round_already_played_plays_nothing():
    trainer = tug_trainer()
    trainer.run(3)
    before = trainer.state
    trainer.run(2)
    assert trainer.round == 3
    assert same_bits(before, trainer.state)


def test_progress_tells_the_mean_of_each_term_over_its_chunk():
    every, whole, chunks = tug_trainer(), tug_trainer(), []
    every.run(6, [StopEvery(1)])
    whole.run(6, [StopEvery(6), lambda trainer, progress: chunks.append(progress)])
    weights = np.diff([0, *(progress.round for progress in chunks)])
    for name in ("left/distance", "right/distance", "right/labels"):
        of_rounds = np.mean([row.terms[name] for row in every.history])
        of_chunks = np.average([progress.terms[name] for progress in chunks], weights=weights)
        assert of_chunks == pytest.approx(of_rounds, rel=1e-5)


def test_the_game_that_a_run_began_with_stays_and_may_hold_an_array_twice():
    twice = jnp.ones(3)
    game, feed = Tug(twice, twice), Feed((tug_rows()[0],), batch_size=8, seed=0)
    ends = []
    for _ in range(2):
        trainer = Trainer(game, feed, seed=0)
        trainer.run(5)
        ends.append(trainer.state.game)
    assert same_bits(*ends)
    assert twice.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("convolves", [False, True])
def test_a_round_is_traced_once(convolves):
    traced = []

    class Noted(Convolving if convolves else Tug):
        def players(self):
            traced.append(1)
            return super().players()

    x, parts = (
        (np.ones((8, 4, 4, 1)), (jnp.zeros((3, 3, 1, 1)),)) if convolves else (tug_rows()[0], (jnp.zeros(3),) * 2)
    )
    trainer = Trainer(Noted(*parts), Feed((x,), batch_size=4, seed=0), seed=0)
    begun = len(traced)
    trainer._play_chunk(trainer.feed.chunk(0, 1), 1)
    trainer._play_chunk(trainer.feed.chunk(1, 2), 2)
    assert len(traced) == begun


def test_rounds_are_compiled_once_however_the_run_is_cut_and_stored():
    class Number(Game):
        a: jax.Array

        def players(self):
            return (
                Player("a", ("a",), lambda game, batch, key: {"a": (game.a - batch.x.mean()) ** 2}, optax.adam(0.1)),
            )

    feed = Feed((np.ones((4, 1), np.float32),), batch_size=2, seed=0)
    trainer = Trainer(Number(jnp.asarray(1.0)), feed, seed=0)  # a weakly typed array
    trainer.run(20, [StopEvery(3)])
    assert trainer._rounds.play_loop._cache_size() == 1


# ---- losses that are no longer finite ----


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_stops_the_run_in_its_round(value, tmp_path):
    x, labels = tug_rows()
    x[31, 0] = value
    feed = Feed((x,), labels, batch_size=8, seed=3)
    first = int(np.argmax((feed.order.batches(0, 10) == 31).any(axis=1))) + 1
    trainer = Trainer(Tug(jnp.zeros(3), jnp.ones(3)), feed, seed=3)
    saved = []

    class Keeper(StopEvery):
        def __call__(self, trainer, progress):
            trainer.save(tmp_path / "checkpoint.safetensors")
            saved.append(progress.round)

    sentence = (
        f"the term 'distance' of player 'left' became (nan|inf) in round {first}; lower learning_rate, or look for "
        "extreme values in the data."
    )
    with pytest.raises(NonFiniteLossError, match=f"^{sentence}$") as caught:
        trainer.run(30, [Keeper(1)])
    assert "; lower --learning-rate, or" in caught.value.worded(lambda name, value: "--" + name.replace("_", "-"))
    assert saved == list(range(1, first))
    again = tug_trainer(labelled=False)
    again.restore(tmp_path / "checkpoint.safetensors")
    assert again.round == first - 1
    assert np.isfinite(np.asarray(again.state.game.left)).all()


def test_the_first_player_to_meet_a_non_finite_loss_is_named():
    class Late(Game):
        z: jax.Array
        a: jax.Array

        def players(self):
            return (
                Player("z", ("z",), lambda game, batch, key: {"t": game.z / batch.x.sum()}, optax.sgd(0.1)),
                Player("a", ("a",), lambda game, batch, key: {"t": game.a * game.z}, optax.sgd(0.1)),
            )

    trainer = Trainer(Late(jnp.ones(()), jnp.ones(())), Feed((np.zeros((4, 1)),), batch_size=2, seed=0), seed=0)
    with pytest.raises(NonFiniteLossError, match="the term 't' of player 'z' became inf in round 1"):
        trainer.run(3)


def test_a_checkpoint_is_refused_when_weights_are_no_longer_finite(tmp_path):
    class Root(Game):
        a: jax.Array

        def players(self):
            return (Player("a", ("a",), lambda game, batch, key: {"root": jnp.sqrt(game.a)}, optax.sgd(0.1)),)

    trainer = Trainer(Root(jnp.zeros(())), Feed((np.zeros((4, 1)),), batch_size=2, seed=0), seed=0)
    trainer.save(tmp_path / "checkpoint")
    before = (tmp_path / "checkpoint").read_bytes()
    trainer.run(1)  # the root of 0 is finite, its gradient is not
    with pytest.raises(NonFiniteLossError, match="the weights are no longer finite after round 1"):
        trainer.save(tmp_path / "checkpoint")
    assert (tmp_path / "checkpoint").read_bytes() == before


# ---- convolutions ----


def convolving_trainer():
    x = np.random.default_rng(0).normal(size=(20, 6, 6, 1)).astype(np.float32)
    return Trainer(Convolving(jnp.zeros((3, 3, 1, 1))), Feed((x,), batch_size=4, seed=0), seed=0)


def test_on_a_cpu_only_games_with_convolutions_are_played_a_round_a_call():
    if jax.default_backend() != "cpu":
        pytest.skip("only a CPU loses its fast convolutions in a loop")
    assert not convolving_trainer()._looped
    assert tug_trainer()._looped


def test_a_convolution_inside_another_function_is_found():
    class Nested(Convolving):
        def players(self):
            inner = jax.jit(lambda game, batch, key: Convolving.distance(game, batch, key))
            return (Player("kernel", ("kernel",), inner, optax.adam(0.01)),)

    x = np.zeros((4, 6, 6, 1), np.float32)
    trainer = Trainer(Nested(jnp.zeros((3, 3, 1, 1))), Feed((x,), batch_size=4, seed=0), seed=0)
    assert trainer._looped == (jax.default_backend() != "cpu")


def test_rounds_in_a_loop_and_rounds_a_call_give_the_same():
    looped, single = convolving_trainer(), convolving_trainer()
    looped._looped, single._looped = True, False
    for trainer in (looped, single):
        trainer.run(40, [StopEvery(10)])
    np.testing.assert_allclose(looped.state.game.kernel, single.state.game.kernel, rtol=1e-4, atol=1e-6)
    assert [progress.round for progress in looped.history][-1] == 40
    for name in ("kernel/distance",):
        ends = [
            {progress.round: progress.terms[name] for progress in trainer.history}[40] for trainer in (looped, single)
        ]
        assert ends[0] == pytest.approx(ends[1], rel=0.2)


# ---- three toy games, played to success ----


def test_toy_game_a_gan_learns_a_ring_of_gaussians():
    modes = 2 * np.stack([np.cos(np.arange(8) * np.pi / 4), np.sin(np.arange(8) * np.pi / 4)], axis=1)
    random = np.random.default_rng(0)
    x = (modes[random.integers(0, 8, 4096)] + 0.15 * random.normal(size=(4096, 2))).astype(np.float32)
    trainer = Trainer(RingGAN(small_mlp(4, 2, 0), small_mlp(2, 1, 1)), Feed((x,), batch_size=256, seed=0), seed=0)
    trainer.run(1500)
    fake = np.asarray(trainer.state.game.generate(jax.random.key(9), 2000))
    distances = np.linalg.norm(fake[:, None] - modes, axis=-1)
    shares = np.bincount(distances.argmin(axis=1)[distances.min(axis=1) < 0.6], minlength=8) / len(fake)
    assert (shares > 0.03).sum() >= 7
    assert np.linalg.norm(fake, axis=1).mean() == pytest.approx(2, abs=0.2)


def test_toy_game_a_classifier_learns_from_few_labels_and_many_rows():
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 900)
    centers = np.array([[0, 2], [1.7, -1], [-1.7, -1]])
    x = (centers[truth] + 0.4 * random.normal(size=(900, 2))).astype(np.float32)
    labels = np.full(900, -1)
    for label in range(3):
        known = np.flatnonzero(truth == label)[:2]
        labels[known] = label
    feed = Feed((x,), labels, batch_size=100, seed=0, draw_labelled=True)
    trainer = Trainer(FewLabels(small_mlp(2, 3, 0)), feed, seed=0)
    trainer.run(200)
    predicted = np.asarray(trainer.state.game.classifier(jnp.asarray(x))).argmax(axis=1)
    assert (predicted == truth).mean() > 0.97


def test_toy_game_two_views_predict_each_other_as_least_squares_does():
    random = np.random.default_rng(0)
    z = random.normal(size=(200, 2))
    first = (z @ random.normal(size=(2, 4)) + 0.3 * random.normal(size=(200, 4))).astype(np.float32)
    second = (z @ random.normal(size=(2, 3)) + 0.3 * random.normal(size=(200, 3))).astype(np.float32)
    game = TwoViews(jnp.zeros((4, 3)), jnp.zeros((3, 4)))
    trainer = Trainer(game, Feed((first, second), batch_size=200, seed=0), seed=0)
    trainer.run(3000)
    np.testing.assert_allclose(trainer.state.game.forward, np.linalg.lstsq(first, second)[0], atol=2e-3)
    np.testing.assert_allclose(trainer.state.game.backward, np.linalg.lstsq(second, first)[0], atol=2e-3)


# ---- runs of one kind ----


def test_runs_of_one_kind_share_their_compiled_rounds_and_others_do_not():
    first, again, other_seed = tug_trainer(), tug_trainer(), tug_trainer(seed=5)
    assert first._rounds is again._rounds is other_seed._rounds
    assert tug_trainer(labelled=False)._rounds is not first._rounds
    first.run(5)
    other_seed.run(5)
    assert first._rounds.play_loop._cache_size() == 1
    assert not same_bits(first.state.game, other_seed.state.game)


def test_runs_on_a_few_rows_more_or_less_and_with_other_scales_share_their_compiled_rounds():
    def shifted(offset, views, key):
        return (views[0] - offset,)

    def of(rows, offset):
        x = np.random.default_rng(rows).normal(size=(rows, 3)).astype(np.float32)
        prepare = Partial(shifted, np.full(3, offset, np.float32))
        feed = Feed((x,), batch_size=8, seed=0, prepare=prepare)
        chunk = feed.chunk(0, 1)
        np.testing.assert_allclose(feed.batch(chunk, 0, jax.random.key(0)).x, x[chunk.order[0]] - offset, rtol=1e-6)
        return Trainer(Tug(jnp.zeros(3), jnp.ones(3)), feed, seed=0)

    assert of(50, 1.0)._rounds is of(60, 2.0)._rounds


def test_compiled_rounds_keep_no_rows_alive():
    x, _ = tug_rows()
    feed = Feed((x,), batch_size=8, seed=0)
    trainer = Trainer(Tug(jnp.zeros(3), jnp.ones(3)), feed, seed=0)
    rounds, alive = trainer._rounds, weakref.ref(feed)
    del trainer, feed
    gc.collect()
    assert alive() is None
    assert rounds.terms
