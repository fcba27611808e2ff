"""What the claim rules look at: the shop, and the target events of one or several users.

    ShopEvidence(catalogue, snapshot, …) ──.of_histories(…)──► Evidence ──Subjects.of(…)──► Subjects

Only target events before ``as_of`` count: a target kind, a quantity above 0, not taken back by a return. If a shop has
several target kinds, one claim counts events of one kind: the first in the shop's order that occurs among the events
that the claim speaks of.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.claims.occasions import NS_PER_DAY, Occasions, round_down, spans
from scoring.data.shop import Shop
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd

    from llm_explain.claims.occasions import Flags, Floats
    from llm_explain.policy.policy import Policy
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History
    from scoring.features.promotions import PromotionCalendar
    from scoring.features.snapshot import Snapshot

MAX_LOCAL_MOMENTS: Final = 10_000
"""Moments on the shop's clock that are kept."""

USUAL_STORE_DAYS: Final = 90
"""Window in which the user's usual store is looked for first."""


class ShopEvidence:
    """What is the same for every user of a shop; build it once.

    Args:
        catalogue: The shop's items.
        snapshot: The shop's statistics.
        promotions: The shop's promotions.
        policy: What may be spoken.
        shop: The shop's clock and target kinds; the default settings if not given.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        snapshot: Snapshot,
        promotions: PromotionCalendar,
        policy: Policy,
        shop: Shop | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.snapshot = snapshot
        self.promotions = promotions
        self.policy = policy
        self.shop = shop or Shop()
        self._sensitive: dict[int, bool] = {}
        self._local: dict[int, pd.Timestamp] = {}

    @property
    def has_dates(self) -> bool:
        """Whether the log's times are moments. Where they only order the events, no claim speaks of days."""
        return self.shop.times != "order"

    @property
    def crowd_kind(self) -> str | None:
        """Kind of event that statistics of all users count; ``None`` if they mix several target kinds."""
        kinds = self.shop.target_kinds
        return kinds[0] if len(kinds) == 1 else None

    @cached_property
    def title_index(self) -> IndexArray:
        """Number of each item's visible title; an item without a title has its own, shape ``(n_items,)``."""
        names, index = np.unique(self.catalogue.titles.astype(str), return_inverse=True)
        nameless = np.flatnonzero(names[index] == "")
        index[nameless] = len(names) + np.arange(len(nameless))
        return np.asarray(index, dtype=np.int64)

    @cached_property
    def similarity(self) -> Floats:
        """Similarity of each item's neighbours, rounded down to two decimals, shape ``(n_items, 10)``."""
        return round_down(self.snapshot.neighbour_similarity, 2)

    @cached_property
    def top_decile_users(self) -> float:
        """Least users in the window of an item that fewer than a tenth of the items sold in it surpass."""
        users = self.snapshot.users_in_window
        sold = np.sort(users[users > 0])[::-1]
        return float(sold[int(np.ceil(len(sold) / 10)) - 1]) if len(sold) else float("inf")

    def local(self, moment: pd.Timestamp) -> pd.Timestamp:
        """Return a moment on the shop's clock; the few that promotions and statistics share are kept."""
        found = self._local.get(moment.value)
        if found is None:
            if len(self._local) >= MAX_LOCAL_MOMENTS:
                self._local.clear()
            found = self._local[moment.value] = self.shop.clock.local(moment)
        return found

    def is_sensitive(self, item_index: int) -> bool:
        """Return whether no text may name an item or hint that the user has to do with it."""
        found = self._sensitive.get(item_index)
        if found is None:
            found = self._sensitive[item_index] = self.policy.is_sensitive_item(self.catalogue, item_index)
        return found

    def of_histories(self, histories: Sequence[History]) -> Evidence:
        """Return what the rules need of some users.

        Args:
            histories: Events before ``as_of``, one history a user.

        Returns:
            Counts that are made when asked for and kept.
        """
        return Evidence(self, histories)


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
        as_of: Local end of each user's history in nanoseconds since 1970, shape ``(n_users,)``.
    """

    def __init__(self, shop: ShopEvidence, histories: Sequence[History]) -> None:
        self.shop = shop
        self.histories = tuple(histories)
        clock = shop.shop.clock
        rows = [np.flatnonzero(history.is_target) for history in histories]
        self.user = np.repeat(np.arange(len(rows)), [len(own) for own in rows])
        self._rows = rows
        self.item: IndexArray = self._joined("item_index", np.int64)
        moment: IndexArray = self._joined("timestamp", "datetime64[ns]").astype(np.int64)
        as_of: IndexArray = np.array([each.as_of.value for each in histories], dtype=np.int64)
        self.moment = clock.local(moment)
        self.as_of = clock.local(as_of)
        self._occasion: IndexArray = self._joined("occasion", np.int64)
        self._stores: dict[int, str | None] = {}

    @cached_property
    def snapshot_age_days(self) -> Floats:
        """How long before each user's ``as_of`` the shop's statistics end, shape ``(n_users,)``."""
        ends = self.shop.snapshot.as_of.value
        return np.array([(each.as_of.value - ends) / NS_PER_DAY for each in self.histories], dtype=np.float64)

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
    def by_title_in_category(self) -> Groups:
        """Those of ``by_category``, split by visible title."""
        rows = np.flatnonzero(self._is_spoken(self.category_key(self.user, self.category)))
        return self._grouped(self.title_in_category_key(self.user[rows], self.item[rows]), rows)

    @cached_property
    def by_brand_in_category(self) -> Groups:
        """Those of ``by_category``, split by brand."""
        rows = np.flatnonzero(self._is_spoken(self.category_key(self.user, self.category)))
        return self._grouped(self.brand_in_category_key(self.user[rows], self.item[rows]), rows)

    @cached_property
    def paid(self) -> Paid:
        """Unit prices of purchases, rounded to cents, by user and category."""
        price: Floats = np.round(self._joined("price", np.float64), 2)
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

    def title_in_category_key(self, user: IndexArray, item: IndexArray) -> IndexArray:
        """Return keys of ``by_title_in_category``."""
        category = self.category_key(user, self.shop.catalogue.category_index[item])
        return category * 2 * len(self.shop.catalogue) + self.shop.title_index[item]

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
        stores = self.histories[user].store_id[self._rows[user]].tolist()
        if len(names := set(stores) - {""}) <= 1:
            return next(iter(names), None)
        place = self.user == user
        visits = [
            visit
            for visit in zip(stores, self._occasion[place].tolist(), self.moment[place].tolist(), strict=True)
            if visit[0]
        ]
        since = int(self.as_of[user]) - USUAL_STORE_DAYS * NS_PER_DAY
        visits = [visit for visit in visits if visit[2] >= since] or visits
        if not visits:
            return None
        counts = Counter(store for store, _ in {visit[:2] for visit in visits})
        last = {store: moment for store, _, moment in sorted(visits, key=lambda visit: visit[2])}
        return str(min(counts, key=lambda store: (-counts[store], -last[store], store)))

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
        order = np.argsort(key, kind="stable")
        rows, key = rows[order], key[order]
        occasion, moment = self._occasion[rows], self.moment[rows]
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


@dataclass(frozen=True)
class Groups:
    """Occasions by key.

    Attributes:
        keys: Keys, ascending, shape ``(n_keys,)``.
        bounds: Place of each key's first occasion, and the number of occasions, shape ``(n_keys + 1,)``.
        moment: Local moment of each occasion, oldest first for each key, shape ``(n_occasions,)``.
        kind: Event kind of each occasion, an index into the shop's target kinds, shape ``(n_occasions,)``.
    """

    keys: IndexArray
    bounds: IndexArray
    moment: IndexArray
    kind: IndexArray

    def of(self, keys: IndexArray, as_of: IndexArray) -> Occasions:
        """Return the occasions of some keys.

        Args:
            keys: Keys, possibly repeated or without occasions, shape ``(n,)``.
            as_of: Local end of each history, shape ``(n,)``.

        Returns:
            Occasions of ``n`` groups, in the order given.
        """
        places, bounds = spans_of(self.keys, self.bounds, keys)
        moment, kind = self.moment[places], self.kind[places]
        first = np.zeros(len(keys), dtype=np.int64)
        has_one = bounds[1:] > bounds[:-1]
        first[has_one] = kind[bounds[:-1][has_one]]
        return Occasions(moment, bounds, as_of, first)


@dataclass(frozen=True)
class Paid:
    """Prices paid, by user and category.

    Attributes:
        keys: Keys of ``Evidence.category_key``, ascending, shape ``(n_keys,)``.
        bounds: Place of each key's lowest price, and the number of prices, shape ``(n_keys + 1,)``.
        price: Unit prices, lowest first for each key, shape ``(n,)``.
        row: Event of each price, shape ``(n,)``.
    """

    keys: IndexArray
    bounds: IndexArray
    price: Floats
    row: IndexArray


def starts(keys: IndexArray) -> IndexArray:
    """Return where each of some ascending keys begins, and how many there are, shape ``(n_distinct + 1,)``."""
    is_first = np.ones(len(keys) + 1, dtype=bool)
    is_first[1:-1] = keys[1:] != keys[:-1]
    return is_first.nonzero()[0] if len(keys) else np.zeros(1, dtype=np.int64)


def spans_of(names: IndexArray, bounds: IndexArray, keys: IndexArray) -> tuple[IndexArray, IndexArray]:
    """Return the places of the values of some keys, and where each key's values begin among them.

    Args:
        names: Known keys, ascending, shape ``(n_keys,)``.
        bounds: First place of each known key, and the number of values, shape ``(n_keys + 1,)``.
        keys: Keys to look up, possibly repeated or unknown, shape ``(n,)``.

    Returns:
        Places, and bounds of shape ``(n + 1,)``; an unknown key has no values.
    """
    place = names.searchsorted(keys)
    is_known = place < len(names)
    is_known[is_known] = names[place[is_known]] == keys[is_known]
    with_empty = np.concatenate([bounds, bounds[-1:]])  # a last group without values, for the unknown keys
    place[~is_known] = len(names)
    return spans(with_empty, place)
