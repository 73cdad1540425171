"""What the players of an adversarial autoencoder see, and what they play for."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from jax.flatten_util import ravel_pytree
from jax.test_util import check_grads

from latently.game import Batch
from latently.games import AAE
from latently.networks import Conditional, Layer, mlp
from latently.probability import (
    ADVERSARIAL_LOSSES,
    DeterministicHead,
    GaussianHead,
    LaplaceHead,
    MaskingNoise,
    Normal,
    Star,
    Uniform,
    gradient_penalty,
    r1_penalty,
)
from latently.streams import stream

KEY = jax.random.key(1)
X = np.random.default_rng(0).normal(size=(12, 4))
LABELS = np.array([0, 1, 2, -1] * 3)


def adversarial(*, head=None, noise_dim=0, likelihood=None, n_labels=None, normalize=None, loss="logistic", **options):
    """A small game; its parts are what a test asks for."""
    one, two, three = jax.random.split(KEY, 3)
    head = DeterministicHead() if head is None else head
    seen = 2 + (0 if n_labels is None else n_labels + 1)
    return AAE(
        encoder=Conditional(
            mlp(4 + noise_dim, (5,), 2 * head.parameters, one, activation="tanh", normalize=normalize), head, noise_dim
        ),
        decoder=Conditional(
            mlp(2, (5,), 4, two, activation="tanh", normalize=normalize),
            GaussianHead(scale="fixed") if likelihood is None else likelihood,
        ),
        critic=mlp(seen, (6,), 1, three, activation="tanh"),
        prior=options.pop("prior", Normal(2)),
        adversarial=ADVERSARIAL_LOSSES[loss],
        optimizer=optax.adam(1e-3),
        critic_optimizer=optax.adam(1e-3),
        generator_optimizer=optax.adam(1e-3),
        n_labels=n_labels,
        **options,
    )


def batch(labels=None):
    return Batch((jnp.asarray(X),), None if labels is None else jnp.asarray(labels))


def player(game, name):
    (found,) = (player for player in game.players() if player.name == name)
    return found


class Listening(Layer):
    """A critic that notes what it is shown."""

    network: Layer
    seen: list = eqx.field(static=True)

    def __call__(self, x, key=None):
        self.seen.append(np.asarray(x))
        return self.network(x, key)


def shown(game, rows):
    """What the critic is shown: (draws of the prior, codes)."""
    seen = []
    game = eqx.tree_at(lambda game: game.critic, game, Listening(game.critic, seen))
    game.discriminate(rows, KEY)
    (both,) = seen
    return np.split(both, 2)


# ---- the critic ----


def test_without_labels_the_critic_sees_draws_of_the_prior_and_codes_alone():
    game = adversarial()
    prior, codes = shown(game, batch())
    assert prior.shape == codes.shape == (12, 2)
    np.testing.assert_allclose(codes, game.encoder(jnp.asarray(X)).mean, rtol=1e-12)


def test_the_critic_sees_each_code_beside_its_label_with_an_extra_class_for_an_unknown_one():
    game = adversarial(prior=Star(2, petals=3), n_labels=3)
    prior, codes = shown(game, batch(LABELS))
    one_hot = np.eye(4)[np.where(LABELS < 0, 3, LABELS)]
    assert (codes[:, 2:] == one_hot).all()
    assert (prior[:, 2:] == one_hot).all()
    np.testing.assert_allclose(codes[:, :2], game.encoder(jnp.asarray(X)).mean, rtol=1e-12)


@pytest.mark.parametrize("prior", [Star(2, petals=3, tangential=0.01, radial=0.1), Uniform(2), Normal(2)])
def test_a_draw_of_the_prior_comes_from_the_region_of_its_label_and_from_anywhere_where_it_is_unknown(prior):
    game = adversarial(prior=prior, n_labels=3)
    rows = Batch((jnp.asarray(np.repeat(X, 30, axis=0)),), jnp.asarray(np.repeat(LABELS, 30)))
    draws, _ = shown(game, rows)
    region = np.asarray(prior.responsibilities(jnp.asarray(draws[:, :2]), 3)).argmax(axis=1)
    labels = np.asarray(rows.labels)
    assert (region[labels >= 0] == labels[labels >= 0]).mean() > 0.99
    shares = np.bincount(region[labels < 0], minlength=3) / (labels < 0).sum()
    assert (shares > 0.15).all()


def test_labels_are_not_looked_at_unless_the_prior_is_tied_to_them():
    tied, free = shown(adversarial(), batch(LABELS)), shown(adversarial(), batch())
    assert all((a == b).all() for a, b in zip(tied, free, strict=True))


@pytest.mark.parametrize("loss", sorted(ADVERSARIAL_LOSSES))
def test_the_critic_plays_for_half_of_each_side(loss):
    game = adversarial(loss=loss)
    prior, codes = shown(game, batch())
    objective, terms = player(game, "critic").objective(game, batch(), KEY, jnp.asarray(0))
    losses, critic = ADVERSARIAL_LOSSES[loss], lambda seen: game.critic(jnp.asarray(seen))[:, 0]
    assert float(terms["prior"]) == pytest.approx(float(losses.real(critic(prior))), rel=1e-12)
    assert float(terms["posterior"]) == pytest.approx(float(losses.fake(critic(codes))), rel=1e-12)
    assert float(objective) == pytest.approx(float(terms["prior"] + terms["posterior"]) / 2, rel=1e-12)


def test_accuracy_is_the_share_of_both_sides_that_the_critic_tells():
    game = adversarial()
    prior, codes = shown(game, batch())
    logits = [np.asarray(game.critic(jnp.asarray(seen)))[:, 0] for seen in (prior, codes)]
    right = np.concatenate([logits[0] > 0, logits[1] < 0]).mean()
    assert float(game.discriminate(batch(), KEY)["accuracy"]) == pytest.approx(right)


def test_penalties_are_taken_on_what_the_critic_sees():
    for penalty in ("r1", "gradient"):
        game = adversarial(prior=Star(2, petals=3), n_labels=3, penalty=penalty, penalty_weight=7.0)
        prior, codes = (
            jnp.asarray(seen) for seen in shown(adversarial(prior=Star(2, petals=3), n_labels=3), batch(LABELS))
        )
        objective, terms = player(game, "critic").objective(game, batch(LABELS), KEY, jnp.asarray(0))
        critic = lambda seen: game.critic(seen)[:, 0]  # noqa: B023, E731
        if penalty == "r1":
            expected = r1_penalty(critic, prior)
        else:
            expected = gradient_penalty(critic, prior, codes, stream(KEY, "penalty"))
        assert float(terms["penalty"]) == pytest.approx(float(expected), rel=1e-9)
        halves = float(terms["prior"] + terms["posterior"]) / 2
        assert float(objective) == pytest.approx(halves + 7 * float(expected), rel=1e-9)


# ---- autoencoder and generator ----


def test_the_generator_wants_its_codes_to_be_called_real():
    game = adversarial(prior=Star(2, petals=3), n_labels=3)
    _, codes = shown(game, batch(LABELS))
    expected = ADVERSARIAL_LOSSES["logistic"].real(game.critic(jnp.asarray(codes))[:, 0])
    assert float(game.fool(batch(LABELS), KEY)["fooling"]) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.parametrize("options", [{"head": GaussianHead(scale="exp")}, {"noise_dim": 3}, {}])
def test_players_with_one_key_see_one_code(options):
    """The code is drawn once: the critic is shown what the decoder is given."""
    game = adversarial(**options)
    given = []
    listening = eqx.tree_at(lambda game: game.decoder.network, game, Listening(game.decoder.network, given))
    listening.reconstruct(batch(), KEY)
    _, codes = shown(game, batch())
    assert (given[0] == codes).all()


def test_the_joint_step_weighs_reconstruction_per_element():
    game = adversarial(likelihood=LaplaceHead(), fooling_weight=0.001)
    assert [player.name for player in game.players()] == ["critic", "autoencoder"]
    objective, terms = player(game, "autoencoder").objective(game, batch(), KEY, jnp.asarray(0))
    absolute = np.abs(np.asarray(game.decoder(game.encoder(jnp.asarray(X)).mean).mean) - X).mean()
    assert float(terms["reconstruction"]) / 4 == pytest.approx(absolute + np.log(2), rel=1e-12)
    expected = 0.999 * (absolute + np.log(2)) + 0.001 * float(terms["fooling"])
    assert float(objective) == pytest.approx(expected, rel=1e-12)


def test_the_joint_step_moves_both_halves_and_the_critic_moves_alone():
    game = adversarial(fooling_weight=0.1)
    assert {player.name: player.parts for player in game.players()} == {
        "critic": ("critic",),
        "autoencoder": ("encoder", "decoder"),
    }


def test_separate_steps_are_three_players():
    players = adversarial(generator_updates=2).players()
    assert [(player.name, player.parts, player.updates) for player in players] == [
        ("autoencoder", ("encoder", "decoder"), 1),
        ("critic", ("critic",), 1),
        ("generator", ("encoder",), 2),
    ]


def test_the_critic_meets_codes_as_inference_gives_them_and_the_decoder_those_of_training():
    game = adversarial(corruption=MaskingNoise(1.0))
    _, codes = shown(game, batch())
    np.testing.assert_allclose(codes, game.encoder(jnp.asarray(X)).mean, rtol=1e-12)
    plain = adversarial()
    assert game.fool(batch(), KEY) == plain.fool(batch(), KEY)
    assert game.reconstruct(batch(), KEY) != plain.reconstruct(batch(), KEY)


def test_denoising_corrupts_what_is_encoded_and_not_what_is_to_be_reconstructed():
    masked = adversarial(corruption=MaskingNoise(1.0)).reconstruct(batch(), KEY)["reconstruction"]
    game = adversarial()
    code = game.encoder(jnp.zeros((12, 4))).mean
    expected = -game.decoder(code).log_prob(jnp.asarray(X)).mean()
    assert float(masked) == pytest.approx(float(expected), rel=1e-12)


@pytest.mark.sampled
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"head": GaussianHead(scale="exp"), "fooling_weight": 0.1},
        {"noise_dim": 2, "prior": Star(2, petals=3), "n_labels": 3},
        {"penalty": "r1"},
        {"penalty": "gradient", "loss": "hinge"},
        {"loss": "least-squares", "normalize": "batch"},
    ],
    ids=["plain", "joint", "implicit and tied", "r1", "gradient penalty", "batch norm"],
)
def test_gradients_of_every_player_agree_with_finite_differences(options):
    game, rows = adversarial(**options), batch(LABELS)

    for each in game.players():
        mine, others = eqx.partition(game, each.owns(game))
        flat, unravel = ravel_pytree(mine)

        def objective(flat, each=each, others=others, unravel=unravel):
            return each.objective(eqx.combine(unravel(flat), others), rows, KEY, jnp.asarray(0))[0]

        check_grads(jax.jit(objective), (flat,), order=1, modes=["rev"], rtol=1e-6)


# ---- inference ----


def test_a_calibrated_norm_makes_a_rows_code_independent_of_its_batch():
    game = adversarial(normalize="batch")
    x = jnp.asarray(X)
    assert not np.allclose(game.encoder(x).mean[:3], game.encoder(x[:3]).mean)
    calibrated = game.calibrated(batch(), KEY)
    np.testing.assert_allclose(calibrated.encoder(x).mean[:3], calibrated.encoder(x[:3]).mean, rtol=1e-12)
    np.testing.assert_allclose(calibrated.encoder(x).mean, game.encoder(x).mean, rtol=1e-12)
    codes = calibrated.encoder(x).mean
    np.testing.assert_allclose(calibrated.decoder(codes).mean, game.decoder(codes).mean, rtol=1e-12)
    np.testing.assert_allclose(calibrated.decoder(codes).mean[:3], calibrated.decoder(codes[:3]).mean, rtol=1e-12)


def test_an_implicit_encoder_gives_the_same_mean_each_time_and_in_any_batch():
    game, x = adversarial(noise_dim=3), jnp.asarray(X)
    mean = np.asarray(game.encoder(x).mean)
    assert (mean == np.asarray(game.encoder(x).mean)).all()
    np.testing.assert_allclose(game.encoder(x[4:6]).mean, mean[4:6], rtol=1e-12)
    draws = [np.asarray(game.encoder(x).sample(jax.random.key(seed))) for seed in range(2)]
    assert (draws[0] != draws[1]).all()


# ---- diagnosis ----


@pytest.mark.parametrize(
    ("accuracies", "words"),
    [
        ([0.5, 0.7, 0.99, 1.0, 1.0], "the critic has told codes from prior draws from the start"),
        ([0.5, 0.7, 0.9, 0.99, 1.0, 0.99, 1.0], "the critic has told codes from prior draws from the start"),
        ([0.4, 0.55, 0.5, 0.51, 0.49], "the critic has guessed from the start"),
        ([0.5, 0.7, 0.99, 0.8, 0.5], None),
        ([0.5, 0.6, 0.7, 0.5, 0.5], None),
        ([0.99, 1.0], None),
        ([0.5], None),
    ],
)
def test_a_game_that_came_to_a_stand_is_told_in_words(accuracies, words):
    warnings = adversarial().diagnose([{"critic/accuracy": accuracy} for accuracy in accuracies])
    assert len(warnings) == (words is not None)
    if words is not None:
        assert warnings[0].startswith(words)
        assert warnings[0].endswith(".")


def test_a_critic_that_guesses_is_found_by_rows_of_a_round_each_in_which_it_is_right_by_chance():
    random = np.random.default_rng(0)
    accuracies = random.binomial(128, 0.5, 300) / 128
    assert max(abs(accuracies - 0.5)) > 0.1
    (warning,) = adversarial().diagnose([{"critic/accuracy": float(accuracy)} for accuracy in accuracies])
    assert warning.startswith("the critic has guessed from the start")
