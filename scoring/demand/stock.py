"""What to order and when: order-up-to levels by service level, lead time and pack size; overstock and dead stock.

Each formula reads the forecast tables and the stock table alone, so that SQL can repeat it. The review period is a
week: what is not ordered now can be ordered a week later. Source: Silver, Pyke & Thomas, "Inventory and Production
Management in Supply Chains", (R, s, S) policies and the newsvendor ratio.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from scoring.demand.columns import id_texts, normal
from scoring.demand.panel import ITEM, QUARTER, STORE
from scoring.errors import SettingError, TableError

if TYPE_CHECKING:
    from scoring.demand.outlook import Outlook
    from scoring.demand.panel import Floats

ON_HAND, ON_ORDER, LEAD_TIME, PACK, COST, PRICE, SALVAGE = (
    "on_hand", "on_order", "lead_time_days", "pack_size", "unit_cost", "price", "salvage_value",
)  # fmt: skip
HEADERS: Final[dict[str, tuple[str, ...]]] = {
    ITEM: ("item id", "item", "sku", "product id", "product", "article", "item nbr"),
    STORE: ("store id", "store", "shop", "location", "store nbr"),
    ON_HAND: ("on hand", "stock", "stock on hand", "quantity", "qty", "inventory", "available"),
    ON_ORDER: ("on order", "in transit", "ordered", "open orders"),
    LEAD_TIME: ("lead time days", "lead time", "leadtime", "delivery days"),
    PACK: ("pack size", "pack", "case size", "order multiple", "moq"),
    COST: ("unit cost", "cost", "purchase price"),
    PRICE: ("price", "unit price", "selling price"),
    SALVAGE: ("salvage value", "salvage", "residual value", "leftover value"),
}
DAYS: Final = 7
LEAST_TOO_MANY: Final = 2
"""Units above the limit from which on stock is too much."""

_ENDS: Final = ((0.5, "units"), (0.75, "high_50"), (0.9, "high_80"), (0.95, "high_90"), (0.975, "high_95"))
"""Quantile levels of the forecast tables, and their columns."""

_MISSED: Final = {"missed": "units", "missed_low": "low_80", "missed_high": "high_80"}
"""Sales over the lead time, less the position, by the column of the forecast tables that they follow from."""


class StockPolicy(BaseModel):
    """How much to hold.

    Attributes:
        service_level: Share of the periods in which the stock is to last, from .5 to .975; if ``None``, the newsvendor
            ratio (price - cost) / (price - salvage value) where all three are known, and .95 elsewhere.
        overstock_weeks: Weeks of expected sales above which stock is too much.
        dead_weeks: Weeks without a sale after which stock is dead.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    service_level: Annotated[float, Field(ge=0.5, le=0.975)] | None = None
    overstock_weeks: Annotated[float, Field(gt=0)] = 12
    dead_weeks: Annotated[int, Field(ge=1)] = 13


def read_stock(table: pd.DataFrame) -> pd.DataFrame:
    """Return a stock table with the columns of docs/design.md §8.

    Args:
        table: A table with the usual headers.

    Returns:
        ``item_id``, ``store_id`` (empty without stores), ``on_hand``, ``on_order``, ``lead_time_days`` and
        ``pack_size`` (the last three are 0, 7 and 1 where missing), and ``unit_cost``, ``price`` and
        ``salvage_value``, what a unit that is left over is worth (missing where unknown). A row without stock on hand
        is left out: its stock is unknown.

    Raises:
        TableError: If item or stock on hand is missing, a number is negative or unreadable, or a row comes twice.
    """
    by_header = {normal(str(column)): column for column in reversed(table.columns)}
    chosen = {name: next((by_header[each] for each in own if each in by_header), None) for name, own in HEADERS.items()}
    if chosen[ITEM] is None or chosen[ON_HAND] is None:
        columns = ", ".join(map(str, table.columns))
        raise TableError(f"stock: the columns are {columns} but item_id and on_hand are needed. Name them so.")
    found = pd.DataFrame({ITEM: id_texts(table[chosen[ITEM]])})
    found[STORE] = "" if chosen[STORE] is None else id_texts(table[chosen[STORE]])
    for name, default in (
        (ON_HAND, np.nan),
        (ON_ORDER, 0.0),
        (LEAD_TIME, 7.0),
        (PACK, 1.0),
        (COST, np.nan),
        (PRICE, np.nan),
        (SALVAGE, np.nan),
    ):
        header = chosen[name]
        values = pd.to_numeric(table[header], errors="coerce") if header is not None else pd.Series(np.nan, table.index)
        if (header is not None and (values.isna() & table[header].notna()).any()) or (values < 0).any():
            wrong = found[ITEM][(values.isna() & table[header].notna()) | (values < 0)]
            raise TableError(
                f"stock: column {header!r} holds text or a negative number in {len(wrong)} rows (first: item "
                f"{wrong.iloc[0]!r}). Correct the rows."
            )
        found[name] = values.astype(float).fillna(default)
    if (found[PACK] <= 0).any():
        raise TableError("stock: a pack size is 0 but a positive number is needed. Leave it empty for single units.")
    found = found[found[ON_HAND].notna()].reset_index(drop=True)
    if found.duplicated([ITEM, STORE]).any():
        first = found[found.duplicated([ITEM, STORE])].iloc[0]
        raise TableError(f"stock: item {first[ITEM]!r} comes twice for store {first[STORE]!r}. Keep one row.")
    return found


def orders(outlook: Outlook, stock: pd.DataFrame, policy: StockPolicy) -> pd.DataFrame:
    """Return what to order for each series with a row of stock.

    ``position`` is stock on hand and on order. ``need`` is the quantile of sales, at the service level, over the lead
    time and one review week. If the position is below ``need``, the order fills it up to ``need``, in whole packs. It
    is due in ``days_left`` days: the most for which the position covers the quantile of sales, at the service level,
    over these days and the lead time.

    Args:
        outlook: Forecasts of the coming weeks.
        stock: Table of ``read_stock``.
        policy: How much to hold.

    Returns:
        One row a series: the columns of the stock table, the names above, ``service_level``, ``order_units``,
        ``missed`` units of the median sales over the lead time that the position does not cover, with the ends
        ``missed_low`` and ``missed_high`` of an 80 % range, ``weekly_units`` expected in the next ``horizon_weeks``,
        ``season_units`` of the coming quarter by last year's pattern, ``is_season_over`` if they are less than half of
        what the forecast gives for a quarter, beyond chance, ``cover_weeks`` of the position, ``too_many`` units
        at the highest pace and ``too_many_at_most`` at the lowest,
        ``promoted_units`` to order if the promotion of ``outlook.promoted`` runs in the coming week (missing without
        one) in ``promoted_days`` at most, and ``state``: ``dead`` for an item that has sold nothing for so long and
        would else be ordered or is in stock, ``order``, ``overstock`` or ``enough``.

    Raises:
        SettingError: If a lead time and the review week reach beyond the forecast, or no row of stock has a forecast.
    """
    frame = outlook.series.merge(stock, on=[ITEM, STORE], how="inner")
    if not len(frame):
        known, row = outlook.series.iloc[0], stock.iloc[0]
        raise SettingError(
            f"the stock table has item {row[ITEM]!r} in store {row[STORE]!r} but the forecasts are of items such as "
            f"{known[ITEM]!r} in store {known[STORE]!r}, and no row fits. Check its item and store ids."
        )
    n_weeks = int(outlook.together["weeks"].max())
    if (longest := frame[LEAD_TIME].max()) + DAYS > DAYS * n_weeks:
        raise SettingError(
            f"a lead time is {longest:g} days but {DAYS * (n_weeks - 1)} fit a forecast of {n_weeks} weeks. "
            f"Forecast {int(np.ceil(longest / DAYS)) + 1} weeks."
        )
    ratio = ((frame[PRICE] - frame[COST]) / (frame[PRICE] - frame[SALVAGE])).clip(0.5, 0.975)
    own = ratio.fillna(0.95) if policy.service_level is None else pd.Series(policy.service_level, frame.index)
    frame["service_level"] = own
    quantiles, lead = _quantiles(outlook.together, frame, n_weeks), frame[LEAD_TIME].to_numpy()
    median = _column(outlook.together, frame, 1, "units")
    best, again = _year_ago(outlook.weekly, frame, n_weeks)
    weekly = np.fmin(_expected(outlook.weekly, frame), best[:, -1] / n_weeks)
    frame["weekly_units"], frame["horizon_weeks"] = weekly.clip(min=1e-9), n_weeks
    most = _season(frame)
    weeks = [(lead + day) / DAYS for day in range(1, DAYS + 1)]
    forecast = np.stack([_between(quantiles, each, median) for each in weeks])
    limit = np.stack([_highest(best, each) for each in weeks])
    repeated = np.stack([_between(again, each, again[:, 1]) for each in weeks])
    is_more = repeated[-1] - np.maximum(0.5 * forecast[-1], 2 * np.sqrt(forecast[-1])) >= forecast[-1]
    needs = np.where(is_more, np.fmax(forecast, repeated), np.minimum(np.fmin(forecast, limit), most))
    is_less = ~is_more & (forecast[-1] > np.fmin(limit[-1], most))
    by_recent = weeks[-1] * frame["ordinary_most"] * (1 + 1e-9)
    is_recent = (np.fmin(limit[-1], np.inf) < most) & ~(_between(best, weeks[-1], best[:, 1]) > by_recent)
    frame["need"] = needs[-1]
    frame["is_by_recent"] = is_less & is_recent
    frame["is_by_pattern"] = is_more | (is_less & ~is_recent)
    frame["position"] = frame[ON_HAND] + frame[ON_ORDER]
    frame["days_left"] = (needs[:-1] <= frame["position"].to_numpy() + 1e-9).sum(axis=0)
    for name, column in _MISSED.items():
        sold = [_column(outlook.together, frame, weeks, column) for weeks in range(1, n_weeks + 1)]
        until = _between(np.stack([np.zeros(len(frame)), *sold], axis=1), lead / DAYS, median)
        frame[name] = np.maximum(np.fmin(until, _highest(best, lead / DAYS)) - frame["position"], 0)
    promoted = _quantiles(outlook.promoted, frame, n_weeks)
    promoted_needs = np.stack(
        [np.minimum(_between(promoted, (lead + day) / DAYS, median), most) for day in range(1, DAYS + 1)]
    )
    frame["promoted_days"] = (promoted_needs[:-1] <= frame["position"].to_numpy() + 1e-9).sum(axis=0)
    needed = {"order_units": frame["need"], "promoted_units": pd.Series(promoted_needs[-1], frame.index)}
    for name, need in needed.items():
        missing = (need - frame["position"]).clip(lower=0)
        frame[name] = np.ceil(missing / frame[PACK] - 1e-9) * frame[PACK]
    _judge(frame, policy)
    return frame


def _year_ago(weekly: pd.DataFrame, frame: pd.DataFrame, n_weeks: int) -> tuple[Floats, Floats]:
    """Return what 0, 1, … coming weeks sell by the last quarter and by last year, two of shape ``(n, n_weeks + 1)``.

    Last year's pattern are the same weeks a year ago, times ``change`` of the last quarter. It does not count where a
    promotion ran in them. The first is the most that it and the best ordinary week of the last quarter give, NaN for an
    intermittent item. The second is the pattern where it comes again: the last quarter sold between half and twice of
    what it sold a year ago. Both are NaN if a week is planned or has an event.
    """
    own = weekly.rename(columns={"weeks_ahead": "weeks"}).assign(
        is_planned=weekly["unknown_plan"].isin(["", "no_holiday"])
        | weekly.filter(["without_holidays"]).notna().any(axis=1)
    )

    def of_weeks(name: str) -> Floats:
        return np.stack([_column(own, frame, number, name) for number in range(1, n_weeks + 1)], axis=1)

    now, before = frame["quarter_units"], frame["quarter_year_ago"]
    start = np.zeros((len(frame), 1))
    sold = np.hstack([start, of_weeks("year_ago").cumsum(axis=1)])
    pattern: Floats = frame["change"].to_numpy()[:, None] * sold
    is_free = ~(of_weeks("is_planned") > 0).any(axis=1) & now.notna().to_numpy()
    is_steady = ~(of_weeks("is_intermittent") > 0).any(axis=1)
    recent = frame["ordinary_most"].to_numpy()[:, None] * np.arange(n_weeks + 1)
    ran = np.hstack([start > 0, (of_weeks("year_ago_promoted") > 0).cumsum(axis=1) > 0])
    same = np.where(ran & np.isfinite(pattern), 0.0, pattern)
    best = np.where((is_free & is_steady)[:, None], np.maximum(recent, same), np.nan)
    comes_again = ((now <= 2 * before) & (before <= 2 * now)).to_numpy() & is_free
    return best, np.where(comes_again[:, None] & ~ran, pattern, np.nan)


def _highest(best: Floats, weeks: Floats) -> Floats:
    """Return the most that some weeks sell beyond chance: two standard deviations of a Poisson count above the best."""
    units = _between(best, weeks, best[:, 1])
    highest: Floats = units + 2 * np.sqrt(units)
    return highest


def _season(frame: pd.DataFrame) -> Floats:
    """Add what the coming quarter sells by last year's pattern, and return the most that is needed, infinite mostly.

    ``season_units`` are those of the same quarter a year ago, times the change of the last quarter to that of a year
    ago. The season is over if they are less than half of what the forecast gives, by two standard deviations of a
    Poisson count, and the last quarter sold between half and twice of what it sold a year ago. Then a quarter needs
    them and two standard deviations, and no shorter time needs more.
    """
    before = frame["quarter_year_ago"]
    season = frame["season_units"] = frame["next_year_ago"] * frame["quarter_units"] / before.where(before > 0)
    forecast = QUARTER * frame["weekly_units"]
    comes_again = (frame["quarter_units"] <= 2 * before) & (before <= 2 * frame["quarter_units"])
    frame["is_season_over"] = comes_again & (season <= forecast / 2) & ((forecast - season) ** 2 >= 4 * forecast)
    most: Floats = (season + 2 * np.sqrt(season)).where(frame["is_season_over"], np.inf).to_numpy()
    return most


def _judge(frame: pd.DataFrame, policy: StockPolicy) -> None:
    """Add what the stock covers, and the state.

    Stock is too much if it covers a week more than the limit and more than a pack, at the forecast, at the mean of the
    last quarter (promotions count) and at last year's pattern. If the season is over, last year's pattern counts alone.
    ``too_many`` and ``too_many_at_most`` are the units above the limit at the largest and the smallest of these paces.
    """
    weekly, is_over = frame["weekly_units"], frame["is_season_over"]
    season, lately = frame["season_units"] / QUARTER, frame["quarter_mean"]
    most = np.fmax(weekly, np.fmax(lately, season))
    frame["most_weekly"] = most
    frame["cover_weeks"] = frame["position"] / weekly
    least = np.fmin(weekly, lately.where(lately > 0))
    for name, pace in {"too_many": most, "too_many_at_most": least}.items():
        limit = np.floor(frame["season_units"] + 0.5).where(is_over, policy.overstock_weeks * pace)
        frame[name] = np.floor((frame["position"] - limit).clip(lower=0)).astype(int)
    frame["overstock_weeks"], frame["dead_weeks"] = float(policy.overstock_weeks), policy.dead_weeks
    covers = is_over | (frame["position"] >= (policy.overstock_weeks + 1) * most)
    is_silent = frame["weeks_without_sale"] >= policy.dead_weeks
    is_dead = is_silent & ((frame[ON_HAND] > 0) | (frame["order_units"] > 0))
    is_more = frame["too_many"] >= frame[PACK].clip(lower=LEAST_TOO_MANY)
    states = [is_dead, frame["order_units"] > 0, covers & is_more]
    frame["state"] = np.select(states, ["dead", "order", "overstock"], "enough")


def _expected(weekly: pd.DataFrame, frame: pd.DataFrame) -> Floats:
    """Return the mean units of a coming week for each row of stock.

    A forecast is a median, and medians of single weeks add up to too little. The mean of a range is .3 of both ends of
    80 % and .4 of the middle. Source: Hurst, Brown & Swanson (2000), Swanson's 30-40-30 rule.
    """
    mean = 0.3 * weekly["low_80"] + 0.4 * weekly["units"] + 0.3 * weekly["high_80"]
    own = mean.where(~weekly["is_intermittent"], weekly["units"]).groupby([weekly[ITEM], weekly[STORE]]).mean()
    return own.reindex(pd.MultiIndex.from_frame(frame[[ITEM, STORE]])).to_numpy(dtype=np.float64)


def _column(together: pd.DataFrame, frame: pd.DataFrame, weeks: int, name: str) -> Floats:
    """Return a column of the forecasts of some weeks together, for each row of stock."""
    return _columns(together, frame, weeks, [name])[:, 0]


def _columns(together: pd.DataFrame, frame: pd.DataFrame, weeks: int, names: list[str]) -> Floats:
    """Return columns of the forecasts of some weeks together, for each row of stock, shape ``(n, n_columns)``."""
    own = together[together["weeks"] == weeks].set_index([ITEM, STORE])[names]
    return own.reindex(pd.MultiIndex.from_frame(frame[[ITEM, STORE]])).to_numpy(dtype=np.float64)


def _quantiles(together: pd.DataFrame, frame: pd.DataFrame, n_weeks: int) -> Floats:
    """Return the units of 0, 1, … weeks at the service level of each row, shape ``(n, n_weeks + 1)``.

    Between the quantiles of the tables, units are linear in the level.
    """
    level = frame["service_level"].to_numpy()
    found = np.zeros((len(frame), n_weeks + 1))
    for weeks in range(1, n_weeks + 1):
        ends = _columns(together, frame, weeks, [name for _, name in _ENDS]).T
        for ((low, _), below), ((high, _), above) in pairwise(zip(_ENDS, ends, strict=True)):
            inside = (level >= low) & (level <= high)
            found[inside, weeks] = (below + (level - low) / (high - low) * (above - below))[inside]
    return np.maximum.accumulate(found, axis=1)


def _between(quantiles: Floats, weeks: Floats, median: Floats) -> Floats:
    """Return the units of a number of weeks that need not be whole, linear between whole ones.

    Within the first week, days vary one by one: their distance from the median grows with the square root of time.
    """
    whole = np.floor(weeks).astype(int)
    rows, after = np.arange(len(weeks)), np.minimum(whole + 1, quantiles.shape[1] - 1)
    first: Floats = quantiles[rows, whole]
    found: Floats = first + (weeks - whole) * (quantiles[rows, after] - first)
    days = np.maximum(weeks * median + np.sqrt(weeks) * (quantiles[:, 1] - median), 0)
    return np.where(weeks < 1, days, found)
