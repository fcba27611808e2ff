"""Claim kinds of churn about change: recent windows against earlier ones and against the usual, and evenness."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from llm_explain.jobs.churn.facts import LEAST_VISITS, found, is_below, rounded
from llm_explain.jobs.churn.view import ChurnView
from llm_explain.jobs.drivers import DriverKind
from scoring.churn.events import N_PERIODS, past_periods

if TYPE_CHECKING:
    from llm_explain.claims.kind import Findings


LEAST_LOW: Final = 2
"""Short windows with low spending from which on they are told."""

ALREADY: Final = "already"
ABOVE_USUAL: Final = "above_usual"
USUAL_AMOUNT: Final = "usual_amount"
YEAR_AMOUNT: Final = "year_amount"
MORE: Final = 1.1
"""Ratio to the usual spending from which on recent spending is told against a high risk."""

SWING: Final = 2.0
"""Spending is uneven from this ratio of the highest period to the lowest on."""


class _Compared(DriverKind[ChurnView]):
    """A count or an amount of the last days and of the days before them, at least the user's median gap."""

    of: ClassVar[str]
    falls: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.setting.recent_days
        count = getattr(view, self.of)
        after, before = count(days), count(2 * days, days)
        holds = is_below(after, before) if self.falls else is_below(before, after)
        holds &= (view.days_known >= 2 * days) & view.has_room(days)
        return found(holds, {"before": before, "after": after, "days": days})


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


class _AgainstUsual(DriverKind[ChurnView]):
    """A count or an amount of the short window and what is usual for a window as long.

    The user has been known for the recent window at least, and the short one is at least the user's median gap.
    """

    of: ClassVar[str]
    below: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.setting.recent_days / 2
        count = getattr(view, self.of)
        after = count(days)
        usual = rounded(count(view.setting.usual_days) / view.days_known * days, 1 if self.of == "visits" else 2)
        holds = is_below(after, usual) if self.below else is_below(usual, after)
        return found(holds & view.has_usual & view.has_room(days), {"after": after, "usual": usual, "days": int(days)})


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


def lately(view: ChurnView) -> dict[str, Findings]:
    """Return what happened in as many days before the moment as the risk looks ahead, ``days``, by kind.

    ``already`` is the outcome itself. With the target ``silence``, there is no visit. With ``spending``, the spending,
    ``after``, is at most ``share`` of ``usual``, the mean of the usual window for as many days. ``above_usual`` is the
    reverse: at least 1.1 times ``usual``, and the short window has a visit. ``usual_amount`` tells ``usual`` alone, for
    both targets. The user has been known for twice the days and has made at least four visits in the usual window.
    After fewer ``visits``, ``year_amount`` tells what was ``spent`` in that window.
    """
    setting, days = view.setting, view.setting.horizon_days
    after, usual_days = view.spent(days), setting.usual_days
    usual = rounded(view.spent(usual_days) / view.days_known * days, 2)
    is_known = (view.visits(usual_days) >= LEAST_VISITS) & (view.days_known >= 2 * days)
    spent, visits = view.spent(usual_days), view.visits(usual_days)
    few = (visits > 0) & (visits < LEAST_VISITS) & (spent > 0)
    amount = {
        USUAL_AMOUNT: found(is_known & (usual > 0), {"days": days, "usual": usual}),
        YEAR_AMOUNT: found(few, {"days": usual_days, "spent": spent, "visits": visits}),
    }
    if setting.target == "silence":
        visits = view.visits(days)
        return {ALREADY: found(visits == 0, {"days": days, "visits": visits}), **amount}
    facts = {"days": days, "share": setting.share, "after": after, "usual": usual}
    is_recent = view.visits(setting.recent_days / 2) > 0
    holds = {ALREADY: after <= setting.share * usual, ABOVE_USUAL: (after >= MORE * usual) & is_recent}
    return {**{kind: found(own & is_known, facts) for kind, own in holds.items()}, **amount}


class _Evenness(DriverKind[ChurnView]):
    """Lowest and highest spending of the last six short windows, ``low`` and ``high``, at least the median gap long.

    ``empty`` of them had no spending.
    """

    player, parts = "evenness", ("unevenness",)
    swings: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.setting.recent_days / 2
        periods = np.round(past_periods(view.spending, view.as_of, days)[:, view.user], 2)
        low, high = periods.min(axis=0), periods.max(axis=0)
        is_whole = (view.days_known >= N_PERIODS * days) & view.has_room(days)
        holds = is_whole & (high > 0) & ((high >= SWING * low) if self.swings else (high < SWING * low))
        empty = (periods <= 0).sum(axis=0)
        return found(holds, {"low": low, "high": high, "empty": empty, "days": int(days), "periods": N_PERIODS})


class Uneven(_Evenness):
    """The highest of the last six short windows is at least twice the lowest."""

    name, effect, swings = "uneven", "raises", True


class Even(_Evenness):
    """The highest of the last six short windows is less than twice the lowest."""

    name, effect, swings = "even", "lowers", False


class _LowPeriods(DriverKind[ChurnView]):
    """Of the last six short windows, ``count`` had at most ``share`` of the usual spending of such a window.

    The user has been known for all six, and has made at least four visits in the usual window. A short window is at
    least the user's median gap.
    """

    player, parts = "evenness", ("low_periods",)
    is_low: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.setting.recent_days / 2
        if "low_periods" not in view.table.features or not view.spending.has_prices:
            return found(np.zeros(len(view.user), dtype=bool), {})
        count = np.nan_to_num(view.table.column("low_periods")).astype(int)
        holds = (view.days_known >= N_PERIODS * days) & (view.visits(view.setting.usual_days) >= LEAST_VISITS)
        holds &= view.has_room(days)
        usual = view.spent(view.setting.usual_days) / view.days_known * days
        is_last_low = view.spent(days) <= view.setting.share * usual
        holds &= (count >= LEAST_LOW) & is_last_low if self.is_low else count == 0
        return found(holds, {"count": count, "days": int(days), "periods": N_PERIODS, "share": view.setting.share})


class LowOften(_LowPeriods):
    """At least two of the last six short windows, the last one among them, had at most ``share`` of the usual."""

    name, effect, is_low = "low_often", "raises", True


class LowNever(_LowPeriods):
    """Each of the last six short windows had more than ``share`` of the usual spending."""

    name, effect, is_low = "low_never", "lowers", False


class CameBack(DriverKind[ChurnView]):
    """A pause of ``gap`` days ended on the day ``until``, in the recent window.

    It is the longest gap that ended there: two short windows at least, and more than twice the median gap. The last
    short window has a visit, and more than ``share`` of the usual spending.
    """

    name, player, parts, effect = "came_back", "evenness", ("low_periods", "unevenness"), "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days, (gap, until) = view.setting.recent_days / 2, view.pause
        usual = view.spent(view.setting.usual_days) / view.days_known * days
        holds = (gap >= 2 * days) & (gap > 2 * view.rhythm.median) & (view.visits(days) > 0)
        if view.spending.has_prices:
            holds &= view.spent(days) > view.setting.share * usual
        return found(holds, {"gap": gap.astype(int), "until": until.astype("datetime64[D]").astype(str)})
