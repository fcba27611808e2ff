"""Moments to learn from: what all users had bought by then, and what they bought in the 30 days that followed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scoring.data.log import from_day, to_day
from scoring.features.context import context_features
from scoring.features.copurchase import CoPurchase
from scoring.features.own_history import OwnEvidence, own_evidence
from scoring.features.snapshot import Snapshot

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.log import FloatArray, Log
    from scoring.data.shop import Clock
    from scoring.features.channels import Channels
    from scoring.features.own_history import Buckets
    from scoring.features.promotions import PromotionCalendar

HORIZON_DAYS = 30
"""A purchase counts as a hit for this long."""

MIN_AVAILABLE = 3
"""Rows before a moment that make an item available at it."""

MAX_USERS = 8000
"""Most users of a window whose histories are read; the steps of training draw fewer."""

BLOCK = 500
"""Users whose histories are read at once."""


@dataclass(frozen=True)
class Window:
    """All users at one moment.

    Attributes:
        as_of: The moment; in ``window_before``, the moment of the statistics.
        past: Events before the moment of each user, whose ``day`` counts from it, so that now is 0; none where
            they are not kept.
        own: What the histories of its users say, in single precision.
        context: Context of the candidates, shape ``(n_candidates, n_columns)``.
        bought_user: Who bought within the horizon, sorted, shape ``(n_positives,)``.
        bought_item: Which candidate, by its place, shape ``(n_positives,)``.
        bought_in: In which channel, −1 for none, shape ``(n_positives,)``.
        channels: Users of each item in each channel before the moment.
        users: Users with a history and a purchase within the horizon, at most ``MAX_USERS``, shape ``(n_users,)``.
        links: Co-purchase as it stood at the moment, so that no window knows its own future.
        is_available: Candidates that had enough rows at the moment, shape ``(n_candidates,)``. The others were not
            there to be recommended; to learn from them would teach that what has no buyers is bought most.
    """

    as_of: pd.Timestamp
    past: Log
    own: OwnEvidence
    context: FloatArray
    bought_user: IndexArray
    bought_item: IndexArray
    bought_in: npt.NDArray[np.int8]
    channels: Channels
    users: IndexArray
    links: CoPurchase
    is_available: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrainingData:
    """Data that every window shares.

    Attributes:
        catalogue: The shop's items.
        log: All events up to the cut-off.
        clock: The shop's clock.
        promotions: What runs when.
        buckets: The catalogue's buckets.
        candidates: Rankable items, shape ``(n_candidates,)``.
        rank: Directions of co-purchase to keep; 0 for no co-purchase.
        ridge: Strength of its ridge.
        min_events: Rows that make an item a candidate.
        seed: Source of chance.
    """

    catalogue: Catalogue
    log: Log
    clock: Clock
    promotions: PromotionCalendar
    buckets: Buckets
    candidates: IndexArray
    rank: int
    ridge: float
    min_events: int
    seed: int

    def place(self) -> IndexArray:
        """Return the place of each item among the candidates, −1 for the others, shape ``(n_items,)``."""
        place = np.full(len(self.catalogue), -1, dtype=np.int64)
        place[self.candidates] = np.arange(len(self.candidates))
        return place

    def links(self, past: Log) -> CoPurchase:
        """Return co-purchase in some events; none if ``rank`` is 0."""
        n_items = len(self.catalogue)
        if not self.rank:
            return CoPurchase.none(self.candidates, n_items)
        log = past.targets()
        return CoPurchase.fit(log, self.candidates, n_items, rank=self.rank, ridge=self.ridge, seed=self.seed)

    def window(self, as_of: pd.Timestamp, *, days: float = HORIZON_DAYS) -> Window:
        """Return all users at one moment.

        Args:
            as_of: The moment; events before it are history, those of the days that follow are bought.
            days: How many days.

        Returns:
            The window.
        """
        now = to_day(as_of)
        past = self.log.between(-np.inf, now)
        snapshot = Snapshot.from_log(past, self.catalogue, as_of, clock=self.clock, pairs=False)
        past = replace(past, day=past.day - now)
        return self._window(as_of, past, self.log.between(now, now + days).targets(), snapshot)

    def window_before(self, n: int, *, since_last_seen: bool = False) -> Window:
        """Return each user at the moment of their n-th target event from the end.

        Args:
            n: 0 for the last target event, which is then what the user bought, and so on.
            since_last_seen: Whether ages count from the latest event before it instead.

        Returns:
            The window; its statistics are those of everything before these events.
        """
        past, bought, now = self.log.history_before(n)
        as_of = from_day(float(past.day.max(initial=0.0))) + pd.Timedelta(seconds=1)
        snapshot = Snapshot.from_log(past, self.catalogue, as_of, clock=self.clock, pairs=False)
        if since_last_seen:
            now = np.full(len(past.user_ids), -np.inf)
            np.maximum.at(now, past.user_index, past.day)
        return self._window(as_of, replace(past, day=past.day - now[past.user_index]), bought, snapshot)

    def _window(self, as_of: pd.Timestamp, past: Log, bought: Log, snapshot: Snapshot) -> Window:
        """Return a window from events whose moments count from the moment of each user."""
        links = self.links(past)
        n = len(self.candidates)
        is_available = snapshot.n_events[self.candidates] >= min(self.min_events, MIN_AVAILABLE)
        place = self.place()[bought.item_index]
        kept = place >= 0
        kept[kept] = is_available[place[kept]]
        pairs, first = np.unique((bought.user_index * n + place)[kept], return_index=True)
        context = context_features(snapshot, self.promotions, self.catalogue, as_of)[self.candidates]
        own = self._own(past, pairs // n, item_stats(snapshot, links))
        known = np.unique(np.concatenate([own.user, *(buckets.user for buckets in own.buckets)]))
        users = np.intersect1d(known, pairs // n)
        bought_in = bought.channel[kept][first]
        return Window(
            as_of, past, own, context, pairs // n, pairs % n, bought_in, snapshot.channels, users, links, is_available
        )

    def _own(self, past: Log, bought_user: IndexArray, stats: FloatArray) -> OwnEvidence:
        """Read the histories of all users; of users who bought, and of a sample of them, where there are many."""
        users = np.unique(past.user_index)
        if len(users) > MAX_USERS:
            users = np.intersect1d(users, bought_user)
        if len(users) > MAX_USERS:
            users = np.sort(np.random.default_rng(self.seed).choice(users, MAX_USERS, replace=False))
        blocks = [users[at : at + BLOCK] for at in range(0, len(users), BLOCK)] or [users]
        read = (own_evidence(past.of_users(block), 0.0, self.buckets, stats) for block in blocks)
        return OwnEvidence.joined([own.single_precision(block) for own, block in zip(read, blocks, strict=True)])


def item_stats(snapshot: Snapshot, links: CoPurchase) -> FloatArray:
    """Return what tells how much a past purchase of an item means.

    Args:
        snapshot: Global statistics.
        links: Co-purchase at the same moment.

    Returns:
        Popularity in three windows, rebuying and echo, shape ``(n_items, 5)``.
    """
    return np.column_stack([np.log1p(snapshot.users_by_window), snapshot.rebuy, links.echo])
