"""A page that holds a fitted model itself, and computes whatever it is asked in the browser that opens it.

`contents` says what a page holds of a model, `page` writes it; `static/` is what runs there.
"""

from latently.explorer.contents import Story, contents
from latently.explorer.page import Exploration

__all__ = ["Exploration", "Story", "contents"]
