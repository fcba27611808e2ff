from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from llm_explain.claims import Degrees
from llm_explain.claims.occasions import NS_PER_DAY, Occasions
from llm_explain.errors import PromptError
from llm_explain.text.lexicon import load_lexicon

AS_OF = pd.Timestamp("2017-12-01").value
ENGLISH = load_lexicon("en").degrees


def days_ago(*days: float) -> Occasions:
    moments = np.array(sorted(int(AS_OF - day * NS_PER_DAY) for day in days), dtype=np.int64)
    return Occasions(moments, np.array([0, len(moments)]), np.array([AS_OF]), np.array([0]))


def licensed(degrees: Degrees, occasions: Occasions, share: float | None = None) -> frozenset[str]:
    (words,) = degrees.licences(occasions, None if share is None else np.array([share]))
    return words


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ((90, 60, 15), {"often", "regularly", "current"}),  # 2 Sep, 2 Oct, 16 Nov: three in 90 days, three months
        ((90.1, 60, 15), {"regularly", "current"}),  # only two in 90 days
        ((20, 10, 5), {"often", "recently", "current"}),  # November only
        ((180, 100, 70), {"regularly", "current"}),  # 4 Jun, 23 Aug, 22 Sep; every 55 days
        ((180.1, 100, 70), {"current"}),
        ((14,), {"recently"}),
        ((15,), set()),
    ],
)
def test_counts_license_words(days: tuple[float, ...], words: set[str]) -> None:
    assert licensed(ENGLISH, days_ago(*days)) == words


@pytest.mark.parametrize(
    ("days", "is_current"),
    [
        ((35, 25, 15, 5), True),  # every 10 days
        ((40, 30, 20), True),  # 20 days are twice the rhythm
        ((41, 31, 21), False),
        ((16, 15, 14), True),  # every day, and 14 days are allowed for every rhythm
        ((17, 16, 15), False),
        ((190, 140, 90), True),
        ((191, 141, 91), False),  # no habit is alive after 91 days
        ((3,), False),  # one occasion is no habit
    ],
)
def test_the_present_tense_needs_an_occasion_that_is_recent_for_the_rhythm(
    days: tuple[float, ...], *, is_current: bool
) -> None:
    assert ("current" in licensed(ENGLISH, days_ago(*days))) == is_current


def test_regularly_and_usually_need_a_living_habit() -> None:
    milk = days_ago(150, 137, 124, 103)
    assert not {"regularly", "usually"} & licensed(ENGLISH, milk, 1.0)


@pytest.mark.parametrize(
    ("n", "share", "is_usual"), [(5, 0.6, True), (5, 0.59, False), (4, 1.0, False), (5, None, False)]
)
def test_usually_needs_a_share(n: int, share: float | None, *, is_usual: bool) -> None:
    occasions = days_ago(*range(10, 10 + n))
    assert ("usually" in licensed(ENGLISH, occasions, share)) == is_usual


def test_nothing_is_licensed_by_no_occasions() -> None:
    assert licensed(ENGLISH, days_ago(), 1.0) == frozenset()


def test_a_lexicon_brings_its_own_words() -> None:
    degrees = Degrees.parse({"constantly": {"min_count": 2, "window_days": 7}})
    assert licensed(degrees, days_ago(6, 1)) == {"constantly"}
    assert licensed(degrees, days_ago(8, 1)) == frozenset()


@pytest.mark.parametrize(
    ("rule", "where"), [({"min_counts": 3}, "often.min_counts"), ({"min_count": 0}, "often.min_count"), (3, "often")]
)
def test_a_rule_that_cannot_be_read_is_refused(rule: object, where: str) -> None:
    with pytest.raises(PromptError, match=rf"the lexicon's degrees\.{where} is .* Use min_count"):
        Degrees.parse({"often": rule})  # type: ignore[dict-item]


def test_a_word_can_need_another_word_only_if_it_is_there() -> None:
    with pytest.raises(PromptError, match=r"degrees\.often\.needs is 'current' but another word of degree is needed"):
        Degrees.parse({"often": {"needs": "current"}})
