from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims.occasions import NS_PER_DAY, Occasions, to_dates


def ns(*moments: str) -> list[int]:
    return [pd.Timestamp(moment).value for moment in moments]


def groups(as_of: str, *moments: list[int]) -> Occasions:
    bounds = np.cumsum([0, *map(len, moments)])
    flat = np.array([moment for group in moments for moment in group], dtype=np.int64)
    return Occasions(flat, bounds, np.full(len(moments), ns(as_of)[0]), np.zeros(len(moments), dtype=np.int64))


def test_a_window_takes_its_first_moment_and_not_the_one_before() -> None:
    occasions = groups("2017-12-01T12:00", ns("2017-11-21T11:59", "2017-11-21T12:00", "2017-12-01T11:59"), [])
    assert occasions.within(10).tolist() == [2, 0]
    assert occasions.within(None).tolist() == [3, 0]


def test_days_are_calendar_days() -> None:
    # From the evening of the 29th to the morning of the 1st are 36 hours but two days, as people count them.
    occasions = groups("2017-12-01T08:00", ns("2017-11-20T20:00", "2017-11-29T08:00", "2017-11-29T20:00"))
    assert occasions.days_since.tolist() == [2]
    assert occasions.days.counts.tolist() == [2]
    assert occasions.intervals.medians().tolist() == [9]
    assert to_dates(occasions.last_day) == ["2017-11-29"]


def test_days_before_1970_are_days_too() -> None:
    assert to_dates(np.array([-1 // NS_PER_DAY])) == ["1969-12-31"]


def test_a_rhythm_is_the_median_of_the_intervals() -> None:
    one = ns("2017-11-01", "2017-11-04", "2017-11-14")  # 3 and 10 days
    two = ns("2017-10-01", "2017-10-08", "2017-10-09", "2017-10-11")  # 7, 1 and 2 days
    assert groups("2017-12-01", one, [], two, one[:1]).rhythm.tolist() == pytest.approx(
        [6.5, np.nan, 2.0, np.nan], nan_ok=True
    )


def test_months_are_calendar_months_of_a_year() -> None:
    moments = ns("2016-11-30", "2017-11-01", "2017-11-30", "2017-12-01")
    assert groups("2017-12-02", moments, []).months(None).tolist() == [3, 0]
    assert groups("2017-12-02", moments, moments).months(60).tolist() == [2, 2]


def test_groups_can_be_taken_in_any_order() -> None:
    occasions = groups("2017-12-01", ns("2017-11-01"), [], ns("2017-11-02", "2017-11-03"))
    taken = occasions.take(np.array([2, 1, 2, 0]))
    assert taken.counts.tolist() == [2, 0, 2, 1]
    assert to_dates(taken.day) == ["2017-11-02", "2017-11-03", "2017-11-02", "2017-11-03", "2017-11-01"]
