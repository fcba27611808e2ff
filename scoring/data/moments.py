"""Moments that a caller names, as the tables hold them: UTC without a zone, in nanoseconds."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from scoring.errors import SettingError

Moment = str | dt.datetime | pd.Timestamp
"""A moment as a caller names it; without a zone it is UTC."""

FIRST_YEAR = 1678
LAST_YEAR = 2261
"""Years that nanoseconds since 1970 in 64 bits cover completely."""


def as_moment(value: Moment, name: str = "as_of") -> pd.Timestamp:
    """Return a moment in UTC without a zone.

    Args:
        value: ISO 8601 text, ``datetime`` or ``Timestamp``; one with a zone is converted to UTC.
        name: What the argument is called in messages.

    Returns:
        The moment, in nanoseconds.

    Raises:
        SettingError: If the value is no date and time, or is outside the years that can be counted.
    """
    try:
        moment = pd.Timestamp(value)
    except (ValueError, TypeError) as error:
        raise SettingError(
            f"{name} is {value!r} but a date and time is needed. Write ISO 8601, for example 2017-12-01T09:30."
        ) from error
    if pd.isna(moment):
        raise SettingError(f"{name} is {value!r} but a date and time is needed. Write for example 2017-12-01.")
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise SettingError(
            f"{name} is {str(value)!r} but a year from {FIRST_YEAR} to {LAST_YEAR} is needed. Correct the year."
        )
    if moment.tzinfo is not None:
        moment = moment.tz_convert("UTC").tz_localize(None)
    return moment.as_unit("ns")
