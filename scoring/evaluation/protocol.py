"""Evaluation of rankers on what users did after a time, given the events before it (docs/design.md §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt

from scoring.errors import ShapeError
from scoring.evaluation import metrics
from scoring.evaluation.metrics import Scores
from scoring.evaluation.split import Interactions, Split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["Interactions", "Ranker", "Split", "evaluate"]

BLOCK: Final = 256
"""Users that are scored in one call."""

N_CALIBRATION: Final = 100
"""``ece`` reads each user's best 100 candidates, which a shop might show, and not the many certain misses below."""


class Ranker(Protocol):
    """Anything that scores every candidate for some users."""

    def __call__(self, user_ids: Sequence[str], /) -> Scores:
        """Return ranking values in the order of ``Split.candidates``, shape ``(len(user_ids), n_candidates)``."""
        ...


def evaluate(
    ranker: Ranker,
    split: Split,
    *,
    k: int = 10,
    probability: Callable[[npt.NDArray[np.float64]], Scores] | None = None,
    block: int = BLOCK,
) -> dict[str, float]:
    """Return the mean metrics of a ranker over the test users.

    Keys that end in ``_new`` leave out the items that the user has a training row of, among candidates and relevant
    items. They are means over the users who still have a relevant item.

    Args:
        ranker: The ranker to measure.
        split: Training rows, test users and relevant items.
        k: Places that count.
        probability: Turns scores into calibrated probabilities; adds ``ece`` (over each user's best 100 candidates)
            and ``ece_all`` (over all of them).
        block: Users that are scored at once; memory grows with it, the result does not change.

    Returns:
        ``recall@k``, ``ndcg@k`` and ``n_users``, the same with ``_new``, and the errors.
    """
    blocks = []
    shown, everything = _Calibration(), _Calibration()
    for start in range(0, len(split.user_ids), block):
        users = slice(start, start + block)
        scores = _scored(ranker, split, users)
        relevant, bought = split.relevant[users].toarray() > 0, split.bought[users].toarray() > 0
        new = metrics.recall_and_ndcg(np.where(bought, -np.inf, scores), relevant & ~bought, k)
        blocks.append(np.stack([metrics.recall_and_ndcg(scores, relevant, k), new]))
        if probability is not None:
            promised, best = probability(scores.astype(np.float64)), metrics.top_k(scores, N_CALIBRATION)
            shown.add(np.take_along_axis(promised, best, axis=1), np.take_along_axis(relevant, best, axis=1))
            everything.add(promised, relevant)
    means: dict[str, float] = {}
    for suffix, values in zip(("", "_new"), np.concatenate(blocks, axis=2), strict=True):
        known = values[:, np.isfinite(values[0])]
        recall, ndcg = known.mean(axis=1).tolist() if known.size else (np.nan, np.nan)
        means |= {f"recall@{k}{suffix}": recall, f"ndcg@{k}{suffix}": ndcg, f"n_users{suffix}": float(known.shape[1])}
    return means if probability is None else means | {"ece": shown.error, "ece_all": everything.error}


class _Calibration:
    """Adds up calibration gaps of blocks of pairs."""

    def __init__(self) -> None:
        self.gaps: npt.NDArray[np.float64] | float = 0.0
        self.n_pairs = 0

    def add(self, probability: Scores, outcome: npt.NDArray[np.bool_]) -> None:
        self.gaps = self.gaps + metrics.calibration_gaps(probability, outcome)
        self.n_pairs += outcome.size

    @property
    def error(self) -> float:
        return float(np.abs(self.gaps).sum() / self.n_pairs)


def _scored(ranker: Ranker, split: Split, users: slice) -> Scores:
    user_ids = split.user_ids[users]
    scores = np.asarray(ranker(user_ids))
    expected = (len(user_ids), len(split.candidates))
    if scores.shape != expected:
        raise ShapeError(
            f"the ranker returned shape {scores.shape} for {expected[0]} users and {expected[1]} candidates but "
            f"{expected} is needed. Score every candidate of the split, in its order."
        )
    return scores
