"""Scores predicted from words: what tells, what does not, and the order of pairs by hand."""

from __future__ import annotations

import numpy as np
import pytest

from llm_explain.evaluation.score_from_text import Prediction, predict


def test_order_of_pairs():
    # User 0 has scores 1, 2, 3, predicted 1, 3, 2: of the pairs (0,1) right, (0,2) right, (1,2) wrong.
    # First: 2 of 2. Second: right with the first, wrong with the third: 1/2. Third: 1/2. User 1 has one score: NaN.
    found = Prediction(np.array([1.0, 3.0, 2.0, 0.0]), np.array([1.0, 2.0, 3.0, 9.0]), np.array([0, 0, 0, 1])).order()
    np.testing.assert_array_equal(found, [1.0, 0.5, 0.5, np.nan])


def test_an_equal_prediction_is_half_right():
    found = Prediction(np.zeros(2), np.array([1.0, 2.0]), np.zeros(2, dtype=np.int64))
    np.testing.assert_array_equal(found.order(), [0.5, 0.5])
    assert found.spearman == 0.0


def test_r2():
    # Mean 2, total (1 + 0 + 1) = 2; residuals 0, 0, 1: 1 - 1/2.
    found = Prediction(np.array([1.0, 2.0, 2.0]), np.array([1.0, 2.0, 3.0]), np.zeros(3, dtype=np.int64))
    assert found.r2 == pytest.approx(0.5)


def test_words_that_tell_the_score_do_and_a_constant_does_not():
    user = np.arange(40) // 2
    score = np.tile([0.0, 1.0], 20)
    telling = predict([("rarely", "often")[int(s)] for s in score], score, user)
    assert telling.r2 > 0.8
    assert np.nanmean(telling.order()) == 1.0
    constant = predict(["recommended for you"] * 40, score, user)
    assert abs(constant.r2) < 0.05
    assert np.nanmean(constant.order()) == pytest.approx(0.5)
