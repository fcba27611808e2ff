"""What the claim kinds of churn look at: the users of one moment and their events before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from scoring.churn.events import Habits, regular_categories, visit_days
from scoring.features.rhythm import Rhythm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.churn.events import UserTable
    from scoring.churn.setting import ChurnSetting
    from scoring.churn.spending import Floats, Indices, Spending, Truths

PLAYER_OF: Final = {
    "days_since": "rhythm", "overdue": "rhythm", "against_longest_gap": "rhythm", "interval": "rhythm",
    "irregularity": "rhythm", "longest_gap": "rhythm",
    "visits_trend": "visits", "visits_short_trend": "visits",
    "spend_trend": "spending", "spend_short_trend": "spending",
    "categories": "range", "categories_trend": "range", "given_up": "habits",
    "usual_spend": "level", "usual_visits": "level", "spend_per_visit": "basket",
    "unevenness": "evenness", "low_periods": "evenness",
    "promoted_share": "promotions", "support": "support", "days_known": "tenure",
}  # fmt: skip
"""Player of each feature of events."""


@dataclass(frozen=True, eq=False)
class ChurnView:
    """Users at one moment.

    Attributes:
        spending: Events before the moment, of the users that are explained.
        table: Features of the users that are explained.
        as_of: Local moment in days since 1970.
        setting: The windows.
        medians: Median of each feature over all users that are scored at the moment.
        may_name: Whether a category may be named.
    """

    spending: Spending
    table: UserTable
    as_of: float
    setting: ChurnSetting
    medians: Mapping[str, float]
    may_name: Callable[[str], bool]

    @cached_property
    def user(self) -> Indices:
        """Place of each user in ``spending``, shape ``(n,)``."""
        place = {user_id: row for row, user_id in enumerate(self.spending.user_ids)}
        return np.array([place[user_id] for user_id in self.table.user_ids], dtype=np.int64)

    @cached_property
    def row_of_user(self) -> Indices:
        """Row of each user of ``spending``, −1 for one that is not explained."""
        rows = np.full(self.spending.n_users, -1, dtype=np.int64)
        rows[self.user] = np.arange(len(self.user))
        return rows

    @cached_property
    def habits(self) -> Habits:
        """Regular categories of the users."""
        return regular_categories(self.spending, self.as_of)

    @cached_property
    def rhythm(self) -> Rhythm:
        """Days between the days with a visit of each user, over the whole history."""
        return Rhythm.of(*visit_days(self.spending), self.spending.n_users).take(self.user)

    @cached_property
    def shorter_gaps(self) -> Indices:
        """How many gaps between visits of each user are shorter than the days since the last visit, shape ``(n,)``."""
        user, day = visit_days(self.spending)
        silence = np.full(self.spending.n_users, np.nan)
        silence[self.user] = self.table.column("days_since")
        is_shorter = (user[1:] == user[:-1]) & (np.diff(day) < silence[user[1:]])
        return np.bincount(user[1:][is_shorter], minlength=self.spending.n_users)[self.user]

    def has_room(self, days: float) -> Truths:
        """Return whether a window is at least as long as the user's median gap, so that it says something."""
        return np.asarray(~(self.rhythm.median > days))

    @cached_property
    def pause(self) -> tuple[Floats, Floats]:
        """Longest gap between visits of each user that ended in the recent window, and the day it ended."""
        user, day = visit_days(self.spending)
        ended = np.flatnonzero((user[1:] == user[:-1]) & (day[1:] >= self.as_of - self.setting.recent_days))
        ended = ended[np.lexsort((day[ended + 1], np.diff(day)[ended]))]  # of each user, the last one counts
        gap, end = np.zeros(self.spending.n_users), np.zeros(self.spending.n_users)
        gap[user[ended]], end[user[ended]] = np.diff(day)[ended], day[ended + 1]
        return gap[self.user], end[self.user]

    @cached_property
    def all_visits(self) -> Indices:
        """Number of visits of each user in the whole history, shape ``(n,)``."""
        every = np.ones(len(self.spending.user), dtype=bool)
        return np.asarray(self.spending.visits(every)[self.user]).astype(np.int64)

    def visits(self, start: float, end: float = 0.0) -> Indices:
        """Return each user's visits from ``start`` days before the moment to ``end`` days before it, shape ``(n,)``."""
        rows = self.spending.between(self.as_of - start, self.as_of - end)
        return np.asarray(self.spending.visits(rows)[self.user]).astype(np.int64)

    def spent(self, start: float, end: float = 0.0) -> Floats:
        """Return each user's spending in the same window, in cents' precision, shape ``(n,)``."""
        rows = self.spending.between(self.as_of - start, self.as_of - end)
        return np.round(self.spending.total(rows)[self.user], 2)

    def categories(self, days: float) -> Indices:
        """Return from how many categories each user bought in the last days before the moment, shape ``(n,)``."""
        rows = self.spending.between(self.as_of - days, self.as_of)
        return self.spending.n_categories(rows)[self.user]

    @cached_property
    def days_known(self) -> Floats:
        """Days of the usual window in which each user was known, shape ``(n,)``."""
        return self.spending.days_known(self.as_of, self.setting.usual_days)[self.user]

    @cached_property
    def has_usual(self) -> Truths:
        """Whether each user has been known for the recent window at least, so that a rate is usual, shape ``(n,)``."""
        return np.asarray(self.days_known >= self.setting.recent_days)
