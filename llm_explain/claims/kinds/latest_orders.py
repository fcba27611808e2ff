"""The claim kind ``latest_orders``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

LATEST: Final = 5
"""Latest orders that are looked at."""

LEAST: Final = 3
"""Least number of these with the item: more than half."""


class LatestOrders(ClaimKind):
    """Most of the user's latest orders had this item.

    Rule: counted events are the user's purchases before ``as_of`` that no return took back; an order is an occasion,
    and its moment that of its latest counted event. The latest orders are those whose moment is not before the fifth
    latest one, so there are five, or more if moments are the same. ``orders`` is their number and ``having`` the number
    of these with an item of the item's title. It holds from three on, for a user with five orders or more.
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
        own = [titles[user] for user in subjects.user.tolist()]
        title = subjects.shop.title_index[subjects.item].tolist()
        having = [sum(each in of_order for of_order in latest) for each, latest in zip(title, own, strict=True)]
        rows = np.flatnonzero(np.array(having, dtype=np.int64) >= LEAST)
        facts: dict[str, list[Fact]] = {
            "having": [having[row] for row in rows.tolist()],
            "orders": [len(own[row]) for row in rows.tolist()],
        }
        return Findings(rows, facts)


def _titles_of_latest_orders(subjects: Subjects, user: int) -> list[set[int]]:
    """Return the titles in each of a user's latest orders; empty for a user with too few."""
    evidence, kinds = subjects.evidence, subjects.shop.shop.target_kinds
    own = slice(*evidence.user.searchsorted([user, user + 1]))
    is_bought = evidence.kind[own] == (kinds.index(PURCHASE) if PURCHASE in kinds else -1)
    orders, order = np.unique(evidence.occasion[own][is_bought], return_inverse=True)
    if len(orders) < LATEST:
        return []
    moment = np.full(len(orders), np.iinfo(np.int64).min)
    np.maximum.at(moment, order, evidence.moment[own][is_bought])
    title = subjects.shop.title_index[evidence.item[own][is_bought]]
    latest = np.flatnonzero(moment >= np.sort(moment)[-LATEST])
    return [set(title[order == each].tolist()) for each in latest.tolist()]
