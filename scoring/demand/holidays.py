"""Public holidays of a country by the weeks in which they fall."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pandas as pd

from scoring.errors import MissingExtraError, SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.demand.calendar import Holidays


_NOTES: Final = re.compile(r"\s*\((?:observed|estimated|substituted[^)]*)\)")


def holidays_in(weeks: Sequence[str], country: str | None) -> Holidays:
    """Return which weeks have which public holiday.

    The call raises ``MissingExtraError`` if the package ``holidays`` is not installed.

    Args:
        weeks: First days of weeks, ISO 8601.
        country: ISO 3166 code, for example ``US``; ``None`` for none.

    Returns:
        1 by holiday and week; empty without a country. A day that is observed in place of a holiday has its name.

    Raises:
        SettingError: If weeks are numbers, or the country is unknown.
    """
    if country is None:
        return {}
    if not all("-" in week for week in weeks):
        raise SettingError("--country needs weeks with dates but the weeks are numbers. Leave --country out.")
    with MissingExtraError.unless_installed("--country", "jobs"):
        import holidays
    days = [pd.date_range(week, periods=7) for week in weeks]
    years = sorted({day.year for week in days for day in week})
    try:
        known = holidays.country_holidays(country.upper(), years=years)
    except NotImplementedError as error:
        raise SettingError(
            f"--country is {country!r} but a country of the package holidays is needed. Write its ISO 3166 code."
        ) from error
    found: Holidays = {}
    for week, own in zip(weeks, days, strict=True):
        for day in own:
            for name in known.get_list(day.date()):
                found.setdefault(_NOTES.sub("", name), {})[week] = 1.0
    return found
