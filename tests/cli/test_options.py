"""Options: from signatures, presets, YAML files and recipes, and which goes before which."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from latently.catalogue import MODELS
from latently.cli.options import FitParser, find_preset, presets_of
from latently.recipes import Recipe, Target, load_recipe, recipe_names

from .conftest import call


def parsed(*words: str, model: str = "vae", defaults: dict[str, Any] | None = None) -> dict[str, Any]:
    parser = FitParser(model)
    given = parser.parse_over(words, defaults or {})
    return {**vars(given), **parser.constructor_arguments(given)}


def test_dashes_and_underscores_are_the_same() -> None:
    assert parsed("--latent_dim", "3")["latent_dim"] == parsed("--latent-dim=3")["latent_dim"] == 3


def test_lists_are_words_between_commas() -> None:
    values = parsed("--hidden", "500,300", "--channels=8", "--activation", "elu,tanh", "--normalization", "none,batch")
    assert (values["hidden"], values["channels"]) == ((500, 300), (8,))
    assert (values["activation"], values["normalization"]) == (("elu", "tanh"), (None, "batch"))
    assert parsed("--activation", "gelu", "--hidden", "none")["activation"] == "gelu"


def test_a_file_or_folder_may_be_called_none() -> None:
    values = parsed("--data", "none", "--out", "none", "--corruption", "none")
    assert (values["data"], values["out"], values["corruption"]) == ("none", "none", None)


def test_image_sizes_are_read_as_people_write_them() -> None:
    sizes = [parsed("--image-size", size)["image_size"] for size in ("28", "28,32", "28x32")]
    assert sizes == [28, (28, 32), (28, 32)]


def test_switches_can_be_turned_off_again() -> None:
    assert parsed("--spectral-norm", model="aae")["spectral_norm"] is True
    assert parsed("--spectral-norm", "--no-spectral-norm", model="aae")["spectral_norm"] is False


def test_a_run_from_the_terminal_has_a_seed() -> None:
    assert parsed()["random_state"] == 0


def test_options_go_before_files_before_presets_before_defaults(tmp_path: Path) -> None:
    file = tmp_path / "options.yaml"
    file.write_text("preset: vae-2d\nbatch-size: 7\nlearning_rate: 0.5\n")
    values = parsed("--learning-rate", "0.25", "--config", str(file))
    assert (values["learning_rate"], values["batch_size"]) == (0.25, 7)
    assert (values["hidden"], values["latent_dim"]) == ((256,), 2)  # of the preset
    assert values["beta"] == 1.0


def test_what_print_config_prints_is_a_file_of_the_same_options(tmp_path: Path) -> None:
    answer = call("fit", "vae", "--preset", "vae-mlp", "--beta", "2", "--print-config")
    assert answer.code == 0
    file = tmp_path / "options.yaml"
    file.write_text(answer.out)
    both = [parsed("--config", str(file)), parsed("--preset", "vae-mlp", "--beta", "2")]
    assert {name: value for name, value in both[0].items() if name != "config"} == {
        name: value for name, value in both[1].items() if name != "config"
    }


def test_unknown_names_in_a_file_are_errors(here: Path) -> None:
    (here / "options.yaml").write_text("latent_dims: 3\n")
    answer = call("fit", "vae", "--config", "options.yaml")
    assert answer.code == 2
    assert (
        "there is no option --latent-dims; `latently fit vae --help` lists all. Did you mean --latent-dim?"
        in answer.err
    )


@pytest.mark.parametrize("name", [name for model in MODELS for name in presets_of(model.terminal)])
def test_every_preset_is_the_same_in_the_terminal_and_in_python(name: str) -> None:
    model = find_preset(name)
    assert model is not None
    assert parsed("--preset", name, model=model).items() >= presets_of(model)[name].items()


@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_can_be_parsed_and_has_a_number_to_reach(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.reach
    values = parsed(model=recipe.model, defaults=dict(recipe.options))
    assert values["data"] is not None
    wanted = {key: tuple(value) if isinstance(value, list) else value for key, value in recipe.options.items()}
    assert values.items() >= wanted.items()


def test_options_change_a_recipe() -> None:
    assert parsed("--epochs", "1", defaults=dict(load_recipe("vae-2d").options))["epochs"] == 1


def test_a_number_that_was_not_measured_is_not_reached() -> None:
    target = Target("share", "regions.share", at_least=0.5)
    assert not target.judge({"regions": {"skipped": "no labels"}}).reached
    assert target.judge({"regions": {"share": 0.5}}).reached
    assert target.rule == "≥ 0.5"
    assert not Target("ratio", "a.b", at_most=3).judge({"a": {"b": 3.1}}).reached


def test_a_recipe_of_ones_own_is_a_file(tmp_path: Path) -> None:
    values = {"about": "mine", "model": "aae", "options": {"data": "digits", "latent-dim": 2}}
    file = tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(values))
    assert load_recipe(str(file)) == Recipe("mine", "mine", "aae", {"data": "digits", "latent_dim": 2}, ())
    file.write_text("model: aae\n")
    with pytest.raises(ValueError, match="must hold about, model, options"):
        load_recipe(str(file))
    file.write_text(yaml.safe_dump({**values, "model": "ave"}))
    with pytest.raises(ValueError, match=r"mine\.yaml: model must be one of vae, .*; got 'ave'\. Did you mean"):
        load_recipe(str(file))
    file.write_text(yaml.safe_dump({**values, "reach": [{"name": "share", "key": "regions.share"}]}))
    with pytest.raises(ValueError, match="must have one of at_most and at_least"):
        load_recipe(str(file))


def test_values_in_a_file_are_read_as_the_words_of_a_command_line_are(tmp_path: Path) -> None:
    file, other = tmp_path / "options.yaml", tmp_path / "other.yaml"
    file.write_text("hidden: [64, 32]\nbinarize: yes\nlikelihood-scale: 2\nactivation: elu,tanh\ncorruption: none\n")
    other.write_text("hidden: 16\nimage_size: [28, 32]\n")
    values = parsed("--config", str(file))
    assert (values["hidden"], values["binarize"], values["likelihood_scale"]) == ((64, 32), True, 2.0)
    assert (values["activation"], values["corruption"]) == (("elu", "tanh"), None)
    both = parsed("--config", str(file), "--config", str(other))
    assert (both["hidden"], both["image_size"], both["binarize"]) == ((16,), (28, 32), True)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("latent_dim: few", "--latent-dim must be a whole number; got 'few'."),
        ("latent_dim: 2.5", "--latent-dim must be a whole number; got 2.5."),
        ("latent_dim: [1, 2]", "--latent-dim must be a whole number; got [1, 2]."),
        ("binarize: 7", "--binarize must be yes or no; got 7."),
        ("hidden: wide", "--hidden must be whole numbers separated by commas or none; got 'wide'."),
        ("repeats: 0", "--repeats must be 1 or more; got 0."),
        (
            "image_size: 1,2,3",
            "--image-size must be a whole number, two whole numbers separated by a comma or auto; got",
        ),
        ("likelihood_scale: wide", "--likelihood-scale must be learned or a number; got 'wide'."),
        (
            "preset: vae-3d",
            "--preset must be one of vae-2d, vae-mlp, vae-2d-quick, vae-mlp-quick, vae-conv, vae-table; got 'vae-3d'.",
        ),
        ("config: mine.yaml", "--config is for the command line; take it out of the file."),
        ("latent_dim", "options.yaml must hold options and their values"),
        ("a: [", "options.yaml is no YAML"),
    ],
)
def test_a_file_that_cannot_be_read_as_options_is_refused_in_a_sentence(written: str, said: str, here: Path) -> None:
    (here / "options.yaml").write_text(written)
    answer = call("fit", "vae", "--data", "digits", "--config", "options.yaml")
    assert (answer.code, answer.out) == (2, "")
    assert said in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("sample", "run", "--n"), "--n: expected one argument; see `latently sample --help`."),
        (("sample", "run", "--n", "few"), "--n must be a whole number; got 'few'."),
        (("sample", "run", "more"), "'more' is one argument too many; see `latently sample --help`."),
        (("encode", "run", "digits", "--part", "some"), "--part must be all, train, validation or test; got 'some'."),
        (("interpolate", "run", "--rows", "3"), "--rows must be two whole numbers separated by a comma; got '3'."),
        (("restyle", "run", "digits", "--rows", "a,b"), "--rows must be whole numbers separated by commas; got 'a,b'."),
        (("fit", "--recipe"), "--recipe needs the name of a recipe; `latently presets` lists them."),
    ],
)
def test_what_an_option_cannot_take_is_said_with_its_name(words: tuple[str, ...], said: str, here: Path) -> None:
    answer = call(*words)
    assert (answer.code, answer.out, answer.err) == (2, "", f"latently: {said}\n")
