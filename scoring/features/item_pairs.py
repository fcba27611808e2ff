"""Pairs of items among users' target events: what the buyers of one item bought later, and what they bought with it.

Both are counts of users, so that a text can say them: "bought in the same order by 212 customers".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy import sparse

from scoring.data.targets import occasions

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt

    from scoring.data.catalogue import IndexArray
    from scoring.data.log import FloatArray, Log

    Counts = npt.NDArray[np.int32]

PAIR_DAYS: Final = 365
"""Days before the snapshot in which pairs are counted."""

MIN_BUYERS: Final = 50
"""Least users of an item whose followers are counted."""

MIN_PAIR_USERS: Final = 10
"""Least users of a pair."""

MIN_FOLLOWER_SHARE: Final = 0.1
"""Least share of an item's users that a follower has."""

MIN_LIFT: Final = 2.0
"""Least ratio between the occasions of companions and what chance would give; bananas are in every other basket."""

MIN_FOLLOWER_LIFT: Final = 1.5
"""The same for followers, with chance in any order."""

N_COMPANIONS: Final = 50
"""Most companions that an item keeps: those with the largest cosine."""

BLOCK: Final = 2**24
"""Most counts that are held at once."""


@dataclass(frozen=True)
class ItemPairs:
    """Users of pairs of items, by first item.

    Attributes:
        start: First pair of each item, and the number of pairs, shape ``(n_items + 1,)``.
        item: Second item of each pair, ascending for each first item, shape ``(n_pairs,)``.
        users: Distinct users of each pair, shape ``(n_pairs,)``.
    """

    start: IndexArray
    item: IndexArray
    users: IndexArray

    def of(self, item_index: int) -> tuple[IndexArray, IndexArray]:
        """Return the second items of one item's pairs, and their users."""
        pairs = slice(int(self.start[item_index]), int(self.start[item_index + 1]))
        return self.item[pairs], self.users[pairs]

    def of_any(self, item_index: IndexArray) -> tuple[IndexArray, IndexArray]:
        """Return the first and the second item of each pair of some first items."""
        n_pairs = self.start[item_index + 1] - self.start[item_index]
        first = np.repeat(item_index, n_pairs)
        return first, self.item[
            np.arange(len(first)) + np.repeat(self.start[item_index + 1] - n_pairs.cumsum(), n_pairs)
        ]

    def users_of(self, first: IndexArray, second: IndexArray) -> IndexArray:
        """Return the users of some pairs.

        Args:
            first: First items, shape ``(n,)``.
            second: Second items, shape ``(n,)``.

        Returns:
            Distinct users, 0 for a pair that is not kept, shape ``(n,)``.
        """
        keys = self._keys
        asked = np.asarray(first, dtype=np.int64) * (len(self.start) - 1) + second
        place = np.searchsorted(keys, asked)
        found = np.zeros(len(asked), dtype=np.int64)
        is_known = place < len(keys)
        is_known[is_known] = keys[place[is_known]] == asked[is_known]
        found[is_known] = self.users[place[is_known]]
        return found

    @cached_property
    def _keys(self) -> IndexArray:
        """A number for each pair, ascending, shape ``(n_pairs,)``; claims of every request look pairs up in them."""
        n_items = len(self.start) - 1
        return np.repeat(np.arange(n_items), np.diff(self.start)) * n_items + self.item

    def with_items(self, n_new: int) -> ItemPairs:
        """Return the same pairs with items behind the others that have none."""
        return replace(self, start=np.r_[self.start, np.full(n_new, self.start[-1])])

    @classmethod
    def none(cls, n_items: int) -> ItemPairs:
        """Return no pairs of so many items."""
        empty = np.array([], dtype=np.int64)
        return cls(np.zeros(n_items + 1, dtype=np.int64), empty, empty)

    @classmethod
    def of_rows(cls, first: IndexArray, second: IndexArray, users: IndexArray, n_items: int) -> ItemPairs:
        """Return pairs given in any order, each once."""
        order = np.lexsort((second, first))
        start = np.searchsorted(first[order], np.arange(n_items + 1))
        return cls(start, second[order].astype(np.int64), users[order].astype(np.int64))


def followers(log: Log, n_items: int) -> tuple[ItemPairs, IndexArray]:
    """Count who bought an item after another one: the first event of the one lies before the last event of the other.

    A pair is kept if the first item has at least 50 users, the pair at least 10 users and a tenth of the first item's,
    and at least one and a half times as many users as chance would give to both items in any order.

    Args:
        log: Target events of the window.
        n_items: Number of items.

    Returns:
        The pairs, and the distinct users of each item, shape ``(n_items,)``.
    """
    buyers = np.zeros(n_items, dtype=np.int64)
    if not len(log):
        return ItemPairs.none(n_items), buyers
    start = np.flatnonzero(np.r_[True, (np.diff(log.item_index) != 0) | (np.diff(log.user_index) != 0)])
    user, item = log.user_index[start], log.item_index[start]
    first_day, last_day = log.day[start], log.day[np.r_[start[1:], len(log)] - 1]  # days ascend within a pair
    buyers += np.bincount(item, minlength=n_items)
    n_users = len(np.unique(user))
    may_follow = np.flatnonzero(buyers >= MIN_PAIR_USERS)
    place = np.full(n_items, -1, dtype=np.int64)
    place[may_follow] = np.arange(len(may_follow))
    kept = place[item] >= 0
    user, item, first_day, last_day = user[kept], item[kept], first_day[kept], last_day[kept]
    place, length = place[item], np.bincount(user)
    begin = np.cumsum(length) - length  # the rows of one user lie together
    by_item = np.argsort(item, kind="stable")
    bounds = np.searchsorted(item[by_item], np.arange(n_items + 1))
    rows: list[tuple[IndexArray, IndexArray, IndexArray]] = []
    for asked in np.flatnonzero(buyers >= MIN_BUYERS).tolist():
        own = by_item[bounds[asked] : bounds[asked + 1]]
        whose, n = user[own], length[user[own]]
        other = np.arange(n.sum()) + np.repeat(begin[whose] - (np.cumsum(n) - n), n)  # all rows of the item's users
        is_later = np.repeat(first_day[own], n) < last_day[other]
        counts = np.bincount(place[other[is_later]], minlength=len(may_follow))
        counts[place[own[0]]] = 0
        least = np.maximum(MIN_FOLLOWER_SHARE, MIN_FOLLOWER_LIFT * buyers[may_follow] / n_users) * buyers[asked]
        found = np.flatnonzero(counts >= np.maximum(least - 1e-9, MIN_PAIR_USERS))
        rows.append((np.full(len(found), asked), may_follow[found], counts[found]))
    return _joined(rows, n_items), buyers


def companions(log: Log, n_items: int) -> ItemPairs:
    """Count who bought two items in one occasion.

    A pair is kept if it has at least 10 users and at least twice as many occasions as chance would give. Of each item,
    the 50 companions with the largest cosine of occasions stay.

    Args:
        log: Target events of the window.
        n_items: Number of items.

    Returns:
        The pairs.
    """
    if not len(log):
        return ItemPairs.none(n_items)
    occasion = _occasions(log)
    n_occasions = int(occasion.max()) + 1
    basket = _indicator(occasion, log.item_index, (n_occasions, n_items))
    size: FloatArray = np.asarray(basket.sum(axis=0)).ravel()
    common = np.flatnonzero(size >= MIN_PAIR_USERS)
    basket, size = basket[:, common], size[common]
    by_item = basket.T.tocsr()
    rows: list[tuple[IndexArray, IndexArray, IndexArray]] = []
    user_of = np.zeros(n_occasions, dtype=np.int64)
    user_of[occasion] = log.user_index
    for asked in _blocks(np.arange(len(common)), len(common)):
        together = (by_item[asked] @ basket).tocoo()
        row, column, times = asked[together.row], together.col.astype(np.int64), together.data
        is_pair = (row != column) & (times >= MIN_PAIR_USERS)
        is_pair &= times * n_occasions >= MIN_LIFT * size[row] * size[column]
        row, column, times = row[is_pair], column[is_pair], times[is_pair]
        order = np.lexsort((-times / np.sqrt(size[row] * size[column]), row))
        row, column = row[order], column[order]
        near = np.arange(len(row)) - np.searchsorted(row, row) < N_COMPANIONS
        row, column = row[near], column[near]
        users = _users_of_pairs(by_item, user_of, row, column)
        kept = users >= MIN_PAIR_USERS
        rows.append((common[row[kept]], common[column[kept]], users[kept]))
    return _joined(rows, n_items)


def _users_of_pairs(
    by_item: sparse.csr_array[np.float64, tuple[int, int]], user_of: IndexArray, first: IndexArray, second: IndexArray
) -> IndexArray:
    """Return the distinct users of the occasions with both items of each pair; ``by_item`` holds occasions by item."""
    users = np.zeros(len(first), dtype=np.int64)
    has_first = np.zeros(by_item.shape[1], dtype=bool)
    last = -1
    for place, (one, other) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        if one != last:
            has_first[:] = False
            has_first[by_item.indices[by_item.indptr[one] : by_item.indptr[one + 1]]] = True
            last = one
        shared = by_item.indices[by_item.indptr[other] : by_item.indptr[other + 1]]
        users[place] = len(np.unique(user_of[shared[has_first[shared]]]))
    return users


def _occasions(log: Log) -> IndexArray:
    """Return a number of the occasion of each event, distinct over users, shape ``(n_events,)``."""
    rows = np.lexsort((log.day, log.user_index))
    moment_us = np.round(log.day[rows] * 86_400e6).astype(np.int64)  # days are rounded to less than that
    number = np.empty(len(rows), dtype=np.int64)
    number[rows] = occasions(
        np.ones(len(rows), dtype=bool), user=log.user_index[rows], order=log.order[rows], moment_ns=moment_us * 1000
    )
    return number


def _indicator(
    row: IndexArray, column: IndexArray, shape: tuple[int, int]
) -> sparse.csr_array[np.float64, tuple[int, int]]:
    found = sparse.coo_array((np.ones(len(row)), (row, column)), shape=shape).tocsr()
    found.data[:] = 1.0  # duplicates were added up
    return found


def _blocks(items: IndexArray, width: int) -> Iterator[IndexArray]:
    size = max(1, BLOCK // max(width, 1))
    for begin in range(0, len(items), size):
        yield items[begin : begin + size]


def _joined(rows: list[tuple[IndexArray, IndexArray, IndexArray]], n_items: int) -> ItemPairs:
    if not rows:
        return ItemPairs.none(n_items)
    first, second, users = (np.concatenate(columns) for columns in zip(*rows, strict=True))
    return ItemPairs.of_rows(first, second, users, n_items)
