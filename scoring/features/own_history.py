"""Own-history features of a user: evidence from the events of an item's own category alone (docs/design.md §4, h_i).

The evidence has two sparse forms. *Pairs* are items that the user bought. *Buckets* are sets of items within one
category: the category itself, a brand in it, a price band in it, the products of one title. The evidence of a bucket
holds for every item in it, bought or not. Each signal kind, such as views, has two more kinds of bucket: single items
and categories. No other category is read, so removing another category's events changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from scoring.data.targets import SAME_OCCASION_NS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.log import FloatArray, Log

DECAY_DAYS: Final = (10.0, 30.0, 90.0, 1e9)
"""Time constants of the decayed counts; the last one is a plain count."""

SHARE_DECAY: Final = 2
"""The decayed count that shares are made of (90 days)."""

SAME_OCCASION_DAYS: Final = SAME_OCCASION_NS / 86_400e9 + 1e-9  # days since 1970 are rounded to less than that
N_PRICE_BANDS: Final = 5

PAIR_FEATURES: Final = (
    "count_10", "count_30", "count_90", "count", "days_since", "overdue", "share",
    "users_7", "users_30", "users_90", "rebuy", "echo",
)  # fmt: skip
COUNT: Final = PAIR_FEATURES.index("count")

BUCKET_FEATURES: Final = ("count_10", "count_30", "count_90", "count", "share")
BUCKET_KINDS: Final = ("category", "brand", "price", "title")
"""Kinds of bucket that hold evidence of target events."""


@dataclass(frozen=True)
class Buckets:
    """Sets of items within a category.

    Attributes:
        of_item: Bucket of each item, one row for each kind of bucket, shape ``(n_kinds, n_items)``.
        n_buckets: Number of buckets of each kind: ``BUCKET_KINDS``, then items and categories of each signal kind.
        signals: Signal kinds.
    """

    of_item: IndexArray
    n_buckets: tuple[int, ...]
    signals: tuple[str, ...] = ()

    @cached_property
    def category_of_bucket(self) -> tuple[IndexArray, ...]:
        """Category of each bucket, an array of shape ``(n_buckets,)`` for each kind of bucket."""
        tables = [np.zeros(n, dtype=np.int64) for n in self.n_buckets]
        for table, bucket_of_item in zip(tables, self.of_item, strict=True):
            table[bucket_of_item] = self.of_item[0]
        return tuple(tables)

    @classmethod
    def build(cls, catalogue: Catalogue, price: FloatArray, signals: tuple[str, ...] = ()) -> Buckets:
        """Divide the catalogue.

        Args:
            catalogue: The shop's items.
            price: Price of each item, shape ``(n_items,)``; items without one are a band of their own.
            signals: Signal kinds that have buckets of their own.

        Returns:
            The buckets.
        """
        category = catalogue.category_index
        titles = catalogue.title_index
        keys = [np.zeros_like(category), catalogue.brand_index, price_band(category, price), titles]
        codes = [pd.factorize(category * (key.max() + 2) + key + 1)[0] for key in keys]
        codes[0] = category
        codes += [np.arange(len(catalogue)), category] * len(signals)
        return cls(np.stack(codes).astype(np.int64), tuple(int(code.max()) + 1 for code in codes), signals)


def price_band(category: IndexArray, price: FloatArray) -> IndexArray:
    """Return the fifth of its category's prices that each price is in, −1 without a price.

    Args:
        category: Category of each item, shape ``(n_items,)``.
        price: Price of each item, shape ``(n_items,)``.

    Returns:
        Bands from 0 (cheapest) to 4, shape ``(n_items,)``.
    """
    rank = pd.Series(price).groupby(category).rank(pct=True).to_numpy()
    return np.where(np.isnan(rank), -1, np.ceil(np.nan_to_num(rank, nan=1.0) * N_PRICE_BANDS) - 1).astype(np.int64)


@dataclass(frozen=True)
class BucketEvidence:
    """What users' histories say of buckets of one kind.

    Attributes:
        user: Whose history, shape ``(n,)``.
        bucket: Which bucket, shape ``(n,)``.
        x: Features, columns as ``BUCKET_FEATURES``, shape ``(n, 5)``.
    """

    user: IndexArray
    bucket: IndexArray
    x: FloatArray


@dataclass(frozen=True)
class OwnEvidence:
    """What users' histories say of items and buckets.

    Attributes:
        user: Whose history, of each pair, sorted, shape ``(n_pairs,)``.
        item: The item that the user bought, shape ``(n_pairs,)``.
        x: Features, columns as ``PAIR_FEATURES``, NaN where one says nothing, shape ``(n_pairs, 12)``.
        buckets: One for each kind of bucket.
    """

    user: IndexArray
    item: IndexArray
    x: FloatArray
    buckets: tuple[BucketEvidence, ...]

    def single_precision(self, users: IndexArray) -> OwnEvidence:
        """Return the same in half the memory, as training reads it.

        Args:
            users: The user that each number stands for, shape ``(n_users,)``.

        Returns:
            Evidence of ``users``.
        """

        def ints(column: IndexArray) -> IndexArray:
            return column.astype(np.int32)

        buckets = tuple(
            BucketEvidence(ints(users[each.user]), ints(each.bucket), each.x.astype(np.float32))
            for each in self.buckets
        )
        return OwnEvidence(ints(users[self.user]), ints(self.item), self.x.astype(np.float32), buckets)

    @classmethod
    def joined(cls, parts: Sequence[OwnEvidence]) -> OwnEvidence:
        """Return the evidence of users whose numbers rise from part to part."""
        buckets = tuple(
            BucketEvidence(
                *(np.concatenate([getattr(each, name) for each in kind]) for name in ("user", "bucket", "x"))
            )
            for kind in zip(*(part.buckets for part in parts), strict=True)
        )
        user, item, x = (np.concatenate([getattr(part, name) for part in parts]) for name in ("user", "item", "x"))
        return cls(user, item, x, buckets)


def own_evidence(log: Log, now: float, buckets: Buckets, item_stats: FloatArray) -> OwnEvidence:
    """Read the own-history features of every user in a log.

    Args:
        log: Events before ``now``; returns among them take back target events.
        now: The moment of scoring, in days since 1970.
        buckets: The catalogue's buckets.
        item_stats: Popularity in three windows, rebuying and echo of each item, shape ``(n_items, 5)``.

    Returns:
        The evidence, with counts of occasions on a logarithmic scale.
    """
    by_signal = [
        _bucket_evidence(log.of_signal(signal), now, buckets, len(BUCKET_KINDS) + 2 * signal + kind, is_signal=True)
        for signal in range(len(buckets.signals))
        for kind in range(2)
    ]
    log = log.targets()
    user, item, age, start = occasions(log.user_index, log.item_index, now - log.day, log.order)
    by_category = _bucket_evidence(log, now, buckets, 0)
    counts = decayed_counts(age, start)  # (n_pairs, 4)
    n_users = len(log.user_ids)
    base = _category_totals(by_category, buckets.n_buckets[0], n_users)
    share = counts[:, SHARE_DECAY] / np.maximum(base[user, buckets.of_item[0, item]], 1e-9)
    stats = item_stats[item]  # (n_pairs, 5)
    times = np.log1p(counts)
    echo = times[:, COUNT] * stats[:, -1]
    x = np.column_stack([times, np.log1p(_last(age, start)), overdue(age, start), share, stats[:, :-1], echo])
    others = [_bucket_evidence(log, now, buckets, kind, base) for kind in range(1, len(BUCKET_KINDS))]
    return OwnEvidence(user, item, x, (by_category, *others, *by_signal))


def occasions(
    user: IndexArray, key: IndexArray, age: FloatArray, order: IndexArray
) -> tuple[IndexArray, IndexArray, FloatArray, IndexArray]:
    """Count each occasion once and find where each (user, key) begins.

    The events of one order are one occasion. An event without an order that is at most 30 minutes after the previous
    event of the same user and key belongs to that one's occasion. Events under other keys have no influence.

    Args:
        user: Whose event, shape ``(n_events,)``.
        key: What it is counted under, shape ``(n_events,)``.
        age: Days before the moment of scoring, shape ``(n_events,)``.
        order: Number of the order, −1 for none, shape ``(n_events,)``.

    Returns:
        User and key of each pair, both of shape ``(n_pairs,)``; age of the first event of each occasion, oldest first
        within a pair, shape ``(n_occasions,)``; first row of each pair in them, shape ``(n_pairs,)``.
    """
    if not _is_sorted(user, key, -age):  # a log is sorted by item
        rows = np.lexsort((-age, key, user))
        user, key, age, order = user[rows], key[rows], age[rows], order[rows]
    is_pair = np.ones(len(user), dtype=bool)
    is_pair[1:] = (user[1:] != user[:-1]) | (key[1:] != key[:-1])
    is_occasion = is_pair.copy()
    is_occasion[1:] |= age[:-1] - age[1:] > SAME_OCCASION_DAYS
    has_order = order >= 0
    if has_order.any():
        pair_order = np.cumsum(is_pair) * (order.max() + 1) + order
        is_occasion[has_order] = False
        is_occasion[np.flatnonzero(has_order)[np.unique(pair_order[has_order], return_index=True)[1]]] = True
    start = np.flatnonzero(is_pair[is_occasion])
    return user[is_pair], key[is_pair], age[is_occasion], start


def _is_sorted(*columns: npt.NDArray[np.number[Any]]) -> bool:
    """Return whether rows rise by their first column, then by the second, and so on."""
    rises = np.zeros(max(len(columns[0]) - 1, 0), dtype=bool)
    for column in reversed(columns):
        rises = (column[1:] > column[:-1]) | ((column[1:] == column[:-1]) & rises)
        if column is columns[-1]:
            rises |= column[1:] == column[:-1]
    return bool(rises.all())


def decayed_counts(age: FloatArray, start: IndexArray) -> FloatArray:
    """Return each pair's number of occasions, weighted by age.

    Args:
        age: Ages in days, pair by pair, shape ``(n_occasions,)``.
        start: First row of each pair, shape ``(n_pairs,)``.

    Returns:
        A column for each of ``DECAY_DAYS``, shape ``(n_pairs, 4)``.
    """
    if not len(start):
        return np.zeros((0, len(DECAY_DAYS)))
    weights = np.exp(-age[:, None] / np.array(DECAY_DAYS))  # (n_occasions, 4)
    return np.asarray(np.add.reduceat(weights, start, axis=0), dtype=np.float64)


def _last(age: FloatArray, start: IndexArray) -> FloatArray:
    """Return the age of each pair's last occasion; ages fall within a pair."""
    end = np.r_[start[1:], len(age)] if len(start) else start
    return age[end - 1]


def overdue(age: FloatArray, start: IndexArray) -> FloatArray:
    """Return days since the last occasion over the median interval between occasions, as a logarithm.

    Args:
        age: Ages in days, pair by pair, falling within each, shape ``(n_occasions,)``.
        start: First row of each pair, shape ``(n_pairs,)``.

    Returns:
        Zero when exactly due; NaN with fewer than three occasions, shape ``(n_pairs,)``.
    """
    n = np.diff(np.r_[start, len(age)])
    pair = np.repeat(np.arange(len(start)), n)
    gap = np.zeros(len(age))
    gap[1:] = age[:-1] - age[1:]
    is_gap = np.ones(len(age), dtype=bool)
    is_gap[start] = False
    pair, gap = pair[is_gap], gap[is_gap]
    gap = gap[np.lexsort((gap, pair))]  # ascending within each pair
    first = np.concatenate([[0], np.cumsum(n - 1)[:-1]]) if len(n) else n
    enough = n >= 3
    low, high = (first + (n - 2) // 2)[enough], (first + (n - 1) // 2)[enough]
    ratio = np.full(len(start), np.nan)
    median = (gap[low] + gap[high]) / 2
    ratio[enough] = np.log((_last(age, start)[enough] + 0.5) / (median + 0.5))
    return ratio


def _bucket_evidence(
    log: Log, now: float, buckets: Buckets, kind: int, base: FloatArray | None = None, *, is_signal: bool = False
) -> BucketEvidence:
    bucket_of_event = buckets.of_item[kind, log.item_index]
    user, bucket, age, start = occasions(log.user_index, bucket_of_event, now - log.day, log.order)
    counts = decayed_counts(age, start)
    share = np.full(len(user), np.nan if is_signal else 1.0)
    if base is not None:
        share = counts[:, SHARE_DECAY] / np.maximum(base[user, buckets.category_of_bucket[kind][bucket]], 1e-9)
    return BucketEvidence(user, bucket, np.column_stack([np.log1p(counts), share]))


def _category_totals(evidence: BucketEvidence, n_categories: int, n_users: int) -> FloatArray:
    total = np.zeros((n_users, n_categories))
    total[evidence.user, evidence.bucket] = np.expm1(evidence.x[:, SHARE_DECAY])
    return total
