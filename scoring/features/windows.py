"""Moments to learn from: what all users had bought by then, and what they bought in the 30 days that followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoring.data.log import to_day
from scoring.features.context import context_features
from scoring.features.copurchase import CoPurchase
from scoring.features.features import own_evidence
from scoring.features.snapshot import Snapshot

if TYPE_CHECKING:
    import pandas as pd

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.log import FloatArray, Log
    from scoring.data.shop import Clock
    from scoring.features.features import Cells, OwnEvidence
    from scoring.features.promotions import PromotionCalendar

HORIZON_DAYS = 30
"""A purchase counts as a hit for this long."""


@dataclass(frozen=True)
class Window:
    """All users at one moment.

    Attributes:
        as_of: The moment.
        own: What their histories say.
        context: Context of the candidates, shape ``(n_candidates, n_columns)``.
        bought_user: Who bought within the horizon, sorted, shape ``(n_positives,)``.
        bought_item: Which candidate, by its place, shape ``(n_positives,)``.
        users: Users with a history and a purchase within the horizon, shape ``(n_users,)``.
        links: Co-purchase as it stood at the moment, so that no window knows its own future.
    """

    as_of: pd.Timestamp
    own: OwnEvidence
    context: FloatArray
    bought_user: IndexArray
    bought_item: IndexArray
    users: IndexArray
    links: CoPurchase


@dataclass(frozen=True)
class TrainingData:
    """Data that every window shares.

    Attributes:
        catalogue: The shop's items.
        log: All events up to the cut-off.
        clock: The shop's clock.
        promotions: What runs when.
        cells: The catalogue's cells.
        candidates: Rankable items, shape ``(n_candidates,)``.
        rank: Directions of co-purchase to keep.
        ridge: Strength of its ridge.
        seed: Source of chance.
    """

    catalogue: Catalogue
    log: Log
    clock: Clock
    promotions: PromotionCalendar
    cells: Cells
    candidates: IndexArray
    rank: int
    ridge: float
    seed: int

    def place(self) -> IndexArray:
        """Return the place of each item among the candidates, −1 for the others, shape ``(n_items,)``."""
        place = np.full(len(self.catalogue), -1, dtype=np.int64)
        place[self.candidates] = np.arange(len(self.candidates))
        return place

    def links(self, as_of: pd.Timestamp) -> CoPurchase:
        """Return co-purchase as it stands at a moment."""
        past = self.log.between(-np.inf, to_day(as_of)).targets()
        return CoPurchase.fit(
            past, self.candidates, len(self.catalogue), rank=self.rank, ridge=self.ridge, seed=self.seed
        )

    def window(self, as_of: pd.Timestamp) -> Window:
        """Return all users at one moment.

        Args:
            as_of: The moment; events before it are history, those of the 30 days that follow are bought.

        Returns:
            The window.
        """
        now = to_day(as_of)
        snapshot = Snapshot.from_log(self.log, self.catalogue, as_of, clock=self.clock, neighbours=False)
        links = self.links(as_of)
        own = own_evidence(self.log.between(-np.inf, now), now, self.cells, item_stats(snapshot, links))
        future = self.log.between(now, now + HORIZON_DAYS).targets()
        n = len(self.candidates)
        place = self.place()[future.item_index]
        pairs = np.unique((future.user_index * n + place)[place >= 0])
        context = context_features(snapshot, self.promotions, self.catalogue, as_of)[self.candidates]
        known = np.unique(np.concatenate([own.user, *(cells.user for cells in own.cells)]))
        return Window(as_of, own, context, pairs // n, pairs % n, np.intersect1d(known, pairs // n), links)


def item_stats(snapshot: Snapshot, links: CoPurchase) -> FloatArray:
    """Return what tells how much a past purchase of an item means.

    Args:
        snapshot: Global statistics.
        links: Co-purchase at the same moment.

    Returns:
        Popularity in three windows, rebuying and echo, shape ``(n_items, 5)``.
    """
    return np.column_stack([np.log1p(snapshot.users_by_window), snapshot.rebuy, links.echo])
