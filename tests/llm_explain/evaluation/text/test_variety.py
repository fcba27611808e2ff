"""Variety of sentences, worked by hand."""

from __future__ import annotations

import pytest

from llm_explain.evaluation.text import variety


def test_unique_sentences():
    assert variety.unique_sentence_ratio(["a", "b", "a", "a"]) == 0.5


def test_distinct():
    # Words: you buy milk you buy tea: 4 of 6. Pairs: you buy, buy milk, you buy, buy tea: 3 of 4.
    texts = ["You buy milk.", "You buy tea!"]
    assert variety.distinct(texts, 1) == pytest.approx(4 / 6)
    assert variety.distinct(texts, 2) == 0.75


def test_openings():
    # Two of three begin with "here because you".
    texts = ["Here because you buy tea.", "Here because you buy milk.", "You buy tea."]
    assert variety.opening_concentration(texts) == pytest.approx(2 / 3)


def test_features():
    # Leading: tea, milk, none. The first sentence names tea, the second not milk: FMR 1/2.
    # Named at all: tea, soup of four: FCR 1/2. Pairs: (1,2) share soup, (1,3) share tea, (2,3) nothing: DIV 2/3.
    mentioned = [frozenset({"tea", "soup"}), frozenset({"soup"}), frozenset({"tea"})]
    assert variety.feature_matching_ratio(mentioned, ["tea", "milk", None]) == 0.5
    assert variety.feature_coverage_ratio(mentioned, ["tea", "soup", "milk", "bread"]) == 0.5
    assert variety.feature_diversity(mentioned) == pytest.approx(2 / 3)


def test_self_bleu():
    assert variety.self_bleu(["you buy a lot of tea"] * 3) == pytest.approx(1.0)
    assert variety.self_bleu(["you buy a lot of tea", "popular with all our customers"]) < 0.1
