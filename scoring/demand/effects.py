"""The additive part of a forecast: log-linear effects of price, promotions and holidays on sales.

Each item has its own coefficients, drawn towards those of all items (two-stage ridge regression with one intercept a
series). The effects explain past weeks too: history without them shows the level of an item better.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scoring.demand.panel import PRICE, STORE, monday_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.demand.panel import Floats, Rows, SalesPanel

OTHERS: Final = "other_items"
SEASON: Final = "season"
YEAR: Final = 52
"""Weeks in a year."""

HOLIDAY: Final = "holiday"
_MOST_COMPETITORS: Final = 50
"""In a store with more items, the others together say nothing about one of them."""

_WAVES: Final = 3
"""Waves a year of the seasonal effect: one, two and three."""

_RIDGE_ALL, _RIDGE_ITEM = 1.0, 20.0


def terms(
    panel: SalesPanel, holidays: Mapping[str, Floats] | None = None, *, has_season: bool = False
) -> dict[tuple[str, str], Floats]:
    """Return what may have an effect in each week, by driver and term.

    Args:
        panel: A panel without gaps in prices and promotions.
        holidays: Which weeks have an event, by its name, each of shape ``(n_weeks,)``.
        has_season: Whether the time of year has an effect.

    Returns:
        Arrays of shape ``(n, n_weeks)``: log price and promotions of the series, the same of the other items of its
        store, holidays, and waves of a year. A term without any variation is left out.
    """
    found: dict[tuple[str, str], Floats] = {}
    has_price = panel.has_planned_price and bool(np.isfinite(panel.price).any())
    log_price = np.log(np.maximum(panel.price, 1e-9)) if has_price else None
    if log_price is not None:
        found[PRICE, "log"] = np.nan_to_num(log_price)
    for name, values in panel.promotions.items():
        found[name, "now"] = values
    stores = pd.factorize(panel.series[STORE])[0]
    if 1 < np.bincount(stores).max() <= _MOST_COMPETITORS:
        if log_price is not None:
            known = np.isfinite(log_price)
            total = _by_store(np.where(known, log_price, 0.0), stores, np.add, 0.0)
            count = _by_store(known.astype(float), stores, np.add, 0.0)
            others = np.where(known, total - np.where(known, log_price, 0.0), total)
            found[OTHERS, "price"] = others / np.maximum(count - known, 1.0)
            found[OTHERS, "lowest"] = _by_store(np.where(known, log_price, np.inf), stores, np.minimum, np.inf)
            found[OTHERS, "lowest"] = np.where(np.isinf(found[OTHERS, "lowest"]), 0.0, found[OTHERS, "lowest"])
        for name, values in panel.promotions.items():
            found[OTHERS, name] = _by_store(values, stores, np.add, 0.0) - values
    for event, weeks in (holidays or {}).items():
        found[HOLIDAY, event] = np.broadcast_to(weeks, panel.units.shape).astype(float)
    if has_season:
        phase = 2 * np.pi * week_of_year(panel) / YEAR
        for wave in range(1, _WAVES + 1):
            for name, curve in ((f"sin_{wave}", np.sin(wave * phase)), (f"cos_{wave}", np.cos(wave * phase))):
                found[SEASON, name] = np.broadcast_to(curve, panel.units.shape).astype(float)
    return {key: values for key, values in found.items() if np.ptp(values) > 0}


def week_of_year(panel: SalesPanel) -> Floats:
    """Return the place of each week in its year, in weeks, shape ``(n_weeks,)``."""
    if panel.has_dates:
        return pd.to_datetime(list(panel.weeks)).day_of_year.to_numpy(dtype=float) / 7.0
    mondays = [monday_of(week) for week in panel.weeks]
    numbers = [day.isocalendar().week if day else int(week) for day, week in zip(mondays, panel.weeks, strict=True)]
    return np.array(numbers, dtype=float) % YEAR


def _by_store(values: Floats, stores: Rows, combine: np.ufunc, start: float) -> Floats:
    """Return a total over the items of each store, for each series."""
    totals = np.full((stores.max() + 1, values.shape[1]), start)
    combine.at(totals, stores, values)
    return totals[stores]


@dataclass(frozen=True, eq=False)
class Effects:
    """Fitted coefficients.

    Attributes:
        names: Driver and term of each coefficient, ``k`` of them.
        item: Item of each series, shape ``(n,)``.
        coefficients: Effect on log units, shape ``(n_items, k)``.
        means: Mean of each term over a series' training weeks, shape ``(n, k)``.
    """

    names: tuple[tuple[str, str], ...]
    item: Rows
    coefficients: Floats
    means: Floats

    @classmethod
    def fit(cls, log_units: Floats, values: Mapping[tuple[str, str], Floats], item: Rows) -> Effects:
        """Fit the effects on the known weeks.

        Args:
            log_units: ``log(1 + units)``, NaN where unknown, shape ``(n, n_weeks)``.
            values: Terms by driver and name.
            item: Item of each series, shape ``(n,)``.

        Returns:
            The effects; 0 for a term that never varied.
        """
        names, n_items = tuple(values), int(item.max()) + 1
        known = np.isfinite(log_units)
        if not names:
            return cls(names, item, np.zeros((n_items, 0)), np.zeros((len(item), 0)))
        series, week = np.nonzero(known)
        x = np.stack([values[name][series, week] for name in names], axis=1)
        count = np.maximum(np.bincount(series, minlength=len(item)), 1)
        means = np.stack([np.bincount(series, weights=column, minlength=len(item)) / count for column in x.T], axis=1)
        y = log_units[series, week]
        y = y - (np.bincount(series, weights=y, minlength=len(item)) / count)[series]
        x = x - means[series]
        ridge = np.eye(len(names))
        overall = np.linalg.solve(x.T @ x + _RIDGE_ALL * ridge, x.T @ y)
        rest = y - x @ overall
        coefficients = np.tile(overall, (n_items, 1))
        order = np.argsort(item[series], kind="stable")
        bounds = np.searchsorted(item[series][order], np.arange(n_items + 1))
        variance = np.maximum(x.var(axis=0), 1e-6)
        for number in range(n_items):
            own = order[bounds[number] : bounds[number + 1]]
            a = x[own]
            penalty = _RIDGE_ITEM * np.diag(variance)
            coefficients[number] += np.linalg.solve(a.T @ a + penalty + 1e-9 * ridge, a.T @ rest[own])
        return cls(names, item, coefficients, means)

    def of(self, values: Mapping[tuple[str, str], Floats]) -> dict[str, Floats]:
        """Return the effect of each driver on log units in each week, against the mean of the training weeks.

        Args:
            values: Terms of a panel with the same series.

        Returns:
            Arrays of shape ``(n, n_weeks)`` by driver.
        """
        total: dict[str, Floats] = {}
        for place, (driver, term) in enumerate(self.names):
            if (driver, term) not in values:
                continue
            own = (values[driver, term] - self.means[:, [place]]) * self.coefficients[self.item, place][:, None]
            total[driver] = total[driver] + own if driver in total else own
        return total
