"""Held-out rows are measured at fixed rounds, the best game is kept, and training ends when they gain no more."""

import jax.numpy as jnp
import numpy as np
import pytest

from latently.training import Feed, Together, Trainer, Validation, verdict
from toy_games import StopEvery, Tug, same_bits, tug_rows


def scripted(*losses, every=3, patience=None):
    """A validation that finds those losses, one after the other, whatever the game."""
    left = list(losses)
    return Validation(lambda game: {"loss": left.pop(0)}, "loss", every=every, patience=patience)


def distance(game):
    return {"loss": float(jnp.abs(game.left - 1.7).sum())}


def trainer(validation, seed=3):
    x, labels = tug_rows()
    feed = Feed((x,), labels, batch_size=8, seed=seed, draw_labelled=True)
    return Trainer(Tug(jnp.zeros(3), jnp.ones(3)), feed, seed=seed, validation=validation)


def test_rows_are_measured_after_every_so_many_rounds_and_told_with_that_chunk():
    run = trainer(scripted(5.0, 4.0, 6.0))
    run.run(11, [StopEvery(2)])
    assert [(told.round, told.held_out) for told in run.history if told.held_out] == [
        (3, {"loss": 5.0}), (6, {"loss": 4.0}), (9, {"loss": 6.0}),
    ]  # fmt: skip
    assert not run.stopped_early
    assert same_bits(run.result, run.state.game)  # without patience the last game is the result


def test_training_ends_when_nothing_was_gained_for_so_long_and_gives_the_best_game_back():
    run, plain = trainer(scripted(5.0, 4.0, 4.5, 4.2, 3.0, patience=2)), trainer(None)
    run.run(100)
    plain.run(6)
    assert (run.round, run.stopped_early, run.validation.best_round) == (12, True, 6)
    assert same_bits(run.result, plain.state.game)
    run.run(100)
    assert run.round == 12  # it has ended
    run.validation.go_on()
    run.run(15)
    assert (run.round, run.validation.best_value) == (15, 3.0)


def test_a_game_as_good_as_the_best_takes_its_place_but_is_no_gain_and_nan_is_never_best():
    run = trainer(scripted(2.0, 2.0, float("nan"), patience=2))
    run.run(100)
    assert (run.round, run.validation.best_round, run.validation.best_value) == (9, 6, 2.0)


def test_before_the_first_measurement_the_game_as_it_stands_is_the_result():
    run = trainer(scripted(every=50, patience=2))
    run.run(7)
    assert same_bits(run.result, run.state.game)


@pytest.mark.parametrize("played", [2, 6, 14])
def test_a_resumed_run_measures_chooses_and_ends_as_the_uninterrupted_one(played, tmp_path):
    def validation():
        return Validation(distance, "loss", every=4, patience=3)

    whole, killed, resumed = trainer(validation()), trainer(validation()), trainer(validation())
    whole.run(400)
    killed.run(played)
    killed.save(tmp_path / "checkpoint")
    resumed.restore(tmp_path / "checkpoint")
    assert resumed.validation.state() == killed.validation.state()
    resumed.run(400)
    assert whole.stopped_early
    assert (resumed.round, resumed.validation.state()) == (whole.round, whole.validation.state())
    assert same_bits((whole.state, whole.result), (resumed.state, resumed.result))


def test_runs_that_may_end_apart_are_not_played_together():
    with pytest.raises(ValueError, match="held-out rows may end each at a round of its own"):
        Together([trainer(scripted(patience=1)), trainer(scripted(patience=1))])
    pair = [trainer(Validation(distance, "loss", every=4), seed) for seed in (1, 2)]
    Together(pair).run(8)
    assert [[told.round for told in run.history if told.held_out] for run in pair] == [[4, 8], [4, 8]]


EPOCHS = np.arange(1, 21)


@pytest.mark.parametrize(
    ("losses", "kind"),
    [
        (10 * 0.8**EPOCHS, "gaining"),
        (10 - 0.3 * EPOCHS, "gaining"),
        (5 + 10 * 0.3**EPOCHS, "settled"),
        (5 + 10 * 0.3**EPOCHS + 0.02 * (-1.0) ** EPOCHS, "settled"),
        (5 + (EPOCHS - 8.0) ** 2, "over-fitted"),
        (5 + 0.5 * EPOCHS, "diverged"),
        ([3.0, 2.0, 1.0], "unknown"),
    ],
)
def test_the_verdict_follows_from_held_out_rows(losses, kind):
    history = [{"epoch": e, "terms": {}, "held_out": {"loss": v}} for e, v in enumerate(losses, 1)]
    found = verdict(history, "loss", "the loss")
    assert found.kind == kind, found


def test_the_verdict_says_how_long_to_go_on_and_where_it_was_best():
    history = [{"epoch": e, "terms": {}, "held_out": {"loss": 10 * 0.9**e}} for e in EPOCHS]
    gaining = verdict(history, "loss", "the loss")
    assert gaining.epochs == 43  # by then five epochs gain less than a hundredth of what was gained so far
    assert str(gaining) == "The loss of held-out rows was still getting better; about epochs=43 would be enough."
    history = [{"epoch": e, "terms": {}, "held_out": {"loss": 5 + (e - 8) ** 2}} for e in EPOCHS]
    assert "was best at epoch 8, and got worse since" in verdict(history, "loss", "the loss").sentence
    kept = verdict(history, "loss", "the loss", kept_best=True)
    assert (kept.epoch, "that model was kept" in kept.sentence) == (8, True)


def test_a_code_that_carries_nothing_is_collapsed_whatever_the_loss():
    history = [{"epoch": e, "terms": {"vae/active_dimensions": 0.0}, "held_out": {"loss": 1.0}} for e in EPOCHS]
    assert verdict(history, "loss", "the loss").kind == "collapsed"
