"""The games that know labels: bounds against explicit sums, and codes that keep quiet about the label."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

from latently import games
from latently.game import Batch
from latently.networks import Conditional, condition, mlp
from latently.probability import BernoulliHead, CategoricalHead, DeterministicHead, GaussianHead, Normal, logistic
from latently.streams import stream
from latently.training import Feed, Trainer

KEY = jax.random.key(2)
ADAM = optax.adam(1e-3)
K, PIXELS = 3, 5
X = jnp.asarray(np.random.default_rng(0).uniform(size=(6, PIXELS)))
Y = jnp.arange(6) % K


def m2(labels_known="some", weight=0.7):
    keys = jax.random.split(KEY, 3)
    return games.SemiSupervisedVAE(
        Conditional(mlp(PIXELS, (4,), K, keys[0]), CategoricalHead(K, per_row=True)),
        Conditional(mlp(PIXELS + K, (4,), 4, keys[1]), GaussianHead(scale="exp")),
        Conditional(mlp(2 + K, (4,), PIXELS, keys[2]), BernoulliHead()),
        Normal(2),
        ADAM,
        n_labels=K,
        classification_weight=weight,
        labels_known=labels_known,
    )


def labelled_bound(game, x, label, z, q):
    """log p(x|y, z) + log p(y) − KL(q(z|x, y) ‖ p(z)) of one row, term by term."""
    y = jax.nn.one_hot(jnp.array([label]), K)
    kl = 0.5 * np.sum(np.square(q.mean) + np.square(q.scale) - 1 - 2 * np.log(q.scale))
    return float(game.decode(z, y).log_prob(x)[0]) - np.log(K) - kl


def test_m2s_unlabelled_bound_is_the_sum_over_classes():
    """Equation 7 by an explicit loop, with the very draws that the game makes."""
    game, batch = m2("none"), Batch((X,))
    noise = jax.random.normal(stream(KEY, "code"), (6 * K, 2))
    expected = []
    for row in range(6):
        x = X[row : row + 1]
        probabilities = np.asarray(jax.nn.softmax(game.class_scores(x)))[0]
        bound = -np.sum(probabilities * np.log(probabilities))
        for label in range(K):
            q = game.encode(x, jax.nn.one_hot(jnp.array([label]), K))
            z = q.mean + q.scale * noise[row * K + label]
            bound += probabilities[label] * labelled_bound(game, x, label, z, q)
        expected.append(bound)
    assert float(game.objective(batch, KEY)["bound"]) == pytest.approx(-np.mean(expected), rel=1e-12)


def test_m2_knows_a_label_where_it_is_given():
    """All labels given one by one, or declared known as a whole: the same bound, up to the draws."""
    copies = (jnp.repeat(X, 3000, axis=0),), jnp.repeat(Y, 3000)
    known = Batch((X,), Y)
    one_by_one = m2("some").objective(Batch(*copies, known), KEY)
    declared = m2("all").objective(Batch(*copies), KEY)
    assert float(one_by_one["bound"]) == pytest.approx(float(declared["bound"]), abs=0.02)
    assert float(one_by_one["kl"]) == pytest.approx(float(declared["kl"]), rel=1e-12)
    hidden = m2("some").objective(Batch(copies[0], jnp.full(18000, -1), known), KEY)
    assert abs(float(hidden["bound"] - declared["bound"])) > 0.1


def test_with_all_labels_known_m2_is_the_conditional_bound_and_its_classifier():
    game, batch = m2("all"), Batch((X,), Y)
    cvae = games.ConditionalVAE(game.encoder, game.decoder, Normal(2), ADAM, n_labels=K)
    copies = Batch((jnp.repeat(X, 4000, axis=0),), jnp.repeat(Y, 4000))
    terms, conditional = game.objective(copies, KEY), cvae.negative_bound(copies, KEY)
    bound = float(conditional["reconstruction"] + conditional["kl"]) + np.log(K)
    assert float(terms["bound"]) == pytest.approx(bound, abs=0.02)
    log_q = np.asarray(jax.nn.log_softmax(game.class_scores(X)))[np.arange(6), np.asarray(Y)]
    assert float(game.objective(batch, KEY)["classification"]) == pytest.approx(-log_q.mean(), rel=1e-12)
    assert game.players()[0].weights["classification"] == 0.7


def test_the_conditional_vaes_bound_is_below_the_evidence():
    """By importance sampling from the prior: log p(x|y) is no less than the bound."""
    game = games.ConditionalVAE(m2().encoder, m2().decoder, Normal(2), ADAM, n_labels=K)
    copies = Batch((jnp.repeat(X, 2000, axis=0),), jnp.repeat(Y, 2000))
    terms = game.negative_bound(copies, KEY)
    y = jax.nn.one_hot(Y, K)
    z = jax.random.normal(KEY, (5000, 2))
    each = [game.decode(jnp.broadcast_to(draw, (6, 2)), y).log_prob(X) for draw in z[:2000]]
    evidence = logsumexp(np.stack(each), axis=0) - np.log(2000)
    assert -float(terms["reconstruction"] + terms["kl"]) < evidence.mean() + 0.01


def test_bayes_rule_gives_the_class_that_explains_a_row():
    """A decoder that paints the label, and nothing else, gives it away."""
    game = games.ConditionalVAE(m2().encoder, m2().decoder, Normal(2), ADAM, n_labels=K)
    paint = mlp(2 + K, (), PIXELS, KEY)
    weight = jnp.zeros((2 + K, PIXELS)).at[2:, :K].set(20 * jnp.eye(K) - 10)
    paint = eqx.tree_at(lambda chain: (chain.layers[-1].weight,), paint, (weight,))
    game = eqx.tree_at(lambda game: game.decoder.network, game, paint)
    painted = jnp.concatenate([jnp.eye(K), jnp.full((K, PIXELS - K), 0.5)], axis=1)
    assert game.class_scores(painted).argmax(axis=1).tolist() == [0, 1, 2]


def test_the_first_stage_stands_still_and_the_second_learns_on_its_draws():
    vae = games.VAE(
        Conditional(mlp(7, (4,), 2 * PIXELS, KEY), GaussianHead(scale="exp")),
        Conditional(mlp(PIXELS, (4,), 7, KEY), BernoulliHead()),
        Normal(PIXELS),
        ADAM,
    )
    game = games.StackedSemiSupervisedVAE(vae, m2())
    rows = np.random.default_rng(1).uniform(size=(40, 7)).astype(np.float32)
    labels = np.where(np.arange(40) < 9, np.arange(40) % K, -1)
    feed = Feed((rows,), labels, batch_size=8, seed=0, draw_labelled=True)
    trainer = Trainer(game, feed, seed=0)
    trainer.run(3)
    after = trainer.state.game
    assert eqx.tree_equal(after.first, jax.tree.map(lambda leaf: leaf, game.first))
    assert not eqx.tree_equal(after.second, game.second)
    codes = game.codes(Batch((jnp.asarray(rows),)), KEY).x
    assert codes.shape == (40, PIXELS)
    assert (codes != game.first.encode(jnp.asarray(rows)).mean).all()


def toy(n=600):
    """Rows that shout their class in the first three numbers, and have a style of their own in the last two."""
    random = np.random.default_rng(0)
    labels = random.integers(0, K, n)
    style = random.normal(size=(n, 2))
    return np.concatenate([3 * np.eye(K)[labels], style], axis=1).astype(np.float32), labels


def supervised(decoder_is_told: bool):
    keys = jax.random.split(KEY, 3)
    adam = optax.adam(3e-3)
    encoder = Conditional(mlp(PIXELS, (32,), 2, keys[0]), DeterministicHead())
    decoder = Conditional(mlp(2 + (K if decoder_is_told else 0), (32,), PIXELS, keys[1]), GaussianHead(value=0.3))
    critic = mlp(2 + (K if decoder_is_told else 0), (32, 32), 1, keys[2])
    if decoder_is_told:
        return games.SupervisedAAE(encoder, decoder, critic, Normal(2), logistic, adam, adam, adam, n_labels=K)
    return games.AAE(encoder, decoder, critic, Normal(2), logistic, adam, adam, adam)


def test_a_probe_reads_no_label_off_the_codes_of_a_supervised_aae():
    """The same networks without the label at the decoder have to carry it, and a probe reads it easily."""
    x, labels = toy()
    accuracy = {}
    for told in (True, False):
        trainer = Trainer(supervised(told), Feed((x,), labels, batch_size=100, seed=0), seed=0)
        trainer.run(1200)
        codes = np.asarray(trainer.state.game.encode(jnp.asarray(x)).mean)
        probe = LogisticRegression(max_iter=500).fit(codes[:300], labels[:300])
        accuracy[told] = probe.score(codes[300:], labels[300:])
    assert accuracy[True] < 0.5
    assert accuracy[False] > 0.6


def test_heads_that_are_close_are_pushed_apart_and_far_ones_left_alone():
    heads = jnp.array([[0.0, 0.0], [1.0, 0.0], [9.0, 0.0]])
    game = semi_supervised(heads)
    terms = game.reconstruct(Batch((X,)), KEY)
    assert float(terms["head_distance"]) == pytest.approx(3.0 - 1.0)
    centers = game.prior.centers
    assert centers == ((0.0, 0.0), (1.0, 0.0), (9.0, 0.0))


def test_the_map_of_a_row_is_its_class_and_its_style_together():
    heads = jnp.array([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]])
    game = semi_supervised(heads)
    outputs = game.encoder(X)
    y, z = jax.nn.softmax(outputs[:, :K]), outputs[:, K:]
    np.testing.assert_allclose(game.encode(X).mean, y @ heads + z, rtol=1e-12)


def semi_supervised(heads=None):
    keys = jax.random.split(KEY, 4)
    inputs = 2 if heads is not None else 2 + K
    return games.SemiSupervisedAAE(
        mlp(PIXELS, (4,), K + 2, keys[0]),
        Conditional(mlp(inputs, (4,), PIXELS, keys[1]), BernoulliHead()),
        mlp(K, (4,), 1, keys[2]),
        mlp(2 + K, (4,), 1, keys[3]),
        Normal(2),
        logistic,
        *(ADAM,) * 4,
        n_labels=K,
        heads=heads,
    )


def test_critics_see_one_hot_draws_beside_probabilities():
    """A label critic that asks for the largest number tells one-hot draws (1) from hesitant classes (1/K)."""
    game = semi_supervised()
    sharp = mlp(K, (), 1, KEY)
    weights = (jnp.full((K, 1), 40.0), jnp.array([-39.0]))
    sharp = eqx.tree_at(lambda chain: (chain.layers[-1].weight, chain.layers[-1].bias), sharp, weights)
    terms = eqx.tree_at(lambda game: game.label_critic, game, sharp).discriminate(Batch((X,)), KEY)
    assert float(terms["label_prior"]) == pytest.approx(np.log1p(np.exp(-1.0)), rel=1e-6)
    assert float(terms["label_accuracy"]) == 0.5  # both sum to one, and this critic sums


def test_labels_beside_an_image_become_constant_channels():
    image = jnp.zeros((2, 4, 4, 1))
    y = jnp.array([[1.0, 0.0], [0.0, 1.0]])
    joined = condition(image, y)
    assert joined.shape == (2, 4, 4, 3)
    assert (joined[0, :, :, 1] == 1).all()
    assert (joined[1, :, :, 1] == 0).all()
