"""Claim kinds of churn from events. ``kinds.sql`` repeats each rule over the raw tables.

Windows end at the moment of the explanation: "recent" is ``recent_days`` long, "short" half of it. Two values are
compared only if they differ by at least a tenth of the larger one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

import numpy as np

from llm_explain.claims.kind import Findings
from llm_explain.jobs.churn.view import ChurnView
from llm_explain.jobs.drivers import DriverKind
from scoring.churn.events import GIVEN_UP_INTERVALS, N_PERIODS, past_periods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.churn.spending import Floats, Truths

LEAST_HABIT: Final = 5
"""Days with a purchase from which on a category that was given up is named."""

LEAST_REGULAR: Final = 3
"""Regular categories from which on their share is told."""

LEAST_CHANGE: Final = 0.1
"""Least relative difference that is told."""

OVERDUE: Final = 1.5
"""Intervals after which a visit is overdue."""

LEAST_MORE: Final = 0.05
"""Least difference of a share to the median share that is told."""

SWING: Final = 2.0
"""Spending is uneven from this ratio of the highest period to the lowest on."""


def _found(holds: Truths, columns: Mapping[str, Any]) -> Findings:
    """Return facts where a rule holds."""
    rows = np.flatnonzero(holds)
    facts = {name: np.broadcast_to(np.asarray(column), holds.shape)[rows].tolist() for name, column in columns.items()}
    return Findings(rows, cast("Mapping[str, list[Any]]", facts))


def _is_below(low: Any, high: Any) -> Truths:
    """Return whether a value is below another one by at least a tenth of it."""
    is_below: Truths = np.logical_and(low <= (1 - LEAST_CHANGE) * high, low < high)
    return is_below


class _Compared(DriverKind[ChurnView]):
    """A count or an amount of the last days and of the days before them."""

    of: ClassVar[str]
    falls: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.setting.recent_days
        count = getattr(view, self.of)
        after, before = count(days), count(2 * days, days)
        holds = _is_below(after, before) if self.falls else _is_below(before, after)
        return _found(holds & (view.days_known >= 2 * days), {"before": before, "after": after, "days": days})


class VisitsFell(_Compared):
    """Visits of the recent window, ``after``, are fewer than those of the window before it, ``before``."""

    name, player, parts, effect = "visits_fell", "visits", ("visits_trend",), "raises"
    of, falls = "visits", True


class VisitsRose(_Compared):
    """Visits of the recent window, ``after``, are more than those of the window before it, ``before``."""

    name, player, parts, effect = "visits_rose", "visits", ("visits_trend",), "lowers"
    of, falls = "visits", False


class SpendFell(_Compared):
    """Spending of the recent window, ``after``, is less than that of the window before it, ``before``."""

    name, player, parts, effect = "spend_fell", "spending", ("spend_trend",), "raises"
    of, falls = "spent", True


class SpendRose(_Compared):
    """Spending of the recent window, ``after``, is more than that of the window before it, ``before``."""

    name, player, parts, effect = "spend_rose", "spending", ("spend_trend",), "lowers"
    of, falls = "spent", False


class RangeFell(_Compared):
    """Categories bought in the recent window, ``after``, are fewer than in the window before it, ``before``."""

    name, player, parts, effect = "range_fell", "range", ("categories_trend",), "raises"
    of, falls = "categories", True


class RangeRose(_Compared):
    """Categories bought in the recent window, ``after``, are more than in the window before it, ``before``."""

    name, player, parts, effect = "range_rose", "range", ("categories_trend",), "lowers"
    of, falls = "categories", False


class _AgainstUsual(DriverKind[ChurnView]):
    """A count or an amount of the short window and what is usual for a window as long."""

    of: ClassVar[str]
    below: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.setting.recent_days / 2
        count = getattr(view, self.of)
        after = count(days)
        usual = np.round(count(view.setting.usual_days) / view.days_known * days, 1 if self.of == "visits" else 2)
        holds = _is_below(after, usual) if self.below else _is_below(usual, after)
        return _found(holds, {"after": after, "usual": usual, "days": int(days)})


class VisitsBelowUsual(_AgainstUsual):
    """Visits of the short window are fewer than usual: ``usual`` is the mean of the usual window, to one decimal."""

    name, player, parts, effect = "visits_below_usual", "visits", ("visits_short_trend",), "raises"
    of, below = "visits", True


class VisitsAboveUsual(_AgainstUsual):
    """Visits of the short window are more than usual: ``usual`` is the mean of the usual window, to one decimal."""

    name, player, parts, effect = "visits_above_usual", "visits", ("visits_short_trend",), "lowers"
    of, below = "visits", False


class SpendBelowUsual(_AgainstUsual):
    """Spending of the short window is less than usual: ``usual`` is the mean of the usual window."""

    name, player, parts, effect = "spend_below_usual", "spending", ("spend_short_trend",), "raises"
    of, below = "spent", True


class SpendAboveUsual(_AgainstUsual):
    """Spending of the short window is more than usual: ``usual`` is the mean of the usual window."""

    name, player, parts, effect = "spend_above_usual", "spending", ("spend_short_trend",), "lowers"
    of, below = "spent", False


class _Recency(DriverKind[ChurnView]):
    """Days since the last visit, ``days``, and the median days between visits, ``interval``."""

    player, parts = "rhythm", ("days_since", "overdue", "against_longest_gap")
    late: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days, interval = view.table.column("days_since"), view.table.column("interval")
        holds = (days >= OVERDUE * interval) if self.late else (days <= interval)
        return _found(holds & (interval >= 1), {"days": np.nan_to_num(days).astype(int), "interval": interval})


class Overdue(_Recency):
    """The last visit is at least 1.5 times as long ago as the median days between visits."""

    name, effect, late = "overdue", "raises", True


class CameLately(_Recency):
    """The last visit is at most as long ago as the median days between visits."""

    name, effect, late = "came_lately", "lowers", False


class CategoryGivenUp(DriverKind[ChurnView]):
    """A regular category has not been bought for more than twice the median days between its purchases.

    Of the categories with at least five days with a purchase, it is the one with most of them, then the first by name.
    ``interval`` is the median, ``days`` the days since the last purchase, ``last`` its date, ``others`` the number of
    other regular categories that were given up, of ``regular`` in all.
    """

    name, player, parts, effect = "category_given_up", "habits", ("given_up",), "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        habits = view.habits
        names = np.array(view.spending.categories, dtype=object)
        is_nameable = np.array([view.may_name(name) for name in names], dtype=bool)
        row = view.row_of_user[habits.user]
        is_given_up = habits.silent_days > GIVEN_UP_INTERVALS * habits.interval
        given_up = np.bincount(habits.user[is_given_up], minlength=view.spending.n_users)
        regular = np.bincount(habits.user, minlength=view.spending.n_users)
        fits = (row >= 0) & is_nameable[habits.category] & (habits.occasions >= LEAST_HABIT) & is_given_up
        pairs = np.flatnonzero(fits)
        pairs = pairs[np.lexsort((habits.category[pairs], -habits.occasions[pairs], row[pairs]))]
        pairs = pairs[np.unique(row[pairs], return_index=True)[1]]
        facts = {
            "category": names[habits.category[pairs]].tolist(),
            "interval": habits.interval[pairs].tolist(),
            "days": habits.silent_days[pairs].astype(int).tolist(),
            "last": habits.last_day[pairs].astype("datetime64[D]").astype(str).tolist(),
            "others": (given_up[habits.user[pairs]] - 1).tolist(),
            "regular": regular[habits.user[pairs]].tolist(),
        }
        return Findings(row[pairs], facts)


class HabitsKept(DriverKind[ChurnView]):
    """Of ``regular`` regular categories, ``kept`` were bought within twice the median days between purchases.

    Their share is at least 5 points more than the median share of all users, ``typical``.
    """

    name, player, parts, effect = "habits_kept", "habits", ("given_up",), "lowers"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        habits, n = view.habits, view.spending.n_users
        is_kept = habits.silent_days <= GIVEN_UP_INTERVALS * habits.interval
        regular = np.bincount(habits.user, minlength=n)[view.user]
        kept = np.bincount(habits.user[is_kept], minlength=n)[view.user]
        typical = round(1.0 - view.medians.get("given_up", 0.0), 4)
        holds = (regular >= LEAST_REGULAR) & (kept >= (typical + LEAST_MORE) * regular)
        return _found(holds, {"kept": kept, "regular": regular, "typical": typical})


class _Range(DriverKind[ChurnView]):
    """Categories bought in the recent window, ``count``, and the median of all users, ``median``."""

    player, parts = "range", ("categories",)
    below: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.setting.recent_days
        count, median = view.categories(days), view.medians.get("categories", np.nan)
        holds = _is_below(count, median) if self.below else _is_below(median, count)
        return _found(holds, {"count": count, "median": median, "days": days})


class NarrowRange(_Range):
    """The user bought from fewer categories than the median user."""

    name, effect, below = "narrow_range", "raises", True


class WideRange(_Range):
    """The user bought from more categories than the median user."""

    name, effect, below = "wide_range", "lowers", False


class _Evenness(DriverKind[ChurnView]):
    """Lowest and highest spending of the last six short windows, ``low`` and ``high``."""

    player, parts = "evenness", ("unevenness", "low_periods")
    swings: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.setting.recent_days / 2
        periods = np.round(past_periods(view.spending, view.as_of, days)[:, view.user], 2)
        low, high = periods.min(axis=0), periods.max(axis=0)
        is_whole = view.days_known >= N_PERIODS * days
        holds = is_whole & ((high >= SWING * low) if self.swings else (high < SWING * low))
        return _found(holds, {"low": low, "high": high, "days": int(days), "periods": N_PERIODS})


class Uneven(_Evenness):
    """The highest of the last six short windows is at least twice the lowest."""

    name, effect, swings = "uneven", "raises", True


class Even(_Evenness):
    """The highest of the last six short windows is less than twice the lowest."""

    name, effect, swings = "even", "lowers", False


class _Level(DriverKind[ChurnView]):
    """A level of the usual window and the median of all users."""

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
            return np.round(visits / view.days_known * view.setting.recent_days, self.digits)
        spent = view.spent(view.setting.usual_days)
        if self.of == "spend_per_visit":
            return np.round(spent / np.maximum(view.visits(view.setting.usual_days), 1), 2)
        return np.round(spent / view.days_known * view.setting.recent_days, 2)

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        if self.of not in view.medians:
            return _found(np.zeros(len(view.user), dtype=bool), {})
        level, median = self.level(view), round(view.medians[self.of], self.digits)
        holds = _is_below(level, median) if self.below else _is_below(median, level)
        holds &= np.abs(level - median) >= self.step
        return _found(
            holds & (level >= self.step), {"level": level, "median": median, "days": view.setting.recent_days}
        )


class SmallSpender(_Level):
    """Mean spending in as many days as the recent window has, over the usual window, is below the median."""

    name, player, parts, effect = "small_spender", "level", ("usual_spend",), "raises"
    of, below = "usual_spend", True


class BigSpender(_Level):
    """Mean spending in as many days as the recent window has, over the usual window, is above the median."""

    name, player, parts, effect = "big_spender", "level", ("usual_spend",), "lowers"
    of, below = "usual_spend", False


class SmallBasket(_Level):
    """Mean spending of a visit over the usual window is below the median."""

    name, player, parts, effect = "small_basket", "basket", ("spend_per_visit",), "raises"
    of, below = "spend_per_visit", True


class LargeBasket(_Level):
    """Mean spending of a visit over the usual window is above the median."""

    name, player, parts, effect = "large_basket", "basket", ("spend_per_visit",), "lowers"
    of, below = "spend_per_visit", False


class RareVisits(_Level):
    """The median days between visits are more than those of the median user."""

    name, player, parts, effect = "rare_visits", "interval", ("interval",), "raises"
    of, below = "interval", False


class FrequentVisits(_Level):
    """The median days between visits are fewer than those of the median user."""

    name, player, parts, effect = "frequent_visits", "interval", ("interval",), "lowers"
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
    """The days since the last visit, ``level``, are more than those of the median user."""

    name, player, parts, effect = (
        "visited_long_ago",
        "rhythm",
        ("days_since", "overdue", "against_longest_gap"),
        "raises",
    )
    of, below = "days_since", False


class VisitedLately(_Level):
    """The days since the last visit, ``level``, are fewer than those of the median user."""

    name, player, parts, effect = "visited_lately", "rhythm", ("days_since", "overdue", "against_longest_gap"), "lowers"
    of, below = "days_since", True


class Newcomer(DriverKind[ChurnView]):
    """The first visit, ``days`` ago, lies within twice the recent window."""

    name, player, parts, effect = "newcomer", "tenure", ("days_known",), "either"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.table.column("days_known")
        return _found(days < 2 * view.setting.recent_days, {"days": days.astype(int)})


class VisitedOnce(DriverKind[ChurnView]):
    """The user has visited on one day only, so there is no interval. ``days`` counts the days since then."""

    name, player, parts, effect = "visited_once", "interval", ("interval",), "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.table.column("days_since")
        return _found(np.isnan(view.table.column("interval")), {"days": np.nan_to_num(days).astype(int)})


class PromotedShare(DriverKind[ChurnView]):
    """Share of the bought rows of the usual window whose item was on promotion at the time, and the median share."""

    name, player, parts, effect = "promoted_share", "promotions", ("promoted_share",), "either"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        if "promoted_share" not in view.table.features:
            return _found(np.zeros(len(view.user), dtype=bool), {})
        share, median = view.table.column("promoted_share"), view.medians["promoted_share"]
        return _found(np.abs(share - median) >= 0.01, {"share": np.round(share, 4), "median": round(median, 4)})


class AskedForSupport(DriverKind[ChurnView]):
    """The user asked for support ``count`` times in the recent window."""

    name, player, parts, effect = "asked_for_support", "support", ("support",), "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        if "support" not in view.table.features:
            return _found(np.zeros(len(view.user), dtype=bool), {})
        count = view.table.column("support").astype(int)
        return _found(count > 0, {"count": count, "days": view.setting.recent_days})


KINDS: Final[tuple[DriverKind[ChurnView], ...]] = tuple(
    each()
    for each in (
        VisitsFell, VisitsRose, SpendFell, SpendRose, RangeFell, RangeRose, VisitsBelowUsual, VisitsAboveUsual,
        SpendBelowUsual, SpendAboveUsual, Overdue, CameLately, CategoryGivenUp, HabitsKept, NarrowRange, WideRange,
        Uneven, Even, SmallSpender, BigSpender, SmallBasket, LargeBasket, RareVisits, FrequentVisits,
        FewVisits, ManyVisits, VisitedLongAgo, VisitedLately, Newcomer,
        VisitedOnce, PromotedShare, AskedForSupport,
    )
)  # fmt: skip
"""Every claim kind of churn from events."""
