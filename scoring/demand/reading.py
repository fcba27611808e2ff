"""From files to the weekly panel: a sales table, or the purchases of an import."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from scoring.data.reading import read_table
from scoring.data.tables import GUESTS, PURCHASE, QUANTITY, TIMESTAMP, Tables
from scoring.data.targets import counted_rows
from scoring.demand.columns import DATE, TITLE, days_in, id_texts, named
from scoring.demand.event_promotions import weekly_promotions
from scoring.demand.panel import ITEM, PRICE, STORE, UNITS, WEEK, SalesPanel
from scoring.demand.prices import with_prices
from scoring.errors import SettingError, TableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from scoring.demand.calendar import Calendar
    from scoring.demand.panel import Floats

SALES_NAMES: Final = ("sales.parquet", "sales.csv", "sales.xlsx")
DAYS: Final = 7
"""Days in a week."""

EVERY_ITEM: Final = "*"
"""Id of the only item of a table without items."""

_MOST_GAPS: Final = 1.5
"""A range of week numbers with more numbers than this for each week is one of codes."""


def read_panel(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    by_store: bool = False,
    min_selling_weeks: int = 1,
    reader: Callable[[Path], pd.DataFrame] | None = None,
    prices: pd.DataFrame | None = None,
    calendar: Calendar | None = None,
) -> SalesPanel:
    """Read a panel from a sales table, from a folder with one, or from the events of an import.

    Args:
        path: A ``.csv`` or ``.parquet`` file, or a folder with ``sales`` or with the tables of an import.
        mapping: Name by header, for a sales table.
        by_store: Whether events give one series an item and store; one an item if not.
        min_selling_weeks: Series that sold something in fewer weeks are left out.
        reader: Reads a sales table from a file of another form than ``.csv`` or ``.parquet``.
        prices: Prices apart from a sales table.
        calendar: Days of codes in the sales and the prices.

    Returns:
        The panel.

    Raises:
        TableError: If no series sold something in that many weeks.
        SettingError: If prices are given for events.
    """
    found = _sales_file(path)
    if found is None:
        if prices is not None:
            raise SettingError(f"--prices is given but {path} holds events, not a sales table. Leave it out.")
        tables, guests = Tables.read(path), path / GUESTS
        if guests.is_file():
            tables = replace(tables, events=pd.concat([tables.events, pd.read_parquet(guests)], ignore_index=True))
        panel = panel_of_events(tables, by_store=by_store, min_selling_weeks=min_selling_weeks)
    else:
        frame = read_table(found).frame if reader is None else reader(found)
        table = named(frame, mapping, None if calendar is None else calendar.day_of)
        panel = panel_of_sales(table if prices is None else with_prices(table, prices, calendar))
    rows = np.flatnonzero(panel.selling_weeks() >= min_selling_weeks)
    if not len(rows):
        raise TableError(f"sales: no item sold in {min_selling_weeks} weeks but one is needed. Ask for fewer weeks.")
    return panel.take(rows).with_distinct_titles()


def _sales_file(path: Path) -> Path | None:
    """Return the file of the sales table; ``None`` for a folder with the events of an import."""
    if not path.is_dir():
        return path
    return next((path / name for name in SALES_NAMES if (path / name).is_file()), None)


def panel_of_sales(table: pd.DataFrame) -> SalesPanel:
    """Return the panel of a sales table.

    Days become weeks of seven days that end on the last day with sales, so that no week is cut. A table with one day
    of the week alone has weeks already, named by that day. Rows of one series
    and week are added; the price is the mean that was paid. A series without a row in a week in which its store sold
    something sold nothing, unless the table states such zeros itself. A week without any row of a store is unknown.

    Args:
        table: Columns of docs/design.md §8; rows without units are plans of future weeks.

    Returns:
        The panel. The call raises ``TableError`` if units or weeks cannot be read.
    """
    rows = pd.DataFrame({UNITS: _numbers(table, UNITS)})
    rows[ITEM] = id_texts(table[ITEM]) if ITEM in table else EVERY_ITEM
    rows[STORE] = id_texts(table[STORE]) if STORE in table else ""
    weeks, labels, n_known = _weeks(table, rows[UNITS].notna().to_numpy())
    rows[WEEK] = weeks
    rows[PRICE] = _numbers(table, PRICE) if PRICE in table else np.nan
    plans = [name for name in table.columns if name not in {ITEM, STORE, WEEK, DATE, UNITS, PRICE, TITLE}]
    for name in plans:
        rows[name] = pd.to_numeric(table[name], errors="coerce")
    rows = rows[rows[WEEK] >= 0]
    series = rows[[ITEM, STORE]].drop_duplicates().sort_values([ITEM, STORE], ignore_index=True)
    series["title"] = series[ITEM]
    if TITLE in table:
        titles = table[TITLE].astype("string").groupby(rows[ITEM]).first()
        series["title"] = series[ITEM].map(titles).fillna(series[ITEM]).astype(str)
    place = pd.MultiIndex.from_frame(series[[ITEM, STORE]]).get_indexer(pd.MultiIndex.from_frame(rows[[ITEM, STORE]]))
    shape = (len(series), len(labels))
    key = (place.astype(np.int64), rows[WEEK].to_numpy(dtype=np.int64))
    units = _summed(key, rows[UNITS], shape)
    price = np.round(_mean(key, rows[PRICE], rows[UNITS].clip(lower=0), shape), 6)
    panel = SalesPanel(
        series, labels, units, price, {name: _mean(key, rows[name], None, shape) for name in plans}, n_known
    )
    days = pd.Series(dtype="datetime64[ns]") if DATE not in table else days_in(table[DATE]).dt.day_name()
    return replace(_with_zeros(panel), begins_on=str(days.iloc[0]) if len(set(days)) == 1 else "")


def panel_of_events(tables: Tables, *, by_store: bool = False, min_selling_weeks: int = 1) -> SalesPanel:
    """Return the panel of the events of an import: target events that were not taken back.

    Prices are those of receipts, so no price of a coming week is known. A promotion counts by the share of its week
    and, for a series without a store, by the share of stores.

    Args:
        tables: The tables.
        by_store: One series an item and store, instead of one an item.
        min_selling_weeks: Series that sold something in fewer weeks are left out.

    Returns:
        The panel.

    Raises:
        TableError: If the target events are no purchases, or no event counts as a sale.
    """
    if tables.shop.target_kinds != (PURCHASE,):
        raise TableError(
            f"shop.yaml: target_kinds is {', '.join(tables.shop.target_kinds)} but sales are purchases. "
            "Set target_kinds to purchase, or give a table of sales."
        )
    events = tables.events[counted_rows(tables.events, tables.shop)]
    if not len(events):
        raise TableError("events: no row counts as a sale but some are needed. Check target_kinds in shop.yaml.")
    clock = tables.shop.clock
    rows = pd.DataFrame(
        {ITEM: events[ITEM].astype(str), DATE: clock.local(events[TIMESTAMP].to_numpy(dtype="datetime64[ns]"))}
    )
    rows[UNITS] = events[QUANTITY].fillna(1.0).astype(float) if QUANTITY in events else 1.0
    if by_store and STORE in events:
        rows[STORE] = events[STORE].astype(str)
    if PRICE in events:
        rows[PRICE] = events[PRICE]
    titles = tables.items.set_index(ITEM)[TITLE].replace("", None).dropna().astype(str)
    rows[TITLE] = rows[ITEM].map(titles).astype(object).fillna(rows[ITEM])
    panel = replace(
        panel_of_sales(rows), has_planned_price=False, locale=tables.shop.locale, currency=tables.shop.currency
    )
    panel = panel.take(np.flatnonzero(panel.selling_weeks() >= min_selling_weeks))
    if not len(tables.promotions) or not panel.has_dates:
        return panel
    return replace(panel, promotions=weekly_promotions(tables.promotions, panel, tables.shop.clock))


def _numbers(table: pd.DataFrame, name: str) -> pd.Series:
    values = pd.to_numeric(table[name], errors="coerce").astype(float)
    wrong = values.isna() & table[name].notna() & (table[name].astype(str).str.strip() != "")
    if wrong.any():
        raise TableError(
            f"sales: column {name!r} holds text in {int(wrong.sum())} rows (first: {table[name][wrong].iloc[0]!r}) but "
            "numbers are needed. Correct the rows or choose another column with --map."
        )
    return values


def _weeks(table: pd.DataFrame, has_units: np.ndarray) -> tuple[np.ndarray, tuple[str, ...], int]:
    """Return the week of each row from 0, the labels of all weeks, and how many of them have sales."""
    if not has_units.any():
        raise TableError("sales: no row has units but some are needed. Give the sales of past weeks.")
    if DATE not in table:
        numbers = pd.to_numeric(table[WEEK], errors="coerce")
        if numbers.notna().all():
            return _numbered_weeks(numbers.astype(np.int64), has_units)
    days = days_in(table[DATE if DATE in table else WEEK])
    if days.isna().any():
        raise TableError(
            f"sales: the date is empty or unreadable in {int(days.isna().sum())} rows but a day is needed in each. "
            "Write ISO 8601, for example 2017-12-01."
        )
    last_day = days[has_units].max()
    past = np.ceil((last_day - days).dt.days.to_numpy() / DAYS - (DAYS - 1) / DAYS).astype(np.int64)
    n_known = int(past.max()) + 1
    n_days = int((last_day - days[has_units].min()).days) + 1
    weeks = n_known - 1 - past
    is_daily = bool((days.dt.day_of_week != days.dt.day_of_week.iloc[0]).any())
    start = last_day - pd.Timedelta(days=DAYS * n_known - 1 if is_daily else DAYS * (n_known - 1))
    labels = tuple(str((start + pd.Timedelta(days=DAYS * n)).date()) for n in range(int(weeks.max()) + 1))
    if n_days % DAYS and n_days > DAYS and is_daily:  # the first week is cut: it is left out
        return weeks - 1, labels[1:], n_known - 1
    return weeks, labels, n_known


def _numbered_weeks(numbers: pd.Series, has_units: np.ndarray) -> tuple[np.ndarray, tuple[str, ...], int]:
    """Return weeks whose names are numbers; codes with gaps, such as 202352 and 202401, follow each other."""
    first, last, codes = int(numbers.min()), int(numbers.max()), np.unique(numbers.to_numpy())
    every = np.arange(first, last + 1) if last - first < _MOST_GAPS * len(codes) else codes
    places = np.searchsorted(every, numbers.to_numpy()).astype(np.int64)
    return places, tuple(map(str, every.tolist())), int(places[has_units].max()) + 1


def _summed(key: tuple[np.ndarray, np.ndarray], values: pd.Series, shape: tuple[int, int]) -> Floats:
    known = values.notna().to_numpy()
    total, count = np.zeros(shape), np.zeros(shape)
    np.add.at(total, (key[0][known], key[1][known]), np.maximum(values.to_numpy(dtype=float)[known], 0.0))
    np.add.at(count, (key[0][known], key[1][known]), 1.0)
    return np.where(count > 0, total, np.nan)


def _mean(
    key: tuple[np.ndarray, np.ndarray], values: pd.Series, weights: pd.Series | None, shape: tuple[int, int]
) -> Floats:
    known = values.notna().to_numpy()
    weight = np.ones(len(values)) if weights is None else weights.fillna(0.0).to_numpy(dtype=float) + 1e-9
    total, count = np.zeros(shape), np.zeros(shape)
    rows = (key[0][known], key[1][known])
    np.add.at(total, rows, (values.to_numpy(dtype=float) * weight)[known])
    np.add.at(count, rows, weight[known])
    mean: Floats = np.divide(total, count, out=np.full(shape, np.nan), where=count > 0)
    return mean


def _with_zeros(panel: SalesPanel) -> SalesPanel:
    """Return the panel with zeros for series that sold nothing in a week of which their store has rows."""
    known = panel.units[:, : panel.n_known]
    if (known == 0).mean() > 0.001:
        return panel
    stores = panel.series[STORE].to_numpy()
    units = panel.units.copy()
    for store in np.unique(stores):
        rows = np.flatnonzero(stores == store)
        was_open = ~np.isnan(known[rows]).all(axis=0)
        has_started = np.maximum.accumulate(~np.isnan(known[rows]), axis=1)
        gaps = np.isnan(known[rows]) & was_open & has_started
        block = units[rows]
        block[:, : panel.n_known][gaps] = 0.0
        units[rows] = block
    return replace(panel, units=units)
