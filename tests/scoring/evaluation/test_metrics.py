"""Ranking metrics: hand-worked answers, then agreement with loops written from the definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scoring.errors import SettingError, ShapeError
from scoring.evaluation import metrics


def test_top_k_puts_the_best_first_and_the_first_column_first_among_equals() -> None:
    scores = np.array([[0.1, 0.9, 0.5, 0.9], [2.0, 2.0, 2.0, 2.0], [-np.inf, 0.0, -1.0, -np.inf]])
    np.testing.assert_array_equal(metrics.top_k(scores, 3), [[1, 3, 2], [0, 1, 2], [1, 2, 0]])


def test_top_k_returns_all_columns_when_k_is_larger() -> None:
    np.testing.assert_array_equal(metrics.top_k(np.array([[1.0, 3.0]]), 10), [[1, 0]])


@given(
    scores=hnp.arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 12)), elements=st.integers(-2, 2)),
    k=st.integers(1, 15),
)
def test_top_k_agrees_with_a_stable_sort(scores: np.ndarray, k: int) -> None:
    np.testing.assert_array_equal(metrics.top_k(scores, k), np.argsort(-scores, axis=1, kind="stable")[:, :k])


def test_recall_is_a_share_of_what_k_places_could_hold_and_ndcg_of_the_ideal() -> None:
    # k = 3. Hits of user 0 at places 1 and 3 of 2 relevant, of user 1 at place 2 of 5, of user 2 none of 1; user 3 asks
    # nothing. Places are worth 1, 1/log2(3) = 0.63093 and 1/log2(4) = 0.5.
    relevant = np.zeros((4, 8), dtype=bool)
    relevant[0, [0, 2]] = relevant[1, [1, 4, 5, 6, 7]] = relevant[2, 3] = True
    recall, ndcg = metrics.recall_and_ndcg(np.tile(-np.arange(8.0), (4, 1)), relevant, 3)
    second = 1 / math.log2(3)
    np.testing.assert_allclose(recall, [1.0, 1 / 3, 0.0, np.nan], rtol=1e-15)
    np.testing.assert_allclose(ndcg, [1.5 / (1 + second), second / (1.5 + second), 0.0, np.nan], rtol=1e-15)


@given(relevant=hnp.arrays(np.bool_, st.tuples(st.integers(1, 6), st.integers(1, 12))), k=st.integers(1, 13))
def test_metrics_agree_with_loops(relevant: np.ndarray, k: int) -> None:
    scores = np.tile(-np.arange(relevant.shape[1], dtype=float), (len(relevant), 1))
    for row, recall, ndcg in zip(relevant, *metrics.recall_and_ndcg(scores, relevant, k), strict=True):
        most = min(k, int(row.sum()))
        if not most:
            assert math.isnan(recall)
            continue
        dcg = sum(1 / math.log2(place + 2) for place, hit in enumerate(row[:k]) if hit)
        assert ndcg == pytest.approx(dcg / sum(1 / math.log2(place + 2) for place in range(most)), rel=1e-12)
        assert recall == pytest.approx(sum(row[:k]) / most, rel=1e-12)


def calibration_error(probability: np.ndarray, outcome: np.ndarray) -> float:
    """Return the expected calibration error."""
    return float(np.abs(metrics.calibration_gaps(probability, outcome)).sum() / probability.size)


def test_calibration_error_weighs_each_bin_by_its_pairs() -> None:
    # [1/15, 2/15): promised 0.1 + 0.12, happened 1, gap 0.78; [12/15, 13/15): 0.81 + 0.82, 2, 0.37; 1.15 / 4 pairs
    probability, outcome = np.array([0.1, 0.81, 0.12, 0.82]), np.array([False, True, True, True])
    assert calibration_error(probability, outcome) == pytest.approx(0.2875, rel=1e-14)


def test_calibration_error_is_zero_for_what_is_kept_and_counts_a_promise_of_one() -> None:
    outcome = np.array([True, False, True, False])
    assert calibration_error(np.full(4, 0.5), outcome) == 0.0
    assert calibration_error(np.ones(4), outcome) == 0.5


def test_calibration_gaps_of_blocks_add_up() -> None:
    rng = np.random.default_rng(0)
    probability, outcome = rng.random((6, 5)), rng.random((6, 5)) < 0.3
    blocks = metrics.calibration_gaps(probability[:2], outcome[:2]) + metrics.calibration_gaps(
        probability[2:], outcome[2:]
    )
    np.testing.assert_allclose(blocks, metrics.calibration_gaps(probability, outcome), atol=1e-14)


def test_top_k_refuses_no_places() -> None:
    with pytest.raises(SettingError, match="k is 0 but at least 1 place is needed"):
        metrics.top_k(np.zeros((1, 2)), 0)


def test_top_k_refuses_nan() -> None:
    with pytest.raises(ShapeError, match="1 of 2 scores are NaN but an order needs numbers"):
        metrics.top_k(np.array([[np.nan, 1.0]]), 1)


@pytest.mark.parametrize(
    ("probability", "outcome", "message"),
    [
        ([0.5, 0.5], [True], r"probability has shape \(2,\) and outcome \(1,\)"),
        ([], [], "equal, non-empty shapes are needed"),
        ([0.2, 1.5], [True, False], r"probability runs from 0.2 to 1.5 but must lie within \[0, 1\]"),
        ([0.2, np.nan], [True, False], r"must lie within \[0, 1\]"),
    ],
)
def test_calibration_error_refuses_what_is_no_probability(
    probability: list[float], outcome: list[bool], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        metrics.calibration_gaps(np.array(probability), np.array(outcome, dtype=bool))
