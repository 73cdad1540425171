"""`latently push RUN hf://USER/NAME`: a model on the Hugging Face hub."""

from collections.abc import Sequence

from latently.cli.options import RUN
from latently.cli.parsing import Option, Parser

_EXAMPLES = (
    "latently push runs/vae-digits-1 hf://ada/digits",
    "latently push runs/vae-digits-1 hf://ada/digits --private",
)


def push(words: Sequence[str]) -> int:
    """Run the command."""
    given = Parser(
        "push",
        "Put a run's model on the Hugging Face hub, with a card: what it was trained on, its parameters, the numbers "
        "of its evaluation, how to load it. Paths of this machine are not part of it. The hub knows you by the token "
        "that `hf auth login` keeps, or by $HF_TOKEN.",
        "RUN hf://USER/NAME [options]",
        _EXAMPLES,
        (
            RUN,
            Option("address", str, about="where to: hf://USER/NAME", metavar="hf://USER/NAME", positional=True),
            Option("private", bool, about="let nobody else see it, or everybody (default: as your account says)"),
        ),
    ).parse(words)

    from latently.errors import in_python
    from latently.errors import words as words_in
    from latently.estimators.hub import push as push_model
    from latently.run import Run, load_model

    run = Run.open(given.run)
    model, about = load_model(given.run), run.config().get("run")
    facts = {}
    if about is not None:
        rows = ", ".join(f"{count:,} {part}" for part, count in about["rows"].items() if count)
        facts = {"Title": about["title"], "Data": f"{about['data_name']}: {rows}"}
        facts |= {"Preset": about["preset"]} if about.get("preset") else {}
        if sentence := about.get("verdict", {}).get("sentence"):
            facts["Verdict"] = words_in(sentence, in_python)
        facts |= {f"Warning {n}": warning for n, warning in enumerate(about.get("warnings", ()), 1)}
    address = push_model(model, given.address, evaluation=run.evaluation(), facts=facts, private=given.private)
    print(address)
    print(f'latently.load("hf://{given.address.removeprefix("hf://")}")')
    return 0
