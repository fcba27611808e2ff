"""Reading a text back into slots: where values stand, and which slot each may stand for."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from llm_explain.verifier.reading import occurrence, readings, spans

PIECES = st.text("aAbBß1 .,-%$", max_size=12)


@given(text=PIECES, value=st.text("aAbB1 .-", min_size=1, max_size=3))
def test_values_are_found_where_a_pattern_would_find_them(text: str, value: str) -> None:
    pattern = re.compile(occurrence(value), re.IGNORECASE)
    assert list(spans(text, value)) == [match.span() for match in pattern.finditer(text)]


def skeletons(text: str, **slots_of: list[str]) -> list[str]:
    return [each.skeleton for each in readings(text, {value.replace("_", " "): s for value, s in slots_of.items()})]


def test_equal_values_may_stand_for_either_slot() -> None:
    # two values, two slots: either order
    assert skeletons("Bought twice, cheese twice.", twice=["times", "category_times"]) == [
        "Bought {times}, cheese {category_times}.",
        "Bought {category_times}, cheese {times}.",
    ]


def test_a_value_that_stands_more_often_than_it_has_slots_repeats_the_last_one() -> None:
    assert skeletons("Twice, twice, twice.", twice=["times"]) == ["{times}, {times}, {times}."]


def test_a_longer_value_is_read_before_a_shorter_one_in_it() -> None:
    assert skeletons("You buy cream cheese.", cheese=["category"], cream_cheese=["item"]) == ["You buy {item}."]


def test_a_text_without_values_is_read_as_it_stands() -> None:
    assert skeletons("You buy this.", twice=["times"]) == ["You buy this."]


def test_a_place_of_the_skeleton_is_found_again_in_the_text() -> None:
    (reading,) = readings("You buy blue cheese now.", {"blue cheese": ["category"]})
    place = reading.skeleton.index("now")
    assert "You buy blue cheese now."[reading.to_text(place) :] == "now."
    assert reading.found == {"category"}
