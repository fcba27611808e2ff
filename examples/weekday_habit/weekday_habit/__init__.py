"""The claim kind ``weekday_habit``: the user usually buys the item on one day of the week."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims import NOTHING, ClaimKind, Findings
from llm_explain.claims.kind import kinds_of

if TYPE_CHECKING:
    from llm_explain.claims import Subjects

MIN_DAYS: Final = 5
MIN_SHARE: Final = 0.6
DAYS_IN_WEEK: Final = 7
FIRST_MONDAY: Final = 4
"""Days from 1 January 1970, a Thursday, to a Monday."""


class WeekdayHabit(ClaimKind):
    """The user usually buys the item on one day of the week.

    Rule: counted events are the user's target events before ``as_of`` that no return took back, of items with the
    item's title. Each occasion lies on the local day of its latest counted event. Of the distinct days, of which there
    are at least five, at least 60 % fall on the weekday ``weekday`` (0 is Monday); ``share`` is their share, and
    ``count`` their number.
    """

    name = "weekday_habit"
    scope = "own group"
    parts = ("times_bought", "own_rhythm")
    position = 5
    topic = "rhythm"
    never_with = frozenset({"category", "other purchase", "brand"})
    prompts = Path(__file__).parent / "prompts"

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        if not subjects.shop.has_dates:
            return NOTHING
        occasions = subjects.of_item
        days = occasions.days
        weekday = (days.values - FIRST_MONDAY) % DAYS_IN_WEEK
        flat = np.bincount(days.group * DAYS_IN_WEEK + weekday, minlength=len(subjects) * DAYS_IN_WEEK)
        by_weekday = flat.reshape(len(subjects), DAYS_IN_WEEK)
        usual, count = by_weekday.argmax(axis=1), by_weekday.max(axis=1)
        share = count / np.maximum(days.counts, 1)
        rows = np.flatnonzero((days.counts >= MIN_DAYS) & (share >= MIN_SHARE))
        found = occasions.take(rows)
        facts = {"weekday": usual[rows].tolist(), "share": share[rows].tolist(), "count": count[rows].tolist()}
        return Findings(rows, facts, found, share[rows], kinds_of(subjects, found))
