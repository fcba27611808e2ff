"""Claims about the item and the moment, the same for every user but for the store that a promotion runs in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.claims.base import ClaimKind, Finding, round_down
from llm_explain.claims.occasions import NS_PER_DAY, to_date
from scoring.tables import FIRST_SEEN

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence

MIN_LIFT: Final = 1.3
MAX_NEW_DAYS: Final = 30
MIN_DAYS_BEFORE: Final = 90
MIN_NEW_USERS: Final = 5


class Promotion(ClaimKind):
    """A promotion of the item runs now, where the user shops.

    Rule: ``start`` ≤ ``as_of`` < ``end``, in the user's usual store or without a store, and a ``label`` that the policy
    lets be spoken; of several the one that ends last, ties by earliest start, then label, then store. The usual store
    is the one with most distinct timestamps in the 90 days before ``as_of``, else in the whole log; ties by the latest
    of them, then by the smallest id. ``store_id`` is empty for a promotion in all stores. A user without a store hears
    of promotions in all stores only.
    """

    name = "promotion"
    scope = "context"
    parts = ("promotion",)
    required_slots = ("promotion",)
    optional_slots = ("promotion_end",)

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        user, shop = evidence.user, evidence.shop
        runs = [
            run
            for run in shop.promotions.running(user.history.as_of, evidence.item_index, store_id=user.usual_store)
            if shop.policy.may_speak_promotion(run.label)
        ]
        if not runs:
            return None
        best = min(runs, key=lambda run: (-run.end.value, run.start.value, run.label, run.store_id))
        return Finding(
            {
                "label": best.label,
                "start": best.start.isoformat(),
                "end": best.end.isoformat(),
                "store_id": best.store_id,
            }
        )


class Popular(ClaimKind):
    """Many customers bought the item lately.

    Rule: ``users_band`` is the largest of the policy's bands that is below the number of distinct users with an event
    with the item in the ``window_days`` before ``until``, the snapshot's moment, so that "more than" is true of it. It
    holds from the policy's least crowd on (50 or more), for an item that fewer than a tenth of the items sold in that
    window surpass in users, with a snapshot that is at most seven days older than ``as_of`` and not younger.
    """

    name = "popular"
    scope = "context"
    parts = ("popularity",)
    optional_slots = ("users_band", "popular_window")

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        shop = evidence.shop
        users = int(shop.snapshot.users_in_window[evidence.item_index])
        band = shop.policy.band(users)
        if band is None or users < shop.top_decile_users or not evidence.is_snapshot_fresh():
            return None
        return Finding(
            {
                "users_band": band,
                "window_days": shop.snapshot.popularity_window_days,
                "until": shop.snapshot.as_of.isoformat(),
            }
        )


class Season(ClaimKind):
    """The item's category sold above its share in the last complete month.

    Rule: ``lift`` is the share of ``category``, the item's own, in all events of ``month``, the last complete calendar
    month before the snapshot's moment, over its share in the 12 months that end with it, rounded down to one decimal;
    known where the log covers 90 days and the category has 100 events in the month. It holds from 1.3 on, with a
    snapshot that is at most seven days older than ``as_of`` and not younger.
    """

    name = "season"
    scope = "context"
    parts = ("season",)
    required_slots = ("month",)
    optional_slots = ("lift",)

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        snapshot = evidence.shop.snapshot
        lift = float(snapshot.season_lift[evidence.category_index])
        if snapshot.season_month is None or not lift >= 1 or not evidence.is_snapshot_fresh():
            return None
        lift = round_down(lift, 1)
        if lift < MIN_LIFT:
            return None
        return Finding({"month": snapshot.season_month, "lift": lift, "category": evidence.category})


class NewArrival(ClaimKind):
    """The item is new in the shop.

    Rule: ``first_seen`` is the calendar day that the items table gives, else that of the item's first event; ``days``
    is the calendar days from it to ``as_of``, at most 30. The log must begin at least 90 days before it, and at least
    five distinct users must have bought the item in the 30 days before the snapshot: otherwise a rarely sold old item
    looks new. Neither is asked where the policy says that the items table's date is the shop's own word and the item
    has one. The snapshot is at most seven days older than ``as_of`` and not younger.
    """

    name = "new_arrival"
    scope = "context"
    parts = ("novelty",)
    optional_slots = ("first_seen", "new_days")

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        seen = evidence.shop.snapshot.first_seen[evidence.item_index]
        if np.isnat(seen) or not evidence.is_snapshot_fresh():
            return None
        first = int(seen.astype("datetime64[ns]").astype(np.int64))
        as_of = evidence.user.as_of
        days = as_of // NS_PER_DAY - first // NS_PER_DAY
        if days > MAX_NEW_DAYS or first >= as_of:
            return None
        if not self._is_stated(evidence) and not self._is_new_in_log(evidence, first):
            return None
        return Finding({"first_seen": to_date(first // NS_PER_DAY).isoformat(), "days": days})

    @staticmethod
    def _is_stated(evidence: Evidence) -> bool:
        if not evidence.shop.policy.settings.is_first_seen_stated:
            return False
        items = evidence.shop.catalogue.items
        return FIRST_SEEN in items and bool(pd.notna(items[FIRST_SEEN].iloc[evidence.item_index]))

    @staticmethod
    def _is_new_in_log(evidence: Evidence, first: int) -> bool:
        snapshot = evidence.shop.snapshot
        covered = snapshot.days_covered - (snapshot.as_of.value - first) / NS_PER_DAY
        return covered >= MIN_DAYS_BEFORE and int(snapshot.users_in_window[evidence.item_index]) >= MIN_NEW_USERS
