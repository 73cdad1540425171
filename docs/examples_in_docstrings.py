"""An extension of Griffe: what stands under `Example:` in a docstring is a doctest, and so is shown as code."""

import re
from typing import Any

from griffe import Extension

_HEADING = re.compile(r"^(\s*)Example:[ \t]*$", re.MULTILINE)


class ExamplesInDocstrings(Extension):
    """Griffe reads examples as code under `Examples:` alone."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        """Called for every module, class, function and attribute that was read."""
        if obj.docstring:
            obj.docstring.value = _HEADING.sub(r"\1Examples:", obj.docstring.value)
