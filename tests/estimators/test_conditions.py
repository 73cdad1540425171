"""Models under conditions: several labels, covariates and measured numbers, some of them unknown."""

import copy
import json
import pickle

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import latently
from latently import AAE, ACGAN, VAE, ConditionalVAE, NotSupportedError, SupervisedAAE
from latently.catalogue import models_that_may
from latently.estimators import architecture as build
from latently.evaluation import as_table, evaluate
from latently.game import Batch
from latently.probability import CellsHead
from small_models import as_if_fitted, small
from toy_games import same_bits

TAKERS = [model.load() for model in models_that_may("sample_conditions")]
every_taker = pytest.mark.parametrize("estimator", TAKERS, ids=lambda estimator: estimator.__name__)
WEIGHTS = np.random.default_rng(5).normal(size=(4, 8)) * 2


def several_labels(n, random):
    """Each of four labels moves a row its own way."""
    y = random.integers(2, size=(n, 4))
    return (y @ WEIGHTS + 0.3 * random.normal(size=(n, 8))).astype(np.float32), y


def ages(n, random):
    """Numbers that follow an age, and others that follow a style."""
    age = random.uniform(20, 80, n)
    return (np.outer((age - 50) / 20, WEIGHTS[0]) + 0.3 * random.normal(size=(n, 8))).astype(np.float32), age


def people(n, random):
    """Rows that an age, a sex and a style make, and what differs where the sex is m."""
    age, sex, style = random.uniform(20, 80, n), random.choice(["f", "m"], n), random.normal(size=n)
    move = np.stack([np.zeros(n), np.full(n, 3.0), age / 20, np.full(n, 1.0), *np.zeros((4, n))], 1)
    base = np.stack([age / 10, 0 * age, 0 * age, -age / 20, style, style * 2, style + age / 30, -age / 15], 1)
    X = base + move * (sex == "m")[:, None] + 0.3 * random.normal(size=(n, 8))
    return X.astype(np.float32), pd.DataFrame({"age": age, "sex": sex}), move


@pytest.fixture(scope="module")
def of_ages():
    X, y = ages(400, np.random.default_rng(0))
    return ConditionalVAE(2, hidden=(64,), epochs=100, batch_size=50, learning_rate=3e-3, random_state=0).fit(X, y)


@pytest.fixture(scope="module")
def of_people():
    """A model of people of whom a fifth of the ages and of the sexes is unknown."""
    random = np.random.default_rng(0)
    X, y, _ = people(1000, random)
    for name in y.columns:
        y.loc[random.random(len(y)) < 0.2, name] = None
    options = {"hidden": (64,), "epochs": 60, "batch_size": 50, "learning_rate": 3e-3, "random_state": 0}
    return ConditionalVAE(3, **options).fit(X, y)


def test_samples_follow_a_measured_condition_as_the_data_do(of_ages):
    for age in (30.0, 70.0):
        drawn = of_ages.sample(300, labels=age, random_state=0).mean(axis=0)
        np.testing.assert_allclose(drawn, (age - 50) / 20 * WEIGHTS[0], atol=0.35)


def test_samples_follow_an_angle_through_where_it_comes_round():
    random = np.random.default_rng(0)
    angle = random.uniform(0, 360, 800)
    turn = np.stack([np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))], axis=1)
    X = (turn @ WEIGHTS[:2] + 0.3 * random.normal(size=(800, 8))).astype(np.float32)
    y = latently.Table.of({"angle": angle}, kinds={"angle": "degrees"})
    model = ConditionalVAE(2, hidden=(64,), epochs=60, batch_size=50, learning_rate=3e-3, random_state=0).fit(X, y)
    means = [model.sample(200, labels={"angle": each}, random_state=0).mean(axis=0) for each in (359, 1, 361, 180)]
    assert np.abs(means[0] - means[1]).max() < 0.2
    np.testing.assert_allclose(means[1], means[2], atol=1e-4)
    np.testing.assert_allclose(means[3], -WEIGHTS[0], atol=0.5)
    found = evaluate(model, (X[300:], y.frame()[300:], X[:300], y.frame()[:300]))["conditions"]["by_condition"]
    assert found["angle"]["correlation"] > 0.95


def test_samples_have_the_labels_that_are_asked_for():
    X, y = several_labels(400, np.random.default_rng(1))
    model = ConditionalVAE(2, hidden=(64,), epochs=60, batch_size=50, learning_rate=3e-3, random_state=0).fit(X, y)
    assert [column.kind for column in model.conditions_.columns] == ["binary"] * 4
    for labels in ([1, 0, 0, 1], [0, 1, 1, 0]):
        drawn = model.sample(300, labels=labels, random_state=0).mean(axis=0)
        np.testing.assert_allclose(drawn, np.array(labels) @ WEIGHTS, atol=0.6)
    each = model.sample(400, labels=y, random_state=0)
    assert np.corrcoef(each.ravel(), X.ravel())[0, 1] > 0.95  # rows scatter around what a code stands for


def test_samples_of_covariates_with_gaps_are_of_those_that_are_named(of_people):
    random = np.random.default_rng(2)
    X, y, _ = people(4000, random)
    drawn = of_people.sample(500, labels={"age": 40, "sex": "f"}, random_state=0)
    like = X[(y.sex == "f") & (abs(y.age - 40) < 3)]
    np.testing.assert_allclose(drawn.mean(axis=0), like.mean(axis=0), atol=0.4)
    # The sex is not named, and comes as people of 70 have it: half and half.
    drawn = of_people.sample(500, labels={"age": 70}, random_state=0)
    like = X[abs(y.age - 70) < 3]
    np.testing.assert_allclose(drawn.mean(axis=0), like.mean(axis=0), atol=0.6)
    np.testing.assert_allclose(drawn[:, [1, 2]].std(axis=0), like[:, [1, 2]].std(axis=0), rtol=0.15)
    drawn = of_people.sample(500, random_state=0)
    np.testing.assert_allclose(drawn.mean(axis=0), X.mean(axis=0), atol=0.5)
    np.testing.assert_allclose(drawn.std(axis=0), X.std(axis=0), rtol=0.25)


def test_what_is_not_told_is_in_the_code(of_people):
    X, y, _ = people(300, np.random.default_rng(3))
    told, untold = of_people.transform(X, y), of_people.transform(X)
    of_age = [abs(np.corrcoef(codes.T, y.age)[-1, :-1]).max() for codes in (told, untold)]
    assert of_age[0] < 0.35 < 0.6 < of_age[1]
    errors = [((of_people.reconstruct(X, labels) - X) ** 2).mean() for labels in (None, y, y.assign(age=np.nan))]
    assert max(errors) < 0.15 < 0.1 * X.var(axis=0).mean()
    paths = of_people.interpolate(X[:2], X[2:4], 3)  # nothing is told at either end
    np.testing.assert_allclose(paths[:, 0], of_people.reconstruct(X[:2]), rtol=1e-4, atol=1e-4)


def test_restyling_changes_what_is_named_and_keeps_the_rest(of_people):
    X, y, move = people(200, np.random.default_rng(4))
    restyled = of_people.restyle(X, {"sex": "m"}, known=y)
    assert restyled.shape == (200, 1, 8)
    expected = X + move * (y.sex == "f").to_numpy()[:, None]
    assert np.sqrt(((restyled[:, 0] - expected) ** 2).mean(axis=0)).max() < 0.55
    older = of_people.restyle(X, [{"age": 30}, {"age": 70}], known=y)
    rise = older[:, 1, 0] - older[:, 0, 0]
    np.testing.assert_allclose(rise.mean(), 4.0, atol=0.4)
    style = np.corrcoef(older[:, 0, 5], X[:, 5])[0, 1]
    assert style > 0.97
    same = of_people.restyle(X, {"sex": ["f", "m"]}, known=y)[np.arange(200), (y.sex == "m").astype(int)]
    np.testing.assert_allclose(same, of_people.reconstruct(X, y), rtol=1e-4, atol=1e-4)


def test_bounds_are_better_the_more_is_known(of_people):
    X, y, _ = people(300, np.random.default_rng(5))
    bounds = [of_people.score_samples(X, labels=labels).mean() for labels in (None, y[["age"]], y)]
    assert bounds == sorted(bounds)
    assert of_people.score(X) == pytest.approx(bounds[0])


def test_the_manifold_is_that_of_some_conditions(of_people):
    plane = of_people.manifold(2, {"age": 30, "sex": "f"})
    codes = of_people.manifold_codes(2)
    np.testing.assert_array_equal(plane, of_people.inverse_transform(codes, {"age": 30, "sex": "f"}))
    assert of_people.manifold(2).shape == (4, 8)


def test_a_number_far_from_all_that_was_seen_is_warned_of(of_people):
    with pytest.warns(UserWarning, match="age=500 lies outside what the model was fitted on, 20.* to 7"):
        of_people.sample(2, labels={"age": 500}, random_state=0)


def test_all_forms_of_asking_give_the_same_rows(of_people):
    asked = [
        {"age": 40, "sex": "m"},
        [40, "m"],
        [[40, "m"]] * 3,
        [{"sex": "m", "age": 40.0}] * 3,
        pd.DataFrame({"sex": ["m"] * 3, "age": [40] * 3}),
        {"age": np.full(3, 40), "sex": "m"},
    ]
    first, *others = [of_people.sample(3, labels=labels, random_state=0) for labels in asked]
    for rows in others:
        np.testing.assert_array_equal(rows, first)


@every_taker
class TestEveryModelUnderConditions:
    def fitted(self, estimator, **changes):
        X, y, _ = people(60, np.random.default_rng(0))
        y.loc[:5, "age"] = np.nan
        return small(estimator, **changes).fit(X, y), X, y

    def test_abilities_are_those_of_conditions(self, estimator):
        model, X, _ = self.fitted(estimator)
        assert model.classes_ is None
        assert model.label_values is None
        assert not model.knows_labels
        assert "sample_conditions" in model.abilities()
        assert not {"predict", "sample_labels", "impute"} & model.abilities()
        assert not hasattr(model, "predict")
        with pytest.raises(NotSupportedError, match="cannot predict classes: it was fitted without classes"):
            model.predict(X)
        assert [(column.name, column.kind, column.words) for column in model.conditions_.columns] == [
            ("age", "number", ()),
            ("sex", "binary", ("f", "m")),
        ]

    def test_it_is_saved_pickled_and_copied_with_its_conditions(self, estimator, tmp_path):
        model, _, _ = self.fitted(estimator, normalization="batch", hidden=(4,))
        model.save(tmp_path)
        drawn = model.sample(5, labels={"age": 40}, random_state=0)
        for other in (latently.load(tmp_path), pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
            np.testing.assert_array_equal(other.sample(5, labels={"age": 40}, random_state=0), drawn)
            assert other.conditions_.columns == model.conditions_.columns
        written = json.loads((tmp_path / "config.json").read_text())
        assert written["task"]["n_labels"] is None
        assert len(written["task"]["conditions"]) == 2

    def test_a_fit_is_a_function_of_its_seed(self, estimator):
        one, other = (self.fitted(estimator)[0] for _ in range(2))
        assert same_bits(one.game_, other.game_)
        np.testing.assert_array_equal(one.sample(3, random_state=1), other.sample(3, random_state=1))

    def test_images_and_convolutions_are_told_conditions(self, estimator):
        random = np.random.default_rng(0)
        X, y = random.uniform(size=(24, 8, 8, 1)), random.uniform(size=24)
        y[:4] = np.nan
        model = small(estimator, network="conv", hidden=(4,), channels=(3, 3)).fit(X, y)
        assert model.sample(2, labels=0.5, random_state=0).shape == (2, 8, 8, 1)
        assert np.isfinite(model.sample(2, random_state=0)).all()
        assert all(np.isfinite(value) for value in model.history_[-1]["terms"].values())

    def test_tables_of_several_kinds_are_told_conditions(self, estimator):
        X, y, _ = people(40, np.random.default_rng(0))
        frame = pd.DataFrame(X[:, :3], columns=list("abc")).assign(word=np.where(X[:, 3] > 0, "up", "down"))
        frame.loc[3, "a"] = None
        if estimator is ACGAN:  # it has no likelihood for words
            frame = frame[["a", "b", "c"]].fillna(0.0)
        model = small(estimator).fit(frame, y)
        drawn = model.sample(4, labels={"sex": "m"}, random_state=0)
        if estimator is not ACGAN:
            assert drawn.columns.tolist() == ["a", "b", "c", "word"]
            assert set(drawn.word) <= {"up", "down"}
            assert model.impute(frame, labels=y).a.notna().all()
            assert len(model.restyle(frame[:3], {"sex": ["f", "m"]}, known=y[:3])) == 6

    def test_an_evaluation_reads_off_samples_what_was_asked(self, estimator):
        model, X, y = self.fitted(estimator)
        block = evaluate(model, (X, y, X[:30], y[:30]), importance_samples=2)["conditions"]
        found = block["by_condition"]
        assert found["age"]["real"] > 0.95
        assert found["sex"]["real"] > 0.95
        assert -1 <= found["age"]["correlation"] <= 1
        assert 0 <= found["sex"]["accuracy"] <= 1
        assert (found["age"]["rows"], found["sex"]["rows"], found["age"]["train_rows"]) == (24, 30, 54)
        names = [line.name for line in as_table({"conditions": block})]
        assert names == ["correlation of age with what was asked", "samples read as the sex asked for"]

    def test_what_cannot_be_is_refused_in_words(self, estimator):
        X, y, _ = people(20, np.random.default_rng(0))
        with pytest.raises(ValueError, match=r"y must have one label for each of the 20 rows of X; got 19\."):
            small(estimator).fit(X, y[:19])
        with pytest.raises(ValueError, match="learns from labels, and y holds none: every one is unknown"):
            small(estimator).fit(X, np.full((20, 2), np.nan))
        with pytest.raises(ValueError, match=r"For one-hot labels, take labels\.argmax"):
            small(estimator).fit(X, np.eye(2)[np.arange(20) % 2])


def test_a_generator_draws_under_conditions_and_its_critic_reads_them():
    X, y, _ = people(1000, np.random.default_rng(0))
    options = {"hidden": (64,), "critic_hidden": (64,), "epochs": 100, "batch_size": 50, "learning_rate": 1e-3}
    model = ACGAN(8, **options, random_state=0).fit(X, y)
    X_test, y_test, _ = people(300, np.random.default_rng(1))
    found = evaluate(model, (X, y, X_test, y_test))["conditions"]["by_condition"]
    assert found["age"]["correlation"] > 0.93
    assert found["sex"]["accuracy"] > 0.93
    # Of conditions that are not named, both come, though noise would choose one.
    assert model.sample(300, labels={"age": 70}, random_state=0)[:, 1].std() > 1
    with pytest.raises(ValueError, match="labels must give each of age, sex: noise does not hold what is not told"):
        model.inverse_transform(np.zeros((1, 8)), {"age": 70})
    assert model.inverse_transform(np.zeros((1, 8)), {"age": 70, "sex": "f"}).shape == (1, 8)


def test_the_codes_of_a_supervised_aae_keep_quiet_about_what_is_told():
    X, y, move = people(1000, np.random.default_rng(0))
    options = {"hidden": (64,), "critic_hidden": (64,), "epochs": 60, "batch_size": 50, "learning_rate": 2e-3}
    model = SupervisedAAE(1, **options, random_state=0).fit(X, y)
    X_test, y_test, move = people(300, np.random.default_rng(1))
    found = evaluate(model, (X, y, X_test, y_test))["conditions"]["by_condition"]
    assert found["age"]["correlation"] > 0.95
    assert found["sex"]["accuracy"] > 0.95
    restyled = model.restyle(X_test, {"sex": "m"}, known=y_test)[:, 0]
    expected = X_test + move * (y_test.sex == "f").to_numpy()[:, None]
    assert np.sqrt(((restyled - expected) ** 2).mean()) < 0.6


def test_the_critic_of_a_generator_reads_known_conditions_by_their_likelihood():
    X, y, _ = people(12, np.random.default_rng(0))
    y.loc[:3, "age"] = np.nan
    model = small(ACGAN, critic_dropout=0.0)
    model.adopt(model.trainer(X, y))
    told, game = model.conditions_(y), model.game_
    batch = Batch((model.preprocessing_(X),), jnp.asarray(told))
    terms = game.judge(batch, jax.random.key(0))
    logits = np.asarray(game.critic(batch.x))[:, 1:].astype(float)
    gaussian = -0.5 * (told[:, 0] - logits[:, 0]) ** 2 - 0.5 * np.log(2 * np.pi)
    bernoulli = told[:, 1] * logits[:, 1] - np.logaddexp(0, logits[:, 1])
    expected = -(np.nan_to_num(gaussian) + bernoulli).mean()
    assert float(terms["real_condition"]) == pytest.approx(expected, rel=1e-5)
    assert set(terms) == {"real", "fake", "real_condition", "fake_condition", "source_accuracy"}
    assert isinstance(game.reader, CellsHead)


def test_no_gradient_comes_of_what_is_not_known():
    X, y, _ = people(20, np.random.default_rng(0))
    model = as_if_fitted(small(ConditionalVAE), X, y.assign(age=[np.nan] * 10 + list(y.age[10:])))
    told, x = jnp.asarray(model.conditions_(None, 20)), model.preprocessing_(X)

    def decoded(game):
        return game.decode(game.encode(x, told).mean, told).mean.sum()

    leaves = jax.tree.leaves(jax.grad(decoded, allow_int=True)(model.game_))
    assert all(np.isfinite(leaf).all() for leaf in leaves if np.issubdtype(leaf.dtype, np.floating))
    assert build.told(model.task_) == 4  # two elements, and two marks


def test_training_goes_on_bit_for_bit_under_conditions(tmp_path):
    X, y, _ = people(60, np.random.default_rng(0))
    whole, halved = (small(ConditionalVAE, epochs=4).trainer(X, y) for _ in range(2))
    whole.run(16)
    halved.run(7)
    halved.save(tmp_path / "state.safetensors")
    resumed = small(ConditionalVAE, epochs=4).trainer(X, y)
    resumed.restore(tmp_path / "state.safetensors")
    resumed.run(16)
    assert same_bits(resumed.state.game, whole.state.game)


@pytest.mark.parametrize("y", [np.linspace(0, 1, 30), np.arange(60).reshape(30, 2) % 3 % 2, {"a": np.arange(30) * 1.5}])
def test_other_models_say_which_take_conditions(y):
    X = np.random.default_rng(0).uniform(size=(30, 4))
    able = "Models that take several labels, and measured ones: ConditionalVAE, SupervisedAAE, ACGAN"
    with pytest.raises(
        ValueError, match=f"y must be integers or words; got .*, and AAE learns from one class a row. {able}"
    ):
        small(AAE).fit(X, y)
    assert small(VAE).fit(X, y).conditions_ is None  # a VAE ignores y
    fitted = as_if_fitted(small(ConditionalVAE), X, np.arange(30) % 3)
    with pytest.raises(NotSupportedError, match=r"no conditions were given to fit.* can: SupervisedAAE, ACGAN"):
        fitted.require("sample_conditions")


def test_restyling_needs_to_know_what_the_rows_come_with(of_people):
    X = np.zeros((2, 8), np.float32)
    with pytest.raises(ValueError, match="known must give the conditions of each row: what they do not tell is in its"):
        of_people.restyle(X, {"age": 30})
    with pytest.raises(ValueError, match="labels must name the conditions to change"):
        of_people.restyle(X, known={"age": 30})


def test_a_matrix_of_labels_that_people_bring_is_a_condition(case):
    data = latently.open_dataset(case("arrays/several-labels.npz"))
    model = ConditionalVAE(latent_dim=2, hidden=(16,), epochs=2, random_state=0).fit(
        data.train.x, data.train.conditions
    )
    assert model.sample(3, labels=[1, 0, 0, 1], random_state=0).shape == (3, *data.train.x.shape[1:])


def test_a_measured_number_that_people_bring_moves_samples_as_it_moves_the_data(case):
    data = latently.open_dataset(case("arrays/continuous-condition.npz"), validation=0.0, test=0.0).train
    x, y = np.asarray(data.x), np.asarray(data.conditions)[:, 0]
    model = ConditionalVAE(latent_dim=2, hidden=(64,), epochs=150, batch_size=32, learning_rate=3e-3, random_state=0)
    model.fit(data.x, data.conditions)
    of_data = [x[abs(y - at) < 5].mean(axis=0) for at in (30, 70)]
    of_samples = [np.asarray(model.sample(200, labels=float(at), random_state=0)).mean(axis=0) for at in (30, 70)]
    moved, truth = of_samples[1] - of_samples[0], of_data[1] - of_data[0]
    assert np.corrcoef(moved.ravel(), truth.ravel())[0, 1] > 0.9
    assert np.linalg.norm(moved) == pytest.approx(np.linalg.norm(truth), rel=0.3)
