"""The claim kind ``companion``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

MIN_TOGETHER: Final = 3
MIN_SHARE: Final = 2
"""Divisor of the other item's orders: at least half of them have the item too."""

MIN_LIFT: Final = 2
"""Least ratio between that share and the share of all the user's orders that have the item."""


class Companion(ClaimKind):
    """The user's orders with another item often had this one too.

    Rule: counted events are the user's purchases before ``as_of`` that no return took back; an order is an occasion.
    ``orders`` is the number of orders with an item of another title, and ``together`` the number of these that have an
    item of the item's title too. It holds where ``together`` is at least three and at least half of ``orders``, and
    where its share in ``orders`` is at least twice the share of all the user's orders that have the item.
    ``other_item_id`` is the item of the other title that the user bought last, ties by the smallest id. Of several
    titles, the one with the largest share, then the largest ``together``, then the smallest ``other_item_id`` is named.
    The other title has a letter, and its items are not sensitive.
    """

    name = "companion"
    scope = "context"
    parts = ("popularity",)
    position = 23
    topic = "companion"
    badge_place = 20
    is_reason = False

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        found: dict[int, tuple[str, int, int]] = {}
        for user in np.unique(subjects.user).tolist():
            orders = _Orders(subjects.evidence, user)
            for row in np.flatnonzero(subjects.user == user).tolist():
                if (best := orders.best(int(subjects.shop.title_index[subjects.item[row]]))) is not None:
                    found[row] = best
        rows = sorted(found)
        names = ("other_item_id", "together", "orders")
        facts: dict[str, list[Fact]] = {name: [found[row][place] for row in rows] for place, name in enumerate(names)}
        return Findings(np.array(rows, dtype=np.int64), facts)


class _Orders:
    """Which titles each order of a user has."""

    def __init__(self, evidence: Evidence, user: int) -> None:
        self._shop = evidence.shop
        kinds = evidence.shop.shop.target_kinds
        is_own = (evidence.user == user) & (evidence.kind == (kinds.index(PURCHASE) if PURCHASE in kinds else -1))
        self._item, self._moment = evidence.item[is_own], evidence.moment[is_own]
        self._title, title = np.unique(self._shop.title_index[self._item], return_inverse=True)
        _, order = np.unique(evidence.occasion[is_own], return_inverse=True)
        self._has = np.zeros((len(self._title), int(order.max(initial=-1)) + 1), dtype=bool)
        self._has[title, order] = True
        self._row = title

    def best(self, title: int) -> tuple[str, int, int] | None:
        """Return the companion of a title, the orders with both and the orders with the companion."""
        own = int(np.searchsorted(self._title, title))
        if own == len(self._title) or self._title[own] != title:
            return None
        orders = self._has.sum(axis=1)
        together = (self._has & self._has[own]).sum(axis=1)
        is_one = (together >= MIN_TOGETHER) & (MIN_SHARE * together >= orders)
        is_one &= together * self._has.shape[1] >= MIN_LIFT * orders * orders[own]
        is_one[own] = False
        named = [(self._item_of(row), int(together[row]), int(orders[row])) for row in np.flatnonzero(is_one).tolist()]
        ranked = (
            (-both / n, -both, str(self._shop.catalogue.item_ids[item]), n) for item, both, n in named if item >= 0
        )
        best = min(ranked, default=None)
        return None if best is None else (best[2], -best[1], best[3])

    def _item_of(self, row: int) -> int:
        """Return the item of a title that was bought last; −1 if no text may name it."""
        own = np.flatnonzero(self._row == row)
        latest = own[self._moment[own] == self._moment[own].max()]
        ids = self._shop.catalogue.item_ids
        item = min(self._item[latest].tolist(), key=lambda item: str(ids[item]))
        is_named = any(letter.isalpha() for letter in str(self._shop.catalogue.titles[item]))
        return item if is_named and not self._shop.is_sensitive(item) else -1
