"""Rough treatment: fits that fail, processes that are forked, searches in several processes."""

import os
import signal
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

import latently
from latently import VAE
from latently.training import NonFiniteLossError

X = np.random.default_rng(0).normal(size=(60, 4)).astype(np.float32)
BAD = np.where(np.arange(4) == 2, np.inf, X)
SMALL = {"latent_dim": 2, "hidden": (8,), "epochs": 1, "batch_size": 16, "random_state": 0}


def codes(model: Any) -> bytes:
    return np.asarray(model.transform(X)).tobytes()


def stopping(trainer: Any, progress: Any) -> None:
    raise KeyboardInterrupt


FAILURES: dict[str, Callable[[Any], Any]] = {
    "rows that are not finite": lambda model: model.fit(BAD),
    "a hyperparameter that cannot be": lambda model: model.set_params(latent_dim=0).fit(X),
    "a loss that is not finite": lambda model: model.set_params(learning_rate=1e30, epochs=20).fit(X),
    "Ctrl-C": lambda model: model.fit(X, observers=[stopping]),
    "labels that are too few": lambda model: model.fit(X, X_val=X[:, :3]),
}
RAISED = (ValueError, NonFiniteLossError, KeyboardInterrupt)


@pytest.mark.parametrize("how", FAILURES)
def test_a_fit_that_fails_leaves_the_model_as_it_was_and_the_next_one_is_a_fresh_one(how: str) -> None:
    fresh = VAE(**SMALL).fit(X)
    for model in (VAE(**SMALL).fit(X[::-1]), VAE(**SMALL)):
        before = dict(vars(model))
        with pytest.raises(RAISED):
            FAILURES[how](model)
        model.set_params(**SMALL, learning_rate=1e-3)
        assert vars(model).keys() == before.keys()
        assert all(vars(model)[name] is value for name, value in before.items() if name.endswith("_"))
        assert codes(model.fit(X)) == codes(fresh)


def test_a_further_fit_that_fails_loses_nothing_that_was_learned() -> None:
    warm = VAE(**SMALL, warm_start=True).fit(X)
    stream = VAE(**SMALL).partial_fit(X)
    never = VAE(**SMALL).partial_fit(X).partial_fit(X)
    learned = codes(warm), codes(stream)
    for model, further in ((warm, warm.fit), (stream, stream.partial_fit)):
        with pytest.raises(ValueError, match=r"X must|X has 3 features"):
            further(X[:, :3] if model is warm else BAD)
    assert (codes(warm), codes(stream)) == learned
    assert codes(stream.partial_fit(X)) == codes(never)


def in_a_fork(ask: Callable[[], Any]) -> str:
    """What something says in a process that is forked; it must have ended within 30 seconds."""
    read, write = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of JAX, that a fork and its threads do not go together
        child = os.fork()
    if child == 0:
        try:
            os.write(write, str(ask()).encode())
        except BaseException as error:  # noqa: BLE001
            os.write(write, f"{type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(write)
    end = time.monotonic() + 30
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return "hangs"
        time.sleep(0.02)
    with os.fdopen(read) as file:
        return file.read()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that forks")
def test_a_process_that_is_forked_from_one_at_work_is_told_so_and_does_not_hang() -> None:
    model = VAE(**SMALL).fit(X)
    for ask in (lambda: model.transform(X), lambda: model.sample(2), lambda: VAE(**SMALL).fit(X)):
        said = in_a_fork(ask)
        assert said.startswith("RuntimeError: this process was forked from one in which a model was at work"), said
        assert "spawn" in said
    assert in_a_fork(lambda: latently.__name__) == "latently"
    assert model.transform(X).shape == (60, 2)


def test_a_search_in_two_processes_finds_what_one_finds() -> None:
    VAE(**SMALL).fit(X)  # these processes are begun while a model is at work
    found = [
        GridSearchCV(VAE(**SMALL), {"latent_dim": [1, 2]}, cv=2, n_jobs=jobs).fit(X).cv_results_["mean_test_score"]
        for jobs in (1, 2)
    ]
    np.testing.assert_array_equal(*found)
