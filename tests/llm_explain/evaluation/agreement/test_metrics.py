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


def test_a_complete_sentence():
    # 12 is the fact; the promotion states no number. (3 + 1) / 4.1 of the attribution is mentioned.
    found = agreement(DRIVERS, said(BOUGHT, PROMO, values={BOUGHT: {"count": 12.0}}))
    assert found["sign"] == found["value"] == found["coverage"] == 1.0
    assert found["phi_covered"] == pytest.approx(4 / 4.1)
    assert found["hallucination"] == 0.0


def test_omitted_invented_and_reversed():
    # Mentioned: a part that lowered the score; the promotion; a category that is no player.
    # Two of the three exist and one of them has the right sign. Of the two largest parts one is mentioned.
    found = agreement(DRIVERS, said(TOWER, PROMO, ("group:tea", "tower")))
    assert (found["sign"], found["coverage"]) == (0.5, 0.5)
    assert found["hallucination"] == pytest.approx(2 / 3)


def test_a_reason_against_has_the_other_sign():
    assert agreement(DRIVERS, said(BOUGHT, sign=-1))["sign"] == 0.0
    assert agreement(DRIVERS, said(TOWER, sign=-1))["sign"] == 1.0


def test_a_wrong_number():
    assert agreement(DRIVERS, said(BOUGHT, values={BOUGHT: {"count": 13.0}}))["value"] == 0.0


def test_an_empty_sentence_covers_nothing():
    found = agreement(DRIVERS, [])
    assert (found["coverage"], found["phi_covered"]) == (0.0, 0.0)
    assert math.isnan(found["sign"])
