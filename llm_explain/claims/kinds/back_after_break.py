"""The claim kind ``back_after_break``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings, kinds_of
from llm_explain.claims.occasions import to_dates

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

MIN_BREAK_DAYS: Final = 4
"""Least distinct days with the item: three intervals make a habit that could be broken."""

MIN_REGULAR_SHARE: Final = 0.6
LEAST_ROUNDS: Final = 3
MIN_PAUSE: Final = 30
MAX_PAUSE: Final = 365


class BackAfterBreak(ClaimKind):
    """The user bought the item regularly, and has not for a while.

    Rule: counted events are those of ``repeat_item``. Each occasion lies on the local day of its latest counted event.
    Over the distinct days, of which there are at least four, ``interval_days`` is the median of the days between
    successive ones, and at least 60 % of these intervals lie between half and twice the median. ``last`` is the last
    of these days. From it to the local day of ``as_of`` more than three intervals and at least 30 days have
    passed, and at most 365. A log whose times only order the events has no such claim.
    """

    name = "back_after_break"
    scope = "own group"
    parts = ("times_bought",)
    position = 21
    again_place = 15
    topic = "rhythm"
    never_with = frozenset({"category", "other purchase", "brand", "item"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        if not subjects.shop.has_dates:
            return NOTHING
        occasions = subjects.of_item
        rows = np.flatnonzero(occasions.days.counts >= MIN_BREAK_DAYS)
        occasions = occasions.take(rows)
        usual, intervals, pause = occasions.rhythm, occasions.intervals, occasions.days_since
        median = usual[intervals.group]
        is_near = (median / 2 <= intervals.values) & (intervals.values <= median * 2)
        regular = np.bincount(intervals.group[is_near], minlength=len(rows))
        is_break = (regular >= MIN_REGULAR_SHARE * intervals.counts) & (pause > LEAST_ROUNDS * usual)
        is_break &= (pause >= MIN_PAUSE) & (pause <= MAX_PAUSE)
        found = occasions.take(np.flatnonzero(is_break))
        facts: dict[str, list[Fact]] = {
            "interval_days": [int(days) if days.is_integer() else days for days in found.rhythm.tolist()],
            "last": [*to_dates(found.last_day)],
        }
        return Findings(rows[is_break], facts, found, event_kind=kinds_of(subjects, found))
