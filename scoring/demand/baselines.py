"""Simple forecasts to compare with: the mean of eight weeks, the same week a year ago, exponential smoothing."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scoring.demand.panel import YEAR

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoring.demand.panel import Floats, SalesPanel

MEAN_WEEKS: Final = 8
MOST_ETS_SERIES: Final = 4_000
"""ETS fits each series alone; with more of them it is left out."""


def mean_of_eight(panel: SalesPanel, origin: int, week: int) -> Floats:
    """Return the mean of the eight weeks up to the origin, shape ``(n,)``."""
    del week
    recent = panel.units[:, max(0, origin - MEAN_WEEKS + 1) : origin + 1]
    known = np.isfinite(recent)
    mean: Floats = np.where(known, recent, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return mean


def seasonal_naive(panel: SalesPanel, origin: int, week: int) -> Floats:
    """Return the units of the same week a year before; the last known ones where those are unknown, shape ``(n,)``."""
    last = pd.DataFrame(panel.units[:, : origin + 1]).ffill(axis=1).iloc[:, -1].fillna(0.0).to_numpy()
    if week < YEAR:
        return last
    return np.where(np.isfinite(panel.units[:, week - YEAR]), panel.units[:, week - YEAR], last)


class ExponentialSmoothing:
    """ETS with a damped trend, fitted by statsmodels to each series up to a week and carried on from there.

    Args:
        panel: Weekly sales.
        n_train: Weeks that the parameters are fitted on.
        progress: Told a description, the series done and the series in all.
    """

    def __init__(self, panel: SalesPanel, n_train: int, progress: Callable[[str, int, int], None]) -> None:
        from statsmodels.tsa.holtwinters import ExponentialSmoothing as Model

        filled = pd.DataFrame(panel.units).ffill(axis=1).bfill(axis=1).fillna(0.0).to_numpy()
        rows = []
        for number, own in enumerate(filled[:, :n_train]):
            progress("fitting ETS", number, len(filled))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of a fit that did not converge, the last parameters count
                fitted = Model(own, trend="add", damped_trend=True, initialization_method="estimated").fit()
            names = ("smoothing_level", "smoothing_trend", "damping_trend", "initial_level", "initial_trend")
            rows.append([fitted.params[name] for name in names])
        alpha, beta, self._phi, level, trend = np.nan_to_num(np.array(rows)).T
        self._level, self._trend = np.empty(filled.shape), np.empty(filled.shape)
        for week, units in enumerate(filled.T):
            before = level + self._phi * trend
            level_now = alpha * units + (1 - alpha) * before
            trend = beta * (level_now - level) + (1 - beta) * self._phi * trend
            level = level_now
            self._level[:, week], self._trend[:, week] = level, trend

    def __call__(self, panel: SalesPanel, origin: int, week: int) -> Floats:
        """Return the forecast for a week from an origin, shape ``(n,)``."""
        del panel
        damping = sum(self._phi**step for step in range(1, week - origin + 1))
        forecast: Floats = np.maximum(self._level[:, origin] + damping * self._trend[:, origin], 0.0)
        return forecast
