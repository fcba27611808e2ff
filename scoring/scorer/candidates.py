"""Candidates of a user in a large catalogue: a few thousand items that may be among the best.

The score of an item is a product of vectors plus terms that few items have for one user. So the candidates are the
nearest items of an index and the items with the largest other terms. The scorer computes their scores exactly.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from scoring.scorer.retrieval import best

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray
    from scoring.scorer.item_index import ItemIndex
    from scoring.scorer.scorer import GlassBoxScorer
    from scoring.scorer.user_state import UserState

N_NEAREST: Final = 1_000
"""Items that the index finds."""

N_OTHERS: Final = 2_000
"""Items with the largest other terms."""

N_POPULAR: Final = 500
"""Items with the largest context terms."""

N_BUCKETS: Final = 64
"""Buckets of each kind, such as categories, whose items are candidates."""

PER_BUCKET: Final = 50
"""Items of a bucket that are candidates: those with the largest context terms."""

MOST_FOUND: Final = 10_000
"""More candidates than a user usually has."""

MAX_STANDINGS: Final = 4
"""Periods without a change of promotions, by channel, whose context sums are kept."""


class CandidatePool:
    """Finds the candidates of users.

    Args:
        scorer: The scorer.
        index: Index of the candidates that were there at training.
        unindexed: Items that were added or changed since, shape ``(n,)``; they are candidates of every user.
    """

    def __init__(self, scorer: GlassBoxScorer, index: ItemIndex, unindexed: Sequence[int] | IndexArray = ()) -> None:
        self._scorer, self._index = scorer, index
        self._is_candidate = np.zeros(len(scorer.catalogue), dtype=bool)
        self._is_candidate[scorer.candidates] = True
        self._unindexed = np.asarray(unindexed, dtype=np.int64)
        self._standings: dict[tuple[int, str], tuple[FloatArray, IndexArray]] = {}

    def of(self, state: UserState) -> IndexArray:
        """Return the items that may be among the best of a user.

        Args:
            state: The user.

        Returns:
            Row numbers of items that may be recommended, ascending, shape ``(n,)``.
        """
        links = self._scorer.item_links
        context, popular = self._standing(state.history.as_of, state.history.requested_in)
        linked, added = links.reached(state.past, state.strengths)
        linked = best(linked, added + context[linked], N_OTHERS)[0]
        items = self._allowed([linked, popular, state.bought, *self._of_buckets(state)])
        others = best(items, self._scorer.other_terms(state, items), N_OTHERS)[0]
        return self._allowed([self._index.nearest(state.user_embedding_all, N_NEAREST), others, self._unindexed])

    def _allowed(self, items: Sequence[IndexArray]) -> IndexArray:
        """Return candidates among some items, each once, ascending."""
        is_found = np.zeros(len(self._is_candidate), dtype=bool)
        for some in items:
            is_found[some] = True
        return np.flatnonzero(is_found & self._is_candidate)

    def _of_buckets(self, state: UserState) -> list[IndexArray]:
        """Return items of the buckets that the history speaks of, those with the largest context terms."""
        found = []
        for (items, start), buckets, heights in zip(self._members, state.buckets, state.bucket_heights, strict=True):
            own = best(buckets, heights, N_BUCKETS)[0]
            n = np.minimum(start[own + 1] - start[own], PER_BUCKET)
            row = np.arange(n.sum()) + np.repeat(start[own] - np.cumsum(n) + n, n)
            found.append(items[row].astype(np.int64))
        return found

    @cached_property
    def _members(self) -> list[tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]]:
        """Return the candidates of each bucket, the largest context terms first, and where each bucket starts."""
        scorer = self._scorer
        context, _ = self._standing(scorer.snapshot.as_of, "")
        items = scorer.candidates[np.argsort(-context[scorer.candidates], kind="stable")]
        found = []
        for of_item, n_buckets in zip(scorer.buckets.of_item, scorer.buckets.n_buckets, strict=True):
            order = np.argsort(of_item[items], kind="stable")
            start = np.searchsorted(of_item[items[order]], np.arange(n_buckets + 1))
            found.append((items[order].astype(np.int32), start.astype(np.int32)))
        return found

    def _standing(self, as_of: pd.Timestamp, channel: str) -> tuple[FloatArray, IndexArray]:
        """Return the sum of every item's context terms while the same promotions run, and the best candidates by it."""
        key = (self._scorer.promotions.period(as_of), channel)
        standings = self._standings
        if key not in standings:
            context = self._scorer.context_in_period(as_of, channel)
            candidates = self._scorer.candidates
            found = context, best(candidates, context[candidates], N_POPULAR)[0]
            kept = list(standings.items())[1 - MAX_STANDINGS :]
            standings = self._standings = {**dict(kept), key: found}  # replaced: other threads may read the old one
        return standings[key]
