"""Events and catalogues from a few words, for answers that a reader can redo by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from scoring.data.catalogue import Catalogue
from scoring.data.log import Log
from scoring.evaluation.split import Split

CUTOFF = pd.Timestamp("2017-12-01")


def catalogue_of(item_ids: list[str]) -> Catalogue:
    """Items of one category, titled by their ids.

    Args:
        item_ids: Shop ids.

    Returns:
        The catalogue.
    """
    return Catalogue(pd.DataFrame({"item_id": item_ids, "title": item_ids, "category": "goods"}))


def events_of(rows: list[tuple[str, str, float]]) -> pd.DataFrame:
    """Events from users, items and days relative to the cut-off (negative days train).

    Args:
        rows: User, item, day.

    Returns:
        The events table.
    """
    days = pd.to_timedelta([day for _, _, day in rows], unit="D")
    return pd.DataFrame(
        {"user_id": [u for u, _, _ in rows], "item_id": [i for _, i, _ in rows], "timestamp": CUTOFF + days}
    )


def split_of(rows: list[tuple[str, str, float]], item_ids: list[str], *, min_rows: int = 1) -> Split:
    """Divide such events at the cut-off.

    Args:
        rows: User, item, day.
        item_ids: The catalogue.
        min_rows: Training rows that make an item a candidate.

    Returns:
        The split.
    """
    return Split.at(events_of(rows), catalogue_of(item_ids), cutoff=CUTOFF, min_rows=min_rows)


def log_of(rows: list[tuple[int, int, float]]) -> Log:
    """A log of purchases without price or order.

    Args:
        rows: Numbers of user and item, and the day.

    Returns:
        The log.
    """
    user, item, day = (np.array(column) for column in zip(*sorted(rows), strict=True))
    ids = tuple(f"u{u}" for u in range(int(user.max()) + 1))
    blank = np.full(len(user), -1, dtype=np.int64)
    role, signal = np.ones(len(user), np.int8), blank.astype(np.int8)
    return Log(ids, user, item, day, np.full(len(user), np.nan), blank, role, signal, signal)
