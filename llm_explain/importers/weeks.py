"""The weeks of completejourney as moments.

The source numbers its weeks 1 to 53. Its timestamps are UTC, while a week begins on Monday at midnight of the shops'
own clock, US Eastern time: week 2 begins at 2017-01-02T05:00 and, in summer time, week 12 at 2017-03-13T04:00. Every
transaction lies in the week that its own ``week`` column names by this rule (a test walks all of them).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Moments = npt.NDArray[np.datetime64]
"""Moments in UTC without a zone, ``datetime64[ns]``."""

FIRST_MONDAY: Final = np.datetime64("2016-12-26", "D")
SUMMER_TIME: Final = (np.datetime64("2017-03-12", "D"), np.datetime64("2017-11-05", "D"))
"""First day of summer time and first day of winter time, in the year that the source covers."""


def midnight(days: Moments) -> Moments:
    """Return the moments at which days of the shops' clock begin.

    Args:
        days: Calendar days between November 2016 and February 2018, ``datetime64[D]``, shape ``(n,)``.

    Returns:
        Moments in UTC, shape ``(n,)``. The day on which the clock changes still begins in the old time.
    """
    is_summer = (days > SUMMER_TIME[0]) & (days <= SUMMER_TIME[1])
    hours = np.where(is_summer, np.timedelta64(4, "h"), np.timedelta64(5, "h"))
    moments: Moments = days.astype("datetime64[ns]") + hours
    return moments


def week_start(weeks: npt.NDArray[np.integer]) -> Moments:
    """Return the moments at which weeks begin; week ``w`` ends where week ``w + 1`` begins.

    Args:
        weeks: Week numbers, shape ``(n,)``.

    Returns:
        Moments in UTC, shape ``(n,)``.
    """
    return midnight(FIRST_MONDAY + (weeks.astype(np.int64) - 1) * np.timedelta64(7, "D"))
