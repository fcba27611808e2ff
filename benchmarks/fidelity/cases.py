"""What is explained: one user, some target items, and the units of the history that may be deleted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scorers import Scores, ScoresHistories

    from scoring.data.catalogue import IndexArray
    from scoring.data.history import History

Present = npt.NDArray[np.bool_]
"""Which units are there, one coalition a row, shape ``(n_coalitions, n_units)``."""


@dataclass(frozen=True)
class ScoreCache:
    """Scores of coalitions, each asked for once.

    Attributes:
        targets: Items that are scored together.
        scores: Scores of the targets, by coalition.
    """

    targets: tuple[int, ...]
    scores: dict[bytes, npt.NDArray[np.float64]] = field(default_factory=dict)


class Case:
    """A history cut into units, scored for one target with any of them deleted.

    Args:
        scorer: What is explained.
        history: The user's events.
        target: The explained item, as ``item_index``.
        units: Items of each unit; every item of the history is in one of them.
        is_new: Whether the target is ranked among the items that the history does not hold.
        cache: What was scored before, for cases that differ in nothing but the target.
    """

    def __init__(
        self,
        scorer: ScoresHistories,
        history: History,
        target: int,
        units: Sequence[IndexArray],
        *,
        is_new: bool,
        cache: ScoreCache | None = None,
    ) -> None:
        self.scorer, self.history, self.target, self.units, self.is_new = scorer, history, target, tuple(units), is_new
        unit_of = {int(item): unit for unit, items in enumerate(units) for item in items}
        self._unit_of_event = np.array([unit_of[int(item)] for item in history.item_index], dtype=np.int64)
        self.cache = cache if cache is not None else ScoreCache((target,))
        self._column = self.cache.targets.index(target)

    @property
    def n_units(self) -> int:
        """Number of units."""
        return len(self.units)

    def histories(self, present: Present) -> list[History]:
        """Return the history of each coalition."""
        return [self.history.select(row[self._unit_of_event]) for row in present]

    def scores(self, present: Present) -> npt.NDArray[np.float64]:
        """Return the target's score in each coalition; each coalition is scored once.

        Args:
            present: Coalitions.

        Returns:
            Scores, shape ``(n_coalitions,)``.
        """
        known = self.cache.scores
        new = {row.tobytes(): row for row in present if row.tobytes() not in known}
        if new:
            found = self.scorer(self.histories(np.stack(list(new.values()))), np.array(self.cache.targets))
            known.update(zip(new, found, strict=True))
        return np.array([known[row.tobytes()][self._column] for row in present])

    @cached_property
    def _rivals(self) -> IndexArray:
        """Candidates that the target is ranked among."""
        candidates = self.scorer.candidates
        return candidates[~np.isin(candidates, self.history.item_index)] if self.is_new else candidates

    def ranks(self, present: Present) -> npt.NDArray[np.int64]:
        """Return the target's place among its rivals in each coalition, from 1."""
        rivals = self.scorer(self.histories(present), self._rivals)
        return np.asarray((rivals > self.scores(present)[:, None]).sum(axis=1) + 1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Target:
    """An item to explain.

    Attributes:
        item_index: The item.
        is_new: Whether it was chosen among the items that the user never bought.
    """

    item_index: int
    is_new: bool


def best_targets(scorer: ScoresHistories, history: History) -> list[Target]:
    """Return what a scorer recommends first: of everything, and of what the user never bought.

    Args:
        scorer: The scorer.
        history: The user's events.

    Returns:
        One or two targets.
    """
    scores: Scores = scorer([history], scorer.candidates)
    is_known = np.isin(scorer.candidates, history.item_index)
    first = int(np.argmax(scores[0]))
    new = int(np.argmax(np.where(is_known, -np.inf, scores[0])))
    targets = [Target(int(scorer.candidates[new]), True)]
    return [Target(int(scorer.candidates[first]), False), *targets] if is_known[first] else targets
