"""Train a scorer: windows of 30 days, first to see it on the latest one, then on all of them (docs/design.md §4)."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import torch

from scoring.data.catalogue import Catalogue
from scoring.data.log import Log, to_day
from scoring.data.tables import KIND, TIMESTAMP
from scoring.errors import SettingError
from scoring.features.features import Cells
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot
from scoring.features.titles import title_embeddings
from scoring.features.windows import HORIZON_DAYS, TrainingData, Window
from scoring.model.item_tower import ItemInputs, dense_columns
from scoring.scorer.retrieval import candidate_items
from scoring.scorer.scorer import GlassBoxScorer
from scoring.scorer.storage import save_scorer
from scoring.training.trainer import Progress, Report, Trainer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.data.tables import Tables
    from scoring.training.config import TrainConfig


MAX_SIGNALS: Final = 6
"""Signal kinds that have features of their own."""


@dataclass(frozen=True)
class TrainReport:
    """What training did.

    Attributes:
        scorer: The trained scorer, as saved.
        reports: Looks at the held-out window.
        seconds: Wall time.
        peak_rss_mb: Peak memory of this process.
        artifacts: Where the scorer lies.
    """

    scorer: GlassBoxScorer
    reports: tuple[Report, ...]
    seconds: float
    peak_rss_mb: float
    artifacts: Path


def _silent(stage: str, done: int, total: int, /) -> None: ...


def train(
    tables: Tables,
    config: TrainConfig,
    artifacts_dir: Path,
    *,
    cutoff: pd.Timestamp,
    progress: Progress = _silent,
    notes: Mapping[str, Any] | None = None,
) -> TrainReport:
    """Train on the events before a moment and save the scorer.

    Args:
        tables: The shop's tables; later events are copied to the artifacts but not learned from.
        config: Settings.
        artifacts_dir: Folder to create or fill.
        cutoff: End of training.
        progress: Told how far each stage has come.
        notes: JSON values for the manifest that training itself does not read.

    Returns:
        The scorer and how training went.
    """
    started = time.perf_counter()
    torch.manual_seed(config.seed)
    progress("read", 0, 1)
    catalogue = Catalogue(tables.items)
    signals = signal_kinds(tables, cutoff)
    log = Log.from_events(tables.events, catalogue, shop=tables.shop, signals=signals)
    log, clock = log.between(-np.inf, to_day(cutoff)), tables.shop.clock
    promotions = PromotionCalendar(tables.promotions, catalogue)
    snapshot = Snapshot.from_log(log, catalogue, cutoff, clock=clock)
    cells = Cells.build(catalogue, snapshot.price, signals)
    shop = TrainingData(
        catalogue,
        log,
        clock,
        promotions,
        cells,
        candidate_items(snapshot.n_events, config.min_events),
        config.link_rank,
        config.link_ridge,
        config.seed,
    )
    windows = _windows(shop, cutoff, config, progress)
    inputs = _item_inputs(shop, snapshot, config, artifacts_dir, progress)
    trial = Trainer(shop, inputs, config)
    reports = trial.fit(windows[1:], windows[0], progress, tower_steps=config.tower_steps)
    calibration = trial.calibrate(windows[0])
    trainer = Trainer(shop, inputs, config)
    trainer.fit(windows, None, progress, tower_steps=config.tower_steps)
    trainer.model.context.mean.copy_(trainer.context_mean(windows))
    model = trainer.model.cpu().double().eval()
    with torch.no_grad():
        trunk = model.item_tower.trunk(inputs.double())
    scorer = GlassBoxScorer(
        catalogue, snapshot, promotions, shop=tables.shop, cells=cells, candidates=shop.candidates, model=model,
        trunk=trunk, links=shop.links(cutoff), calibration=calibration,
    )  # fmt: skip
    entries = {**(notes or {}), "cutoff": cutoff.isoformat(), "config": config.model_dump()}
    save_scorer(scorer, tables, artifacts_dir, entries)
    return TrainReport(scorer, tuple(reports), time.perf_counter() - started, _peak_rss_mb(), artifacts_dir)


def signal_kinds(tables: Tables, cutoff: pd.Timestamp) -> tuple[str, ...]:
    """Return the kinds of event that the scorer learns from besides target kinds.

    Args:
        tables: The shop's tables.
        cutoff: Later events are not looked at.

    Returns:
        The commonest kinds before the cut-off that are no target kinds and no return kinds, at most ``MAX_SIGNALS``.
    """
    if KIND not in tables.events:
        return ()
    counts = tables.events.loc[tables.events[TIMESTAMP] < cutoff, KIND].value_counts()
    no_signals = {*tables.shop.target_kinds, *tables.shop.return_kinds}
    return tuple(str(kind) for kind in counts.index if kind not in no_signals)[:MAX_SIGNALS]


def _windows(shop: TrainingData, cutoff: pd.Timestamp, config: TrainConfig, progress: Progress) -> list[Window]:
    """Return windows, latest first; the first one is held out."""
    if not len(shop.log) or not len(shop.candidates):
        raise SettingError(
            f"the log before {cutoff} holds {len(shop.log)} events and {len(shop.candidates)} items with at least "
            f"{config.min_events} rows but both are needed. Choose a later cut-off or a smaller `min_events`."
        )
    start = shop.log.day.min()
    windows = []
    for k in range(config.n_windows):
        as_of = cutoff - pd.Timedelta(days=HORIZON_DAYS + k * config.stride_days)
        if to_day(as_of) - start >= HORIZON_DAYS:
            windows.append(shop.window(as_of))
        progress("windows", k + 1, config.n_windows)
    windows = [window for window in windows if len(window.users)]
    if len(windows) < 2:
        raise SettingError(
            f"the log covers {to_day(cutoff) - start:.0f} days before {cutoff} but two windows of {HORIZON_DAYS} days, "
            "each with 30 days of history before it, are needed. Choose a later cut-off or a smaller `stride_days`."
        )
    return windows


def _item_inputs(
    shop: TrainingData, snapshot: Snapshot, config: TrainConfig, cache: Path, progress: Progress
) -> ItemInputs:
    progress("titles", 0, 1)
    titles = None
    if config.titles != "none":
        titles = title_embeddings(shop.catalogue, config.titles, d=config.d_titles, cache=cache / "cache")
    progress("titles", 1, 1)
    dense = dense_columns(shop.catalogue, snapshot.price, titles)
    return ItemInputs(
        item_id=torch.from_numpy(shop.place() + 1),
        category=torch.from_numpy(shop.catalogue.category_index),
        brand=torch.from_numpy(shop.catalogue.brand_index + 1),
        dense=torch.from_numpy(dense.astype(np.float32)),
    )


def _peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0 if sys.platform != "darwin" else 1024.0**2)
