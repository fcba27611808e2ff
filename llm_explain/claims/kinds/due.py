"""The claim kind ``due``."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, Final

from llm_explain.claims.kind import ClaimKind, Finding, with_kind

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence

MIN_DUE_DAYS: Final = 3
MIN_REGULAR_SHARE: Final = 0.6
DUE_RANGE: Final = (0.8, 2.0)


class Due(ClaimKind):
    """By the user's own rhythm it is time for this item again.

    Rule: over the distinct calendar days of the user's events with the item before ``as_of``, of which there are at
    least three, ``interval_days`` is the median of the days between successive ones; ``days_since`` is the days from
    the last to ``as_of``; ``count`` is the number of distinct timestamps. It holds where 0.8 ≤ ``days_since`` /
    ``interval_days`` ≤ 2, and the rhythm is one: at least 60 % of the intervals lie between half and twice the median.

    Below 0.8 the item is not due yet. Above 2 a whole round has been skipped, and on the completejourney log the
    chance of a purchase in the next month has by then fallen from 0.32 to 0.24 and goes on falling: the habit has
    probably ended. Without the last condition two days and then a hundred would be "about every 51 days".
    """

    name = "due"
    scope = "own group"
    parts = ("own_rhythm",)
    position = 20
    topic = "rhythm"
    never_with = frozenset({"category", "other purchase", "brand"})
    required_slots = ("interval",)
    optional_slots = ("days_since",)

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        occasions, event_kind = evidence.user.item(evidence.item_index)
        if len(occasions.days) < MIN_DUE_DAYS:
            return None
        intervals = occasions.intervals
        usual = median(intervals)
        regular = sum(usual / 2 <= interval <= usual * 2 for interval in intervals)
        earliest, latest = DUE_RANGE
        if regular < MIN_REGULAR_SHARE * len(intervals) or not earliest <= occasions.days_since / usual <= latest:
            return None
        facts = with_kind(
            {
                "interval_days": int(usual) if usual == int(usual) else usual,
                "days_since": occasions.days_since,
                "count": len(occasions),
            },
            event_kind,
        )
        return Finding(facts, evidence.shop.degrees.licences(occasions))
