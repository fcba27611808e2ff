"""Forecasts with calibrated ranges for every series, week by week and for the coming weeks together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scoring.demand.intermittent import empirical_quantiles, has_stopped, is_intermittent, resumption, tsb_rate
from scoring.demand.model import MIDDLE, DemandModel
from scoring.demand.ranges import LEVELS, Stretch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from scoring.demand.features import Features
    from scoring.demand.model import DemandConfig
    from scoring.demand.panel import Flags, Floats, Rows, SalesPanel


class Prediction(NamedTuple):
    """Forecasts of some rows, in units; all arrays have shape ``(m,)``.

    Attributes:
        units: The forecast: the median, or the expected units of an intermittent item.
        low: Lower end by level.
        high: Upper end by level.
    """

    units: Floats
    low: Mapping[int, Floats]
    high: Mapping[int, Floats]


class Inputs(NamedTuple):
    """Features of a panel for the two models of a forecaster.

    Attributes:
        middle: Those of the model of the forecasts.
        spread: Those of the model of the ranges.
    """

    middle: Features
    spread: Features


@dataclass(frozen=True, eq=False)
class Forecaster:
    """A model of the forecasts, and an earlier one whose quantiles, stretched, are the ranges.

    The factors were fitted on weeks that the earlier model did not see. So its spreads are those that were tested.

    Attributes:
        model: Model fitted on all weeks; its median is the forecast.
        spread: Model fitted on the weeks before the calibration.
        weekly: Factors for a single week, in log units.
        together: Factors for the next weeks together, by their number, in units.
    """

    model: DemandModel
    spread: DemandModel
    weekly: Stretch
    together: Mapping[int, Stretch]

    @classmethod
    def fit(
        cls, panel: SalesPanel, config: DemandConfig, *, holidays: Mapping[str, Mapping[str, float]] | None = None
    ) -> Forecaster:
        """Fit a model on all known weeks, and its ranges on the last ones, which an earlier model did not see.

        Args:
            panel: Weekly sales.
            config: Settings.
            holidays: 1 by named event and week label.

        Returns:
            The forecaster.
        """
        n_validation = min(config.validation_weeks, panel.n_known // 4)
        start = panel.n_known - n_validation
        earlier = DemandModel.fit(panel.up_to(start), config, holidays=holidays)
        weekly, together = _calibrated(earlier, panel, start)
        model = DemandModel.fit(panel, config, holidays=holidays, quantiles=(MIDDLE,))
        return cls(model, earlier, weekly, together)

    def without_holidays(self, weeks: Collection[str]) -> Forecaster:
        """Return the forecaster that expects no event in some weeks."""
        models = {name: getattr(self, name).without_holidays(weeks) for name in ("model", "spread")}
        return replace(self, **models)

    def inputs(self, panel: SalesPanel) -> Inputs:
        """Return what both models read of a panel with the series of the training."""
        return Inputs(self.model.features(panel), self.spread.features(panel))

    def predict(self, panel: SalesPanel, inputs: Inputs, series: Rows, week: Rows, ahead: Rows) -> Prediction:
        """Forecast single weeks from their origins.

        Args:
            panel: The panel; of its units, only those up to each origin are read.
            inputs: What the models read of the panel.
            series: Row number of each series, shape ``(m,)``.
            week: The week to forecast, shape ``(m,)``.
            ahead: How many weeks after the origin it lies, shape ``(m,)``.

        Returns:
            The forecasts; NaN for a series without history.
        """
        middle = self.model.median(inputs.middle, series, week, ahead)
        quantiles = self.spread.quantiles(inputs.spread, series, week, ahead)
        low, high = (middle + quantiles[:, place] - quantiles[:, 1] for place in (0, 2))
        units = np.expm1(middle)
        ends = {level: self.weekly.of(middle, low, high, level) for level in LEVELS}
        lows = {level: np.expm1(np.maximum(ends[level][0], 0.0)) for level in LEVELS}
        highs = {level: np.expm1(ends[level][1]) for level in LEVELS}
        _replace_intermittent(panel, series, week - ahead, (units, lows, highs))
        return Prediction(units, lows, highs)

    def predict_together(self, panel: SalesPanel, inputs: Inputs, n_weeks: int, series: Rows) -> Prediction:
        """Forecast the units of the next weeks together.

        Args:
            panel: The panel, with at least ``n_weeks`` future weeks.
            inputs: What the models read of the panel.
            n_weeks: Number of weeks, at least 1.
            series: Row number of each series, shape ``(m,)``.

        Returns:
            The forecasts, each array of shape ``(m,)``.
        """
        singles = [
            self.predict(panel, inputs, series, series * 0 + panel.n_known + ahead - 1, series * 0 + ahead)
            for ahead in range(1, n_weeks + 1)
        ]
        if n_weeks == 1:
            return singles[0]
        middle = sum((each.units for each in singles), np.zeros(len(series)))
        low = middle - sum((each.units - each.low[80] for each in singles), np.zeros(len(series)))
        high = middle + sum((each.high[80] - each.units for each in singles), np.zeros(len(series)))
        ends = {level: self.together[n_weeks].of(middle, low, high, level) for level in LEVELS}
        lows = {level: np.maximum(ends[level][0], 0.0) for level in LEVELS}
        highs = {level: ends[level][1] for level in LEVELS}
        origin = np.full(len(series), panel.n_known - 1)
        _replace_intermittent(panel, series, origin, (middle, lows, highs), n_weeks)
        return Prediction(middle, lows, highs)


def intermittent_at(panel: SalesPanel, origin: int) -> Flags:
    """Return which series are intermittent, or have stopped, by what is known in a week, shape ``(n,)``."""
    known = panel.units[:, : origin + 1]
    return is_intermittent(known) | has_stopped(known)


def _replace_intermittent(
    panel: SalesPanel,
    series: Rows,
    origin: Rows,
    found: tuple[Floats, Mapping[int, Floats], Mapping[int, Floats]],
    n_weeks: int = 1,
) -> None:
    """Put the forecasts of intermittent items in place of the model's."""
    units, lows, highs = found
    tails = np.array([side for level in LEVELS for side in ((100 - level) / 200, (100 + level) / 200)])
    for each in np.unique(origin):
        rows = np.flatnonzero(origin == each)
        rows = rows[intermittent_at(panel, int(each))[series[rows]]]
        if not len(rows):
            continue
        known = panel.units[series[rows], : int(each) + 1]
        units[rows] = n_weeks * tsb_rate(known)
        ends = empirical_quantiles(known, tails, n_weeks)
        for row in np.flatnonzero(has_stopped(known) & ~is_intermittent(known)):
            units[rows[row]], ends[row] = resumption(known[row], tails, n_weeks)
        for place, level in enumerate(LEVELS):
            lows[level][rows] = np.fmin(ends[:, 2 * place], units[rows])
            highs[level][rows] = np.fmax(ends[:, 2 * place + 1], units[rows])


def _calibrated(model: DemandModel, panel: SalesPanel, start: int) -> tuple[Stretch, dict[int, Stretch]]:
    """Return factors for single weeks and for weeks together, from weeks that the model did not see."""
    features = model.features(panel)
    regular = ~intermittent_at(panel, start - 1)
    quantiles: dict[tuple[int, int], Floats] = {}
    series = np.flatnonzero(regular)
    for ahead in range(1, model.config.weeks + 1):
        for week in range(start, panel.n_known):
            rows = (series, np.full(len(series), week), np.full(len(series), ahead))
            quantiles[week, ahead] = model.quantiles(features, *rows)
    actual = np.log1p(panel.units[series])
    every = [(q, actual[:, week]) for (week, _), q in quantiles.items()]
    q, happened = np.concatenate([each for each, _ in every]), np.concatenate([each for _, each in every])
    use = np.isfinite(happened) & np.isfinite(q).all(axis=1)
    weekly = Stretch.fit(q[use, 1], q[use, 0], q[use, 2], happened[use])
    together = {}
    for n_weeks in range(2, model.config.weeks + 1):
        parts = []
        for first in range(start, panel.n_known - n_weeks + 1):
            own = [quantiles[first + step, step + 1] for step in range(n_weeks)]
            ends = [weekly.of(each[:, 1], each[:, 0], each[:, 2], 80) for each in own]
            middle = sum(np.expm1(each[:, 1]) for each in own)
            low = sum(np.expm1(np.maximum(end, 0.0)) for end, _ in ends)
            high = sum(np.expm1(end) for _, end in ends)
            parts.append(np.stack([middle, low, high, panel.units[series, first : first + n_weeks].sum(axis=1)]))
        found = np.concatenate(parts, axis=1) if parts else np.zeros((4, 0))
        found = found[:, np.isfinite(found).all(axis=0)]
        together[n_weeks] = Stretch.fit(*found)
    return weekly, together
