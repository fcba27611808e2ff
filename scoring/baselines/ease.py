"""EASE: a linear model of every item on every other item, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.linalg

from scoring.baselines.base import ByCandidate, UserRows, n_buyers

if TYPE_CHECKING:
    from scoring.data.catalogue import IndexArray
    from scoring.evaluation.metrics import Scores
    from scoring.evaluation.protocol import Ranker
    from scoring.evaluation.split import Interactions, Matrix


FloatMatrix: TypeAlias = npt.NDArray[np.float64]
"""Numbers by user and candidate, shape ``(n_users, n_candidates)``."""


@dataclass(frozen=True)
class Ease:
    """EASE on log counts.

    With X the users' log counts and P = (XᵀX + λI)⁻¹, the weights are B = I − P diag(P)⁻¹ and the scores X B.
    Source: Steck (2019), "Embarrassingly shallow autoencoders for sparse data", arXiv:1905.03375.

    Attributes:
        l2: λ, the weight of the ridge penalty.
        name: Name in tables.
    """

    l2: float = 200.0
    name: str = "EASE on log counts"

    def fit(self, train: Interactions, /) -> Ranker:
        """Solve in closed form, on the shorter side of the matrix."""
        X = train.matrix()
        X.data = np.log1p(X.data)
        by_users = X.shape[0] < X.shape[1]
        XP, diagonal = _through_users(X, self.l2) if by_users else _through_items(X, self.l2)
        XP /= diagonal
        subtracted = XP.astype(np.float32)

        def known(users: IndexArray) -> Scores:
            return np.asarray(X[users].toarray() - subtracted[users], dtype=np.float32)

        return UserRows(train, known, n_buyers(train))


def _through_items(X: Matrix, l2: float) -> tuple[FloatMatrix, ByCandidate]:
    """Return X P and the diagonal of P from the inverse that defines P, ``(n_candidates, n_candidates)``."""
    P = scipy.linalg.inv((X.T @ X).toarray().astype(np.float64) + l2 * np.eye(X.shape[1]), overwrite_a=True)
    return np.asarray(X @ P, dtype=np.float64), np.diagonal(P)


def _through_users(X: Matrix, l2: float) -> tuple[FloatMatrix, ByCandidate]:
    """Return X P and the diagonal of P from the users' kernel K = XXᵀ + λI, ``(n_users, n_users)``.

    X P = K⁻¹X and λ diag(P) = 1 − diag(XᵀK⁻¹X), exactly (Woodbury, 1950): for a shop with more items than users this
    takes seconds where the inverse itself takes minutes.
    """
    kernel = (X @ X.T).toarray().astype(np.float64) + l2 * np.eye(X.shape[0])
    factor = scipy.linalg.cho_factor(kernel, lower=True, overwrite_a=True, check_finite=False)
    XP = scipy.linalg.cho_solve(factor, X.toarray().astype(np.float64), overwrite_b=True, check_finite=False)
    rows, columns = X.nonzero()
    explained = np.bincount(columns, X.data * XP[rows, columns], X.shape[1])
    return np.asarray(XP, dtype=np.float64), (1.0 - explained) / l2
