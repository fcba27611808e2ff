"""Claim kinds of churn about what is bought: regular categories, the range, promotions, and support."""

from __future__ import annotations

from typing import ClassVar, Final

import numpy as np

from llm_explain.claims.kind import Findings
from llm_explain.jobs.churn.facts import LEAST_VISITS, found, is_below
from llm_explain.jobs.churn.view import ChurnView
from llm_explain.jobs.drivers import DriverKind

LEAST_REGULAR: Final = 3
"""Regular categories from which on their share is told."""

LEAST_NARROW: Final = 2 / 3
"""Largest part of the median number of categories that is told as few."""

LEAST_MORE: Final = 0.05
"""Least difference of a share to the median share that is told."""


class CategoryGivenUp(DriverKind[ChurnView]):
    """A regular category is silent for more than twice the days between its purchases: all of them, and the last ones.

    Its rhythm is steady (``Rhythm.is_steady``), and the silence is longer than each of the last five gaps. Of such
    categories, it is the one with most days with a purchase, then the first by name. ``interval`` is the median gap,
    ``days`` the days since the last purchase, ``last`` its date, ``others`` the number of other regular categories that
    were given up, of ``regular`` in all.
    """

    name, player, parts, effect = "category_given_up", "habits", ("given_up",), "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        habits = view.habits
        names = np.array(view.spending.categories, dtype=object)
        is_nameable = np.array([view.may_name(name) for name in names], dtype=bool)
        row = view.row_of_user[habits.user]
        given_up = np.bincount(habits.user[habits.is_given_up], minlength=view.spending.n_users)
        regular = np.bincount(habits.user, minlength=view.spending.n_users)
        fits = (row >= 0) & is_nameable[habits.category] & habits.is_given_up & habits.rhythm.is_steady
        fits &= habits.silent_days > habits.rhythm.recent_longest
        pairs = np.flatnonzero(fits)
        pairs = pairs[np.lexsort((habits.category[pairs], -habits.occasions[pairs], row[pairs]))]
        pairs = pairs[np.unique(row[pairs], return_index=True)[1]]
        facts = {
            "category": names[habits.category[pairs]].tolist(),
            "interval": habits.rhythm.median[pairs].tolist(),
            "days": habits.silent_days[pairs].astype(int).tolist(),
            "last": habits.last_day[pairs].astype("datetime64[D]").astype(str).tolist(),
            "others": (given_up[habits.user[pairs]] - 1).tolist(),
            "regular": regular[habits.user[pairs]].tolist(),
        }
        return Findings(row[pairs], facts)


class HabitsKept(DriverKind[ChurnView]):
    """Of ``regular`` regular categories, ``overdue`` were given up: silent for twice their usual and recent gaps.

    Their share is at least 5 points less than the median share of all users, ``typical``.
    """

    name, player, parts, effect = "habits_kept", "habits", ("given_up",), "lowers"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        habits, n = view.habits, view.spending.n_users
        regular = np.bincount(habits.user, minlength=n)[view.user]
        overdue = np.bincount(habits.user[habits.is_given_up], minlength=n)[view.user]
        typical = round(view.medians.get("given_up", 0.0), 4)
        holds = (regular >= LEAST_REGULAR) & (overdue <= (typical - LEAST_MORE) * regular)
        return found(holds, {"overdue": overdue, "regular": regular, "typical": typical})


class _Range(DriverKind[ChurnView]):
    """Categories bought in the recent window, ``count``, and the median of all users, ``median``."""

    player, parts = "range", ("categories",)
    below: ClassVar[bool]

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        days = view.setting.recent_days
        count, median = view.categories(days), view.medians.get("categories", np.nan)
        holds = count <= LEAST_NARROW * median if self.below else is_below(median, count)
        return found(holds, {"count": count, "median": median, "days": days})


class NarrowRange(_Range):
    """The user bought from at most two thirds as many categories as the median user."""

    name, effect, below = "narrow_range", "raises", True


class WideRange(_Range):
    """The user bought from more categories than the median user."""

    name, effect, below = "wide_range", "lowers", False


class PromotedShare(DriverKind[ChurnView]):
    """Share of the bought rows of the usual window whose item was on promotion at the time, and the median share.

    The user has made at least four visits in that window.
    """

    name, player, parts, effect = "promoted_share", "promotions", ("promoted_share",), "either"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        if "promoted_share" not in view.table.features:
            return found(np.zeros(len(view.user), dtype=bool), {})
        share, median = view.table.column("promoted_share"), view.medians["promoted_share"]
        holds = (np.abs(share - median) >= 0.01) & (view.visits(view.setting.usual_days) >= LEAST_VISITS)
        return found(holds, {"share": np.round(share, 4), "median": round(median, 4)})


class AskedForSupport(DriverKind[ChurnView]):
    """The user asked for support ``count`` times in the recent window."""

    name, player, parts, effect = "asked_for_support", "support", ("support",), "raises"

    def find(self, view: ChurnView) -> Findings:
        """Apply the rule of the class."""
        if "support" not in view.table.features:
            return found(np.zeros(len(view.user), dtype=bool), {})
        count = view.table.column("support").astype(int)
        return found(count > 0, {"count": count, "days": view.setting.recent_days})
