"""What lists show at all, and whether promised probabilities are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from llm_explain.evaluation.bootstrap import Values


def exposure(top: npt.NDArray[np.int64], popularity: Values, truth_popularity: float) -> dict[str, float]:
    """Return how widely lists draw on the catalogue, and how much they prefer what sells anyway.

    Sources: Adomavicius & Kwon (2012), doi:10.1109/TKDE.2011.15 (aggregate diversity, Gini); Yin et al. (2012),
    "Challenging the long tail recommendation", arXiv:1205.6700 (average recommendation popularity).

    Args:
        top: Candidates in the lists, shape ``(n_users, k)``.
        popularity: Recent buyers of each candidate, shape ``(n_candidates,)``.
        truth_popularity: Mean popularity of what users really bought.

    Returns:
        ``coverage`` (share of candidates in any list), ``gini`` of how often candidates are shown (0 when all are shown
        alike), ``mean_popularity`` of what is shown, and ``popularity_lift``, its ratio to what is really bought.
    """
    shown = np.bincount(top.ravel(), minlength=len(popularity)).astype(np.float64)
    mean = float(popularity[top].mean())
    return {
        "coverage": float((shown > 0).mean()),
        "gini": gini(shown),
        "mean_popularity": mean,
        "popularity_lift": mean / truth_popularity if truth_popularity else float("nan"),
    }


def gini(values: Values) -> float:
    """Return the Gini coefficient of numbers that are not negative: 0 when all are equal, near 1 when one has all."""
    ordered = np.sort(values)
    n, total = len(ordered), ordered.sum()
    if not n or not total:
        return 0.0
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def calibration(promised: Values, happened: npt.NDArray[np.bool_], *, n_bins: int = 10) -> dict[str, Any]:
    """Return how far promised probabilities are from what happened.

    Sources: Naeini, Cooper & Hauskrecht (2015) (expected calibration error); Brier (1950).

    Args:
        promised: Probabilities.
        happened: What happened.
        n_bins: Bins of equal width.

    Returns:
        ``ece``, ``brier``, ``pairs``, and ``bins`` with the mean promise, the share that happened and the pairs.
    """
    bins = np.minimum((promised * n_bins).astype(np.int64), n_bins - 1)
    count = np.bincount(bins, minlength=n_bins)
    used = np.flatnonzero(count)
    promise = np.bincount(bins, promised, minlength=n_bins)[used] / count[used]
    share = np.bincount(bins, happened, minlength=n_bins)[used] / count[used]
    rows = zip(promise.tolist(), share.tolist(), count[used].tolist(), strict=True)
    return {
        "ece": float(np.abs(promise - share) @ count[used] / len(promised)),
        "brier": float(((promised - happened) ** 2).mean()),
        "pairs": len(promised),
        "bins": [{"promised": p, "happened": h, "pairs": n} for p, h, n in rows],
    }
