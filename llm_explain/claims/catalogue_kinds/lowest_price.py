"""The claim kind ``lowest_price``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.data.log import FloatArray

MOST_OF_MEDIAN: Final = 0.95
SLACK: Final = 1e-6


class LowestPrice(ClaimKind):
    """No customer paid less for the item in a year.

    Rule: ``price`` is the price that the catalogue gives the item, rounded to cents. Prices paid are the unit prices
    above zero, rounded to cents, of all users' counted purchases of the item in the 365 days before the snapshot.
    ``usual`` is their median. The claim holds if

    - ``price`` is at most the lowest price paid, and at most 95 % of ``usual``;
    - no other price that the catalogue ever gave the item is lower;
    - each of the twelve periods of 30 days before the snapshot has such a purchase, and one lies before the year;
    - the snapshot is at most seven days older than ``as_of``, and not younger;
    - ``purchase`` is the shop's only target kind.
    """

    name = "lowest_price"
    scope = "context"
    parts = ("price",)
    position = 66
    topic = "price"
    badge_place = 8
    is_reason = False
    counts_events = False
    fits_sensitive_items = True

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        if not shop.has_dates or shop.crowd_kind != PURCHASE:
            return NOTHING
        stated = shop.stated_price[subjects.item]
        rows = np.flatnonzero((stated > 0) & subjects.is_snapshot_fresh)
        if not len(rows):
            return NOTHING
        paid, price, item = shop.paid_in_year, stated[rows], subjects.item[rows]
        says = (price <= paid.lowest[item] + SLACK) & (price <= MOST_OF_MEDIAN * paid.median[item] + SLACK)
        says &= paid.is_covered[item] & (price <= shop.once(_lowest_stated)[item] + SLACK)
        facts: dict[str, list[Fact]] = {"price": price[says].tolist(), "usual": paid.median[item][says].tolist()}
        return Findings(rows[says], facts)


def _lowest_stated(shop: ShopEvidence) -> FloatArray:
    """Return the lowest price that the catalogue ever gave each item, rounded to cents, shape ``(n_items,)``."""
    lowest = shop.past.stated_prices()
    return np.round([lowest.get(item_id, np.inf) for item_id in shop.catalogue.item_ids.astype(str).tolist()], 2)
