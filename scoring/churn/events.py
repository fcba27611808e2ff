"""Features and labels of users at a moment. Features read events before the moment, labels events after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scoring.churn.spending import Floats, Indices, Spending, Truths
from scoring.errors import SettingError
from scoring.features.rhythm import Rhythm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.churn.setting import ChurnSetting

MIN_OCCASIONS: Final = 4
"""Visits with a category from which on a user is taken to buy it regularly."""

GIVEN_UP_INTERVALS: Final = 2.0
"""A category is given up after this many of its usual and of its recent intervals without a purchase."""

N_PERIODS: Final = 6
"""Periods of half the recent window in which the evenness of spending is measured."""

DIRECTIONS: Final = {
    "days_since": 1, "overdue": 1, "visits_trend": -1, "visits_short_trend": -1, "spend_trend": -1,
    "spend_short_trend": -1, "categories_trend": -1, "given_up": 1, "low_periods": 1, "support": 1,
}  # fmt: skip
"""Features whose curve never falls (1) or never rises (−1), so that a reason reads as a person expects."""


@dataclass(frozen=True, eq=False)
class UserTable:
    """Features of users at a moment.

    Attributes:
        user_ids: The shop's ids, shape ``(n,)``.
        features: Names of the columns of ``x``.
        x: Feature values, NaN for missing ones, shape ``(n, n_features)``.
        as_of: Local moment of each row, in days since 1970, shape ``(n,)``.
    """

    user_ids: tuple[str, ...]
    features: tuple[str, ...]
    x: Floats
    as_of: Floats

    def aligned(self, names: Sequence[str]) -> UserTable:
        """Return the table with the features of a model.

        Args:
            names: Features of the model.

        Returns:
            The table; a feature that this log lacks is missing, and without events of support their number is 0.
        """
        absent = {name: np.full(len(self.x), 0.0 if name == "support" else np.nan) for name in names}
        known = {**absent, **dict(zip(self.features, self.x.T, strict=True))}
        return UserTable(self.user_ids, tuple(names), np.column_stack([known[name] for name in names]), self.as_of)

    def column(self, name: str) -> Floats:
        """Return one feature, shape ``(n,)``."""
        return self.x[:, self.features.index(name)]


def eligible(spending: Spending, as_of: float, setting: ChurnSetting) -> Truths:
    """Return which users are scored at a moment: known for long enough, and active in the usual window.

    Args:
        spending: Events of all users.
        as_of: Local moment in days since 1970.
        setting: The windows.

    Returns:
        Truth values, shape ``(n_users,)``.
    """
    if setting.target == "silence":
        return np.asarray(spending.first_day < as_of)
    window = spending.between(as_of - setting.usual_days, as_of)
    recent = spending.between(as_of - setting.recent_days, as_of)
    is_active = (spending.total(window) > 0) & (spending.visits(recent) > 0)
    return np.asarray(is_active & (spending.first_day < as_of - setting.recent_days))


def labels(spending: Spending, as_of: float, setting: ChurnSetting) -> Truths:
    """Return which users churn after a moment.

    Args:
        spending: Events of all users.
        as_of: Local moment in days since 1970.
        setting: What counts as churn.

    Returns:
        Truth values, shape ``(n_users,)``.

    Raises:
        SettingError: If spending is to be compared but the events have no prices.
    """
    after = spending.between(as_of, as_of + setting.horizon_days)
    if setting.target == "silence":
        return np.asarray(spending.visits(after) == 0)
    if not spending.has_prices:
        raise SettingError("the events have no prices but a spending target needs them. Choose --target silence.")
    usual = usual_spending(spending, as_of, setting) * setting.horizon_days
    return np.asarray(spending.total(after) <= setting.share * usual + 1e-9)


def usual_spending(spending: Spending, as_of: float, setting: ChurnSetting) -> Floats:
    """Return each user's usual spending a day: that of the usual window, from the user's first event on.

    Args:
        spending: Events of all users.
        as_of: Local moment in days since 1970.
        setting: The windows.

    Returns:
        Amounts a day, shape ``(n_users,)``.
    """
    window = spending.between(as_of - setting.usual_days, as_of)
    return spending.total(window) / spending.days_known(as_of, setting.usual_days)


def features(spending: Spending, as_of: float, setting: ChurnSetting) -> UserTable:
    """Return the features of every eligible user.

    Args:
        spending: Events of all users; those from ``as_of`` on are not read.
        as_of: Local moment in days since 1970.
        setting: The windows.

    Returns:
        One row for each eligible user.
    """
    past = spending.before(as_of)
    columns = {
        **_rhythm(past, as_of, setting),
        **_trends(past, as_of, setting),
        **_categories(past, as_of, setting),
        **_shares(past, as_of, setting),
    }
    rows = np.flatnonzero(eligible(past, as_of, setting))
    x = np.column_stack(list(columns.values()))[rows]
    ids = tuple(past.user_ids[row] for row in rows.tolist())
    return UserTable(ids, tuple(columns), x, np.full(len(rows), as_of))


def _rhythm(past: Spending, as_of: float, setting: ChurnSetting) -> dict[str, Floats]:
    """Return recency, rhythm and length of the history."""
    user, day = visit_days(past)
    last, first = np.full(past.n_users, np.nan), np.full(past.n_users, np.nan)
    last[user] = day  # the last assignment wins
    first[user[::-1]] = day[::-1]
    found = Rhythm.of(user, day, past.n_users)
    since = np.floor(as_of) - last
    return {
        "days_since": since,
        "overdue": since / found.median,
        "longest_gap": found.longest,
        "against_longest_gap": since / found.longest,
        "interval": found.median,
        "irregularity": found.spread / found.median,
        # Capped, because a log that begins later than its users would tell moments apart, not users.
        "days_known": np.minimum(np.floor(as_of) - first, 2.0 * setting.recent_days),
    }


def visit_days(past: Spending) -> tuple[Indices, Floats]:
    """Return each user's days with a visit, in order: users and days since 1970, each of shape ``(n,)``.

    A visit lies on the day of its first event.
    """
    visit = np.unique(past.visit, return_index=True)[1]
    days = pd.DataFrame({"user": past.user[visit], "day": np.floor(past.day[visit])})
    days = days.drop_duplicates().sort_values(["user", "day"])
    return days["user"].to_numpy(dtype=np.int64), days["day"].to_numpy(dtype=np.float64)


def _trends(past: Spending, as_of: float, setting: ChurnSetting) -> dict[str, Floats]:
    """Return the usual level of visits and spending, and how recent windows compare with it."""
    recent, usual = setting.recent_days, setting.usual_days
    short = recent / 2
    known = past.days_known(as_of, setting.usual_days)
    windows = {days: past.between(as_of - days, as_of) for days in (short, recent, 2 * recent, usual)}
    visits = {days: past.visits(rows) for days, rows in windows.items()}
    spend = {days: past.total(rows) for days, rows in windows.items()}
    earlier = visits[2 * recent] - visits[recent], spend[2 * recent] - spend[recent]
    columns = {
        "usual_visits": visits[usual] / known * recent,
        "visits_trend": np.log((visits[recent] + 1) / (earlier[0] + 1)),
        "visits_short_trend": np.log((visits[short] + 0.5) / (visits[usual] / known * short + 0.5)),
    }
    if past.has_prices:
        level = spend[usual] / known * short
        periods = past_periods(past, as_of, short)
        mean = periods.mean(axis=0)
        columns |= {
            "usual_spend": spend[usual] / known * recent,
            "spend_trend": np.log((spend[recent] + 5) / (earlier[1] + 5)),
            "spend_short_trend": np.log((spend[short] + 2) / (level + 2)),
            "spend_per_visit": spend[usual] / np.maximum(visits[usual], 1),
            "unevenness": periods.std(axis=0) / np.maximum(mean, 1e-9),
            "low_periods": (periods <= setting.share * level).sum(axis=0).astype(np.float64),
        }
    return columns


def past_periods(past: Spending, as_of: float, days: float) -> Floats:
    """Return each user's spending in the last periods before a moment.

    Args:
        past: Events before the moment.
        as_of: Local moment in days since 1970.
        days: Length of a period.

    Returns:
        Amounts, the latest period first, shape ``(N_PERIODS, n_users)``.
    """
    return np.stack([past.total(past.between(as_of - days * (k + 1), as_of - days * k)) for k in range(N_PERIODS)])


def _categories(past: Spending, as_of: float, setting: ChurnSetting) -> dict[str, Floats]:
    """Return how many categories a user buys, how that changed, and the share of regular ones that was given up."""
    if not past.categories:
        return {}
    recent = setting.recent_days
    now, earlier = (
        past.n_categories(past.between(as_of - start, as_of - end)).astype(np.float64)
        for start, end in ((recent, 0), (2 * recent, recent))
    )
    habit = regular_categories(past, as_of)
    n_regular = np.bincount(habit.user, minlength=past.n_users)
    given_up = np.bincount(habit.user[habit.is_given_up], minlength=past.n_users) / np.maximum(n_regular, 1)
    return {
        "categories": now,
        "categories_trend": np.log((now + 1) / (earlier + 1)),
        "given_up": np.where(n_regular > 0, given_up, np.nan),
    }


@dataclass(frozen=True, eq=False)
class Habits:
    """Pairs of a user and a category that the user buys regularly, or did; all of shape ``(n,)``.

    Attributes:
        user: The user.
        category: The category.
        occasions: Number of days with a purchase.
        rhythm: Days between them.
        silent_days: Days since the last one.
        last_day: The last one, in days since 1970.
    """

    user: Indices
    category: Indices
    occasions: Indices
    rhythm: Rhythm
    silent_days: Floats
    last_day: Floats

    @property
    def is_given_up(self) -> Truths:
        """Whether the silence is more than twice the median gap, and twice that of the last five gaps."""
        return np.asarray(self.silent_days > GIVEN_UP_INTERVALS * self.rhythm.slower)


def regular_categories(past: Spending, as_of: float) -> Habits:
    """Return each user's regular categories.

    Args:
        past: Events before the moment.
        as_of: Local moment in days since 1970.

    Returns:
        Pairs with at least ``MIN_OCCASIONS`` days with a purchase.
    """
    known = past.category >= 0
    frame = pd.DataFrame({"user": past.user[known], "category": past.category[known], "day": np.floor(past.day[known])})
    days = frame.drop_duplicates().sort_values(["user", "category", "day"], ignore_index=True)
    pair = days.groupby(["user", "category"], sort=True).ngroup().to_numpy().astype(np.int64)
    occasions: Indices = np.bincount(pair)
    last = days[np.append(pair[1:] != pair[:-1], True)] if len(pair) else days
    rows: Indices = np.flatnonzero(occasions >= MIN_OCCASIONS)
    rhythm = Rhythm.of(pair, days["day"].to_numpy(dtype=np.float64), len(occasions)).take(rows)
    last_day = last["day"].to_numpy(dtype=np.float64)[rows]
    return Habits(
        user=last["user"].to_numpy(dtype=np.int64)[rows],
        category=last["category"].to_numpy(dtype=np.int64)[rows],
        occasions=occasions[rows],
        rhythm=rhythm,
        silent_days=np.floor(as_of) - last_day,
        last_day=last_day,
    )


def _shares(past: Spending, as_of: float, setting: ChurnSetting) -> dict[str, Floats]:
    """Return the share of events on promotion, and events of support, where the tables have them."""
    columns: dict[str, Floats] = {}
    window = past.between(as_of - setting.usual_days, as_of)
    if past.promoted is not None:
        n = np.bincount(past.user[window], minlength=past.n_users)
        promoted = np.bincount(past.user[window & past.promoted], minlength=past.n_users)
        columns["promoted_share"] = np.where(n > 0, promoted / np.maximum(n, 1), np.nan)
    users, days = past.asked
    if past.has_support:
        recent = (days >= as_of - setting.recent_days) & (days < as_of)
        columns["support"] = np.bincount(users[recent], minlength=past.n_users).astype(np.float64)
    return columns
