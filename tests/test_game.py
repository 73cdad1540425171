"""The checks of a game against its players."""

import jax
import jax.numpy as jnp
import optax
import pytest
from jax import monitoring

from latently.game import Batch, Game, Player, check_game, roles

SGD = optax.sgd(0.1)
BATCH = jax.eval_shape(lambda: Batch(views=(jnp.zeros((4, 2)),)))


class Two(Game):
    """A game of two vectors, with the players that a test gives it."""

    first: jax.Array
    second: jax.Array
    make_players: object = None

    def players(self):
        return self.make_players()


def two(*players):
    return Two(jnp.zeros(2), jnp.zeros(2), lambda: players)


def to_first(game, batch, key):
    return {"distance": ((batch.x - game.first) ** 2).mean()}


def to_both(game, batch, key):
    return {"distance": ((batch.x - game.first - game.second) ** 2).mean()}


def test_a_game_whose_players_fit_passes():
    check_game(two(Player("a", ("first",), to_both, SGD), Player("b", ("second",), to_both, SGD)), BATCH)


def test_players_may_share_a_part():
    check_game(two(Player("a", ("first", "second"), to_both, SGD), Player("b", ("first",), to_first, SGD)), BATCH)


@pytest.mark.parametrize(
    ("players", "sentence"),
    [
        (
            [Player("a", ("third",), to_both, SGD)],
            "Two: player 'a' owns 'third', which is no field of the game; its fields are first, second, make_players.",
        ),
        (
            [Player("a", ("first",), to_both, SGD), Player("a", ("second",), to_both, SGD)],
            r"Two: two players share a name in \['a', 'a'\]; give each player its own.",
        ),
        (
            [Player("a", ("first",), to_both, SGD)],
            "Two: no player owns second; name 'second' among a player's parts or in "
            "`frozen`, or keep the value as a static field.",
        ),
        (
            [Player("a", ("first", "second"), to_first, SGD)],
            "Two: the loss of player 'a' does not depend on 'second', which it owns; use it in the loss, or give the "
            "part up.",
        ),
        (
            [Player("a", ("first", "second"), to_both, SGD, {"kl": 1.0})],
            "Two: the loss of player 'a' has a weight for 'kl' but returns only 'distance'.",
        ),
        (
            [Player("a", ("first", "second"), lambda game, batch, key: {"x": game.first + game.second}, SGD)],
            r"Two: the loss of player 'a' returns the term 'x' of shape \(2,\); a term is a scalar: take its mean.",
        ),
        (
            [Player("a", ("first", "second"), to_both, SGD, updates=0)],
            "Two: player 'a' makes 0 updates; make it 1 or more.",
        ),
    ],
    ids=["no field", "names", "no owner", "no dependence", "weight", "no scalar", "no updates"],
)
def test_each_misfit_is_told_in_one_sentence(players, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        check_game(two(*players), BATCH)


def test_a_diagnostic_is_no_dependence():
    def loss(game, batch, key):
        return to_first(game, batch, key) | {"second_norm": (game.second**2).sum()}

    depends = Player("a", ("first", "second"), loss, SGD)
    check_game(two(depends), BATCH)
    diagnosed = Player("a", ("first", "second"), loss, SGD, {"second_norm": 0.0})
    with pytest.raises(ValueError, match="does not depend on 'second'"):
        check_game(two(diagnosed), BATCH)


def test_a_weight_that_starts_at_0_is_a_dependence():
    def loss(game, batch, key):
        return to_first(game, batch, key) | {"second_norm": (game.second**2).sum()}

    check_game(two(Player("a", ("first", "second"), loss, SGD, {"second_norm": lambda round_: 0.1 * round_})), BATCH)


@pytest.mark.parametrize(
    "cut", [jax.lax.stop_gradient, lambda x: (x > 0).astype(float)], ids=["stop_gradient", "comparison"]
)
def test_what_no_gradient_can_follow_is_no_dependence(cut):
    def loss(game, batch, key):
        return {"distance": ((batch.x - game.first - cut(game.second)) ** 2).mean()}

    with pytest.raises(ValueError, match="does not depend on 'second'"):
        check_game(two(Player("a", ("first", "second"), loss, SGD)), BATCH)


def test_nothing_is_compiled():
    game = two(Player("a", ("first", "second"), lambda *given: to_both(*given), SGD))
    compiled = []

    def note(event, duration, **_):
        if "backend_compile" in event:
            compiled.append((event, duration))

    monitoring.register_event_duration_secs_listener(note)
    try:
        check_game(game, BATCH)
        assert not compiled
        jax.jit(lambda x: x + len(compiled))(1.0)
        assert compiled, "the listener hears nothing: the test proves nothing"
    finally:
        monitoring.unregister_event_duration_listener(note)


def test_the_objective_is_the_weighted_sum_and_the_terms_stay_raw():
    player = Player(
        "a",
        ("first",),
        lambda game, batch, key: {"one": jnp.array(2.0), "two": jnp.array(3.0), "seen": jnp.array(jnp.nan)},
        SGD,
        {"two": lambda round_: 0.1 * round_, "seen": 0.0},
    )
    total, terms = player.objective(two(), BATCH, jax.random.key(0), jnp.asarray(5))
    assert float(total) == pytest.approx(2.0 + 0.5 * 3.0)
    assert {name: float(term) for name, term in terms.items() if name != "seen"} == {"one": 2.0, "two": 3.0}


def test_a_role_tells_what_a_loss_depends_on_and_what_its_terms_weigh_in_their_own_order():
    def of_one(game, batch, key):
        seen = jax.lax.stop_gradient(game.second)
        return {"z": (game.first + seen).sum(), "a": (batch.x * game.first).sum()}

    rising = optax.linear_schedule(0.0, 1.0, 10)
    first = Player("one", ("first",), of_one, SGD, {"a": rising, "z": 0.0})
    one, other = roles(two(first, Player("other", ("second",), to_both, SGD)), BATCH)
    assert list(one.weights.items()) == [("z", 0.0), ("a", rising)]
    assert (one.moves, one.looks_at) == (("first",), ())  # what no gradient reaches is out of sight
    assert (other.moves, other.looks_at, other.weights) == (("second",), ("first",), {"distance": 1.0})
