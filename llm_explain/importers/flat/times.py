"""Moments as exports write them: ISO, numbers since 1970, other dates if the column leaves no doubt."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from babel.dates import get_date_format, get_month_names

from llm_explain.importers.flat.values import each_value

Order = Literal["day-first", "month-first"]
ORDERS: Final[tuple[Order, Order]] = ("day-first", "month-first")
UNITS: Final = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
EARLIEST: Final = 315_532_800
"""1980-01-01 in seconds since 1970: a smaller number is no time."""

LATEST: Final = 4_102_444_800
EXCEL_ORIGIN: Final = pd.Timestamp("1899-12-30")
EXCEL_DAYS: Final = (20_000, 80_000)
NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE]\+?\d+)?")
CLOCK: Final = (
    r"(?:[T ,]+(\d{1,2})(?:[:h.](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?)?\s*([aApP]\.?[mM]\.?)?"
    r"(?:\s*(?:hs?|hrs?|Uhr)\.?)?)?"
)
ZONE: Final = r"\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?(?:\s*\([A-Za-z ]+\))?"
MONTH: Final = re.compile(r"^((?:19|20)\d{2})[-/.年](0[1-9]|1[0-2])月?$")
YEAR_FIRST: Final = re.compile(rf"(\d{{4}})[-/.年](\d{{1,2}})[-/.月](\d{{1,2}})日?{CLOCK}{ZONE}")
COMPACT: Final = re.compile(r"((?:19|20)\d{2})(\d{2})(\d{2})(?:[T ]?(\d{2}):?(\d{2}):?(\d{2})?)?Z?")
PARTS: Final = re.compile(rf"(\d{{1,2}})([-/.])(\d{{1,2}})\2(\d{{4}}|\d{{2}}){CLOCK}{ZONE}")
NAMED: Final = re.compile(
    rf"(?:[A-Za-z]{{3,9}}\.?,?\s+)?(?:(\d{{1,2}})(?:st|nd|rd|th)?[-/. ]+([A-Za-z]{{3,9}})"
    rf"|([A-Za-z]{{3,9}})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?),?[-/. ]+(\d{{4}}|\d{{2}})(?:\s+at)?{CLOCK}{ZONE}"
)
YEAR_LAST: Final = re.compile(
    r"(?:[A-Za-z]{3} )?([A-Za-z]{3}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) ([+-]\d{4}|UTC|GMT) (\d{4})"
)
"""Times as Twitter and Goodreads write them: Wed Mar 22 11:37:04 -0700 2017."""

ZONED: Final = re.compile(
    r"(?:Z|z|UTC|GMT|:\d{2}(?:[.,]\d+)?\s*(?:[aApP]\.?[mM]\.?)?\s*[+-]\d{2}(?::?\d{2})?)"
    r"(?:\s*\([A-Za-z ]+\))?(?: \d{4})?$"
)
"""A moment that says its zone."""

NO_TIME: Final = ("0", "0.0", "-1", "")
"""What programs write where a time is missing."""

WORD: Final = re.compile(r"[^\W\d_]+\.?")
LANGUAGES: Final = ("de", "es", "fr", "it", "nl", "pl", "pt", "sv", "da", "nb", "cs", "fi")
MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Moments:
    """A column read as moments.

    Attributes:
        read: Moments in UTC without a zone; missing where a text is not a moment.
        how: How they are written, for the report.
        has_zone: Whether each value says its zone, shape ``(n_rows,)``.
        is_doubtful: Whether the column can be read day-first and month-first.
    """

    read: pd.Series
    how: str
    has_zone: npt.NDArray[np.bool_]
    is_doubtful: bool = False


def moments(column: pd.Series, order: Order | None = None, *, is_excel: bool = False) -> Moments:
    """Read a column of moments.

    Args:
        column: Texts.
        order: What comes first in dates such as 03/04/2021, where the shop says it.
        is_excel: Whether numbers such as 40513.35 are days of a spreadsheet.

    Returns:
        The moments; all are missing if the column holds something else.
    """
    texts = column.str.strip().str.replace(MONTH, r"\1-\2-01", regex=True)
    present = texts.dropna()
    if present.empty:
        return _unread(texts, "no dates")
    sample = pd.Series(present.unique(), dtype="str")
    if sample.str.fullmatch(NUMBER).mean() > 0.99:
        return _numbers(texts, sample, is_excel=is_excel)
    is_parts = sample.str.fullmatch(PARTS)
    doubtful = False
    how = "ISO 8601" if sample.str.fullmatch(YEAR_FIRST).mean() > 0.5 else "dates with names of months"
    if is_parts.mean() > 0.5:
        found, doubtful = _order(sample[is_parts])
        order = order or found
        how = f"{order} dates"
    values = each_value(texts, lambda text: _moment(text, order or "day-first"))
    typed = pd.to_datetime(pd.Series(values, index=column.index), errors="coerce").astype("datetime64[ns]")
    has_zone = texts.str.contains(ZONED, regex=True).eq(True).to_numpy(dtype=bool)
    return Moments(typed, how, has_zone, is_doubtful=doubtful)


def _order(sample: pd.Series) -> tuple[Order, bool]:
    """Return what comes first in dates of three numbers, and whether the other reading is possible too."""
    parts = sample.str.extract(PARTS)
    first, second = parts[0].astype("int64"), parts[2].astype("int64")
    is_day_first = bool((second <= 12).all()) and bool((first <= 31).all())
    is_month_first = bool((first <= 12).all()) and bool((second <= 31).all())
    if (parts[1] == ".").all() and is_day_first:  # 1.12.2010 is written where the day comes first
        return "day-first", False
    if is_day_first and is_month_first:
        return "day-first", bool((first != second).any())
    return ("month-first" if is_month_first else "day-first"), False


def _numbers(texts: pd.Series, sample: pd.Series, *, is_excel: bool) -> Moments:
    if sample.str.fullmatch(COMPACT).all() and sample.str.len().isin([8, 12, 14]).all():
        values = each_value(texts, _compact)
        typed = pd.to_datetime(pd.Series(values, index=texts.index), errors="coerce").astype("datetime64[ns]")
        if typed.notna().sum() > 0.99 * texts.notna().sum():
            return replace(_unread(texts, "dates as yyyymmdd"), read=typed)
    numbers = pd.to_numeric(texts, errors="coerce")
    typical = float(numbers.abs().median())
    if any(EARLIEST * per_second <= typical <= LATEST * per_second for per_second in UNITS.values()):
        return _since_1970(texts, numbers)
    low, high = EXCEL_DAYS
    if is_excel and low <= typical <= high:
        days = pd.to_timedelta((numbers * 86_400).round(), unit="s", errors="coerce")
        return replace(_unread(texts, "days of a spreadsheet"), read=(EXCEL_ORIGIN + days).astype("datetime64[ns]"))
    return _unread(texts, "numbers")


def _unread(texts: pd.Series, how: str) -> Moments:
    none = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    return Moments(none, how, np.zeros(len(texts), dtype=bool))


def _since_1970(texts: pd.Series, numbers: pd.Series) -> Moments:
    """Read each number in the unit that its size tells; a number before 1980, such as 0, is no time."""
    whole = pd.Series(pd.NA, index=texts.index, dtype="Int64")
    rows: dict[str, int] = {}
    for name, per_second in UNITS.items():
        is_unit = numbers.between(EARLIEST * per_second, LATEST * per_second)
        if not is_unit.any():
            continue
        rows[name] = int(is_unit.sum())
        digits = texts[is_unit].str.replace(r"\.0+$", "", regex=True)
        is_exact = digits.str.fullmatch(r"\d+")  # keep all digits of whole numbers
        whole[digits.index[is_exact]] = digits[is_exact].astype("int64") * (10**9 // per_second)
        whole[digits.index[~is_exact]] = (
            (numbers[digits.index[~is_exact]] * (10**9 // per_second)).round().astype("int64")
        )
    commonest = max(rows, key=lambda name: rows[name])
    others = "".join(f", {count:,} rows in {name}" for name, count in rows.items() if name != commonest)
    typed = pd.to_datetime(whole, errors="coerce", unit="ns").astype("datetime64[ns]")
    return Moments(typed, f"{commonest} since 1970{others}", np.ones(len(texts), dtype=bool))


def _compact(text: str) -> pd.Timestamp | None:
    match = COMPACT.fullmatch(text)
    return _built(match[1], match[2], match[3], match[4], match[5], match[6]) if match else None


def _moment(text: str, order: Order) -> pd.Timestamp | None:
    if match := YEAR_FIRST.fullmatch(text):
        return _built(*match.groups())
    if match := PARTS.fullmatch(text):
        first, _, second, year, *rest = match.groups()
        day, month = (first, second) if order == "day-first" else (second, first)
        return _built(year, month, day, *rest)
    if match := NAMED.fullmatch(YEAR_LAST.sub(r"\1 \2 \5 \3 \4", text)):
        day, month = (match[1], match[2]) if match[1] else (match[4], match[3])
        if (prefix := month.lower()[:3]) in MONTHS:
            return _built(match[5], str(MONTHS.index(prefix) + 1), day, *match.groups()[5:])
    return _compact(text) or _in_another_language(text, order)


def _in_another_language(text: str, order: Order) -> pd.Timestamp | None:
    """Read a date such as "3 de noviembre de 2024" by the English names of its months."""
    months = _months()
    found = [word.group().rstrip(".").casefold() for word in WORD.finditer(text)]
    if not any(word in months for word in found):
        return None
    english = WORD.sub(lambda match: months.get(match[0].rstrip(".").casefold(), match[0]), text)
    bare = " ".join(word for word in english.split() if word.casefold() not in _between())
    return None if bare == text else _moment(bare, order)


@cache
def _months() -> dict[str, str]:
    """Return the English beginning of each month by its names in other languages, in lower case."""
    named = (get_month_names(width, locale=name) for name in LANGUAGES for width in ("wide", "abbreviated"))
    return {name.rstrip(".").casefold(): MONTHS[number - 1] for names in named for number, name in names.items()}


@cache
def _between() -> frozenset[str]:
    """Return the words that other languages write between a day, a month and a year."""
    patterns = (get_date_format("long", locale=name).pattern for name in LANGUAGES)
    return frozenset(word for pattern in patterns for word in re.findall(r"'([^\W\d_]+)'", pattern))


def _built(
    year: str, month: str, day: str, hour: str | None = None, minute: str | None = None, second: str | None = None,
    fraction: str | None = None, half: str | None = None, zone: str | None = None,
) -> pd.Timestamp | None:  # fmt: skip
    full = int(year) + (0 if len(year) == 4 else 1900 if int(year) >= 70 else 2000)
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half[0] in "pP" else 0)
    try:
        moment = pd.Timestamp(full, int(month), int(day), hours, int(minute or 0), int(second or 0))
    except ValueError:
        return None
    moment += pd.Timedelta(int((fraction or "0").ljust(9, "0")), unit="ns")
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = pd.Timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        moment = moment - offset if zone[0] == "+" else moment + offset
    return moment


def is_time_like(column: pd.Series) -> bool:
    """Return whether most of a column's first values are moments."""
    head = column[~column.isin(NO_TIME)].dropna().head(500)
    return len(head) > 0 and bool(moments(head).read.notna().mean() > 0.9)


def seconds_of_day(column: pd.Series) -> pd.Series:
    """Read times of day such as ``08:26``, ``8:26:05 PM`` or ``1631`` as seconds.

    Args:
        column: Texts.

    Returns:
        Seconds since midnight; NaN where a text is no time of day.
    """
    clock = re.compile(r"(\d{1,2})(?::?(\d{2}))?(?::(\d{2})(?:\.\d+)?)?\s*([aApP][mM])?")

    def read(text: str) -> float:
        padded = text.strip().zfill(4) if text.strip().isdigit() and len(text.strip()) == 3 else text.strip()
        match = clock.fullmatch(padded)
        if not match or int(match[1]) > 24 or int(match[2] or 0) > 59:
            return np.nan
        hours = int(match[1]) % 12 + (12 if match[4][0] in "pP" else 0) if match[4] else int(match[1])
        return hours * 3600.0 + int(match[2] or 0) * 60 + int(match[3] or 0)

    return each_value(column, read).astype("float64")
