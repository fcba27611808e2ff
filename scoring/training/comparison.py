"""Train on the first part of a log and compare the scorer with the baselines on the rest."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from scoring.baselines import cheap_baselines
from scoring.data.catalogue import Catalogue
from scoring.data.tables import ITEM_ID, KIND, TIMESTAMP, USER_ID, Tables
from scoring.data.targets import counted_rows
from scoring.errors import MissingExtraError, SettingError
from scoring.evaluation.metrics import PerUser, recall_and_ndcg
from scoring.evaluation.protocol import BLOCK
from scoring.evaluation.split import Split
from scoring.scorer.retrieval import enough_events
from scoring.training.holdout import measure, scorer_ranker, write_metrics
from scoring.training.training import train

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.evaluation.protocol import Ranker
    from scoring.training.config import TrainConfig
    from scoring.training.trainer import Progress
    from scoring.training.training import Protocol, TrainReport

K: Final = 10
METRICS: Final = (f"recall@{K}", f"ndcg@{K}", f"recall@{K}_new")
TEST_DAYS: Final = 30
"""Length of the test without a cut-off."""

MIN_TRAIN_SHARE: Final = 0.5
N_RESAMPLES: Final = 1000


@dataclass(frozen=True)
class Task:
    """What a ranker may learn from, and what it is asked.

    Attributes:
        tables: Tables with the training events alone.
        split: Training rows and questions.
        only_new: Whether items of the history are no candidates.
    """

    tables: Tables
    split: Split
    only_new: bool


def compare(
    tables: Tables, config: TrainConfig, *, protocol: Protocol, cutoff: pd.Timestamp | None, progress: Progress
) -> dict[str, Any]:
    """Train a scorer and measure it next to the baselines; a tie counts against a ranker.

    Args:
        tables: The shop's tables.
        config: Settings of training.
        protocol: ``time`` to test on the events after a cut-off, ``last`` on each user's last event.
        cutoff: Start of the test for ``time``; the last 30 days if not given.
        progress: Told how far each stage has come.

    Returns:
        ``ours`` and ``baselines`` with recall@10, NDCG@10 and recall@10 on new items, ``n_users``, and for each metric
        the mean difference from the best baseline with its 95 % interval over resampled users.
    """
    tables = with_targets(tables)
    task = last_task(tables) if protocol == "last" else time_task(tables, config, cutoff)
    with tempfile.TemporaryDirectory() as folder:
        report = train(
            task.tables, config, Path(folder), cutoff=task.split.cutoff, protocol=protocol, progress=progress
        )
    ours = per_user(scorer_ranker(report.scorer, task.tables, task.split), task)
    others: dict[str, dict[str, PerUser]] = {}
    baselines: dict[str, Any] = {}
    methods = cheap_baselines()
    for done, baseline in enumerate(methods):
        progress("baselines", done, len(methods))
        try:
            others[baseline.name] = per_user(baseline.fit(task.split.train), task)
        except MissingExtraError as error:
            baselines[baseline.name] = {"skipped": str(error)}
        else:
            baselines[baseline.name] = _means(others[baseline.name])
    progress("baselines", len(methods), len(methods))
    return {
        "ours": _means(ours),
        "baselines": baselines,
        "n_users": len(task.split.user_ids),
        "ours_minus_best": {name: _difference(name, ours, others, config.seed) for name in METRICS},
    }


def measured(report: TrainReport, tables: Tables, config: TrainConfig, *, progress: Progress) -> dict[str, Any]:
    """Measure a trained scorer on held-out events; one of the next event on each user's last event without them.

    For the latter, a second scorer learns from the log without these events.

    Args:
        report: What training returned.
        tables: The shop's tables.
        config: Settings of training.
        progress: Told how far each stage has come.

    Returns:
        The metrics, as ``holdout.measure`` writes them. Those of the next event also have the keys of ``compare``.
    """
    metrics = measure(report, tables, progress=progress)
    if "skipped" in metrics["test"] and report.scorer.last_seen is not None:
        found = compare(tables, config, protocol="last", cutoff=None, progress=progress)
        metrics |= {**found, "test": found["ours"]}
        write_metrics(report.artifacts, metrics)
    return metrics


def with_targets(tables: Tables) -> Tables:
    """Return the tables with a target kind that the log has: the commonest kind if it has none of the shop's."""
    if KIND not in tables.events or tables.events[KIND].isin(tables.shop.target_kinds).any():
        return tables
    kinds = tables.events[KIND][~tables.events[KIND].isin(tables.shop.return_kinds)]
    if kinds.empty:
        return tables
    return replace(tables, shop=tables.shop.model_copy(update={"target_kinds": (str(kinds.mode()[0]),)}))


def time_task(tables: Tables, config: TrainConfig, cutoff: pd.Timestamp | None) -> Task:
    """Return the task of predicting the events after a moment."""
    moments = tables.events[TIMESTAMP]
    if cutoff is None:
        cutoff = max(moments.max() - pd.Timedelta(days=TEST_DAYS), moments.quantile(MIN_TRAIN_SHARE))
    catalogue = Catalogue(tables.items)
    train_tables = tables.before(cutoff)
    counted = train_tables.events[counted_rows(train_tables.events, tables.shop)]
    n_events = np.bincount(catalogue.known(counted[ITEM_ID]), minlength=len(catalogue))
    min_rows = enough_events(n_events.astype(np.int64), config.min_events)
    split = Split.at(tables.events, catalogue, cutoff=cutoff, min_rows=min_rows, shop=tables.shop)
    return Task(train_tables, split, only_new=False)


def last_task(tables: Tables) -> Task:
    """Return the task of predicting each user's last target event, in the order of the rows."""
    is_counted = counted_rows(tables.events, tables.shop)
    counted = tables.events[is_counted]
    is_test = np.zeros(len(tables.events), dtype=bool)
    last = ~counted[USER_ID].duplicated(keep="last").to_numpy() & counted[USER_ID].duplicated(keep=False).to_numpy()
    is_test[np.flatnonzero(is_counted)[last]] = True
    if not is_test.any():
        raise SettingError("no user has two events but one such user is needed. Import a longer log.")
    row = np.arange(len(tables.events))
    asked = tables.events[USER_ID].map(dict(zip(tables.events[USER_ID][is_test], row[is_test], strict=True)))
    is_past = ~(row >= asked.to_numpy(dtype=np.float64, na_value=np.inf))  # signals after the test event are not known
    test, rest = tables.events[is_test], tables.events[is_past].reset_index(drop=True)
    split = Split.between(rest[counted_rows(rest, tables.shop)], test, Catalogue(tables.items))
    cutoff = max(split.cutoff, rest[TIMESTAMP].max() + pd.Timedelta(seconds=1))  # signals after the last target event
    split = replace(split, train=replace(split.train, as_of=cutoff))
    return Task(replace(tables, events=rest), split, only_new=True)


def per_user(ranker: Ranker, task: Task) -> dict[str, PerUser]:
    """Return each user's ``METRICS``; where items of the history are no candidates, all of them are over new items."""
    split, found = task.split, []
    for start in range(0, len(split.user_ids), BLOCK):
        users = slice(start, start + BLOCK)
        scores = np.asarray(ranker(split.user_ids[users]), dtype=np.float64)
        relevant, bought = split.relevant[users].toarray() > 0, split.bought[users].toarray() > 0
        scores = np.where(relevant, np.nextafter(scores, -np.inf), scores)  # a tie counts against the ranker
        new = recall_and_ndcg(np.where(bought, -np.inf, scores), relevant & ~bought, K)
        everything = new if task.only_new else recall_and_ndcg(scores, relevant, K)
        found.append(np.stack([*everything, new[0]]))
    return dict(zip(METRICS, np.concatenate(found, axis=1), strict=True))


def _means(values: Mapping[str, PerUser]) -> dict[str, float | None]:
    return {name: float(np.nanmean(value)) if np.isfinite(value).any() else None for name, value in values.items()}


def _difference(
    name: str, ours: Mapping[str, PerUser], others: Mapping[str, Mapping[str, PerUser]], seed: int
) -> list[float | None]:
    """Return the mean difference from the best baseline and its interval, paired by user."""
    best = max((other[name] for other in others.values()), key=lambda value: float(np.nan_to_num(value).sum()))
    difference = (ours[name] - best)[np.isfinite(best)]
    if not len(difference):
        return [None] * 3
    rng = np.random.default_rng(seed)
    means = [difference[rng.integers(len(difference), size=len(difference))].mean() for _ in range(N_RESAMPLES)]
    return [float(value) for value in (difference.mean(), *np.percentile(means, (2.5, 97.5)))]
