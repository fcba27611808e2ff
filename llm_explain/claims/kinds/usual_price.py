"""The claim kind ``usual_price``."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from llm_explain.claims.kind import ClaimKind, Finding
from llm_explain.claims.occasions import Occasions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.claims.evidence import Evidence
    from llm_explain.records import Fact

MIN_PRICED_OCCASIONS: Final = 5
PRICE_QUANTILES: Final = (0.2, 0.8)
MAX_PRICE_SPREAD: Final = 2.5


class UsualPrice(ClaimKind):
    """The item costs what the user usually pays in its category.

    Rule: over the unit prices above zero, rounded to cents, of the user's purchases in ``category``, the item's own,
    before ``as_of``, ``low`` and ``high`` are the prices at ranks ⌈0.2 n⌉ and ⌈0.8 n⌉, lowest first, so that three
    fifths of what was paid lie between them; ``price`` is the item's in the snapshot, rounded to cents. It holds
    where ``low`` ≤ ``price`` ≤ ``high``, with at least five distinct timestamps at which a price in that range was
    paid, a range that says something (``high`` ≤ 2.5 ``low``), and a snapshot that is at most seven days older than
    ``as_of`` and not younger.
    """

    name = "usual_price"
    scope = "own group"
    parts = ("own_price",)
    position = 60
    topic = "price"
    never_with = frozenset({"other purchase", "promotion"})
    required_slots = ("price_category",)
    optional_slots = ("price", "price_range")

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        price = round(float(evidence.shop.snapshot.price[evidence.item_index]), 2)
        paid = evidence.user.category(evidence.category_index).paid
        if len(paid) < MIN_PRICED_OCCASIONS or not evidence.is_snapshot_fresh():
            return None
        prices = sorted(amount for amount, _ in paid)
        low, high = (at_rank(prices, quantile) for quantile in PRICE_QUANTILES)
        if not low <= price <= high or high > MAX_PRICE_SPREAD * low:
            return None
        usual = [moment for amount, moment in paid if low <= amount <= high]
        occasions = Occasions.of(usual, evidence.user.as_of)
        if len(occasions) < MIN_PRICED_OCCASIONS:
            return None
        facts: dict[str, Fact] = {"price": price, "low": low, "high": high, "category": evidence.category}
        return Finding(facts, evidence.shop.degrees.licences(occasions, len(usual) / len(paid)))


def at_rank(ordered: Sequence[float], quantile: float) -> float:
    """Return the value at rank ⌈quantile · n⌉, counted from 1.

    Args:
        ordered: Values, lowest first; at least one.
        quantile: Above 0 and at most 1.

    Returns:
        One of the values.
    """
    # Tenths are exact in whole numbers: ⌈0.2 · 5⌉ must be 1 whatever 0.2 is in binary.
    return ordered[math.ceil(round(quantile * 10) * len(ordered) / 10) - 1]
