"""Scores, attributions and counterfactuals of one user, behind one interface for every scorer.

``AdditiveScoredUser`` is exact and cheap. ``BlackBoxScoredUser`` gives the same answers for any callable;
it scores one history for each coalition.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

import numpy as np

from llm_explain.attribution import counterfactual, shelves
from llm_explain.attribution.black_box import attribute_black_box
from llm_explain.attribution.exact import attribute
from llm_explain.attribution.games import read_together
from llm_explain.attribution.group_vectors import VectorCache
from llm_explain.attribution.item_players import (
    MAX_PARTS,
    heaviest_items,
    largest_group,
    past_items,
)
from llm_explain.errors import SettingError
from scoring.scorer.retrieval import best
from scoring.scorer.scorer import found_in

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    import numpy.typing as npt

    from llm_explain.attribution.black_box import HistoryScorer
    from llm_explain.attribution.counterfactual import Contrast, WhatIf
    from llm_explain.attribution.games import Game
    from llm_explain.attribution.shapley import FloatArray
    from llm_explain.attribution.shelves import Shelf
    from llm_explain.attribution.values import Attribution
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History
    from scoring.scorer.candidates import CandidatePool
    from scoring.scorer.scorer import GlassBoxScorer
    from scoring.scorer.user_state import UserState


Allows: TypeAlias = "Callable[[IndexArray], npt.NDArray[np.bool_]]"
"""Says which of some items may be recommended."""

LEAST_ALLOWED: Final = 0.1
"""Share of a large catalogue's candidates that have to be allowed; if fewer are, all allowed items are scored."""

N_PLACES: Final = 1_000
"""Places that are those among the candidates of a large catalogue; lower ones are counted over all items."""


class ScoredUser(Protocol):
    """A user's history together with the scorer that read it."""

    @property
    def history(self) -> History:
        """The history."""

    def rank(self, k: int, allows: Allows | None = None) -> tuple[IndexArray, FloatArray]:
        """Return the best ``k`` allowed candidates and their scores, best first; all are allowed by default."""

    def ranks(self, item_index: IndexArray) -> list[int | None]:
        """Return each item's place among all candidates, from 1; ``None`` if it is not one of them."""

    def probability(self, score: FloatArray) -> list[float | None]:
        """Return calibrated probabilities of a purchase within 30 days, ``None`` if they are unknown."""

    def attribute(self, item_index: IndexArray) -> list[Attribution]:
        """Return the attribution of each item."""

    def attribute_past(self, item_index: IndexArray) -> list[Attribution]:
        """Return the attribution of each item, with the past items of its largest history group."""

    def what_if(self, without: Sequence[str], item_index: IndexArray | None) -> WhatIf:
        """Return scores and ranks as if some players were absent."""

    def contrast(self, item: int, other: int) -> Contrast:
        """Return why one item scores above another."""

    def shelves(self, k: int, *, n_shelves: int, exclude: Collection[int]) -> list[Shelf]:
        """Return the items that each history group recommends, without some."""


@dataclass(frozen=True)
class AdditiveScoredUser:
    """A history read by the glass-box scorer.

    Attributes:
        scorer: The scorer.
        state: The user's tokens and own history.
        vectors: Cache of group vectors.
        pool: Finds the user's candidates in a large catalogue; ``None`` if every item is scored.
        known_scores: Score of every candidate, if they were computed for many users together.
    """

    scorer: GlassBoxScorer
    state: UserState
    vectors: VectorCache
    pool: CandidatePool | None = None
    known_scores: FloatArray | None = None

    @classmethod
    def read_many(
        cls, scorer: GlassBoxScorer, histories: Sequence[History], pool: CandidatePool | None = None
    ) -> list[AdditiveScoredUser]:
        """Read and score users together, which costs a fraction of one user at a time.

        Args:
            scorer: The glass-box scorer.
            histories: A history for each user.
            pool: Finds the candidates in a large catalogue.

        Returns:
            The users.
        """
        states = scorer.read_all(histories)
        vectors = VectorCache(is_single=True)
        if pool is not None:
            return [cls(scorer, state, vectors, pool) for state in states]
        scores = scorer.score_all(states, scorer.candidates)
        return [cls(scorer, state, vectors, None, own) for state, own in zip(states, scores, strict=True)]

    @property
    def history(self) -> History:
        """The history."""
        return self.state.history

    def rank(self, k: int, allows: Allows | None = None) -> tuple[IndexArray, FloatArray]:
        """Return the best ``k`` allowed candidates and their scores, best first.

        In a large catalogue they are the best of the pool. If ``k`` is larger than the pool, or few of its items are
        allowed, all allowed items are scored.
        """
        items, scores = self._found
        is_allowed = np.ones(len(items), dtype=bool) if allows is None else allows(items)
        if self.pool is None or (k <= len(items) and is_allowed.sum() >= LEAST_ALLOWED * len(items)):
            return best(items[is_allowed], scores[is_allowed], k)
        items = self.scorer.candidates
        items = items if allows is None else items[allows(items)]
        return best(items, self.scorer.score(self.state, items), k)

    @cached_property
    def _found(self) -> tuple[IndexArray, FloatArray]:
        """Candidates, ascending, and their scores, computed once, both of shape ``(n,)``."""
        items = self.scorer.candidates if self.pool is None else self.pool.of(self.state)
        return items, self.scorer.score(self.state, items) if self.known_scores is None else self.known_scores

    def ranks(self, item_index: IndexArray) -> list[int | None]:
        """Return each item's place among all candidates, from 1; ``None`` if it is not one of them."""
        items, place = self._places
        if self.pool is not None:
            row, is_found = found_in(items, item_index)
            if not np.all(is_found & (place[row] <= N_PLACES)):
                items = self.scorer.candidates
                place = places(self.scorer.score(self.state, items))
        return look_up(items, place, item_index)

    @cached_property
    def _places(self) -> tuple[IndexArray, IndexArray]:
        return self._found[0], places(self._found[1])

    def probability(self, score: FloatArray) -> list[float | None]:
        """Return calibrated probabilities of a purchase within 30 days."""
        return [float(p) for p in self.scorer.probability(score)]

    def attribute(self, item_index: IndexArray) -> list[Attribution]:
        """Return the exact attribution of each item."""
        return attribute(self.scorer, self.state, item_index, cache=self.vectors)

    def attribute_past(self, item_index: IndexArray, *, max_parts: int = MAX_PARTS) -> list[Attribution]:
        """Return the exact attribution of each item, with the past items of the largest single history group.

        Args:
            item_index: Items to explain, shape ``(n,)``.
            max_parts: Most parts that the group is split into.

        Returns:
            Attributions whose ``items`` of this group carry every term of the score.
        """
        games = []
        attributions = self.attribute(item_index)
        rows = [largest_group(attribution) for attribution in attributions]
        for attribution, item, row in zip(attributions, item_index.tolist(), rows, strict=True):
            if row is not None:
                player = attribution.players[row]
                games.append(
                    past_items(
                        self.scorer, self.state, attribution, item, player, max_parts=max_parts, cache=self.vectors
                    )
                )
        split = iter(read_together(self.scorer, games))
        return [
            attribution if row is None else next(split) for attribution, row in zip(attributions, rows, strict=True)
        ]

    def heaviest_items(
        self,
        attributions: Sequence[Attribution],
        item_index: IndexArray,
        *,
        may_name: Callable[[str], bool],
        least_share: float,
    ) -> Game[list[Attribution]]:
        """Find the past item that speaks for a category; ``read_together`` plays the game."""
        return heaviest_items(
            self.scorer,
            self.state,
            attributions,
            item_index,
            may_name=may_name,
            least_share=least_share,
            cache=self.vectors,
        )

    def what_if(self, without: Sequence[str], item_index: IndexArray | None) -> WhatIf:
        """Return exact scores and ranks as if some players were absent."""
        return counterfactual.what_if(self.scorer, self.state, without=without, item_index=item_index)

    def contrast(self, item: int, other: int) -> Contrast:
        """Return why one item scores above another."""
        return counterfactual.contrast(self.scorer, self.state, item, other, cache=self.vectors)

    def shelves(self, k: int, *, n_shelves: int, exclude: Collection[int]) -> list[Shelf]:
        """Return the items that each history group recommends, without some."""
        candidates, _ = self.rank(shelves.POOL, lambda items: ~np.isin(items, list(exclude)))
        return shelves.shelves(self.scorer, self.state, candidates, k=k, n_shelves=n_shelves, cache=self.vectors)


@dataclass(frozen=True)
class BlackBoxScoredUser:
    """A history and a callable that scores histories.

    Attributes:
        score: The callable.
        history: The user's events.
        catalogue: The shop's items.
        candidates: Items that may be recommended, ascending, shape ``(n_candidates,)``.
    """

    score: HistoryScorer
    history: History
    catalogue: Catalogue
    candidates: IndexArray

    def _scores(self, item_index: IndexArray) -> FloatArray:
        ids = [str(item_id) for item_id in self.catalogue.item_ids[item_index]]
        scores: FloatArray = np.asarray(self.score([self.history], ids), dtype=np.float64)
        return np.asarray(scores[0])

    def rank(self, k: int, allows: Allows | None = None) -> tuple[IndexArray, FloatArray]:
        """Return the best ``k`` allowed candidates and their scores, best first."""
        items = self.candidates if allows is None else self.candidates[allows(self.candidates)]
        return best(items, self._scores(items), k)

    def ranks(self, item_index: IndexArray) -> list[int | None]:
        """Return each item's place among all candidates, from 1; ``None`` if it is not one of them."""
        return look_up(self.candidates, places(self._scores(self.candidates)), item_index)

    def probability(self, score: FloatArray) -> list[float | None]:
        """Return ``None`` for each score: probabilities of a black box are unknown."""
        return [None] * len(score)

    def attribute(self, item_index: IndexArray) -> list[Attribution]:
        """Return the attribution of each item through the ``shap`` library."""
        ids = [str(item_id) for item_id in self.catalogue.item_ids[item_index]]
        return attribute_black_box(self.score, self.history, ids, catalogue=self.catalogue)

    def attribute_past(self, item_index: IndexArray) -> list[Attribution]:  # noqa: ARG002
        """Raise an error: single items would need a game of their own."""
        raise _needs_glass_box("items as players")

    def what_if(self, without: Sequence[str], item_index: IndexArray | None) -> WhatIf:  # noqa: ARG002
        """Raise an error: ranks without a group would need new scores of the whole catalogue."""
        raise _needs_glass_box("what-if")

    def contrast(self, item: int, other: int) -> Contrast:  # noqa: ARG002
        """Raise an error: both items need one partition."""
        raise _needs_glass_box("contrast")

    def shelves(self, k: int, *, n_shelves: int, exclude: Collection[int]) -> list[Shelf]:  # noqa: ARG002
        """Raise an error: every candidate would need its own game."""
        raise _needs_glass_box("shelves")


def _needs_glass_box(what: str) -> SettingError:
    return SettingError(
        f"the scorer is a plain callable but {what} needs the glass-box scorer. "
        "Load trained artifacts with Explainer.load, or score shortened histories yourself."
    )


def places(scores: FloatArray) -> IndexArray:
    """Return each candidate's place, from 1, best first, ties by ``item_index``.

    Args:
        scores: Scores of the candidates, shape ``(n_candidates,)``.

    Returns:
        Places, shape ``(n_candidates,)``.
    """
    place = np.empty(len(scores), dtype=np.int64)
    place[np.argsort(-scores, kind="stable")] = np.arange(1, len(scores) + 1)
    return place


def look_up(candidates: IndexArray, place: IndexArray, item_index: IndexArray) -> list[int | None]:
    """Return the places of some items.

    Args:
        candidates: Items that may be recommended, ascending, shape ``(n_candidates,)``.
        place: Their places, shape ``(n_candidates,)``.
        item_index: Items to look up, shape ``(n,)``.

    Returns:
        Places from 1, ``None`` for an item that is not a candidate.
    """
    row, found = found_in(candidates, item_index)
    return [int(place[at]) if is_candidate else None for at, is_candidate in zip(row, found, strict=True)]
