"""Save, kill, restore, go on: bit for bit what an uninterrupted run gives."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from latently.training import Feed, Trainer, load_tree, save_tree
from toy_games import Convolving, StopEvery, same_bits, tug_trainer


@pytest.mark.parametrize("played", [1, 13])  # 37 rows in batches of 8: all but none fall within an epoch
@pytest.mark.parametrize("resident_bytes", [2**30, 0], ids=["resident", "streamed"])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(played, resident_bytes, tmp_path):
    whole, killed, resumed = (tug_trainer(resident_bytes=resident_bytes) for _ in range(3))
    whole.run(30)
    killed.run(played)
    killed.save(tmp_path / "checkpoint.safetensors")
    resumed.restore(tmp_path / "checkpoint.safetensors")
    assert resumed.round == played
    resumed.run(30)
    assert same_bits(whole.state, resumed.state)


def test_a_run_resumed_over_and_over_and_cut_anywhere_is_the_uninterrupted_one(tmp_path):
    whole = tug_trainer()
    whole.run(30)
    path = tmp_path / "checkpoint.safetensors"
    tug_trainer().save(path)
    for until, rounds in ((4, 1), (11, 3), (12, 50), (23, 2), (30, 5)):
        trainer = tug_trainer(resident_bytes=0 if rounds == 3 else 2**30)
        trainer.restore(path)
        trainer.run(until, [StopEvery(rounds)])
        trainer.save(path)
    assert same_bits(whole.state, trainer.state)


def test_a_restored_trainer_holds_every_array_that_was_saved(tmp_path):
    trainer, other = tug_trainer(), tug_trainer()
    trainer.run(7)
    trainer.save(tmp_path / "checkpoint.safetensors")
    other.restore(tmp_path / "checkpoint.safetensors")
    assert same_bits(trainer.state, other.state)
    stored = load_file(tmp_path / "checkpoint.safetensors")
    assert len(stored) == len(jax.tree.leaves(trainer.state))
    assert {".round", ".key", ".game.left"} <= set(stored)


def test_restoring_is_possible_again_and_again(tmp_path):
    """Rounds reuse the memory of the state: what was restored must not be part of it."""
    trainer = tug_trainer()
    trainer.run(3)
    trainer.save(tmp_path / "checkpoint.safetensors")
    ends = []
    for _ in range(2):
        trainer.restore(tmp_path / "checkpoint.safetensors")
        trainer.run(9)
        ends.append(jax.tree.map(lambda leaf: leaf.copy(), trainer.state.game))
    assert same_bits(*ends)


def test_a_game_played_a_round_a_call_resumes_too(tmp_path):
    x = np.random.default_rng(0).normal(size=(10, 6, 6, 1)).astype(np.float32)

    def trainer():
        return Trainer(Convolving(jnp.zeros((3, 3, 1, 1))), Feed((x,), batch_size=4, seed=0), seed=0)

    whole, killed, resumed = trainer(), trainer(), trainer()
    whole.run(12)
    killed.run(5)
    killed.save(tmp_path / "checkpoint.safetensors")
    resumed.restore(tmp_path / "checkpoint.safetensors")
    resumed.run(12)
    assert same_bits(whole.state, resumed.state)


# ---- what is refused ----


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The bytes of a good checkpoint."""
    path = tmp_path_factory.mktemp("good") / "checkpoint.safetensors"
    trainer = tug_trainer()
    trainer.run(4)
    trainer.save(path)
    return path.read_bytes()


@pytest.fixture(scope="module")
def going():
    """A trainer under way, that has to withstand all bad checkpoints."""
    trainer = tug_trainer()
    trainer.run(2)
    return trainer


def _write(kind, good, path):
    """A checkpoint that cannot be gone on from."""
    path.write_bytes(good)
    if kind == "truncated":
        path.write_bytes(good[: len(good) // 2])
    elif kind == "cut in the header":
        path.write_bytes(good[:20])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "noise":
        path.write_bytes(np.random.default_rng(0).bytes(500))
    elif kind == "JSON":
        path.write_text(json.dumps({"round": 3}))
    elif kind == "pickle":
        path.write_bytes(b"\x80\x04\x95" + good)
    elif kind == "a folder":
        path.unlink()
        path.mkdir()
    elif kind == "another model":
        save_file({"weight": np.zeros(3, np.float32)}, path)
    elif kind == "another key":
        save_file({**load_file(path), ".key": np.zeros(4, np.uint32)}, path)
    elif kind == "another shape":
        save_file({**load_file(path), ".game.left": np.zeros(4, np.float32)}, path)
    elif kind == "another type":
        save_file({**load_file(path), ".game.left": np.zeros(3, np.float64)}, path)
    elif kind == "no header":
        save_file(load_file(path), path)
    elif kind == "a strange header":
        save_file(load_file(path), path, {"about": "{"})
    else:
        changes = {"another seed": {"seed": 4}, "other rows": {"rows": 38}, "another batch size": {"batch_size": 9}}
        tug_trainer(**changes[kind]).save(path)


@pytest.mark.parametrize(
    "kind",
    [
        "truncated",
        "cut in the header",
        "empty",
        "noise",
        "JSON",
        "pickle",
        "a folder",
        "another model",
        "another key",
        "another shape",
        "another type",
        "no header",
        "a strange header",
        "another seed",
        "other rows",
        "another batch size",
    ],
)
def test_a_checkpoint_that_is_damaged_or_of_another_run_is_refused_in_one_sentence(kind, good, going, tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    _write(kind, good, path)
    before = jax.tree.map(lambda leaf: leaf.copy(), going.state)
    with pytest.raises(ValueError, match=r"checkpoint\.safetensors") as caught:
        going.restore(path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert same_bits(before, going.state)


def test_a_run_goes_on_after_a_checkpoint_was_refused(good, tmp_path):
    (tmp_path / "bad").write_bytes(good[:100])
    trainer, whole = tug_trainer(), tug_trainer()
    trainer.run(2)
    with pytest.raises(ValueError, match="bad"):
        trainer.restore(tmp_path / "bad")
    trainer.run(5)
    whole.run(5)
    assert same_bits(whole.state, trainer.state)


def test_a_missing_checkpoint_is_told_as_such(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        tug_trainer().restore(tmp_path / "nowhere.safetensors")


# ---- files ----


def test_a_tree_comes_back_bit_for_bit_scalars_keys_and_all(tmp_path):
    tree = {
        "scalar": jnp.asarray(3),
        "empty": jnp.zeros((0, 2)),
        "nested": (jnp.arange(6.0).reshape(2, 3).T, [jnp.asarray(True), jax.random.key(7)]),
        "bytes": jnp.arange(5, dtype=jnp.uint8),
    }
    save_tree(tmp_path / "tree.safetensors", tree, {"round": 3, "words": ["a", None]})
    template = jax.eval_shape(lambda: tree)
    loaded, about = load_tree(tmp_path / "tree.safetensors", template)
    assert about == {"round": 3, "words": ["a", None]}
    assert same_bits(tree, loaded)
    assert jax.random.key_impl(loaded["nested"][1][1]) == jax.random.key_impl(jax.random.key(0))
