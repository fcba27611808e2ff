"""The shop's calendar: which event falls into which week, and what codes of days and weeks stand for.

Events come long (``date, event``) or wide (one column of 0 and 1 an event). Codes are those of the M5 data: columns
``d_1, d_2, …`` of the sales are days, and ``wm_yr_wk`` of the prices is a week.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import pandas as pd

from scoring.demand.columns import DATE, HEADERS, WIDE, days_in, normal
from scoring.demand.panel import WEEK
from scoring.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scoring.demand.panel import SalesPanel

Holidays = dict[str, dict[str, float]]
"""1 for each week of each named event."""

_NAMES: Final = re.compile(
    r"^(event|holiday|festival)( name)?( ?\d+)?$|^(description|event name|holiday name|name)( \d+)?$"
)
_MOST_SHARE: Final = 0.15
"""Share of the rows above which a flag is a routine, such as weekends, and no event."""

_NO_EVENT: Final = frozenset({"", "0", "no", "none", "false", "regular", "nan"})
_MOVED: Final = "transferred"


@dataclass(frozen=True, eq=False)
class Calendar:
    """A calendar by days, or by weeks that are numbers.

    Attributes:
        events: ``date`` (or ``week``, a text) and ``event``, one row an event and day.
        day_of: Day by header of a column of sales, such as ``d_1``.
        day_of_week: A day in the middle of each week, by its code.
        left_out: Columns of flags that are no events.
    """

    events: pd.DataFrame
    day_of: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    day_of_week: Mapping[str, pd.Timestamp] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(cls, table: pd.DataFrame) -> Calendar:
        """Read a calendar.

        Args:
            table: ``date`` or ``week``, and events: columns of names (``event``, ``event_name_1``, ``holiday``,
                ``description``), or columns of 0 and 1 that are named after an event.

        Returns:
            The calendar.

        Raises:
            TableError: If there is neither a date nor a week, or a date cannot be read.
        """
        headers = {normal(str(header)): header for header in reversed(table.columns)}
        found = {
            name: next((headers[each] for each in HEADERS[name] if each in headers), None) for name in (DATE, WEEK)
        }
        if found[DATE] is None and found[WEEK] is None:
            columns = ", ".join(map(str, table.columns))
            raise TableError(f"calendar: the columns are {columns} but date or week is needed. Name it so.")
        key = DATE if found[DATE] is not None else WEEK
        places = _days(table[found[DATE]]) if key == DATE else table[found[WEEK]].astype(str)
        rows, left_out = _events(table, {found[DATE], found[WEEK]})
        events = pd.DataFrame({key: places.loc[rows.index], "event": rows}).drop_duplicates(ignore_index=True)
        if key == WEEK:
            return cls(events, left_out=left_out)
        wide = next((name for name in table if table[name].astype(str).str.match(WIDE).all()), None)
        day_of = {} if wide is None else dict(zip(table[wide].astype(str), places, strict=True))
        of_week: dict[str, pd.Timestamp] = {}
        if found[WEEK] is not None:
            of_week = dict(places.groupby(table[found[WEEK]].astype(str)).quantile(0.5, "lower").items())  # type: ignore[arg-type]  # keys are texts
        return cls(events, day_of, of_week, left_out)

    def in_weeks(self, panel: SalesPanel) -> Holidays:
        """Return which weeks of a panel have which event.

        Args:
            panel: Weekly sales, with the future weeks to cover.

        Returns:
            1 by event and week label.

        Raises:
            TableError: If the calendar has days and the panel's weeks are numbers, or the other way round.
        """
        if panel.has_dates != (DATE in self.events):
            have, need = ("days", "numbers") if DATE in self.events else ("numbers", "days")
            raise TableError(
                f"calendar: it has {have} but the weeks of the sales are {need}. Give a calendar of these."
            )
        if DATE in self.events:
            weeks = (self.events[DATE] - pd.Timestamp(panel.weeks[0])).dt.days // 7
            inside = weeks.between(0, len(panel.weeks) - 1)
            labels = weeks[inside].map(lambda place: panel.weeks[int(place)])
        else:
            labels = self.events[WEEK][self.events[WEEK].isin(panel.weeks)]
        found: Holidays = {}
        for event, label in zip(self.events["event"].loc[labels.index], labels, strict=True):
            found.setdefault(str(event), {})[str(label)] = 1.0
        return found


def _days(column: pd.Series) -> pd.Series:
    days = days_in(column)
    if days.isna().any():
        raise TableError(
            f"calendar: the date is empty or unreadable in {int(days.isna().sum())} rows but a day is needed in each. "
            "Write ISO 8601, for example 2017-12-01."
        )
    return days


def _events(table: pd.DataFrame, keys: set[object]) -> tuple[pd.Series, tuple[str, ...]]:
    """Return the events by row of the table, and the columns of flags that are too frequent to be events."""
    found, left_out = [], []
    moved = next((name for name in table if normal(str(name)) == _MOVED), None)
    is_held = (
        pd.Series(True, table.index) if moved is None else ~table[moved].astype(str).str.lower().isin({"true", "1"})
    )
    for header in table.columns:
        if header in keys or header == moved:
            continue
        texts = table[header].astype("string").str.strip()
        numbers = pd.to_numeric(table[header], errors="coerce")
        if numbers.notna().any():
            if numbers.dropna().isin((0, 1)).all() and (numbers == 1).any():
                if (numbers == 1).mean() > _MOST_SHARE:
                    left_out.append(str(header))
                else:
                    found.append(pd.Series(_title(str(header)), table.index)[(numbers == 1) & is_held])
        elif _NAMES.match(normal(str(header))):
            is_named = texts.notna() & ~texts.str.lower().isin(_NO_EVENT)
            found.append(texts[is_named.fillna(False).astype(bool) & is_held].astype(str))
    return (pd.concat(found) if found else pd.Series(dtype=str)), tuple(left_out)


def _title(header: str) -> str:
    """Return a header as the name of an event: ``independence_day`` is Independence day."""
    plain = normal(header).removeprefix("is ")
    return plain[:1].upper() + plain[1:]


def merged(*calendars: Holidays) -> Holidays:
    """Return the events of several calendars together."""
    found: Holidays = {}
    for event, weeks in _pairs(*calendars):
        found.setdefault(event, {}).update(weeks)
    return found


def _pairs(*calendars: Holidays) -> Iterator[tuple[str, dict[str, float]]]:
    for each in calendars:
        yield from each.items()
