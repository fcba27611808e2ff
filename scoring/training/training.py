"""Train a scorer: windows of 30 days, first to see it on the latest one, then on all of them (docs/design.md §4)."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
import pandas as pd
import torch

from scoring.data.catalogue import Catalogue
from scoring.data.log import Log, to_day
from scoring.data.tables import KIND, TIMESTAMP, USER_ID
from scoring.errors import SettingError
from scoring.features.alike import few_sold_variants
from scoring.features.own_history import Buckets
from scoring.features.promotions import PromotionCalendar
from scoring.features.snapshot import Snapshot
from scoring.features.titles import TitleSpace, title_embeddings
from scoring.features.windows import HORIZON_DAYS, TrainingData, Window
from scoring.model.item_tower import ItemInputs, dense_columns
from scoring.scorer.calibration import Calibration
from scoring.scorer.item_index import ItemIndex, is_installed
from scoring.scorer.retrieval import candidate_items, enough_events
from scoring.scorer.scorer import GlassBoxScorer
from scoring.scorer.storage import save_scorer
from scoring.training.blend import Blend, asked_of, find_blend
from scoring.training.channel_term import ChannelChoice, choose_channels
from scoring.training.history import write_history
from scoring.training.lineage import lineage
from scoring.training.link_search import LinkChoice, choose_links, fit_links
from scoring.training.memory import on_disk, release
from scoring.training.trainer import Progress, Report, Trainer, best_report

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoring.data.tables import Tables
    from scoring.training.config import TrainConfig


Protocol: TypeAlias = Literal["time", "last"]

MOST_REPEATS: Final = 0.05
"""Largest share of target events whose user had the item before, in a log that hardly repeats."""

LEAST_RETURNING: Final = 0.1
"""Smallest share of users with an event in the last window and one before it, for windows of time to learn from."""

MIN_TRAINED_ROWS: Final = 2000
"""Shorter logs are scored by popularity, personal frequency and links alone."""

LEAST_USERS: Final = 50
"""Users whom a window of less than 30 days needs."""

N_LAST: Final = 4
"""Latest events of each user to learn from."""

MAX_SIGNALS: Final = 6
"""Signal kinds that have features of their own."""


@dataclass(frozen=True)
class TrainReport:
    """What training did.

    Attributes:
        scorer: The trained scorer, as saved.
        reports: Looks at the held-out window.
        blend: Weights of the parts of the score.
        min_events: Rows that an item needs to be recommended.
        seconds: Wall time.
        peak_rss_mb: Peak memory of this process.
        artifacts: Where the scorer lies.
    """

    scorer: GlassBoxScorer
    reports: tuple[Report, ...]
    blend: Blend
    min_events: int
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
    protocol: Protocol | None = None,
    progress: Progress = _silent,
    notes: Mapping[str, Any] | None = None,
) -> TrainReport:
    """Train on the events before a moment and save the scorer.

    Args:
        tables: The shop's tables; later events are copied to the artifacts but not learned from.
        config: Settings.
        artifacts_dir: Folder to create or fill.
        cutoff: End of training.
        protocol: What the scorer is for: ``time`` for purchases of the next 30 days, ``last`` for the next event,
            which is never an item of the history. If not given, ``protocol_of`` chooses.
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
    buckets = Buckets.build(catalogue, snapshot.price, signals)
    if protocol is None:
        protocol = protocol_of(log, to_day(cutoff), has_times=tables.shop.times != "order")
    is_last = protocol == "last"
    min_events = enough_events(snapshot.n_events, 1 if is_last else config.min_events)
    data = TrainingData(
        catalogue,
        log,
        clock,
        promotions,
        buckets,
        candidate_items(snapshot.n_events, min_events),
        0 if is_last else config.link_rank,
        config.link_ridge,
        min_events,
        config.seed,
    )
    windows = make_windows(data, cutoff, config, progress, protocol=protocol)
    release()
    inputs, titles = _item_inputs(data, snapshot, config, artifacts_dir, progress)
    if windows:
        is_trained = not is_last and len(log) >= MIN_TRAINED_ROWS
        fitted = _fit(data, windows, inputs, config, progress, only_new=is_last, is_trained=is_trained)
    else:
        windows = [data.window(cutoff)]
        trainer = Trainer(data, inputs, config)
        trainer.model.place_knots(windows)
        share = np.full(2, 1.0 / len(data.candidates))
        fitted = Fitted(trainer, [], Blend.popular(), [], Calibration(np.array([0.0, 1.0]), share), ChannelChoice())
        fitted.blend.fold(trainer.model)
    trainer, reports, blend, choices = fitted.trainer, fitted.reports, fitted.blend, fitted.choices
    calibration, channels = fitted.calibration, fitted.channels
    used = [pair for pair in zip(choices, blend.links, strict=True) if pair[1]]
    trainer.model.context.mean.copy_(trainer.context_mean(windows))
    del windows, fitted  # as large as the log several times over
    release()
    model = trainer.model.cpu().double().eval()
    with torch.no_grad():
        trunk = model.item_tower.trunk(inputs.double())
    item_links = fit_links([choice for choice, _ in used], data, log).weighted([weight for _, weight in used])
    few, varied = few_sold_variants(catalogue, snapshot.n_events, data.candidates, min_events)
    scorer = GlassBoxScorer(
        catalogue, snapshot, promotions, shop=tables.shop, buckets=buckets, model=model,
        candidates=np.union1d(data.candidates, few), trunk=trunk, links=data.links(log), calibration=calibration,
        item_links=item_links.likened(few, varied, as_past=False) if len(few) else item_links, titles=titles,
        last_seen=last_seen(tables, cutoff) if is_last else None, channel_weights=channels.weights,
    )  # fmt: skip
    entries = {
        "lineage": lineage(), **(notes or {}), "cutoff": cutoff.isoformat(), "config": config.model_dump(),
        "protocol": protocol, "min_events": min_events, "blend": asdict(blend), "channels": asdict(channels),
        "links": [repr(choice) for choice in choices],
    }  # fmt: skip
    if trainer.accelerator.is_main_process:
        save_scorer(scorer, tables, artifacts_dir, entries, index_of(scorer, config))
        write_history(artifacts_dir, reports, blend, chosen=best_report(reports).step if reports else None)
    trainer.accelerator.end_training()
    seconds = time.perf_counter() - started
    return TrainReport(scorer, tuple(reports), blend, min_events, seconds, _peak_rss_mb(), artifacts_dir)


@dataclass(frozen=True)
class Fitted:
    """A trained model with everything that validation chose.

    Attributes:
        trainer: Holds the model, with the blend folded in.
        reports: Looks at the held-out window.
        blend: Weights of the parts of the score.
        choices: How items are linked.
        calibration: From score to probability.
        channels: Weights of the context term of channels.
    """

    trainer: Trainer
    reports: list[Report]
    blend: Blend
    choices: list[LinkChoice]
    calibration: Calibration
    channels: ChannelChoice


def _fit(
    data: TrainingData, windows: list[Window], inputs: ItemInputs, config: TrainConfig, progress: Progress, *,
    only_new: bool, is_trained: bool,
) -> Fitted:  # fmt: skip
    """Train with the first window held out, weigh the parts on it, and train again on all windows.

    The windows leave the list meanwhile, so that the others can wait on disk while the first one is measured.
    """
    held_out, *others = windows
    windows.clear()
    trainer = Trainer(data, inputs, config)
    reports: list[Report] = []
    if is_trained:
        reports = trainer.fit(others or [held_out], held_out, progress, tower_steps=config.tower_steps)
    else:
        trainer.model.place_knots([held_out, *others])
    with on_disk(others):
        users, asked = asked_of(data, held_out, only_new=only_new)
        progress("links", 0, 2)
        choices, links = choose_links(data, held_out, asked, users)
        release()
        progress("links", 1, 2)
        blend = find_blend(data, held_out, trainer, links, users=users, asked=asked, is_trained=is_trained)
        progress("links", 2, 2)
        blend.fold(trainer.model)
        linked = links.weighted(blend.links)
        calibration = trainer.calibrate(held_out, linked)
        channels = choose_channels(data, held_out, trainer, linked, users=users, asked=asked)
        del links, linked, asked  # as large as a window
    windows += [replace(held_out, past=held_out.past.between(np.inf, np.inf)), *others]
    del held_out, others
    release()
    if blend.uses_model and len(windows) > 1:
        trainer = Trainer(data, inputs, config)
        step = best_report(reports).step
        trainer.fit(windows, None, progress, tower_steps=config.tower_steps, last_step=step)
        blend.fold(trainer.model)
    return Fitted(trainer, reports, blend, choices, calibration, channels)


def index_of(scorer: GlassBoxScorer, config: TrainConfig) -> ItemIndex | None:
    """Return an index of the items that may be recommended.

    Args:
        scorer: The trained scorer.
        config: Settings.

    Returns:
        The index; ``None`` if there are fewer than ``index_from`` items, or the extra ``index`` is not installed.
    """
    n_items = len(scorer.candidates)
    if n_items < config.index_from or not is_installed(f"{n_items:,} items get no index"):
        return None
    return ItemIndex.build(scorer)


def last_seen(tables: Tables, cutoff: pd.Timestamp) -> dict[str, pd.Timestamp]:
    """Return the moment of each user's latest event before a cut-off."""
    latest = tables.before(cutoff).events.groupby(USER_ID)[TIMESTAMP].max()
    return {str(user): pd.Timestamp(moment) for user, moment in zip(latest.index, latest.array, strict=True)}


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


def protocol_of(log: Log, end: float, *, has_times: bool) -> Protocol:
    """Return the protocol that fits a log.

    ``last`` fits a log that hardly repeats if it has no times, or if few users come back within a window: people who
    rate all their films in one sitting, for example.

    Args:
        log: Events before the cut-off.
        end: The cut-off, in days since 1970.
        has_times: Whether the log has times, and not only an order.

    Returns:
        ``time`` or ``last``.
    """
    rows = log.targets()
    n_users = len(log.user_ids)
    pairs = np.unique(rows.item_index * np.int64(n_users) + rows.user_index)
    if len(rows) - len(pairs) > MOST_REPEATS * len(rows):
        return "time"
    if not has_times:
        return "last"
    is_late = rows.day >= end - HORIZON_DAYS
    returning = np.intersect1d(rows.user_index[is_late], rows.user_index[~is_late])
    several = np.bincount(rows.user_index, minlength=n_users) > 1
    return "time" if len(returning) >= LEAST_RETURNING * several.sum() else "last"


def make_windows(
    data: TrainingData, cutoff: pd.Timestamp, config: TrainConfig, progress: Progress, *, protocol: Protocol
) -> list[Window]:
    """Return moments to learn from, latest first; the first one is held out.

    Args:
        data: Data that every window shares.
        cutoff: End of training.
        config: Settings.
        progress: Told how far the stage has come.
        protocol: ``time`` for windows of 30 days, ``last`` for the latest events of each user.

    Returns:
        The windows; none if no user has two events. If a log is too short for two windows of 30 days, windows have an
        eighth of its length. If few users come back in these, users' latest events divide the log.

    Raises:
        SettingError: If there is no event or no candidate.
    """
    if not len(data.log) or not len(data.candidates):
        raise SettingError(
            f"the log before {cutoff} holds {len(data.log)} events and {len(data.candidates)} items with at least "
            f"{data.min_events} rows but both are needed. Choose a later cut-off or a smaller `min_events`."
        )
    windows: list[Window] = []
    if protocol == "time":
        start = data.log.day.min()
        horizon, stride = _rhythm(to_day(cutoff) - start, config.stride_days)
        for k in range(config.n_windows):
            as_of = cutoff - pd.Timedelta(days=horizon + k * stride)
            if to_day(as_of) - start >= horizon:
                _add(windows, data.window(as_of, days=horizon))
            progress("windows", k + 1, config.n_windows)
        if horizon < HORIZON_DAYS and windows and len(windows[0].users) < LEAST_USERS:
            windows = []
    if len(windows) < 2:
        is_last = protocol == "last"
        windows = []
        for k in range(1 if is_last else N_LAST):
            _add(windows, data.window_before(k, since_last_seen=is_last))
        progress("windows", config.n_windows, config.n_windows)
    return windows


def _rhythm(length: float, stride_days: int) -> tuple[float, float]:
    """Return the days of a window and those between windows, for a log of some days.

    In a short log, what users did just before an event tells nearly for certain what it is: the cart of a minute ago.
    So windows of time are for short logs too. They ask what the scorer is asked later.
    """
    is_short = length < 2 * HORIZON_DAYS + stride_days
    return (length / 8, length / 8) if is_short else (HORIZON_DAYS, stride_days)


def _add(windows: list[Window], window: Window) -> None:
    """Add a window that has users. Only the first one, which is held out, keeps its events."""
    if len(window.users):
        windows.append(replace(window, past=window.past.between(np.inf, np.inf)) if windows else window)
    release()


def _item_inputs(
    shop: TrainingData, snapshot: Snapshot, config: TrainConfig, cache: Path, progress: Progress
) -> tuple[ItemInputs, TitleSpace | None]:
    progress("titles", 0, 1)
    titles, space = None, None
    if config.titles != "none" and shop.rank and (shop.catalogue.titles != "").any():
        titles, space = title_embeddings(shop.catalogue, config.titles, d=config.d_titles, cache=cache / "cache")
    progress("titles", 1, 1)
    dense = dense_columns(shop.catalogue, snapshot.price, titles)
    inputs = ItemInputs(
        item_id=torch.from_numpy(shop.place() + 1),
        category=torch.from_numpy(shop.catalogue.category_index),
        brand=torch.from_numpy(shop.catalogue.brand_index + 1),
        dense=torch.from_numpy(dense.astype(np.float32)),
    )
    return inputs, space


def _peak_rss_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024.0 if sys.platform != "darwin" else 1024.0**2)
