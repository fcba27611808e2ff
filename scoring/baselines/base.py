"""What every baseline is: something that learns from training rows and returns a ranker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scoring.data.catalogue import IndexArray
    from scoring.evaluation.metrics import Scores
    from scoring.evaluation.protocol import Ranker
    from scoring.evaluation.split import Interactions

ByCandidate: TypeAlias = npt.NDArray[np.floating[Any]]
"""A number for each candidate, shape ``(n_candidates,)``."""


class Baseline(Protocol):
    """A way to rank that the scorer is measured against; the conformance suite holds for each of them."""

    @property
    def name(self) -> str:
        """Name in ``metrics.json`` and in tables."""
        ...

    def fit(self, train: Interactions, /) -> Ranker:
        """Learn from training rows; the ranker also accepts users without a row, whom popularity serves."""
        ...


@dataclass(frozen=True)
class UserRows:
    """A ranker that knows its training users by row number.

    Attributes:
        train: The rows that it learned from.
        known: Scores users by ``user_index``, shape ``(n_users, n_candidates)``.
        unknown: Scores that a user without a row gets.
    """

    train: Interactions
    known: Callable[[IndexArray], Scores]
    unknown: ByCandidate

    def __call__(self, user_ids: Sequence[str], /) -> Scores:
        """Return ranking values, shape ``(len(user_ids), n_candidates)``.

        Args:
            user_ids: Shop ids.

        Returns:
            One row for each user.
        """
        rows = self.train.rows_of(user_ids)
        scores = np.repeat(self.unknown[None, :].astype(np.float32), len(rows), axis=0)
        if (rows >= 0).any():
            scores[rows >= 0] = self.known(rows[rows >= 0])
        return scores


def n_buyers(train: Interactions) -> ByCandidate:
    """Return how many users have a row of each candidate.

    Args:
        train: Training rows.

    Returns:
        Distinct users, shape ``(n_candidates,)``.
    """
    return np.bincount(train.matrix().indices, minlength=train.n_candidates).astype(np.float64)
