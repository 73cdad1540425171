"""Several devices share each batch: the same losses as on one, to float tolerance.

The process that shows it compiles as a user's does, with all of XLA's optimisations.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from latently.errors import ArgumentError
from toy_games import tug_trainer

SCRIPT = """
import json, sys
import jax
jax.config.update("jax_num_cpu_devices", 4)
sys.path.insert(0, sys.argv[1])
from sklearn.datasets import load_digits
from latently import AAE
from toy_games import StopEvery, same_bits, tug_trainer

def note(event, duration, fun_name=None, **_):
    if "backend_compile" in event:
        compiled.append(fun_name)

jax.monitoring.register_event_duration_secs_listener(note)
runs, ends, programs, compiled = {}, {}, {}, []
for name, options in {
    "one": {},
    "one, streamed": {"resident_bytes": 0},
    "four": {"devices": 4},
    "four, streamed": {"devices": 4, "resident_bytes": 0},
    "one, few labels": {"rows": 12},
    "four, few labels": {"devices": 4, "rows": 12},
}.items():
    trainer = tug_trainer(**options)
    trainer.run(25, [StopEvery(1)])
    runs[name] = {progress.round: progress.terms for progress in trainer.history}
    runs[name]["end"] = dict(enumerate(trainer.state.game.left.tolist()))
    ends[name] = trainer.state
    programs[name] = compiled.count("jit(loop)")
    compiled.clear()

four = tug_trainer(devices=4)
four.run(10)
four.save(sys.argv[2])
again = tug_trainer(devices=4)
again.restore(sys.argv[2])
again.run(25)

X, y = load_digits(return_X_y=True)
aae = {}
for devices in (1, 4):
    model = AAE(latent_dim=2, hidden=(8,), critic_hidden=(), epochs=1, batch_size=64, random_state=0)
    aae[devices] = model.set_params(devices=devices).fit(X[:256] / 16, y[:256]).transform(X[:8] / 16).tolist()

print(json.dumps({
    "programs": programs, "runs": runs, "aae": aae, "resumed": same_bits(ends["four"], again.state),
    "streamed": [same_bits(ends[name], ends[f"{name}, streamed"]) for name in ("one", "four")],
}))
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory, users_environment):
    checkpoint = tmp_path_factory.mktemp("devices") / "checkpoint.safetensors"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(Path(__file__).parents[1]), str(checkpoint)],
        capture_output=True,
        text=True,
        env={**users_environment, "JAX_PLATFORMS": "cpu"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("one", "several"),
    [("one", "four"), ("one", "four, streamed"), ("one, few labels", "four, few labels")],
)
def test_several_devices_give_the_losses_of_one(one, several, results):
    one, several = results["runs"][one], results["runs"][several]
    assert one.keys() == several.keys()
    for stop, terms in one.items():
        assert several[stop] == pytest.approx(terms, rel=1e-4, abs=1e-5)


def test_streamed_rows_are_resident_ones_bit_for_bit_on_one_device_and_on_four(results):
    assert results["streamed"] == [True, True]


def test_rounds_are_compiled_once_on_any_number_of_devices(results):
    assert set(results["programs"].values()) == {1}


def test_a_run_on_several_devices_resumes_bit_for_bit(results):
    assert results["resumed"]


def test_an_estimator_on_four_devices_learns_the_codes_of_one(results):
    np.testing.assert_allclose(results["aae"]["4"], results["aae"]["1"], rtol=1e-3, atol=1e-4)


def test_devices_that_are_not_there_are_refused():
    with pytest.raises(ArgumentError, match=r"^devices must be between 1 and the \d+ found here; got 64\.$"):
        tug_trainer(devices=64)


def test_a_batch_that_devices_cannot_share_is_refused_with_the_way_out():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, jax; jax.config.update('jax_num_cpu_devices', 4); sys.path.insert(0, sys.argv[1])\n"
            "from toy_games import tug_trainer\ntug_trainer(devices=3)",
            str(Path(__file__).parents[1]),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "JAX_PLATFORMS": "cpu"},
        check=False,
    )
    assert done.stderr.strip().endswith(
        "ArgumentError: devices must divide the 8 rows of a batch, which they share equally; got 3. "
        "Use a batch_size that is a multiple of it, no larger than the data."
    )
