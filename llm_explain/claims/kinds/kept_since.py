"""The claim kind ``kept_since``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings, kinds_of
from llm_explain.claims.occasions import to_dates

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

LEAST_MONTHS: Final = 3
LEAST_DAYS: Final = 90
MOST_PAUSE: Final = 90
ROUNDS: Final = 3
GRACE_DAYS: Final = 30


class KeptSince(ClaimKind):
    """The user has come back to the item since a month, and not given it up.

    Rule: counted events are those of ``repeat_item``. The occasions with one lie in at least three calendar months.
    ``since`` is the local day of the first one, at least 90 days before that of ``as_of``. From the last one to the day
    of ``as_of`` at most 90 days have passed, and at most three times the median of the days between the days with an
    occasion, or 30 days if that is more. A log whose times only order the events has no such claim.
    """

    name = "kept_since"
    scope = "context"
    parts = ("popularity",)
    position = 26
    again_place = 18
    topic = "rhythm"
    is_reason = False

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        if not subjects.shop.has_dates:
            return NOTHING
        rows = np.flatnonzero(subjects.of_item.counts >= LEAST_MONTHS)
        occasions = subjects.of_item.take(rows)
        first_day = occasions.day[occasions.bounds[:-1]]
        most = np.fmin(np.fmax(ROUNDS * occasions.rhythm, GRACE_DAYS), MOST_PAUSE)
        holds = (occasions.months(None) >= LEAST_MONTHS) & (occasions.days_since <= most)
        holds &= occasions.as_of_day - first_day >= LEAST_DAYS
        found = occasions.take(np.flatnonzero(holds))
        facts: dict[str, list[Fact]] = {"since": [*to_dates(first_day[holds])]}
        return Findings(rows[holds], facts, found, event_kind=kinds_of(subjects, found))
