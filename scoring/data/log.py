"""The event log as sorted arrays, and moments as numbers of days."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.data.tables import CHANNEL, ITEM_ID, KIND, ORDER_ID, PRICE, PURCHASE, QUANTITY, TIMESTAMP, USER_ID
from scoring.data.targets import TARGET, Roles, counted, order_numbers, roles

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History
    from scoring.data.shop import Shop

FloatArray = npt.NDArray[np.float64]
"""Numbers, shape as said where it is used."""

NS_PER_DAY = 86_400e9

MAX_CHANNELS: Final = 16
"""Channels that are told apart: the commonest."""

NAMES: Final = frozenset({"user_ids", "channels"})
"""Fields of ``Log`` that have no row for each event."""


def to_days(moments: npt.NDArray[np.datetime64]) -> FloatArray:
    """Return moments as days since 1970, NaN if missing.

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


def from_day(day: float) -> pd.Timestamp:
    """Return the moment of days since 1970, rounded up to a second."""
    return pd.Timestamp(0) + pd.Timedelta(seconds=float(np.ceil(day * 86_400)))


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
        order: Number of the order, distinct at least within a user; −1 where the table does not say.
        role: Whether an event is a target event, a return, or another event.
        signal: Which signal kind an event has, −1 for none.
        channel: Where it happened, a place in ``channels``; −1 where the table does not say.
        channels: Names of the channels, the commonest first.
    """

    user_ids: tuple[str, ...]
    user_index: IndexArray
    item_index: IndexArray
    day: FloatArray
    price: FloatArray
    order: IndexArray
    role: Roles
    signal: npt.NDArray[np.int8]
    channel: npt.NDArray[np.int8]
    channels: tuple[str, ...] = ()

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
        chosen = (self.day >= start) & (self.day < end)
        return self if chosen.all() else self._select(chosen)

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
        ordered = chosen._select(order)
        return replace(ordered, user_ids=tuple(self.user_ids[u] for u in user_index), user_index=renumbered[order])

    def targets(self) -> Log:
        """Return the target events that no return in this log takes back."""
        if (self.role == TARGET).all():
            return self
        return self._select(self.is_target)

    def interactions(self) -> Log:
        """Return the target events as in ``targets``, and the events of numbered signal kinds."""
        return self._select(self.is_target | (self.signal >= 0))

    def signals(self) -> Log:
        """Return the events of numbered signal kinds."""
        return self._select(self.signal >= 0)

    @cached_property
    def is_target(self) -> npt.NDArray[np.bool_]:
        """Whether an event is a target event that no return in this log takes back, shape ``(n_events,)``."""
        return counted(self.role, user=self.user_index, item=self.item_index, order=self.order, moment=self.day)

    def history_before(self, n: int) -> tuple[Log, Log, FloatArray]:
        """Return each user's n-th target event from the end, and the events before it.

        Args:
            n: 0 for the last target event, 1 for the one before it, and so on.

        Returns:
            The earlier events; the target event of each user who has one at that place; its ``day`` by user, 0 for the
            other users, shape ``(n_users,)``.
        """
        rows = np.lexsort((self.day, self.user_index))
        is_target, user = self.is_target[rows], self.user_index[rows]
        total = np.cumsum(is_target)
        end = np.searchsorted(user, user, side="right") - 1
        later: IndexArray = total[end] - total  # target events behind each row
        past, asked = (self._select(np.sort(rows[mask])) for mask in (later > n, is_target & (later == n)))
        now = np.zeros(len(self.user_ids))
        now[asked.user_index] = asked.day
        return past, asked, now

    def of_signal(self, signal: int) -> Log:
        """Return the events of one signal kind."""
        return self._select(self.signal == signal)

    def of_channel(self, channel: int) -> Log:
        """Return the events of one channel."""
        return self._select(self.channel == channel)

    def distinct_users(self, n_items: int) -> IndexArray:
        """Return how many different users each item has, shape ``(n_items,)``."""
        if not len(self):
            return np.zeros(n_items, dtype=np.int64)
        # The log is sorted by user and item, so a pair's rows lie together.
        is_new = np.r_[True, (np.diff(self.item_index) != 0) | (np.diff(self.user_index) != 0)]
        return np.bincount(self.item_index[is_new], minlength=n_items).astype(np.int64)

    def _select(self, rows: npt.NDArray[np.bool_] | IndexArray) -> Log:
        arrays = {f.name: getattr(self, f.name)[rows] for f in fields(self) if f.name not in NAMES}
        return replace(self, **arrays)

    @classmethod
    def from_events(cls, events: pd.DataFrame, catalogue: Catalogue, *, shop: Shop, signals: Sequence[str] = ()) -> Log:
        """Read the events table.

        Args:
            events: Rows of the events table (docs/design.md §8).
            catalogue: The shop's items; every row names one of them.
            shop: Which kinds of event are target kinds and return kinds.
            signals: Signal kinds to number.

        Returns:
            The log of all users.
        """
        user_index, users = pd.factorize(events[USER_ID], sort=True)
        n = len(events)
        quantity = events[QUANTITY].to_numpy(dtype=np.float64, na_value=1.0) if QUANTITY in events else np.ones(n)
        kind = events[KIND] if KIND in events else np.full(n, PURCHASE, dtype=object)
        channel, channels = _channels(events[CHANNEL]) if CHANNEL in events else (np.full(n, -1, dtype=np.int8), ())
        return cls._sorted(
            tuple(map(str, users)),
            channels,
            user_index=user_index.astype(np.int64),
            item_index=catalogue.known(events[ITEM_ID]),
            day=to_days(events[TIMESTAMP].to_numpy()),
            price=events[PRICE].to_numpy(dtype=np.float64) if PRICE in events else np.full(n, np.nan),
            order=order_numbers(events[ORDER_ID]) if ORDER_ID in events else np.full(n, -1, dtype=np.int64),
            role=roles(kind, quantity, shop),
            signal=_signals(kind, quantity, signals),
            channel=channel,
        )

    @classmethod
    def from_histories(
        cls, histories: Sequence[History], signals: Sequence[str] = (), *, moments: Sequence[pd.Timestamp] | None = None
    ) -> Log:
        """Return histories as a log whose moments count from one moment of each history.

        Args:
            histories: Histories, of one user or of many, which may end at different moments.
            signals: Signal kinds to number.
            moments: The moment that is 0 for each history; its ``as_of`` if not given.

        Returns:
            A log with a user for each history, in their order; no ``day`` is above 0.
        """
        lengths = [len(history) for history in histories]
        ends = [history.as_of for history in histories] if moments is None else moments
        days = [to_days(history.timestamp) - to_day(end) for history, end in zip(histories, ends, strict=True)]

        def column(name: str) -> npt.NDArray[Any]:
            return np.concatenate([getattr(history, name) for history in histories])

        return cls._sorted(
            tuple(history.user_id or "" for history in histories),
            (),
            user_index=np.repeat(np.arange(len(histories)), lengths),
            item_index=column("item_index"),
            day=np.concatenate(days),
            price=column("price"),
            order=histories[0].order if len(histories) == 1 else order_numbers(column("order_id")),
            role=column("role"),
            signal=_signals(column("kind"), column("quantity"), signals),
            channel=np.full(sum(lengths), -1, dtype=np.int8),  # scores of users read no channel
        )

    @classmethod
    def _sorted(cls, user_ids: tuple[str, ...], channels: tuple[str, ...], **arrays: npt.NDArray[Any]) -> Log:
        rows = np.lexsort((arrays["day"], arrays["item_index"], arrays["user_index"]))
        ordered = {name: arrays.pop(name)[rows] for name in tuple(arrays)}  # one column at a time is there twice
        return cls(user_ids, channels=channels, **ordered)


def _channels(column: pd.Series) -> tuple[npt.NDArray[np.int8], tuple[str, ...]]:
    """Return the channel of each event, −1 for none or a rare one, and the names of the commonest channels."""
    words = column.where(column.notna(), "").astype(str)
    counts = words[words != ""].value_counts()
    names = tuple(str(name) for name in counts.index[:MAX_CHANNELS])
    return pd.Index(names, dtype=object).get_indexer(pd.Index(words, dtype=object)).astype(np.int8), names


def _signals(
    kind: npt.NDArray[np.object_] | pd.Series, quantity: npt.NDArray[np.float64], signals: Sequence[str]
) -> npt.NDArray[np.int8]:
    """Return which signal kind each event has, −1 for none, shape ``(n_events,)``."""
    if not signals:
        return np.full(len(kind), -1, dtype=np.int8)
    codes, names = pd.factorize(kind)
    number = {name: index for index, name in enumerate(signals)}
    found = np.array([*(number.get(name, -1) for name in names), -1], dtype=np.int8)[codes]
    return np.where(quantity > 0, found, np.int8(-1))
