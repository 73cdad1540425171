"""What the terminal says before any work: help, versions, and errors of one sentence."""

import inspect
import os
import pty
import subprocess
import sys

import pytest

from latently import __version__
from latently.catalogue import BY_TERMINAL_NAME, MODELS
from latently.cli.commands import COMMANDS
from latently.cli.options import options_of

from .conftest import call

PLAIN = [name for name in COMMANDS if name != "fit"]


def test_the_overview_needs_no_heavy_library() -> None:
    program = (
        "import sys; from latently.cli import main; code = main(['--help']);"
        "heavy = {'jax', 'numpy', 'sklearn', 'yaml', 'rich'} & set(sys.modules);"
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert all(f"\n  {command.usage}" in result.stdout for command in COMMANDS.values())


def test_python_dash_m_is_the_same_door() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "latently.cli", "--version"], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, f"latently {__version__}\n")


@pytest.mark.parametrize("command", PLAIN)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    answer = call(command, "--help")
    assert answer.code == 0
    assert answer.out.startswith(f"usage: latently {command}")
    assert f"Examples:\n  latently {command}" in answer.out


@pytest.mark.parametrize("model", BY_TERMINAL_NAME)
def test_the_help_of_a_model_lists_every_argument_of_its_estimator_and_says_what_it_is(model: str) -> None:
    answer = call("fit", model, "--help")
    assert answer.code == 0
    estimator = BY_TERMINAL_NAME[model].load()
    options = options_of(estimator)
    wanted = set(inspect.signature(estimator).parameters) - {"verbose", "validation_fraction", "warm_start"}
    assert {option.name for option in options} == wanted
    for option in options:
        assert f"  {option.flag}" in answer.out
        assert option.about, f"the docstring says nothing of {option.name}"
    assert "Examples:\n  latently fit" in answer.out


def test_fit_alone_lists_the_models() -> None:
    answer = call("fit")
    assert answer.code == 0
    assert all(f"\n  {model.terminal}" in answer.out and model.about in answer.out for model in MODELS)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fitt"], "there is no command 'fitt'; `latently --help` lists them. Did you mean `latently fit`?"),
        (
            ["fit", "vea"],
            f"MODEL must be one of {', '.join(BY_TERMINAL_NAME)}, and come before the options; got 'vea'. "
            "Did you mean vae?",
        ),
        (["fit", "ConditionalVAE"], "and come before the options; got 'ConditionalVAE'. Did you mean cvae?"),
        (["fit", "SemiSupervisedVEA"], "got 'SemiSupervisedVEA'. Did you mean m2?"),
        (["fit", "vae-2d"], "'vae-2d' is a preset, no model: `latently fit vae --preset vae-2d`."),
        (["fit", "--recipe", "star"], "there is no recipe 'star'; the recipes are"),
        (["fit", "--recipe", "vae-2"], "or a YAML file. Did you mean vae-2d?"),
        (["fit", "vae"], "--data is missing"),
        (["fit", "vae", "--latent-dimm", "3"], "`latently fit vae --help` lists all. Did you mean --latent-dim?"),
        (["fit", "vae", "--latent-dim", "few"], "--latent-dim must be a whole number; got 'few'."),
        (["fit", "vae", "--network", "rnn"], "--network must be mlp, conv, conv1d or resnet; got 'rnn'."),
        (
            ["fit", "vae", "--preset", "aae-mlp"],
            "--preset must be one of vae-2d, vae-mlp, vae-2d-quick, vae-mlp-quick, vae-conv, vae-table; got 'aae-mlp'. "
            "That is a preset of aae.",
        ),
        (["fit", "vae", "--preset", "vae-mpl"], "got 'vae-mpl'. Did you mean vae-mlp?"),
        (["fit", "vae", "--data", "dgits"], "the data sets with a name are digits, mnist, fashion-mnist. Did you mean"),
        (["fit", "vae", "--config", "none.yaml"], "none.yaml"),
        (
            ["sample"],
            "RUN is missing: give a run's folder, a model's, or hf://USER/NAME; see `latently sample --help`.",
        ),
        (
            ["encode", "run"],
            "DATA is missing: give a data set's name (`latently datasets`), a folder, or a file; see `latently encode",
        ),
        (
            ["encode", "--part", "test"],
            "RUN is missing: give a run's folder, a model's, or hf://USER/NAME; see `latently encode --help`.",
        ),
        (["resume"], "RUN is missing: give the run's folder; see `latently resume --help`."),
        (["compare"], "RUN is missing: give the runs' folders; see `latently compare --help`."),
        (["fit", "vae", "--data", "digits", "--epochs", "-5"], "--epochs must be a number above 0; got -5."),
        (["sample", "nowhere"], "there is no folder nowhere."),
        (["resume", "nowhere"], "there is no folder nowhere"),
        (["sample", "nowhere", "--n", "0"], "--n must be 1 or more; got 0."),
        (["sample", "nowhere", "--seed", "-1"], "--seed must be 0 or more; got -1."),
        (["evaluate", "nowhere", "--seed", "-1"], "--seed must be 0 or more; got -1."),
        (["fit", "vae", "--data", "digits", "--split-seed", "-1"], "--split-seed must be 0 or more; got -1."),
        (
            ["fit", "vae", "--data", "digits", "--checkpoint-every", "-1"],
            "--checkpoint-every must be 0 or more; got -1",
        ),
        (["fit", "vae", "--data", "digits", "--out", ""], "--out must not be empty."),
        (["fit", "vae", "--data", ""], "--data must not be empty."),
        (["fit", "vae", "--data", "digits", "--epochs", "1e20"], "--epochs must be "),
        (["encode", "", "digits"], "RUN must not be empty."),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(words: list[str], said: str, here: object) -> None:
    answer = call(*words)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("latently: ")
    assert said in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize("columns", ["0", "", "wide", "7"])
@pytest.mark.parametrize("words", [("--help",), ("sample", "--help"), ("fit", "vae", "--help"), ("datasets",)])
def test_a_terminal_without_a_sensible_width_is_taken_as_one_of_a_usual_width(
    words: tuple[str, ...], columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    answer = call(*words)
    assert (answer.code, answer.err) == (0, "")
    longest = max(map(len, answer.out.splitlines()))
    assert longest >= 30


def test_a_pseudo_terminal_without_a_size_gets_help_of_a_usual_width() -> None:
    leader, follower = pty.openpty()  # its size is 0 × 0
    command = [sys.executable, "-m", "latently.cli", "datasets"]
    environment = {name: value for name, value in os.environ.items() if name != "COLUMNS"}
    for words in (["datasets"], ["sample", "--help"]):
        process = subprocess.run(
            [*command[:-1], *words], stdout=follower, stderr=follower, env=environment, check=False
        )
        told = os.read(leader, 100_000).decode()
        assert process.returncode == 0, told
        assert "invalid width" not in told
        assert max(map(len, told.splitlines())) >= 60
    os.close(leader)
    os.close(follower)
