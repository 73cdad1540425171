"""The auxiliary classifier GAN: what each player minimises, what it leaves alone, and the mean that follows."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.special import log_softmax

from latently import games
from latently.game import Batch
from latently.networks import Chain, Conditional, LabelProduct, mlp
from latently.probability import ADVERSARIAL_LOSSES, DeterministicHead, Normal
from latently.training import Feed, Trainer

K, NOISE = 3, 8
KEY = jax.random.key(4)
RANDOM = np.random.default_rng(0)
Y = np.arange(60) % K
CENTERS = 3 * np.stack([np.cos(2 * np.pi * np.arange(K) / K), np.sin(2 * np.pi * np.arange(K) / K)], axis=1)
X = CENTERS[Y] + 0.1 * RANDOM.normal(size=(60, 2))


def acgan(adversarial="logistic", *, hidden=(32,), rate=1e-3, normalize=None, **options):
    keys = jax.random.split(KEY, 3)
    network = mlp(NOISE, hidden, 2, keys[1], normalize=normalize)
    generator = Conditional(Chain((LabelProduct(K, NOISE, keys[0]), *network.layers)), DeterministicHead())
    critic, adam = mlp(2, hidden, 1 + K, keys[2], activation="leaky_relu"), optax.adam(rate, b1=0.5)
    loss = ADVERSARIAL_LOSSES[adversarial]
    return games.ACGAN(generator, critic, Normal(NOISE), loss, adam, adam, n_labels=K, **options)


def trained(game, rounds=1500, seed=0):
    trainer = Trainer(game, Feed((X,), Y, batch_size=30, seed=seed), seed=seed)
    trainer.run(rounds)
    return trainer


def batch_of(rows=6):
    return Batch((jnp.asarray(X[:rows]),), jnp.asarray(Y[:rows]))


def verdicts_of(game, batch, key):
    """The critic's logits on the fakes that both players meet, and on the real rows."""
    return np.asarray(game.critic(game._fakes(batch, key))), np.asarray(game.critic(batch.x))


@pytest.mark.parametrize("adversarial", ["logistic", "hinge"])
def test_the_losses_are_those_of_the_paper_term_by_term(adversarial):
    game, batch, key = acgan(adversarial), batch_of(), jax.random.key(1)
    on_fakes, on_real = verdicts_of(game, batch, key)
    critic, generator = game.judge(batch, key), game.fool(batch, key)
    if adversarial == "logistic":  # Equation 2, S = real at a logit above 0
        source = -np.log(1 / (1 + np.exp(-on_real[:, 0]))), -np.log(1 - 1 / (1 + np.exp(-on_fakes[:, 0])))
        fooling = -np.log(1 / (1 + np.exp(-on_fakes[:, 0])))
    else:
        source = np.maximum(1 - on_real[:, 0], 0), np.maximum(1 + on_fakes[:, 0], 0)
        fooling = -on_fakes[:, 0]
    classes = [-log_softmax(logits[:, 1:], axis=1)[range(6), Y[:6]].mean() for logits in (on_real, on_fakes)]
    np.testing.assert_allclose([critic["real"], critic["fake"]], [each.mean() for each in source], rtol=1e-10)
    np.testing.assert_allclose([critic["real_class"], critic["fake_class"]], classes, rtol=1e-10)  # Equation 3
    np.testing.assert_allclose([generator["fooling"], generator["class"]], [fooling.mean(), classes[1]], rtol=1e-10)
    judge, generate = game.players()
    objective, _ = judge.objective(game, batch, key, jnp.zeros((), int))
    np.testing.assert_allclose(objective, sum(each.mean() for each in source) + sum(classes), rtol=1e-10)
    objective, _ = generate.objective(game, batch, key, jnp.zeros((), int))
    np.testing.assert_allclose(objective, fooling.mean() + classes[1], rtol=1e-10)


@pytest.mark.parametrize("adversarial", ["logistic", "hinge"])
def test_the_loss_of_the_class_falls_lower_than_a_second_softmax_would_let_it(adversarial):
    """A cross-entropy of probabilities taken for logits cannot fall below log(1 + 2/e) = 0.55 with three classes."""
    terms = trained(acgan(adversarial, rate=3e-3)).history[-1].terms
    for name in ("critic/real_class", "critic/fake_class", "generator/class"):
        assert terms[name] < 0.05, name
    assert min(terms["critic/class_accuracy"], terms["generator/class_accuracy"]) > 0.98


def test_the_generator_draws_the_class_that_is_asked_for_where_it_lies():
    game = trained(acgan(rate=3e-3), seed=2).state.game  # the players circle: seeds end between 0.87 and 1.00
    z = jax.random.normal(KEY, (90, NOISE))
    drawn = np.asarray(game.decode(z, jax.nn.one_hot(jnp.arange(90) % K, K)).mean)
    nearest = np.linalg.norm(drawn[:, None] - CENTERS, axis=2).argmin(axis=1)
    assert (nearest == np.arange(90) % K).mean() > 0.9
    assert (game.class_scores(jnp.asarray(X)).argmax(axis=1) == Y).all()


def test_rows_without_a_label_are_judged_for_their_source_alone():
    game, key = acgan(), jax.random.key(1)
    labels = jnp.asarray([-1, 1, -1, 0, -1, -1])
    known = Batch((jnp.asarray(X[10:13]),), jnp.asarray(Y[10:13]))
    terms = game.judge(Batch((jnp.asarray(X[:6]),), labels, known), key)
    alone = game.judge(known, key)
    np.testing.assert_allclose(terms["real"], game.adversarial.real(game.critic(jnp.asarray(X[:6]))[:, 0]), rtol=1e-10)
    for name in ("fake", "fake_class", "real_class"):  # of the labelled draw, whatever is beside it
        np.testing.assert_allclose(terms[name], alone[name], rtol=1e-10)


def test_calibrated_norms_hold_the_statistics_of_fakes_of_the_classes_of_the_rows():
    game = acgan(normalize="batch")
    batch = Batch((jnp.asarray(np.repeat(X, 50, axis=0)),), jnp.asarray(np.repeat(Y, 50)))
    fixed = game.calibrated(batch, KEY)
    z, y = jax.random.normal(jax.random.key(9), (3000, NOISE)), jax.nn.one_hot(batch.y, K)
    by_batch, by_rows = game.decode(z, y).mean, fixed.decode(z, y).mean
    np.testing.assert_allclose(by_rows.mean(axis=0), by_batch.mean(axis=0), atol=0.1)
    np.testing.assert_allclose(fixed.decode(z[:1], y[:1]).mean, by_rows[:1], rtol=1e-10)  # whatever is beside a row


def test_a_critic_that_always_wins_is_reported():
    def history(accuracy):
        return [{"critic/source_accuracy": accuracy}] * 12

    assert "always right" in acgan().diagnose(history(1.0))[0]
    assert acgan().diagnose(history(0.9)) == acgan().diagnose([]) == ()
