"""The claim kind ``new_arrival``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import NS_PER_DAY, to_dates
from scoring.data.tables import FIRST_SEEN

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Flags
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray


MAX_NEW_DAYS: Final = 30
MIN_DAYS_BEFORE: Final = 90
MIN_NEW_USERS: Final = 5


class NewArrival(ClaimKind):
    """The item is new in the shop.

    Rule: ``first_seen`` is the local day of the moment that the items table gives, or of an earlier event of the item.
    ``days`` is the number of days from it to the local day of ``as_of``. The claim holds if

    - ``days`` is at most 30;
    - the log begins at least 90 days before ``first_seen``, and at least five distinct users have a counted target
      event of the item in the 30 days before the snapshot: otherwise a rarely sold old item looks new;
    - the snapshot is at most seven days older than ``as_of``, and not younger.

    The second condition is not asked if the item has a date and the policy says that this date is the shop's own word.
    """

    name = "new_arrival"
    scope = "context"
    parts = ("novelty",)
    position = 110
    topic = "novelty"
    neutral_place = 30
    badge_place = 40
    counts_events = False
    fits_sensitive_items = True

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        if not shop.has_dates:
            return NOTHING
        seen = shop.snapshot.first_seen[subjects.item].astype("datetime64[ns]")
        rows = np.flatnonzero(~np.isnat(seen) & subjects.is_snapshot_fresh)
        moment = seen[rows].astype(np.int64)
        first = shop.first_seen[subjects.item[rows]]
        as_of = subjects.as_of[rows]
        days = as_of // NS_PER_DAY - first // NS_PER_DAY
        is_new = (days <= MAX_NEW_DAYS) & (first < as_of)
        is_new &= self._is_stated(subjects, rows) | self._is_new_in_log(subjects, rows, moment)
        found = np.flatnonzero(is_new)
        facts: dict[str, list[Fact]] = {
            "first_seen": [*to_dates(first[found] // NS_PER_DAY)],
            "days": days[found].tolist(),
        }
        return Findings(rows[found], facts)

    @staticmethod
    def _is_stated(subjects: Subjects, rows: IndexArray) -> Flags:
        items = subjects.shop.catalogue.items
        if not subjects.shop.policy.settings.is_first_seen_stated or FIRST_SEEN not in items:
            return np.zeros(len(rows), dtype=bool)
        return np.asarray(items[FIRST_SEEN].iloc[subjects.item[rows]].notna(), dtype=bool)

    @staticmethod
    def _is_new_in_log(subjects: Subjects, rows: IndexArray, moment: IndexArray) -> Flags:
        snapshot = subjects.shop.snapshot
        covered = snapshot.days_covered - (snapshot.as_of.value - moment) / NS_PER_DAY
        users = snapshot.users_by_window[subjects.item[rows], 1]  # of 30 days
        is_new: Flags = (covered >= MIN_DAYS_BEFORE) & (users >= MIN_NEW_USERS)
        return is_new
