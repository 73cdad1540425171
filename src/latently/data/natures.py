"""What the rows that a model was fitted on are to an eye: its network may read vectors as images."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from latently.data.layout import Nature, rows_are
from latently.data.preprocessing import Preprocessing
from latently.data.table import Table


def nature_of(rows: Any, names: Sequence[str] | None, preprocessing: Any, *, of_view: bool = False) -> Nature:
    """What rows are drawn as: as the network reads vectors, where it reads them as images or series."""
    if isinstance(rows, Table):
        nature = rows_are(np.asarray(rows), rows.names)
        return "columns" if nature == "images" else nature
    event = preprocessing.event_shape if isinstance(preprocessing, Preprocessing) else ()
    if len(rows.shape) == 2 and len(event) > 1:
        return "images" if len(event) == 3 else "series"
    return rows_are(rows, names, of_view=of_view)
