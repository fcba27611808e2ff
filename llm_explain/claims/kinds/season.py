"""The claim kind ``season``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import round_down
from scoring.features.snapshot import POPULARITY_WINDOWS

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Floats
    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


MIN_LIFT: Final = 1.3
MIN_PAIRS: Final = 100
RECENT_DAYS: Final = 30
USUAL_DAYS: Final = 90


class Season(ClaimKind):
    """The item's category sells above its share in recent weeks.

    Rule: a pair is a distinct user and item with a counted target event in a window before the snapshot. ``category``
    is the item's own. ``lift`` is its share of the pairs of 30 days over its share of the pairs of 90 days, rounded
    down to one decimal. The claim holds if

    - ``lift`` is at least 1.3;
    - the category has 100 pairs in the 30 days, and the log covers 90 days;
    - in the last complete calendar month, which the scorer reads, the category's share of the events is at least its
      share in the 12 months that end with it, and the month has 100 events;
    - the snapshot is at most seven days older than ``as_of``, and not younger;
    - the shop has one target kind.
    """

    name = "season"
    scope = "context"
    parts = ("season",)
    position = 100
    list_place = 4
    topic = "season"

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, snapshot = subjects.shop, subjects.shop.snapshot
        if shop.crowd_kind is None or not shop.has_dates or snapshot.days_covered < USUAL_DAYS:
            return NOTHING
        lift, names = shop.once(lifts), shop.catalogue.category_names
        rows = np.flatnonzero((lift[subjects.category] > 0) & subjects.is_snapshot_fresh)
        facts: dict[str, list[Fact]] = {
            "lift": lift[subjects.category[rows]].tolist(),
            "category": [names[code] for code in subjects.category[rows].tolist()],
        }
        return Findings(rows, facts, event_kind=[shop.crowd_kind] * len(rows))


def lifts(shop: ShopEvidence) -> Floats:
    """Return the lift of each category for which the shop's part of the rule holds, 0 for the others.

    Args:
        shop: The shop, with its statistics.

    Returns:
        Lifts, shape ``(n_categories,)``.
    """
    category, snapshot = shop.catalogue.category_index, shop.snapshot
    pairs = {
        days: np.bincount(
            category, snapshot.users_by_window[:, POPULARITY_WINDOWS.index(days)], len(shop.catalogue.category_names)
        )
        for days in (RECENT_DAYS, USUAL_DAYS)
    }
    recent, usual = (own / max(own.sum(), 1.0) for own in pairs.values())
    lift = round_down(recent / np.maximum(usual, 1e-12), 1)
    holds = (lift >= MIN_LIFT) & (pairs[RECENT_DAYS] >= MIN_PAIRS) & (snapshot.season_lift >= 1 - 1e-9)
    return np.where(holds, lift, 0.0)
