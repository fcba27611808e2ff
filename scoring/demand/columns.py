"""Which column of a sales table is which: by the headers that shops use, or by the caller's mapping."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from scoring.demand.panel import ITEM, PRICE, STORE, UNITS, WEEK
from scoring.errors import SettingError, TableError

if TYPE_CHECKING:
    from collections.abc import Mapping

DATE: Final = "date"
TITLE: Final = "title"
PROMOTION: Final = "promotion"
WEEK_END: Final = "week_end"
"""Name of a column with the last day of each week."""

HEADERS: Final[dict[str, tuple[str, ...]]] = {
    ITEM: (
        "item id", "item", "item nbr", "product id", "sku", "sku id", "upc", "article", "article id", "product nbr",
        "product code", "stock code", "stockcode", "product", "brand", "material", "family", "dept",
    ),
    STORE: ("store id", "store", "store nbr", "shop id", "shop", "location id", "location", "outlet", "branch", "site"),
    DATE: ("date", "day", "sales date", "week start", "timestamp", "invoice date"),
    WEEK_END: ("week end", "week ending", "week ending date", "week end date"),
    WEEK: ("week", "week no", "week number", "wk", "week id", "wm yr wk"),
    UNITS: (
        "units", "unit sales", "sales", "quantity", "qty", "units sold", "weekly sales", "sales qty", "demand", "sold",
        "volume", "move", "item cnt day", "num sold", "amount sold",
    ),
    PRICE: ("price", "sell price", "unit price", "base price", "selling price", "avg price", "item price"),
    TITLE: ("title", "product name", "item name", "description", "product", "name"),
}  # fmt: skip
"""Headers by column, best first, in lower case with single spaces."""

PROMOTIONS: Final = re.compile(
    r"\b(promo\w*|onpromotion|deal|feat|feature|display|mailer|flyer|coupon|discount flag|holiday|state holiday|"
    r"school holiday|is ?holiday|event|open|advert\w*|ad|special|campaign)\b"
)
_MOST_CODES: Final = 6
WIDE: Final = re.compile(r"^d_?\d+$")
_TIME: Final = re.compile(r"[T\s]+\d{1,2}:\d\d.*$")


def normal(header: str) -> str:
    """Return a header in lower case with single spaces: ``StateHoliday`` and ``state_holiday`` are one."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", header)
    return " ".join(re.sub(r"[^a-z0-9]+", " ", spaced.lower()).split())


def named(
    frame: pd.DataFrame, mapping: Mapping[str, str] | None = None, days: Mapping[str, pd.Timestamp] | None = None
) -> pd.DataFrame:
    """Return a sales table with the columns of docs/design.md §8.

    A column of 0 and 1, or of at most six codes, is a promotion if its header says so. Other columns are left out:
    what is measured in a week, such as its customers, is unknown before the week.

    Args:
        frame: A table in any of the usual shapes; columns ``d_1, d_2, …`` are weeks or days side by side.
        mapping: Name by header, before anything else; an empty name leaves the column out, ``promotion`` keeps it as
            a promotion under its own header, ``week_end`` says that a day is the last one of its week.
        days: Day by header of a column ``d_1, d_2, …``; without it, they follow each other from any Monday.

    Returns:
        The table with ``item_id``, ``store_id``, ``date`` or ``week``, ``units``, and optionally ``price``, ``title``
        and promotions.

    Raises:
        SettingError: If the mapping names a header that the table lacks.
        TableError: If there is no column for the units or for the week, or the mapping calls other values a promotion.
    """
    mapping = dict(mapping or {})
    if unknown := sorted(set(mapping) - set(frame.columns)):
        columns = ", ".join(map(str, frame.columns))
        raise SettingError(f"--map names {unknown[0]!r} but the columns are {columns}. Correct the header.")
    frame = _long(frame, days or {})
    chosen = {name: header for header, name in mapping.items() if name and name != PROMOTION}
    free = [header for header in frame.columns if header not in mapping]
    for name, headers in HEADERS.items():
        ranked = {normal(str(header)): header for header in free if header not in chosen.values()}
        if name not in chosen and (found := next((ranked[each] for each in headers if each in ranked), None)):
            chosen[name] = found
    if UNITS not in chosen or not {DATE, WEEK, WEEK_END} & set(chosen):
        what = "units" if UNITS not in chosen else "week or date"
        columns = ", ".join(map(str, frame.columns))
        raise TableError(f"the sales table has columns {columns} but one of {what} is needed. Name it with --map.")
    year = next((each for each in free if normal(str(each)) == "year"), None)
    table = _dated(
        pd.DataFrame({name: frame[header] for name, header in chosen.items()}), None if year is None else frame[year]
    )
    for header in frame.columns:
        is_asked = mapping.get(str(header)) == PROMOTION
        is_free = header in free and header not in chosen.values()
        if is_asked or (is_free and PROMOTIONS.search(normal(str(header)))):
            values = _flag(frame[header])
            if values is None and is_asked:
                raise TableError(
                    f"the sales table's column {header!r} holds {frame[header].nunique()} different values but a share "
                    f"from 0 to 1, or at most {_MOST_CODES} codes, are needed for a promotion. Leave it out of --map."
                )
            if values is not None:
                table[normal(str(header)).replace(" ", "_")] = values
    return table


def _dated(table: pd.DataFrame, year: pd.Series | None) -> pd.DataFrame:
    """Return a table whose last days of weeks, or calendar weeks of years, are dates; dates come first."""
    ends = table.pop(WEEK_END) if WEEK_END in table else None
    if DATE in table:
        return table
    if ends is not None:
        return table.assign(**{DATE: days_in(ends) - pd.Timedelta(days=6)})
    return table if year is None else table.assign(**{DATE: _days(year, table.pop(WEEK))})


def id_texts(column: pd.Series) -> pd.Series:
    """Return ids as texts: 7.0 in a column of numbers, or where all are written so, is 7; a gap is empty."""
    texts = column.astype("string").fillna("").str.strip()
    filled = texts[texts != ""]
    if len(filled) and filled.str.fullmatch(r"\d+\.0").all():
        texts = texts.str.removesuffix(".0")
    return texts.astype(str)


def days_in(column: pd.Series) -> pd.Series:
    """Return the days of a column as written, NaT where unreadable: an offset such as +02:00 moves none of them."""
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_localize(None)
    elif not pd.api.types.is_datetime64_dtype(column):
        column = column.astype("string").str.strip().str.replace(_TIME, "", regex=True)
    days: pd.Series = pd.to_datetime(column, errors="coerce").dt.normalize()
    return days


def _days(year: pd.Series, week: pd.Series) -> pd.Series:
    """Return the Mondays of calendar weeks (ISO 8601) of years."""
    codes = year.astype("Int64").astype("string") + "-W" + week.astype("Int64").astype("string").str.zfill(2) + "-1"
    return pd.to_datetime(codes, format="%G-W%V-%u", errors="coerce")


def _long(frame: pd.DataFrame, days: Mapping[str, pd.Timestamp]) -> pd.DataFrame:
    """Return a table whose weeks or days stand side by side as one row each."""
    wide = [column for column in frame.columns if WIDE.match(str(column))]
    if len(wide) < len(frame.columns) / 2 or len(wide) < 2:
        return frame
    keys = [column for column in frame.columns if column not in wide]
    long = frame.melt(keys, wide, var_name="_day", value_name=UNITS)
    headers = long.pop("_day")
    if days:
        if missing := sorted(set(wide) - set(days)):
            raise TableError(f"calendar: it has no day {missing[0]!r} but the sales have. Add the row.")
        return long.assign(date=headers.map(days))
    first = pd.Timestamp("2000-01-03")  # a Monday: only the order of the days matters
    numbers = headers.str.extract(r"(\d+)", expand=False).astype(int)
    return long.assign(date=first + pd.to_timedelta(numbers - 1, unit="D"))


def _flag(values: pd.Series) -> pd.Series | None:
    """Return a promotion as a share from 0 to 1; ``None`` for another column."""
    if values.dtype == bool:
        return values.astype(float)
    numbers = pd.to_numeric(values, errors="coerce")
    if numbers.notna().sum() == values.notna().sum():
        return numbers.astype(float) if numbers.dropna().between(0, 1).all() else None
    texts = values.astype("string").str.strip().str.lower()
    if texts.nunique() > _MOST_CODES:
        return None
    is_on = ~texts.isin(["0", "", "false", "no", "n", "f", "none"])
    return is_on.where(texts.notna(), False).astype(float)
