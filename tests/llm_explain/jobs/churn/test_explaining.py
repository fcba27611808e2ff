"""Which drivers a churn text tells: none that follows from another one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from llm_explain.jobs.churn.explaining import _chosen, _notes
from llm_explain.records import Claim, Fact

if TYPE_CHECKING:
    from llm_explain.jobs.brief import Direction


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


def test_one_absence_is_told_once() -> None:
    swung = claim("uneven", "evenness", 0.3, low=0.0, high=90.0, days=28, periods=6)
    assert _chosen([NOTHING, swung, RANGE], 1)[0] == (NOTHING, RANGE)  # the empty period is the last one
    lowest = claim("spend_below_usual", "spending", 0.5, days=28, after=11.49, usual=68.44)
    assert _chosen([lowest, claim("uneven", "evenness", 0.3, low=11.49, high=90.0, days=28)], 1)[0] == (lowest,)
    no_visit = claim("visits_below_usual", "visits", 0.4, days=28, after=0, usual=3.0)
    assert _chosen([NOTHING, no_visit, RANGE], 1)[0] == (NOTHING, RANGE)
    pause = claim("came_back", "evenness", 0.5, gap=81, until="2017-10-07")
    beef = claim("category_given_up", "habits", 0.4, days=109, interval=20.0, last="2017-07-18", category="beef")
    assert _chosen([pause, beef, RANGE], 1)[0] == (pause, RANGE)
    cakes = claim("category_given_up", "habits", 0.4, days=130, interval=20.0, last="2017-06-27", category="cakes")
    assert _chosen([pause, cakes], 1)[0] == (pause, cakes)  # overdue without the pause too


def note(kind: str, sign: float, **facts: Fact) -> Claim:
    return Claim(kind, "", "", sign, 0.0, facts)


SILENT = note("longest_silence", 1.0, days=94, longest=30)
ROSE = note("spend_rose", -1.0, before=69.87, after=311.64, days=56)
ALREADY = note("already", 1.0, after=10.0, usual=90.0, days=56)


@pytest.mark.parametrize(
    ("found", "told", "direction", "expected"),
    [
        ([SILENT], (RANGE,), -1, [("longest_silence", 1)]),  # a low risk, yet the rhythm is broken
        ([SILENT], (RANGE,), 1, [("longest_silence", 0)]),
        ([SILENT], (OVERDUE,), 1, []),  # the silence is told already
        ([ROSE], (RANGE,), 1, [("spend_rose", 1)]),
        ([ROSE], (RANGE,), -1, []),  # no news at a low risk
        ([ROSE], (RANGE, claim("wide_range", "range", -0.2)), 1, []),  # "although" speaks against the headline
        ([ALREADY, ROSE], (RANGE,), 1, [("already", 0)]),  # half of the usual is no rise
    ],
)
def test_news_is_told_although_the_model_gives_it_no_weight(
    found: list[Claim], told: tuple[Claim, ...], direction: Direction, expected: list[tuple[str, int]]
) -> None:
    assert [(each.kind, each.facts["is_against"]) for each in _notes(found, told, direction)] == expected
