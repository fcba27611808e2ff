"""Ranges that hold as often as they say: quantiles, stretched on validation weeks.

Source: Romano, Patterson & Candès (2019), "Conformalized quantile regression", arXiv:1905.03222, with one factor for
each end instead of one margin, so that a range grows with the spread of its series.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.demand.panel import Floats

LEVELS: Final = (50, 80, 90, 95)
"""Percent of the weeks that a range is to cover; the upper end of 90 is the usual service level."""

_LEAST_SPREAD = 0.01
"""Log units; a smaller spread would make factors explode."""


@dataclass(frozen=True)
class Stretch:
    """How far the ends of a range lie from the middle, in spreads of its side.

    Attributes:
        low: Factor of the lower side by level.
        high: Factor of the upper side by level.
    """

    low: Mapping[int, float]
    high: Mapping[int, float]

    @classmethod
    def fit(cls, middle: Floats, low: Floats, high: Floats, actual: Floats) -> Stretch:
        """Choose the factors so that each end is missed as often as it may be.

        Args:
            middle: Forecasts, shape ``(m,)``.
            low: Lower quantiles.
            high: Upper quantiles.
            actual: What happened.

        Returns:
            The factors; 1, or more for wider levels, if there is no validation row.
        """
        below = (middle - actual) / np.maximum(middle - low, _LEAST_SPREAD)
        above = (actual - middle) / np.maximum(high - middle, _LEAST_SPREAD)
        return cls(
            {level: _factor(below, level) for level in LEVELS}, {level: _factor(above, level) for level in LEVELS}
        )

    def of(self, middle: Floats, low: Floats, high: Floats, level: int) -> tuple[Floats, Floats]:
        """Return the ends of a range.

        Args:
            middle: Forecasts, shape ``(m,)``.
            low: Lower quantiles.
            high: Upper quantiles.
            level: Percent of the weeks that it is to cover.

        Returns:
            Lower and upper ends, each of shape ``(m,)``.
        """
        return (
            middle - self.low[level] * np.maximum(middle - low, _LEAST_SPREAD),
            middle + self.high[level] * np.maximum(high - middle, _LEAST_SPREAD),
        )


_UNFITTED = {50: 0.53, 80: 1.0, 90: 1.28, 95: 1.53}
"""Factors of a normal distribution, against its 80 % range."""


def _factor(scores: Floats, level: int) -> float:
    """Return the score that ``(100 - level) / 2`` percent of the rows exceed, the next one included."""
    n = len(scores)
    if not n:
        return _UNFITTED[level]
    share = min(1.0, (1 - (100 - level) / 200) * (n + 1) / n)
    return max(0.0, float(np.quantile(scores, share, method="higher")))
