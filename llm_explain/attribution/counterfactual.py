"""What-if and contrast: scores without some players, and why one item scores above another (docs/design.md §5).

Without a group, its tokens and its own-history features are absent. The score is then the same as that of the event log
without the group's rows.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.attribution.exact import attribute_items
from llm_explain.attribution.partition import MAX_GROUPS, REST, partition, player_name
from llm_explain.attribution.values import ATOL, CONTEXT_PREFIX, Attribution
from llm_explain.errors import AttributionError, UnknownGroupError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.attribution.group_vectors import VectorCache
    from llm_explain.attribution.shapley import FloatArray
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History
    from scoring.scorer.scorer import GlassBoxScorer
    from scoring.scorer.user_state import UserState


BLOCK: Final = 20_000
"""Items that are scored at a time without some players."""


@dataclass(frozen=True, eq=False)
class WhatIf:
    """Scores and ranks of items with and without some players.

    Attributes:
        without: The players that were removed.
        item_index: The items, shape ``(n_items,)``.
        score: Score as it is, shape ``(n_items,)``.
        score_without: Score without the players, shape ``(n_items,)``.
        rank: Place among all candidates, from 1; 0 for an item outside them, shape ``(n_items,)``.
        rank_without: The same without the players, shape ``(n_items,)``.
    """

    without: tuple[str, ...]
    item_index: IndexArray
    score: FloatArray
    score_without: FloatArray
    rank: IndexArray
    rank_without: IndexArray


def what_if(
    scorer: GlassBoxScorer,
    state: UserState,
    *,
    without: Sequence[str],
    item_index: IndexArray | None = None,
    max_groups: int = MAX_GROUPS,
) -> WhatIf:
    """Score and rank as if some players were absent.

    Args:
        scorer: A glass-box scorer.
        state: The user, as the scorer read the history.
        without: Players to remove: ``group:<category>`` for any category of the user, ``rest`` as in the user's base
            partition, or ``context:<term>`` for its mean instead of its value.
        item_index: Items to answer for; all candidates if not given.
        max_groups: Most history groups of the base partition, which says what ``rest`` is.

    Returns:
        Scores and ranks in the order of the items.
    """
    catalogue, candidates = scorer.catalogue, np.asarray(scorer.candidates, dtype=np.int64)
    asked = candidates if item_index is None else np.asarray(item_index, dtype=np.int64)
    items = np.union1d(candidates, asked)
    categories, terms = _resolve(without, state.history, catalogue, tuple(scorer.terms), max_groups)

    present = ~np.isin(np.asarray(state.categories), list(categories))[None, :]  # (1, n_tokens)
    embedding = np.asarray(state.user_embedding(present), dtype=np.float64)[0]
    is_removed = np.isin(np.arange(len(catalogue.category_names)), list(categories))
    is_term_removed = np.isin(np.arange(len(scorer.terms)), list(terms))

    def without_players(items: IndexArray) -> FloatArray:
        is_own_removed = is_removed[catalogue.category_index[items]][:, None]
        own = np.where(is_own_removed, scorer.own_empty(items), scorer.own_parts(state, items))
        given = scorer.context_parts(state.history.as_of, items, state.history.requested_in)
        context = np.where(is_term_removed, scorer.context_mean, given)
        tower = np.asarray(scorer.item_embedding[items], dtype=np.float64) @ embedding
        links = np.asarray(scorer.link_parts(state, items, np.where(is_removed, -1, 0), 1), dtype=np.float64)[:, 0]
        total: FloatArray = tower + links + own.sum(axis=1, dtype=np.float64) + context.sum(axis=1, dtype=np.float64)
        return total

    score = np.asarray(scorer.score(state, items), dtype=np.float64)
    blocks = [items[start : start + BLOCK] for start in range(0, len(items), BLOCK)]
    score_without = np.concatenate([np.zeros(0), *map(without_players, blocks)])
    rows = np.searchsorted(items, asked)
    return WhatIf(
        without=tuple(without),
        item_index=asked,
        score=score[rows],
        score_without=score_without[rows],
        rank=_ranks(score, items, candidates)[rows],
        rank_without=_ranks(score_without, items, candidates)[rows],
    )


def _resolve(
    names: Sequence[str], history: History, catalogue: Catalogue, terms: tuple[str, ...], max_groups: int
) -> tuple[set[int], set[int]]:
    """Return the categories and the context terms behind player names."""
    found = np.unique(catalogue.category_index[history.item_index])
    behind: dict[str, tuple[int, ...]] = {player_name(catalogue, int(category)): (int(category),) for category in found}
    groups = partition(history, catalogue, max_groups=max_groups)
    behind.update({REST: groups.categories[-1]} if REST in groups.players else {})
    by_term = {CONTEXT_PREFIX + term: place for place, term in enumerate(terms)}
    for name in names:
        if name not in behind and name not in by_term:
            near = difflib.get_close_matches(name, [*behind, *by_term], n=3, cutoff=0.5)
            hint = f"Did you mean {', '.join(repr(match) for match in near)}?" if near else "See `llm-explain shelf`."
            raise UnknownGroupError(
                f"the player is {name!r} but one of this user's {len(behind)} history groups and {len(by_term)} "
                f"context terms is needed. {hint}"
            )
    categories = {category for name in names for category in behind.get(name, ())}
    return categories, {by_term[name] for name in names if name in by_term}


def _ranks(score: FloatArray, items: IndexArray, candidates: IndexArray) -> IndexArray:
    """Return places among the candidates, best first, ties by ``item_index``; 0 for items outside them."""
    ranks = np.zeros(len(items), dtype=np.int64)
    rows = np.flatnonzero(np.isin(items, candidates))
    order = rows[np.argsort(-score[rows], kind="stable")]  # items ascend, so ties fall by item_index
    ranks[order] = np.arange(1, len(rows) + 1)
    return ranks


@dataclass(frozen=True, slots=True, eq=False)
class Contrast:
    """Why one item scores above another, player by player, over one partition.

    Attributes:
        item: Attribution of the item.
        other: Attribution of the other item, over the same players.
        difference: Attribution of each player for the item minus that for the other, shape ``(n_players,)``.
        base_difference: Difference of the base values.
    """

    item: Attribution
    other: Attribution
    difference: FloatArray
    base_difference: float

    def __post_init__(self) -> None:
        """Check that the differences add up to the difference of the scores."""
        total = self.base_difference + float(self.difference.sum())
        gap = self.item.score - self.other.score
        if self.item.players != self.other.players or not abs(total - gap) <= 2 * ATOL:
            raise AttributionError(
                f"the differences sum to {total:.6g} but the scores differ by {gap:.6g} over the same players. "
                "Attribute both items with one partition."
            )


def contrast(
    scorer: GlassBoxScorer,
    state: UserState,
    item: int,
    other: int,
    *,
    max_groups: int = MAX_GROUPS,
    cache: VectorCache | None = None,
) -> Contrast:
    """Return why one item scores above another.

    Both items' categories are players of their own, so that both attributions have the same players.

    Args:
        scorer: A glass-box scorer.
        state: The user, as the scorer read the history.
        item: ``item_index`` of the one.
        other: ``item_index`` of the other.
        max_groups: Most history groups.
        cache: Where group vectors are kept between calls.

    Returns:
        Both attributions and their difference.
    """
    items = np.array([item, other], dtype=np.int64)
    alone = {int(category) for category in scorer.catalogue.category_index[items]}
    groups = partition(state.history, scorer.catalogue, max_groups=max_groups, alone=alone)
    phi = attribute_items(scorer, state, items, groups=groups, cache=cache)
    first, second = phi.attribution(0), phi.attribution(1)
    return Contrast(first, second, first.values - second.values, first.base_value - second.base_value)
