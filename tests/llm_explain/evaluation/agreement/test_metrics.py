"""Agreement of a sentence with an attribution, worked by hand."""

from __future__ import annotations

import math

import pytest

from llm_explain.evaluation.agreement.drivers import Drivers
from llm_explain.evaluation.agreement.metrics import agreement
from llm_explain.evaluation.agreement.reader import Mention

BOUGHT, TOWER = ("group:cheese", "times_bought"), ("group:cheese", "tower")
PROMO, SOUP = ("context:promotion", "promotion"), ("group:soup", "tower")
DRIVERS = Drivers(
    {BOUGHT: 3.0, TOWER: -2.0, PROMO: 1.0, SOUP: 0.1},
    {BOUGHT: {"count": 12}, PROMO: {}},
)


def said(*parts, sign=1, values=None):
    return [(part, Mention("kind", "", (values or {}).get(part, {}), place, sign)) for place, part in enumerate(parts)]


def test_what_is_due():
    # Positive: 3 + 1 + 0.1 = 4.1; a tenth is 0.41, so soup is too small.
    assert DRIVERS.due == [BOUGHT, PROMO]
    assert DRIVERS.ranked == [BOUGHT, TOWER, PROMO, SOUP]


def test_a_complete_sentence():
    # True places by size: bought first, promotion third. Said first and second: lenient rank 1 of 2.
    # Of what is due both stand in their place: strict 2 of 2. 12 is the fact. (3 + 1) / 4.1 of the attribution is told.
    found = agreement(DRIVERS, said(BOUGHT, PROMO, values={BOUGHT: {"count": 12.0}}), n_words=10)
    assert found["rank_lenient"] == 0.5
    assert found["rank_strict"] == found["sign_strict"] == found["sign_lenient"] == found["coverage"] == 1.0
    assert found["value_lenient"] == 1.0
    assert found["value_strict"] == 0.5  # the promotion has no number
    assert found["phi_covered"] == pytest.approx(4 / 4.1)
    assert found["hallucination"] == 0.0
    assert found["kendall_tau"] == pytest.approx(1.0)
    assert (found["accuracy"], found["completeness"], found["conciseness"]) == (4.0, 4.0, 4.0)


def test_omitted_invented_and_reversed():
    # Said: what lowered the score, as a reason; the promotion; a category that is no player. Due: bought, promotion.
    # Lenient: two of the three exist. Ranks: the tower is second but said first; promotion third, said second: 0 of 2.
    # Signs: the tower's is wrong: 1 of 2. Strict: union of three said and one omitted is 4; promotion alone is right in
    # sign, and it is said second where it is due second.
    found = agreement(DRIVERS, said(TOWER, PROMO, ("group:tea", "tower")), n_words=10)
    assert (found["rank_lenient"], found["sign_lenient"]) == (0.0, 0.5)
    assert (found["rank_strict"], found["sign_strict"], found["coverage"]) == (0.25, 0.25, 0.5)
    assert found["hallucination"] == pytest.approx(2 / 3)
    assert found["kendall_tau"] == pytest.approx(-1.0)  # -2 before 1
    assert (found["accuracy"], found["completeness"]) == (0.0, 0.0)


def test_a_fact_that_is_given_as_no_reason():
    # Lenient: unsigned counts as for. Strict: it does not.
    found = agreement(DRIVERS, said(BOUGHT, PROMO, sign=0), n_words=10)
    assert (found["sign_lenient"], found["sign_strict"]) == (1.0, 0.0)


def test_a_wrong_number():
    found = agreement(DRIVERS, said(BOUGHT, values={BOUGHT: {"count": 13.0}}), n_words=10)
    assert (found["value_lenient"], found["accuracy"]) == (0.0, 0.0)


def test_an_empty_sentence_covers_nothing():
    found = agreement(DRIVERS, [], n_words=3)
    assert (found["coverage"], found["rank_strict"], found["phi_covered"]) == (0.0, 0.0, 0.0)
    assert math.isnan(found["rank_lenient"])
    assert math.isnan(found["kendall_tau"])


def test_conciseness():
    # Two reasons: 24 words are optimal, 36 give 4 · (2 - 36 / 24) = 2, 48 give 0.
    lengths = {24: 4.0, 36: 2.0, 48: 0.0, 60: 0.0}
    assert {n: agreement(DRIVERS, said(BOUGHT), n_words=n)["conciseness"] for n in lengths} == lengths
