"""One call asks a model all that it can do, and nothing else."""

import json

import numpy as np
import pytest

from latently.abilities import ABILITIES
from latently.data import Dataset, Splits
from latently.evaluation import as_table, evaluate
from latently.evaluation import rows as rows_module

BLOCKS = (
    "likelihood",
    "label_likelihood",
    "reconstruction",
    "prior_match",
    "probe",
    "dimensions",
    "regions",
    "classification",
)


class Unable:
    """A fitted model that can do nothing."""

    latent_dim = 2

    def abilities(self):
        return frozenset()


class Able(Unable):
    """The exact model of x = (z, 0, 0) + noise, z standard normal: whatever is asked of it has a closed form."""

    event_size_ = 4
    classes_ = label_values = np.array([0, 1])
    noise = 0.5

    def abilities(self):
        # Rows have one view, one class, and no gaps.
        return frozenset(ABILITIES) - {"complete", "impute", "sample_conditions"}

    def transform(self, X):
        return (X[:, :2] / (1 + self.noise**2)).astype(np.float32)

    def aggregate_codes(self, X, random_state):
        scale = np.sqrt(self.noise**2 / (1 + self.noise**2))
        noise = np.random.default_rng(random_state).normal(size=(len(X), 2))
        return (self.transform(X) + scale * noise).astype(np.float32)

    def reconstruct(self, X):
        return np.pad(self.transform(X), ((0, 0), (0, 2)))

    def sample_prior(self, n, labels=None, random_state=None):
        return np.random.default_rng(random_state).normal(size=(n, 2)).astype(np.float32)

    def sample(self, n=1, labels=None, random_state=None):
        return np.pad(self.sample_prior(n, labels, random_state), ((0, 0), (0, 2)))

    def predict(self, X):
        return (self.transform(X)[:, 0] > 0).astype(int)

    def predict_proba(self, X):
        sure = 0.9 * self.predict(X)[:, None] + 0.05
        return np.concatenate([1 - sure, sure], axis=1)

    def restyle(self, X, labels, known=None):
        return np.repeat(self.reconstruct(X)[:, None], len(labels), axis=1)

    def score_samples(self, X, n_samples=1, kind="elbo", random_state=0, labels=None):
        variance = np.array([1 + self.noise**2] * 2 + [self.noise**2] * 2)
        bounds = -0.5 * np.sum(X**2 / variance + np.log(2 * np.pi * variance), axis=1)
        return bounds if labels is None else bounds + np.log(2) * (labels == self.predict(X))  # y is the sign of z_1

    def posterior_kl(self, X):
        variance = self.noise**2 / (1 + self.noise**2)
        return 0.5 * (self.transform(X) ** 2 + variance - 1 - np.log(variance))


def make_data(n=600, seed=0):
    random = np.random.default_rng(seed)
    X = np.pad(random.normal(size=(2 * n, 2)), ((0, 0), (0, 2))) + 0.5 * random.normal(size=(2 * n, 4))
    y = (X[:, 0] > 0).astype(int)
    return X[:n], y[:n], X[n:], y[n:]


@pytest.fixture(scope="module")
def result():
    return evaluate(Able(), make_data(), importance_samples=7)


def test_the_exact_model_gets_the_numbers_of_its_closed_forms(result):
    entropy = 2 * 0.5 * np.log(2 * np.pi * np.e * 1.25) + 2 * 0.5 * np.log(2 * np.pi * np.e * 0.25)
    for bound, samples in {"evidence_lower_bound": 1, "importance_weighted": 7}.items():
        block = result["likelihood"][bound]
        assert block["negative_log_likelihood_nats"] == pytest.approx(entropy, abs=4 * block["standard_error_nats"])
        assert block["samples"] == samples
    assert result["reconstruction"]["mean_squared_error"] == pytest.approx((1.25 * 0.2**2 + 0.25) / 2, rel=0.1)
    assert 0.5 < result["prior_match"]["mmd"]["ratio"] < 2
    assert 0.5 < result["prior_match"]["sliced_wasserstein"]["ratio"] < 2
    assert result["probe"]["linear"]["accuracy"] > 0.97
    assert result["dimensions"]["active"] == 2
    assert result["dimensions"]["kl"]["total_nats"] == pytest.approx(np.log(5), rel=0.1)  # the mutual information
    assert result["regions"]["share"] == 1
    assert result["classification"]["error"] == 0
    assert result["classification"]["labels_in_training"] == 600
    assert result["classification"]["calibration"]["expected_calibration_error"] == pytest.approx(0.05)


def test_the_label_tells_what_it_is_worth(result):
    for bound in ("evidence_lower_bound", "importance_weighted"):
        told, untold = (result[name][bound] for name in ("label_likelihood", "likelihood"))
        gain = untold["negative_log_likelihood_nats"] - told["negative_log_likelihood_nats"]
        assert gain == pytest.approx(np.log(2))
        assert told["samples"] == untold["samples"]


def test_labels_that_the_model_never_saw_have_no_likelihood():
    X_train, y_train, X_test, y_test = make_data(50)
    y_test = np.where(np.arange(50) < 5, 7, np.where(np.arange(50) < 8, -1, y_test))
    result = evaluate(Able(), (X_train, y_train, X_test, y_test))
    assert result["label_likelihood"]["evidence_lower_bound"]["rows"] == 42
    assert result["classification"]["rows"] == 47
    assert result["classification"]["unseen"]["rows"] == 5
    by_name = {line.name: line for line in as_table(result)}
    assert "5 rows of 7" in by_name["classification error on the classes learned"].note


def test_the_result_survives_json(result):
    assert json.loads(json.dumps(result, allow_nan=False)) == result


def test_every_block_tells_its_seed_and_its_rows(result):
    assert [name for name in result if name in BLOCKS] == list(BLOCKS)
    for name in BLOCKS:
        assert result[name]["seed"] == 0
        assert "rows" in json.dumps(result[name])


def test_the_seed_decides_every_number():
    data = make_data(200)
    first, again, other = (evaluate(Able(), data, max_rows=150, seed=seed) for seed in (3, 3, 4))
    assert first == again
    for block in ("likelihood", "prior_match", "dimensions"):
        assert {**first[block], "seed": 4} != other[block]


def test_a_model_that_can_do_nothing_gets_reasons():
    result = evaluate(Unable(), make_data(20))
    for name in set(BLOCKS) - {"label_likelihood"}:
        assert result[name]["skipped"].startswith("the model cannot")
    assert "label_likelihood" not in result
    assert as_table(result) == []


def test_what_other_data_would_give_is_a_line_and_what_the_model_can_never_do_is_none():
    class WithoutDivergence(Able):
        def abilities(self):
            return super().abilities() - {"posterior_kl", "log_likelihood"}

    X_train, _, X_test, _ = make_data(20)
    lines = {line.name: line for line in as_table(evaluate(WithoutDivergence(), (X_train, None, X_test, None)))}
    assert lines["probe"].note == "skipped: the data has no labels"
    assert lines["active dimensions"].value == 2
    assert not {"KL to the prior", "likelihood"} & set(lines)


@pytest.mark.parametrize(
    ("lacking", "skipped"),
    [
        ("encode", {"reconstruction", "prior_match", "probe", "dimensions"}),
        ("decode", {"reconstruction"}),
        ("sample", {"prior_match"}),
        ("predict", {"regions", "classification"}),
        ("log_likelihood", {"likelihood"}),
        ("label_likelihood", {"label_likelihood"}),
        ("restyle", set()),
        ("posterior_kl", set()),
    ],
)
def test_only_what_a_model_cannot_do_is_skipped(lacking, skipped):
    class Partly(Able):
        def abilities(self):
            return super().abilities() - {lacking}

    result = evaluate(Partly(), make_data(20))
    assert {name for name in BLOCKS if name not in result or "skipped" in result[name]} == skipped
    assert ("skipped" in result["dimensions"].get("kl", {})) == (lacking == "posterior_kl")
    assert as_table(result)


def test_an_ability_without_its_method_is_a_mistake_of_the_model():
    class Boaster(Unable):
        def abilities(self):
            return frozenset({"decode"}) | {"encode"}

    with pytest.raises(TypeError, match=r"Boaster lists 'encode' and lacks one of transform, aggregate_codes"):
        evaluate(Boaster(), make_data(20))


def test_labels_and_training_rows_may_be_missing():
    X_train, _, X_test, y_test = make_data(20)
    unlabelled = evaluate(Able(), (X_train, None, X_test, None))
    for block in ("probe", "regions", "classification", "label_likelihood"):
        assert unlabelled[block]["skipped"] == "the data has no labels"
    untrained = evaluate(Able(), (None, None, X_test, y_test))
    assert "no training rows" in untrained["probe"]["skipped"]
    assert untrained["regions"]["share"] == 1


def test_splits_of_data_sets_are_taken_as_they_are():
    X_train, y_train, X_test, y_test = make_data(50)
    splits = Splits(
        Dataset("train", (X_train,), y_train), Dataset("none", (X_train[:0],)), Dataset("test", (X_test,), y_test)
    )
    assert evaluate(Able(), splits) == evaluate(Able(), (X_train, y_train, X_test, y_test))


def test_more_rows_than_asked_for_are_cut():
    result = evaluate(Able(), make_data(50), max_rows=30)
    assert (result["train_rows"], result["test_rows"], result["prior_match"]["rows"]) == (30, 30, 30)


def test_rows_pass_in_blocks_with_noise_of_their_own(monkeypatch):
    sizes, seeds = [], []

    class Watched(Able):
        def aggregate_codes(self, X, random_state):
            sizes.append(len(X))
            seeds.append(random_state)
            return super().aggregate_codes(X, random_state)

    whole = evaluate(Able(), make_data(50))
    monkeypatch.setattr(rows_module, "BLOCK_ROWS", 20)
    blocks = evaluate(Watched(), make_data(50))
    assert sizes == [20, 20, 10]
    assert len(set(seeds)) == 3
    for block in ("likelihood", "label_likelihood", "classification"):
        assert blocks[block] == whole[block]


def test_codes_that_are_not_finite_are_told_and_not_measured():
    class Broken(Able):
        def transform(self, X):
            return np.where(np.arange(len(X))[:, None] == 1, np.nan, super().transform(X))

    result = evaluate(Broken(), make_data(20))
    for name in ("prior_match", "probe", "dimensions"):
        assert result[name]["skipped"] == "the codes of 1 of 20 rows are not finite"
    json.dumps(result, allow_nan=False)


def test_a_single_row_is_no_distribution_and_no_row_is_an_error():
    X_train, y_train, X_test, y_test = make_data(20)
    result = evaluate(Able(), (X_train, y_train, X_test[:1], y_test[:1]))
    assert result["prior_match"]["skipped"] == result["dimensions"]["skipped"] == "a single row has no distribution"
    assert as_table(result)
    with pytest.raises(ValueError, match="at least one test row"):
        evaluate(Able(), (X_train, y_train, X_test[:0], y_test[:0]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"importance_samples": 0}, "importance_samples must be at least 1; got 0"),
        ({"max_rows": 1}, "max_rows must be"),
        ({"parzen": True, "parzen_samples": 0}, "parzen_samples must be at least 1; got 0"),
    ],
)
def test_arguments_below_their_least_value_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        evaluate(Able(), make_data(20), **changes)


def test_labels_of_another_length_are_refused():
    X_train, y_train, X_test, y_test = make_data(20)
    with pytest.raises(ValueError, match="y must have one label a row of X; got 19 labels and 20 rows"):
        evaluate(Able(), (X_train, y_train, X_test, y_test[:19]))


def test_the_table_holds_every_number_with_its_unit(result):
    lines = as_table(json.loads(json.dumps(result)))
    by_name = {line.name: line for line in lines}
    assert len(by_name) == len(lines)
    assert by_name["negative evidence lower bound"].unit == "nats"
    assert "1 sample a row, 600 rows" in by_name["negative evidence lower bound"].note
    assert "7 samples a row" in by_name["negative importance-weighted bound"].note
    assert by_name["classification error"].value == 0
    assert "learned from 600 labels" in by_name["classification error"].note
    assert by_name["negative evidence lower bound given the label"].unit == "nats"
    assert by_name["active dimensions"][1:3] == (2, "of 2")
    assert "in 3 pairs" in by_name["MMD to the prior"].note


def test_the_seed_of_an_evaluation_is_that_of_the_draws_behind_its_bounds():
    seeds = []

    class Watched(Able):
        def score_samples(self, X, n_samples=1, kind="elbo", random_state=0, labels=None):
            seeds.append(random_state)
            return super().score_samples(X, n_samples, kind, random_state, labels)

    evaluate(Watched(), make_data(20), seed=0)
    evaluate(Watched(), make_data(20), seed=1)
    assert len(seeds) == 8
    assert len(set(seeds)) == 2


class Clusters(Able):
    """Clusters by the sign of the first coordinate: 0 where it is positive, whatever the labels are called."""

    classes_ = None
    label_values = np.arange(3)

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)

    def predict_proba(self, X):
        high = 1 / (1 + np.exp(-X[:, 0]))
        return np.stack([high, 1 - high, np.zeros(len(X))], axis=1)


def test_clusters_are_measured_as_clusters_and_not_as_classes():
    X_train, y_train, X_test, y_test = make_data(100)
    result = evaluate(Clusters(), (X_train, y_train, X_test, np.array(["ant", "bee"])[y_test]))
    assert "classification" not in result
    assert result["regions"]["skipped"] == "the model's classes are no labels of the data"
    assert result["label_likelihood"]["skipped"] == "the model was fitted without labels"
    found = result["clustering"]
    assert found["aae_protocol"]["accuracy"] == found["hungarian"]["accuracy"] == 1
    assert found["aae_protocol"]["label_of_cluster"][:2] == ["bee", "ant"]
    assert found["normalized_mutual_information"] == pytest.approx(1)
    assert found["adjusted_rand_index"] == 1
    assert (found["rows"], found["clusters"], found["clusters_used"], found["seed"]) == (100, 3, 2, 0)
    names = [line.name for line in as_table(json.loads(json.dumps(result, allow_nan=False)))]
    assert not any("classification" in name or "own label" in name for name in names)
    assert {"accuracy by the AAE protocol", "accuracy by Hungarian matching", "adjusted Rand index"} <= set(names)


def test_clusters_of_rows_without_labels_are_skipped_with_the_reason():
    X_train, _, X_test, _ = make_data(20)
    result = evaluate(Clusters(), (X_train, None, X_test, None))
    assert result["clustering"]["skipped"] == "the data has no labels"
    assert [line.note for line in as_table(result) if line.name == "clustering"] == ["skipped: the data has no labels"]


class Noisy(Able):
    """Draws data with its noise, so that a window on many draws comes near the density itself."""

    def sample(self, n=1, labels=None, random_state=None):
        noise = np.random.default_rng(0 if random_state is None else random_state + 1).normal(size=(n, 4))
        return super().sample(n, labels, random_state) + self.noise * noise


def test_the_window_on_exact_samples_is_near_the_likelihood_and_below_it():
    result = evaluate(Noisy(), make_data(400), parzen=True, parzen_samples=20_000)
    exact = -result["likelihood"]["evidence_lower_bound"]["negative_log_likelihood_nats"]
    block = result["parzen"]
    assert exact - 0.3 < block["log_likelihood_nats"] < exact
    assert (block["rows"], block["samples"], block["seed"]) == (400, 20_000, 0)
    assert (block["bandwidth_chosen_on"], block["bandwidth_rows"]) == ("training", 400)
    (line,) = (line for line in as_table(json.loads(json.dumps(result))) if line.name == "Parzen log-likelihood")
    assert line.unit == "nats"
    assert "20,000 samples" in line.note
    assert "chosen on 400 training rows" in line.note


def test_the_windows_bandwidth_is_chosen_on_validation_rows_where_there_are_any():
    X_train, y_train, X_test, y_test = make_data(30)
    splits = Splits(
        Dataset("train", (X_train,), y_train),
        Dataset("validation", (X_train[:7],)),
        Dataset("test", (X_test,), y_test),
    )
    of_splits = evaluate(Noisy(), splits, parzen=True, parzen_samples=50)["parzen"]
    given = evaluate(
        Noisy(), (X_train, y_train, X_test, y_test), parzen=True, parzen_samples=50, validation=X_train[:7]
    )["parzen"]
    assert of_splits == given
    assert (given["bandwidth_chosen_on"], given["bandwidth_rows"]) == ("validation", 7)


def test_a_window_needs_samples_and_rows_for_its_bandwidth():
    _, _, X_test, y_test = make_data(20)
    alone = evaluate(Able(), (None, None, X_test, y_test), parzen=True, parzen_samples=5)
    assert "no validation or training rows" in alone["parzen"]["skipped"]
    assert evaluate(Unable(), make_data(20), parzen=True)["parzen"]["skipped"].startswith("the model cannot")
    assert "parzen" not in evaluate(Able(), make_data(20))
