"""Models on the Hugging Face hub: pushed with a card that says what they are, and downloaded to be loaded.

It needs the package `huggingface_hub`, which `pip install 'latently[hub]'` installs. `HF_ENDPOINT`, `HF_TOKEN` and
`HF_HOME` are heeded, as by all that uses it. What is downloaded is JSON and safetensors, and loading it runs no code.
"""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from latently.catalogue import BY_NAME
from latently.errors import needed
from latently.evaluation import as_table, counted
from latently.wording import short_number

_ADDRESS = re.compile(r"hf:/{1,2}(?P<repo>[^/@]+/[^/@]+)(?:@(?P<revision>.+))?")
_FILES = ("config.json", "model.safetensors", "history.jsonl", "clock.jsonl")
_USES = {
    "encode": "codes = model.transform(X)",
    "sample": "rows = model.sample(16, random_state=0)",
    "predict": "classes = model.predict(X)",
    "impute": "filled = model.impute(X)",
    "complete": "views = model.complete({{'{view}': X}})",
}
"""What a model can do → how it is asked, on its card."""
_LOADING = ("# pip install 'latently[hub]'", "import latently", "")


def push(
    model: Any,
    repo: str,
    *,
    evaluation: Mapping[str, Any] | None = None,
    facts: Mapping[str, str] | None = None,
    private: bool | None = None,
    token: str | None = None,
    message: str = "Model of Latently",
) -> str:
    """What `model.push_to_hub` does; `facts` are further lines of the card on what the model was trained on."""
    hub, repo = _package(), _repository(repo)
    with tempfile.TemporaryDirectory() as temporary, _in_a_sentence(f"the model cannot be pushed to hf://{repo}"):
        folder = Path(temporary)
        model.save(folder)
        if evaluation:
            (folder / "evaluation.json").write_text(json.dumps(evaluation, indent=2))
        (folder / "README.md").write_text(model_card(model, repo, evaluation, facts or {}))
        api = hub.HfApi(token=token)
        where = api.create_repo(repo, private=private, exist_ok=True)
        files = sorted(path for path in folder.iterdir() if path.name[0] != ".")
        operations = [hub.CommitOperationAdd(path_in_repo=path.name, path_or_fileobj=str(path)) for path in files]
        api.create_commit(repo, operations, commit_message=message)
    return str(where)


def _repository(address: str) -> str:
    """USER/NAME of an address on the hub; the user may be left out where it is not written as an address."""
    found = _ADDRESS.fullmatch(address)
    if found is None and re.match(r"hf:/", address):
        raise ValueError(f"a model of the hub is hf://USER/NAME; got {address!r}.")
    return address if found is None else found["repo"]


def local(path: str | Path) -> Path:
    """The folder of a model: `path` itself, or where a model of the hub, `hf://USER/NAME[@REVISION]`, is kept.

    It is downloaded once, and looked for in the hub's cache where there is no network.
    """
    text = str(path)
    if not re.match(r"hf:/", text):
        return Path(path)
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise ValueError(f"a model of the hub is hf://USER/NAME or hf://USER/NAME@REVISION; got {text!r}.")
    repo, revision = found["repo"], found["revision"]
    with _in_a_sentence(f"hf://{repo} cannot be downloaded"):
        return Path(_package().snapshot_download(repo, revision=revision, allow_patterns=list(_FILES)))


def model_card(model: Any, repo: str, evaluation: Mapping[str, Any] | None, facts: Mapping[str, str]) -> str:
    """The README.md of a model: what it is, how to load it, what it was trained on, its parameters and its numbers."""
    name = type(model).__name__
    about = BY_NAME[name]
    able, views = model.abilities(), model.view_names_
    uses = [line.format(view=views[0] if views else "") for ability, line in _USES.items() if ability in able]
    sections = [
        "\n".join(["---", "library_name: latently", "tags:", "- latently", f"- {about.terminal}", "---"]),
        f"# {facts.get('Title', name)}",
        f"{about.about[0].upper()}{about.about[1:]}.",
        "\n".join(["```python", *_LOADING, f'model = latently.load("hf://{repo}")', *uses, "```"]),
        "## Training",
        _table(("", ""), list((_training(model) | {k: v for k, v in facts.items() if k != "Title"}).items())),
        "## Parameters",
        _table(("parameter", "value"), _parameters(model)),
    ]
    if lines := [line for line in as_table(dict(evaluation or {})) if line.value is not None]:
        rows = [(line.name, f"{short_number(line.value)} {line.unit}".strip(), line.note) for line in lines]
        sections += ["## Evaluation", "On rows that were kept from training.", _table(("measure", "value", ""), rows)]
    return "\n\n".join(sections) + "\n"


def _training(model: Any) -> dict[str, str]:
    """What a model knows of its training by itself."""
    from latently import __version__

    told = {"Rows": f"{model.task_.rows:,} {model.preprocessing_.reading}"}
    if model.classes_ is not None:
        told["Classes"] = ", ".join(map(str, model.classes_.tolist()))
    if model.conditions_ is not None:
        told["Conditions"] = ", ".join(f"{each.name} ({each.kind})" for each in model.conditions_.columns)
    if model.history_:
        last = model.history_[-1]
        told["Course"] = f"{counted(last['round'], 'round')}, {counted(round(last['epoch'], 2), 'epoch')}"
        told["Last terms"] = ", ".join(f"{name} {short_number(value)}" for name, value in last["terms"].items())
    return told | {"Seed": str(model.seed_), "Latently": __version__}


def _parameters(model: Any) -> list[tuple[str, str]]:
    """The hyperparameters that are not as they are by default, and the most important one."""
    usual = {field.name: None if field.default is MISSING else field.default for field in fields(model)}
    given = model.get_params(deep=False)
    told = [name for name, value in given.items() if name == "latent_dim" or value != usual[name]]
    shown = {name: f"{given[name]:g}" if isinstance(given[name], float) else str(given[name]) for name in told}
    return [(f"`{name}`", f"`{value}`") for name, value in shown.items() if name not in ("verbose", "random_state")]


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def _package() -> Any:
    return needed("huggingface_hub", "hub", "the hub")


@contextmanager
def _in_a_sentence(what: str) -> Iterator[None]:
    """What goes wrong on the way to a server and back, as one sentence: answers may make the package raise anything."""
    try:
        yield
    except ImportError:
        raise
    except Exception as error:
        reason = " ".join(str(error).split()).rstrip(".")
        remedy = "check the name and the network, and `hf auth login` for what is private or yours"
        raise ValueError(f"{what} ({reason}); {remedy}.") from error
