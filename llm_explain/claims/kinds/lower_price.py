"""The claim kind ``lower_price``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.groups import spans_of, starts
from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import NS_PER_DAY, Spans

if TYPE_CHECKING:
    import numpy.typing as npt

    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray

MIN_PAID: Final = 2
CENTS: Final = 100
MOST_OF_PAID: Final = 95
"""Largest price, in percent of what was paid, that is told as lower."""

LEAST_OF_PAID: Final = 50
"""Smallest price, in percent of what was paid: below it, the price paid was hardly one of the same quantity."""

MIN_SAME: Final = 2
LEAST_SAME: Final = 3
"""Divisor of the number of prices: at least one in three is the commonest. Goods sold by weight have no such price."""


class LowerPrice(ClaimKind):
    """The item costs less than the user paid for it the last time, and in the median.

    Rule: prices paid are the unit prices above zero, rounded to cents, of the user's counted purchases of the item's
    title. A counted purchase has the kind ``purchase``, and no return took it back. ``usual`` is their median.
    ``last_paid`` is the lowest one on the latest local day. ``price`` is the one that the catalogue states, rounded to
    cents. The claim holds if

    - there are at least two prices, and ``price`` is at most 95 % and at least 50 % of ``usual`` and of ``last_paid``;
    - the commonest price was paid at least twice and is at least a third of them: the amounts paid for loose apples are
      no prices of one quantity;
    - the snapshot is at most seven days older than ``as_of``, and not younger;
    - the times of the log are dates, and do not only order the events.
    """

    name = "lower_price"
    scope = "context"
    parts = ("price",)
    position = 65
    topic = "price"
    again_place = 19
    badge_place = 5
    is_reason = False
    counts_events = False
    never_with = frozenset({"other purchase", "promotion"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, evidence = subjects.shop, subjects.evidence
        price = np.round(shop.stated_price[subjects.item] * CENTS)  # NaN compares as false
        if not shop.has_dates or not (price > 0).any():
            return NOTHING
        paid = evidence.paid
        key = evidence.title_key(evidence.user[paid.row], evidence.item[paid.row])
        order = np.lexsort((paid.price, key))
        key, row, price_paid = key[order], paid.row[order], paid.price[order]
        bounds = starts(key)
        places, found = spans_of(key[bounds[:-1]], bounds, evidence.title_key(subjects.user, subjects.item))
        group = np.repeat(np.arange(len(subjects)), np.diff(found))
        cents = np.round(price_paid[places] * CENTS).astype(np.int64)
        prices = Spans.of(cents, group, len(subjects))
        day = evidence.moment[row[places]] // NS_PER_DAY
        latest = np.zeros(len(subjects), dtype=np.int64)
        np.maximum.at(latest, group, day)
        last = np.full(len(subjects), np.iinfo(np.int64).max)
        is_latest = day == latest[group]
        np.minimum.at(last, group[is_latest], cents[is_latest])
        least, most = np.minimum(prices.medians(), last), np.maximum(prices.medians(), last)
        is_lower = (CENTS * price <= MOST_OF_PAID * least) & (CENTS * price >= LEAST_OF_PAID * most)
        is_lower &= (
            (prices.counts >= MIN_PAID) & subjects.is_snapshot_fresh & _has_one_price(cents, group, prices.counts)
        )
        rows = np.flatnonzero(is_lower & (price > 0))
        facts: dict[str, list[Fact]] = {
            "price": (price[rows] / CENTS).tolist(),
            "usual": (prices.medians()[rows] / CENTS).tolist(),
            "last_paid": (last[rows] / CENTS).tolist(),
        }
        return Findings(rows, facts)


def _has_one_price(cents: npt.NDArray[np.int64], group: IndexArray, counts: IndexArray) -> npt.NDArray[np.bool_]:
    """Return whether the commonest price of each group is common enough to be the price of one quantity.

    Args:
        cents: Prices, shape ``(n_prices,)``.
        group: Group of each price, shape ``(n_prices,)``.
        counts: Number of prices of each group, shape ``(n_groups,)``.

    Returns:
        Mask of the groups, shape ``(n_groups,)``.
    """
    base = cents.max(initial=0) + 1
    pairs, n_same = np.unique(group * base + cents, return_counts=True)
    commonest = np.zeros(len(counts), dtype=np.int64)
    np.maximum.at(commonest, pairs // base, n_same)
    found: npt.NDArray[np.bool_] = (commonest >= MIN_SAME) & (LEAST_SAME * commonest >= counts)
    return found
