from __future__ import annotations

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
    found = find(Due, evidence("tortilla", bought("tortilla", 35, 20, 10)))  # 15 and 10 days apart
    assert found is not None
    assert found.facts["interval_days"] == 12.5


@pytest.mark.parametrize(("since", "holds"), [(7, False), (8, True), (20, True), (21, False)])
def test_due_holds_from_four_fifths_to_twice_the_interval(since: int, *, holds: bool) -> None:
    found = find(Due, evidence("tortilla", bought("tortilla", since + 20, since + 10, since)))
    assert (found is not None) == holds


def test_due_needs_three_days_not_three_moments() -> None:
    morning, evening = bought("tortilla", 20, 10), bought("tortilla", 9.8)  # 9.8 days: the evening of the same day
    assert find(Due, evidence("tortilla", morning, evening)) is None


@pytest.mark.parametrize(("first", "holds"), [(100 + 33, True), (100 + 41, False)])
def test_due_needs_a_rhythm(first: int, *, holds: bool) -> None:
    # 11 days and 33 days: the median is 22, and 11 is just half of it. 41 days: the median is 26, and 11 is less.
    found = find(Due, evidence("tortilla", bought("tortilla", first - 100 + 11 + 30, 11 + 30, 30)))
    assert (found is not None) == holds
