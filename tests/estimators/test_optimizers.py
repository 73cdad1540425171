"""How players move: optimisers by name and by function, schedules, clipping, decay; for every player of every game."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from sklearn.base import clone

import latently
from latently import AAE, VAE, FactorVAE
from latently.catalogue import MODELS
from latently.errors import ArgumentError
from latently.estimators.schedules import build_optimizer
from latently.game import Task
from small_models import small

X = np.random.default_rng(0).uniform(size=(40, 6))
TASK = Task((6,), "unit", rows=40, n_labels=3, labels_known="all", rounds=10)
WEIGHTS = {"matrix": jnp.array([[3.0, -4.0]]), "bias": jnp.array([2.0])}
GRADIENTS = {"matrix": jnp.array([[0.0, 30.0]]), "bias": jnp.array([40.0])}


def moved(model, gradients=GRADIENTS, updates=1, **how):
    """The weights after updates with one gradient."""
    optimizer, weights = build_optimizer(model, TASK, **how), WEIGHTS
    state = optimizer.init(weights)
    for _ in range(updates):
        steps, state = optimizer.update(gradients, state, weights)
        weights = optax.apply_updates(weights, steps)
    return {name: np.asarray(weight).ravel().tolist() for name, weight in weights.items()}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_every_player_moves_as_it_is_told(model):
    transformation, rates = optax.sgd(0.1), []

    def own(rate):
        rates.append(rate)
        return transformation

    task = TASK
    if small(model.load()).takes_views:
        task = dataclasses.replace(TASK, shape=((6,), (6,)), range=("unit", "unit"), views=("left", "right"))
    for optimizer in (transformation, own):
        estimator = small(model.load(), optimizer=optimizer, learning_rate=0.25)
        game = jax.eval_shape(lambda key, estimator=estimator: estimator.build_game(task, key), jax.random.key(0))
        assert all(player.optimizer == transformation for player in game.players())
    assert set(rates) == {0.25}


def test_unless_said_adam_moves_and_its_state_is_what_it_was():
    optimizer = build_optimizer(VAE(), TASK)
    assert jax.tree.structure(optimizer.init(WEIGHTS)) == jax.tree.structure(optax.adam(1e-3).init(WEIGHTS))
    assert build_optimizer(VAE(), TASK) is optimizer, "programs are shared where functions are one"
    assert moved(VAE())["bias"] == pytest.approx([2 - 1e-3])
    half = moved(AAE(momentum=0.0), updates=2, b2=0.0, learning_rate=0.5)
    assert half["bias"] == pytest.approx([1.0])


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("adam", (0.1, 0.1)),
        ("adamw", (0.1, 0.1)),
        ("lion", (0.1, 0.1)),
        ("sgd", (4.0, 7.6)),
        ("rmsprop", (0.1 / 0.1**0.5, 0.1 / 0.19**0.5)),
    ],
)
def test_a_name_stands_for_an_optimiser(name, steps):
    model = VAE(optimizer=name, learning_rate=0.1)
    assert moved(model)["bias"] == pytest.approx([2 - steps[0]], rel=1e-5)
    assert moved(model, updates=2)["bias"] == pytest.approx([2 - sum(steps)], rel=1e-5)


def test_matrices_decay_apart_from_the_gradient_at_the_rate_of_the_moment():
    still = jax.tree.map(jnp.zeros_like, WEIGHTS)
    decayed = moved(VAE(weight_decay=0.5, learning_rate=0.1), still)
    assert decayed == {"matrix": pytest.approx([3 * 0.95, -4 * 0.95]), "bias": [2.0]}
    assert moved(VAE(optimizer="adamw", learning_rate=0.1), still)["matrix"] == pytest.approx([3 * 0.999, -4 * 0.999])
    assert moved(VAE(optimizer="adamw", weight_decay=0.0), still)["matrix"] == [3.0, -4.0]
    falling = VAE(optimizer=optax.sgd, weight_decay=0.5, learning_rate=0.1, schedule=lambda round_: 1.0 - round_)
    assert moved(falling, still, updates=2)["matrix"] == pytest.approx([3 * 0.95, -4 * 0.95])


def test_a_long_gradient_is_shortened_before_it_moves_anything():
    model = VAE(optimizer=optax.sgd, learning_rate=1.0, gradient_clipping=5.0)  # the gradient's norm is 50
    assert moved(model) == {"matrix": pytest.approx([3.0, -7.0]), "bias": pytest.approx([-2.0])}
    short = jax.tree.map(lambda gradient: gradient / 100, GRADIENTS)
    assert moved(model, short)["bias"] == pytest.approx([1.6])
    clipped = VAE(optimizer=optax.sgd(1.0), gradient_clipping=5.0)
    assert moved(clipped) == moved(model)


def test_a_schedule_moves_the_rate_of_every_player_by_rounds():
    model = AAE(optimizer=optax.sgd, schedule=lambda round_: jnp.where(round_ < 1, 1.0, 0.0), learning_rate=0.01)
    assert moved(model, updates=3)["bias"] == pytest.approx([1.6])
    twice = {"learning_rate": 0.02, "updates": 2}  # two updates a round: two of three are in the first
    assert build_and_move(model, **twice)["bias"] == pytest.approx([2 - 2 * 0.8])
    cosine = VAE(optimizer=optax.sgd, schedule="cosine", learning_rate_decay=0.5, learning_rate=0.01)
    assert moved(cosine, updates=10)["bias"] == pytest.approx([2 - 0.4 * (5 + 3)])  # 5 whole, and a mean of 0.6
    assert moved(VAE(optimizer="sgd", schedule="constant")) == moved(VAE(optimizer="sgd"))


def build_and_move(model, learning_rate, updates):
    """Three updates of a player that makes several a round."""
    optimizer, weights = build_optimizer(model, TASK, learning_rate, updates=updates), WEIGHTS
    state = optimizer.init(weights)
    for _ in range(3):
        steps, state = optimizer.update(GRADIENTS, state, weights)
        weights = optax.apply_updates(weights, steps)
    return weights


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (VAE(optimizer="adagrad"), "optimizer must be adam, adamw, sgd, rmsprop, lion, a GradientTransformation or a "),
        (VAE(schedule="step"), "schedule must be constant, linear, cosine, warmup-cosine, a function or None"),
        (VAE(schedule="constant", learning_rate_decay=0.5), 'learning_rate_decay must be 0 for schedule="constant"'),
        (VAE(schedule=lambda round_: 1.0, learning_rate_decay=0.5), "learning_rate_decay must be 0 for schedule="),
        (VAE(optimizer=optax.sgd(0.1), schedule="linear"), "schedule must be left out where optimizer is"),
        (VAE(optimizer=optax.sgd(0.1), weight_decay=0.1), "weight_decay must be left out where optimizer is"),
        (FactorVAE(optimizer=optax.sgd(0.1), critic_learning_rate=0.1), "critic_learning_rate must be left out"),
        (VAE(optimizer=lambda rate: rate), "optimizer must give a GradientTransformation of optax"),
        (VAE(optimizer=lambda: 3), "optimizer must .*; called so, it fails: TypeError: .* takes 0 positional"),
        (VAE(schedule=lambda: 1.0), "schedule must .*; called so, it fails: TypeError: .* takes 0 positional"),
        (VAE(schedule=lambda round_: 1 if round_ < 9 else 0), "schedule must .* fails: TracerBoolConversionError: "),
        (VAE(schedule=lambda round_: "fast"), "schedule must give a number where it is called with a round"),
        (VAE(schedule=lambda round_: jnp.ones(3)), "schedule must give a number where it is called with a round"),
        (VAE(gradient_clipping=0.0), "gradient_clipping must be a number above 0"),
    ],
)
def test_what_contradicts_itself_is_refused_in_one_sentence(model, sentence):
    with pytest.raises(ArgumentError, match="^" + sentence):
        model.set_params(latent_dim=2, hidden=(4,), epochs=1).fit(X)


def test_a_function_is_cloned_and_shared_and_no_file_holds_it(tmp_path):
    model = small(VAE, optimizer=optax.adabelief, schedule=lambda round_: 1 / (1 + round_)).fit(X)
    again = clone(model)
    assert again.optimizer is optax.adabelief
    assert (again.fit(X).transform(X) == model.transform(X)).all()
    model.save(tmp_path)
    with pytest.warns(UserWarning, match="^optimizer and schedule of this VAE were functions, which no file holds"):
        loaded = latently.load(tmp_path)
    assert (loaded.transform(X) == model.transform(X)).all()
    assert (loaded.optimizer, loaded.schedule) == ("adam", None)
