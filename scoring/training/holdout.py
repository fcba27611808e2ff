"""Measurement after training: the scorer and the baselines on the events after the cut-off."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from scoring.baselines import simple_baselines
from scoring.baselines.measuring import measure_baselines
from scoring.data.history import EventLog
from scoring.data.tables import TIMESTAMP
from scoring.evaluation.metrics import Scores
from scoring.evaluation.protocol import evaluate
from scoring.evaluation.split import Split

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from scoring.data.tables import Tables
    from scoring.evaluation.protocol import Ranker
    from scoring.scorer.scorer import GlassBoxScorer
    from scoring.training.training import TrainReport

METRICS: Final = "metrics.json"


def scorer_ranker(scorer: GlassBoxScorer, tables: Tables, split: Split) -> Ranker:
    """Let a trained scorer be measured like any baseline.

    Args:
        scorer: The scorer; every candidate of the split must be in its catalogue.
        tables: The tables whose events are the histories.
        split: What is asked; only events before its cut-off are read.

    Returns:
        Scores of the split's candidates, user by user.
    """
    log = EventLog(tables.events, scorer.catalogue, scorer.shop)

    def rank(user_ids: Sequence[str], /) -> Scores:
        states = scorer.read_all([log.history(user_id, split.cutoff) for user_id in user_ids])
        return scorer.score_all(states, split.candidates)

    return rank


def measure(report: TrainReport, tables: Tables, *, progress: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Measure a trained scorer and the baselines that count, and write ``metrics.json`` next to the model.

    Args:
        report: What training returned.
        tables: The shop's tables.
        progress: Told a description, the steps done and the steps in all.

    Returns:
        ``test`` and ``baselines`` with ``recall@10``, ``ndcg@10`` and their ``_new`` forms, ``seconds`` and
        ``peak_rss_mb`` of training; without events after the cut-off ``test`` says why it is empty.
    """
    cutoff = report.scorer.snapshot.as_of
    metrics: dict[str, Any] = {"seconds": round(report.seconds, 1), "peak_rss_mb": round(report.peak_rss_mb)}
    if not (tables.events[TIMESTAMP] >= cutoff).any():
        metrics |= {"test": {"skipped": f"no events at {cutoff} or later are held out"}, "baselines": {}}
    else:
        split = Split.at(
            tables.events, report.scorer.catalogue, cutoff=cutoff, min_rows=report.min_events, shop=tables.shop
        )
        baselines = simple_baselines()
        steps = len(baselines) + 1
        what = "comparing with the baselines"
        progress(what, 0, steps)
        ranker = scorer_ranker(report.scorer, tables, split)
        metrics["test"] = evaluate(ranker, split, probability=report.scorer.probability)
        done = iter(range(1, steps + 1))
        metrics["baselines"] = measure_baselines(
            baselines,
            split,
            advance=lambda name: progress(what, next(done), steps),  # noqa: ARG005
        )
        progress(what, steps, steps)
    write_metrics(report.artifacts, metrics)
    return metrics


def write_metrics(artifacts: Path, metrics: dict[str, Any]) -> None:
    """Write ``metrics.json`` next to a model."""
    (artifacts / METRICS).write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")
