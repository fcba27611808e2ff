"""Items that sell nothing in most weeks: the rate by TSB, the range by the item's own past.

Source: Teunter, Syntetos & Babai (2011), "Intermittent demand: linking forecasting to inventory obsolescence".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from scoring.demand.panel import Flags, Floats

WINDOW: Final = 52
"""Weeks of history that tell whether an item is intermittent, and how much it may sell."""

_MOST_ZEROS = 0.5
_SMOOTHING = 0.1


def is_intermittent(units: Floats) -> Flags:
    """Return which series sold nothing in more than half of the known weeks of the last year.

    Args:
        units: Known weekly units, NaN where unknown, shape ``(n, n_weeks)``.

    Returns:
        Flags, shape ``(n,)``.
    """
    recent = units[:, -WINDOW:]
    known = np.isfinite(recent)
    zeros = (known & (recent == 0)).sum(axis=1)
    flags: Flags = zeros > _MOST_ZEROS * np.maximum(known.sum(axis=1), 1)
    return flags


def tsb_rate(units: Floats) -> Floats:
    """Return the expected units of a week: the smoothed chance of a sale times the smoothed size of one.

    Args:
        units: Known weekly units, NaN where unknown, shape ``(n, n_weeks)``.

    Returns:
        Rates, shape ``(n,)``; 0 for a series without any sale.
    """
    known = np.isfinite(units)
    sold = known & (units > 0)
    count = np.maximum(known.sum(axis=1), 1)
    chance = sold.sum(axis=1) / count
    size = np.where(sold, units, 0.0).sum(axis=1) / np.maximum(sold.sum(axis=1), 1)
    for week in range(units.shape[1]):
        now, is_sold = known[:, week], sold[:, week]
        chance = np.where(now, chance + _SMOOTHING * (is_sold - chance), chance)
        size = np.where(is_sold, size + _SMOOTHING * (np.nan_to_num(units[:, week]) - size), size)
    rate: Floats = chance * size
    return rate


def empirical_quantiles(units: Floats, levels: Floats, weeks: int = 1) -> Floats:
    """Return quantiles of the units of some weeks together, from the windows of the last year.

    The lowest and the highest window stand for the ends, as in conformal prediction: few windows give a wide range.

    Args:
        units: Known weekly units, NaN where unknown, shape ``(n, n_weeks)``.
        levels: Quantile levels from 0 to 1, shape ``(k,)``.
        weeks: Length of the windows.

    Returns:
        Quantiles, shape ``(n, k)``; NaN for a series without a whole window.
    """
    recent = units[:, -WINDOW - weeks + 1 :]
    if recent.shape[1] < weeks:
        return np.full((len(units), len(levels)), np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(recent, weeks, axis=1).sum(axis=2)
    ordered = np.sort(windows, axis=1)  # NaN last
    n = np.isfinite(windows).sum(axis=1)
    found = np.full((len(units), len(levels)), np.nan)
    rows = np.arange(len(units))
    for place, level in enumerate(levels):
        rank = np.floor((n + 1) * level) if level < 0.5 else np.ceil((n + 1) * level)
        found[:, place] = ordered[rows, np.clip(rank - 1, 0, np.maximum(n - 1, 0)).astype(int)]
    return found
