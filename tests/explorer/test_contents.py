"""What a page holds of a model is what the model gives, small enough; and the page opens without a network and runs."""

import json
import math
import os
import sys
import webbrowser
from pathlib import Path
from urllib.parse import urlparse

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

import latently
from browser import offline_page
from latently import open_dataset
from latently.explorer import Exploration, Story, contents
from latently.explorer.contents import MOST_ROWS
from latently.export import Blobs, functions, program
from small_models import as_if_fitted, as_if_loaded, small

MNIST = Path(os.environ.get("LATENTLY_DATA", "nowhere")) / "mnist"
RNG = np.random.default_rng(0)
DIGITS = open_dataset("digits")
X, Y = DIGITS.test.x[:60], DIGITS.test.labels[:60]
TYPES = {"f32": "<f4", "f16": "<f2", "u8": "u1", "i16": "<i2"}


def numbers(exploration, blob):
    """The numbers of a blob."""
    data = np.frombuffer(exploration.blobs.bytes(), TYPES[blob["type"]], math.prod(blob["shape"]), blob["offset"])
    return data.reshape(blob["shape"])


def explored(model, X, y=None, **options):
    exploration = model.explore(X, y, **options)
    return exploration, exploration.models[0]


@pytest.fixture(scope="module")
def vae():
    return latently.VAE(latent_dim=5, hidden=(32,), epochs=3, random_state=0).fit(DIGITS.train.x)


@pytest.fixture(scope="module")
def digits(vae):
    return explored(vae, X, np.where(np.arange(60) % 7, Y, -1))


def test_rows_are_there_with_what_the_model_says_of_them(vae, digits):
    exploration, model = digits
    rows = model["rows"]
    np.testing.assert_allclose(numbers(exploration, rows["codes"]), vae.transform(X), atol=1e-6)
    pictures = numbers(exploration, rows["views"][0])
    np.testing.assert_array_equal(pictures[..., 0], X)
    labels = [model["labels"]["values"][place] for place in numbers(exploration, rows["labels"])]
    assert [label for place, label in enumerate(labels) if place % 7] == [
        str(label) for place, label in enumerate(Y) if place % 7
    ]
    assert set(numbers(exploration, rows["labels"])[::7]) == {-1}
    missed = ((vae.preprocessing_(X) - np.asarray(vae.preprocessing_(vae.reconstruct(X)))) ** 2).mean(axis=1)
    np.testing.assert_allclose(numbers(exploration, rows["errors"]), missed, atol=1e-3)  # pixels are rounded
    np.testing.assert_allclose(numbers(exploration, rows["bounds"]), vae.score_samples(X, 4), rtol=1e-4)
    assert (rows["count"], rows["of"], rows["predictions"], rows["present"]) == (60, 60, None, None)
    assert (model["name"], model["labels"]["in"], model["labels"]["classifies"]) == ("vae", None, False)


def test_the_space_of_codes_is_told(vae, digits):
    exploration, model = digits
    latent, codes = model["latent"], vae.transform(X)
    np.testing.assert_allclose(latent["deviation"], codes.std(axis=0), rtol=1e-5)
    np.testing.assert_allclose(latent["carries"], vae.posterior_kl(X).mean(axis=0), rtol=1e-5)
    assert latent["order"] == sorted(range(5), key=lambda place: -latent["carries"][place])
    spread = (codes - codes.mean(axis=0)) @ np.array(latent["components"]).T
    np.testing.assert_allclose(spread.var(axis=0) / codes.var(axis=0).sum(), latent["explained"], rtol=1e-4)
    assert numbers(exploration, model["prior"]["draws"]).std() == pytest.approx(1, abs=0.05)


def test_draws_of_a_prior_that_is_tied_to_labels_are_of_each():
    model = as_if_fitted(small(latently.AAE, prior="star"), X, Y)
    exploration, found = explored(model, X, Y)
    labels = numbers(exploration, found["prior"]["labels"])
    assert np.bincount(labels).tolist() == [200] * 10
    draws = numbers(exploration, found["prior"]["draws"])
    petals = np.asarray(model.game_.prior.responsibilities(jnp.asarray(draws), 10)).argmax(axis=1)
    assert (petals == labels).mean() > 0.95
    assert found["labels"]["in"] == "prior"
    assert numbers(exploration, found["rows"]["predictions"]).tolist() == model.predict(X).tolist()


def test_equally_few_of_many_rows_are_drawn_and_it_is_said():
    model = small(latently.VAE)
    rows = RNG.normal(size=(MOST_ROWS + 2000, 3)).astype(np.float32)
    exploration, found = explored(as_if_fitted(model, rows[:50]), rows)
    kept = numbers(exploration, found["rows"]["views"][0])
    assert (found["rows"]["count"], found["rows"]["of"]) == (MOST_ROWS, MOST_ROWS + 2000)
    assert found["about"]["notes"] == [f"{MOST_ROWS:,} of {MOST_ROWS + 2000:,} rows are here, drawn by seed 0."]
    places = [np.flatnonzero((rows == row).all(axis=1))[0] for row in kept[::50]]
    assert places == sorted(places)
    assert max(places) > MOST_ROWS


def test_large_pictures_are_thumbnails_and_only_as_many_as_a_page_can_hold(monkeypatch):
    monkeypatch.setattr(sys.modules[contents.__module__], "MOST_BYTES", 500_000)
    rows = RNG.integers(0, 256, (300, 128, 96, 3)).astype(np.uint8)
    exploration, found = explored(as_if_fitted(small(latently.VAE), rows[:20]), rows)
    kept = numbers(exploration, found["rows"]["views"][0])
    assert kept.shape[1:] == (32, 24, 3)
    assert 200 < len(kept) < 300
    means = rows.reshape(300, 32, 4, 24, 4, 3).mean(axis=(2, 4))
    assert min(np.abs(means - kept[9]).max(axis=(1, 2, 3))) <= 1  # rounded along one side, then along the other
    assert "Pictures of rows are thumbnails; what is decoded is shown whole." in found["about"]["notes"]
    assert found["views"][0]["shape"] == [128, 96, 3]


def frame(n):
    table = pd.DataFrame(
        {
            "age": RNG.normal(50, 10, n).round(),
            "town": RNG.choice(["Bonn", "</script><b>"], n),
            "visits": RNG.poisson(3, n),
        }
    )
    table.loc[::5, "age"] = np.nan
    return table


def examples():
    """A model of each kind that pages differ for, with rows of its data and their labels."""
    series = RNG.normal(size=(40, 24, 2)).cumsum(axis=1)
    halves = {"left": X[:, :, :4].copy(), "right": X[:, :, 4:].astype(float)}
    halves["right"][::3] = np.nan
    people = pd.DataFrame({"age": RNG.uniform(20, 80, 60), "sex": RNG.choice(["f", "m"], 60)})
    return {
        "classes": (small(latently.ConditionalVAE), X, Y),
        "conditions": (small(latently.ConditionalVAE), X, people),
        "clusters": (small(latently.ClusteringAAE), X, None),
        "views": (small(latently.VCCA, latent_dim=3), halves, None),
        "generator": (small(latently.ACGAN), X, Y),
        "table": (small(latently.VAE), frame(60), None),
        "series": (small(latently.VAE, network="conv1d", channels=(4,)), series, None),
        "vectors": (small(latently.VAE, latent_dim=1), RNG.normal(size=(40, 6)), None),
        "colour": (small(latently.VAE, latent_dim=3), RNG.integers(0, 256, (40, 3, 6, 5)).astype(np.uint8), None),
    }


def named(view):
    return [column["name"] for column in view["columns"]]


def test_columns_of_numbers_keep_their_names():
    lengths = pd.DataFrame(RNG.normal(size=(40, 3)), columns=["sepal", "petal", "<b>stem</b>"])
    _, found = explored(as_if_loaded(small(latently.VAE), lengths), lengths)
    assert (found["views"][0]["kind"], named(found["views"][0])) == ("vector", ["sepal", "petal", "<b>stem</b>"])
    views = {"flower": lengths, "root": lengths.iloc[:, :2].add_prefix("root ")}
    _, found = explored(as_if_loaded(small(latently.VCCA), views), views)
    assert [named(view) for view in found["views"]] == [list(frame) for frame in views.values()]
    _, found = explored(as_if_loaded(small(latently.VAE), lengths.to_numpy()), lengths.to_numpy())
    assert found["views"][0]["columns"] is None


@pytest.fixture(scope="module")
def page():
    with offline_page() as page:
        yield page


def opened(page, path):
    """The page at a path, and what went wrong in it; nothing else may be asked for."""
    wrong, asked = [], []
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_function(
        "() => globalThis.latently?.explorers.every((each) => each.store.state.decoded)", timeout=60_000
    )
    assert {urlparse(url).scheme for url in asked} <= {"file", "data", "blob"}
    assert [url for url in asked if url.startswith("file")] == [path.as_uri()]
    return wrong


@pytest.mark.sampled
@pytest.mark.parametrize("name", examples())
def test_pages_open_without_a_network_and_decode(name, page, tmp_path):
    estimator, rows, labels = examples()[name]
    model = as_if_fitted(estimator, rows, labels)
    path = model.explore(rows, labels, full_precision=True).save(tmp_path / "explorer.html")
    assert opened(page, path) == []
    code, told, decoded = page.evaluate(
        "() => { const { code, told, decoded } = latently.explorers[0].store.state;"
        "return [[...code], told && Array.from(told, String), decoded.map((view) => [...view])] }"
    )
    told = None if told is None else np.float32([told])
    if model.conditions_ is not None:
        told = model.conditions_(None, 1)
    wanted = model.fitted_.decode(np.float32([code]), told)
    wanted = list(wanted.values()) if isinstance(wanted, dict) else [np.asarray(wanted)]
    for right, given in zip(wanted, decoded, strict=True):
        exact = 0.501 if right.dtype == np.uint8 else 1e-3
        np.testing.assert_allclose(given, right[0].ravel(), atol=exact, rtol=1e-3)
    assert page.locator("b").count() == 0  # names are text


def test_two_models_are_side_by_side(vae, page, tmp_path):
    blobs = Blobs()
    other = as_if_fitted(small(latently.AAE), X)
    rows = [model.preprocessing_.check(X) for model in (vae, other)]
    models = [
        contents(model, x, None, Story(name), blobs) for model, x, name in zip((vae, other), rows, "ab", strict=True)
    ]
    assert opened(page, Exploration(models, blobs).save(tmp_path / "both.html")) == []
    assert page.locator("article.model").count() == 2


def test_a_notebook_shows_the_page_in_a_frame(digits):
    shown = digits[0]._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert shown.count('"') == shown.count('="') * 2  # nothing ends the attribute early


def test_it_opens_in_a_browser_from_python(digits, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    path = digits[0].open()
    assert opened == [path.as_uri()]
    assert path.read_text(encoding="utf-8") == digits[0].page()


@pytest.mark.skipif(not MNIST.exists(), reason="needs $LATENTLY_DATA/mnist")
def test_rows_of_mnist_take_less_than_three_megabytes(monkeypatch):
    monkeypatch.setenv("LATENTLY_DATA", str(MNIST.parent))
    mnist = open_dataset("mnist")
    model = as_if_loaded(latently.VAE.from_preset("vae-mlp", random_state=0), np.asarray(mnist.train.x[:100]))
    terms = dict.fromkeys(("vae/negative evidence lower bound", "vae/kl", "vae/reconstruction error"), 0.123456)
    model.history_ = [{"round": n, "epoch": n / 7, "terms": terms, "held_out": terms} for n in range(300)]
    codes = RNG.normal(size=(60, 1500, model.latent_dim)).cumsum(axis=0)
    blobs, weights = Blobs(), Blobs()
    told = Story("VAE", film=(np.arange(60), codes, mnist.test.labels[:1500]))
    found = contents(model, mnist.test.x, mnist.test.labels, told, blobs)
    assert found["rows"]["count"] == 10_000
    for function in ("encode", "decode"):
        program(functions(model.fitted_)[function], weights)
    page, alone = (len(Exploration(models, each).page()) for models, each in (([found], blobs), ([], weights)))
    scripts = len(Exploration([], Blobs()).page())
    assert 2_500_000 < page - (alone - scripts) < 3_000_000


def test_numbers_that_json_does_not_know_are_null():
    rows = RNG.normal(size=(30, 3))
    model = as_if_fitted(small(latently.VAE), rows)
    model.history_ = [{"round": 1, "epoch": 1.0, "terms": {"vae/kl": math.nan}, "held_out": None}]
    page = model.explore(rows).page()
    manifest = json.loads(page.split('id="manifest">')[1].split("</script>")[0])
    assert manifest["models"][0]["history"]["terms"] == {"vae/kl": [None]}


def test_a_model_that_decodes_nearly_the_same_everywhere_says_so_at_the_top(see):
    model = latently.VAE(latent_dim=2, hidden=(8,), epochs=1, early_stopping=True, random_state=0).fit(DIGITS.train.x)
    exploration, told = explored(model, X)
    alike, too_short = told["about"]["warnings"]
    assert alike.startswith("Whatever the code, about the same is decoded")
    assert too_short == str(model.verdict_)
    page = see(exploration)
    assert page.inner_text(".warnings").splitlines()[0] == alike
    assert page.complaints == []


def test_a_model_that_has_learned_has_no_warnings():
    line = np.linspace(-1, 1, 200)[:, None] * np.array([[1.0, 2.0, -1.0]])
    model = latently.VAE(latent_dim=1, hidden=(16,), epochs=60, learning_rate=1e-2, random_state=0).fit(line)
    assert model.fitted_.spread_kept(line) > 0.5
    assert explored(model, line)[1]["about"]["warnings"] == []
