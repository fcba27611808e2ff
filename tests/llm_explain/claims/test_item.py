from __future__ import annotations

import numpy as np
import pytest

from llm_explain.claims.kinds.due import Due
from llm_explain.claims.kinds.repeat_item import RepeatItem
from tests.llm_explain.claims.scene import bought, evidence, find


def test_repeat_item_counts_occasions_and_names_the_last_day() -> None:
    # Two rows at one moment are one occasion; another item of the category does not count; nor does the day of as_of.
    found = find(RepeatItem, evidence("tortilla", bought("tortilla", 40, 40, 12, 0), bought("kettle", 3)))
    assert found is not None
    assert found.facts == {"count": 2, "last": "2017-11-19"}
    assert found.licences == {"recently", "current"}


def test_one_purchase_is_told_as_one() -> None:
    found = find(RepeatItem, evidence("tortilla", bought("tortilla", 40, 40)))
    assert found is not None
    assert found.facts == {"count": 1, "last": "2017-10-22"}
    assert find(RepeatItem, evidence("tortilla", bought("kettle", 40))) is None
    assert find(RepeatItem, evidence("tortilla")) is None


def test_due_states_the_median_interval() -> None:
    # 14, 12 and 16 days apart, then 13 days without: 13 / 14 is above 0.8.
    found = find(Due, evidence("tortilla", bought("tortilla", 55, 41, 29, 13)))
    assert found is not None
    assert found.facts == {"interval_days": 14, "days_since": 13, "last": "2017-11-18", "count": 4}


def test_due_keeps_half_days() -> None:
    found = find(Due, evidence("tortilla", bought("tortilla", 60, 45, 35, 22, 10)))  # 15, 10, 13 and 12 days apart
    assert found is not None
    assert found.facts["interval_days"] == 12.5


@pytest.mark.parametrize(("since", "holds"), [(7, False), (8, True), (15, True), (16, False)])
def test_due_holds_from_four_fifths_to_one_and_a_half_times_the_interval(since: int, *, holds: bool) -> None:
    found = find(Due, evidence("tortilla", bought("tortilla", since + 30, since + 20, since + 10, since)))
    assert (found is not None) == holds


def test_due_needs_four_days_not_four_moments() -> None:
    morning, evening = bought("tortilla", 30, 20, 10), bought("tortilla", 9.8)  # 9.8 days: the evening of the same day
    assert find(Due, evidence("tortilla", morning, evening)) is None


@pytest.mark.parametrize(
    ("gaps", "holds"),
    [
        ((20, 22, 21, 20, 22), True),
        ((11, 22, 22), True),  # 11 is just half of 22
        ((9, 60, 22, 22, 50), False),  # 2 of 5 near the median
        ((10, 10, 10, 10, 10, 10, 20, 20, 20, 10, 20), False),  # the last five have a median of 20, above 16
        ((10, 10, 10, 10, 22), False),  # the last one is longer than twice the median and a day
        ((10, 10, 10, 10, 21), True),
    ],
)
def test_due_needs_a_rhythm_that_the_latest_intervals_keep(gaps: tuple[int, ...], *, holds: bool) -> None:
    days = 12 + np.cumsum([0, *gaps[::-1]]) if np.median(gaps) < 20 else 20 + np.cumsum([0, *gaps[::-1]])
    assert (find(Due, evidence("tortilla", bought("tortilla", *days.tolist()))) is not None) == holds
