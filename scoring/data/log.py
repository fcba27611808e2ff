"""The event log as sorted arrays, and moments as numbers of days."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.data.tables import ITEM_ID, PRICE, TIMESTAMP, USER_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History

FloatArray = npt.NDArray[np.float64]
"""Numbers, shape as said where it is used."""

NS_PER_DAY = 86_400e9


def to_days(moments: npt.NDArray[np.datetime64]) -> FloatArray:
    """Return moments as days since 1970, NaN where there is none.

    Args:
        moments: Moments of any resolution, shape ``(n,)``.

    Returns:
        Days with fractions, shape ``(n,)``.
    """
    ns = moments.astype("datetime64[ns]")
    return np.where(np.isnat(ns), np.nan, ns.astype(np.int64) / NS_PER_DAY)


def to_day(moment: pd.Timestamp) -> float:
    """Return one moment as days since 1970."""
    return float(to_days(np.array([moment.to_datetime64()]))[0])


@dataclass(frozen=True)
class Log:
    """Events of one or more users, sorted by user, then item, then time.

    All arrays have shape ``(n_events,)``.

    Attributes:
        user_ids: Shop ids by ``user_index``.
        user_index: Whose event it is.
        item_index: Row number in the catalogue.
        day: When, in days since 1970.
        price: Price of one unit; NaN where the table does not say.
    """

    user_ids: tuple[str, ...]
    user_index: IndexArray
    item_index: IndexArray
    day: FloatArray
    price: FloatArray

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.item_index)

    def between(self, start: float, end: float) -> Log:
        """Return the events with ``start <= day < end``.

        Args:
            start: First moment, in days since 1970.
            end: Moment after the last.

        Returns:
            A log of the same users.
        """
        return self._select((self.day >= start) & (self.day < end))

    def of_users(self, user_index: IndexArray) -> Log:
        """Return the events of some users, renumbered in the order given.

        Args:
            user_index: Users to keep, without repetition.

        Returns:
            A log whose ``user_index`` runs over the users given.
        """
        place = np.full(len(self.user_ids), -1, dtype=np.int64)
        place[user_index] = np.arange(len(user_index))
        chosen = self._select(place[self.user_index] >= 0)
        renumbered = place[chosen.user_index]
        order = np.argsort(renumbered, kind="stable")
        return Log(
            tuple(self.user_ids[u] for u in user_index),
            renumbered[order],
            chosen.item_index[order],
            chosen.day[order],
            chosen.price[order],
        )

    def _select(self, mask: npt.NDArray[np.bool_]) -> Log:
        return Log(self.user_ids, self.user_index[mask], self.item_index[mask], self.day[mask], self.price[mask])

    @classmethod
    def from_events(cls, events: pd.DataFrame, catalogue: Catalogue) -> Log:
        """Read the events table.

        Args:
            events: Rows of the events table (DESIGN.md §8).
            catalogue: The shop's items; every row names one of them.

        Returns:
            The log of all users.
        """
        users = pd.Categorical(events[USER_ID].to_numpy(dtype=object))
        price = events[PRICE].to_numpy(dtype=np.float64) if PRICE in events else np.full(len(events), np.nan)
        return cls._sorted(
            tuple(str(user) for user in users.categories),
            np.asarray(users.codes, dtype=np.int64),
            catalogue.known(events[ITEM_ID]),
            to_days(events[TIMESTAMP].to_numpy()),
            price,
        )

    @classmethod
    def from_histories(cls, histories: Sequence[History]) -> Log:
        """Return histories as a log whose moments count from the end of each history.

        Args:
            histories: Histories, of one user or of many, which may end at different moments.

        Returns:
            A log with a user for each history, in their order; every ``day`` is negative, and now is 0.
        """
        lengths = [len(history) for history in histories]
        days = [to_days(history.timestamp) - to_day(history.as_of) for history in histories]
        return cls._sorted(
            tuple(history.user_id or "" for history in histories),
            np.repeat(np.arange(len(histories)), lengths),
            np.concatenate([history.item_index for history in histories]),
            np.concatenate(days),
            np.concatenate([history.price for history in histories]),
        )

    @classmethod
    def _sorted(
        cls, user_ids: tuple[str, ...], user: IndexArray, item: IndexArray, day: FloatArray, price: FloatArray
    ) -> Log:
        order = np.lexsort((day, item, user))
        return cls(user_ids, user[order], item[order], day[order], price[order])
