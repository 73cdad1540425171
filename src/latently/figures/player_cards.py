"""The players of a game: what each wants, which parts it moves, and which others it only looks at."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from latently.figures.history import player_in_words, term_in_words
from latently.figures.palette import palette
from latently.figures.style import INK, LABEL_SIZE, PAPER, RULE, SOFT_INK, TICK_SIZE, new_figure, plain

_WIDTH, _PLAYER, _PART_AT, _MARGIN = 8.2, 4.1, 6.3, 0.15
_LINE, _AIR, _PART, _GAP, _FOOT = 0.205, 0.16, 0.42, 0.28, 0.4
"""Inches: the sheet, a player's box, where parts begin, the rim; a line of type, the air in a box, a part, gaps."""


class PlayerCard(NamedTuple):
    """What is shown of a player.

    Attributes:
        name: as in logs.
        moves: the parts that it owns.
        looks_at: the parts that its loss depends on besides.
        terms: of its loss, each as in logs → its weight in words; empty where it weighs 1.
        logged: terms that are only logged.
        optimizer: how it moves, in words.
        updates: how many it makes in a round.
    """

    name: str
    moves: Sequence[str]
    looks_at: Sequence[str]
    terms: Mapping[str, str]
    logged: Sequence[str] = ()
    optimizer: str = ""
    updates: int = 1

    @property
    def heading(self) -> str:
        """The player's name as people read it."""
        name = player_in_words(self.name)
        return name[:1].upper() + name[1:]

    @property
    def wants(self) -> list[str]:
        """A line for each term that it lowers."""
        return [f"{weight} × {self._word(term)}" if weight else self._word(term) for term, weight in self.terms.items()]

    @property
    def notes(self) -> list[str]:
        """What is said of it in smaller type."""
        logged = f"logged: {', '.join(map(self._word, self.logged))}" if self.logged else ""
        often = "" if self.updates == 1 else f"{self.updates} updates a round"
        return [line for text in (logged, self.optimizer, often) for line in textwrap.wrap(text, 58)]

    def _word(self, term: str) -> str:
        return term_in_words(f"{self.name}/{term}")


def players(cards: Sequence[PlayerCard], *, title: str | None = None) -> Figure:
    """The players of a game, in the order in which they move, and the parts that they share.

    A line goes from each player to the parts that it moves; a dashed one from each part that it only looks at.

    Args:
        cards: one a player.
        title: one line over the figure.

    Example:
        >>> cards = [PlayerCard("critic", ["critic"], ["encoder"], {"prior": "0.5", "posterior": "0.5"}, ["accuracy"])]
        >>> sheet = players(cards, title="The critic of an AAE")
        >>> [text.get_text() for text in sheet.axes[0].texts][:6]
        ['The critic of an AAE', 'critic', 'encoder', '1  Critic', '0.5 × prior draws', '0.5 × codes']
    """
    heights = [2 * _AIR + _LINE * (1 + len(card.wants) + len(card.notes)) for card in cards]
    parts = _in_order(cards)
    top = 0.4 if title else 0.0
    body = max(sum(heights) + _GAP * (len(cards) - 1), len(parts) * (_PART + _GAP) - _GAP)
    height = top + body + _FOOT + 2 * _MARGIN
    figure = new_figure(_WIDTH, height)
    figure.set_layout_engine("none")  # everything is put where it belongs
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(0, _WIDTH), ylim=(0, height))
    axes.set_axis_off()
    if title:
        axes.text(_MARGIN, height - 0.3, plain(title), fontsize=LABEL_SIZE + 1, color=INK, weight="bold")
    edge = height - _MARGIN - top
    middle_of = {part: edge - body * (place + 0.5) / len(parts) for place, part in enumerate(parts)}
    for part, middle in middle_of.items():
        _box(axes, _PART_AT, middle - _PART / 2, _WIDTH - _MARGIN - _PART_AT, _PART)
        x = (_PART_AT + _WIDTH - _MARGIN) / 2
        axes.text(x, middle, plain(part.replace("_", " ")), fontsize=LABEL_SIZE, color=INK, ha="center", va="center")
    free = (body - sum(heights)) / len(cards)
    for place, (card, tall, colour) in enumerate(zip(cards, heights, palette(len(cards)), strict=True)):
        low = edge - free / 2 - tall
        _draw_card(axes, card, place + 1, low, tall, colour)
        _draw_arrows(axes, card, low, tall, middle_of, colour)
        edge -= free + tall
    _draw_key(axes)
    return figure


def _in_order(cards: Sequence[PlayerCard]) -> list[str]:
    """The parts, each as high as the players that it has to do with: so fewer lines cross."""
    places: dict[str, list[int]] = {}
    for place, card in enumerate(cards):
        for part in (*card.moves, *card.looks_at):
            places.setdefault(part, []).append(place)
    return sorted(places, key=lambda part: sum(places[part]) / len(places[part]))


def _box(axes: Axes, x: float, y: float, width: float, height: float, colour: str = RULE) -> None:
    shape = FancyBboxPatch(
        (x, y), width, height, boxstyle="round,pad=0,rounding_size=0.07", fc=PAPER, ec=colour, lw=1.3
    )
    axes.add_patch(shape)


def _draw_card(axes: Axes, card: PlayerCard, number: int, low: float, tall: float, colour: str) -> None:
    _box(axes, _MARGIN, low, _PLAYER, tall, colour)
    lines = [(card.heading, INK), *((line, INK) for line in card.wants), *((line, SOFT_INK) for line in card.notes)]
    for place, (line, ink) in enumerate(lines):
        y = low + tall - _AIR - _LINE * (place + 0.5)
        text, weight = (f"{number}  {line}", "bold") if place == 0 else (line, "normal")
        axes.text(_MARGIN + 0.14, y, plain(text), fontsize=TICK_SIZE, color=ink, weight=weight, va="center")


def _draw_arrows(
    axes: Axes, card: PlayerCard, low: float, tall: float, middle_of: Mapping[str, float], colour: str
) -> None:
    """To each part its own place at the player's edge, in the order of the parts."""
    tied = sorted((*card.moves, *card.looks_at), key=lambda part: -middle_of[part])
    for place, part in enumerate(tied):
        here = (_MARGIN + _PLAYER, low + tall * (1 - (place + 1) / (len(tied) + 1)))
        there = (_PART_AT, middle_of[part] + 0.06 * (1 if part in card.moves else -1))
        ends, style = ((here, there), "-") if part in card.moves else ((there, here), (0, (4, 3)))
        arrow = FancyArrowPatch(
            *ends, arrowstyle="-|>", mutation_scale=9, lw=1.4, ls=style, color=colour, shrinkA=1, shrinkB=1
        )
        axes.add_patch(arrow)


def _draw_key(axes: Axes) -> None:
    """What the two kinds of line mean, at the foot."""
    for x, style, text in ((_MARGIN, "-", "moves"), (1.35, (0, (4, 3)), "looks at, without moving it")):
        axes.add_line(Line2D([x, x + 0.4], [0.24, 0.24], lw=1.4, ls=style, color=SOFT_INK))
        axes.text(x + 0.48, 0.24, text, fontsize=TICK_SIZE, color=SOFT_INK, va="center")
