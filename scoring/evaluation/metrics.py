"""Ranking metrics and calibration error, one value for each user.

A ranking enters as ``hits``: whether the item at each of a user's first k places is relevant. ``n_relevant`` is how
many items are relevant to the user in all. Averages are left to the caller, so that two rankers can be compared user
by user. Relevance is binary.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from scoring.errors import SettingError, ShapeError

Scores: TypeAlias = npt.NDArray[np.floating[Any]]
"""Ranking values, shape ``(n_users, n_candidates)``; larger is better, −inf is never recommended."""

Hits: TypeAlias = npt.NDArray[np.bool_]
"""Relevance of what stands at each place, shape ``(n_users, k)``."""

Counts: TypeAlias = npt.NDArray[np.int64]
"""How many items are relevant, shape ``(n_users,)``."""

PerUser: TypeAlias = npt.NDArray[np.float64]
"""A metric of each user, shape ``(n_users,)``."""


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


def recall(hits: Hits, n_relevant: Counts) -> PerUser:
    """Return the hits as a share of those that k places could hold: hits / min(k, relevant).

    Args:
        hits: Relevance of the first k places.
        n_relevant: Relevant items of each user, at least 1.

    Returns:
        Recall of each user, between 0 and 1.
    """
    _check(hits, n_relevant)
    return np.asarray(hits.sum(axis=1) / np.minimum(n_relevant, hits.shape[1]), dtype=np.float64)


def ndcg(hits: Hits, n_relevant: Counts) -> PerUser:
    """Return the normalised discounted cumulative gain with binary gain.

    The ideal ranking has its hits at places 1 … min(k, relevant).
    Source: Järvelin & Kekäläinen (2002), doi:10.1145/582415.582418.

    Args:
        hits: Relevance of the first k places.
        n_relevant: Relevant items of each user, at least 1.

    Returns:
        NDCG of each user, between 0 and 1.
    """
    _check(hits, n_relevant)
    k = hits.shape[1]
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = discount.cumsum()[np.minimum(n_relevant, k) - 1]
    return np.asarray(hits @ discount / ideal, dtype=np.float64)


def calibration_gaps(
    probability: npt.NDArray[np.floating[Any]], outcome: npt.NDArray[np.bool_], *, n_bins: int = 15
) -> npt.NDArray[np.float64]:
    """Return Σ promised − Σ happened in bins of equal width; gaps of several blocks of pairs add up.

    Their absolute sum over the number of pairs is the expected calibration error. Source: Naeini, Cooper & Hauskrecht
    (2015), "Obtaining well calibrated probabilities using Bayesian binning".

    Args:
        probability: Promised probabilities, any shape.
        outcome: What happened, the same shape.
        n_bins: Bins that divide [0, 1] evenly.

    Returns:
        Gaps, shape ``(n_bins,)``.

    Raises:
        ShapeError: If the two differ in shape, are empty, or a probability lies outside [0, 1].
        SettingError: If there is no bin.
    """
    if probability.shape != outcome.shape or probability.size == 0:
        raise ShapeError(
            f"probability has shape {probability.shape} and outcome {outcome.shape} but two equal, non-empty shapes "
            "are needed. Give one outcome for each probability."
        )
    if n_bins < 1:
        raise SettingError(f"n_bins is {n_bins} but at least 1 bin is needed. Use 10 or 15.")
    if not ((probability >= 0) & (probability <= 1)).all():
        raise ShapeError(
            f"probability runs from {probability.min():.4g} to {probability.max():.4g} but must lie within [0, 1]. "
            "Pass scores through the calibrated sigmoid first."
        )
    promised = probability.astype(np.float64).ravel()
    bins = np.minimum((promised * n_bins).astype(np.int64), n_bins - 1)
    return np.asarray(np.bincount(bins, promised - outcome.ravel(), n_bins), dtype=np.float64)


def _check(hits: Hits, n_relevant: Counts) -> None:
    if n_relevant.shape != hits.shape[:1]:
        raise ShapeError(
            f"hits has {hits.shape[0]} users but n_relevant has shape {n_relevant.shape}. Give one count for each user."
        )
    if (n_relevant < 1).any():
        raise ShapeError(
            f"{int((n_relevant < 1).sum())} users have no relevant item but a mean needs at least one each. "
            "Leave these users out."
        )
