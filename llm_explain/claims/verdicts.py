"""What users said of items: their ratings, and the items that they disliked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from scoring.data.ratings import DISLIKE, LIKE
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.data.history import History
    from scoring.data.ratings import Ratings


def ratings_of(history: History, ratings: Ratings) -> dict[int, float]:
    """Return the user's latest rating of each item, by row number; of several at one moment, the lowest."""
    is_rated = np.isin(history.kind.astype(str), (*ratings.kinds, LIKE, DISLIKE)) & ~np.isnan(history.value)
    rows = np.flatnonzero(is_rated)
    rows = rows[np.lexsort((-history.value[rows], history.timestamp[rows]))]  # the one that counts comes last
    return dict(zip(history.item_index[rows].tolist(), history.value[rows].tolist(), strict=True))


def disliked(history: History, ratings: Ratings | None) -> IndexArray:
    """Return the items that the user disliked and neither liked, rated high nor bought since, shape ``(n,)``."""
    found: dict[int, bool] = {}
    if (history.kind == DISLIKE).any():
        rows = np.flatnonzero(np.isin(history.kind.astype(str), (LIKE, DISLIKE, PURCHASE)))
        is_dislike = history.kind[rows] == DISLIKE
        found = dict(zip(history.item_index[rows].tolist(), is_dislike.tolist(), strict=True))
    if ratings is not None:
        rated = ratings_of(history, ratings).items()
        found.update((item, ratings.lowest <= value < ratings.liked_from) for item, value in rated)
    return np.array([item for item, is_low in found.items() if is_low], dtype=np.int64)
