"""Items that sell nothing in most weeks, or that have stopped selling: rates, and ranges by the item's own past.

Source: Teunter, Syntetos & Babai (2011), "Intermittent demand: linking forecasting to inventory obsolescence".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from scoring.demand.panel import Flags, Floats, Rows

WINDOW: Final = 52
"""Weeks of history that tell whether an item is intermittent, and how much it may sell."""

_MOST_ZEROS = 0.5
_SMOOTHING = 0.1
_STOPPED = 0.01
"""Chance of a silence, at the item's rate before it, below which the item has stopped selling."""

_SEASON_WEEKS = 4
_LEAST_WINDOWS = 10


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


def silent_weeks(units: Floats) -> Rows:
    """Return the known weeks since the last sale, shape ``(n,)``; all of them for a series without any sale."""
    known = np.isfinite(units)
    sold_later = (known & (units > 0))[:, ::-1].cumsum(axis=1)[:, ::-1]
    weeks: Rows = (known & (sold_later == 0)).sum(axis=1)
    return weeks


def has_stopped(units: Floats) -> Flags:
    """Return which series have been silent for so long that chance does not explain it.

    A series that was silent in the four weeks up to the same week of the last year is seasonal, and has not stopped.

    Args:
        units: Known weekly units, NaN where unknown, shape ``(n, n_weeks)``.

    Returns:
        Flags, shape ``(n,)``.
    """
    recent, silence = units[:, -WINDOW:], silent_weeks(units)
    known = np.isfinite(recent).sum(axis=1) - silence
    chance = (recent > 0).sum(axis=1) / np.maximum(known, 1)
    stopped = (chance > 0) & ((1 - chance) ** silence < _STOPPED) & (silence > 0)
    year_ago = units[:, -WINDOW - _SEASON_WEEKS : -WINDOW]
    is_seasonal = (year_ago == 0).all(axis=1) & (year_ago.shape[1] == _SEASON_WEEKS)
    flags: Flags = stopped & ~is_seasonal
    return flags


def resumption(units: Floats, levels: Floats, weeks: int = 1) -> tuple[float, Floats]:
    """Return the expected units, and quantiles, of the coming weeks of a series that has stopped selling.

    After k silent weeks, the next n weeks have a sale with probability n / (k + n + 1) (Laplace's rule of succession).
    A sale is as large as in the year before the silence, and sales resume half way through the n weeks.

    Args:
        units: Known weekly units, NaN where unknown, shape ``(n_weeks,)``.
        levels: Quantile levels from 0 to 1, shape ``(k,)``.
        weeks: Number of coming weeks together.

    Returns:
        Units, and quantiles of shape ``(k,)``.
    """
    known = units[np.isfinite(units)]
    silence = int(silent_weeks(known[None])[0])
    before = known[: len(known) - silence][-WINDOW:]
    chance = weeks / (silence + weeks + 1)
    left = min((weeks + 1) // 2, len(before))
    sums = np.lib.stride_tricks.sliding_window_view(before, left).sum(axis=1)
    within = np.clip((levels - (1 - chance)) / chance, 0.0, 1.0)
    quantiles = np.where(levels > 1 - chance, np.quantile(sums[sums > 0], within), 0.0)
    return weeks * float(before[before > 0].mean()) / (silence + 2), quantiles


def expected_units(units: Floats, weeks: int = 1) -> Floats:
    """Return the expected units of some coming weeks: by ``tsb_rate``, or what followed silences like the present one.

    Args:
        units: Known weekly units, NaN where unknown, shape ``(n, n_weeks)``.
        weeks: Number of coming weeks together.

    Returns:
        Units, shape ``(n,)``; 0 for a series without any sale.
    """
    windows, is_quiet = _windows(units, weeks)
    count, total = np.isfinite(windows).sum(axis=1), np.nansum(windows, axis=1)
    found: Floats = np.where(is_quiet, total / np.maximum(count, 1), weeks * tsb_rate(units))
    return found


def _windows(units: Floats, weeks: int) -> tuple[Floats, Flags]:
    """Return the units of each window of the last year, NaN for one that does not count, and which series are quiet.

    A series is quiet after four weeks without a sale, if ten windows of the year began so. These windows count alone:
    a seasonal item that stands still is not ordered for its season.
    """
    recent = units[:, -WINDOW - weeks + 1 :]
    if recent.shape[1] < weeks:
        return np.full((len(units), 1), np.nan), np.zeros(len(units), dtype=bool)
    windows = np.lib.stride_tricks.sliding_window_view(recent, weeks, axis=1).sum(axis=2)
    first, n = units.shape[1] - recent.shape[1], windows.shape[1]
    before = np.pad(units, ((0, 0), (_SEASON_WEEKS, 0)), constant_values=np.nan)
    silent = np.lib.stride_tricks.sliding_window_view(before, _SEASON_WEEKS, axis=1)[:, first:].sum(axis=2) == 0
    fits = silent[:, :n] & np.isfinite(windows)
    is_quiet = silent[:, -1] & (fits.sum(axis=1) >= _LEAST_WINDOWS)
    return np.where(is_quiet[:, None] & ~fits, np.nan, windows), is_quiet


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
    """Return quantiles of the units of some weeks together, from the windows of the last year that count.

    The lowest and the highest window stand for the ends, as in conformal prediction: few windows give a wide range.

    Args:
        units: Known weekly units, NaN where unknown, shape ``(n, n_weeks)``.
        levels: Quantile levels from 0 to 1, shape ``(k,)``.
        weeks: Length of the windows.

    Returns:
        Quantiles, shape ``(n, k)``; NaN for a series without a whole window.
    """
    windows, _ = _windows(units, weeks)
    ordered = np.sort(windows, axis=1)  # NaN last
    n = np.isfinite(windows).sum(axis=1)
    found = np.full((len(units), len(levels)), np.nan)
    rows = np.arange(len(units))
    for place, level in enumerate(levels):
        rank = np.floor((n + 1) * level) if level < 0.5 else np.ceil((n + 1) * level)
        found[:, place] = ordered[rows, np.clip(rank - 1, 0, np.maximum(n - 1, 0)).astype(int)]
    return found
