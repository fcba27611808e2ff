"""Public holidays of a country in each week."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from scoring.errors import MissingExtraError, SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence


def holidays_in(weeks: Sequence[str], country: str | None) -> dict[str, float]:
    """Return how many public holidays each week has.

    Args:
        weeks: First days of weeks, ISO 8601.
        country: ISO 3166 code, for example ``US``; ``None`` for none.

    Returns:
        Number by week; empty without a country.

    Raises:
        MissingExtraError: If the package ``holidays`` is not installed.
        SettingError: If weeks are numbers, or the country is unknown.
    """
    if country is None:
        return {}
    if not all("-" in week for week in weeks):
        raise SettingError("--country needs weeks with dates but the weeks are numbers. Leave --country out.")
    try:
        import holidays
    except ImportError as error:
        raise MissingExtraError.of("holidays", "--country", "jobs") from error
    days = [pd.date_range(week, periods=7) for week in weeks]
    years = sorted({day.year for week in days for day in week})
    try:
        known = holidays.country_holidays(country.upper(), years=years)
    except NotImplementedError as error:
        raise SettingError(
            f"--country is {country!r} but a country of the package holidays is needed. Write its ISO 3166 code."
        ) from error
    return {week: float(sum(day.date() in known for day in own)) for week, own in zip(weeks, days, strict=True)}
