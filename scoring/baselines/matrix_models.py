"""Collaborative filtering through the ``implicit`` library (an optional dependency)."""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy.sparse as sp

from scoring.baselines.base import UserRows, n_buyers
from scoring.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoring.data.catalogue import IndexArray
    from scoring.evaluation.metrics import Scores
    from scoring.evaluation.protocol import Ranker
    from scoring.evaluation.split import Interactions


@dataclass(frozen=True)
class ItemNeighbours:
    """Items like those that the user bought: BM25-weighted item-kNN.

    Attributes:
        n_neighbours: Neighbours kept of each item.
        name: Name in tables.
    """

    n_neighbours: int = 100
    name: str = "item-kNN, BM25"

    def fit(self, train: Interactions, /) -> Ranker:
        """Find the neighbours of every item.

        Args:
            train: Training rows.

        Returns:
            A ranker by the count-weighted sum of similarities.
        """
        counts = sp.csr_matrix(train.matrix())
        with _implicit():
            from implicit.nearest_neighbours import BM25Recommender

            model = BM25Recommender(K=self.n_neighbours)
            model.fit(counts, show_progress=False)
        similarity = model.similarity.astype(np.float32)

        def known(users: IndexArray) -> Scores:
            return np.asarray((counts[users] @ similarity).toarray(), dtype=np.float32)

        return UserRows(train, known, n_buyers(train))


@dataclass(frozen=True)
class FactorModel:
    """Weighted matrix factorisation by alternating least squares.

    Counts are the confidences as they are (``alpha`` 1): on grocery purchases larger confidences rank worse, 0.145 in
    recall@10 at 5 and 0.045 at 40 against 0.21.
    Source: Hu, Koren & Volinsky (2008), "Collaborative filtering for implicit feedback datasets".

    Attributes:
        n_factors: Size of the embeddings.
        seed: Seed of the first factors.
        name: Name in tables.
    """

    n_factors: int = 128
    seed: int = 0
    name: str = "ALS, 128 factors"

    def fit(self, train: Interactions, /) -> Ranker:
        """Factorise the users' counts.

        Args:
            train: Training rows.

        Returns:
            A ranker by the product of the factors.
        """
        with _implicit():
            from implicit.cpu.als import AlternatingLeastSquares

            model = AlternatingLeastSquares(factors=self.n_factors, random_state=self.seed)
            model.fit(sp.csr_matrix(train.matrix()), show_progress=False)

        def known(users: IndexArray) -> Scores:
            return np.asarray(model.user_factors[users] @ model.item_factors.T, dtype=np.float32)

        return UserRows(train, known, n_buyers(train))


@contextmanager
def _implicit() -> Iterator[None]:
    """Hold ``implicit`` to its own threads, not those of BLAS too, and quiet about formats that it converts itself."""
    with MissingExtraError.unless_installed("a baseline (item-kNN, ALS)", "baselines"):
        import implicit.utils
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    with threadpool_limits(1, "blas"), warnings.catch_warnings():
        warnings.simplefilter("ignore", implicit.utils.ParameterWarning)
        yield
