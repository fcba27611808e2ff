"""Measures of a risk: ranking (AUC), calibration (ECE), and the logistic fit that calibrates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.special import expit
from scipy.stats import rankdata

if TYPE_CHECKING:
    from scoring.boosting.additive import Floats

N_BINS: Final = 10
N_STEPS: Final = 25
N_DRAWS: Final = 200
TWO_SIDED: Final = 1.96
MIN_ERRORS: Final = 2.0
"""Standard errors that a calibration must gain on held-out rows to be used."""


def auc(y: Floats, score: Floats) -> float:
    """Return the share of pairs of a positive and a negative row that the score puts in order; ties count half.

    Args:
        y: Labels 0 and 1, shape ``(n,)``.
        score: Scores, shape ``(n,)``.

    Returns:
        Area under the ROC curve; NaN if one class is missing.
    """
    positive = y > 0
    n1, n0 = int(positive.sum()), int((~positive).sum())
    if not n1 or not n0:
        return float("nan")
    return float((rankdata(score)[positive].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def auc_margin(y: Floats, score: Floats) -> float:
    """Return half the width of the 95 % interval of the AUC.

    Source: DeLong et al. (1988), Comparing the areas under two or more correlated ROC curves.

    Args:
        y: Labels 0 and 1, shape ``(n,)``.
        score: Scores, shape ``(n,)``.

    Returns:
        The margin; NaN if a class has fewer than two rows.
    """
    above = [rankdata(score)[own] - rankdata(score[own]) for own in (y > 0, y <= 0)]  # rows of the other class below
    sizes = [len(each) for each in above]
    if min(sizes) < 2:  # a variance needs two rows
        return float("nan")
    variances = [(each / other).var(ddof=1) / len(each) for each, other in zip(above, reversed(sizes), strict=True)]
    return float(TWO_SIDED * np.sqrt(sum(variances)))


def ece_of_right_risks(risk: Floats, *, seed: int = 0) -> float:
    """Return the calibration error that risks exceed in 5 % of the cases although they are right.

    Args:
        risk: Probabilities, shape ``(n,)``.
        seed: Seed of the simulated labels.

    Returns:
        The 95 % quantile of ``ece`` of labels that are drawn by the risks.
    """
    draws = np.random.default_rng(seed)
    return float(
        np.quantile([ece((draws.random(len(risk)) < risk).astype(np.float64), risk) for _ in range(N_DRAWS)], 0.95)
    )


def ece(y: Floats, risk: Floats) -> float:
    """Return the expected calibration error over ten bins of equal width.

    Source: Guo et al. (2017), On calibration of modern neural networks, arXiv:1706.04599.

    Args:
        y: Labels 0 and 1, shape ``(n,)``.
        risk: Probabilities, shape ``(n,)``.

    Returns:
        Mean difference of risk and rate, weighted by rows.
    """
    bins = np.minimum((risk * N_BINS).astype(np.int64), N_BINS - 1)
    gap = np.bincount(bins, risk - y, N_BINS)
    return float(np.abs(gap).sum() / len(y))


def log_losses(y: Floats, score: Floats) -> Floats:
    """Return the log loss of each row, shape ``(n,)``."""
    return np.asarray(np.logaddexp(0.0, score) - y * score)


def platt(y: Floats, score: Floats) -> tuple[float, float]:
    """Return slope and intercept of the logistic fit of labels on scores, by Newton's method.

    Source: Platt (1999), Probabilistic outputs for support vector machines.

    Args:
        y: Labels 0 and 1 of rows that the model has not learned from, shape ``(n,)``.
        score: Their logits, shape ``(n,)``.

    Returns:
        ``(1, 0)`` unless the fit lowers the log loss by at least two standard errors.
    """
    design = np.column_stack([score, np.ones(len(score))])
    weights = np.array([1.0, 0.0])
    for _ in range(N_STEPS):
        p = expit(design @ weights)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        weights = weights + np.linalg.solve(hessian, design.T @ (y - p))
    gain = log_losses(y, score) - log_losses(y, design @ weights)
    is_better = gain.mean() > MIN_ERRORS * gain.std() / np.sqrt(len(gain))
    return (float(weights[0]), float(weights[1])) if is_better and weights[0] > 0 else (1.0, 0.0)


def one_sided(y: Floats, column: Floats) -> float:
    """Return the AUC of one feature in its better direction; a missing value counts as the median."""
    known = column[~np.isnan(column)]
    filled = np.where(np.isnan(column), np.median(known) if len(known) else 0.0, column)
    found = auc(y, filled)
    return max(found, 1.0 - found)
