"""The claim kind ``due``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings, kinds_of
from llm_explain.claims.occasions import to_dates

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


MIN_DUE_DAYS: Final = 4
MIN_REGULAR_SHARE: Final = 0.6
DUE_RANGE: Final = (0.8, 1.5)


class Due(ClaimKind):
    """By the user's own rhythm it is time for this item again.

    Rule: counted events are those of ``repeat_item``. Each occasion lies on the local day of its latest counted event.
    Over the distinct days, of which there are at least four, ``interval_days`` is the median of the days between
    successive ones; ``days_since`` is the days from the last one, ``last``, to the local day of ``as_of``; ``count`` is
    the number of occasions. It holds where 0.8 ≤ ``days_since`` / ``interval_days`` ≤ 1.5, at least 60 % of the
    intervals lie between half and twice the median, and the latest ones agree with it: the median of the last five is
    at most 1.5 times the median and a day, and the reverse, and the last one is at most twice the median and a day. A
    log whose times only order the events has no such claim.

    Below 0.8 the item is not due yet. Above 1.5 half a round has been missed, and "you buy this about every two months"
    would be told of a habit that may have ended. Without the other conditions two days and then a hundred would be
    "about every 51 days".
    """

    name = "due"
    scope = "own group"
    parts = ("own_rhythm",)
    position = 20
    again_place = 10
    topic = "rhythm"
    never_with = frozenset({"category", "other purchase", "brand"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        if not subjects.shop.has_dates:
            return NOTHING
        occasions = subjects.of_item
        rows = np.flatnonzero(occasions.days.counts >= MIN_DUE_DAYS)
        occasions = occasions.take(rows)
        usual, intervals = occasions.rhythm, occasions.intervals
        median = usual[intervals.group]
        is_near = (median / 2 <= intervals.values) & (intervals.values <= median * 2)
        regular = np.bincount(intervals.group[is_near], minlength=len(rows))
        earliest, latest = DUE_RANGE
        passed = occasions.days_since / usual
        is_due = (regular >= MIN_REGULAR_SHARE * intervals.counts) & (earliest <= passed) & (passed <= latest)
        is_due &= occasions.keeps_rhythm
        found = occasions.take(np.flatnonzero(is_due))
        facts: dict[str, list[Fact]] = {
            "interval_days": [int(days) if days.is_integer() else days for days in found.rhythm.tolist()],
            "days_since": found.days_since.tolist(),
            "last": [*to_dates(found.last_day)],
            "count": found.counts.tolist(),
        }
        return Findings(rows[is_due], facts, found, event_kind=kinds_of(subjects, found))
