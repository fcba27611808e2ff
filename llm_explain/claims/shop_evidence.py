"""What the claim rules look at of a shop: what is the same for every user."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final, TypeVar, cast

import numpy as np

from llm_explain.claims.paid_in_year import PaidInYear
from llm_explain.claims.pictures import Pictures
from llm_explain.claims.sizes import sized
from llm_explain.claims.visible_links import VisibleLinks
from scoring.data.catalogue_history import CatalogueHistory
from scoring.data.changes import is_on_sale
from scoring.data.shop import Shop
from scoring.data.tables import PARENT_ID, PRICE

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from llm_explain.claims.occasions import Flags
    from llm_explain.policy.policy import Policy
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import EventLog
    from scoring.data.log import FloatArray
    from scoring.features.promotions import PromotionCalendar
    from scoring.features.snapshot import Snapshot

Counted = TypeVar("Counted")

MAX_LOCAL_MOMENTS: Final = 10_000
"""Moments on the shop's clock that are kept."""


class ShopEvidence:
    """What is the same for every user of a shop; build it once.

    Args:
        catalogue: The shop's items.
        snapshot: The shop's statistics.
        promotions: The shop's promotions.
        policy: What may be spoken.
        shop: The shop's clock and target kinds; the default settings if not given.
        past: What the items were before; the catalogue without changes if not given.
        events: Events of all users, for the prices that were paid; none if not given.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        snapshot: Snapshot,
        promotions: PromotionCalendar,
        policy: Policy,
        shop: Shop | None = None,
        past: CatalogueHistory | None = None,
        events: EventLog | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.snapshot = snapshot
        self.promotions = promotions
        self.policy = policy
        self.shop = shop or Shop()
        self.past = past or CatalogueHistory(catalogue.items)
        self.events = events
        self._once: dict[object, object] = {}
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
    def names_categories(self) -> bool:
        """Whether a text may name any category of the shop."""
        return any(map(self.policy.may_name_category, self.catalogue.category_names))

    @cached_property
    def title_index(self) -> IndexArray:
        """Number of each item's visible title; an item without a title has its own, shape ``(n_items,)``."""
        names, index = np.unique(self.catalogue.titles.astype(str), return_inverse=True)
        nameless = np.flatnonzero(names[index] == "")
        index[nameless] = len(names) + np.arange(len(nameless))
        return np.asarray(index, dtype=np.int64)

    @cached_property
    def product(self) -> IndexArray:
        """Number of the items that a person takes for one product in other sizes or of other marks, ``(n_items,)``.

        They are of one category, and their titles have the same words without sizes and marks (see ``sizes``).
        """
        catalogue = self.catalogue
        titles, title = np.unique(catalogue.titles.astype(str), return_inverse=True)
        words = [sized(each).product for each in titles.tolist()]
        _, code = np.unique(np.array(words, dtype=object).astype(str), return_inverse=True)
        key = code[title] * len(catalogue.category_names) + catalogue.category_index
        nameless = np.array([not each for each in words], dtype=bool)[title]
        key[nameless] = -1 - np.flatnonzero(nameless)
        return np.asarray(key, dtype=np.int64)

    @cached_property
    def stated_price(self) -> FloatArray:
        """Price that the catalogue states for each item, rounded to cents, NaN for none, shape ``(n_items,)``.

        What users paid lately is no statement of the price today: stores differ, and a promotion ends.
        """
        if PRICE not in self.catalogue.items:
            return np.full(len(self.catalogue), np.nan)
        return np.round(self.catalogue.items[PRICE].to_numpy(dtype=np.float64), 2)

    @cached_property
    def pictures(self) -> Pictures:
        """Pictures of the items, for a catalogue that has them."""
        return Pictures(self.catalogue)

    @cached_property
    def visible_links(self) -> VisibleLinks:
        """Links between items that a person would see."""
        return VisibleLinks(self.catalogue, self.snapshot, self.policy)

    @cached_property
    def may_recommend(self) -> Flags:
        """Whether the policy lets a list show each item, shape ``(n_items,)``."""
        return ~self.policy.never_recommended.flags(self.catalogue)

    @cached_property
    def is_sold(self) -> Flags:
        """Whether each item is on sale and has events, shape ``(n_items,)``."""
        is_sold: Flags = is_on_sale(self.catalogue.items) & (self.snapshot.n_events > 0)
        return is_sold

    @cached_property
    def may_promote(self) -> Flags:
        """Whether popularity may speak for each item, shape ``(n_items,)``."""
        return ~self.policy.unpromoted.flags(self.catalogue)

    @cached_property
    def top_decile_users(self) -> float:
        """Least users in the window of an item that fewer than a tenth of the items sold in it surpass."""
        users = self.snapshot.users_in_window
        sold = np.sort(users[users > 0])[::-1]
        return float(sold[int(np.ceil(len(sold) / 10)) - 1]) if len(sold) else float("inf")

    @cached_property
    def is_sold_alone(self) -> Flags:
        """Whether no other item with the item's visible title was sold in the window, shape ``(n_items,)``."""
        title, users = self.catalogue.title_index, self.snapshot.users_in_window
        is_alone: Flags = np.bincount(title, users)[title] == users
        return is_alone

    @cached_property
    def sold_in_category(self) -> IndexArray:
        """Items of each category with a user in the window, shape ``(n_categories,)``."""
        sold = self.catalogue.category_index[self.snapshot.users_in_window > 0]
        return np.bincount(sold, minlength=len(self.catalogue.category_names))

    @cached_property
    def place_in_category(self) -> IndexArray:
        """Items of its category with at least as many users in the window, itself included, shape ``(n_items,)``."""
        category, users = self.catalogue.category_index, self.snapshot.users_in_window
        order = np.lexsort((users, category))
        end = np.searchsorted(category[order], category, side="right")
        key = category * (int(users.max(initial=0)) + 1.0) + users
        return np.asarray(end - np.searchsorted(key[order], key, side="left"), dtype=np.int64)

    @cached_property
    def first_seen(self) -> IndexArray:
        """Local moment from which each item was sold, in nanoseconds since 1970; of no meaning without one."""
        moment = self.snapshot.first_seen.astype("datetime64[ns]").astype(np.int64)
        known = moment != np.iinfo(np.int64).min  # NaT
        moment[known] = self.shop.clock.local(moment[known])
        return np.asarray(moment, dtype=np.int64)

    @property
    def has_creators(self) -> bool:
        """Whether brands are authors, artists and the like."""
        return self.shop.brands_are == "creators"

    @cached_property
    def own_brands(self) -> frozenset[int]:
        """Brands that the shop says are its own, as ``brand_index``."""
        own = {name.casefold() for name in self.shop.own_brands}
        return frozenset(code for code, name in enumerate(self.catalogue.brand_names) if name.casefold() in own)

    @cached_property
    def family(self) -> IndexArray:
        """Number of the items that are variants of one another, by ``parent_id``, shape ``(n_items,)``."""
        ids = self.catalogue.item_ids.astype(str)
        if PARENT_ID not in self.catalogue.items:
            return np.arange(len(ids))
        parents = self.catalogue.items[PARENT_ID]
        of_item = np.where(parents.notna() & (parents.astype(str) != ""), parents.astype(str), ids)
        return np.asarray(np.unique(of_item.astype(str), return_inverse=True)[1], dtype=np.int64)

    @cached_property
    def has_variants(self) -> Flags:
        """Whether another item is a variant of each item, shape ``(n_items,)``."""
        return np.bincount(self.family)[self.family] > 1

    @cached_property
    def paid_in_year(self) -> PaidInYear:
        """What all users paid for each item in the year before the snapshot; computed once, from every event."""
        return PaidInYear.of(self.events, self.snapshot.as_of, len(self.catalogue))

    def once(self, count: Callable[[ShopEvidence], Counted]) -> Counted:
        """Return what a rule counts of the whole shop; it is computed once.

        Args:
            count: A function of a module, which counts it.

        Returns:
            What it returned.
        """
        if count not in self._once:
            self._once[count] = count(self)
        return cast("Counted", self._once[count])

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
