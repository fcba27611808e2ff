"""Which drivers a churn text tells: none that follows from another one."""

from __future__ import annotations

import pytest

from llm_explain.jobs.churn.explaining import _chosen
from llm_explain.records import Claim, Fact


def claim(kind: str, player: str, phi: float, **facts: Fact) -> Claim:
    return Claim(kind, f"feature:{player}", player, phi, 0.1, facts)


OVERDUE = claim("overdue", "rhythm", 0.9, days=42, interval=4.0)
NOTHING = claim("spend_below_usual", "spending", 0.5, days=28, after=0.0, usual=68.44)
CAKES = claim("category_given_up", "habits", 0.4, days=42, category="cakes")
RANGE = claim("narrow_range", "range", 0.2, count=3, median=35, days=56)


def test_what_follows_from_the_last_visit_makes_room_for_another_driver() -> None:
    reasons, _ = _chosen([OVERDUE, NOTHING, CAKES, RANGE], 1)
    assert reasons == (OVERDUE, RANGE)


@pytest.mark.parametrize(
    "other",
    [
        claim("spend_below_usual", "spending", 0.5, days=28, after=3.5, usual=68.44),
        claim("spend_below_usual", "spending", 0.5, days=56, after=0.0, usual=68.44),
        claim("category_given_up", "habits", 0.4, days=43, category="cakes"),
    ],
)
def test_what_says_more_than_the_last_visit_stays(other: Claim) -> None:
    assert _chosen([OVERDUE, other], 1)[0] == (OVERDUE, other)


def test_an_empty_window_is_told_where_the_last_visit_is_not() -> None:
    assert _chosen([NOTHING, CAKES, RANGE], 1)[0] == (NOTHING, CAKES, RANGE)
