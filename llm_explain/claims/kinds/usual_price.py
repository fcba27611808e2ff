"""The claim kind ``usual_price``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.groups import spans_of
from llm_explain.claims.kind import ClaimKind, Findings
from llm_explain.claims.occasions import spans

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Flags, Floats
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


MIN_PRICED_OCCASIONS: Final = 5
CENTS: Final = 100
MAX_DEVIATION: Final = 10
"""Largest difference of a price from the usual one, in percent of the usual one, that is told as "about" it."""

MIN_NEAR_SHARE: Final = 0.5
"""Least share of the prices that are about the usual one: the median of two groups of prices may be near neither."""


class UsualPrice(ClaimKind):
    """The item costs about what the user usually pays in its category.

    Rule: prices are the unit prices above zero, rounded to cents, of the user's counted purchases in ``category``, the
    item's own. A counted purchase has the kind ``purchase``, and no return took it back. ``usual`` is the median: the
    price at rank ⌈n / 2⌉, lowest first, which the user has paid. A price is about the usual one if it differs by at
    most 10 %. ``price`` is the item's price in the snapshot, rounded to cents. ``is_typical`` is 1 if that is the
    median of what users paid, which no text states as the price today. The claim holds if

    - ``price`` and at least half of the prices paid are about ``usual``;
    - such a price was paid on at least five occasions;
    - the snapshot is at most seven days older than ``as_of``, and not younger.
    """

    name = "usual_price"
    scope = "own group"
    parts = ("own_price",)
    position = 60
    list_place = 1
    topic = "price"
    never_with = frozenset({"other purchase", "promotion"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, paid = subjects.shop, subjects.evidence.paid
        key = subjects.evidence.category_key(subjects.user, subjects.category)
        places, bounds = spans_of(paid.keys, paid.bounds, key)
        n = np.diff(bounds)
        rows = np.flatnonzero((n >= MIN_PRICED_OCCASIONS) & subjects.is_snapshot_fresh)
        cents = np.round(paid.price * CENTS)
        price = np.round(np.round(shop.snapshot.price[subjects.item[rows]], 2) * CENTS)  # NaN compares as false
        usual = cents[places[bounds[rows] + (n[rows] - 1) // 2]]
        is_near = _is_about(price, usual)
        rows, price, usual = rows[is_near], price[is_near], usual[is_near]
        own, starts = spans(bounds, rows)
        group = np.repeat(np.arange(len(rows)), np.diff(starts))
        own = places[own]
        is_usual = _is_about(cents[own], usual[group])
        own, group = own[is_usual], group[is_usual]
        occasions = subjects.evidence.occasions_of(paid.row[own], group, subjects.as_of[rows])
        share = np.bincount(group, minlength=len(rows)) / n[rows]
        holds = np.flatnonzero((occasions.counts >= MIN_PRICED_OCCASIONS) & (share >= MIN_NEAR_SHARE))
        names = shop.catalogue.category_names
        facts: dict[str, list[Fact]] = {
            "price": (price[holds] / CENTS).tolist(),
            "is_typical": np.isnan(shop.stated_price[subjects.item[rows[holds]]]).astype(int).tolist(),
            "usual": (usual[holds] / CENTS).tolist(),
            "category": [names[code] for code in subjects.category[rows[holds]].tolist()],
        }
        return Findings(rows[holds], facts, occasions.take(holds), share[holds])


def _is_about(price: Floats, usual: Floats) -> Flags:
    """Return whether prices in cents are about the usual ones, shape ``(n,)``."""
    found: Flags = CENTS * np.abs(price - usual) <= MAX_DEVIATION * usual
    return found
