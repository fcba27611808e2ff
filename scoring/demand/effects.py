"""The additive part of a forecast: log-linear effects of price, promotions and holidays on sales.

Each item has its own coefficients, drawn towards those of all items (two-stage ridge regression with one intercept a
series). They count within the values that the item has had; beyond them, those of all items count. The effects explain
past weeks too: history without them shows the level of an item better.

A named event falls into a few weeks, and all series of a week share its accidents. So the effect of an event on an item
is a random effect of weeks, not of rows: it is shrunk by the variance of the item's weeks (empirical Bayes).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scoring.demand.panel import PRICE, STORE, YEAR, monday_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.demand.panel import Floats, Rows, SalesPanel

OTHERS: Final = "other_items"
SEASON: Final = "season"
HOLIDAY: Final = "holiday"
_MOST_COMPETITORS: Final = 50
"""In a store with more items, the others together say nothing about one of them."""

_WAVES: Final = 3
"""Waves a year of the seasonal effect: one, two and three."""

_RIDGE_ALL, _RIDGE_ITEM = 1.0, 20.0
_LEAST_NOISE: Final = 1e-6


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
        pooled: Effect on all items together, shape ``(k,)``: it counts beyond what an item's training weeks had.
        least: Smallest value of each term in an item's training weeks, shape ``(n_items, k)``.
        most: Largest value, of the same shape.
    """

    names: tuple[tuple[str, str], ...]
    item: Rows
    coefficients: Floats
    means: Floats
    pooled: Floats
    least: Floats
    most: Floats

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
        events = tuple(key for key in values if key[0] == HOLIDAY)
        names, n_items = tuple(key for key in values if key not in events), int(item.max()) + 1
        known = np.isfinite(log_units)
        if not values:
            none = np.zeros((n_items, 0))
            return cls(names, item, none, np.zeros((len(item), 0)), np.zeros(0), none, none)
        series, week = np.nonzero(known)
        every = np.stack([values[name][series, week] for name in (*names, *events)], axis=1)
        least, most = np.full((n_items, every.shape[1]), np.inf), np.full((n_items, every.shape[1]), -np.inf)
        np.minimum.at(least, item[series], every)
        np.maximum.at(most, item[series], every)
        least, most = (np.where(np.isfinite(ends), ends, 0.0) for ends in (least, most))  # items without a known week
        count = np.maximum(np.bincount(series, minlength=len(item)), 1)
        totals = [np.bincount(series, weights=column, minlength=len(item)) for column in every.T]
        means = np.stack(totals, axis=1) / count[:, None]
        x = every[:, : len(names)]
        y = log_units[series, week]
        y = y - (np.bincount(series, weights=y, minlength=len(item)) / count)[series]
        x = x - means[series][:, : len(names)]
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
        if events:
            rest = y - (x * coefficients[item[series]]).sum(axis=1)
            on = np.stack([values[name][0] for name in events], axis=1)
            by_week = _item_weeks(rest, item[series], week, (n_items, log_units.shape[1]))
            coefficients = np.hstack([coefficients, _event_effects(by_week, on)])
        pooled = np.concatenate([overall, np.zeros(len(events))])
        return cls((*names, *events), item, coefficients, means, pooled, least, most)

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
            seen = np.clip(values[driver, term], *(end[self.item, place][:, None] for end in (self.least, self.most)))
            own = (seen - self.means[:, [place]]) * self.coefficients[self.item, place][:, None]
            own += (values[driver, term] - seen) * self.pooled[place]
            total[driver] = total[driver] + own if driver in total else own
        return total


def _item_weeks(values: Floats, item: Rows, week: Rows, shape: tuple[int, int]) -> Floats:
    """Return the mean of each item and week, NaN where it has no row, shape ``(n_items, n_weeks)``."""
    place = item * shape[1] + week
    n = np.bincount(place, minlength=shape[0] * shape[1])
    total = np.bincount(place, weights=values, minlength=len(n))
    mean: Floats = np.divide(total, n, out=np.full(len(n), np.nan), where=n > 0)
    return mean.reshape(shape)


def _event_effects(by_week: Floats, on: Floats) -> Floats:
    """Return the effect of each event on each item, shrunk by how much weeks without events vary.

    The prior variance is that of the observed effects beyond what the weeks' accidents explain. Source: Efron & Morris
    (1973), Stein's estimation rule and its competitors.

    Args:
        by_week: Mean residual of each item and week, NaN where unknown, shape ``(n_items, n_weeks)``.
        on: 1 in the weeks of an event, shape ``(n_weeks, n_events)``.

    Returns:
        Log units, shape ``(n_items, n_events)``; 0 for an event that no known week has.
    """
    known = np.isfinite(by_week)
    quiet = known & ~on.any(axis=1)
    n_quiet = np.maximum(quiet.sum(axis=1), 1)
    mean = np.where(quiet, by_week, 0.0).sum(axis=1) / n_quiet
    centred = np.where(known, by_week - mean[:, None], 0.0)
    noise = (np.where(quiet, centred, 0.0) ** 2).sum(axis=1) / np.maximum(n_quiet - 1, 1) + _LEAST_NOISE
    times = known @ on
    seen = times > 0
    raw = (centred @ on) / np.maximum(times, 1.0)
    beyond = np.where(seen, raw**2 - noise[:, None] / np.maximum(times, 1.0), 0.0)
    prior = max(0.0, float(beyond.sum() / max(seen.sum(), 1)))
    if not prior:
        return np.zeros(times.shape)
    found = np.zeros(times.shape)
    for number, own in enumerate(known):
        design = on[own]
        system = design.T @ design + noise[number] / prior * np.eye(on.shape[1])
        found[number] = np.linalg.solve(system, design.T @ centred[number, own])
    return found
