"""Counting: what everyone buys, and what the user buys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoring.baselines.base import ByCandidate, UserRows, n_buyers

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.evaluation.metrics import Scores
    from scoring.evaluation.protocol import Ranker
    from scoring.evaluation.split import Interactions, Matrix


@dataclass(frozen=True)
class Popularity:
    """What most users bought, the same for everyone.

    Attributes:
        name: Name in tables.
    """

    name: str = "popularity"

    def fit(self, train: Interactions, /) -> Ranker:
        """Count distinct users."""
        return _same_for_all(train, n_buyers(train))


@dataclass(frozen=True)
class RecentPopularity:
    """What was bought most often lately, the same for everyone.

    Attributes:
        days: Length of the window that ends at the cut-off.
        name: Name in tables.
    """

    days: float = 30.0
    name: str = "popularity, last 30 days"

    def fit(self, train: Interactions, /) -> Ranker:
        """Count rows in the window."""
        recent = train.age <= self.days
        count = np.bincount(train.candidate[recent], minlength=train.n_candidates)
        return _same_for_all(train, count.astype(np.float64))


@dataclass(frozen=True)
class PersonalFrequency:
    """What this user bought most often, with popularity behind it.

    Attributes:
        name: Name in tables.
    """

    name: str = "personal frequency"

    def fit(self, train: Interactions, /) -> Ranker:
        """Count the user's rows."""
        return _own_first(train, train.matrix())


@dataclass(frozen=True)
class DecayedFrequency:
    """What this user bought most often, the longer ago the less, with popularity behind it.

    Attributes:
        days: A basket of this age counts 1/e.
        name: Name in tables.
    """

    days: float = 120.0
    name: str = "personal frequency, 120-day decay"

    def fit(self, train: Interactions, /) -> Ranker:
        """Count the user's distinct baskets with exponential decay."""
        return _own_first(train, train.matrix(np.exp(-train.age / self.days) * train.is_first_of_basket))


def _same_for_all(train: Interactions, count: ByCandidate) -> Ranker:
    def known(users: IndexArray) -> Scores:
        return np.repeat(count[None, :], len(users), axis=0)

    return UserRows(train, known, count)


def _own_first(train: Interactions, own: Matrix) -> Ranker:
    """Rank by the user's own numbers; popularity, smaller than any of them, orders the rest."""
    popularity = n_buyers(train)
    behind = (popularity / (popularity.max() + 1.0) * own.data.min()).astype(np.float32)

    def known(users: IndexArray) -> Scores:
        return np.asarray(own[users].toarray() + behind, dtype=np.float32)

    return UserRows(train, known, behind)
