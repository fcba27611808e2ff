"""Likeness to references and readability, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from llm_explain.evaluation.text.readability import flesch_reading_ease, length
from llm_explain.evaluation.text.references import bleu, matched, rouge


def test_rouge():
    # "you buy tea" against "you often buy tea": 3 of 3 and 4 words shared: F1 = 6/7. Pairs: "buy tea" of 2 and 3: 2/5.
    # The longest common subsequence is all three words: 6/7. The second reference shares nothing.
    found = rouge("You buy tea.", ["You often buy tea.", "Popular."])
    assert found == {"rouge1": pytest.approx(6 / 7), "rouge2": pytest.approx(0.4), "rougeL": pytest.approx(6 / 7)}


def test_the_order_of_words_counts_for_rouge_l():
    # tea buy / buy tea: both words shared, the longest common subsequence is one of two.
    found = rouge("tea buy", ["buy tea"])
    assert (found["rouge1"], found["rougeL"]) == (1.0, 0.5)


def test_bleu_of_a_copy():
    assert bleu(["You buy a lot of tea."], [["You buy a lot of tea."]]) == pytest.approx(1.0)


def test_bert_score():
    # Ours: e1, e2. Theirs: e1. Precision (1 + 0) / 2, recall 1: F1 = 2 · 0.5 / 1.5 = 2/3.
    assert matched(np.eye(2), np.eye(2)[:1]) == pytest.approx(2 / 3)


def test_flesch():
    # "You buy tea." 3 words, 1 sentence, 3 syllables: 206.835 - 1.015 · 3 - 84.6 · 1 = 119.19.
    assert flesch_reading_ease(["You buy tea."]) == pytest.approx(119.19)


def test_length():
    assert length(["You buy tea.", "Tea."]) == {"words": 2.0, "characters": 8.0, "longest": 12.0}
