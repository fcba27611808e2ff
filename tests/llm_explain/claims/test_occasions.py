from __future__ import annotations

import pandas as pd

from llm_explain.claims.occasions import Occasions, months, to_date


def ns(*moments: str) -> list[int]:
    return [pd.Timestamp(moment).value for moment in moments]


def test_an_occasion_is_a_distinct_moment() -> None:
    (as_of,) = ns("2017-12-01")
    occasions = Occasions.of(ns("2017-11-01T10:00", "2017-11-01T10:00", "2017-11-01T18:00"), as_of)
    assert len(occasions) == 2
    assert len(occasions.days) == 1
    assert occasions.intervals == []


def test_a_window_takes_its_first_moment_and_not_its_last() -> None:
    (as_of,) = ns("2017-12-01T12:00")
    occasions = Occasions.of(ns("2017-11-21T11:59", "2017-11-21T12:00", "2017-12-01T11:59"), as_of)
    assert len(occasions.within(10)) == 2


def test_days_are_calendar_days() -> None:
    # From the evening of the 29th to the morning of the 1st are 36 hours but two days, as people count them.
    (as_of,) = ns("2017-12-01T08:00")
    occasions = Occasions.of(ns("2017-11-20T20:00", "2017-11-29T20:00"), as_of)
    assert occasions.days_since == 2
    assert occasions.intervals == [9]
    assert occasions.last.isoformat() == "2017-11-29"


def test_days_before_1970_are_days_too() -> None:
    assert to_date(-1).isoformat() == "1969-12-31"


def test_months_are_calendar_months_of_a_year() -> None:
    assert months(ns("2016-11-30", "2017-11-01", "2017-11-30", "2017-12-01")) == 3
