"""The claim kind ``usual_price``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.groups import spans_of
from llm_explain.claims.kind import ClaimKind, Findings
from llm_explain.claims.occasions import spans

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray


MIN_PRICED_OCCASIONS: Final = 5
PRICE_TENTHS: Final = (2, 8)
MAX_PRICE_SPREAD: Final = 2.5


class UsualPrice(ClaimKind):
    """The item costs what the user usually pays in its category.

    Rule: over the unit prices above zero, rounded to cents, of the user's counted purchases in ``category``, the item's
    own (the kind is ``purchase`` and no return took them back), ``low`` and ``high`` are the prices at ranks ⌈0.2 n⌉
    and ⌈0.8 n⌉, lowest first, so that three fifths of what was paid lie between them; ``price`` is the item's in the
    snapshot, rounded to cents. It holds where ``low`` ≤ ``price`` ≤ ``high``, with at least five occasions on which a
    price in that range was paid, a range that says something (``high`` ≤ 2.5 ``low``), and a snapshot that is at most
    seven days older than ``as_of`` and not younger.
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
        price = np.round(shop.snapshot.price[subjects.item[rows]], 2)
        low, high = (paid.price[places[bounds[rows] + at_rank(n[rows], tenths)]] for tenths in PRICE_TENTHS)
        says = (low <= price) & (price <= high) & (high <= MAX_PRICE_SPREAD * low)
        rows, price, low, high = rows[says], price[says], low[says], high[says]
        inside, starts = spans(bounds, rows)
        group = np.repeat(np.arange(len(rows)), np.diff(starts))
        inside = places[inside]
        is_usual = (low[group] <= paid.price[inside]) & (paid.price[inside] <= high[group])
        inside, group = inside[is_usual], group[is_usual]
        occasions = subjects.evidence.occasions_of(paid.row[inside], group, subjects.as_of[rows])
        share = np.bincount(group, minlength=len(rows)) / n[rows]
        holds = np.flatnonzero(occasions.counts >= MIN_PRICED_OCCASIONS)
        names = shop.catalogue.category_names
        facts: dict[str, list[Fact]] = {
            "price": price[holds].tolist(),
            "low": low[holds].tolist(),
            "high": high[holds].tolist(),
            "category": [names[code] for code in subjects.category[rows[holds]].tolist()],
        }
        return Findings(rows[holds], facts, occasions.take(holds), share[holds])


def at_rank(n: IndexArray, tenths: int) -> IndexArray:
    """Return the place of rank ⌈tenths · n / 10⌉, counted from 1, among n ordered values.

    Args:
        n: Numbers of values, each at least 1, shape ``(m,)``.
        tenths: Between 1 and 10.

    Returns:
        Places, counted from 0, shape ``(m,)``.
    """
    return -(-tenths * n // 10) - 1
