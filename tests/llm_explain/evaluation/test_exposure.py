"""Coverage, Gini, popularity and calibration, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from llm_explain.evaluation.exposure import calibration, exposure, gini


def test_gini():
    # All alike: 0. One of four has all: (n - 1) / n = 3/4.
    assert gini(np.ones(5)) == pytest.approx(0.0)
    assert gini(np.array([0.0, 0.0, 0.0, 8.0])) == pytest.approx(0.75)
    # 1, 3: Σ (2i - n - 1) x = (2 - 3)·1 + (4 - 3)·3 = 2, over n Σ x = 8: 0.25.
    assert gini(np.array([3.0, 1.0])) == pytest.approx(0.25)
    assert gini(np.zeros(3)) == 0.0


def test_exposure():
    # Two lists of two show candidates 0, 0, 1, 2 of four: 3/4 are shown. Their popularity is (8 + 8 + 4 + 0) / 4 = 5.
    # Really bought things have 10, so lists are half as popular as baskets.
    found = exposure(np.array([[0, 1], [0, 2]]), np.array([8.0, 4.0, 0.0, 6.0]), 10.0)
    assert found["coverage"] == 0.75
    assert found["mean_popularity"] == 5.0
    assert found["popularity_lift"] == 0.5


def test_calibration():
    # Bin [0.2, 0.3): promised 0.2 and 0.2, one of two bought: gap 0.3 on 2 of 4 pairs. Bin [0.9, 1]: 0.9 and 1.0,
    # both bought: gap 0.05 on 2 of 4. ECE = (0.3 + 0.05) / 2 = 0.175.
    # Brier = (0.04 + 0.64 + 0.01 + 0) / 4 = 0.1725.
    found = calibration(np.array([0.2, 0.2, 0.9, 1.0]), np.array([False, True, True, True]))
    assert found["ece"] == pytest.approx(0.175)
    assert found["brier"] == pytest.approx(0.1725)
    assert [row["pairs"] for row in found["bins"]] == [2, 2]
