"""Finds the days that a message asks about: "in November", "on 1 November", "last month"."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from typing import TYPE_CHECKING, Final

from babel import Locale

from llm_explain.dialogue.folding import folded, unaccented
from llm_explain.text.lexicon import load_lexicon

if TYPE_CHECKING:
    from llm_explain.dialogue.words import Grammar

DAY: Final = dt.timedelta(days=1)
SEASONS: Final = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
"""First month of each season, as the north counts; the answer names the days."""


class Periods:
    """Finds periods in messages of one locale; names of months are those of Babel."""

    def __init__(self, grammar: Grammar, locale: str) -> None:
        names = Locale.parse(load_lexicon(locale).babel_locale).months["format"]
        widths = (names["wide"], names["abbreviated"])
        self._months = {folded(name): number for width in widths for number, name in width.items()}
        months = "|".join(sorted(map(re.escape, self._months), key=len, reverse=True))
        self._dates = [re.compile(unaccented(each).replace("{month}", months)) for each in grammar.dates]
        self._spans = grammar.spans

    def cut(self, message: str, today: dt.date) -> tuple[str, tuple[dt.date, dt.date] | None]:
        """Return a message without the period that it names, and its first and last day."""
        text = folded(message)
        if len(text) != len(message):
            return message, None
        for pattern in self._dates:
            if (match := pattern.search(text)) is not None and (days := self._days(match, today)) is not None:
                return _without(message, match), days
        for name, pattern in self._spans.items():
            if (match := pattern.search(text)) is not None:
                return _without(message, match), _span(name, today)
        return message, None

    def _days(self, match: re.Match[str], today: dt.date) -> tuple[dt.date, dt.date] | None:
        """Return the days of a year, a month or one day, the last until today; ``None`` for none or a later year."""
        said = match.groupdict()
        if not said.get("month"):
            year = int(said["year"])
            is_begun = year <= today.year  # "the last order of 2070" is that of a customer
            return (dt.date(year, 1, 1), dt.date(year, 12, 31)) if is_begun else None
        month, day = self._months[said["month"]], int(said.get("day") or 0)
        year = int(said.get("year") or today.year - ((month, day) > (today.month, today.day)))
        last = calendar.monthrange(year, month)[1]
        return (dt.date(year, month, day or 1), dt.date(year, month, day or last)) if day <= last else None


def _span(name: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last day of "this month", "last week" and the like; of the last such season begun."""
    if name in SEASONS:
        first = dt.date(today.year - (SEASONS[name] > today.month), SEASONS[name], 1)
        return first, (first + 95 * DAY).replace(day=1) - DAY
    month, week = today.replace(day=1), today - today.weekday() * DAY
    before = (month - DAY).replace(day=1)
    spans = {
        "yesterday": (today - DAY, today - DAY),
        "this_week": (week, today),
        "last_week": (week - 7 * DAY, week - DAY),
        "this_month": (month, today),
        "last_month": (before, month - DAY),
        "this_year": (dt.date(today.year, 1, 1), today),
        "last_year": (dt.date(today.year - 1, 1, 1), dt.date(today.year - 1, 12, 31)),
    }
    return spans[name]


def _without(message: str, match: re.Match[str]) -> str:
    return " ".join(f"{message[: match.start()]} {message[match.end() :]}".split())
