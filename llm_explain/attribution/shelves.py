"""Shelves: the items that one history group recommends ("because you bought tortilla chips")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.attribution.exact import attribute_catalogue
from llm_explain.attribution.partition import MAX_GROUPS, REST

if TYPE_CHECKING:
    from llm_explain.attribution.exact import CataloguePhi
    from llm_explain.attribution.group_vectors import VectorCache
    from llm_explain.attribution.shapley import FloatArray
    from scoring.data.catalogue import IndexArray
    from scoring.scorer.scorer import GlassBoxScorer
    from scoring.scorer.user_state import UserState

POOL: Final = 1000
"""Shelves are filled from this many best candidates, so that an item with a low score is not recommended."""


@dataclass(frozen=True, slots=True, eq=False)
class Shelf:
    """Items that one history group recommends, strongest first.

    Attributes:
        player: The history group.
        category_index: The group's category.
        item_index: The items, shape ``(k,)``.
        phi: Attribution of the group for each item, shape ``(k,)``.
        score: The items' scores, shape ``(k,)``.
    """

    player: str
    category_index: int
    item_index: IndexArray
    phi: FloatArray
    score: FloatArray


def shelves(
    scorer: GlassBoxScorer,
    state: UserState,
    candidates: IndexArray,
    *,
    k: int,
    n_shelves: int,
    max_groups: int = MAX_GROUPS,
    cache: VectorCache | None = None,
) -> list[Shelf]:
    """Return what each history group of a user recommends.

    An item is on at most one shelf: that of the group with the largest attribution.

    Args:
        scorer: A glass-box scorer.
        state: The user, as the scorer read the history.
        candidates: Items that may be on a shelf; of equal attributions the first comes first.
        k: Most items on a shelf.
        n_shelves: Most shelves.
        max_groups: Most history groups; ``rest`` has no name and no shelf.
        cache: Where group vectors are kept between calls.

    Returns:
        Shelves with at least one item, largest sum of attributions first.
    """
    phi = attribute_catalogue(scorer, state, candidates, max_groups=max_groups, cache=cache)
    driver, added = _drivers(phi)
    found = [_shelf(phi, group, np.flatnonzero((driver == group) & (added > 0)), k) for group in range(len(phi.groups))]
    filled = [shelf for shelf in found if len(shelf.item_index)]
    return sorted(filled, key=lambda shelf: -float(shelf.phi.sum()))[:n_shelves]


def _drivers(phi: CataloguePhi) -> tuple[IndexArray, FloatArray]:
    """Return the single group with the largest attribution for each item, and that attribution."""
    added = phi.phi.copy()  # (n_items, n_groups)
    added[:, [player == REST for player in phi.groups.players]] = -np.inf
    if not added.shape[1]:
        return np.full(len(added), -1, dtype=np.int64), np.zeros(len(added))
    driver = added.argmax(axis=1)
    return driver, np.take_along_axis(added, driver[:, None], axis=1)[:, 0]


def _shelf(phi: CataloguePhi, group: int, rows: IndexArray, k: int) -> Shelf:
    best = rows[np.argsort(-phi.phi[rows, group], kind="stable")[:k]]
    return Shelf(
        player=phi.groups.players[group],
        category_index=phi.groups.categories[group][0],
        item_index=phi.item_index[best],
        phi=phi.phi[best, group],
        score=phi.score[best],
    )
