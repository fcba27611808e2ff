"""What users bought, as arrays: target events that no return took back, on the shop's clock."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.data.log import to_days
from scoring.data.tables import (
    CATEGORY,
    END,
    ITEM_ID,
    KIND,
    ORDER_ID,
    PRICE,
    QUANTITY,
    START,
    STORE_ID,
    TIMESTAMP,
    USER_ID,
    Tables,
)
from scoring.data.targets import counted_rows, occasions, order_numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]
Truths = npt.NDArray[np.bool_]

NS_PER_DAY: Final = 86_400 * 10**9
MOST_SECONDS: Final = 2**34
"""More seconds than lie between 1970 and the last moment that a table can hold."""


@dataclass(frozen=True, eq=False)
class Spending:
    """Counted target events of all users, and the visits that they form.

    Attributes:
        user_ids: The shop's ids by ``user``.
        user: Whose event, ascending, shape ``(n,)``.
        day: Local moment in days since 1970, ascending for each user, shape ``(n,)``.
        spend: Price times quantity, NaN where the table states no price, shape ``(n,)``.
        category: Index into ``categories``, −1 for none, shape ``(n,)``.
        categories: Names of the categories.
        visit: Number of the visit, ascending with the rows' first events, shape ``(n,)``.
        promoted: Whether the item was on promotion at that moment; ``None`` without a promotions table, shape ``(n,)``.
        asked: Local moments of the users' events of support kinds: users and days, shape ``(n_support,)`` each.
        has_support: Whether the whole log has events of support kinds.
        has_prices: Whether any event of the log has a price.
    """

    user_ids: tuple[str, ...]
    user: Indices
    day: Floats
    spend: Floats
    category: Indices
    categories: tuple[str, ...]
    visit: Indices
    promoted: Truths | None
    asked: tuple[Indices, Floats]
    has_support: bool = False
    has_prices: bool = False

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.user_ids)

    def between(self, start: float, end: float) -> Truths:
        """Return which events lie in ``start <= day < end``, shape ``(n,)``."""
        return (self.day >= start) & (self.day < end)

    def before(self, end: float) -> Spending:
        """Return the events before a moment, of the same users.

        Args:
            end: Local moment in days since 1970.

        Returns:
            Spending without later events.
        """
        found = self._of(self.day < end, self.asked[1] < end)
        return replace(found, has_prices=bool(np.isfinite(found.spend).any()))

    def of_users(self, users: Indices) -> Spending:
        """Return the events of some users alone.

        Args:
            users: Places of the users in ``user_ids``.

        Returns:
            Spending in which the others have no event.
        """
        return self._of(np.isin(self.user, users), np.isin(self.asked[0], users))

    def _of(self, keep: Truths, asked: Truths) -> Spending:
        return replace(
            self,
            user=self.user[keep],
            day=self.day[keep],
            spend=self.spend[keep],
            category=self.category[keep],
            visit=self.visit[keep],
            promoted=None if self.promoted is None else self.promoted[keep],
            asked=(self.asked[0][asked], self.asked[1][asked]),
        )

    @cached_property
    def first_day(self) -> Floats:
        """Local moment of each user's first event in days since 1970, infinite for none, shape ``(n_users,)``."""
        first = np.full(self.n_users, np.inf)
        np.minimum.at(first, self.user, self.day)
        return first

    def days_known(self, as_of: float, most: float) -> Floats:
        """Return how long each user has been known at a moment.

        Args:
            as_of: Local moment in days since 1970.
            most: Most days.

        Returns:
            Days since the first event, at least 1, shape ``(n_users,)``.
        """
        return np.asarray(np.clip(as_of - self.first_day, 1.0, most))

    def total(self, rows: Truths) -> Floats:
        """Return each user's spending in some events, shape ``(n_users,)``."""
        return np.bincount(self.user[rows], np.nan_to_num(self.spend[rows]), self.n_users).astype(np.float64)

    def visits(self, rows: Truths) -> Floats:
        """Return each user's number of visits in some events, shape ``(n_users,)``."""
        first = np.unique(self.visit[rows], return_index=True)[1]
        return np.bincount(self.user[rows][first], minlength=self.n_users).astype(np.float64)

    def n_categories(self, rows: Truths) -> Indices:
        """Return from how many categories each user bought in some events, shape ``(n_users,)``."""
        named = rows & (self.category >= 0)
        n = max(1, len(self.categories))
        pairs = np.unique(self.user[named] * n + self.category[named])
        return np.bincount(pairs // n, minlength=self.n_users)

    @classmethod
    def of(cls, tables: Tables, *, support_kinds: Sequence[str] = ()) -> Spending:
        """Read the tables.

        Args:
            tables: A shop's tables.
            support_kinds: Kinds of event in which a user asks for help.

        Returns:
            Spending of every user with an event.
        """
        events = tables.events
        codes, ids = pd.factorize(events[USER_ID], sort=True)
        counted = counted_rows(events, tables.shop)
        moment = events[TIMESTAMP].to_numpy(dtype="datetime64[ns]")
        local = to_days(tables.shop.clock.local(moment))
        rows = np.flatnonzero(counted)
        rows = rows[np.lexsort((moment[rows], codes[rows]))]
        kept = events.iloc[rows]
        n = len(rows)
        order = order_numbers(kept[ORDER_ID]) if ORDER_ID in kept else np.full(n, -1, dtype=np.int64)
        items = tables.items.set_index(ITEM_ID)[CATEGORY]
        names = kept[ITEM_ID].map(items)
        category, categories = pd.factorize(names.where(names.ne("")), sort=True)
        asked = np.flatnonzero(events[KIND].isin(support_kinds)) if KIND in events else np.array([], dtype=np.int64)
        spend = _spend(kept)
        return cls(
            user_ids=tuple(map(str, ids)),
            user=codes[rows].astype(np.int64),
            day=local[rows],
            spend=spend,
            category=category.astype(np.int64),
            categories=tuple(map(str, categories)),
            visit=occasions(
                np.ones(n, dtype=bool), user=codes[rows], order=order, moment_ns=moment[rows].astype(np.int64)
            ),
            promoted=_promoted(kept, tables.promotions),
            asked=(codes[asked].astype(np.int64), local[asked]),
            has_support=len(asked) > 0,
            has_prices=bool(np.isfinite(spend).any()),
        )


def _spend(events: pd.DataFrame) -> Floats:
    """Return price times quantity; a missing quantity is 1."""
    if PRICE not in events:
        return np.full(len(events), np.nan)
    quantity = events[QUANTITY].to_numpy(dtype=np.float64, na_value=1.0) if QUANTITY in events else 1.0
    return np.asarray(events[PRICE].to_numpy(dtype=np.float64, na_value=np.nan) * quantity)


def _promoted(events: pd.DataFrame, promotions: pd.DataFrame) -> Truths | None:
    """Return whether a promotion of the item ran in the event's store, or in all stores, when it was bought."""
    if promotions.empty or events.empty:
        return None
    item = pd.Categorical(events[ITEM_ID])
    of_run = item.categories.get_indexer(pd.Index(promotions[ITEM_ID]))
    runs, of_run = promotions[of_run >= 0], of_run[of_run >= 0]
    everywhere = np.ones(len(runs), dtype=bool)
    found = np.zeros(len(events), dtype=bool)
    if STORE_ID in runs and STORE_ID in events:
        store = pd.Categorical(events[STORE_ID])
        place = store.categories.get_indexer(pd.Index(runs[STORE_ID]))
        everywhere = (runs[STORE_ID].isna() | runs[STORE_ID].eq("")).to_numpy()
        here, n = place >= 0, len(store.categories) + 1
        keys = item.codes.astype(np.int64) * n + store.codes + 1
        found |= _runs_at(keys, events[TIMESTAMP], of_run[here] * n + place[here] + 1, runs[here])
    return found | _runs_at(item.codes.astype(np.int64), events[TIMESTAMP], of_run[everywhere], runs[everywhere])


def _runs_at(key: Indices, moment: pd.Series, run_key: Indices, runs: pd.DataFrame) -> Truths:
    """Return whether a run of each event's key has begun and not ended at the event's moment."""
    if not len(runs):
        return np.zeros(len(key), dtype=bool)
    start, end = (_seconds(runs[name]) for name in (START, END))
    end = np.where(runs[END].isna().to_numpy(), MOST_SECONDS, end)
    order = np.lexsort((start, run_key))
    run_key, place = run_key[order], run_key[order] * MOST_SECONDS + start[order]
    latest_end = pd.Series(end[order]).groupby(run_key).cummax().to_numpy()  # of the runs that have begun by then
    now = _seconds(moment)
    at = np.searchsorted(place, key * MOST_SECONDS + now, side="right") - 1
    return np.asarray((at >= 0) & (run_key[at] == key) & (latest_end[at] > now))


def _seconds(moments: pd.Series) -> Indices:
    """Return moments as seconds since 1970."""
    return moments.to_numpy(dtype="datetime64[s]").astype(np.int64)
