"""What `views` may say: a way to make views of images, or which parts of a file are the views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from latently.data.errors import DataError

MAKERS = ("halves", "top-bottom", "noisy")
_FORM = f"one of {', '.join(MAKERS)}, or NAME=WHAT,NAME=WHAT for the views that a file or a folder holds"


@dataclass(frozen=True)
class Groups:
    """Which parts of a file or of a folder are the views.

    Attributes:
        patterns: name of a view → names of its parts, or patterns of names as a shell has them.
        partial: whether views may be left out of which nothing is there, as long as one is.
    """

    patterns: Mapping[str, tuple[str, ...]]
    partial: bool = False

    def matched(self, found: Sequence[str], what: str) -> dict[str, list[str]]:
        """The parts of each view, in the order found.

        Arguments:
            found: the names there are.
            what: what has them, for error messages.

        Raises:
            DataError: where a pattern matches nothing, a name belongs to two views, or no view is there.

        Example:
            >>> Groups({"a": ("x*",), "b": ("y",)}).matched(["x1", "x2", "y", "z"], "the file has")
            {'a': ['x1', 'x2'], 'b': ['y']}
        """
        views: dict[str, list[str]] = {}
        owner: dict[str, str] = {}
        for view, patterns in self.patterns.items():
            hits = {pattern: {name for name in found if _matches(name, pattern)} for pattern in patterns}
            if self.partial and not any(hits.values()):
                continue
            for pattern, names in hits.items():
                if not names:
                    raise DataError(f'{what} {_listed(found)}; none of them is "{pattern}", of the view "{view}".')
            parts = set().union(*hits.values())
            for name in sorted(parts):
                if owner.setdefault(name, view) != view:
                    raise DataError(
                        f'"{name}" must be in one view alone; got it in "{owner[name]}" and in "{view}". '
                        "Correct the patterns."
                    )
            views[view] = [name for name in found if name in parts]
        if not views:
            raise DataError(f"{what} {_listed(found)}; none of them is of a view ({_listed(list(self.patterns))}).")
        return views

    def one_each(self, found: Sequence[str], what: str) -> dict[str, str]:
        """As `matched`, where a view has one part alone.

        Raises:
            DataError: as `matched`, and where a view has more than one.
        """
        views = self.matched(found, what)
        for view, names in views.items():
            if len(names) > 1:
                raise DataError(f'{what} {_listed(names)} for the view "{view}"; name one of them alone.')
        return {view: names[0] for view, names in views.items()}


def view_groups(spec: str | None, *, partial: bool = False) -> Groups | None:
    """The groups that are named; `None` where there is one view, or views are to be made of images.

    Arguments:
        spec: one of `MAKERS`, or `NAME=PATTERN[+PATTERN...],NAME=...`.
        partial: whether some of the views will do.

    Raises:
        DataError: where it is neither.

    Example:
        >>> view_groups("image=X,sizes=leaf_*+stem").patterns
        {'image': ('X',), 'sizes': ('leaf_*', 'stem')}
    """
    if spec is None or spec in MAKERS:
        return None
    patterns: dict[str, tuple[str, ...]] = {}
    for part in spec.split(","):
        name, equals, names = (word.strip() for word in part.partition("="))
        each = tuple(pattern.strip() for pattern in names.split("+"))
        if not (equals and name and all(each)):
            raise DataError(f"views must be {_FORM}; got {spec!r}.")
        if name in patterns:
            raise DataError(f'views must name each view once; got "{name}" twice in {spec!r}.')
        patterns[name] = each
    if len(patterns) < 2 and not partial:
        raise DataError(f"views must name two views or more; got {spec!r}.")
    return Groups(patterns, partial)


def _matches(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)  # a name may have brackets of its own


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:20]) or "nothing"
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown
