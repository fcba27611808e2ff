"""Files of the rows that an import set aside, so that nothing is dropped silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from pathlib import Path


def write_rejects(rejects: pd.DataFrame, ragged: pd.DataFrame, path: Path) -> int:
    """Write the rows that were set aside, each with its reason.

    An earlier import's file is removed where there is nothing to write, so that it cannot be mistaken for this one's.

    Args:
        rejects: Rows that break a rule, with ``row`` and ``reason``.
        ragged: Rows with too few or too many fields, with ``row``, ``reason`` and ``text``.
        path: CSV file to write.

    Returns:
        The number of rows set aside.
    """
    aside = pd.concat([frame for frame in (rejects, ragged) if len(frame)] or [rejects], ignore_index=True)
    if aside.empty:
        path.unlink(missing_ok=True)
        return 0
    path.parent.mkdir(parents=True, exist_ok=True)
    aside.sort_values("row", kind="stable").to_csv(path, index=False)
    return len(aside)
