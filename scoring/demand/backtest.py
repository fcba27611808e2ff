"""A measurement that is honest in time: fit up to a week, forecast the weeks after it, compare with what sold."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from scoring.data.moments import as_moment
from scoring.demand.baselines import MOST_ETS_SERIES, ExponentialSmoothing, mean_of_eight, seasonal_naive
from scoring.demand.forecaster import Forecaster
from scoring.demand.ranges import LEVELS
from scoring.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from scoring.demand.model import DemandConfig
    from scoring.demand.panel import Floats, Rows, SalesPanel


@dataclass
class _Errors:
    """Absolute errors and units of the forecasts of one number of weeks ahead."""

    error: float = 0.0
    units: float = 0.0

    def add(self, forecast: Floats, actual: Floats) -> None:
        self.error += float(np.abs(forecast - actual).sum())
        self.units += float(actual.sum())

    @property
    def wmape(self) -> float | None:
        return round(self.error / self.units, 4) if self.units else None


@dataclass
class Measurement:
    """What a backtest found.

    Attributes:
        wmape: Sum of absolute errors by the sum of units, by weeks ahead.
        coverage: Share of the weeks within each range, by its level in percent.
        baselines: The same errors of simple forecasts, on the same weeks.
        n_series: Series that were measured.
        weeks: First and last week that were forecast.
        unplanned_wmape: WMAPE of all weeks ahead if no price and no promotion of these weeks is known; ``None`` if a
            plan can change nothing.
        unplanned_coverage: Share of the weeks within each range in the same case, of those with the plan that was
            assumed.
        unplanned_share: Share of these weeks.
        notes: Baselines that were left out, and why.
    """

    wmape: dict[str, float | None]
    coverage: dict[int, float]
    baselines: dict[str, dict[str, float | None]]
    n_series: int
    weeks: tuple[str, str]
    unplanned_wmape: float | None = None
    unplanned_coverage: dict[int, float] = field(default_factory=dict)
    unplanned_share: float | None = None
    notes: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the record of docs/design.md §10."""
        return {"wmape": self.wmape, "coverage80": self.coverage[80], "baselines": self.baselines}

    def better_baselines(self) -> list[str]:
        """Return the simple forecasts with a smaller WMAPE than the model for each number of weeks ahead."""

        def is_better(errors: Mapping[str, float | None]) -> bool:
            pairs = [(errors[ahead], own) for ahead, own in self.wmape.items()]
            return all(error is not None and own is not None and error < own for error, own in pairs)

        return [name for name, errors in self.baselines.items() if name != "additive" and is_better(errors)]

    def figures(self) -> dict[str, Any]:
        """Return everything that was measured, ready for JSON."""
        coverage, unplanned = (
            {str(level): share for level, share in each.items()} for each in (self.coverage, self.unplanned_coverage)
        )
        return {
            **self.to_dict(),
            "coverage": coverage,
            "without_plans": {
                "wmape": self.unplanned_wmape,
                "as_assumed": self.unplanned_share,
                "coverage": unplanned,
            },
            "n_series": self.n_series,
            "weeks": list(self.weeks),
        }


def backtest(
    panel: SalesPanel,
    config: DemandConfig,
    cutoff: int,
    *,
    holidays: Mapping[str, Mapping[str, float]] | None = None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Measurement:
    """Fit a forecaster on the weeks up to a cutoff and measure it on the weeks after.

    A week h weeks ahead is forecast from the sales up to h weeks before it; parameters come from the weeks up to the
    cutoff alone. Prices and promotions of the week count as planned.

    Args:
        panel: Weekly sales.
        config: Settings.
        cutoff: Number of weeks to fit on.
        holidays: 1 by named event and week label.
        progress: Told a description, the steps done and the steps in all.

    Returns:
        Errors and coverage, with those of the baselines.

    Raises:
        SettingError: If there are too few weeks before the cutoff, or none after it.
    """
    if not 2 * config.weeks + 8 < cutoff < panel.n_known:
        raise SettingError(
            f"the cutoff leaves {cutoff} weeks to fit on and {panel.n_known - cutoff} to measure, but more than "
            f"{2 * config.weeks + 8} and at least 1 are needed. Choose another --cutoff or fewer --weeks."
        )
    progress("fitting the model", 0, 2)
    forecaster = Forecaster.fit(panel.up_to(cutoff), config, holidays=holidays)
    progress("fitting the model", 2, 2)
    inputs = forecaster.inputs(panel)
    features = inputs.middle
    simple: dict[str, Callable[[SalesPanel, int, int], Floats]] = {
        "mean_8": mean_of_eight,
        "seasonal_naive": seasonal_naive,
    }
    notes = []
    if importlib.util.find_spec("statsmodels") is None:
        notes.append("ETS is left out: statsmodels is not installed.")
    elif len(panel) > MOST_ETS_SERIES:
        notes.append(f"ETS is left out: it fits at most {MOST_ETS_SERIES:,} series.")
    else:
        simple["ets"] = ExponentialSmoothing(panel, cutoff, progress)
    names = ("model", "additive", *simple)
    errors = {(name, ahead): _Errors() for name in names for ahead in range(1, config.weeks + 1)}
    inside = dict.fromkeys(LEVELS, 0)
    n_rows, measured = 0, np.zeros(len(panel), dtype=bool)
    origins = range(cutoff - config.weeks, panel.n_known - 1)
    for origin in origins:
        progress("measuring the forecasts", origin - origins[0], len(origins))
        rows = _rows(panel, features.level, origin, max(1, cutoff - origin), config.weeks)
        series, week, ahead = rows
        found, actual = forecaster.predict(panel, inputs, *rows), panel.units[series, week]
        additive = np.maximum(np.expm1(features.offset(*rows)), 0.0)
        for step in np.unique(ahead):
            own = ahead == step
            errors["model", step].add(found.units[own], actual[own])
            errors["additive", step].add(additive[own], actual[own])
            for name, forecast in simple.items():
                errors[name, step].add(forecast(panel, origin, origin + int(step))[series[own]], actual[own])
        for level in LEVELS:
            inside[level] += int(found.holds(actual, level).sum())
        n_rows += len(series)
        measured[series] = True
    unplanned_wmape, unplanned_share, unplanned_coverage = _without_plans(forecaster, panel, cutoff)
    by_name = {name: {str(ahead): errors[name, ahead].wmape for ahead in range(1, config.weeks + 1)} for name in names}
    return Measurement(
        wmape=by_name.pop("model"),
        coverage={level: round(inside[level] / max(n_rows, 1), 4) for level in LEVELS},
        baselines=by_name,
        n_series=int(measured.sum()),
        weeks=(panel.weeks[cutoff], panel.weeks[panel.n_known - 1]),
        unplanned_wmape=unplanned_wmape,
        unplanned_coverage=unplanned_coverage,
        unplanned_share=unplanned_share,
        notes=notes,
    )


def _without_plans(
    forecaster: Forecaster, panel: SalesPanel, cutoff: int
) -> tuple[float | None, float | None, dict[int, float]]:
    """Measure forecasts that know no price and no promotion after their origin.

    The origins lie as many weeks apart as are forecast, so each week is forecast once.

    Args:
        forecaster: The fitted forecaster.
        panel: Sales by series and week.
        cutoff: First week that the fit did not read.

    Returns:
        WMAPE of all weeks; the share of weeks with the plan that was assumed, and coverage by level in these.
    """
    if not panel.plan_names:
        return None, None, {}
    errors, inside, n_rows, n_assumed = _Errors(), dict.fromkeys(LEVELS, 0), 0, 0
    n_weeks = forecaster.model.config.weeks
    for first in range(cutoff, panel.n_known, n_weeks):
        known = panel.up_to(first).without_plans()
        inputs, assumed = forecaster.inputs(known), known.extended(n_weeks).planned
        series, week, ahead = _rows(panel, inputs.middle.level, first - 1, 1, n_weeks)
        found, actual = forecaster.predict(known, inputs, series, week, ahead), panel.units[series, week]
        errors.add(found.units, actual)
        is_ordinary = panel.is_as_in(assumed, series, week)
        for level in LEVELS:
            inside[level] += int((found.holds(actual, level) & is_ordinary).sum())
        n_rows, n_assumed = n_rows + len(series), n_assumed + int(is_ordinary.sum())
    coverage = {level: round(inside[level] / max(n_assumed, 1), 4) for level in LEVELS}
    return errors.wmape, round(n_assumed / max(n_rows, 1), 4), coverage


def _rows(panel: SalesPanel, level: Floats, origin: int, first: int, last: int) -> tuple[Rows, Rows, Rows]:
    """Return series, week and weeks ahead of the known weeks ``first`` to ``last`` after an origin with a level."""
    sold = panel.units[:, origin + first : min(origin + last + 1, panel.n_known)]
    step, series = np.nonzero(np.isfinite(sold.T) & np.isfinite(level[:, origin]))
    return series, origin + first + step, first + step


def weeks_before(panel: SalesPanel, cutoff: str | None) -> int:
    """Return how many weeks to fit on for the metrics.

    Args:
        panel: Weekly sales.
        cutoff: Last week or day to fit on; a fifth of the weeks, at most 12, follow it if not given.

    Returns:
        Number of weeks.

    Raises:
        SettingError: If the sales have no such week.
    """
    if cutoff is None:
        return panel.n_known - min(12, max(1, panel.n_known // 5))
    if panel.has_dates:
        day = str(as_moment(cutoff, "--cutoff").date())
        return sum(week <= day for week in panel.weeks[: panel.n_known])
    if cutoff not in panel.weeks:
        raise SettingError(
            f"--cutoff is {cutoff!r} but a week from {panel.weeks[0]} to {panel.as_of} is needed. Choose one of them."
        )
    return panel.weeks.index(cutoff) + 1
