"""The claim kind ``new_arrival``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.claims.kind import ClaimKind, Finding
from llm_explain.claims.occasions import NS_PER_DAY, to_date
from scoring.data.tables import FIRST_SEEN

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence

MAX_NEW_DAYS: Final = 30
MIN_DAYS_BEFORE: Final = 90
MIN_NEW_USERS: Final = 5


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
    position = 110
    topic = "novelty"
    neutral_place = 30
    fits_sensitive_items = True
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
