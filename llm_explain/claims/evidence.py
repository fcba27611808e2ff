"""What the claim rules look at: the shop, then one user, then one item, each counted once and kept.

    ShopEvidence(catalogue, snapshot, promotions, policy) ──.of_user(history)──► UserEvidence ──.for_item(i)──► Evidence

Only a user's events before ``as_of`` are in the history. Where a shop logs several kinds of event, one claim counts
events of one kind: purchases where there are any among the events that it speaks of, else the most frequent kind.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.degrees import DEFAULT_DEGREES, Degrees
from llm_explain.claims.group import CategoryEvidence, spoken_kind
from llm_explain.claims.kind import round_down
from llm_explain.claims.occasions import NS_PER_DAY, Occasions

if TYPE_CHECKING:
    from llm_explain.policy.policy import Policy
    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.history import History
    from scoring.features.promotions import PromotionCalendar
    from scoring.features.snapshot import Snapshot

MAX_SNAPSHOT_AGE_DAYS: Final = 7
"""Days after which crowd statistics are no longer known to be true."""

USUAL_STORE_DAYS: Final = 90
"""Window in which the user's usual store is looked for first."""


class ShopEvidence:
    """What is the same for every user of a shop; build it once.

    Args:
        catalogue: The shop's items.
        snapshot: The shop's statistics.
        promotions: The shop's promotions.
        policy: What may be spoken.
        degrees: When words of degree are licensed.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        snapshot: Snapshot,
        promotions: PromotionCalendar,
        policy: Policy,
        degrees: Degrees = DEFAULT_DEGREES,
    ) -> None:
        self.catalogue = catalogue
        self.snapshot = snapshot
        self.promotions = promotions
        self.policy = policy
        self.degrees = degrees

    @cached_property
    def top_decile_users(self) -> float:
        """Least users in the window of an item that fewer than a tenth of the items sold in it surpass."""
        users = self.snapshot.users_in_window
        sold = np.sort(users[users > 0])[::-1]
        return float(sold[int(np.ceil(len(sold) / 10)) - 1]) if len(sold) else float("inf")

    def of_user(self, history: History) -> UserEvidence:
        """Return what the rules need of one user.

        Args:
            history: The user's events before ``as_of``.

        Returns:
            Counts that are made when asked for and kept.
        """
        return UserEvidence(self, history)


class UserEvidence:
    """What the rules need of one user; build it once for a list of items.

    Args:
        shop: What is the same for every user.
        history: The user's events before ``as_of``.
    """

    def __init__(self, shop: ShopEvidence, history: History) -> None:
        self.shop = shop
        self.history = history
        self.as_of = history.as_of.value
        self._categories: dict[int, CategoryEvidence] = {}
        self._similar: dict[int, dict[int, list[tuple[int, float]]]] = {}
        self._licences: dict[int, frozenset[str]] = {}

    @cached_property
    def _moments(self) -> IndexArray:
        return self.history.timestamp.astype("datetime64[ns]").astype(np.int64)

    @cached_property
    def _category_by_event(self) -> IndexArray:
        return self.shop.catalogue.category_index[self.history.item_index]

    @cached_property
    def _has_one_kind(self) -> bool:
        return len(set(self.history.kind.tolist())) <= 1

    def _rows(self, rows: IndexArray) -> CategoryEvidence:
        kinds = self.history.kind[rows[:1] if self._has_one_kind else rows].tolist()
        kind = spoken_kind(kinds)
        if not self._has_one_kind:
            rows = rows[self.history.kind[rows] == kind]
        return CategoryEvidence(
            items=self.history.item_index[rows].tolist(),
            moments=self._moments[rows].tolist(),
            prices=self.history.price[rows].tolist(),
            event_kind=kind,
            as_of=self.as_of,
        )

    def category(self, category_index: int) -> CategoryEvidence:
        """Return the user's events in one category.

        Args:
            category_index: The category.

        Returns:
            Events of the kind that claims about the category speak of.
        """
        found = self._categories.get(category_index)
        if found is None:
            found = self._rows(np.flatnonzero(self._category_by_event == category_index))
            self._categories[category_index] = found
        return found

    def category_licences(self, category_index: int) -> frozenset[str]:
        """Return the words of degree that the user's occasions with a category permit.

        Args:
            category_index: The category.

        Returns:
            Words of degree.
        """
        if category_index not in self._licences:
            occasions = self.category(category_index).occasions
            self._licences[category_index] = self.shop.degrees.licences(occasions)
        return self._licences[category_index]

    def item(self, item_index: int) -> tuple[Occasions, str]:
        """Return the user's occasions with one item.

        Args:
            item_index: The item.

        Returns:
            The occasions, and the kind of event that a claim about them speaks of.
        """
        if self._has_one_kind:
            own = self.category(int(self.shop.catalogue.category_index[item_index]))
        else:
            own = self._rows(np.flatnonzero(self.history.item_index == item_index))
        return own.of_item(item_index), own.event_kind

    @cached_property
    def usual_store(self) -> str | None:
        """The store with most occasions in the last 90 days, else in all; ties by the latest occasion, then by id."""
        recent = int(np.searchsorted(self._moments, self.as_of - USUAL_STORE_DAYS * NS_PER_DAY))
        stores, moments = self.history.store_id.tolist(), self._moments.tolist()
        visits = {visit for visit in zip(stores[recent:], moments[recent:], strict=True) if visit[0]}
        visits = visits or {visit for visit in zip(stores, moments, strict=True) if visit[0]}
        if not visits:
            return None
        counts = Counter(name for name, _ in visits)
        last: dict[str, int] = {}
        for name, moment in visits:
            last[name] = max(moment, last.get(name, moment))
        return str(min(counts, key=lambda name: (-counts[name], -last[name], name)))

    def similar_items(self, item_index: int) -> dict[int, list[tuple[int, float]]]:
        """Return what is similar to an item.

        Args:
            item_index: The item.

        Returns:
            Similar items and their similarity, rounded down to two decimals, best first, by category.
        """
        if item_index not in self._similar:
            snapshot, category_index = self.shop.snapshot, self.shop.catalogue.category_index
            found = self._similar.setdefault(item_index, {})
            similarities = snapshot.neighbour_similarity[item_index].tolist()
            for other, similarity in zip(snapshot.neighbour_index[item_index].tolist(), similarities, strict=True):
                if other >= 0:
                    found.setdefault(int(category_index[other]), []).append((other, round_down(similarity, 2)))
        return self._similar[item_index]

    def for_item(self, item_index: int) -> Evidence:
        """Return what the rules look at for one item.

        Args:
            item_index: The item.

        Returns:
            The evidence.
        """
        item_index = int(item_index)
        return Evidence(self, item_index, int(self.shop.catalogue.category_index[item_index]))


@dataclass(frozen=True)
class Evidence:
    """One user, one item, one moment.

    Attributes:
        user: What the rules need of the user.
        item_index: The item.
        group: Category behind the history group that a claim speaks of; the item's own if no other was asked for.
    """

    user: UserEvidence
    item_index: int
    group: int

    def about(self, category_index: int) -> Evidence:
        """Return the same evidence with another history group to speak of.

        Args:
            category_index: The category behind the group.

        Returns:
            Evidence on the same user, item and moment.
        """
        return Evidence(self.user, self.item_index, category_index)

    @property
    def shop(self) -> ShopEvidence:
        """What is the same for every user."""
        return self.user.shop

    @property
    def item_id(self) -> str:
        """The shop's id of the item."""
        return str(self.shop.catalogue.item_ids[self.item_index])

    @property
    def category_index(self) -> int:
        """The item's own category."""
        return int(self.shop.catalogue.category_index[self.item_index])

    @property
    def category(self) -> str:
        """Name of the item's own category."""
        return self.shop.catalogue.category_names[self.category_index]

    def snapshot_age_days(self) -> float:
        """Return how long before ``as_of`` the statistics end; negative where they know events after it."""
        return float(self.user.as_of - self.shop.snapshot.as_of.value) / NS_PER_DAY

    def is_snapshot_fresh(self) -> bool:
        """Return whether the statistics end at ``as_of`` or at most seven days before it."""
        return 0 <= self.snapshot_age_days() <= MAX_SNAPSHOT_AGE_DAYS
