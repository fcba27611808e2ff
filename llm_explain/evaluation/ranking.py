"""How well the scorer ranks: for everybody, for what is bought again, for what is new, for whom little is known.

Truth is what test users bought after the snapshot's moment (``scoring.evaluation.protocol``). Metrics are those of
``scoring.evaluation.metrics``; intervals resample users.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from llm_explain.evaluation.bootstrap import Bootstrap
from llm_explain.evaluation.exposure import calibration, exposure
from scoring.evaluation import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from llm_explain.evaluation.bootstrap import Values
    from scoring.evaluation.protocol import Ranker
    from scoring.evaluation.split import Split

METRICS: Final = ("recall@10", "ndcg@10")
SEGMENTS: Final = ("all", "repeat", "never bought", "new items", "cold users")
NEW_DAYS: Final = 90
COLD_SHARE: Final = 0.1
BLOCK: Final = 128
SHOWN: Final = 100
"""Calibration is measured on so many best candidates of each user: what a shop might show."""

Flags = npt.NDArray[np.bool_]
"""Truth values, shape as said where it is used."""


@dataclass(frozen=True)
class RankingTask:
    """What rankers are asked.

    Attributes:
        split: Training rows, candidates and truth.
        users: Row numbers of the test users that are asked, shape ``(n_users,)``.
        is_new: Whether each candidate was first seen in the ``NEW_DAYS`` before the cut-off, shape ``(n_candidates,)``.
        is_cold: Whether each asked user is among the tenth with the fewest baskets, shape ``(n_users,)``.
        popularity: Recent buyers of each candidate, shape ``(n_candidates,)``.
    """

    split: Split
    users: npt.NDArray[np.int64]
    is_new: Flags
    is_cold: Flags
    popularity: Values

    @property
    def user_ids(self) -> list[str]:
        """Shop ids of the users that are asked."""
        return [self.split.user_ids[user] for user in self.users]


@dataclass
class RankedLists:
    """What one ranker answered.

    Attributes:
        per_user: Each metric of each user, by segment; NaN for a user that a segment does not ask.
        top: Candidates at the first ten places, shape ``(n_users, 10)``.
        promised: Promised probabilities of the shown candidates, where the ranker promises any.
        happened: Whether they were bought.
    """

    per_user: dict[str, dict[str, Values]] = field(default_factory=dict)
    top: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 10), dtype=np.int64))
    promised: Values = field(default_factory=lambda: np.zeros(0))
    happened: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))


def rank_lists(
    ranker: Ranker,
    task: RankingTask,
    *,
    probability: Callable[[Values], Values] | None = None,
    advance: Callable[[int], None] | None = None,
) -> RankedLists:
    """Ask a ranker and measure its lists, user by user.

    Args:
        ranker: What is measured.
        task: What it is asked.
        probability: Turns scores into probabilities.
        advance: Called with the number of users that are done.

    Returns:
        Metrics by segment and user.
    """
    blocks: list[dict[str, dict[str, Values]]] = []
    tops, promised, happened = [], [], []
    ids = task.user_ids
    for start in range(0, len(ids), BLOCK):
        rows = slice(start, start + BLOCK)
        scores = np.asarray(ranker(ids[rows]), dtype=np.float64)
        relevant = task.split.relevant[task.users[rows]].toarray() > 0
        bought = task.split.bought[task.users[rows]].toarray() > 0
        blocks.append(_segments(scores, relevant, bought, task.is_new, task.is_cold[rows]))
        tops.append(metrics.top_k(scores, 10))
        if probability is not None:
            shown = metrics.top_k(scores, SHOWN)
            promised.append(probability(np.take_along_axis(scores, shown, axis=1)).ravel())
            happened.append(np.take_along_axis(relevant, shown, axis=1).ravel())
        if advance is not None:
            advance(min(start + BLOCK, len(ids)))
    per_user = {
        segment: {name: np.concatenate([block[segment][name] for block in blocks]) for name in blocks[0][segment]}
        for segment in SEGMENTS
    }
    lists = RankedLists(per_user, np.concatenate(tops))
    if promised:
        lists.promised, lists.happened = np.concatenate(promised), np.concatenate(happened)
    return lists


def _segments(
    scores: Values, relevant: Flags, bought: Flags, is_new: Flags, is_cold: Flags
) -> dict[str, dict[str, Values]]:
    new = ~bought & is_new
    return {
        "all": _metrics(scores, relevant),
        "repeat": _metrics(np.where(bought, scores, -np.inf), relevant & bought),
        "never bought": _metrics(np.where(bought, -np.inf, scores), relevant & ~bought),
        "new items": _metrics(np.where(new, scores, -np.inf), relevant & new),
        "cold users": _metrics(scores, relevant & is_cold[:, None]),
    }


def _metrics(scores: Values, relevant: Flags) -> dict[str, Values]:
    return dict(zip(METRICS, metrics.recall_and_ndcg(scores, relevant), strict=True))


def summarise(
    answers: Mapping[str, RankedLists], task: RankingTask, *, ours: str, n_resamples: int, seed: int
) -> dict[str, Any]:
    """Return the ``ranking`` section of the report.

    Args:
        answers: Lists of each ranker, the scorer's included.
        task: What they were asked.
        ours: Name of the scorer's ranker.
        n_resamples: Resamples of users.
        seed: Source of chance.

    Returns:
        ``metrics`` by ranker and segment with intervals, ``against`` (the scorer's less each other ranker's, paired),
        ``exposure`` by ranker, ``calibration`` of the scorer.
    """
    bootstrap = Bootstrap(len(task.users), n_resamples=n_resamples, seed=seed)
    relevant = task.split.relevant[task.users]
    truth = float(task.popularity[relevant.indices].mean()) if relevant.nnz else 0.0
    mine = answers[ours]
    section: dict[str, Any] = {
        "users": len(task.users),
        "candidates": len(task.split.candidates),
        "users_by_segment": {
            segment: int(np.isfinite(mine.per_user[segment]["recall@10"]).sum()) for segment in SEGMENTS
        },
        "metrics": {
            name: {segment: bootstrap.table(lists.per_user[segment]) for segment in SEGMENTS}
            for name, lists in answers.items()
        },
        "against": {
            name: {
                segment: {
                    metric: bootstrap.difference(mine.per_user[segment][metric], lists.per_user[segment][metric])
                    for metric in METRICS
                }
                for segment in SEGMENTS
            }
            for name, lists in answers.items()
            if name != ours
        },
        "exposure": {name: exposure(lists.top, task.popularity, truth) for name, lists in answers.items()},
    }
    if len(mine.promised):
        section["calibration"] = calibration(mine.promised, mine.happened)
    return section


def ranking_task(
    split: Split,
    *,
    is_new: Flags,
    popularity: Values,
    n_users: int | None = None,
    seed: int = 0,
) -> RankingTask:
    """Return the task for all test users or some drawn by chance.

    Args:
        split: Training rows, candidates and truth.
        is_new: Whether each candidate is new.
        popularity: Recent buyers of each candidate.
        n_users: How many users; all if not given.
        seed: Source of chance.

    Returns:
        The task; cold users are the tenth of all test users with the fewest baskets.
    """
    rng = np.random.default_rng(seed)
    everyone = np.arange(len(split.user_ids))
    users = everyone if n_users is None or n_users >= len(everyone) else np.sort(rng.choice(everyone, n_users, False))
    baskets = _baskets(split, [split.user_ids[user] for user in everyone])
    is_cold = baskets <= np.quantile(baskets, COLD_SHARE)
    return RankingTask(split, users, is_new, is_cold[users], popularity)


def _baskets(split: Split, user_ids: Sequence[str]) -> Values:
    """Return the number of distinct moments at which each user bought."""
    first = np.lexsort((split.train.timestamp, split.train.user_index))
    user, moment = split.train.user_index[first], split.train.timestamp[first]
    is_basket = np.ones(len(user), dtype=bool)
    is_basket[1:] = (user[1:] != user[:-1]) | (moment[1:] != moment[:-1])
    counts = np.bincount(user[is_basket], minlength=len(split.train.user_ids))
    return np.asarray(counts[split.train.rows_of(user_ids)], dtype=np.float64)
