"""Scorers as the fidelity measurements see them: whole histories in, scores of items out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from llm_explain.errors import MissingExtraError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.catalogue import IndexArray
    from scoring.data.history import History
    from scoring.evaluation.split import Split
    from scoring.scorer.scorer import GlassBoxScorer

Scores = npt.NDArray[np.float64]
"""Scores of items, shape ``(n_histories, n_items)``."""

READ_TOGETHER = 64
"""Histories that are read in one go."""


class ScoresHistories(Protocol):
    """A scorer that reads histories."""

    @property
    def name(self) -> str:
        """Name in tables."""

    @property
    def candidates(self) -> IndexArray:
        """Items that are ranked, ascending."""

    def __call__(self, histories: Sequence[History], item_index: IndexArray, /) -> Scores:
        """Return scores, one row for each history."""

    def worth(self, scores: Scores, /) -> Scores:
        """Return scores on the scale on which INS and DEL divide: positive, larger is better."""


@dataclass(frozen=True)
class GlassScores:
    """The project's scorer, which reads every shortened history anew: nothing of the attribution code takes part.

    Attributes:
        scorer: The trained scorer.
        name: Name in tables.
    """

    scorer: GlassBoxScorer
    name: str = "glass box"

    @property
    def candidates(self) -> IndexArray:
        """Items that are ranked, ascending."""
        return self.scorer.candidates

    def __call__(self, histories: Sequence[History], item_index: IndexArray, /) -> Scores:
        """Return scores, one row for each history."""
        found = []
        for start in range(0, len(histories), READ_TOGETHER):
            states = self.scorer.read_all(histories[start : start + READ_TOGETHER])
            found += [self.scorer.score(state, item_index) for state in states]
        return np.stack(found)

    def worth(self, scores: Scores, /) -> Scores:
        """Return the sigmoid of the logits."""
        return np.asarray(1.0 / (1.0 + np.exp(-scores)), dtype=np.float64)


class FactorScores:
    """``implicit``'s alternating least squares, with the user folded in from the history that is given.

    Source: Hu, Koren & Volinsky (2008), "Collaborative filtering for implicit feedback datasets".

    Args:
        split: Training rows and candidates.
        n_items: Number of items in the catalogue.
        n_factors: Size of the embeddings.
        seed: Seed of the first factors.

    Raises:
        MissingExtraError: If ``implicit`` is not installed.
    """

    name = "ALS (implicit)"

    def __init__(self, split: Split, n_items: int, *, n_factors: int = 64, seed: int = 0) -> None:
        try:
            from implicit.cpu.als import AlternatingLeastSquares
            from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
        except ImportError as error:
            raise MissingExtraError.of("implicit", "the comparison with ALS", "bench") from error
        self.candidates = split.candidates
        self.place = np.full(n_items, -1, dtype=np.int64)
        self.place[split.candidates] = np.arange(len(split.candidates))
        with threadpool_limits(1, "blas"):
            self.model: Any = AlternatingLeastSquares(factors=n_factors, random_state=seed, num_threads=1)
            self.model.fit(sp.csr_matrix(split.train.matrix()), show_progress=False)

    def counts(self, histories: Sequence[History]) -> sp.csr_matrix:
        """Return how often each history has each candidate, shape ``(n_histories, n_candidates)``."""
        rows, columns = [], []
        for row, history in enumerate(histories):
            place = self.place[history.item_index]
            columns.append(place[place >= 0])
            rows.append(np.full(len(columns[-1]), row))
        at = np.concatenate(rows), np.concatenate(columns)
        shape = (len(histories), len(self.candidates))
        return sp.csr_matrix((np.ones(len(at[0]), dtype=np.float32), at), shape=shape)

    def __call__(self, histories: Sequence[History], item_index: IndexArray, /) -> Scores:
        """Return scores, one row for each history; −inf for an item that is no candidate."""
        users = self.model.recalculate_user(np.arange(len(histories)), self.counts(histories))
        place = self.place[item_index]
        scores = np.asarray(users, dtype=np.float64) @ self.model.item_factors[np.maximum(place, 0)].T
        return np.where(place >= 0, scores, -np.inf)

    def worth(self, scores: Scores, /) -> Scores:
        """Return the scores as they are, which are estimates of 0 or 1, not below a thousandth."""
        return np.maximum(scores, 1e-3)

    def explain(self, history: History, item: int) -> dict[int, float]:
        """Return ``implicit``'s own explanation of a score.

        Args:
            history: The user's events.
            item: The item, as ``item_index``.

        Returns:
            Contribution of each item of the history, by ``item_index``.
        """
        _, found, _ = self.model.explain(0, self.counts([history]), int(self.place[item]), N=len(self.candidates))
        return {int(self.candidates[place]): float(value) for place, value in found}
