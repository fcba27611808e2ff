"""Typed rows with standard names, from a table whose columns are recognised."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.importers.flat.channels import channels, channels_of_user_agents
from llm_explain.importers.flat.corrections import MissingAnswerError
from llm_explain.importers.flat.currencies import PRICES, marks_of, minor_units
from llm_explain.importers.flat.times import ORDERS, moments, seconds_of_day
from llm_explain.importers.flat.values import each_value, ids, numbers
from llm_explain.importers.flat.vocabulary import normal
from llm_explain.importers.flat.zones import zone_of
from llm_explain.text.import_words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_explain.importers.flat.columns import Recognised
    from llm_explain.importers.flat.times import Order
    from scoring.data.shop import Shop

IDS: Final = ("item_id", "order_id", "store_id", "parent_id", "item_number")
NUMBERS: Final = ("quantity", "price", "amount", "refunded_amount", "value", "stock")
TEXTS: Final = (
    "title", "category", "category_broad", "category_narrow", "brand", "description", "image", "available",
    "stock_tracker", "backorders", "channel", "status", "kind", "property", "property_value", "currency", "is_test",
    "renewal", "failure", "label",
)  # fmt: skip
MOMENTS: Final = ("timestamp", "cancelled_at", "first_seen", "property_time", "start", "end")
POSITIONS: Final = ("position", "order_position", "days_since", "hour_of_day")
PATHS: Final = frozenset({"category_narrow"})
POSITION: Final = "positions"
FILE: Final = "file"
LEAST_MONTHS: Final = 3
DAY: Final = pd.Timedelta(days=1)
MONTH_DAY: Final = r"(?:0?[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table with standard names.

    Attributes:
        frame: The rows; the index numbers them from 1.
        times: How its moments are written, for the report; empty without a time.
        is_order_only: Whether its times only say the order of rows.
        zone: Zone of the clock that its times show, if they carry offsets that tell it.
        currencies: Marks of currencies in its prices.
        doubtful: Header of amounts that may be in the smallest unit of their currency; empty if there is none.
    """

    frame: pd.DataFrame
    times: str = ""
    is_order_only: bool = False
    zone: str | None = None
    currencies: frozenset[str] = frozenset()
    doubtful: str = ""


def standard_rows(read: Recognised, shop: Shop) -> Rows:
    """Return a table's rows with standard names and types.

    Args:
        read: The table with a decision for each column.
        shop: The shop, whose clock reads times without a zone.

    Returns:
        The rows; a value that cannot be read is missing. Dates that can be read in two ways raise `MissingAnswerError`.
    """
    raw, comma = read.source.frame, read.source.is_decimal_comma
    columns: dict[str, pd.Series] = {FILE: pd.Series(read.source.name, index=raw.index, dtype="str")}
    if read.has("user_id"):
        columns["user_id"] = _users([ids(raw[header]) for header in read.headers_of("user_id")])
    readers: tuple[tuple[tuple[str, ...], Callable[[pd.Series], pd.Series]], ...] = (
        (IDS, ids),
        ((*NUMBERS, *POSITIONS), partial(numbers, is_decimal_comma=comma)),
        (TEXTS, lambda column: column.str.strip()),
    )
    for names, reader in readers:
        for name in filter(read.has, names):
            found = [reader(_meant(read, header)) for header in read.headers_of(name)]
            columns[name] = _path(found) if name in PATHS else _first(found)
    divisor, doubtful = minor_units(read)
    for name in PRICES & set(columns):
        columns[name] = columns[name] / divisor
    if "channel" in columns:
        columns["channel"] = channels(columns["channel"])
    elif read.has("user_agent"):
        columns["channel"] = channels_of_user_agents(raw[read.headers_of("user_agent")[0]])
    if read.has("refunded_quantity"):
        parts = [numbers(raw[h], is_decimal_comma=comma).abs() for h in read.headers_of("refunded_quantity")]
        columns["refunded_quantity"] = pd.concat(parts, axis=1).sum(axis=1, min_count=1)
    times = ""
    for name in filter(read.has, MOMENTS):
        moment_columns = [_moments(read, header, shop) for header in read.headers_of(name)]
        columns[name] = _first([values for values, _ in moment_columns])
        times = moment_columns[0][1] if name == "timestamp" else times
    zone = None
    if "timestamp" in columns:
        zone = zone_of(raw[read.headers_of("timestamp")[0]], columns["timestamp"])
    marked = (marks_of(header, raw[header]) for name in ("price", "amount") for header in read.headers_of(name))
    frame, marks = pd.DataFrame(columns, index=raw.index), frozenset[str]().union(*marked)
    return Rows(frame, times, times == POSITION, zone, marks, doubtful)


def _meant(read: Recognised, header: str) -> pd.Series:
    """Return a column with what its values stand for in the table's format."""
    return read.source.frame[header].replace(read.format.meanings.get(normal(header), {}) if read.format else {})


def _first(columns: list[pd.Series]) -> pd.Series:
    found = columns[0]
    for column in columns[1:]:
        found = found.where(found.notna(), column)
    return found


def _path(columns: list[pd.Series]) -> pd.Series:
    if len(columns) == 1:
        return columns[0]
    joined = columns[0].fillna("")
    for column in columns[1:]:
        joined = joined + (" > " + column).fillna("")
    return joined.str.removeprefix(" > ").replace("", None)


def _users(columns: list[pd.Series]) -> pd.Series:
    """Return one id a user: that of the first column, also where only another column names the user.

    A guest order has an e-mail address only. Where the same address has an account elsewhere, the account counts. The
    account 0 is a guest, unless the only column counts its users from 0.
    """
    known = [column.mask(each_value(column, _is_no_user).fillna(value=False).astype(bool)) for column in columns]
    if len(columns) == 1 and _counts_from_zero(columns[0]):
        known = [known[0].mask(columns[0] == "0", "0")]
    found = known[0]
    for column in known[1:]:
        pairs = pd.DataFrame({"account": known[0], "other": column}).dropna().drop_duplicates("other")
        account = column.map(pairs.set_index("other")["account"]) if len(pairs) else column
        found = found.where(found.notna(), account.where(account.notna(), column))
    return found.astype("str")


def _counts_from_zero(ids: pd.Series) -> bool:
    """Return whether most whole numbers from 0 to the largest id are ids."""
    number = pd.to_numeric(ids.dropna().drop_duplicates(), errors="coerce")
    return bool(len(number) > 1 and number.notna().all() and number.min() == 0 and 2 * len(number) > number.max())


def _is_no_user(text: str) -> bool:
    bare = text.strip("()<>").casefold()
    return bare in {"0", "-1", ""} or bare in {word.casefold() for word in words().placeholders}


def _are_days(values: pd.Series) -> bool:
    """Return whether moments tell days alone."""
    return bool((values.dropna() == values.dropna().dt.normalize()).all())


def are_months(times: pd.Series) -> bool:
    """Return whether times tell months alone, so that no text may tell a day."""
    known = times.dropna()
    return known.nunique() >= LEAST_MONTHS and bool((known == known.dt.to_period("M").dt.start_time).all())


def _order_of_others(read: Recognised, header: str) -> Order | None:
    """Return what comes first in the dates of the table's other columns, if one of them tells."""
    others = [each.header for each in read.columns if each.name in MOMENTS and each.header != header]
    found = [other for other in map(moments, (read.source.frame[each] for each in others)) if not other.is_doubtful]
    return next((order for order in ORDERS for each in found if each.how.startswith(order)), None)


def _moments(read: Recognised, header: str, shop: Shop) -> tuple[pd.Series, str]:
    raw = read.source.frame[header]
    column = next(each for each in read.columns if each.header == header)
    if normal(header).endswith("year") and raw.dropna().str.fullmatch(r"\d{4}(?:\.0)?").all():
        return pd.to_datetime(raw.str[:4], format="%Y", errors="coerce").astype("datetime64[ns]"), "years"
    is_position = raw.dropna().str.fullmatch(r"\d{1,5}").all() and len(raw.dropna()) > 0
    if is_position and column.name == "timestamp":
        count = pd.to_numeric(raw, errors="coerce")
        if raw.dropna().str.fullmatch(MONTH_DAY).all():  # without a year they still tell the order and distance of days
            count = (pd.to_datetime("2000" + raw.str.zfill(4), format="%Y%m%d") - pd.Timestamp("2000")) / DAY
        step = 7 if "week" in normal(header) else 1
        return (pd.Timestamp(0) + count * step * DAY).astype("datetime64[ns]"), POSITION
    parsed = moments(raw, column.order, is_excel=True)
    if parsed.is_doubtful and column.order is None and (order := _order_of_others(read, header)):
        parsed = moments(raw, order, is_excel=True)
    elif parsed.is_doubtful and column.order is None:
        example = str(raw.dropna().iloc[0])
        place = f"{read.source.name}.{header}={column.name}"
        raise MissingAnswerError(
            f"{read.source.name}: column {header!r} holds dates such as {example!r}, which can be read with the day or "
            f"the month first, but one reading is needed. If the month comes first, use month-first instead.",
            [f"{place}:day-first"],
        )
    values = parsed.read
    if read.has("time_of_day") and column.name == "timestamp" and _are_days(values):
        clock = seconds_of_day(read.source.frame[read.headers_of("time_of_day")[0]])
        values = values + pd.to_timedelta(clock.fillna(0), unit="s")
    if column.name == "end" and normal(header) != "end" and _are_days(values):
        values += DAY  # "valid until" names the last day, `end` the first moment after
    if shop.times == "local" or (_are_days(values) and not are_months(values)):
        local = pd.Series(shop.clock.utc(values.to_numpy(dtype="datetime64[ns]")), index=values.index)
        values = values.where(parsed.has_zone, local)
    return values.astype("datetime64[ns]"), parsed.how
