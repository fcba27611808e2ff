"""Confidence intervals by resampling users.

Source: Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 13 (percentile intervals).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

Values = npt.NDArray[np.float64]
"""A number for each unit that is resampled, shape ``(n,)``; NaN where a unit has none."""

LEVELS = (2.5, 97.5)


class Bootstrap:
    """Resamples units; the same ones for every metric, so that differences are paired.

    Args:
        n_units: Units, usually users.
        n_resamples: How often they are drawn.
        seed: Source of chance.
    """

    def __init__(self, n_units: int, *, n_resamples: int = 1000, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        shares = np.full(n_units, 1.0 / n_units) if n_units else np.zeros(0)
        self._times = rng.multinomial(n_units, shares, size=n_resamples).astype(np.float64)  # (n_resamples, n_units)

    def means(self, values: Values) -> Values:
        """Return the mean of each resample, units without a value left out, shape ``(n_resamples,)``."""
        known = np.isfinite(values)
        times = self._times[:, known]
        weight = times.sum(axis=1)
        return np.asarray((times @ values[known]) / np.where(weight > 0, weight, np.nan), dtype=np.float64)

    def interval(self, values: Values) -> dict[str, float | None]:
        """Return a mean with its interval.

        Args:
            values: A number for each unit.

        Returns:
            ``mean``, ``low``, ``high``; each ``None`` where no unit has a value.
        """
        known = values[np.isfinite(values)]
        if not len(known):
            return {"mean": None, "low": None, "high": None}
        low, high = np.nanpercentile(self.means(values), LEVELS)
        return {"mean": float(known.mean()), "low": float(low), "high": float(high)}

    def difference(self, values: Values, others: Values) -> dict[str, float | None]:
        """Return the mean paired difference with its interval.

        Args:
            values: A number for each unit.
            others: What it is compared with, unit by unit.

        Returns:
            ``mean``, ``low``, ``high`` of values less others.
        """
        return self.interval(values - others)

    def table(self, metrics: Mapping[str, Values]) -> dict[str, Any]:
        """Return the interval of each metric."""
        return {name: self.interval(values) for name, values in metrics.items()}
