"""What the report of a run shows, for models and data of every kind."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from latently import AAE, VAE, ClusteringAAE, ConditionalVAE, DenoisingAutoencoder, SemiSupervisedVAE
from latently.criterion import BOUND, ERROR
from latently.data import Dataset, digits, split
from latently.evaluation import Line, evaluate
from latently.report import report_run
from latently.report.label_scenes import known_labels_of, label_names, one_of_each
from latently.report.story import _judged_by, _pace, headline, shortcomings
from latently.run import Run, Training, film_rows, train_together
from small_models import as_if_loaded

SMALL = {"hidden": (16,), "epochs": 2, "batch_size": 64, "random_state": 0}
COMMANDS = {"give other data every label": "latently restyle runs/mine DATA"}


def run_of(model, splits, folder):
    from latently.estimators.saving import model_config

    run = Run.create(folder)
    trainer = model.trainer(splits.train.x, splits.train.labels)
    run.write_config(model_config(model) | {"run": {"command": "latently fit"}})
    training = Training(model, trainer, run, film=film_rows(splits).x, until=model.total_rounds(trainer))
    assert train_together([training])
    return run


@pytest.fixture(scope="module")
def images():
    return split(digits(), seed=0)


def pictures_of(run):
    return {path.name for path in (run.folder / "figures").iterdir()}


def test_images_in_two_dimensions_give_every_picture(images, tmp_path):
    model = VAE(2, **SMALL)
    run = run_of(model, images, tmp_path / "run")
    page = report_run(model, run, images, evaluate(model, images, importance_samples=2), {}).read_text()
    assert pictures_of(run) == {
        "film.gif",
        "codes.png",
        "reconstructions.png",
        "samples.png",
        "manifold.png",
        "interpolations.png",
        "prior_match.png",
        "terms.png",
    }
    assert page.count("<img") == 8
    assert "negative evidence lower bound" in page
    with Image.open(run.folder / "figures" / "film.gif") as film:
        assert film.n_frames == len(run.film()[0]) > 10


def test_a_prior_that_was_fitted_to_codes_is_told_from_one_that_shaped_them(images, tmp_path):
    model = DenoisingAutoencoder(2, **SMALL)
    run = run_of(model, images, tmp_path / "run")
    page = report_run(model, run, images, evaluate(model, images), {}).read_text()
    assert "a normal that was fitted to training codes" in page
    assert "2 dimensions, fitted normal prior" in page
    assert "Noise cleaned away" in page
    assert "evidence lower bound" not in page


@pytest.mark.sampled
@pytest.mark.parametrize(
    "model",
    [
        VAE(1, **SMALL),
        VAE(5, prior_scale=2.0, corruption="masking:0.2", **SMALL),
        AAE(2, prior="swiss-roll", **SMALL),
        AAE(4, prior="star", normalization="batch", **SMALL),
        AAE(3, prior="uniform", **SMALL),
    ],
    ids=["one dimension", "five dimensions, denoising", "curve", "star in four dimensions", "uniform"],
)
def test_codes_of_any_dimension_over_any_prior_are_drawn(model, images, tmp_path):
    if model.latent_dim == 3:  # an odd dimension has no pairs to tie labels to
        images = split(Dataset("digits", images.train.views), seed=0)
    run = run_of(model, images, tmp_path / "run")
    page = report_run(model, run, images, None, {}).read_text()
    assert {"film.gif", "codes.png", "samples.png"} <= pictures_of(run)
    draws = isinstance(model, VAE)  # an AAE's encoder is deterministic unless said: a row has one code
    assert ("One draw of the posterior" in page, "The mean codes of" in page) == (draws, draws)
    assert ("The code of every held-out row" in page, f"The codes of {len(images.test)} held-out rows" in page) == (
        not draws,
        not draws,
    )


def test_a_table_is_drawn_by_its_columns(tmp_path):
    rows = np.random.default_rng(0).normal(size=(200, 5)).astype(np.float32)
    table = split(Dataset("table", (rows,), description={"columns": list("abcde")}), seed=0)
    model = VAE(2, **SMALL)
    run = run_of(model, table, tmp_path / "run")
    report_run(model, run, table, None, {})
    assert "manifold.png" not in pictures_of(run)
    assert {"reconstructions.png", "samples.png", "codes.png"} <= pictures_of(run)


@pytest.mark.parametrize("model", [VAE(3, **SMALL), ConditionalVAE(2, **SMALL)], ids=["VAE", "CVAE"])
def test_spectra_are_drawn_as_curves(model, tmp_path):
    places = np.linspace(400, 900, 30)
    rows = np.random.default_rng(0).normal(size=(120, 30)).astype(np.float32)
    named = {"columns": [f"{place:g}" for place in places]}
    table = split(Dataset("spectra", (rows,), np.arange(120) % 3, ("a", "b", "c"), named), seed=0)
    run = run_of(model, table, tmp_path / "run")
    page = report_run(model, run, table, None, {}).read_text()
    drawn = {"reconstructions.png", "samples.png", "manifold.png", "interpolations.png"}
    assert drawn | ({"restyled.png"} if model.knows_labels else set()) <= pictures_of(run)
    assert "dashed, the rows themselves" in page


def test_a_model_given_labels_shows_restyled_rows_confusions_and_the_manifold_of_a_class(images, tmp_path):
    model = ConditionalVAE(2, **SMALL)
    run = run_of(model, images, tmp_path / "run")
    evaluation = evaluate(model, images, importance_samples=2, max_rows=100)
    page = report_run(model, run, images, evaluation, COMMANDS).read_text()
    pictures = {"restyled.png", "confusion.png", "calibration.png", "manifold.png", "interpolations.png"}
    assert pictures | {"samples.png", "codes.png"} <= pictures_of(run)
    assert "clusters.png" not in pictures_of(run)
    for words in (
        "The manifold of 0",
        "Samples by class",
        "classification error",
        *COMMANDS,
        *COMMANDS.values(),
        f"On 100 of {len(images.test):,} held-out rows.",
        f"{len(images.train):,} of {len(images.train):,} rows, 10 classes",
        "samples/s, once compiled",
    ):
        assert words in page


@pytest.mark.parametrize(
    "model", [SemiSupervisedVAE(3, **SMALL), ClusteringAAE(3, **SMALL)], ids=["M2 without labels", "clustering AAE"]
)
def test_clusters_are_shown_against_labels_and_by_their_samples(model, images, tmp_path):
    unlabelled = dataclasses.replace(images.train, labels=None, classes=())
    run = run_of(model, dataclasses.replace(images, train=unlabelled), tmp_path / "run")
    page = report_run(model, run, images, evaluate(model, images, importance_samples=2, max_rows=100), {}).read_text()
    assert {"clusters.png", "restyled.png", "samples.png"} <= pictures_of(run)
    assert "confusion.png" not in pictures_of(run)
    for words in ("Samples by cluster", "AAE protocol", "The manifold of cluster 0"):
        assert words in page


def test_words_are_kept_as_labels_and_hidden_ones_guessed(images, tmp_path):
    words = np.array(["ant", "bee"])[images.train.labels % 2]
    words[::2] = ""
    model = as_if_loaded(ConditionalVAE(2, **SMALL), images.train.x, words)
    shown = Dataset(
        "two", images.test.views, np.where(images.test.labels == 3, -1, images.test.labels % 2), ("ant", "bee")
    )
    assert label_names(model, shown) == ["ant", "bee"]
    chosen = one_of_each(shown.labels, len(shown))
    assert known_labels_of(model, shown, chosen).tolist() == ["ant", "bee"]
    assert known_labels_of(model, shown, np.flatnonzero(shown.labels < 0)[:1]).tolist() == [""]


def test_one_row_of_each_label_is_restyled_or_the_first_rows_where_none_is_known():
    assert one_of_each(np.array([-1, 2, 0, 2, 1]), 5).tolist() == [2, 4, 1]
    assert one_of_each(None, 3).tolist() == [0, 1, 2]


def test_labels_that_the_model_never_saw_are_unknown_to_it():
    model = SimpleNamespace(classes_=np.array([3, 5]), label_values=np.array([3, 5]))
    shown = Dataset("four", (np.zeros((4, 2)),), np.array([0, 1, 2, -1]), (3, 4, 5))
    assert known_labels_of(model, shown, np.arange(4)).tolist() == [3, -1, 5, -1]
    assert label_names(model, shown) == ["3", "5"]


@pytest.mark.parametrize(
    ("measured", "shown"),
    [
        (
            "total canonical correlation of the codes of a and b; HSIC of the codes of a and b; linear probe; "
            "read as the true class, a completed; error of numbers, a completed",
            "read as the true class, a completed; error of numbers, a completed; "
            "total canonical correlation of the codes of a and b",
        ),
        (
            "samples read as the class asked for; density of samples; coverage of samples; Brier score; "
            "classification error",
            "samples read as the class asked for; classification error; coverage of samples; density of samples",
        ),
        ("classification error; Brier score", "classification error; Brier score"),
        (
            "variance explained, mean of 3 columns; variance explained, mean of 3 columns, by PCA",
            "variance explained, mean of 3 columns",
        ),
    ],
    ids=["of several views", "drawing, judged", "drawing", "beside PCA"],
)
def test_the_numbers_that_open_a_report_are_those_that_its_model_is_for(measured, shown):
    assert list(headline([Line(name, 1.0, "", "") for name in measured.split("; ")])) == shown.split("; ")


@pytest.mark.parametrize(
    ("kind", "kept_best", "told"),
    [
        ("unknown", False, True),
        ("gaining", False, True),
        ("gaining", True, True),
        ("collapsed", False, True),
        ("diverged", True, True),
        ("over-fitted", False, True),
        ("over-fitted", True, False),
        ("settled", False, False),
        ("settled", True, False),
    ],
)
def test_a_report_says_at_its_top_that_a_model_should_be_trained_again(kind, kept_best, told):
    about = {"verdict": {"kind": kind, "sentence": "It is so; {epochs=30}."}, "best": {"kept": kept_best}}
    assert shortcomings(about) == (["It is so; {epochs=30}."] if told else [])


def test_where_no_held_out_rows_were_measured_nothing_is_said_of_the_training():
    assert shortcomings({}) == []


def test_a_report_says_by_what_its_model_was_judged_and_which_one_is_kept():
    bound, error = BOUND._asdict(), ERROR._asdict()
    assert _judged_by(bound, True) == (
        "the negative bound on the log-likelihood in nats, of held-out rows; the best model is kept"
    )
    assert _judged_by(error, False) == "the classification error, of held-out rows; the last model is kept"


def test_a_second_stage_tells_its_speed_and_both_stages_their_time():
    compiling = [{"round": round_, "samples_per_second": 5.0} for round_ in range(1, 6)]
    history = [*compiling, {"round": 100, "samples_per_second": 1234.0}]
    facts = _pace(history, {"seconds": 12.5, "first_seconds": 10.0})
    assert facts["speed"] == "1,234 samples/s in the second stage, once compiled"
    assert facts["training time"].startswith("12.5 s with both stages")
    assert "stage" not in str(_pace(history, {"seconds": 2.5}))
