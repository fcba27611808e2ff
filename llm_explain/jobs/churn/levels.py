"""Claim kinds of churn about levels: recency, rhythm, spending and visits against the usual or the typical."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from llm_explain.jobs.churn.facts import LEAST_VISITS, found, is_below, rounded
from llm_explain.jobs.churn.view import ChurnView
from llm_explain.jobs.drivers import DriverKind

if TYPE_CHECKING:
    from llm_explain.claims.kind import Findings
    from scoring.churn.spending import Floats


RECENCY: Final = ("days_since", "overdue", "against_longest_gap")
"""Features of the days since the last visit."""

RHYTHM: Final = (*RECENCY, "interval", "longest_gap", "irregularity")
"""These, and features of the days between visits; all but the first are missing after one visit."""

OVERDUE: Final = 1.5
"""Intervals and a day after which a visit is overdue."""

LEAST_COMPARED: Final = 3
"""Gaps from which on their longest is told, and a silence is compared with the user's own gaps alone."""

LEAST_COUNTED: Final = 5
"""Gaps from which on those shorter than the silence are counted."""

MOST_OF: Final = 0.8
"""Share of the earlier gaps that a long silence exceeds."""

FEW_VISITS: Final = 4
"""Visits up to which their number says more than the days between them."""

RATES: Final = ("usual_spend", "usual_visits")
"""Levels that are scaled to the length of the recent window."""


class _Recency(DriverKind[ChurnView]):
    """Days since the last visit, ``days``, and the usual days between visits, ``interval``: their median, if steady."""

    player, parts = "rhythm", RECENCY
    late: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        rhythm, days = view.rhythm, view.table.column("days_since")
        is_late = (days > OVERDUE * rhythm.slower + 1) & (days > rhythm.recent_longest)
        is_late &= ~(days > rhythm.longest)  # ``LongestSilence`` says more
        holds = rhythm.is_steady & (is_late if self.late else days <= rhythm.median)
        return found(holds, {"days": np.nan_to_num(days).astype(int), "interval": rhythm.median})


class Overdue(_Recency):
    """The last visit is longer ago than usual and than of late.

    That is more than 1.5 times and a day the usual interval, and that of the last five; and more than each of the
    last five. An earlier gap is as long: see ``LongestSilence``.
    """

    name, effect, late = "overdue", "raises", True


class CameLately(_Recency):
    """The last visit is at most as long ago as the usual days between visits."""

    name, effect, late = "came_lately", "lowers", False


class LongestSilence(DriverKind[ChurnView]):
    """The last visit, ``days`` ago, is longer ago than the longest gap between earlier ones, ``longest``.

    The user has at least three gaps. If they are steady, the last visit is overdue: more than 1.5 times and a day the
    usual interval, and that of the last five.
    """

    name, player, parts, effect = "longest_silence", "rhythm", RECENCY, "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        rhythm, days = view.rhythm, view.table.column("days_since")
        is_late = ~rhythm.is_steady | (days > OVERDUE * rhythm.slower + 1)
        holds = is_late & (rhythm.gaps >= LEAST_COMPARED) & (days > rhythm.longest)
        longest = np.nan_to_num(rhythm.longest).astype(int)
        return found(holds, {"days": np.nan_to_num(days).astype(int), "longest": longest})


class LongSilence(DriverKind[ChurnView]):
    """The last visit, ``days`` ago, is longer ago than ``shorter`` of the ``gaps`` between earlier ones: four fifths.

    There are at least five gaps; they are not steady, and the longest is at least as long as the silence.
    """

    name, player, parts, effect = "long_silence", "rhythm", RECENCY, "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        rhythm, days, shorter = view.rhythm, view.table.column("days_since"), view.shorter_gaps
        holds = ~rhythm.is_steady & (rhythm.gaps >= LEAST_COUNTED) & (days <= rhythm.longest)
        holds &= shorter >= MOST_OF * rhythm.gaps
        return found(holds, {"days": np.nan_to_num(days).astype(int), "shorter": shorter, "gaps": rhythm.gaps})


class _Level(DriverKind[ChurnView]):
    """A level of the usual window and the median of all users.

    A rate needs a user who has been known for the recent window at least, and four visits. The mean of a visit needs
    two, or a user with a single visit in all (``is_only``); a usual interval needs a steady rhythm.
    """

    of: ClassVar[str]
    below: ClassVar[bool]
    step: ClassVar[float] = 1.0
    digits: ClassVar[int] = 2

    def level(self, view: ChurnView) -> Floats:
        """Return the level of each user."""
        if self.of in {"interval", "days_since"}:
            return view.table.column(self.of)
        if self.of == "usual_visits":
            visits = view.visits(view.setting.usual_days)
            return rounded(visits / view.days_known * view.setting.recent_days, self.digits)
        spent = view.spent(view.setting.usual_days)
        if self.of == "spend_per_visit":
            return np.round(spent / np.maximum(view.visits(view.setting.usual_days), 1), 2)
        return np.round(spent / view.days_known * view.setting.recent_days, 2)

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        if self.of not in view.medians:
            return found(np.zeros(len(view.user), dtype=bool), {})
        level, median = self.level(view), float(rounded(view.medians[self.of], self.digits))
        holds = is_below(level, median) if self.below else is_below(median, level)
        holds &= np.abs(level - median) >= self.step
        if self.of in RATES:
            holds &= view.has_usual & (view.visits(view.setting.usual_days) >= LEAST_VISITS)
        facts = {"level": level, "median": median, "days": view.setting.recent_days}
        if self.of == "spend_per_visit":
            facts["is_only"] = (view.all_visits == 1).astype(int)
            holds &= (view.visits(view.setting.usual_days) > 1) | (view.all_visits == 1)
        if self.of == "interval":
            holds &= view.rhythm.is_steady
        if self.name == "visited_long_ago":
            holds &= (view.all_visits > FEW_VISITS) & (view.rhythm.gaps < LEAST_COMPARED)
        if self.name == "visited_lately":
            is_own = ~view.rhythm.is_steady & (level <= view.rhythm.median)
            holds &= (view.rhythm.gaps < LEAST_COMPARED) | is_own
        return found(holds & (level >= self.step), facts)


class SmallSpender(_Level):
    """Mean spending in as many days as the recent window has, over the usual window, is below the median."""

    name, player, parts, effect = "small_spender", "level", ("usual_spend",), "raises"
    of, below = "usual_spend", True


class BigSpender(_Level):
    """Mean spending in as many days as the recent window has, over the usual window, is above the median."""

    name, player, parts, effect = "big_spender", "level", ("usual_spend",), "lowers"
    of, below = "usual_spend", False


class SmallBasket(_Level):
    """Mean spending of a visit over the usual window, or that of the only visit, is below the median."""

    name, player, parts, effect = "small_basket", "basket", ("spend_per_visit",), "raises"
    of, below = "spend_per_visit", True


class LargeBasket(_Level):
    """Mean spending of a visit over the usual window, or that of the only visit, is above the median."""

    name, player, parts, effect = "large_basket", "basket", ("spend_per_visit",), "lowers"
    of, below = "spend_per_visit", False


class RareVisits(_Level):
    """The median days between visits, if steady, are more than those of the median user."""

    name, player, parts, effect = "rare_visits", "rhythm", ("interval", "longest_gap"), "raises"
    of, below = "interval", False


class FrequentVisits(_Level):
    """The median days between visits, if steady, are fewer than those of the median user."""

    name, player, parts, effect = "frequent_visits", "rhythm", ("interval", "longest_gap"), "lowers"
    of, below = "interval", True


class FewVisits(_Level):
    """Mean visits in as many days as the recent window has, over the usual window, are below the median.

    Both are rounded to one decimal.
    """

    name, player, parts, effect = "few_visits", "level", ("usual_visits",), "raises"
    of, below, step, digits = "usual_visits", True, 0.1, 1


class ManyVisits(_Level):
    """Mean visits in as many days as the recent window has, over the usual window, are above the median.

    Both are rounded to one decimal.
    """

    name, player, parts, effect = "many_visits", "level", ("usual_visits",), "lowers"
    of, below, step, digits = "usual_visits", False, 0.1, 1


class VisitedLongAgo(_Level):
    """The days since the last visit, ``level``, are more than those of the median user, after more than four visits.

    The user has fewer than three gaps: with more, the silence is compared with the user's own gaps.
    """

    name, player, parts, effect = "visited_long_ago", "rhythm", RECENCY, "raises"
    of, below = "days_since", False


class VisitedLately(_Level):
    """The days since the last visit, ``level``, are fewer than those of the median user.

    With three gaps or more, these are not steady and ``level`` is at most their median.
    """

    name, player, parts, effect = "visited_lately", "rhythm", RECENCY, "lowers"
    of, below = "days_since", True


class Newcomer(DriverKind[ChurnView]):
    """The first visit, ``days`` ago, lies within twice the recent window."""

    name, player, parts, effect = "newcomer", "tenure", ("days_known",), "either"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.table.column("days_known")
        return found(days < 2 * view.setting.recent_days, {"days": days.astype(int)})


class VisitedOnce(DriverKind[ChurnView]):
    """The user has made one visit in all, so there is no interval. ``days`` counts the days since then."""

    name, player, parts, effect = "visited_once", "rhythm", RHYTHM, "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.table.column("days_since")
        return found(view.all_visits == 1, {"days": np.nan_to_num(days).astype(int)})


class VisitedSeldom(DriverKind[ChurnView]):
    """The user has made two to four visits in all, ``visits``; the last one lies ``days`` back."""

    name, player, parts, effect = "visited_seldom", "rhythm", RHYTHM, "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days, visits = view.table.column("days_since"), view.all_visits
        holds = (visits > 1) & (visits <= FEW_VISITS)
        return found(holds, {"visits": visits, "days": np.nan_to_num(days).astype(int)})
