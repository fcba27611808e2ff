"""A table of prices apart from the sales, such as ``sell_prices.csv`` of the M5 data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from scoring.demand.columns import DATE, HEADERS, days_in, normal
from scoring.demand.panel import ITEM, PRICE, STORE, UNITS, WEEK
from scoring.errors import TableError

if TYPE_CHECKING:
    from scoring.demand.calendar import Calendar


def with_prices(sales: pd.DataFrame, prices: pd.DataFrame, calendar: Calendar | None = None) -> pd.DataFrame:
    """Return a sales table with the prices of another table, as rows without units.

    Prices of weeks after the last sale are plans. Prices of items that the sales lack, and of days before the first
    sale, are left out.

    Args:
        sales: Columns of docs/design.md §8.
        prices: ``item_id``, ``date`` or ``week``, ``price``, and optionally ``store_id``; without it a price holds in
            every store.
        calendar: Says which days a week's code stands for.

    Returns:
        The sales, then the prices.

    Raises:
        TableError: If a column is missing, or weeks are codes that no calendar explains.
    """
    headers = {normal(str(header)): header for header in reversed(prices.columns)}
    chosen = {
        name: next((headers[each] for each in HEADERS[name] if each in headers), None)
        for name in (ITEM, STORE, DATE, WEEK, PRICE)
    }
    if chosen[ITEM] is None or chosen[PRICE] is None or (chosen[DATE] is None and chosen[WEEK] is None):
        columns = ", ".join(map(str, prices.columns))
        raise TableError(
            f"prices: the columns are {columns} but item_id, date or week, and price are needed. Name them so."
        )
    rows = pd.DataFrame({name: prices[header] for name, header in chosen.items() if header is not None})
    rows = rows[rows[ITEM].isin(sales[ITEM].unique())] if ITEM in sales else rows
    if STORE in sales and STORE not in rows:
        rows = rows.merge(sales[[ITEM, STORE]].drop_duplicates(), on=ITEM)
    if DATE in sales:
        rows = _dated(rows, sales, calendar)
    elif WEEK not in rows:
        raise TableError("prices: they have days but the weeks of the sales are numbers. Give prices by these weeks.")
    rows[PRICE] = pd.to_numeric(rows[PRICE], errors="coerce")
    if not len(rows):
        raise TableError("prices: no row has an item and a week of the sales but some are needed. Check the ids.")
    return pd.concat([sales.drop(columns=PRICE, errors="ignore"), rows.assign(**{UNITS: None})], ignore_index=True)


def _dated(rows: pd.DataFrame, sales: pd.DataFrame, calendar: Calendar | None) -> pd.DataFrame:
    """Return prices whose day lies in the week of the sales that they hold for."""
    if DATE not in rows:
        known = {} if calendar is None else calendar.day_of_week
        codes = rows.pop(WEEK).astype(str)
        if missing := sorted(set(codes.unique()) - set(known)):
            raise TableError(
                f"prices: the week is {missing[0]!r} but the sales have dates. Give a --calendar with the columns date "
                "and week (or wm_yr_wk) that names it."
            )
        rows = rows.assign(**{DATE: codes.map(known)})
    days, own = days_in(rows[DATE]), days_in(sales[DATE][sales[UNITS].notna()]).dropna()
    if not len(own) or days.isna().any():
        raise TableError("prices: a date is empty or unreadable but a day is needed in each row. Write ISO 8601.")
    if (own.dt.day_of_week == own.iloc[0].day_of_week).all():  # weekly sales, named by one day: the last such day
        days -= pd.to_timedelta((days - own.iloc[0]).dt.days % 7, unit="D")
    dated: pd.DataFrame = rows.assign(**{DATE: days}).drop(columns=WEEK, errors="ignore")[days >= own.min()]
    return dated
