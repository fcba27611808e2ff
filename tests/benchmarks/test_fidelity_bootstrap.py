"""Intervals by resampling: hand-worked means, and what pairing buys."""

from __future__ import annotations

import numpy as np
import pytest
from bootstrap import Bootstrap


def test_a_constant_has_no_interval():
    assert Bootstrap(4, n_resamples=50).interval(np.full(4, 0.25)) == {"mean": 0.25, "low": 0.25, "high": 0.25}


def test_units_without_a_value_are_left_out():
    # (1 + 3) / 2 = 2; the third unit has no value.
    found = Bootstrap(3, n_resamples=200).interval(np.array([1.0, 3.0, np.nan]))
    assert found["mean"] == 2.0
    assert 1.0 <= found["low"] <= 2.0 <= found["high"] <= 3.0


def test_no_value_at_all_is_no_mean():
    assert Bootstrap(2).interval(np.full(2, np.nan)) == {"mean": None, "low": None, "high": None}


def test_differences_are_paired():
    # Users differ by 10, the two rankers by 1 for each user: paired, the difference is 1 without spread.
    values = np.array([0.0, 10.0, 20.0, 30.0])
    assert Bootstrap(4, n_resamples=100).difference(values + 1, values) == {"mean": 1.0, "low": 1.0, "high": 1.0}


def test_the_interval_is_that_of_a_mean():
    # 400 coins: the standard error is 0.5 / 20 = 0.025, so the interval is about ± 0.049.
    coins = np.tile([0.0, 1.0], 200)
    found = Bootstrap(400, n_resamples=2000, seed=3).interval(coins)
    assert found["low"] == pytest.approx(0.451, abs=0.008)
    assert found["high"] == pytest.approx(0.549, abs=0.008)
