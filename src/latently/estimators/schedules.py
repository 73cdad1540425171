"""What moves with the rounds of a run: learning rates that fall, weights that rise; and how players move.

Schedules and optimisers are functions, which are the same only where they are one: equal ones are made once, so that
runs of one kind share their compiled programs.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Float, Int

from latently.errors import ArgumentError, called, first_line
from latently.game import Task, Weight

Rate: TypeAlias = float | optax.Schedule

WARM_UP = 0.05
"""Share of the updates over which `warmup-cosine` raises the learning rate."""

ADAMW_DECAY = 0.01
"""The weight decay of `adamw` where none is given, as in PyTorch."""

_NAMED: dict[str, Callable[[Rate, float, float], optax.GradientTransformation]] = {
    "adam": lambda rate, b1, b2: optax.adam(rate, b1=b1, b2=b2),
    "adamw": lambda rate, b1, b2: optax.adam(rate, b1=b1, b2=b2),  # its decay is added as that of all others
    "sgd": lambda rate, b1, b2: optax.sgd(rate, momentum=b1 or None),  # noqa: ARG005
    "rmsprop": lambda rate, b1, b2: optax.rmsprop(rate),  # noqa: ARG005
    "lion": lambda rate, b1, b2: optax.lion(rate, b1=b1, weight_decay=0.0),  # noqa: ARG005
}

_WITH_MOMENTUM, _USUAL_MOMENTUM = ("adam", "adamw", "sgd", "lion"), 0.9

_IN_WORDS: WeakKeyDictionary[Callable[..., Any], str] = WeakKeyDictionary()
"""An optimiser's function, which tells nothing of what it was made with → that, in words."""


def build_optimizer(
    model: Any,
    task: Task,
    learning_rate: float | None = None,
    *,
    b1: float | None = None,
    b2: float = 0.999,
    updates: int = 1,
) -> optax.GradientTransformation:
    """How one player of a model's game moves, as the model's hyperparameters say.

    Args:
        model: an estimator: its `optimizer`, `schedule`, `learning_rate_decay`, `gradient_clipping`, `weight_decay`,
            and, where it has one, its `momentum`.
        task: what the game is built for; it says how many rounds there will be.
        learning_rate: of this player; the model's unless said.
        b1: Adam's, of this player; the model's momentum unless said.
        b2: likewise.
        updates: that the player makes in each round.

    Raises:
        ArgumentError: the hyperparameters contradict each other, or a function among them does not give what it must.
    """
    decay, schedule = float(model.learning_rate_decay), model.schedule
    if decay and (schedule == "constant" or callable(schedule)):
        shown = schedule if isinstance(schedule, str) else "a function"
        rule = f"must be 0 for {{schedule={shown}}}, which says by itself how the learning rates move"
        raise ArgumentError("learning_rate_decay", rule, decay, "Use {schedule=linear} or {schedule=cosine} with it.")
    if isinstance(model.optimizer, optax.GradientTransformation):
        _check_whole(model, learning_rate)
    if callable(schedule):
        _check_schedule(schedule)
    given = model.weight_decay
    moves = decay or schedule not in (None, "constant")  # else runs of any length share what they compile
    return _built(
        model.optimizer,
        schedule,
        float(learning_rate or model.learning_rate),
        float(getattr(model, "momentum", 0.9) if b1 is None else b1),
        b2,
        decay,
        task.rounds if moves else 1,
        updates,
        None if model.gradient_clipping is None else float(model.gradient_clipping),
        (ADAMW_DECAY if model.optimizer == "adamw" else 0.0) if given is None else float(given),
    )


def _check_whole(model: Any, learning_rate: float | None) -> None:
    """See that nothing else is said of how a player moves, where a transformation says it all."""
    rates = [name for name in ("critic_learning_rate", "generator_learning_rate") if getattr(model, name, None)]
    said = [name for name in ("schedule", "learning_rate_decay", "weight_decay") if getattr(model, name)]
    for name in [*said, *(rates if learning_rate else ())]:
        rule = "must be left out where {optimizer} is a GradientTransformation, which holds its own rates and decays"
        remedy = "Or hand over a function of the learning rate in its place, such as optax.sgd."
        raise ArgumentError(name, rule, remedy=remedy)


@lru_cache(maxsize=256)
def _built(
    optimizer: Any,
    schedule: Any,
    learning_rate: float,
    b1: float,
    b2: float,
    decay: float,
    rounds: int,
    updates: int,
    clipping: float | None,
    weight_decay: float,
) -> optax.GradientTransformation:
    rate = moving_rate(learning_rate, schedule, decay, rounds=rounds, updates=updates)
    if isinstance(optimizer, optax.GradientTransformation):
        steps = [optimizer]
    elif callable(optimizer):
        steps = [_called(optimizer, rate)]
    else:
        steps = [_NAMED[optimizer](rate, b1, b2)]
    if clipping is not None:
        steps.insert(0, optax.clip_by_global_norm(clipping))
    if weight_decay:
        shrinking = (lambda update: -weight_decay * rate(update)) if callable(rate) else -weight_decay * rate
        steps.append(optax.add_decayed_weights(shrinking, mask=_matrices))
    made = steps[0] if len(steps) == 1 else optax.chain(*steps)
    falling = schedule if isinstance(schedule, str) else "a schedule" if schedule else "linear" if decay else "constant"
    said = [
        _name(optimizer),
        *(() if isinstance(optimizer, optax.GradientTransformation) else (f"learning rate {learning_rate:g}",)),
        *(() if optimizer not in _WITH_MOMENTUM or b1 == _USUAL_MOMENTUM else (f"momentum {b1:g}",)),
        *(() if falling == "constant" else (falling,)),
        *(() if clipping is None else (f"gradients clipped to a norm of {clipping:g}",)),
        *((f"weight decay {weight_decay:g}",) if weight_decay else ()),
    ]
    _IN_WORDS[made.update] = ", ".join(said)
    return made


def optimizer_in_words(optimizer: optax.GradientTransformation) -> str:
    """How a player moves, in words: what `build_optimizer` was told.

    Example:
        >>> from latently import VAE
        >>> vae = VAE(learning_rate=0.01, gradient_clipping=1.0)
        >>> task = Task((4,), "unit", rows=2, n_labels=None, labels_known="none", rounds=1)
        >>> optimizer_in_words(build_optimizer(vae, task))
        'adam, learning rate 0.01, gradients clipped to a norm of 1'
    """
    return _IN_WORDS.get(optimizer.update, "a transformation of optax")


def _name(optimizer: Any) -> str:
    """What an optimiser is called: a word, one of optax's own making, or a user's function."""
    if isinstance(optimizer, optax.GradientTransformation):
        return "a transformation of optax"
    return optimizer if isinstance(optimizer, str) else getattr(optimizer, "__name__", "a function")


def _called(optimizer: Callable[..., Any], rate: Rate) -> optax.GradientTransformation:
    """What a user's function makes of the learning rate."""
    rule = "must give a GradientTransformation of optax where it is called with the learning rate"
    try:
        made = optimizer(rate)
    except Exception as error:
        raise ArgumentError("optimizer", f"{rule}; called so, it fails: {first_line(error)}") from error
    if not isinstance(made, optax.GradientTransformation):
        raise ArgumentError("optimizer", rule, type(made).__name__)
    return made


def _check_schedule(schedule: Callable[..., Any]) -> None:
    """See that a user's function gives a number for a round, which is an array while the training is compiled."""
    rule = "must give a number where it is called with a round, an array that JAX traces"
    try:
        made = jax.eval_shape(schedule, jax.ShapeDtypeStruct((), jnp.int32))
    except Exception as error:
        raise ArgumentError("schedule", f"{rule}; called so, it fails: {first_line(error)}") from error
    if getattr(made, "shape", None) != ():
        raise ArgumentError("schedule", rule, made)


def _matrices(weights: Any) -> Any:
    """Which weights decay: the matrices and the kernels, no biases and no scales."""
    return jax.tree.map(lambda weight: weight.ndim > 1, weights)


@lru_cache(maxsize=256)
def moving_rate(
    learning_rate: float, schedule: Any = None, decay: float = 0.0, *, rounds: int = 1, updates: int = 1
) -> Rate:
    """A learning rate that moves with the updates of a run; a number, where it stays as it is.

    Args:
        learning_rate: where it stands when it is highest.
        schedule: `linear` or `cosine` (Loshchilov & Hutter 2016, arXiv 1608.03983, without restarts): it falls to 0 in
            a straight line, or along half a cosine; `warmup-cosine`: before that it rises from 0 over the first 5 % of
            the updates; `constant`; or a function from the round to a factor on it. Unless said, `linear` where there
            is a `decay`, and else constant.
        decay: share of the updates, at their end, over which it falls; of `linear` and the cosines, all unless said.
        rounds: how many there will be.
        updates: in each round.

    Example:
        >>> falling = moving_rate(0.1, "linear", 0.5, rounds=4)
        >>> [round(float(falling(update)), 3) for update in range(5)]
        [0.1, 0.1, 0.1, 0.05, 0.0]
        >>> bent = moving_rate(0.1, "warmup-cosine", rounds=40)
        >>> [round(float(bent(update)), 3) for update in (0, 1, 2, 21, 40)]
        [0.0, 0.05, 0.1, 0.05, 0.0]
        >>> halved = moving_rate(0.1, lambda round_: 0.5 ** round_, updates=2)
        >>> [round(float(halved(update)), 3) for update in range(4)]
        [0.1, 0.1, 0.05, 0.05]
    """
    if callable(schedule):
        return lambda update: learning_rate * schedule(update // updates)
    if schedule == "constant" or not (schedule or decay):
        return learning_rate
    total = rounds * updates
    falling = max(1, round((decay or 1.0) * total))
    if schedule in (None, "linear"):
        return optax.linear_schedule(learning_rate, 0.0, falling, transition_begin=total - falling)
    rising = round(WARM_UP * total) if schedule == "warmup-cosine" else 0
    falling = min(falling, total - rising)
    pieces = [
        optax.linear_schedule(0.0, learning_rate, rising),
        optax.constant_schedule(learning_rate),
        optax.cosine_decay_schedule(learning_rate, falling),
    ]
    return optax.join_schedules(pieces, [rising, total - falling])


@lru_cache(maxsize=256)
def warm_up(beta: float, rounds: int) -> Weight:
    """A weight that rises in a straight line from 0 to `beta` over so many rounds; with 0, `beta` from the start.

    Example:
        >>> weight = warm_up(4.0, 20)
        >>> [float(weight(jnp.asarray(round_))) for round_ in (0, 5, 20, 30)]
        [0.0, 1.0, 4.0, 4.0]
    """
    if not rounds:
        return float(beta)

    def weight(round_: Int[Array, ""]) -> Float[Array, ""]:
        return float(beta) * jnp.minimum(1.0, round_ / rounds)

    return weight


def kl_weight(model: Any, task: Task) -> Weight:
    """The weight of a model's KL term: `beta`, after a warm-up of `warm_up_epochs`."""
    epochs = float(model.warm_up_epochs)
    with called(epochs="warm_up_epochs"):
        return warm_up(float(model.beta), task.rounds_in(epochs, int(model.batch_size)) if epochs else 0)
