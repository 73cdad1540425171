"""A name that is misspelt is answered with the one that was meant, wherever names are taken from a known set."""

import copy
import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import latently
from latently import VAE, VCCA, Table, open_dataset
from latently.cli import main
from latently.estimators.hyperparameters import said_of_unknown
from latently.reading import path_meant
from latently.recipes import load_recipe

ROWS = np.random.default_rng(0).uniform(size=(12, 4))
PEOPLE = pd.DataFrame({"age": [30.5, 41.0, 52.5, 70.0], "weight": [60.0, 71.5, 64.5, 80.0], "town": list("abab")})


def fitted(**hyperparameters):
    return VAE(2, hidden=(4,), epochs=1, **hyperparameters).fit(ROWS)


def two_views(**hyperparameters):
    return VCCA(2, hidden=(4,), epochs=1, **hyperparameters).fit({"left": ROWS, "right": ROWS})


@pytest.mark.parametrize(
    ("call", "meant"),
    [
        (lambda: fitted(prior="norml"), "normal"),
        (lambda: fitted(likelihood="bernouli"), "bernoulli"),
        (lambda: fitted(network="cov"), "conv"),
        (lambda: fitted(schedule="cosin"), "cosine"),
        (lambda: fitted(activation="rellu"), "relu"),
        (lambda: fitted(normalization="bacth"), "batch"),
        (lambda: fitted(corruption="gausian:0.3"), "gaussian"),
        (lambda: two_views(likelihood={"left": "gausian"}), "gaussian"),
        (lambda: two_views(likelihood={"lft": "gaussian"}), "left"),
        (lambda: two_views(inferred_from=["lft"]), "left"),
        (lambda: VAE.from_preset("vae-3d"), '"vae-2d"'),
        (lambda: Table.of(PEOPLE, kinds="age=numbr"), "number"),
        (lambda: Table.of(PEOPLE, kinds={"agee": "number"}), "age"),
        (lambda: Table.of(PEOPLE, columns=["age", "wieght"]), "weight"),
        (lambda: Table.of(PEOPLE, leave_out=["Town"]), "town"),
        (lambda: open_dataset("digts"), '"digits"'),
        (lambda: open_dataset("digits", views="halvs"), "halves"),
        (lambda: load_recipe("vae-2"), "vae-2d"),
    ],
)
def test_the_value_that_was_meant_is_named(call, meant):
    with pytest.raises(ValueError, match=rf" Did you mean {meant}\?$"):
        call()


def test_nothing_is_asked_where_no_name_is_alike():
    with pytest.raises(ValueError, match=r"got 'rnn'\.$"):
        fitted(network="rnn")


# ---- hyperparameters by name ----


@dataclasses.dataclass(eq=False, repr=False)
class Wider(VAE):
    """A model of a user's own, with a hyperparameter more."""

    width: int = 3


class Named(VAE):
    """A model of a user's own that adds none."""


@pytest.mark.parametrize("model", [VAE, Wider, Named])
def test_a_hyperparameter_that_is_not_there_is_named_with_the_one_that_was_meant(model):
    sentence = rf"^{model.__name__} has no hyperparameter latentdim; help\(\w+\) lists all\. Did you mean latent_dim\?$"
    for call in (model, lambda **given: model.from_preset("vae-2d", **given)):
        with pytest.raises(TypeError, match=sentence):
            call(latentdim=2)
    with pytest.raises(ValueError, match=sentence):
        model().set_params(latentdim=2)


@pytest.mark.parametrize("model", [VAE(3, beta=2.0), Wider(3, width=5), Named(latent_dim=3)])
def test_models_are_still_copied_as_scikit_learn_and_pickle_do(model):
    for copied in (clone(model), copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert copied.get_params() == model.get_params()
    assert model.set_params(latent_dim=4).latent_dim == 4


def test_a_class_that_takes_any_name_is_not_asked():
    class Free:
        def __init__(self, **given):
            pass

    assert said_of_unknown(Free, ["anything"]) == ""


def test_a_name_that_the_package_has_not_got_is_answered_with_one_that_it_has():
    with pytest.raises(AttributeError, match=r"no attribute 'Vae'\. Did you mean VAE\?$"):
        latently.Vae  # noqa: B018


# ---- files and folders ----


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("runs/vae-digits-1").mkdir(parents=True)
    PEOPLE.to_csv("people.csv", index=False)
    return tmp_path


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("people.csvv", "people.csv"),
        ("peple.parquet", "people.csv"),
        ("run/vea-digits-1", "runs/vae-digits-1"),
        ("runs/vae", "runs/vae-digits-1"),
        ("nothing/of/it", None),
        ("people.csv", None),
        ("people.csv/inside", None),
    ],
)
def test_the_path_that_was_meant_is_found_part_by_part(given, meant, here):
    assert path_meant(given) == ("" if meant is None else f" Did you mean {Path(meant)}?")


def test_files_that_are_not_there_are_answered_with_those_that_are(here):
    with pytest.raises(FileNotFoundError, match=r"Did you mean runs/vae-digits-1\?$"):
        latently.load("run/vae-digits-1")
    for given in ({"source": "peopel.csv"}, {"source": "people.csv", "test": "peopel.csv"}):
        with pytest.raises(ValueError, match=r"Did you mean people\.csv\?$"):
            open_dataset(**given)
    Path("people.yaml").touch()
    with pytest.raises(ValueError, match=r"Did you mean people\.yaml\?$"):
        load_recipe("peopl.yaml")


# ---- the terminal ----


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["fit", "vae", "--data", "digits", "--prior", "norml"], "normal"),
        (["fit", "vae", "--data", "digits", "--likelihood", "bernouli"], "bernoulli"),
        (["fit", "vae", "--data", "digits", "--normalization", "batch,layr"], "layer"),
        (["fit", "vae", "--data", "digits", "--activation", "relu,rellu"], "relu"),
        (["fit", "vae", "--data", "people.csvv"], "people.csv"),
        (["fit", "vae", "--data", "people.csv", "--columns", "age,wieght"], "weight"),
        (["fit", "vae", "--data", "people.csv", "--leave-out", "twon"], "town"),
        (["fit", "vae", "--data", "people.csv", "--labels-column", "Town"], "town"),
        (["fit", "vae", "--data", "people.csv", "--kinds", "age=count,wieght=number"], "weight"),
        (["fit", "vae", "--data", "people.csv", "--kinds", "age=countt"], "count"),
        (["fit", "vae", "--data", "people.csv", "--dialect", "delimter=comma"], "delimiter"),
        (["fit", "vae", "--data", "people.csv", "--parts", "trian=a"], "train"),
        (["fit", "vae", "--config", "peple.csv"], "people.csv"),
        (["dimensions", "digits", "--model", "vea"], "vae"),
        (["sample", "run/vae-digits-1"], "runs/vae-digits-1"),
        (["sample", "runs/vae"], "runs/vae-digits-1"),
        (["encode", "runs/vae-digits-1", "digits", "--part", "tset"], "test"),
    ],
)
def test_the_terminal_asks_too(words, meant, here, capsys):
    assert main(words) == 2
    assert capsys.readouterr().err.endswith(f" Did you mean {meant}?\n")
