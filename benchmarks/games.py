"""Scores to explain: real users and items over the trained scorer, as games over history groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.attribution.partition import MAX_GROUPS, Partition, partitions_for
from scoring.data.history import EventLog
from scoring.data.tables import Tables
from scoring.scorer.scorer import GlassBoxScorer
from scoring.scorer.storage import load_scorer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from methods import Game

    from scoring.data.catalogue import IndexArray
    from scoring.scorer.user_state import UserState


@dataclass(frozen=True)
class Shop:
    """A trained scorer and its event log.

    Attributes:
        scorer: The scorer.
        log: Everyone's events.
    """

    scorer: GlassBoxScorer
    log: EventLog

    @classmethod
    def load(cls, artifacts: Path) -> Shop:
        """Open trained artifacts."""
        scorer = load_scorer(artifacts)
        return cls(scorer, EventLog(Tables.read(artifacts / "tables").events, scorer.catalogue))

    def states(self, n_users: int, *, least_categories: int, seed: int = 0) -> Iterator[UserState]:
        """Yield users drawn by chance who bought in enough categories."""
        found = 0
        for user in np.random.default_rng(seed).permutation(self.log.user_ids):
            history = self.log.history(str(user), self.scorer.snapshot.as_of)
            if len(np.unique(self.scorer.catalogue.category_index[history.item_index])) < least_categories:
                continue
            yield self.scorer.read(history)
            found += 1
            if found == n_users:
                return


@dataclass(frozen=True)
class Pairs:
    """Items of one user that share a partition.

    Attributes:
        shop: The scorer.
        state: The user.
        groups: The players.
        items: The items, shape ``(n_items,)``.
    """

    shop: Shop
    state: UserState
    groups: Partition
    items: IndexArray

    def one_by_one(self) -> Iterator[Pairs]:
        """Yield each item alone, with the partition of a list that holds this item only."""
        for item in self.items:
            alone, n_groups = np.array([item]), max(len(self.groups), 2)
            catalogue = self.shop.scorer.catalogue
            ((groups, _),) = partitions_for(self.state.history, catalogue, alone, max_groups=n_groups)
            yield Pairs(self.shop, self.state, groups, alone)

    def game(self) -> Game:
        """Return the scores as a function of present groups, from their sums; one item gives one column less."""
        scorer, n = self.shop.scorer, len(self.groups)
        sums = self.state.group_sums(self.groups.group_of(self.state.categories), n)
        own_group = self.groups.group_of(scorer.catalogue.category_index[self.items])
        own = np.zeros((n, len(self.items)))
        held = np.flatnonzero(own_group >= 0)
        own[own_group[held], held] = scorer.own_parts(self.state, self.items[held]).sum(axis=1)
        context = scorer.context_parts(self.state.history.as_of, self.items).sum(axis=1)
        V = scorer.item_embedding[self.items].T

        def scores(rows: np.ndarray) -> np.ndarray:
            present = np.asarray(rows, dtype=np.float64)
            found = self.state.embed(present @ sums) @ V + present @ own + context
            return found[:, 0] if len(self.items) == 1 else found

        return scores

    def rescored(self) -> Game:
        """Return the same scores from histories whose events are deleted and that are read from scratch."""
        scorer, history = self.shop.scorer, self.state.history

        def scores(rows: np.ndarray) -> np.ndarray:
            absent = [[c for g in np.flatnonzero(~row) for c in self.groups.categories[g]] for row in rows]
            shortened = (history.without(categories, scorer.catalogue) for categories in absent)
            found = np.stack([scorer.score(scorer.read(each), self.items) for each in shortened])
            return found[:, 0] if len(self.items) == 1 else found

        return scores


def top_pairs(shop: Shop, n_users: int, n_items: int, *, n_groups: int = MAX_GROUPS) -> list[Pairs]:
    """Return the best items of some users, each item with a partition of so many groups."""
    found = []
    for state in shop.states(n_users, least_categories=n_groups):
        items = shop.scorer.rank(state, n_items)[0]
        divided = partitions_for(state.history, shop.scorer.catalogue, items, max_groups=n_groups)
        found += [Pairs(shop, state, groups, items[rows]) for groups, rows in divided]
    return found
