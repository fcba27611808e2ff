"""Which items to rank, and the best of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray

MIN_SHARE: Final = 0.8
"""Share of all rows that the items with enough rows hold at least."""


def best(item_index: IndexArray, score: FloatArray, k: int) -> tuple[IndexArray, FloatArray]:
    """Return the items with the highest scores.

    Args:
        item_index: Items, shape ``(n,)``.
        score: Their scores, shape ``(n,)``.
        k: How many.

    Returns:
        Items and scores, best first, ties by ``item_index``, both of shape ``(min(k, n),)``.
    """
    if k < len(score):
        threshold = np.partition(score, len(score) - k)[len(score) - k]
        keep = score >= threshold
        item_index, score = item_index[keep], score[keep]
    order = np.lexsort((item_index, -score))[:k]
    return item_index[order], score[order]


def candidate_items(n_events: IndexArray, min_events: int) -> IndexArray:
    """Return the items that may be recommended: those with enough rows in the log.

    Args:
        n_events: Rows of each item, shape ``(n_items,)``.
        min_events: Rows needed.

    Returns:
        Row numbers, ascending, shape ``(n_candidates,)``.
    """
    return np.flatnonzero(n_events >= min_events)


def enough_events(n_events: IndexArray, min_events: int) -> int:
    """Return how many rows an item needs to be recommended.

    Args:
        n_events: Rows of each item, shape ``(n_items,)``.
        min_events: Rows needed in a large log.

    Returns:
        ``min_events``; fewer in a small log, so that the items with enough rows hold most of all rows.
    """
    for least in (min_events, 5, 2):
        if least <= min_events and n_events[n_events >= least].sum() >= MIN_SHARE * n_events.sum():
            return least
    return 1
