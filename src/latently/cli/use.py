"""One runner for all commands that use a fitted model; `verbs` is their table."""

from collections.abc import Sequence
from typing import Any, Literal

from latently.cli.options import OPENING_OPTIONS, RUN, RUN_OR_MODEL
from latently.cli.outputs import choose_paths, kinds_for, output_options, write
from latently.cli.parsing import Option, Parser
from latently.cli.parts import SUFFIX, Opened, are_parts, use_parts
from latently.cli.verbs import VERBS, Verb

_DATA = Option(
    "data", metavar="DATA", about="a data set's name (`latently datasets`), a folder, or a file", positional=True
)
_ENGINES = (
    Option("engine", Literal["ray"] | None, None,
           "who answers data in parts (a folder of files or a pattern like 'parts/*.parquet', with a folder "
           "for --out): the workers of a Ray cluster (default: this machine, a part at a time)"),
    Option("workers", int | None, None, "of that cluster (default: one a GPU, or one a core)", "N", least=1,
           most=10_000),
)  # fmt: skip


def use(name: str, words: Sequence[str]) -> int:
    """Run the command of a verb: open the model, see that it can, ask it, write and say what it answers."""
    if are_parts(VERBS[name], _parser(VERBS[name]).parse(words)):
        return use_parts(opened(name, words), words)

    verb, given, model, about, _ = opened(name, words)

    from latently.cli import answers  # slow to load, and not for --help
    from latently.cli.asked import Asked

    paths = choose_paths(given, verb.stem, _kinds(verb, model, given))
    write(paths, getattr(answers, name)(Asked(given, model, about, paths)), given.force)
    return 0


def opened(name: str, words: Sequence[str]) -> Opened:
    """The verb of a name with what the words ask of it, and the model that can answer."""
    verb = VERBS[name]
    given = _parser(verb).parse(words)

    from latently.cli.asked import require_prediction
    from latently.estimators.hub import local
    from latently.run import Run, load_model

    folder = local(given.run)
    model, about = load_model(folder), Run.open(folder).config().get("run", {})
    if verb.of_classes is None:
        model.require(verb.ability)
    else:
        require_prediction(model, of_classes=verb.of_classes)
    return Opened(verb, given, model, about, folder)


def _kinds(verb: Verb, model: Any, given: Any) -> Sequence[str]:
    """The kinds of file that a verb can write for a model; the first is the default."""
    if verb.ability == "complete" and given.draws is not None:  # several completions of a row
        return (".npz",)
    return [kind for kind in verb.writes if kind in kinds_for(model)] if verb.writes_rows else verb.writes


def _parser(verb: Verb) -> Parser:
    run, data = RUN if verb.of_run else RUN_OR_MODEL, (_DATA,) if verb.takes_data else ()
    usage = "RUN DATA [options]" if verb.takes_data else "RUN [options]"
    examples = [f"latently {verb.name} {example}" for example in verb.examples]
    output = output_options(verb.default or f"{verb.stem}.png for images, else {verb.stem}.csv", verb.writes)
    groups = {"Data": OPENING_OPTIONS if verb.takes_data else (), "Output": output}
    if verb.takes_data and SUFFIX in verb.writes:
        groups["Data in parts"] = _ENGINES
    return Parser(verb.name, verb.about, usage, examples, (run, *data, *verb.options), groups)
