"""Fitting and measuring a churn model: features before each moment, labels after it, the test after all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from zlib import crc32

import numpy as np
from scipy.special import expit

from scoring.boosting.additive import AdditiveModel, Floats
from scoring.boosting.trees import fit_additive, fit_trees, losses
from scoring.churn.events import DIRECTIONS, features, labels, visit_days
from scoring.churn.measures import N_BINS, auc, ece, one_sided, platt
from scoring.errors import SettingError
from scoring.features.rhythm import LEAST_GAPS, Rhythm

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoring.churn.events import UserTable
    from scoring.churn.setting import ChurnSetting
    from scoring.churn.spending import Spending

TRAIN_SHARE: Final = 0.7
N_PARTS: Final = 10
"""Parts of the users that a split by users takes whole."""

VISITS_AHEAD: Final = 4
LEAST_DAYS: Final = 56
DAYS_IN_WEEK: Final = 7

MOST_ROUNDS: Final = 400
LEAST_ROUNDS: Final = 20


@dataclass(frozen=True, eq=False)
class Rows:
    """Feature rows with labels.

    Attributes:
        x: Feature values, NaN for missing ones, shape ``(n, n_features)``.
        y: Labels 0 and 1, shape ``(n,)``.
        group: Rows of one group stay on one side of a split: the moment, or a part of the users, shape ``(n,)``.
    """

    x: Floats
    y: Floats
    group: Floats

    @classmethod
    def stack(cls, parts: Sequence[Rows]) -> Rows:
        """Return the rows of several tables, one after the other."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("x", "y", "group")))

    def take(self, rows: np.typing.NDArray[np.bool_]) -> Rows:
        """Return some of the rows."""
        return Rows(self.x[rows], self.y[rows], self.group[rows])


@dataclass(frozen=True, eq=False)
class Fitted:
    """A calibrated model and how it was found.

    Attributes:
        model: Its scores are calibrated log odds.
        rounds: Number of trees, chosen on held-out rows.
        train_losses: Log loss of the training rows after each round.
        held_out_losses: Log loss of the held-out rows after each round.
    """

    model: AdditiveModel
    rounds: int
    train_losses: tuple[float, ...]
    held_out_losses: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Measured:
    """How a model does on rows that it has not seen.

    Attributes:
        auc: Area under the ROC curve.
        ece: Expected calibration error.
        base_rate: Share of churn.
        n_test: Number of rows.
        baselines: AUC of other scores by name.
        risk: Risk of each row, shape ``(n_test,)``.
        y: Its label, shape ``(n_test,)``.
    """

    auc: float
    ece: float
    base_rate: float
    n_test: int
    baselines: Mapping[str, float]
    risk: Floats
    y: Floats

    def bins(self) -> list[dict[str, float]]:
        """Return mean risk, share of churn and number of rows of ten bins of equal width, empty ones left out."""
        place = np.minimum((self.risk * N_BINS).astype(np.int64), N_BINS - 1)
        own = [place == number for number in range(N_BINS)]
        return [
            {"promised": float(self.risk[rows].mean()), "happened": float(self.y[rows].mean()), "rows": int(rows.sum())}
            for rows in own
            if rows.any()
        ]

    def to_dict(self) -> dict[str, object]:
        """Return the last line of ``churn train --json``."""
        return {
            "auc": self.auc,
            "ece": self.ece,
            "base_rate": self.base_rate,
            "n_test": self.n_test,
            "baselines": dict(self.baselines),
        }


def fit(rows: Rows, names: Sequence[str], directions: Mapping[str, int] | None = None) -> Fitted:
    """Fit and calibrate an additive model.

    The last group is held out: it chooses the number of trees and calibrates. Then all rows are fitted.

    Args:
        rows: Training rows of at least two groups.
        names: Names of the features.
        directions: Features whose curve may only rise (1) or fall (−1).

    Returns:
        The model.

    Raises:
        SettingError: If all labels are equal, or there is one group.
    """
    last = rows.group == rows.group.max()
    early, late = rows.take(~last), rows.take(last)
    if not len(early.y) or not 0 < early.y.mean() < 1 or not 0 < late.y.mean() < 1:
        raise SettingError(
            f"{len(rows.y)} training rows have {int(rows.y.sum())} of churn but both outcomes are needed before and "
            "after a split. Give more data, or choose another target."
        )
    signs = [(directions or {}).get(name, 0) for name in names]
    train_losses, held_out_losses = losses((early.x, early.y), (late.x, late.y), rounds=MOST_ROUNDS, directions=signs)
    rounds = max(LEAST_ROUNDS, int(np.argmin(held_out_losses)) + 1)
    first = fit_additive(early.x, early.y, names, rounds=rounds, directions=signs)
    slope, intercept = platt(late.y, first.score(late.x))
    whole = fit_additive(rows.x, rows.y, names, rounds=rounds, directions=signs).scaled(slope, intercept)
    return Fitted(whole, rounds, tuple(train_losses), tuple(held_out_losses))


def measure(model: AdditiveModel, train: Rows, test: Rows) -> Measured:
    """Measure a model and its baselines on test rows.

    Args:
        model: Fitted on the training rows.
        train: What the baselines learn from.
        test: What all are measured on.

    Returns:
        The figures.
    """
    score = model.score(test.x)
    single = {name: one_sided(test.y, column) for name, column in zip(model.features, test.x.T, strict=True)}
    best = max(single, key=lambda name: single[name])
    baselines = {
        "lightgbm": auc(test.y, fit_trees(train.x, train.y).predict(test.x)),
        f"best feature: {best}": single[best],
    }
    if "days_since" in single:
        baselines["recency"] = single["days_since"]
    risk = expit(score)
    return Measured(auc(test.y, score), ece(test.y, risk), float(test.y.mean()), len(test.y), baselines, risk, test.y)


def suitable_days(spending: Spending) -> int:
    """Return how many days ahead a label looks, so that it holds several visits of a usual user.

    That is eight weeks, or four median intervals of the users with a rhythm, but at most a quarter of the log. The
    weeks are even in number, because texts tell half of them in whole days. In eight weeks a monthly subscriber pays
    once or twice: the calendar alone would halve the spending.

    Args:
        spending: Events of all users.

    Returns:
        Days, at least 56.
    """
    rhythm = Rhythm.of(*visit_days(spending), spending.n_users)
    known = rhythm.median[rhythm.gaps >= LEAST_GAPS]
    if not len(known):
        return LEAST_DAYS
    fortnight = 2 * DAYS_IN_WEEK
    wanted = math.ceil(VISITS_AHEAD * float(np.median(known)) / fortnight)
    most = int((spending.day.max() - spending.day.min()) / 4 // fortnight)
    return max(LEAST_DAYS, fortnight * min(wanted, most))


def moments(
    spending: Spending, setting: ChurnSetting, *, test: float | None, given: Sequence[float] = ()
) -> tuple[list[float], float]:
    """Return the training moments and the test moment.

    Args:
        spending: Events of all users.
        setting: Windows and steps.
        test: The test moment, local, in days since 1970; ``horizon_days`` before the end of the log if ``None``.
        given: Training moments; every ``step_days``, so that all labels end before the test moment, if empty.

    Returns:
        Training moments in order, which may be empty, and the test moment.

    Raises:
        SettingError: If one training moment is given, the labels of one end after the test moment, or the log is too
            short.
    """
    first, last = float(np.floor(spending.day.min())), float(np.floor(spending.day.max())) + 1
    at = last - setting.horizon_days if test is None else test
    if not first < at < last:
        raise SettingError(
            f"the test moment lies {at - first:.0f} days after the first event of {last - first:.0f} days but must lie "
            "inside the log. Choose a shorter horizon or another moment."
        )
    if late := [each for each in given if each + setting.horizon_days > at]:
        raise SettingError(
            f"{len(late)} training moments have labels after the test moment but each must end "
            f"{setting.horizon_days} days before it. Choose earlier moments."
        )
    if len(given) == 1:
        raise SettingError(
            "1 training moment is given but at least 2 are needed, because the last one calibrates. "
            "Give another moment, or give none."
        )
    latest = at - setting.horizon_days
    steps = [latest - setting.step_days * k for k in range(setting.most_moments)]
    found = sorted(given) or sorted(step for step in steps if step >= first + 2 * setting.recent_days)
    return found, at


def rows_at(spending: Spending, at: float, setting: ChurnSetting) -> tuple[UserTable, Rows]:
    """Return features and labels at one moment.

    Args:
        spending: Events of all users.
        at: Local moment in days since 1970.
        setting: What counts as churn.

    Returns:
        The users, and their rows.
    """
    table = features(spending, at, setting)
    place = {user_id: row for row, user_id in enumerate(spending.user_ids)}
    ids = np.array([place[user_id] for user_id in table.user_ids], dtype=np.int64)
    y = labels(spending, at, setting)[ids].astype(np.float64)
    return table, Rows(table.x, y, np.full(len(y), at))


def split_of(ids: Sequence[str], n_parts: int = N_PARTS) -> Floats:
    """Return a part of 0 to ``n_parts - 1`` for each id, by its hash, so that a run can be repeated, shape ``(n,)``."""
    return np.array([crc32(each.encode()) % n_parts for each in ids], dtype=np.float64)


def train_on_events(
    spending: Spending, setting: ChurnSetting, *, test: float | None = None, given: Sequence[float] = ()
) -> tuple[Fitted, Measured, Rows]:
    """Fit on earlier moments, measure at the test moment, and fit again on all of them.

    A log that is too short for earlier moments is split by users instead: seven tenths train, three tenths test.

    Args:
        spending: Events of all users.
        setting: What counts as churn.
        test: The test moment, local, in days since 1970.
        given: Training moments.

    Returns:
        The model fitted on all rows, the figures of the one fitted on the training rows, and all rows.
    """
    earlier, at = moments(spending, setting, test=test, given=given)
    table, last = rows_at(spending, at, setting)
    if len(earlier) > 1:
        train, tested = Rows.stack([rows_at(spending, each, setting)[1] for each in earlier]), last
        every = Rows.stack([train, last])
    else:
        every = Rows(last.x, last.y, split_of(table.user_ids))
        train, tested = _by_users(every)
    return *_fitted(every, train, tested, table.features, DIRECTIONS), every


def train_on_customers(x: Floats, y: Floats, ids: Sequence[str], names: Sequence[str]) -> tuple[Fitted, Measured, Rows]:
    """Fit on seven tenths of a table of customers, measure on the rest, and fit again on all.

    Args:
        x: Feature values, NaN for missing ones, shape ``(n, n_features)``.
        y: Labels 0 and 1, shape ``(n,)``.
        ids: The customers' ids, which decide the split.
        names: Names of the features.

    Returns:
        The model fitted on all rows, the figures of the one fitted on the training rows, and all rows.
    """
    every = Rows(x, y, split_of(ids))
    return *_fitted(every, *_by_users(every), names), every


def _by_users(every: Rows) -> tuple[Rows, Rows]:
    """Return training and test rows of rows whose group is a part of the users."""
    is_test = every.group >= N_PARTS * TRAIN_SHARE
    return every.take(~is_test), every.take(is_test)


def _fitted(
    every: Rows, train: Rows, tested: Rows, names: Sequence[str], directions: Mapping[str, int] | None = None
) -> tuple[Fitted, Measured]:
    """Return the model of all rows with the history of the training rows, and the figures of theirs."""
    fitted = fit(train, names, directions)
    measured = measure(fitted.model, train, tested)
    return replace(fitted, model=fit(every, names, directions).model), measured
