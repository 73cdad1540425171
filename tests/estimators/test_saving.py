"""A saved model comes back as it was, from files that hold nothing but JSON and numbers."""

import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.exceptions import NotFittedError

import latently
from latently import AAE, VAE
from latently.catalogue import MODELS as CATALOGUE
from latently.probability import Normal, Star, Uniform
from small_models import as_if_fitted, small
from toy_games import same_bits

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.integers(0, 256, (24, 4, 4), dtype=np.uint8)
TABLE = RANDOM.normal(10, 3, (24, 5))
WORDS = np.array(["cat", "ant", "dog"])[np.arange(24) % 3]
FAST = {"latent_dim": 2, "hidden": (6,), "epochs": 1, "batch_size": 8, "random_state": 0}
CRITIC = {"critic_hidden": (6,)}
MODELS = {
    "vae": (VAE(**FAST), PIXELS, None),
    "vae, table": (VAE(**FAST), TABLE, None),
    "vae, list and dropout": (
        VAE(**{**FAST, "hidden": [6, 5]}, activation=["elu", "tanh"], dropout=0.1, posterior_scale="softplus"),
        PIXELS,
        None,
    ),
    "vae, warm-up": (VAE(**FAST, beta=0.5, warm_up_epochs=0.5, corruption="gaussian:0.1"), PIXELS, None),
    "vae, importance": (VAE(**FAST, importance_samples=3, likelihood="laplace", output="tanh"), PIXELS, None),
    "vae, star": (VAE(**FAST, prior="star", prior_scale=2.0), PIXELS, None),
    "vae, prior instance": (VAE(**FAST, prior=Star(2, petals=3)), PIXELS, None),
    "vae, convolutions": (VAE(**FAST, network="conv", channels=(3, 4)), PIXELS, None),
    "vae, convolutions and batch norm": (
        VAE(**FAST, network="conv", channels=(3,), normalization="batch"),
        np.stack([PIXELS] * 3, axis=-1),
        None,
    ),
    "vae, seed from a generator": (VAE(**{**FAST, "random_state": np.random.RandomState(3)}), PIXELS, None),
    "vae, NumPy parameters": (
        VAE(**{**FAST, "latent_dim": np.int64(2), "learning_rate": np.float32(1e-3)}),
        PIXELS,
        None,
    ),
    "aae": (AAE(**FAST, **CRITIC), PIXELS, None),
    "aae, words": (AAE(**FAST, **CRITIC, prior="star"), PIXELS, WORDS),
    "aae, numbers": (AAE(**FAST, **CRITIC, prior="uniform", prior_scale=2.0), PIXELS, np.arange(24) % 3 * 10),
    "aae, curve": (AAE(**FAST, **CRITIC, prior="swiss-roll"), TABLE, None),
    "aae, prior instance": (AAE(**FAST, **CRITIC, prior=Uniform(2, 0.0, 3.0)), PIXELS, WORDS),
    "aae, implicit": (AAE(**FAST, **CRITIC, encoder="implicit", noise_dim=3, normalization="batch"), PIXELS, None),
    "aae, joint": (
        AAE(**FAST, **CRITIC, encoder="gaussian", fooling_weight=0.01, likelihood="laplace", likelihood_scale=0.5),
        PIXELS,
        None,
    ),
    "aae, penalty": (AAE(**FAST, **CRITIC, penalty="r1", spectral_norm=True, normalization=(None,)), PIXELS, None),
}


def test_a_loaded_model_knows_the_course_of_its_fit(tmp_path):
    model = VAE(**{**FAST, "epochs": 4}).fit(TABLE)
    model.save(tmp_path)
    loaded = latently.load(tmp_path)
    assert loaded.history_ == model.history_
    assert loaded.history_[-1]["round"] == 12
    as_if_fitted(VAE(**FAST), TABLE).save(tmp_path)  # of no rounds
    assert latently.load(tmp_path).history_ == []


def test_what_was_fitted_is_saved_and_copied_whatever_the_hyperparameters_were_set_to_since(tmp_path):
    model = as_if_fitted(VAE(**FAST), TABLE)
    codes = model.transform(TABLE)
    model.set_params(hidden=(7,), latent_dim=3)
    model.save(tmp_path)
    loaded = latently.load(tmp_path)
    assert (loaded.hidden, loaded.latent_dim) == ((6,), 2)
    assert (loaded.transform(TABLE) == codes).all()
    copied = pickle.loads(pickle.dumps(model))
    assert copied.hidden == (7,)
    assert (copied.transform(TABLE) == codes).all()
    copied.save(tmp_path / "copied")
    assert (latently.load(tmp_path / "copied").transform(TABLE) == codes).all()
    assert as_if_fitted(model, TABLE).transform(TABLE).shape == (24, 3)  # a new fit is of the new ones


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused(value, tmp_path):
    as_if_fitted(VAE(**FAST), TABLE).save(tmp_path)
    arrays = load_file(tmp_path / "model.safetensors")
    name = next(name for name in arrays if "weight" in name)
    arrays[name][0] = value
    save_file(arrays, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match=r"model.safetensors holds weights that are NaN or infinite; train the model"):
        latently.load(tmp_path)


def test_the_course_of_a_fit_is_a_data_frame(tmp_path):
    pandas = pytest.importorskip("pandas")
    model = VAE(**{**FAST, "epochs": 4}).fit(TABLE)
    frame = model.history_frame()
    assert frame.index.name == "round"
    assert frame.index.tolist() == [chunk["round"] for chunk in model.history_]
    assert frame.columns.tolist() == [
        *("epoch", "samples_per_second", "vae/active_dimensions", "vae/kl", "vae/reconstruction"),
    ]
    assert frame["vae/kl"].tolist() == [chunk["terms"]["vae/kl"] for chunk in model.history_]
    model.save(tmp_path)
    pandas.testing.assert_frame_equal(latently.load(tmp_path).history_frame(), frame)
    assert as_if_fitted(VAE(**FAST), TABLE).history_frame().shape == (0, 0)
    with pytest.raises(NotFittedError):
        VAE().history_frame()


def test_without_pandas_the_way_to_get_it_is_told(monkeypatch):
    model = as_if_fitted(VAE(**FAST), TABLE)
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        ImportError, match=r"^history_frame needs pandas; install it with: pip install 'latently\[tables"
    ):
        model.history_frame()


@pytest.mark.sampled
@pytest.mark.parametrize("name", MODELS)
def test_a_loaded_model_is_the_saved_one_bit_for_bit(name, tmp_path, monkeypatch):
    estimator, X, y = MODELS[name]
    model = as_if_fitted(estimator, X, y)
    model.save(tmp_path / "model")
    assert {path.name for path in (tmp_path / "model").iterdir()} == {"config.json", "model.safetensors"}
    for loader in ("load", "loads", "Unpickler"):
        monkeypatch.delattr(pickle, loader)
    loaded = latently.load(tmp_path / "model")
    assert type(loaded) is type(model)
    assert same_bits(loaded.game_, model.game_)
    assert (loaded.transform(X) == model.transform(X)).all()
    assert (loaded.reconstruct(X) == model.reconstruct(X)).all()
    assert (loaded.sample(4, random_state=0) == model.sample(4, random_state=0)).all()
    assert loaded.abilities() == model.abilities()
    assert loaded.seed_ == model.seed_
    if y is not None:
        assert (loaded.predict(X) == model.predict(X)).all()
        assert loaded.classes_.tolist() == model.classes_.tolist()
        assert (loaded.sample(3, y[0], random_state=0) == model.sample(3, y[0], random_state=0)).all()
    if "log_likelihood" in model.abilities():
        assert (loaded.score_samples(X, 3, "importance") == model.score_samples(X, 3, "importance")).all()


def test_a_loaded_model_has_the_parameters_of_the_saved_one_and_can_be_fitted_on(tmp_path):
    estimator, X, _ = MODELS["vae, prior instance"]
    model = estimator.fit(X)
    model.save(tmp_path)
    loaded = latently.load(tmp_path)
    assert loaded.get_params() == model.get_params()
    assert (loaded.fit(X).transform(X) == model.transform(X)).all()
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again/config.json").read_text() == (tmp_path / "config.json").read_text()
    assert (tmp_path / "again/model.safetensors").read_bytes() == (tmp_path / "model.safetensors").read_bytes()


def test_saving_over_a_model_replaces_it_and_what_is_said_about_it_is_kept(tmp_path):
    one, two = (as_if_fitted(VAE(**{**FAST, "hidden": (width,)}), PIXELS) for width in (6, 5))
    one.save(str(tmp_path), about={"run": {"source": "digits"}})
    assert json.loads((tmp_path / "config.json").read_text())["run"] == {"source": "digits"}
    two.save(tmp_path)
    assert (latently.load(str(tmp_path)).transform(PIXELS) == two.transform(PIXELS)).all()


def test_a_model_that_was_not_fitted_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match="not fitted"):
        VAE(**FAST).save(tmp_path / "model")
    assert not (tmp_path / "model").exists()


# ---- models of version 0.1.0, whose config has no task ----


@pytest.mark.sampled
@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model.name)
def test_a_config_without_a_task_is_enough(model, tmp_path):
    estimator = small(model.load())
    X = {"picture": PIXELS, "table": TABLE} if estimator.takes_views else TABLE
    saved = as_if_fitted(estimator, X, np.where(np.arange(24) < 18, WORDS, ""))
    saved.save(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    task = config.pop("task")
    assert task["rows"] == 24
    (tmp_path / "config.json").write_text(json.dumps(config))
    loaded = latently.load(tmp_path)
    assert same_bits(loaded.game_, saved.game_)
    assert (loaded.task_.shape, loaded.task_.range) == (saved.task_.shape, saved.task_.range)
    assert loaded.task_.n_labels == saved.task_.n_labels
    assert loaded.abilities() == saved.abilities()


OLD = Path(__file__).parent / "saved-by-0.1.0"


@pytest.mark.parametrize("folder", sorted(OLD.iterdir()), ids=lambda folder: folder.name)
def test_a_folder_that_0_1_0_wrote_answers_as_it_did_then(folder):
    model, then = latently.load(folder), np.load(folder / "answers.npz")
    X = {name[2:]: then[name] for name in then.files if name.startswith("X/")} or then["X"]
    for name, ask in {
        "transform": lambda: model.transform(X),
        "reconstruct": lambda: model.reconstruct(X),
        "sample": lambda: model.sample(4, random_state=1),
        "proba": lambda: model.predict_proba(X),
        "restyle": lambda: model.restyle(X),
        "predict": lambda: model.predict(X),
    }.items():
        if not any(each.split("/")[0] == name for each in then.files):
            continue
        answer = ask()
        for view, values in answer.items() if isinstance(answer, dict) else [("", answer)]:
            was = then[f"{name}/{view}".rstrip("/")]
            assert values.dtype == was.dtype
            if values.dtype.kind == "U":
                assert (values == was).all()
            else:
                np.testing.assert_allclose(values, was, rtol=1e-4, atol=1 if values.dtype == np.uint8 else 1e-5)


# ---- what is refused ----


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    as_if_fitted(AAE(**FAST, **CRITIC, prior=Normal(2)), PIXELS, WORDS).save(folder)
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def _changed(**changes):
    def change(files):
        config = json.loads(files["config.json"])
        for name, value in changes.items():
            part, _, key = name.partition("__")
            if key:
                config[part][key] = value
            elif value is None:
                del config[part]
            else:
                config[part] = value
        return json.dumps(config).encode()

    return "config.json", change


def _cut(name, size):
    return name, lambda files: files[name][:size]


def _content(name, content):
    return name, lambda files: content


DAMAGES = {
    "arrays cut": _cut("model.safetensors", 300),
    "arrays empty": _content("model.safetensors", b""),
    "arrays a pickle": _content("model.safetensors", pickle.dumps({"w": np.zeros(3)})),
    "arrays noise": _content("model.safetensors", np.random.default_rng(0).bytes(900)),
    "config cut": _cut("config.json", 200),
    "config empty": _content("config.json", b""),
    "config noise": _content("config.json", bytes(range(256))),
    "config a list": _content("config.json", b"[1, 2]"),
    "config a number": _content("config.json", b"3"),
    "config of a run that was not finished": _content("config.json", b'{"run": {}}'),
    "newer": _changed(format=99),
    "format a word": _changed(format="one"),
    "no estimator": _changed(estimator=None),
    "another estimator": _changed(estimator="os.system"),
    "estimator a list": _changed(estimator=["VAE"]),
    "parameters a list": _changed(parameters=[1]),
    "an unknown parameter": _changed(parameters__colour="red"),
    "a wrong parameter": _changed(parameters__latent_dim="two"),
    "an impossible parameter": _changed(parameters__activation="sine"),
    "a wrong width": _changed(parameters__hidden=["six"]),
    "another width": _changed(parameters__hidden=[7]),
    "another depth": _changed(parameters__hidden=[6, 6]),
    "an unknown prior": _changed(parameters__prior={"prior": {"name": "moon"}}),
    "a prior of other fields": _changed(parameters__prior={"prior": {"name": "normal", "size": 3}}),
    "a prior that is none": _changed(parameters__prior={"star": 1}),
    "no preprocessing": _changed(preprocessing=None),
    "preprocessing a word": _changed(preprocessing="none"),
    "preprocessing of another shape": _changed(preprocessing__row_shape=[5, 5], preprocessing__event_shape=[25]),
    "preprocessing without a field": _changed(preprocessing={"row_shape": [4, 4]}),
    "preprocessing of a strange type": _changed(preprocessing__dtype="object"),
    "other classes": _changed(classes=["ant", "cat"]),
    "classes a number": _changed(classes=3),
    "no seed": _changed(seed=None),
    "seed a word": _changed(seed="zero"),
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_a_damaged_model_is_refused_in_one_sentence(kind, saved, tmp_path):
    name, change = DAMAGES[kind]
    for other, content in saved.items():
        (tmp_path / other).write_bytes(content)
    (tmp_path / name).write_bytes(change(saved))
    with pytest.raises(ValueError, match=r"config\.json|model\.safetensors") as caught:
        latently.load(tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert message.endswith(".")
    assert len(message) < 500


def test_arrays_of_another_model_are_refused(saved, tmp_path):
    as_if_fitted(VAE(**FAST), PIXELS).save(tmp_path)
    (tmp_path / "config.json").write_bytes(saved["config.json"])
    with pytest.raises(ValueError, match="does not fit this model"):
        latently.load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(saved["model.safetensors"])
    arrays = load_file(tmp_path / "model.safetensors")
    name = next(iter(arrays))
    save_file({**arrays, name: arrays[name].astype(np.float64)}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="does not fit this model"):
        latently.load(tmp_path)


@pytest.mark.parametrize("missing", ["config.json", "model.safetensors", "folder"])
def test_a_folder_without_a_model_is_told_as_such(missing, saved, tmp_path):
    folder = tmp_path / "model"
    if missing != "folder":
        folder.mkdir()
        for name, content in saved.items():
            if name != missing:
                (folder / name).write_bytes(content)
    with pytest.raises(FileNotFoundError, match=r"holds no model: a model's folder has config.json and"):
        latently.load(folder)
