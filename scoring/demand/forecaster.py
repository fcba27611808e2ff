"""Forecasts with calibrated ranges for every series, week by week and for the coming weeks together."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from scoring.demand.intermittent import empirical_quantiles, expected_units, has_stopped, is_intermittent, resumption
from scoring.demand.model import MIDDLE, DemandModel
from scoring.demand.ranges import LEVELS, Stretch

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from scoring.demand.features import Features
    from scoring.demand.model import DemandConfig
    from scoring.demand.panel import Flags, Floats, Rows, SalesPanel


_WEIGHTS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Weights of the trees to choose from."""


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

    def holds(self, actual: Floats, level: int) -> Flags:
        """Return which ranges of a level hold the units that were sold, shape ``(m,)``."""
        inside: Flags = (actual >= self.low[level]) & (actual <= self.high[level])
        return inside


class Inputs(NamedTuple):
    """Features of a panel for the two models of a forecaster.

    Attributes:
        middle: Those of the model of the forecasts.
        spread: Those of the model of the ranges.
    """

    middle: Features
    spread: Features


@dataclass(frozen=True)
class Ranges:
    """Factors that stretch quantiles to ranges.

    Attributes:
        weekly: For a single week, in log units.
        together: For the next weeks together, by their number, in units.
    """

    weekly: Stretch
    together: Mapping[int, Stretch]


@dataclass(frozen=True, eq=False)
class Forecaster:
    """A model of the forecasts, and an earlier one whose quantiles, stretched, are the ranges.

    The factors were fitted on weeks that the earlier model did not see. So its spreads are those that were tested.
    A week without a plan counts as an ordinary one. Its factors are those of weeks that turned out so.

    Attributes:
        model: Model fitted on all weeks; its median is the forecast.
        spread: Model fitted on the weeks before the calibration.
        planned: Factors of weeks whose prices and promotions are known.
        unplanned: Factors of ordinary weeks without a plan.
    """

    model: DemandModel
    spread: DemandModel
    planned: Ranges
    unplanned: Ranges

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
        weight = _tree_weight(earlier, panel, start)
        earlier = replace(earlier, tree_weight=weight)
        fitted = DemandModel.fit(panel, config, holidays=holidays, quantiles=(MIDDLE,))
        model = replace(fitted, tree_weight=weight)
        return cls(model, earlier, *_calibrated(earlier, panel, start))

    @property
    def _ranges(self) -> tuple[Ranges, Ranges]:
        return self.planned, self.unplanned

    def without_holidays(self, weeks: Collection[str]) -> Forecaster:
        """Return the forecaster that expects no event in some weeks."""
        models = {name: getattr(self, name).without_holidays(weeks) for name in ("model", "spread")}
        return replace(self, **models)

    def inputs(self, panel: SalesPanel, others: SalesPanel | None = None) -> Inputs:
        """Return what both models read of a panel with the series of the training; ``others`` as in ``features``."""
        return Inputs(self.model.features(panel, others), self.spread.features(panel, others))

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
        found, own = _of_intermittent(panel, series, week - ahead)
        if not len(own):
            return found
        series, week, ahead = series[own], week[own], ahead[own]
        middle = self.model.median(inputs.middle, series, week, ahead)
        quantiles = self.spread.quantiles(inputs.spread, series, week, ahead)
        low, high = (middle + quantiles[:, place] - quantiles[:, 1] for place in (0, 2))
        found.units[own] = np.expm1(middle)
        is_planned = panel.is_planned(series, week)
        for level in LEVELS:
            ends = _chosen(is_planned, *(each.weekly.of(middle, low, high, level) for each in self._ranges))
            found.low[level][own], found.high[level][own] = np.expm1(np.maximum(ends[0], 0.0)), np.expm1(ends[1])
        return found

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
        if n_weeks == 1:
            return self.predict(panel, inputs, series, series * 0 + panel.n_known, series * 0 + 1)
        found, own = _of_intermittent(panel, series, np.full(len(series), panel.n_known - 1), n_weeks)
        series = series[own]
        singles = [
            self.predict(panel, inputs, series, series * 0 + panel.n_known + ahead - 1, series * 0 + ahead)
            for ahead in range(1, n_weeks + 1)
        ]
        middle = sum((each.units for each in singles), np.zeros(len(series)))
        low = middle - sum((each.units - each.low[80] for each in singles), np.zeros(len(series)))
        high = middle + sum((each.high[80] - each.units for each in singles), np.zeros(len(series)))
        future = range(panel.n_known, panel.n_known + n_weeks)
        is_planned = np.all([panel.is_planned(series, series * 0 + week) for week in future], axis=0)
        found.units[own] = middle
        for level in LEVELS:
            ends = _chosen(is_planned, *(each.together[n_weeks].of(middle, low, high, level) for each in self._ranges))
            found.low[level][own], found.high[level][own] = np.maximum(ends[0], 0.0), ends[1]
        return found


def intermittent_at(panel: SalesPanel, origin: int) -> Flags:
    """Return which series are intermittent, or have stopped, by what is known in a week, shape ``(n,)``."""
    known = panel.units[:, : origin + 1]
    return is_intermittent(known) | has_stopped(known)


def _of_intermittent(panel: SalesPanel, series: Rows, origin: Rows, n_weeks: int = 1) -> tuple[Prediction, Rows]:
    """Return forecasts of intermittent items, NaN in the other rows, and the numbers of these rows.

    Forecasts of intermittent items depend on the origin alone, so each series is forecast once for each origin.
    """
    units = np.full(len(series), np.nan)
    lows, highs = ({level: units.copy() for level in LEVELS} for _ in range(2))
    others = np.ones(len(series), dtype=bool)
    tails = np.array([side for level in LEVELS for side in ((100 - level) / 200, (100 + level) / 200)])
    for each in np.unique(origin):
        rows = np.flatnonzero(origin == each)
        rows = rows[intermittent_at(panel, int(each))[series[rows]]]
        own, place = np.unique(series[rows], return_inverse=True)
        known = panel.units[own, : int(each) + 1]
        expected, ends = expected_units(known, n_weeks), empirical_quantiles(known, tails, n_weeks)
        for row in np.flatnonzero(has_stopped(known) & ~is_intermittent(known)):
            expected[row], ends[row] = resumption(known[row], tails, n_weeks)
        units[rows], others[rows] = expected[place], False
        for number, level in enumerate(LEVELS):
            lows[level][rows] = np.fmin(ends[:, 2 * number], expected)[place]
            highs[level][rows] = np.fmax(ends[:, 2 * number + 1], expected)[place]
    return Prediction(units, lows, highs), np.flatnonzero(others)


def _chosen(
    is_planned: Flags, planned: tuple[Floats, Floats], unplanned: tuple[Floats, Floats]
) -> tuple[Floats, Floats]:
    """Return the ends of the ranges of rows with a plan and without one."""
    low, high = (np.where(is_planned, *both) for both in zip(planned, unplanned, strict=True))
    return low, high


def _tree_weight(model: DemandModel, panel: SalesPanel, start: int) -> float:
    """Return the smallest weight of the trees whose error, on weeks that the model did not see, is about the smallest.

    That is at most one standard error of the weekly difference above the smallest one. Source: Breiman et al. (1984),
    "Classification and Regression Trees", the one-standard-error rule.

    Args:
        model: Model fitted on the weeks before ``start``.
        panel: What happened.
        start: First week that the model did not see.

    Returns:
        One of ``_WEIGHTS``.
    """
    series = np.flatnonzero(~intermittent_at(panel, start - 1))
    features = model.features(panel)
    errors = np.zeros((len(_WEIGHTS), panel.n_known - start))
    for ahead in range(1, model.config.weeks + 1):
        for week in range(start, panel.n_known):
            asked = (series, np.full(len(series), week), np.full(len(series), ahead))
            offset = features.offset(*asked)
            correction = model.trees[MIDDLE].predict(features.rows(*asked), num_threads=1)
            for place, weight in enumerate(_WEIGHTS):
                units = np.expm1(np.maximum(offset + weight * correction, 0.0))
                errors[place, week - start] += float(np.nansum(np.abs(units - panel.units[series, week])))
    worse = errors - errors[errors.sum(axis=1).argmin()]
    is_close = worse.mean(axis=1) <= worse.std(axis=1) / np.sqrt(worse.shape[1])
    return _WEIGHTS[int(is_close.argmax())]


def _calibrated(model: DemandModel, panel: SalesPanel, start: int) -> tuple[Ranges, Ranges]:
    """Return factors of weeks with a plan and of weeks without one, from weeks that the model did not see.

    With plans, each week is forecast from each origin. Without plans, the features depend on the origin, because later
    promotions are unknown; so only every fourth week, or as many as are forecast, is one. A week in which another
    promotion ran than was assumed tells nothing of ordinary weeks, so it does not count.
    """
    series = np.flatnonzero(~intermittent_at(panel, start - 1))
    features = model.features(panel)
    steps = range(1, model.config.weeks + 1)

    def quantiles(read: Features, week: int, ahead: int) -> Floats:
        return model.quantiles(read, series, np.full(len(series), week), np.full(len(series), ahead))

    planned = _factors(
        panel,
        series,
        {(week, ahead): quantiles(features, week, ahead) for ahead in steps for week in range(start, panel.n_known)},
    )
    if not panel.plan_names:
        return planned, planned
    unplanned: dict[tuple[int, int], Floats] = {}
    units = panel.units.copy()
    for first in range(start, panel.n_known, len(steps)):
        known = panel.up_to(first).without_plans()
        read, assumed = model.features(known), known.planned
        for week in range(first, min(first + len(steps), panel.n_known)):
            unplanned[week, week - first + 1] = quantiles(read, week, week - first + 1)
            units[~panel.is_as_in(assumed, np.arange(len(panel)), week), week] = np.nan
    return planned, _factors(replace(panel, units=units), series, unplanned)


def _factors(panel: SalesPanel, series: Rows, quantiles: Mapping[tuple[int, int], Floats]) -> Ranges:
    """Return the factors that fit quantiles of single weeks.

    Args:
        panel: What happened.
        series: Series of the quantiles, shape ``(m,)``.
        quantiles: Quantiles of shape ``(m, 3)`` by week and by how many weeks it is ahead.

    Returns:
        Factors for single weeks, and for weeks together where all of them were forecast from one origin.
    """
    actual = np.log1p(panel.units[series])
    every = [(q, actual[:, week]) for (week, _), q in quantiles.items()]
    q, happened = np.concatenate([each for each, _ in every]), np.concatenate([each for _, each in every])
    use = np.isfinite(happened) & np.isfinite(q).all(axis=1)
    weekly = Stretch.fit(q[use, 1], q[use, 0], q[use, 2], happened[use])
    together = {}
    for n_weeks in range(2, max(ahead for _, ahead in quantiles) + 1):
        parts = []
        for first, ahead in quantiles:
            own = [quantiles.get((first + step, step + 1)) for step in range(n_weeks)]
            if ahead == 1 and all(each is not None for each in own):
                parts.append(
                    _summed(
                        [each for each in own if each is not None], weekly, panel.units[series, first : first + n_weeks]
                    )
                )
        found = np.concatenate(parts, axis=1) if parts else np.zeros((4, 0))
        together[n_weeks] = Stretch.fit(*found[:, np.isfinite(found).all(axis=0)])
    return Ranges(weekly, together)


def _summed(quantiles: Sequence[Floats], weekly: Stretch, units: Floats) -> Floats:
    """Return middle, ends of the 80 % ranges and units of weeks together, shape ``(4, m)``."""
    ends = [weekly.of(each[:, 1], each[:, 0], each[:, 2], 80) for each in quantiles]
    middle = sum(np.expm1(each[:, 1]) for each in quantiles)
    low = sum(np.expm1(np.maximum(end, 0.0)) for end, _ in ends)
    high = sum(np.expm1(end) for _, end in ends)
    return np.stack([middle, low, high, units.sum(axis=1)])
