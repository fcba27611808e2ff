"""Players of an attribution: a partition of the categories that a user's history touches (docs/design.md §4).

Each of the largest categories is a player. The smaller ones together are the player ``rest``. The partition never
changes a score. An item's own category must be a player of its own: if it is part of ``rest``, it replaces the smallest
other category. So the number of groups keeps its bound. The items of a list share partitions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.attribution.shapley import MAX_PLAYERS
from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Collection

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History

REST: Final = "rest"
GROUP_PREFIX: Final = "group:"
MAX_GROUPS: Final = 10
"""History groups of one attribution: 2^10 coalitions."""

MIN_LARGEST: Final = 2
"""Largest categories of the user that stand alone in any case, next to the own categories of a list's items."""


@dataclass(frozen=True)
class Partition:
    """History groups that are present or absent together.

    Attributes:
        players: Names: ``group:<category>`` for a single category, ``rest`` for the smaller ones together, last.
        categories: ``category_index`` behind each player.
    """

    players: tuple[str, ...]
    categories: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        """Return the number of groups."""
        return len(self.players)

    @cached_property
    def _group_by_category(self) -> IndexArray:
        """Group by category, −1 for none; the last one is that of all higher categories."""
        table = np.full(2 + max((category for members in self.categories for category in members), default=-1), -1)
        for group, members in enumerate(self.categories):
            table[list(members)] = group
        return table

    def group_of(self, category_index: IndexArray) -> IndexArray:
        """Return the group of each category, −1 where the user has no event in it.

        Args:
            category_index: Categories, shape ``(n,)``.

        Returns:
            Row numbers in ``players``, shape ``(n,)``.
        """
        return self._group_by_category.take(category_index, mode="clip")


def partition(
    history: History, catalogue: Catalogue, *, max_groups: int = MAX_GROUPS, alone: Collection[int] = ()
) -> Partition:
    """Divide a history into groups.

    Args:
        history: The user's events.
        catalogue: The shop's items.
        max_groups: Most groups, ``rest`` among them.
        alone: Categories that must be players of their own if the user has events in them.

    Returns:
        Single categories, most occasions first (ties by name), then ``rest`` if there are more.

    Raises:
        SettingError: If ``max_groups`` cannot hold the categories that must stand alone and ``rest``, or has more
            groups than can be enumerated.
    """
    if not len(set(alone)) < max_groups <= MAX_PLAYERS:
        raise SettingError(
            f"max_groups is {max_groups} but {len(set(alone)) + 1} to {MAX_PLAYERS} are needed: one for each category "
            "that stands alone, and one for the rest. Choose another max_groups."
        )
    return _divide(_by_size(history, catalogue), catalogue, max_groups, set(alone))


def partitions_for(
    history: History, catalogue: Catalogue, item_index: IndexArray, *, max_groups: int = MAX_GROUPS
) -> list[tuple[Partition, IndexArray]]:
    """Divide a history for some items, so that no item's own category is in ``rest``.

    Items share a partition as far as their own categories fit into it, since each partition costs 2^G coalitions.

    Args:
        history: The user's events.
        catalogue: The shop's items.
        item_index: The items, shape ``(n_items,)``.
        max_groups: Most groups, ``rest`` among them.

    Returns:
        Partitions, and the places in ``item_index`` of the items that each serves; every place comes once.
    """
    base = partition(history, catalogue, max_groups=max_groups)
    ordered = [category for categories in base.categories for category in categories]
    category = catalogue.category_index[item_index]
    is_known = base.group_of(category) >= 0
    rest = base.players.index(REST) if REST in base.players else len(base)
    if not (base.group_of(category) == rest).any():
        return [(base, np.arange(len(category)))]
    own = np.unique(category[is_known])
    n_parts = -(-len(own) // max(max_groups - 1 - MIN_LARGEST, 1))
    found = []
    for number, alone in enumerate(np.array_split(own, n_parts)):
        is_served = np.isin(category, alone) | (~is_known if number == 0 else False)
        groups = _divide(ordered, catalogue, max_groups, {int(each) for each in alone})
        found.append((groups, np.flatnonzero(is_served)))
    return found


def player_name(catalogue: Catalogue, category_index: int) -> str:
    """Return the name of the player that is one category."""
    return GROUP_PREFIX + catalogue.category_names[category_index]


def _by_size(history: History, catalogue: Catalogue) -> list[int]:
    """Return the user's categories, most occasions first, then most events; ties fall by name."""
    category, occasion = catalogue.category_index[history.item_index], history.occasion
    n_categories = len(catalogue.category_names)
    counted = occasion >= 0
    occasions = np.unique(occasion[counted] * n_categories + category[counted]) % n_categories
    n_occasions = np.bincount(occasions, minlength=n_categories)
    n_events = np.bincount(category, minlength=n_categories)
    found = np.flatnonzero(n_events)
    return [int(category) for category in found[np.lexsort((found, -n_events[found], -n_occasions[found]))]]


def _divide(ordered: list[int], catalogue: Catalogue, max_groups: int, alone: set[int]) -> Partition:
    """Return the largest categories singly, those in ``alone`` among them, and the others as ``rest``."""
    singles = ordered
    if len(ordered) > max_groups:
        largest = [category for category in ordered if category not in alone]
        chosen = {*largest[: max_groups - 1 - len(alone.intersection(ordered))], *alone}
        singles = [category for category in ordered if category in chosen]
    rest = tuple(sorted(set(ordered) - set(singles)))
    players = tuple(player_name(catalogue, category) for category in singles)
    categories = tuple((category,) for category in singles)
    return Partition((*players, REST), (*categories, rest)) if rest else Partition(players, categories)
