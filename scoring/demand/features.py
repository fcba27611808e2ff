"""What the trees read for a week that is some weeks ahead: nothing sold after the origin, and the plans of the week."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from scoring.demand.effects import HOLIDAY, OTHERS, SEASON, week_of_year
from scoring.demand.panel import PRICE, YEAR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.demand.panel import Floats, Rows, SalesPanel

HISTORY: Final = "history"
SERIES: Final = "item_and_store"
_CODES = ((SERIES, "item"), (SERIES, "store"), (HISTORY, "weeks_ahead"))
_LEVEL_WEEKS = 52
_MIN_WEEKS_FOR_CALENDAR = 2 * YEAR


@dataclass(frozen=True, eq=False)
class Features:
    """Columns that any row ``(series, week, origin)`` reads from.

    Attributes:
        keys: Player and name of each feature; players are ``history``, ``season``, ``price``, each promotion, ….
        at_origin: Columns read at the origin, each of shape ``(n, n_weeks)``, by key.
        at_week: Columns read at the week itself, by key.
        level: Mean of ``log(1 + units)`` without effects over the year before, shape ``(n, n_weeks)``.
        effects: Effect of each driver in log units, each of shape ``(n, n_weeks)``.
        codes: Item and store of each series as numbers, shape ``(n, 2)``.
    """

    keys: tuple[tuple[str, str], ...]
    at_origin: Mapping[tuple[str, str], Floats]
    at_week: Mapping[tuple[str, str], Floats]
    level: Floats
    effects: Mapping[str, Floats]
    codes: Rows

    @classmethod
    def of(
        cls,
        panel: SalesPanel,
        effects: Mapping[str, Floats],
        others: Mapping[tuple[str, str], Floats],
        keys: tuple[tuple[str, str], ...] | None = None,
    ) -> Features:
        """Compute the columns of a panel.

        Args:
            panel: A panel without gaps in prices and promotions.
            effects: Effect of each driver.
            others: Terms of the additive part; those of other items are features too.
            keys: Features to read; all that the panel has if not given. One that it lacks is missing in every row.

        Returns:
            The features.
        """
        log_units = np.log1p(panel.units)
        total = sum(effects.values(), np.zeros_like(log_units))
        plain = log_units - total
        level = _ffill(_rolling(plain, _LEVEL_WEEKS))
        origin: dict[tuple[str, str], Floats] = {
            (HISTORY, f"mean_{weeks}"): _ffill(_rolling(plain, weeks)) - level for weeks in (1, 2, 4, 8, 26)
        }
        origin[HISTORY, "level"] = level
        origin[HISTORY, "last"] = _ffill(log_units) - level
        origin[HISTORY, "sold_8"] = _rolling(log_units, 8) - level
        origin[HISTORY, "zero_share"] = _rolling(np.where(np.isfinite(log_units), log_units == 0, np.nan), 26)
        week: dict[tuple[str, str], Floats] = {}
        for weeks, name in ((1, "year_ago"), (3, "year_ago_3"), (5, "year_ago_5")):
            ahead = weeks // 2
            smooth = _rolling(plain, weeks)
            week[SEASON, name] = _shifted(smooth, YEAR - ahead) - _shifted(level, YEAR - ahead)
        if panel.n_known >= _MIN_WEEKS_FOR_CALENDAR:
            week[SEASON, "week_of_year"] = np.broadcast_to(week_of_year(panel), log_units.shape).astype(float)
        log_price = np.nan_to_num(np.log(np.maximum(panel.price, 1e-9)))
        if panel.has_planned_price and np.ptp(log_price) > 0:
            mean = _rolling(log_price, 26)
            week[PRICE, "price_change"] = log_price - _shifted(log_price, 1)
            week[PRICE, "price_to_usual"] = log_price - _shifted(mean, 4)
            week[PRICE, "price"] = log_price
        for name, values in panel.promotions.items():
            week[name, name] = values
            week[name, f"{name}_before"] = _shifted(values, 1)
            week[name, f"{name}_of_8"] = _shifted(_rolling(values, 8), 1)
        for (driver, term), values in others.items():
            if driver == OTHERS:
                week[driver, f"{driver}_{term}"] = values - log_price if term in {"price", "lowest"} else values
        for driver, values in effects.items():
            if driver != HOLIDAY:  # a few weeks that a tree would learn by heart
                week[driver, f"effect_{driver}"] = values
        keys = keys or (*origin, *week, *_CODES)
        codes = np.stack([pd.factorize(panel.series[name])[0] for name in ("item_id", "store_id")], axis=1)
        return cls(keys, _small(origin), _small(week), level, effects, codes)

    def rows(self, series: Rows, week: Rows, ahead: Rows) -> Floats:
        """Return the matrix that the trees read.

        Args:
            series: Row number of each series, shape ``(m,)``.
            week: The week to forecast, shape ``(m,)``.
            ahead: How many weeks after the origin it lies, shape ``(m,)``.

        Returns:
            Features, shape ``(m, n_features)``.
        """
        origin, missing = week - ahead, np.full(len(series), np.nan)
        codes = dict(zip(_CODES, (*self.codes[series].T, ahead), strict=True))
        columns = []
        for key in self.keys:
            if key in codes:
                columns.append(codes[key])
            elif key in self.at_origin:
                columns.append(self.at_origin[key][series, origin])
            else:
                columns.append(self.at_week[key][series, week] if key in self.at_week else missing)
        return np.column_stack(columns).astype(np.float32)

    def offset(self, series: Rows, week: Rows, ahead: Rows) -> Floats:
        """Return the additive forecast in log units: the level at the origin and the effects of the week."""
        effect = sum((values[series, week] for values in self.effects.values()), np.zeros(len(series)))
        offset: Floats = self.level[series, week - ahead] + effect
        return offset


def _small(columns: Mapping[tuple[str, str], Floats]) -> dict[tuple[str, str], Any]:
    """Return columns as the trees read them: 32 bits are half the memory."""
    return {key: values.astype(np.float32) for key, values in columns.items()}


def _rolling(values: Floats, weeks: int) -> Floats:
    """Return the mean of the known values of the last weeks, the week itself among them."""
    known = np.isfinite(values)
    total, n = np.where(known, values, 0.0).cumsum(axis=1), known.cumsum(axis=1)
    for sums in (total, n):
        sums[:, weeks:] -= sums[:, :-weeks].copy()
    mean: Floats = np.divide(total, n, out=np.full(values.shape, np.nan), where=n > 0)
    return mean


def _ffill(values: Floats) -> Floats:
    return pd.DataFrame(values).ffill(axis=1).to_numpy(dtype=np.float64)


def _shifted(values: Floats, weeks: int) -> Floats:
    """Return the values of some weeks before."""
    moved = np.full(values.shape, np.nan)
    if weeks < values.shape[1]:
        moved[:, weeks:] = values[:, : values.shape[1] - weeks]
    return moved
