"""Shelves: the items that one history group recommends ("because you bought tortilla chips")."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.attribution.exact import attribute_catalogue
from llm_explain.attribution.partition import MAX_GROUPS, REST
from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Collection

    from llm_explain.attribution.additive_scorer import AdditiveScorer, StateT
    from llm_explain.attribution.exact import CataloguePhi
    from llm_explain.attribution.group_vectors import VectorCache
    from llm_explain.attribution.shapley import FloatArray
    from scoring.data.catalogue import IndexArray

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
    scorer: AdditiveScorer[StateT],
    state: StateT,
    *,
    k: int = 8,
    n_shelves: int = 5,
    with_own_category: bool = False,
    pool: int | None = POOL,
    candidates: IndexArray | None = None,
    exclude: Collection[int] = (),
    max_groups: int = MAX_GROUPS,
    cache: VectorCache | None = None,
) -> list[Shelf]:
    """Return what each history group of a user recommends.

    An item is on at most one shelf: that of the group with the largest attribution. Items of the group's own category
    are left out by default, because the user knows them already.

    Args:
        scorer: A glass-box scorer.
        state: The user, as the scorer read the history.
        k: Most items on a shelf.
        n_shelves: Most shelves.
        with_own_category: Whether a shelf may contain items of the group's own category.
        pool: Number of best candidates that shelves are filled from; all of them if ``None``.
        candidates: Items that may be on a shelf; all that the scorer ranks if not given.
        exclude: Items to leave out, for example those that the user bought before.
        max_groups: Most history groups; ``rest`` has no name and no shelf.
        cache: Where group vectors are kept between calls.

    Returns:
        Shelves with at least one item, largest sum of attributions first.

    Raises:
        SettingError: If ``k`` or ``pool`` is less than 1.
    """
    if k < 1 or (pool is not None and pool < 1):
        raise SettingError(f"k is {k} and pool is {pool} but at least 1 is needed. Ask for one item or more.")
    items = np.sort(np.asarray(scorer.candidates if candidates is None else candidates, dtype=np.int64))
    items = items[~np.isin(items, list(exclude))]
    score = np.asarray(scorer.score(state, items), dtype=np.float64)
    items = items[np.argsort(-score, kind="stable")[:pool]]
    phi = attribute_catalogue(scorer, state, items, max_groups=max_groups, cache=cache)
    driver, added = _drivers(phi, with_own_category=with_own_category)
    found = [_shelf(phi, group, np.flatnonzero((driver == group) & (added > 0)), k) for group in range(len(phi.groups))]
    filled = [shelf for shelf in found if len(shelf.item_index)]
    return sorted(filled, key=lambda shelf: -float(shelf.phi.sum()))[:n_shelves]


def _drivers(phi: CataloguePhi, *, with_own_category: bool) -> tuple[IndexArray, FloatArray]:
    """Return the single group with the largest attribution for each item, and that attribution."""
    added = phi.phi.copy()  # (n_items, n_groups)
    added[:, [player == REST for player in phi.groups.players]] = -np.inf
    rows = np.flatnonzero(phi.own_group >= 0)
    if not with_own_category:
        added[rows, phi.own_group[rows]] = -np.inf
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
