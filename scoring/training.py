"""Train a scorer: windows of 30 days, listwise losses, weights kept from the best epoch (DESIGN.md §4)."""

from __future__ import annotations

import math
import resource
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd
import torch

from scoring.batches import HORIZON_DAYS, Dropout, Shop, Window, make_batch
from scoring.calibration import Calibration
from scoring.catalogue import Catalogue
from scoring.errors import SettingError
from scoring.features import Cells
from scoring.item_tower import ItemInputs, dense_columns
from scoring.log import Log, to_day
from scoring.losses import training_loss
from scoring.model import GlassBox
from scoring.promotions import PromotionCalendar
from scoring.retrieval import candidate_items
from scoring.scorer import GlassBoxScorer
from scoring.snapshot import Snapshot
from scoring.storage import save_scorer
from scoring.titles import title_embeddings

if TYPE_CHECKING:
    from torch import Tensor

    from scoring.catalogue import IndexArray
    from scoring.config import TrainConfig
    from scoring.tables import Tables


class Progress(Protocol):
    """Told how far a stage has come."""

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Receive the stage's name, the steps done and the steps in all."""


@dataclass(frozen=True)
class Epoch:
    """One pass: training losses, and recall@10 on the held-out window."""

    loss: float
    loss_new: float
    recall: float
    recall_new: float


@dataclass(frozen=True)
class TrainReport:
    """What training did.

    Attributes:
        scorer: The trained scorer, as saved.
        epochs: Learning curves.
        seconds: Wall time.
        peak_rss_mb: Peak memory of this process.
        artifacts: Where the scorer lies.
    """

    scorer: GlassBoxScorer
    epochs: tuple[Epoch, ...]
    seconds: float
    peak_rss_mb: float
    artifacts: Path


def _silent(stage: str, done: int, total: int, /) -> None: ...


def train(
    tables: Tables, config: TrainConfig, artifacts_dir: Path, *, cutoff: pd.Timestamp, progress: Progress = _silent
) -> TrainReport:
    """Train on the events before a moment and save the scorer.

    Args:
        tables: The shop's tables; later events are copied to the artifacts but not learned from.
        config: Settings.
        artifacts_dir: Folder to create or fill.
        cutoff: End of training.
        progress: Told how far each stage has come.

    Returns:
        The scorer and how training went.
    """
    started = time.perf_counter()
    torch.manual_seed(config.seed)
    progress("read", 0, 1)
    catalogue = Catalogue(tables.items)
    log = Log.from_events(tables.events, catalogue).between(-np.inf, to_day(cutoff))
    promotions = PromotionCalendar(tables.promotions, catalogue)
    snapshot = Snapshot.from_log(log, catalogue, cutoff)
    cells = Cells.build(catalogue, snapshot.price)
    shop = Shop(catalogue, log, promotions, cells, candidate_items(snapshot.n_events, config.min_events))
    windows = _windows(shop, cutoff, config, progress)
    inputs = _item_inputs(shop, snapshot, config, artifacts_dir, progress)
    trainer = Trainer(shop, windows, inputs, config)
    epochs = trainer.fit(progress)
    trainer.model.context.mean.copy_(trainer.context_mean())
    scorer = GlassBoxScorer(
        catalogue, snapshot, promotions, cells=cells, candidates=shop.candidates, model=trainer.model,
        inputs=inputs, calibration=trainer.calibrate(windows[0]),
    )  # fmt: skip
    entries = {"cutoff": cutoff.isoformat(), "config": config.model_dump()}
    save_scorer(scorer, tables, artifacts_dir, entries)
    return TrainReport(scorer, epochs, time.perf_counter() - started, _peak_rss_mb(), artifacts_dir)


def _windows(shop: Shop, cutoff: pd.Timestamp, config: TrainConfig, progress: Progress) -> list[Window]:
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


def _item_inputs(shop: Shop, snapshot: Snapshot, config: TrainConfig, cache: Path, progress: Progress) -> ItemInputs:
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


class Trainer:
    """The loop.

    Args:
        shop: What every window shares.
        windows: Moments, latest first; the first one is held out.
        inputs: What the item tower reads.
        config: Settings.
    """

    def __init__(self, shop: Shop, windows: list[Window], inputs: ItemInputs, config: TrainConfig) -> None:
        self.shop, self.inputs, self.config = shop, inputs, config
        self.held_out, self.windows = windows[0], windows[1:]
        self.rng = np.random.default_rng(config.seed)
        self.cell_of_item = torch.from_numpy(shop.cells.of_item[:, shop.candidates])
        self.model = GlassBox(
            {
                "n_ids": len(shop.candidates) + 1,
                "n_categories": len(shop.catalogue.category_names),
                "n_brands": len(shop.catalogue.brand_names) + 1,
                "n_dense": inputs.dense.shape[1],
            },
            shop.promotions.labels,
            d=config.d, n_heads=config.n_heads, n_queries=config.n_queries,
            dropout=config.dropout, id_dropout=config.id_dropout,
        )  # fmt: skip

    def fit(self, progress: Progress) -> tuple[Epoch, ...]:
        """Train for the configured number of epochs."""
        curves = [p for name, p in self.model.named_parameters() if name.endswith("knots")]
        towers = [p for name, p in self.model.named_parameters() if not name.endswith("knots")]
        rate = self.config.learning_rate
        optimizer = torch.optim.AdamW(
            [
                {"params": towers, "lr": rate, "weight_decay": self.config.weight_decay},
                {"params": curves, "lr": rate * self.config.curve_rate, "weight_decay": 0.0},
            ],
            betas=(0.9, 0.99),
        )
        n_steps = self.config.epochs * sum(math.ceil(len(w.users) / self.config.batch_size) for w in self.windows)
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimizer, lambda step: min(1.0, step / (0.1 * n_steps) + 0.02, (n_steps - step) / (0.9 * n_steps) + 0.01)
        )
        epochs, step = [], 0
        for _ in range(self.config.epochs):
            self.model.train()
            losses = []
            for window, users in self._jobs():
                optimizer.zero_grad()
                batch = make_batch(
                    self.shop, window, users, Dropout(self.config.group_dropout, self.config.term_dropout, self.rng)
                )
                everything, new = training_loss(self._logits(batch), batch, self.config.new_weight)
                (everything + new).backward()
                optimizer.step()
                schedule.step()
                losses.append((everything.item(), new.item()))
                step += 1
                progress("train", step, n_steps)
            epochs.append(Epoch(*np.mean(losses, axis=0).tolist(), 0.0, 0.0))
        return tuple(epochs)

    def _jobs(self) -> list[tuple[Window, IndexArray]]:
        jobs = []
        for window in self.windows:
            users = self.rng.permutation(window.users)
            size = self.config.batch_size
            jobs += [(window, np.sort(users[at : at + size])) for at in range(0, len(users), size)]
        return [jobs[j] for j in self.rng.permutation(len(jobs))]

    def _logits(self, batch: Any) -> Tensor:
        logits: Tensor = self.model(batch, self.inputs.rows(batch.items), self.cell_of_item)
        return logits

    def context_mean(self) -> Tensor:
        """Return each term's mean over the purchases of the training windows."""
        self.model.eval()
        with torch.no_grad():
            parts = [
                self.model.context(torch.from_numpy(w.context.astype(np.float32)))[torch.from_numpy(w.bought_item)]
                for w in self.windows
            ]
        return torch.cat(parts).mean(dim=0)

    def calibrate(self, window: Window) -> Calibration:
        """Fit the map from score to probability on a window."""
        self.model.eval()
        scores, hits, weights = [], [], []
        for at in range(0, len(window.users), self.config.batch_size):
            users = window.users[at : at + self.config.batch_size]
            batch = make_batch(self.shop, window, users)
            with torch.no_grad():
                logits = self._logits(batch).numpy()
            bought = np.zeros(logits.shape, dtype=bool)
            bought[batch.bought_item.numpy(), batch.bought_user.numpy()] = True
            scores.append(logits.ravel()), hits.append(bought.ravel()), weights.append(np.ones(logits.size))
        return Calibration.fit(np.concatenate(scores), np.concatenate(hits), np.concatenate(weights))


def _peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0 if sys.platform != "darwin" else 1024.0**2)
