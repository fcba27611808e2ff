"""What the claim rules look at of users: their target events.

    ShopEvidence(catalogue, snapshot, …) ──► Evidence(shop, histories) ──Subjects.of(…)──► Subjects

Only target events before ``as_of`` count: a target kind, a quantity above 0, not taken back by a return. If a shop has
several target kinds, one claim counts events of one kind: the first in the shop's order that occurs among the events
that the claim speaks of.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import numpy as np
import pandas as pd

from llm_explain.claims.groups import Groups, Paid, spans_of, starts
from llm_explain.claims.occasions import NS_PER_DAY
from llm_explain.claims.verdicts import disliked
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from llm_explain.claims.occasions import Flags, Floats, Occasions
    from llm_explain.claims.shop_evidence import ShopEvidence
    from scoring.data.catalogue import IndexArray
    from scoring.data.history import History

Found = TypeVar("Found")

USUAL_STORE_DAYS: Final = 90
"""Window in which the user's usual store is looked for first."""


class Evidence:
    """Target events of users, grouped as the claim rules need them; build it once for many items.

    Args:
        shop: What is the same for every user.
        histories: Events before ``as_of``, one history a user.

    Attributes:
        shop: What is the same for every user.
        histories: The histories, in the order given.
        user: User of each event, shape ``(n_events,)``.
        item: Item of each event, shape ``(n_events,)``.
        moment: Local moment of each event in nanoseconds since 1970, shape ``(n_events,)``.
        occasion: Number of the user's occasion that each event belongs to, shape ``(n_events,)``.
        as_of: Local end of each user's history in nanoseconds since 1970, shape ``(n_users,)``.
    """

    def __init__(self, shop: ShopEvidence, histories: Sequence[History]) -> None:
        self.shop = shop
        self.histories = tuple(histories)
        rows = [np.flatnonzero(history.is_target) for history in histories]
        self.user = np.repeat(np.arange(len(rows)), [len(own) for own in rows])
        self._rows = rows
        self.item: IndexArray = self._joined("item_index", np.int64)
        moment: IndexArray = self._joined("timestamp", "datetime64[ns]").astype(np.int64)
        as_of: IndexArray = np.array([each.as_of.value for each in histories], dtype=np.int64)
        local = shop.shop.clock.local(np.concatenate([as_of, moment]))  # together: one call has a high fixed cost
        self.as_of, self.moment = local[: len(as_of)], local[len(as_of) :]
        self.occasion: IndexArray = self._joined("occasion", np.int64)
        self._stores: dict[int, str | None] = {}
        self._disliked: dict[int, IndexArray] = {}
        self._by_count: dict[int, IndexArray] = {}
        self._once: dict[object, object] = {}

    @cached_property
    def snapshot_age_days(self) -> Floats:
        """How long before each user's ``as_of`` the shop's statistics end, shape ``(n_users,)``."""
        ends = self.shop.snapshot.as_of.value
        return np.array([(each.as_of.value - ends) / NS_PER_DAY for each in self.histories], dtype=np.float64)

    def once(self, find: Callable[[Evidence], Found]) -> Found:
        """Return what a function or class of a module finds in these events; it is called once."""
        if find not in self._once:
            self._once[find] = find(self)
        return cast("Found", self._once[find])

    def disliked(self, user: int) -> IndexArray:
        """Return the items that a user disliked, found once for all claim kinds, shape ``(n,)``."""
        if user not in self._disliked:
            self._disliked[user] = disliked(self.histories[user], self.shop.shop.ratings)
        return self._disliked[user]

    def items_by_count(self, user: int) -> IndexArray:
        """Return a user's items, those of titles with most occasions first, ties by the smallest id, shape ``(n,)``."""
        if user not in self._by_count:
            first, last = self.user.searchsorted([user, user + 1])
            items = np.unique(self.item[first:last])
            titles = self.by_title
            _, bounds = spans_of(titles.keys, titles.bounds, self.title_key(np.full(len(items), user), items))
            ids = self.shop.catalogue.item_ids[items].astype(str)
            self._by_count[user] = items[np.lexsort((ids, bounds[:-1] - bounds[1:]))]
        return self._by_count[user]

    def _joined(self, name: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """Return a column of the target events of all users."""
        columns = [getattr(each, name)[own] for each, own in zip(self.histories, self._rows, strict=True)]
        return np.concatenate([*columns, np.array([], dtype=dtype)]).astype(dtype, copy=False)

    @cached_property
    def kind(self) -> IndexArray:
        """Kind of each event, an index into the shop's target kinds, shape ``(n_events,)``."""
        kinds = self.shop.shop.target_kinds
        if len(kinds) == 1:
            return np.zeros(len(self.user), dtype=np.int64)
        names = self._joined("kind", object)
        place = {name: number for number, name in enumerate(kinds)}
        return np.array([place[str(name)] for name in names.tolist()], dtype=np.int64)

    @cached_property
    def category(self) -> IndexArray:
        """Category of each event's item, shape ``(n_events,)``."""
        return self.shop.catalogue.category_index[self.item]

    @cached_property
    def by_user(self) -> Groups:
        """All occasions of each user."""
        return self._grouped(self.user_key(self.user))

    @cached_property
    def by_title(self) -> Groups:
        """Occasions of each user with items of one visible title."""
        return self._grouped(self.title_key(self.user, self.item))

    @cached_property
    def by_category(self) -> Groups:
        """Occasions of each user with each category."""
        return self._grouped(self.category_key(self.user, self.category))

    @cached_property
    def by_brand_in_category(self) -> Groups:
        """Those of ``by_category``, split by brand."""
        rows = np.flatnonzero(self._is_spoken(self.category_key(self.user, self.category)))
        return self._grouped(self.brand_in_category_key(self.user[rows], self.item[rows]), rows)

    @cached_property
    def unit_price(self) -> Floats:
        """Unit price of each event, rounded to cents; NaN where the table does not say, shape ``(n_events,)``."""
        price: Floats = np.round(self._joined("price", np.float64), 2)
        return price

    @cached_property
    def paid(self) -> Paid:
        """Unit prices of purchases, rounded to cents, by user and category."""
        price = self.unit_price
        kinds = self.shop.shop.target_kinds
        rows = np.flatnonzero((price > 0) & (self.kind == (kinds.index(PURCHASE) if PURCHASE in kinds else -1)))
        key = self.category_key(self.user[rows], self.category[rows])
        order = np.lexsort((price[rows], key))
        key, rows = key[order], rows[order]
        bounds = starts(key)
        return Paid(key[bounds[:-1]], bounds, price[rows], rows)

    def user_key(self, user: IndexArray) -> IndexArray:
        """Return keys of ``by_user``."""
        return user

    def title_key(self, user: IndexArray, item: IndexArray) -> IndexArray:
        """Return keys of ``by_title``."""
        return user * 2 * len(self.shop.catalogue) + self.shop.title_index[item]

    def category_key(self, user: IndexArray, category: IndexArray) -> IndexArray:
        """Return keys of ``by_category``."""
        return user * len(self.shop.catalogue.category_names) + category

    def brand_in_category_key(self, user: IndexArray, item: IndexArray) -> IndexArray:
        """Return keys of ``by_brand_in_category``."""
        catalogue = self.shop.catalogue
        category = self.category_key(user, catalogue.category_index[item])
        return category * (len(catalogue.brand_names) + 1) + catalogue.brand_index[item] + 1

    def occasions_of(self, rows: IndexArray, group: IndexArray, as_of: IndexArray) -> Occasions:
        """Return the occasions of events that a rule has chosen.

        Args:
            rows: Events, shape ``(n,)``.
            group: Group of each event, shape ``(n,)``.
            as_of: Local end of each group's history, shape ``(n_groups,)``.

        Returns:
            Occasions of each group.
        """
        return self._grouped(group, rows).of(np.arange(len(as_of)), as_of)

    def usual_store(self, user: int) -> str | None:
        """Return the store with most occasions in the last 90 days, else in all.

        Ties go to the store of the latest occasion, then to the smallest id.
        """
        if user not in self._stores:
            self._stores[user] = self._usual_store(user)
        return self._stores[user]

    def _usual_store(self, user: int) -> str | None:
        codes, found = pd.factorize(self.histories[user].store_id[self._rows[user]])
        names = [str(name) for name in found]
        if sum(map(bool, names)) <= 1:
            return next(filter(None, names), None)
        first, last = self.user.searchsorted([user, user + 1])
        moment, occasion = self.moment[first:last], self.occasion[first:last]
        is_named = codes != (names.index("") if "" in names else -1)
        is_recent = is_named & (moment >= self.as_of[user] - USUAL_STORE_DAYS * NS_PER_DAY)
        (chosen,) = (is_recent if is_recent.any() else is_named).nonzero()
        store = codes[chosen]
        latest = np.zeros(len(names), dtype=np.int64)
        np.maximum.at(latest, store, moment[chosen])
        visits = np.unique(store + len(names) * occasion[chosen])
        counts = np.bincount(visits % len(names), minlength=len(names))
        most = [code for code, count in enumerate(counts.tolist()) if count == counts.max()]
        return min((-int(latest[code]), names[code]) for code in most)[1]

    def _is_spoken(self, key: IndexArray) -> Flags:
        """Return which events are of the kind that a claim about their key's events counts."""
        if not self.kind.any():
            return np.ones(len(key), dtype=bool)
        _, group = np.unique(key, return_inverse=True)
        first = np.full(int(group.max(initial=-1)) + 1, len(self.shop.shop.target_kinds))
        np.minimum.at(first, group, self.kind)
        is_spoken: Flags = self.kind == first[group]
        return is_spoken

    def _grouped(self, key: IndexArray, rows: IndexArray | None = None) -> Groups:
        """Return the occasions of events by key; of all events if no rows are given."""
        if rows is None:
            rows = np.flatnonzero(self._is_spoken(key))
            key = key[rows]
        order = key.argsort(kind="stable")
        rows, key = rows[order], key[order]
        occasion, moment = self.occasion[rows], self.moment[rows]
        if ((key[1:] == key[:-1]) & (occasion[1:] < occasion[:-1])).any():  # orders that overlap in time
            order = np.lexsort((moment, occasion, key))
            rows, key, occasion, moment = rows[order], key[order], occasion[order], moment[order]
        is_last = np.ones(len(rows), dtype=bool)
        is_last[:-1] = (key[1:] != key[:-1]) | (occasion[1:] != occasion[:-1])
        rows, key, moment = rows[is_last], key[is_last], moment[is_last]
        if ((key[1:] == key[:-1]) & (moment[1:] < moment[:-1])).any():
            order = np.lexsort((moment, key))
            rows, key, moment = rows[order], key[order], moment[order]
        bounds = starts(key)
        return Groups(key[bounds[:-1]], bounds, moment, self.kind[rows])
