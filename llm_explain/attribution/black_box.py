"""Attributions of any scorer: a callable over histories and items, through the explainers of the ``shap`` library.

The players are the history groups of the glass box, and *absent* means the same: as if the events had never happened.
Whatever the scorer takes from elsewhere (promotions, popularity) stays in the base value. Each call of the scorer sees
whole histories, so the cost is one scored history for each coalition.

Source: Lundberg & Lee (2017), arXiv:1705.07874; Mitchell et al. (2022), arXiv:2104.12199 (antithetic permutations).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from llm_explain.attribution.partition import MAX_GROUPS, Partition, partitions_for
from llm_explain.attribution.values import TOWER, Attribution
from llm_explain.errors import MissingExtraError, SettingError, ShapeError
from scoring.data.tables import ITEM_ID, KIND, PRICE, QUANTITY, STORE_ID, TIMESTAMP, USER_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.attribution.shapley import Coalitions, FloatArray
    from scoring.data.catalogue import Catalogue
    from scoring.data.history import History

MAX_EVALS: Final = 2**MAX_GROUPS
"""Histories scored for one partition; enough to visit every coalition of ten groups."""


ROUNDING: Final = 1e-12
"""Values smaller than this share of the largest score are rounding errors."""


BATCH: Final = 256
"""Most histories that a scorer is given in one call."""


class HistoryScorer(Protocol):
    """Any scorer: histories and shop ids in, one row of scores for each history out."""

    def __call__(self, histories: Sequence[History], item_ids: Sequence[str], /) -> npt.ArrayLike:
        """Return scores, shape ``(n_histories, n_items)``; a history may be empty."""


class FrameScorer(Protocol):
    """A scorer that reads events tables: one frame for each history, and shop ids."""

    def __call__(self, frames: list[pd.DataFrame], item_ids: list[str], /) -> npt.ArrayLike:
        """Return scores, shape ``(len(frames), n_items)``; a frame may have no row."""


def attribute_black_box(
    score: HistoryScorer,
    history: History,
    item_ids: Sequence[str],
    *,
    catalogue: Catalogue,
    max_groups: int = MAX_GROUPS,
    max_evals: int = MAX_EVALS,
    seed: int = 0,
) -> list[Attribution]:
    """Return the Shapley values of history groups for the scores of any scorer.

    If ``max_evals`` allows every coalition, the values are exact. Otherwise they are estimated from random orders of
    the players, each used forwards and backwards. The estimates add up to the score too.

    Args:
        score: The scorer.
        history: The user's events.
        item_ids: Items to explain.
        catalogue: The shop's items.
        max_groups: Most history groups of one attribution.
        max_evals: Most histories to score for one partition.
        seed: Seed of the random orders.

    Returns:
        An attribution for each item, in the order given.

    Raises:
        SettingError: If ``max_evals`` is too small for one order of the players.
    """
    found: dict[int, Attribution] = {}
    for groups, rows in partitions_for(history, catalogue, catalogue.index_of(item_ids), max_groups=max_groups):
        if max_evals < 2 * len(groups) + 1:
            raise SettingError(
                f"max_evals is {max_evals} but at least {2 * len(groups) + 1} histories are needed for one order of "
                f"{len(groups)} groups. Raise max_evals, or lower max_groups."
            )
        game = _Game(score, history, [item_ids[row] for row in rows], groups, catalogue)
        values = _shap_values(game, max_evals=max_evals, seed=seed)  # (n_groups, n_items)
        ends = game(np.array([[False] * len(groups), [True] * len(groups)]))  # (2, n_items)
        for place, row in enumerate(rows):
            found[int(row)] = Attribution(
                players=groups.players,
                values=values[:, place],
                parts=tuple({TOWER: float(value)} for value in values[:, place]),
                base_value=float(ends[0, place]),
                score=float(ends[1, place]),
                categories=groups.categories,
            )
    return [found[row] for row in range(len(item_ids))]


class _Game:
    """Coalition matrix to scores; each coalition is scored once."""

    def __init__(
        self, score: HistoryScorer, history: History, item_ids: list[str], groups: Partition, catalogue: Catalogue
    ) -> None:
        self.n_players = len(groups)
        self._score, self._history, self._item_ids = score, history, item_ids
        self._group_of_event = groups.group_of(catalogue.category_index[history.item_index])
        self._known: dict[bytes, FloatArray] = {}

    def __call__(self, coalitions: npt.NDArray[np.generic]) -> FloatArray:
        present = np.ascontiguousarray(coalitions, dtype=bool)
        new = {row.tobytes(): row for row in present if row.tobytes() not in self._known}
        if new:
            self._known.update(zip(new, self._scores(np.stack(list(new.values()))), strict=True))
        return np.stack([self._known[row.tobytes()] for row in present])

    @property
    def scale(self) -> float:
        """The largest score of any coalition so far, without its sign."""
        return max(float(np.abs(scores).max(initial=0.0)) for scores in self._known.values())

    def _scores(self, present: Coalitions) -> FloatArray:
        histories = [self._history.select(row[self._group_of_event]) for row in present]
        scores = np.asarray(self._score(histories, self._item_ids), dtype=np.float64)
        if scores.shape != (len(histories), len(self._item_ids)):
            raise ShapeError(
                f"the scorer returned scores of shape {scores.shape} but {(len(histories), len(self._item_ids))} is "
                "needed, a row for each history and a column for each item. Return one score a pair."
            )
        return scores


def _shap_values(game: _Game, *, max_evals: int, seed: int) -> FloatArray:
    n = game.n_players
    if not n:
        return game(np.ones((1, 0), dtype=bool))[:0]
    with MissingExtraError.unless_installed("this explainer", "shap"):
        from shap import explainers
    present = np.ones((1, n))  # the row to explain, a column for each player
    how = {"max_evals": max_evals, "batch_size": BATCH, "silent": True}
    if 2**n <= max_evals:
        explanation = explainers.Exact(game, _masked)(present, **how)
    else:
        outer = np.random.get_state()  # noqa: NPY002  the explainer seeds numpy's global generator
        try:
            explanation = explainers.Permutation(game, _masked, seed=seed)(present, **how)
        finally:
            np.random.set_state(outer)  # noqa: NPY002
    values = np.asarray(explanation.values[0], dtype=np.float64).reshape(n, -1)  # noqa: PD011  (n_groups, n_items)
    # A player that changes nothing must not become a reason because of a rounding error.
    return np.where(np.abs(values) <= ROUNDING * game.scale, 0.0, values)


def _masked(mask: Coalitions, row: FloatArray) -> FloatArray:
    """Mask players as ``shap`` asks, which compiles for seconds where it is given a background table instead."""
    return np.where(mask, row, 0.0)[None, :]


def over_frames(score: FrameScorer, catalogue: Catalogue) -> HistoryScorer:
    """Let a scorer that reads events tables be attributed.

    Args:
        score: Function of one events table (docs/design.md §8) for each history, and shop ids.
        catalogue: The shop's items.

    Returns:
        The scorer over histories.
    """

    def over_histories(histories: Sequence[History], item_ids: Sequence[str], /) -> npt.ArrayLike:
        return score([events_frame(history, catalogue) for history in histories], list(item_ids))

    return over_histories


def events_frame(history: History, catalogue: Catalogue) -> pd.DataFrame:
    """Return a history as rows of the events table.

    Args:
        history: One user's events.
        catalogue: The shop's items.

    Returns:
        A row for each event, oldest first.
    """
    return pd.DataFrame(
        {
            USER_ID: pd.Series([history.user_id or ""] * len(history), dtype="str"),
            ITEM_ID: pd.Series(catalogue.item_ids[history.item_index], dtype="str"),
            TIMESTAMP: history.timestamp,
            QUANTITY: history.quantity,
            PRICE: history.price,
            KIND: history.kind,
            STORE_ID: history.store_id,
        }
    )
