"""Which events count: target events that no return took back, and the occasions that they form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.data.tables import ITEM_ID, KIND, ORDER_ID, PURCHASE, QUANTITY, TIMESTAMP, USER_ID

if TYPE_CHECKING:
    from scoring.data.shop import Shop

TARGET: Final = 1
RETURN: Final = -1
OTHER: Final = 0

Roles = npt.NDArray[np.int8]
"""``TARGET``, ``RETURN`` or ``OTHER`` for each event, shape ``(n_events,)``."""

Indices = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

LONG_SILENCE: Final = np.timedelta64(180, "D")
"""Time without any event of any user after which single events are taken for errors."""

SAME_OCCASION_NS: Final = 30 * 60 * 10**9
"""Without an order, an event at most this long after the previous one belongs to the same occasion."""


def roles(kind: npt.NDArray[np.object_] | pd.Series, quantity: npt.NDArray[np.float64], shop: Shop) -> Roles:
    """Return what each event does to the count of target events.

    Args:
        kind: Kinds of event, shape ``(n_events,)``.
        quantity: Units, shape ``(n_events,)``.
        shop: Which kinds are target kinds and return kinds.

    Returns:
        ``TARGET`` for a target kind with units, ``RETURN`` for a return kind or a target kind with fewer than 0 units,
        ``OTHER`` for the rest.
    """
    codes, names = pd.factorize(kind)
    of_kind = [
        TARGET if name in shop.target_kinds else RETURN if name in shop.return_kinds else OTHER for name in names
    ]
    role = np.array([*of_kind, OTHER], dtype=np.int8)[codes]
    role[(role == TARGET) & (quantity == 0)] = OTHER
    role[(role == TARGET) & (quantity < 0)] = RETURN
    return role


def counted_rows(events: pd.DataFrame, shop: Shop) -> Truths:
    """Return which rows of an events table are target events that no return among the rows took back.

    Args:
        events: Rows of the events table.
        shop: Which kinds are target kinds and return kinds.

    Returns:
        Truth values, shape ``(n_rows,)``.
    """
    n = len(events)
    kind = events[KIND] if KIND in events else np.full(n, PURCHASE, dtype=object)
    quantity = events[QUANTITY].to_numpy(dtype=np.float64, na_value=1.0) if QUANTITY in events else np.ones(n)
    role = roles(kind, quantity, shop)
    return counted(
        role,
        user=pd.factorize(events[USER_ID])[0].astype(np.int64),
        item=pd.factorize(events[ITEM_ID])[0].astype(np.int64),
        order=order_numbers(events[ORDER_ID]) if ORDER_ID in events else np.full(n, -1, dtype=np.int64),
        moment=events[TIMESTAMP].to_numpy(),
    )


def end_of_log(timestamps: pd.Series, n_events: int | None = None) -> tuple[pd.Timestamp, int]:
    """Return where a log ends, and how many events lie long after it.

    A device with a wrong clock writes events of another year. At most one event in a hundred, or one event, that
    follows on ``LONG_SILENCE`` without any event is not the end of the log.

    Args:
        timestamps: Moments of all events, at least one, or of the latest ones: more than one in a hundred.
        n_events: Number of all events; that of ``timestamps`` if not given.

    Returns:
        The moment after the last event that counts, and the number of later events.
    """
    moments = np.sort(timestamps.to_numpy(dtype="datetime64[ns]"))
    tail = moments[-(max(1, (n_events or len(moments)) // 100) + 1) :]
    silences = np.flatnonzero(np.diff(tail) > LONG_SILENCE)
    late = len(tail) - 1 - int(silences[0]) if len(silences) else 0
    return pd.Timestamp(moments[len(moments) - 1 - late]) + pd.Timedelta(seconds=1), late


def order_numbers(order_id: npt.NDArray[np.object_] | pd.Series) -> Indices:
    """Return a number for each distinct order, −1 for a missing value and the empty string, shape ``(n_events,)``."""
    codes, found = pd.factorize(order_id)
    numbers = np.arange(len(found) + 1, dtype=np.int64)
    numbers[[*np.flatnonzero(np.asarray(found, dtype=object) == ""), -1]] = -1
    return numbers[codes]


def counted(
    role: Roles, *, user: Indices, item: Indices, order: Indices, moment: npt.NDArray[np.number | np.datetime64]
) -> Truths:
    """Return which events are target events that no return took back.

    A return with an order takes back all target events of the same user, item and order. Every other return takes back
    the user's latest target event of the item before it that no other return has taken back.

    Args:
        role: Roles, shape ``(n_events,)``.
        user: Whose event, shape ``(n_events,)``.
        item: Which item, shape ``(n_events,)``.
        order: Which order, −1 for none, shape ``(n_events,)``.
        moment: When, on any scale, shape ``(n_events,)``.

    Returns:
        Truth values, shape ``(n_events,)``.
    """
    is_counted: Truths = role == TARGET
    returns = np.flatnonzero(role == RETURN)
    if not len(returns) or not is_counted.any():
        return is_counted
    pair = _numbers(user, item)
    is_touched = np.isin(pair, pair[returns]) & (role != OTHER)
    rows = np.flatnonzero(is_touched)
    in_order = _numbers(pair[rows], np.where(order[rows] >= 0, order[rows], -1 - np.arange(len(rows))))
    is_return, bought = role[rows] == RETURN, in_order[role[rows] == TARGET]
    by_order = is_return & np.isin(in_order, bought)
    is_taken = np.isin(in_order, in_order[by_order])
    is_counted[rows[is_taken]] = False
    rows = rows[~is_taken]
    is_counted[_latest_taken(rows, role, pair, moment)] = False
    return is_counted


def _latest_taken(rows: Indices, role: Roles, pair: Indices, moment: npt.NDArray[np.number | np.datetime64]) -> Indices:
    """Return the target rows that returns without an order take back, each the latest that is left."""
    rows = rows[np.lexsort((role[rows] == RETURN, moment[rows], pair[rows]))]
    live: list[int] = []
    taken: list[int] = []
    last = -1
    for row, which, what in zip(rows.tolist(), pair[rows].tolist(), role[rows].tolist(), strict=True):
        if which != last:
            live, last = [], which
        if what == TARGET:
            live.append(row)
        elif live:
            taken.append(live.pop())
    return np.array(taken, dtype=np.int64)


def occasions(is_counted: Truths, *, user: Indices, order: Indices, moment_ns: Indices) -> Indices:
    """Return the number of the occasion of each event.

    The events of one user and order are one occasion. An event without an order belongs to the occasion of the user's
    previous event if that is at most 30 minutes earlier.

    Args:
        is_counted: Which events count, shape ``(n_events,)``, user by user and oldest first.
        user: Whose event, shape ``(n_events,)``.
        order: Which order, −1 for none, shape ``(n_events,)``.
        moment_ns: When, in nanoseconds, shape ``(n_events,)``.

    Returns:
        Numbers from 0 in the order of first events, −1 where the event does not count, shape ``(n_events,)``.
    """
    number = np.full(len(is_counted), -1, dtype=np.int64)
    rows = np.flatnonzero(is_counted)
    user, order, moment_ns = user[rows], order[rows], moment_ns[rows]
    is_new = np.ones(len(rows), dtype=bool)
    is_new[1:] = (order[1:] >= 0) | (user[1:] != user[:-1]) | (np.diff(moment_ns) > SAME_OCCASION_NS)
    head = np.flatnonzero(is_new)[np.cumsum(is_new) - 1]  # (n_rows,): the event that opens each event's occasion
    by_order = user * (order.max(initial=0) + 1) + order[head]
    number[rows] = pd.factorize(np.where(order[head] >= 0, by_order, -1 - head))[0]
    return number


def _numbers(first: Indices, second: Indices) -> Indices:
    """Return a number for each distinct pair, shape ``(n,)``."""
    base = np.unique(second)
    return np.asarray(
        np.unique(first * (len(base) + 1) + np.searchsorted(base, second), return_inverse=True)[1], dtype=np.int64
    )
