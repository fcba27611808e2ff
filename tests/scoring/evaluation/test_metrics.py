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

HITS = np.array([[True, False, True], [False, True, False], [False, False, False]])
N_RELEVANT = np.array([2, 5, 1])


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


def test_recall_is_a_share_of_what_k_places_could_hold() -> None:
    # 2 hits of min(3, 2) · 1 hit of min(3, 5) · none
    np.testing.assert_allclose(metrics.recall(HITS, N_RELEVANT), [1.0, 1 / 3, 0.0], rtol=1e-15)


def test_ndcg_divides_by_the_ideal_at_the_same_number_of_relevant_items() -> None:
    # places are worth 1, 1/log2(3) = 0.63093 and 1/log2(4) = 0.5
    # user 0: (1 + 0.5) / (1 + 0.63093);  user 1: 0.63093 / (1 + 0.63093 + 0.5);  user 2: 0 / 1
    second = 1 / math.log2(3)
    expected = [1.5 / (1 + second), second / (1.5 + second), 0.0]
    np.testing.assert_allclose(metrics.ndcg(HITS, N_RELEVANT), expected, rtol=1e-15)


@given(hits=hnp.arrays(np.bool_, st.tuples(st.integers(1, 6), st.integers(1, 12))), more=st.integers(1, 9))
def test_metrics_agree_with_loops_and_stay_between_zero_and_one(hits: np.ndarray, more: int) -> None:
    n_relevant = hits.sum(axis=1) + more
    k = hits.shape[1]
    for u, (row, n) in enumerate(zip(hits, n_relevant, strict=True)):
        dcg = sum(1 / math.log2(place + 2) for place, hit in enumerate(row) if hit)
        ideal = sum(1 / math.log2(place + 2) for place in range(min(k, int(n))))
        assert metrics.ndcg(hits, n_relevant)[u] == pytest.approx(dcg / ideal, rel=1e-12)
        assert metrics.recall(hits, n_relevant)[u] == pytest.approx(sum(row) / min(k, int(n)), rel=1e-12)
    for values in (metrics.ndcg(hits, n_relevant), metrics.recall(hits, n_relevant)):
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()


def calibration_error(probability: np.ndarray, outcome: np.ndarray, *, n_bins: int = 15) -> float:
    """Return the expected calibration error."""
    return float(np.abs(metrics.calibration_gaps(probability, outcome, n_bins=n_bins)).sum() / probability.size)


def test_calibration_error_weighs_each_bin_by_its_pairs() -> None:
    # two bins: promised 0.1 + 0.3, happened 1 → gap 0.6; promised 0.8 + 0.9, happened 2 → gap 0.3; 0.9 / 4 pairs
    probability, outcome = np.array([0.1, 0.8, 0.3, 0.9]), np.array([False, True, True, True])
    assert calibration_error(probability, outcome, n_bins=2) == pytest.approx(0.225, rel=1e-15)


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


def test_recall_refuses_users_without_truth() -> None:
    with pytest.raises(ShapeError, match="1 users have no relevant item but a mean needs at least one each"):
        metrics.recall(HITS, np.array([1, 0, 1]))


def test_ndcg_refuses_counts_of_other_users() -> None:
    with pytest.raises(ShapeError, match=r"hits has 3 users but n_relevant has shape \(2,\)"):
        metrics.ndcg(HITS, np.array([1, 1]))


@pytest.mark.parametrize(
    ("probability", "outcome", "n_bins", "error", "message"),
    [
        ([0.5, 0.5], [True], 15, ShapeError, r"probability has shape \(2,\) and outcome \(1,\)"),
        ([], [], 15, ShapeError, "equal, non-empty shapes are needed"),
        ([0.2, 1.5], [True, False], 15, ShapeError, r"probability runs from 0.2 to 1.5 but must lie within \[0, 1\]"),
        ([0.2, np.nan], [True, False], 15, ShapeError, r"must lie within \[0, 1\]"),
        ([0.2], [True], 0, SettingError, "n_bins is 0 but at least 1 bin is needed"),
    ],
)
def test_calibration_error_refuses_what_is_no_probability(
    probability: list[float], outcome: list[bool], n_bins: int, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        metrics.calibration_gaps(np.array(probability), np.array(outcome, dtype=bool), n_bins=n_bins)
