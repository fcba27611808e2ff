"""The claim kind ``companion``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray

MIN_ORDERS: Final = 6
MIN_SHARE: Final = 2
"""Divisor of the other item's orders: at least half of them have the item too."""

MIN_LIFT: Final = 3
"""Least ratio between that share and the share of the user's other orders that have the item."""


class Companion(ClaimKind):
    """The user's orders with another item often had this one too.

    Rule: counted events are the user's purchases before ``as_of`` that no return took back; an order is an occasion.
    ``orders`` is the number of orders with an item of another title. ``together`` is the number of these that have an
    item of the item's title too. The claim holds if

    - ``orders`` is at least six, and ``together`` at least half of it;
    - the share of ``together`` in ``orders`` is at least three times the share of the user's other orders that have the
      item;
    - the other title has a letter, and its items are not sensitive;
    - the other title is not of the item's sort: neither of one named category, nor does its name end in the same word.

    Of several titles, the one with the largest share, then the largest ``together``, then the smallest
    ``other_item_id`` is named. ``other_item_id`` is the item of the other title that the user bought last, ties by the
    smallest id. Words of degree count the orders with both. Their share is the smaller one of ``orders`` and of the
    orders with the item, since "you usually buy this with" may mean either.
    """

    name = "companion"
    scope = "context"
    parts = ("popularity",)
    position = 23
    topic = "companion"
    again_place = 16
    badge_place = 60
    most_badges = 1
    needs_visible_link = True
    is_reason = False

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        found: dict[int, _Pair] = {}
        for user in np.unique(subjects.user).tolist():
            orders = _Orders(subjects.evidence, user)
            for row in np.flatnonzero(subjects.user == user).tolist():
                if (best := orders.best(int(subjects.item[row]))) is not None:
                    found[row] = best
        if not found:
            return NOTHING
        rows = np.array(sorted(found), dtype=np.int64)
        pairs = [found[row] for row in rows.tolist()]
        facts: dict[str, list[Fact]] = {
            "other_item_id": [pair.other_item_id for pair in pairs],
            "together": [pair.together for pair in pairs],
            "orders": [pair.orders for pair in pairs],
        }
        group = np.repeat(np.arange(len(pairs)), [len(pair.events) for pair in pairs])
        events = np.concatenate([pair.events for pair in pairs])
        occasions = subjects.evidence.occasions_of(events, group, subjects.as_of[rows])
        share = np.array([pair.together / max(pair.orders, pair.own_orders) for pair in pairs])
        return Findings(rows, facts, occasions, share)


class _Pair(NamedTuple):
    """The companion of a title, its orders, those of the title, those with both, and the title's events in these."""

    other_item_id: str
    together: int
    orders: int
    own_orders: int
    events: IndexArray


class _Orders:
    """Which titles each order of a user has."""

    def __init__(self, evidence: Evidence, user: int) -> None:
        self._shop = evidence.shop
        kinds = evidence.shop.shop.target_kinds
        own = slice(*evidence.user.searchsorted([user, user + 1]))
        is_bought = evidence.kind[own] == (kinds.index(PURCHASE) if PURCHASE in kinds else -1)
        self._event = own.start + np.flatnonzero(is_bought)
        self._item, self._moment = evidence.item[self._event], evidence.moment[self._event]
        self._titles, self._title = np.unique(self._shop.title_index[self._item], return_inverse=True)
        _, self._order = np.unique(evidence.occasion[self._event], return_inverse=True)
        self._has = np.zeros((len(self._titles), int(self._order.max(initial=-1)) + 1), dtype=bool)
        self._has[self._title, self._order] = True
        self._orders = self._has.sum(axis=1)

    def best(self, own_item: int) -> _Pair | None:
        """Return the companion of an item's title; ``None`` without one."""
        title = int(self._shop.title_index[own_item])
        own = int(np.searchsorted(self._titles, title))
        if own == len(self._titles) or self._titles[own] != title:
            return None
        n, orders = self._has.shape[1], self._orders
        together = self._has[:, self._has[own]].sum(axis=1)
        is_one = (orders >= MIN_ORDERS) & (MIN_SHARE * together >= orders)
        is_one &= together * (n - orders) >= MIN_LIFT * orders * (orders[own] - together)
        is_one[own] = False
        named = [(self._item_of(row), row) for row in np.flatnonzero(is_one).tolist()]
        ids = self._shop.catalogue.item_ids
        ranked = (
            (-together[row] / orders[row], -together[row], str(ids[item]), row)
            for item, row in named
            if item >= 0 and not self._shop.visible_links.are_of_one_sort(item, own_item)
        )
        best = min(ranked, default=None)
        if best is None:
            return None
        both = self._has[best[3]][self._order] & (self._title == own)
        return _Pair(best[2], int(together[best[3]]), int(orders[best[3]]), int(orders[own]), self._event[both])

    def _item_of(self, row: int) -> int:
        """Return the item of a title that was bought last; −1 if no text may name it."""
        own = np.flatnonzero(self._title == row)
        latest = own[self._moment[own] == self._moment[own].max()]
        ids = self._shop.catalogue.item_ids
        item = min(self._item[latest].tolist(), key=lambda item: str(ids[item]))
        is_named = any(letter.isalpha() for letter in str(self._shop.catalogue.titles[item]))
        return item if is_named and not self._shop.is_sensitive(item) else -1
