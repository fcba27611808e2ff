"""Split of an event log at a time into training rows, test users and their relevant items (docs/design.md §4)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from scoring.data.shop import Shop
from scoring.data.tables import ITEM_ID, TIMESTAMP, USER_ID
from scoring.data.targets import counted_rows
from scoring.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.catalogue import Catalogue, IndexArray

MIN_ROWS: Final = 10
"""Items with fewer training rows are not ranked."""

Matrix: TypeAlias = "sp.csr_array[np.float32, tuple[int, int]]"
"""Sparse numbers by user and candidate, shape ``(n_users, n_candidates)``."""


@dataclass(frozen=True)
class Interactions:
    """The training rows of the candidates; events of other items are not among them.

    Attributes:
        user_ids: Shop ids by ``user_index``, sorted.
        user_index: Whose row it is, shape ``(n_rows,)``.
        candidate: Position among the candidates, shape ``(n_rows,)``.
        timestamp: When, shape ``(n_rows,)``.
        n_candidates: Number of candidates.
        as_of: The moment that all rows come before.
    """

    user_ids: tuple[str, ...]
    user_index: IndexArray
    candidate: IndexArray
    timestamp: npt.NDArray[np.datetime64]
    n_candidates: int
    as_of: pd.Timestamp

    @cached_property
    def age(self) -> npt.NDArray[np.float64]:
        """Days from each row to ``as_of``, shape ``(n_rows,)``."""
        return np.asarray((self.as_of.to_datetime64() - self.timestamp) / np.timedelta64(1, "D"), dtype=np.float64)

    @cached_property
    def is_first_of_basket(self) -> npt.NDArray[np.bool_]:
        """Whether a row is the first with its user, candidate and timestamp, shape ``(n_rows,)``."""
        keys = pd.DataFrame({"user": self.user_index, "candidate": self.candidate, "timestamp": self.timestamp})
        return ~keys.duplicated().to_numpy(dtype=bool)

    def matrix(self, weight: npt.NDArray[np.floating | np.bool_] | None = None) -> Matrix:
        """Return the sum of weights by user and candidate.

        Args:
            weight: A number for each row; 1 where it is not given.

        Returns:
            Sums, shape ``(n_users, n_candidates)``; nothing is stored for pairs without a row.
        """
        return _sparse(self.user_index, self.candidate, (len(self.user_ids), self.n_candidates), weight)

    def rows_of(self, user_ids: Sequence[str]) -> IndexArray:
        """Return the ``user_index`` of shop ids, −1 for users without a row.

        Args:
            user_ids: Shop ids.

        Returns:
            Row numbers, shape ``(len(user_ids),)``.
        """
        known = pd.Index(self.user_ids, dtype=object)
        return np.asarray(known.get_indexer(pd.Index(list(user_ids), dtype=object)), dtype=np.int64)


@dataclass(frozen=True)
class Split:
    """What a ranker may learn from, and what it is asked.

    Attributes:
        train: Training rows of the candidates.
        candidates: Items that are ranked, as ``item_index``, ascending, shape ``(n_candidates,)``.
        user_ids: Test users: training users with a test row of a candidate, sorted.
        relevant: 1 where a test user has a test row of a candidate, shape ``(n_users, n_candidates)``.
        bought: 1 where a test user has a training row of a candidate, shape ``(n_users, n_candidates)``.
    """

    train: Interactions
    candidates: IndexArray
    user_ids: tuple[str, ...]
    relevant: Matrix
    bought: Matrix

    @property
    def cutoff(self) -> pd.Timestamp:
        """The moment between training and test."""
        return self.train.as_of

    @classmethod
    def at(
        cls,
        events: pd.DataFrame,
        catalogue: Catalogue,
        *,
        cutoff: pd.Timestamp,
        min_rows: int = MIN_ROWS,
        shop: Shop | None = None,
    ) -> Split:
        """Divide the events at a moment.

        Args:
            events: The events table.
            catalogue: The shop's items; every event names one of them.
            cutoff: Earlier events train, later ones (this moment included) test.
            min_rows: Training rows that make an item a candidate.
            shop: Which kinds of event are rows at all; the default settings if not given.

        Returns:
            The split; rows are target events that no return before the cut-off, or in the test after it, took back.
            Without a candidate or a test user left, nothing can be measured and a ``SettingError`` says so.
        """
        is_train = (events[TIMESTAMP] < cutoff).to_numpy(dtype=bool)
        is_counted = np.zeros(len(events), dtype=bool)
        for part in (is_train, ~is_train):
            is_counted[part] = counted_rows(events[part], shop or Shop())
        events, is_train = events[is_counted], is_train[is_counted]
        item_index = catalogue.known(events[ITEM_ID])
        rows = np.bincount(item_index[is_train], minlength=len(catalogue))
        candidates = np.flatnonzero(rows >= min_rows)
        return cls._of(events, item_index, is_train, candidates, cutoff)

    @classmethod
    def between(cls, train: pd.DataFrame, test: pd.DataFrame, catalogue: Catalogue) -> Split:
        """Divide events by row, whatever their moments.

        Args:
            train: Rows to learn from.
            test: Rows to predict.
            catalogue: The shop's items; every event names one of them.

        Returns:
            The split; each item with a row is a candidate, and the cut-off is a second after the last training row.
        """
        events = pd.concat([train, test], ignore_index=True)
        item_index = catalogue.known(events[ITEM_ID])
        cutoff = train[TIMESTAMP].max() + pd.Timedelta(seconds=1)
        return cls._of(events, item_index, np.arange(len(events)) < len(train), np.unique(item_index), cutoff)

    @classmethod
    def _of(
        cls, events: pd.DataFrame, item_index: IndexArray, is_train: npt.NDArray[np.bool_], candidates: IndexArray,
        cutoff: pd.Timestamp,
    ) -> Split:  # fmt: skip
        moments = events[TIMESTAMP]
        position = np.full(int(max(item_index.max(initial=0), candidates.max(initial=0))) + 1, -1, dtype=np.int64)
        position[candidates] = np.arange(len(candidates))
        place, users, when = position[item_index], events[USER_ID].astype("str"), events[TIMESTAMP].to_numpy()

        kept = is_train & (place >= 0)
        user_index, known = pd.factorize(users[kept], sort=True)
        train = Interactions(
            tuple(known), user_index.astype(np.int64), place[kept], when[kept], len(candidates), cutoff
        )
        asked = ~is_train & (place >= 0)
        asking = train.rows_of(users[asked].tolist())
        relevant = _ones(asking[asking >= 0], place[asked][asking >= 0], (len(known), len(candidates)))
        chosen = np.flatnonzero(np.diff(relevant.indptr))
        if len(chosen) == 0:
            raise SettingError(
                f"the events from {moments.min()} to {moments.max()} leave {len(candidates)} candidates and no test "
                f"user at the cut-off {cutoff} but one of each is needed. Choose a moment that has events around it."
            )
        bought = _ones(train.user_index, train.candidate, relevant.shape)
        return cls(train, candidates, tuple(known[chosen]), relevant[chosen], bought[chosen])


def _sparse(
    rows: IndexArray,
    columns: IndexArray,
    shape: tuple[int, int],
    weight: npt.NDArray[np.floating | np.bool_] | None = None,
) -> Matrix:
    values = np.ones(len(rows), dtype=np.float32) if weight is None else weight.astype(np.float32)
    return sp.coo_array((values, (rows, columns)), shape=shape).tocsr()  # sums what repeats


def _ones(rows: IndexArray, columns: IndexArray, shape: tuple[int, int]) -> Matrix:
    matrix = _sparse(rows, columns, shape)
    matrix.data[:] = 1.0
    return matrix
