"""`latently players MODEL`: who plays in a model's game, as its own code says."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from latently.catalogue import BY_TERMINAL_NAME
from latently.cli.fit import model_named
from latently.cli.options import FitParser
from latently.cli.outputs import check_free, choose_paths
from latently.cli.parsing import Option, Parser

if TYPE_CHECKING:
    from latently.figures import PlayerCard
    from latently.game import Role, Weight

_KINDS = (".svg", ".png")
_EXAMPLES = (
    "latently players aae",
    "latently players aae --fooling-weight 0.01 --out players.svg",
    "latently players m2 --labels-known none --n-clusters 20",
    "latently players factor-vae --preset beta-tcvae --json",
)
_OPTIONS = (
    Option("model", str, metavar="MODEL", about=f"which model: {', '.join(BY_TERMINAL_NAME)}", positional=True),
    Option("labels_known", Literal["all", "some", "none"], None,
           "of how many rows the class is known (default: of some, where the model can do with some)"),
    Option("out", Path, about="draw them, too: .svg or .png; may be given several times", metavar="FILE",
           nargs="append"),
    Option("force", None, False, "overwrite files that are there"),
    Option("json", None, False, "print them as JSON"),
)  # fmt: skip
_LAST = 2**30  # a round by which every schedule has come to its end


def players(words: Sequence[str]) -> int:
    """Run the command."""
    parser = Parser(
        "players",
        "Print the players of a model's game, in the order in which they move in a round: the parts that each moves, "
        "those that it only looks at, the terms of its loss and what they weigh, and how it moves. All of it is read "
        "off the game that would be trained, so hyperparameters count: all other options are those of `latently fit "
        "MODEL`, of which those about data change nothing. Nothing is trained.",
        "MODEL [options] [options of `latently fit MODEL`]",
        _EXAMPLES,
        _OPTIONS,
    )
    given, others = parser.parse_first(words)
    model = model_named(given.model, "players")
    fit = FitParser(model, "players")
    asked = fit.parse_over(others, {})
    paths = choose_paths(given, model, _KINDS) if given.out else []
    check_free(paths, given.force)

    from latently.cli.terminal import print_json, print_table
    from latently.estimators.roles import roles_of

    estimator = BY_TERMINAL_NAME[model].load()(**fit.constructor_arguments(asked))
    cards = [card_of(role) for role in roles_of(estimator, given.labels_known)]
    if given.json:
        print_json([card._asdict() for card in cards])
    else:
        header = ("player", "moves", "looks at", "lowers", "only logged", "optimiser", "updates")
        print_table(header, [_cells(card) for card in cards], numbers=(6,))
    if paths:
        from latently import figures

        for path in paths:
            figures.save(figures.players(cards, title=f"The players of {type(estimator).__name__}"), path)
            if not given.json:
                print(f"{path}: {len(cards)} player{'s' * (len(cards) != 1)}")
    return 0


def card_of(role: "Role") -> "PlayerCard":
    """What is shown of a player's role."""
    from latently.estimators.schedules import optimizer_in_words
    from latently.figures import PlayerCard

    lowered = {term: weight for term, weight in role.weights.items() if callable(weight) or weight != 0}
    return PlayerCard(
        name=role.player.name,
        moves=role.moves,
        looks_at=role.looks_at,
        terms={term: _weight_in_words(weight) for term, weight in lowered.items()},
        logged=tuple(term for term in role.weights if term not in lowered),
        optimizer=optimizer_in_words(role.player.optimizer),
        updates=role.player.updates,
    )


def _weight_in_words(weight: "Weight") -> str:
    if not callable(weight):
        return "" if weight == 1 else f"{weight:.3g}"
    import jax.numpy as jnp

    first, last = (float(weight(jnp.asarray(round_))) for round_ in (0, _LAST))
    return f"{first:.3g} → {last:.3g}"


def _cells(card: "PlayerCard") -> tuple[Any, ...]:
    terms = [f"{weight} × {term}" if weight else term for term, weight in card.terms.items()]
    lists = (card.moves, card.looks_at, terms, card.logged)
    return (card.name, *("\n".join(names) or "–" for names in lists), card.optimizer, str(card.updates))
