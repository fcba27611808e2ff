"""Moments as callers write them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pandas as pd
import pytest

from scoring.data.moments import as_moment
from scoring.errors import SettingError


@pytest.mark.parametrize(
    "value",
    [
        "2025-05-01T09:30",
        "2025-05-01T11:30+02:00",
        dt.datetime(2025, 5, 1, 9, 30),
        dt.datetime(2025, 5, 1, 9, 30, tzinfo=dt.UTC),
        pd.Timestamp("2025-05-01T05:30", tz="America/New_York"),
    ],
)
def test_every_form_is_the_same_moment_in_utc(value: Any) -> None:
    moment = as_moment(value)
    assert moment == pd.Timestamp("2025-05-01T09:30")
    assert (moment.tzinfo, moment.unit) == (None, "ns")


@pytest.mark.parametrize("value", ["9999-12-31", "2263-01-01", "1600-01-01", dt.datetime(9999, 1, 1)])
def test_a_year_that_cannot_be_counted_is_refused(value: Any) -> None:
    with pytest.raises(SettingError, match="but a year from 1678 to 2261 is needed"):
        as_moment(value)


@pytest.mark.parametrize("value", ["yesterday", "", "NaT", None, {}])
def test_what_is_no_moment_is_refused_by_name(value: Any) -> None:
    with pytest.raises(SettingError, match=r"^--as-of is .* but a date and time is needed"):
        as_moment(value, "--as-of")
