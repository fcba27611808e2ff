"""Ranking metrics and calibration error, one value for each user.

Averages are left to the caller, so that two rankers can be compared user by user. Relevance is binary.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from scoring.errors import SettingError, ShapeError

Scores: TypeAlias = npt.NDArray[np.floating[Any]]
"""Ranking values, shape ``(n_users, n_candidates)``; larger is better, −inf is never recommended."""

Relevant: TypeAlias = npt.NDArray[np.bool_]
"""Which candidates are relevant, shape ``(n_users, n_candidates)``."""

PerUser: TypeAlias = npt.NDArray[np.float64]
"""Metrics of each user; the last axis is that of the users."""

N_BINS = 15
"""Bins of promised probabilities, which divide [0, 1] evenly."""


def top_k(scores: Scores, k: int) -> npt.NDArray[np.int64]:
    """Return the k best columns of each row, best first; among equals the first column wins.

    Args:
        scores: Ranking values without NaN.
        k: Places to fill; at most the number of columns is returned.

    Returns:
        Column numbers, shape ``(n_users, min(k, n_candidates))``.

    Raises:
        SettingError: If k is less than 1.
        ShapeError: If a score is NaN, which has no place in an order.
    """
    if k < 1:
        raise SettingError(f"k is {k} but at least 1 place is needed. Ask for 1 or more.")
    if np.isnan(scores).any():
        raise ShapeError(
            f"{int(np.isnan(scores).sum())} of {scores.size} scores are NaN but an order needs numbers. "
            "Score an item that cannot be recommended as -inf."
        )
    n_users, n_candidates = scores.shape
    k = min(k, n_candidates)
    bar = np.partition(scores, n_candidates - k, axis=1)[:, n_candidates - k, None]  # the k-th best value
    above, level = scores > bar, scores == bar
    level &= level.cumsum(axis=1) <= k - above.sum(axis=1, keepdims=True)
    columns = np.nonzero(above | level)[1].reshape(n_users, k)
    order = np.argsort(-np.take_along_axis(scores, columns, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(columns, order, axis=1), dtype=np.int64)


def recall_and_ndcg(scores: Scores, relevant: Relevant, k: int = 10) -> PerUser:
    """Return recall and NDCG of each user's k best candidates.

    Recall is hits / min(k, relevant). NDCG has a binary gain, and its ideal has hits at places 1 … min(k, relevant).
    Source: Järvelin & Kekäläinen (2002), doi:10.1145/582415.582418.

    Args:
        scores: Ranking values without NaN.
        relevant: Which candidates are relevant, the same shape; none that scores −inf.
        k: Places that count.

    Returns:
        Both metrics, NaN for a user without a relevant candidate, shape ``(2, n_users)``.
    """
    asked = relevant.any(axis=1)
    hits = np.take_along_axis(relevant, top_k(scores, k), axis=1)[asked]
    most = np.minimum(relevant.sum(axis=1)[asked], hits.shape[1])
    discount = 1.0 / np.log2(np.arange(2, hits.shape[1] + 2))
    found = np.full((2, len(scores)), np.nan)
    found[:, asked] = hits.sum(axis=1) / most, hits @ discount / discount.cumsum()[most - 1]
    return found


def calibration_gaps(
    probability: npt.NDArray[np.floating[Any]], outcome: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """Return Σ promised − Σ happened in bins of equal width; gaps of several blocks of pairs add up.

    Their absolute sum over the number of pairs is the expected calibration error. Source: Naeini, Cooper & Hauskrecht
    (2015), "Obtaining well calibrated probabilities using Bayesian binning".

    Args:
        probability: Promised probabilities, any shape.
        outcome: What happened, the same shape.

    Returns:
        Gaps, shape ``(N_BINS,)``.

    Raises:
        ShapeError: If the two differ in shape, are empty, or a probability lies outside [0, 1].
    """
    if probability.shape != outcome.shape or probability.size == 0:
        raise ShapeError(
            f"probability has shape {probability.shape} and outcome {outcome.shape} but two equal, non-empty shapes "
            "are needed. Give one outcome for each probability."
        )
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ShapeError(
            f"probability runs from {probability.min():.4g} to {probability.max():.4g} but must lie within [0, 1]. "
            "Pass scores through the calibrated sigmoid first."
        )
    promised = probability.astype(np.float64).ravel()
    bins = np.minimum((promised * N_BINS).astype(np.int64), N_BINS - 1)
    return np.asarray(np.bincount(bins, promised - outcome.ravel(), N_BINS), dtype=np.float64)
