"""The claim kind ``kept_since``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings, kinds_of
from llm_explain.claims.occasions import NS_PER_DAY, to_dates

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

    Rule: counted events are those of ``repeat_item``. ``since`` is the local day of the first one. The claim holds if

    - the occasions with one lie in at least three calendar months;
    - ``since`` is at least 90 days before the local day of ``as_of``, and at least 90 days after the first day of the
      log: otherwise the habit may be older than the log;
    - no pause between the days with an occasion, or from the last one to the day of ``as_of``, is longer than 90 days,
      or longer than three times the median pause, or 30 days if that is more;
    - the times of the log are dates, and do not only order the events.
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
        shop = subjects.shop
        if not shop.has_dates:
            return NOTHING
        rows = np.flatnonzero(subjects.of_item.counts >= LEAST_MONTHS)
        occasions = subjects.of_item.take(rows)
        first_day = occasions.day[occasions.bounds[:-1]]
        most = np.fmin(np.fmax(ROUNDS * occasions.rhythm, GRACE_DAYS), MOST_PAUSE)
        longest = occasions.days_since.copy()
        np.maximum.at(longest, occasions.intervals.group, occasions.intervals.values)
        holds = (occasions.months(None) >= LEAST_MONTHS) & (longest <= most)
        holds &= occasions.as_of_day - first_day >= LEAST_DAYS
        log_days = shop.local(shop.snapshot.as_of).value // NS_PER_DAY - first_day + LEAST_DAYS
        holds &= log_days <= shop.snapshot.span(int(log_days.max(initial=0)))
        found = occasions.take(np.flatnonzero(holds))
        facts: dict[str, list[Fact]] = {"since": [*to_dates(first_day[holds])]}
        return Findings(rows[holds], facts, found, event_kind=kinds_of(subjects, found))
