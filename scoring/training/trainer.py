"""The training loop: curves warm up alone, then towers and curves learn together.

Runs on whatever device `accelerate` finds. Under `accelerate launch` several processes share the users of each step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from scoring.errors import MissingExtraError
from scoring.model.batches import Dropout, make_batch
from scoring.model.losses import HIDDEN, training_loss
from scoring.model.model import AdditiveModel
from scoring.scorer.calibration import Calibration
from scoring.training.memory import trim
from scoring.training.past import history_scores, to_candidates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray
    from scoring.features.windows import TrainingData, Window
    from scoring.model.batches import Batch
    from scoring.model.item_tower import ItemInputs
    from scoring.model.links import Links
    from scoring.training.config import TrainConfig

K = 10
"""Recall is measured at this many."""

EVALUATION_BATCH = 64

TRIM_STEPS = 10
"""No two batches have the same sizes, so freed memory piles up if it is not given back every so many steps."""


MAX_REPORT_USERS = 1000
"""A look at the held-out window reads between this many users and twice as many."""

MAX_CALIBRATION_USERS = 2000
N_CALIBRATION_BEST = 100
MAX_CALIBRATION_PAIRS = 2e6
"""Calibration reads so many users, all of the best items of each, and about so many of the other pairs."""


class Progress(Protocol):
    """Told how far a stage has come."""

    def __call__(self, stage: str, done: int, total: int, /) -> None:
        """Receive the stage's name, the steps done and the steps in all."""


@dataclass(frozen=True)
class Report:
    """One look at the held-out window.

    Attributes:
        step: Steps done.
        loss: Mean training loss since the last look.
        recall: recall@10 over all items.
        recall_new: recall@10 over items new to the user.
    """

    step: int
    loss: float
    recall: float
    recall_new: float


class Trainer:
    """The loop.

    Args:
        shop: What every window shares.
        inputs: What the item tower reads.
        config: Settings.
    """

    def __init__(self, shop: TrainingData, inputs: ItemInputs, config: TrainConfig) -> None:
        self.shop, self.config = shop, config
        self.accelerator = _accelerator(config)
        self.device = self.accelerator.device
        torch.manual_seed(config.seed)
        self.rng = np.random.default_rng([config.seed, 0])  # each process draws the same users and computes its share
        self.inputs = inputs.to(self.device)
        self.bucket_of_item = torch.from_numpy(shop.buckets.of_item[:, shop.candidates]).to(self.device)
        self.model = AdditiveModel(
            {
                "n_ids": len(shop.candidates) + 1,
                "n_categories": len(shop.catalogue.category_names),
                "n_brands": len(shop.catalogue.brand_names) + 1,
                "n_dense": inputs.dense.shape[1],
            },
            shop.promotions.labels, n_signals=len(shop.buckets.signals),
            d=config.d, n_heads=config.n_heads, n_queries=config.n_queries,
            dropout=config.dropout, id_dropout=config.id_dropout, gain=config.temperature,
        )  # fmt: skip
        self.network = self.accelerator.prepare(self.model)

    def fit(
        self, windows: list[Window], held_out: Window | None, progress: Progress, *, tower_steps: int,
        last_step: int | None = None,
    ) -> list[Report]:  # fmt: skip
        """Train on some windows and keep the best point.

        Args:
            windows: Moments to learn from.
            held_out: A moment to look at along the way; ``None`` for none.
            progress: Told how far the loop has come.
            tower_steps: Steps of towers and curves together.
            last_step: Step to stop at; the whole schedule if not given.

        Returns:
            Looks at the held-out window. The model is the one of the best look.
        """
        self.model.place_knots(windows)
        config = self.config
        reports: list[Report] = []
        n_steps = config.curve_steps + tower_steps
        losses = []
        kept: dict[str, Tensor] = {}
        for step, (optimizer, with_towers) in enumerate(self._schedule(tower_steps), start=1):
            losses.append(self._step(windows, optimizer, with_towers=with_towers))
            if held_out is not None and (step == n_steps or step % config.report_steps == 0):
                recall, recall_new = self.recall(held_out, with_towers=with_towers)
                reports.append(Report(step, float(np.mean(losses)), recall, recall_new))
                losses = []
                if best_report(reports) is reports[-1]:
                    kept = {name: value.clone() for name, value in self.model.state_dict().items()}
            if step % TRIM_STEPS == 0:
                trim()
            progress("train" if held_out is not None else "train on everything", step, last_step or n_steps)
            if step == last_step:
                break
        if kept:
            self.model.load_state_dict(kept)
        return reports

    def _schedule(self, tower_steps: int) -> Iterator[tuple[torch.optim.Optimizer, bool]]:
        """Yield the optimizer of each step, its rate set, and whether the towers take part."""
        config = self.config
        named = list(self.model.named_parameters())
        curves = [p for name, p in named if name.endswith(("knots", "log_link"))]
        towers = [p for name, p in named if not name.endswith(("knots", "log_link"))]
        warm_up, joint = config.warm_up_rate, config.curve_rate
        stages = (
            (config.curve_steps, ((curves, warm_up, 0.0),), False),
            (
                tower_steps,
                ((curves, joint, 0.0), (towers, config.tower_rate, config.weight_decay)),
                True,
            ),
        )
        for n_steps, groups, with_towers in stages:
            optimizer = torch.optim.AdamW(
                [{"params": params, "lr": rate, "weight_decay": decay} for params, rate, decay in groups],
                betas=(0.9, 0.98),
            )
            prepared = self.accelerator.prepare(optimizer)
            for step in range(n_steps):
                scale = min(1.0, (step + 1) / 10) * max(0.02, 1 - step / n_steps)
                for group, (_, rate, _) in zip(optimizer.param_groups, groups, strict=True):
                    group["lr"] = rate * scale
                yield prepared, with_towers

    def _step(self, windows: list[Window], optimizer: torch.optim.Optimizer, *, with_towers: bool) -> float:
        config = self.config
        window = windows[self.rng.integers(len(windows))]
        size = min(config.batch_size, len(window.users))
        users = np.sort(self.rng.choice(window.users, size, replace=False))
        dropout = Dropout(config.group_dropout, config.term_dropout, self.rng)
        share = slice(self.accelerator.process_index, None, self.accelerator.num_processes)
        batch = make_batch(self.shop, window, users, dropout, share).to(self.device)
        self.network.train()
        optimizer.zero_grad()
        with self.accelerator.autocast():
            logits = self._logits(batch, with_towers=with_towers)
        everything, new = training_loss(
            logits.float(), batch, new_weight=config.new_weight, temperature=config.temperature, mean=self._mean
        )
        loss = everything + new + config.smoothness * self.model.roughness()
        self.accelerator.backward(loss)
        optimizer.step()
        return float(self._mean(loss.detach()))

    def _mean(self, value: Tensor) -> Tensor:
        found: Tensor = self.accelerator.reduce(value, reduction="mean")
        return found

    def _logits(self, batch: Batch, *, with_towers: bool = True) -> Tensor:
        logits: Tensor = self.network(
            batch, self.inputs.rows(batch.items), self.bucket_of_item, with_towers=with_towers
        )
        return logits.masked_fill(~batch.is_available[:, None], HIDDEN)

    def scored(self, window: Window, users: IndexArray, *, with_towers: bool = True) -> Iterator[tuple[Batch, Tensor]]:
        """Yield batches of users with the model's scores of all candidates, in the order of the users.

        Args:
            window: A moment.
            users: Whom.
            with_towers: Whether the towers take part.

        Yields:
            tuple[Batch, Tensor]: Users, and logits of shape ``(n_candidates, n_users)``.
        """
        self.network.eval()
        for at in range(0, len(users), EVALUATION_BATCH):
            batch = make_batch(self.shop, window, users[at : at + EVALUATION_BATCH]).to(self.device)
            with torch.no_grad():
                yield batch, self._logits(batch, with_towers=with_towers).float()

    def recall(self, window: Window, *, with_towers: bool = True) -> tuple[float, float]:
        """Return recall@10 on a window, over all items and over items new to the user."""
        users = window.users[:: max(1, len(window.users) // MAX_REPORT_USERS)]
        found = [_recalls(batch, logits) for batch, logits in self.scored(window, users, with_towers=with_towers)]
        everything, new = (torch.cat(parts) for parts in zip(*found, strict=True))
        return float(everything.mean()), float(new.mean()) if len(new) else 0.0

    def context_mean(self, windows: list[Window]) -> Tensor:
        """Return each term's mean over the purchases of the windows, shape ``(n_terms,)``."""
        with torch.no_grad():
            parts = [
                self.model.context(torch.from_numpy(w.context[w.bought_item]).float().to(self.device)) for w in windows
            ]
        bought = torch.cat(parts)
        return bought.mean(dim=0) if len(bought) else torch.zeros(bought.shape[1], device=self.device)

    def calibrate(self, window: Window, links: Links) -> Calibration:
        """Fit the map from score to probability on a window that was not trained on.

        Args:
            window: The moment, with its past.
            links: Links that the score adds to the model.

        Returns:
            The map, fitted on each user's purchases and best items and on a sample of the other pairs, which stand for
            all of them.
        """
        users = window.users
        if len(users) > MAX_CALIBRATION_USERS:
            users = np.sort(self.rng.choice(users, MAX_CALIBRATION_USERS, replace=False))
        rate = min(1.0, MAX_CALIBRATION_PAIRS / (len(users) * len(self.shop.candidates)))
        scores: list[FloatArray] = []
        hits, weights = [], []
        linked = to_candidates(links, self.shop.candidates)
        for at, (batch, logits) in enumerate(self.scored(window, users)):
            some = users[at * EVALUATION_BATCH : (at + 1) * EVALUATION_BATCH]
            bought = np.zeros(logits.shape, dtype=bool)
            bought[batch.bought_item.cpu().numpy(), batch.bought_user.cpu().numpy()] = True
            score = logits.cpu().numpy() + np.transpose(history_scores(linked, window, some))
            is_kept = bought.copy()  # high scores are few and matter most: keep all of them
            best = min(N_CALIBRATION_BEST, len(score))
            np.put_along_axis(is_kept, np.argpartition(-score, best - 1, axis=0)[:best], values=True, axis=0)
            keep = is_kept | (self.rng.random(bought.shape, dtype=np.float32) < rate)
            keep &= window.is_available[:, None]
            scores.append(score[keep].astype(np.float64))
            hits.append(bought[keep])
            weights.append(np.where(is_kept[keep], 1.0, 1.0 / rate))
        return Calibration.fit(np.concatenate(scores), np.concatenate(hits), np.concatenate(weights))


def best_report(reports: list[Report]) -> Report:
    """Return the report with the best recall over all items and over new ones together; the first of equals."""
    top, top_new = (max(max(values), 1e-9) for values in zip(*((r.recall, r.recall_new) for r in reports), strict=True))
    return max(reports, key=lambda report: report.recall / top + report.recall_new / top_new)


def _recalls(batch: Batch, logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return each user's recall@10 over all items, and over items new to the user where one was bought."""
    bought = torch.zeros(logits.shape, dtype=torch.bool, device=logits.device)
    bought[batch.bought_item, batch.bought_user] = True
    owned = torch.zeros_like(bought)
    is_candidate = batch.pair_candidate >= 0
    owned[batch.pair_candidate[is_candidate], batch.pair_user[is_candidate]] = True
    recalls = []
    for scores, truth in ((logits, bought), (logits.masked_fill(owned, HIDDEN), bought & ~owned)):
        top = scores.topk(min(K, len(scores)), dim=0).indices  # (10, n_users)
        n_true = truth.sum(dim=0)
        recall = truth.gather(0, top).sum(dim=0) / n_true.clamp(1, K)
        recalls.append(recall[n_true > 0].cpu())
    return recalls[0], recalls[1]


def _accelerator(config: TrainConfig):  # type: ignore[no-untyped-def]  # the library has no types
    with MissingExtraError.unless_installed("training", "train"):
        from accelerate import Accelerator
        from accelerate.utils import DistributedDataParallelKwargs
    # the towers take no part while the curves warm up
    return Accelerator(
        cpu=config.device == "cpu", kwargs_handlers=[DistributedDataParallelKwargs(find_unused_parameters=True)]
    )
