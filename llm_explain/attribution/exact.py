"""Exact Shapley values of history groups and context terms for a score (docs/design.md §5).

The score is linear in the user embedding, and only that embedding depends on the coalition of history groups. So one
vector for each group and user gives the group's Shapley value for every item by a dot product. The own-history term
belongs to the item's own group, and each context term is its own player.

Source: Shapley (1953); Lundberg & Lee (2017), arXiv:1705.07874.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.attribution.group_vectors import group_vectors
from llm_explain.attribution.partition import MAX_GROUPS, Partition, partition, partitions_for
from llm_explain.attribution.values import CONTEXT_PREFIX, LINKS, TOWER, Attribution, PastItem, check_efficiency

if TYPE_CHECKING:
    from llm_explain.attribution.group_vectors import VectorCache
    from llm_explain.attribution.shapley import FloatArray
    from scoring.data.catalogue import IndexArray
    from scoring.scorer.scorer import GlassBoxScorer
    from scoring.scorer.user_state import UserState

MAX_ITEMS: Final = 5
"""Past items of a history group that an attribution keeps: those with the largest contributions."""


@dataclass(frozen=True, eq=False)
class CataloguePhi:
    """Shapley values of many items' scores for one user, over one partition.

    Attributes:
        item_index: The items, shape ``(n_items,)``.
        groups: The history groups.
        own_features: Names of the own-history features.
        terms: Names of the context terms.
        tower: Part of each group that goes through the user embedding, shape ``(n_items, n_groups)``.
        links: Part of each group that goes through links from single items, shape ``(n_items, n_groups)``.
        own: Value of each own-history feature, shape ``(n_items, n_own)``; zero where the user has no own group.
        own_group: Group that the own features belong to, −1 where the user has no event in it, shape ``(n_items,)``.
        context: Value of each context term, shape ``(n_items, n_terms)``.
        base_value: Score with every player absent, shape ``(n_items,)``.
        score: The scores that are explained, shape ``(n_items,)``.
    """

    item_index: IndexArray
    groups: Partition
    own_features: tuple[str, ...]
    terms: tuple[str, ...]
    tower: FloatArray
    links: FloatArray
    own: FloatArray
    own_group: IndexArray
    context: FloatArray
    base_value: FloatArray
    score: FloatArray

    def __post_init__(self) -> None:
        """Check that every row adds up to its score."""
        gap = np.abs(self.base_value + self.values.sum(axis=1) - self.score)
        gap = np.where(np.isnan(gap), np.inf, gap)
        if len(gap):
            worst = int(gap.argmax())
            check_efficiency(self.base_value[worst], float(self.values[worst].sum()), self.score[worst])

    @cached_property
    def players(self) -> tuple[str, ...]:
        """Names of the columns of ``values``: history groups, then context terms."""
        return (*self.groups.players, *(CONTEXT_PREFIX + term for term in self.terms))

    @cached_property
    def phi(self) -> FloatArray:
        """Shapley values of the history groups, shape ``(n_items, n_groups)``."""
        phi = self.tower + self.links
        rows = np.flatnonzero(self.own_group >= 0)
        phi[rows, self.own_group[rows]] += self.own[rows].sum(axis=1)
        return phi

    @cached_property
    def values(self) -> FloatArray:
        """Shapley values of all players, shape ``(n_items, n_players)``."""
        return np.concatenate([self.phi, self.context], axis=1)

    def attribution(self, row: int, items: tuple[tuple[PastItem, ...], ...] = ()) -> Attribution:
        """Return the attribution of one item.

        Args:
            row: Its place in ``item_index``.
            items: Past items of each player that raised the score.

        Returns:
            The item's values with their parts.
        """
        parts: list[dict[str, float]] = [
            {TOWER: float(tower)} | ({LINKS: float(links)} if links else {})
            for tower, links in zip(self.tower[row], self.links[row], strict=True)
        ]
        if self.own_group[row] >= 0:
            parts[self.own_group[row]].update(zip(self.own_features, self.own[row].tolist(), strict=True))
        parts += [{term: float(part)} for term, part in zip(self.terms, self.context[row], strict=True)]
        return Attribution(
            players=self.players,
            values=self.values[row],
            parts=tuple(parts),
            base_value=float(self.base_value[row]),
            score=float(self.score[row]),
            categories=(*self.groups.categories, *((),) * len(self.terms)),
            items=items,
        )


def attribute_items(
    scorer: GlassBoxScorer,
    state: UserState,
    item_index: IndexArray,
    *,
    groups: Partition,
    cache: VectorCache | None = None,
) -> CataloguePhi:
    """Return the exact Shapley values of items over a given partition.

    Args:
        scorer: A glass-box scorer.
        state: The user, as the scorer read the history.
        item_index: Items to explain, shape ``(n_items,)``.
        groups: Partition of the user's categories.
        cache: Where group vectors are kept between calls.

    Returns:
        One matrix product's worth of Shapley values.
    """
    vectors = cache.get(state, groups) if cache is not None else group_vectors(state, groups)
    embedding = np.asarray(scorer.item_embedding[item_index], dtype=np.float64)  # (n_items, d)
    own_empty = np.asarray(scorer.own_empty(item_index), dtype=np.float64)  # (n_items, n_own)
    mean = np.asarray(scorer.context_mean, dtype=np.float64)  # (n_terms,)
    group_of_category = groups.group_of(np.arange(len(scorer.catalogue.category_names)))
    own_group = group_of_category[scorer.catalogue.category_index[item_index]]
    own = np.asarray(scorer.own_parts(state, item_index), dtype=np.float64) - own_empty
    context = scorer.context_parts(state.history.as_of, item_index, state.history.requested_in)
    return CataloguePhi(
        item_index=item_index,
        groups=groups,
        own_features=tuple(scorer.own_features),
        terms=tuple(scorer.terms),
        tower=embedding @ vectors.added.T,
        links=np.asarray(scorer.link_parts(state, item_index, group_of_category, len(groups)), dtype=np.float64),
        own=own,
        own_group=own_group,
        context=np.asarray(context, dtype=np.float64) - mean,
        base_value=embedding @ vectors.empty + own_empty.sum(axis=1) + mean.sum(),
        score=np.asarray(scorer.score(state, item_index), dtype=np.float64),
    )


def attribute_catalogue(
    scorer: GlassBoxScorer,
    state: UserState,
    item_index: IndexArray | None = None,
    *,
    max_groups: int = MAX_GROUPS,
    cache: VectorCache | None = None,
) -> CataloguePhi:
    """Return the exact Shapley values of a whole catalogue over the user's base partition.

    An item whose own category is one of the smaller ones has its own-history features in ``rest``.

    Args:
        scorer: A glass-box scorer.
        state: The user, as the scorer read the history.
        item_index: Items to explain; all of them if not given.
        max_groups: Most history groups.
        cache: Where group vectors are kept between calls.

    Returns:
        A row for each item, the same players for all of them.
    """
    items = np.arange(len(scorer.catalogue), dtype=np.int64) if item_index is None else item_index
    groups = partition(state.history, scorer.catalogue, max_groups=max_groups)
    return attribute_items(scorer, state, items, groups=groups, cache=cache)


def attribute(
    scorer: GlassBoxScorer,
    state: UserState,
    item_index: IndexArray,
    *,
    max_groups: int = MAX_GROUPS,
    cache: VectorCache | None = None,
) -> list[Attribution]:
    """Return the exact attribution of each of some items.

    An item whose own category is one of the smaller ones gets a partition in which that category stands alone.

    Args:
        scorer: A glass-box scorer.
        state: The user, as the scorer read the history.
        item_index: Items to explain, shape ``(n_items,)``.
        max_groups: Most history groups of one attribution.
        cache: Where group vectors are kept between calls.

    Returns:
        An attribution for each item, in the order given.
    """
    items = np.asarray(item_index, dtype=np.int64)
    found: dict[int, Attribution] = {}
    for groups, rows in partitions_for(state.history, scorer.catalogue, items, max_groups=max_groups):
        phi = attribute_items(scorer, state, items[rows], groups=groups, cache=cache)
        linked = _linked_items(scorer, state, phi) if phi.links.any() else [()] * len(rows)
        for place, row in enumerate(rows.tolist()):
            found[row] = phi.attribution(place, linked[place])
    return [found[row] for row in range(len(items))]


def _linked_items(
    scorer: GlassBoxScorer, state: UserState, phi: CataloguePhi
) -> list[tuple[tuple[PastItem, ...], ...]]:
    """Return, for each score and each player, the past items whose links raise the score most."""
    linked = np.asarray(scorer.linked(state, phi.item_index), dtype=np.float64)  # (n_items, n_bought)
    ids, n_groups = scorer.catalogue.item_ids, len(phi.groups)
    group = phi.groups.group_of(scorer.catalogue.category_index[state.past])
    found = []
    for values in linked:
        columns = np.flatnonzero((values > 0) & (group >= 0))
        columns = columns[np.lexsort((state.past[columns], -values[columns], group[columns]))]
        first = np.searchsorted(group[columns], np.arange(n_groups + 1)).tolist()
        groups = [columns[begin:end][:MAX_ITEMS].tolist() for begin, end in pairwise(first)]
        items = [
            tuple(
                PastItem(int(state.past[column]), f"{LINKS}:{ids[state.past[column]]}", {LINKS: float(values[column])})
                for column in own
            )
            for own in groups
        ]
        found.append((*items, *((),) * len(phi.terms)))
    return found
