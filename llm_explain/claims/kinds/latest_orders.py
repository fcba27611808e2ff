"""The claim kind ``latest_orders``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

LATEST: Final = {5: 3, 10: 4}
"""Latest orders that are looked at, and the least number of these with the item."""


class LatestOrders(ClaimKind):
    """Most of the user's latest orders had this item.

    Rule: counted events are the user's purchases before ``as_of`` that no return took back; an order is an occasion,
    and its moment that of its latest counted event. The latest orders are those whose moment is not before the fifth
    latest one, so there are five, or more if moments are the same. ``orders`` is their number and ``having`` the number
    of these with an item of the item's title. It holds from three on, for a user with five orders or more. If it does
    not, the latest ten orders are looked at in the same way, and it holds from four on.
    """

    name = "latest_orders"
    scope = "context"
    parts = ("popularity",)
    position = 22
    again_place = 14
    topic = "rhythm"
    is_reason = False

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        titles = {user: _titles_of_latest_orders(subjects, user) for user in np.unique(subjects.user).tolist()}
        found: dict[int, tuple[int, int]] = {}
        for row, user in enumerate(subjects.user.tolist()):
            title = int(subjects.shop.title_index[subjects.item[row]])
            for latest, least in zip(titles[user], LATEST.values(), strict=False):
                having = sum(title in of_order for of_order in latest)
                if having >= least:
                    found.setdefault(row, (having, len(latest)))
        facts: dict[str, list[Fact]] = {
            "having": [having for having, _ in found.values()],
            "orders": [orders for _, orders in found.values()],
        }
        return Findings(np.array([*found], dtype=np.int64), facts)


def _titles_of_latest_orders(subjects: Subjects, user: int) -> list[list[set[int]]]:
    """Return the titles in each of a user's latest orders, for each of ``LATEST`` that the user has."""
    evidence, kinds = subjects.evidence, subjects.shop.shop.target_kinds
    own = slice(*evidence.user.searchsorted([user, user + 1]))
    is_bought = evidence.kind[own] == (kinds.index(PURCHASE) if PURCHASE in kinds else -1)
    orders, order = np.unique(evidence.occasion[own][is_bought], return_inverse=True)
    moment = np.full(len(orders), np.iinfo(np.int64).min)
    np.maximum.at(moment, order, evidence.moment[own][is_bought])
    title = subjects.shop.title_index[evidence.item[own][is_bought]]
    asked = [np.flatnonzero(moment >= np.sort(moment)[-n]) for n in LATEST if len(orders) >= n]
    return [[set(title[order == each].tolist()) for each in latest.tolist()] for latest in asked]
