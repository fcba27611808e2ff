"""The weeks of completejourney as moments.

The source numbers its weeks 1 to 53. Its timestamps are UTC, while a week begins on Monday at midnight of the shops'
own clock, US Eastern time: week 2 begins at 2017-01-02T05:00 and, in summer time, week 12 at 2017-03-13T04:00. Every
transaction lies in the week that its own ``week`` column names by this rule (a test checks all of them).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.data.shop import Clock

Moments = npt.NDArray[np.datetime64]
"""Moments in UTC without a zone, ``datetime64[ns]``."""

FIRST_MONDAY: Final = np.datetime64("2016-12-26", "D")
CLOCK: Final = Clock("America/New_York")
"""The shops' clock."""


def midnight(days: Moments) -> Moments:
    """Return the moments at which days of the shops' clock begin.

    Args:
        days: Calendar days, ``datetime64[D]``, shape ``(n,)``.

    Returns:
        Moments in UTC, shape ``(n,)``.
    """
    return CLOCK.utc(days.astype("datetime64[ns]"))


def week_start(weeks: npt.NDArray[np.integer]) -> Moments:
    """Return the moments at which weeks begin; week ``w`` ends where week ``w + 1`` begins.

    Args:
        weeks: Week numbers, shape ``(n,)``.

    Returns:
        Moments in UTC, shape ``(n,)``.
    """
    return midnight(FIRST_MONDAY + (weeks.astype(np.int64) - 1) * np.timedelta64(7, "D"))
