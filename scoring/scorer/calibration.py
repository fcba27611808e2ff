"""From a score to the probability that the user buys the item within 30 days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoring.data.log import FloatArray

N_BINS = 60


@dataclass(frozen=True)
class Calibration:
    """A rising piecewise-linear map.

    Attributes:
        score: Scores at the knots, ascending, shape ``(n_knots,)``.
        probability: Probability at each knot, never falling, shape ``(n_knots,)``.
    """

    score: FloatArray
    probability: FloatArray

    def __call__(self, score: FloatArray) -> FloatArray:
        """Return probabilities.

        Args:
            score: Scores in logits, any shape.

        Returns:
            Probabilities, the same shape.
        """
        return np.interp(score, self.score, self.probability)

    @classmethod
    def fit(cls, score: FloatArray, bought: npt.NDArray[np.bool_], weight: FloatArray) -> Calibration:
        """Fit the map by isotonic regression over bins of equal numbers of purchases.

        Source: Zadrozny & Elkan (2002), Transforming classifier scores into accurate multiclass probability estimates.

        Args:
            score: Scores of (user, item) pairs, shape ``(n,)``.
            bought: Whether the user bought the item within the horizon, shape ``(n,)``.
            weight: How many pairs each stands for, shape ``(n,)``.

        Returns:
            The map.
        """
        from scipy.optimize import isotonic_regression  # for training alone; it takes 26 MB

        order = np.argsort(score, kind="stable")
        score, hits, weight = score[order], (bought * weight)[order], weight[order]
        edge = np.linspace(0, max(float(hits.sum()), 1e-9), N_BINS + 1)[1:-1]
        bins = np.searchsorted(edge, np.cumsum(hits), side="left")
        total = np.bincount(bins, weight)
        used = total > 0
        total = total[used]
        mean = np.bincount(bins, score * weight)[used] / total
        rate = np.bincount(bins, hits)[used] / total
        return cls(mean, isotonic_regression(rate, weights=total).x)
