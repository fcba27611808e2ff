"""The time zone of a shop, found in times that carry an offset such as ``-0500``."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import pandas as pd
from babel.core import get_global

from scoring.data.shop import Clock

OFFSET: Final = r":\d{2}(?:[.,]\d+)?\s*([+-])(\d{2}):?(\d{2})$"
MOST_TIMES: Final = 2_000
LARGEST: Final = (
    "America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "Europe/London", "Europe/Berlin",
    "Asia/Shanghai", "Asia/Tokyo", "Asia/Kolkata", "Australia/Sydney", "America/Sao_Paulo",
)  # fmt: skip
"""Zones that are tried first; others with the same offsets have the same days."""


def zone_of(texts: pd.Series, moments: pd.Series) -> str | None:
    """Return a zone whose clock shows the times that a column holds.

    Args:
        texts: Times as the export has them.
        moments: The same times in UTC.

    Returns:
        A name of the IANA database; ``None`` if a time has no offset, if all are in UTC, or if no zone fits.
    """
    known = moments.notna()
    parts = texts[known].str.strip().str.extract(OFFSET)
    if parts.empty or parts[0].isna().any():
        return None
    minutes = parts[1].astype("int64") * 60 + parts[2].astype("int64")
    offsets = minutes.where(parts[0] == "+", -minutes)
    if (offsets == 0).all():
        return None
    pairs = pd.DataFrame({"moment": moments[known], "offset": offsets}).drop_duplicates()
    pairs = pairs.iloc[:: max(1, len(pairs) // MOST_TIMES)]
    utc = pairs["moment"].to_numpy(dtype="datetime64[ns]")
    wanted = pairs["offset"].to_numpy(dtype="timedelta64[m]")
    fitting = (zone for zone in _zones() if np.array_equal(Clock(zone).local(utc) - utc, wanted))
    return next(fitting, None)


@cache
def _zones() -> tuple[str, ...]:
    return tuple(dict.fromkeys((*LARGEST, *sorted(get_global("windows_zone_mapping").values()))))
