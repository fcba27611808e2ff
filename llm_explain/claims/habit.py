"""Claims about what the user usually chooses in the item's own category."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from llm_explain.claims.base import ClaimKind, Finding, with_kind
from llm_explain.claims.occasions import Occasions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.claims.evidence import Evidence
    from llm_explain.records import Fact

MIN_BRAND_SHARE: Final = 0.5
MIN_BRAND_OCCASIONS: Final = 3
MIN_PRICED_OCCASIONS: Final = 5
PRICE_QUANTILES: Final = (0.2, 0.8)
MAX_PRICE_SPREAD: Final = 2.5


class UsualBrand(ClaimKind):
    """The item is of the brand that the user usually buys in its category.

    Rule: among the distinct timestamps of the user's events with an item of ``category``, the item's own, before
    ``as_of``, ``count`` is the number with an item of ``brand``, the item's own, and ``share`` is ``count`` over all of
    them; it holds for a share of at least 0.5 and a count of at least 3. A brand that the policy calls unnameable is
    found all the same, its name is then never spoken; a value that by the policy stands for no brand is none.
    """

    name = "usual_brand"
    scope = "own group"
    parts = ("usual_brand",)
    required_slots = ("brand_category",)
    optional_slots = ("brand", "brand_share")

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        catalogue = evidence.shop.catalogue
        brand = int(catalogue.brand_index[evidence.item_index])
        if brand < 0 or not evidence.shop.policy.is_brand(catalogue.brand_names[brand]):
            return None
        own = evidence.user.category(evidence.category_index)
        occasions = own.of_brand(brand, catalogue.brand_index)
        if len(occasions) < MIN_BRAND_OCCASIONS or len(occasions) < MIN_BRAND_SHARE * len(own.occasions):
            return None
        share = len(occasions) / len(own.occasions)
        facts = with_kind(
            {
                "brand": catalogue.brand_names[brand],
                "category": evidence.category,
                "share": share,
                "count": len(occasions),
            },
            own.event_kind,
        )
        return Finding(facts, evidence.shop.degrees.licences(occasions, share))


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
    parts = ("usual_price",)
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
