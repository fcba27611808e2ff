"""The claim kind ``popular``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.claims.kind import ClaimKind, Finding

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence


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
    position = 90
    topic = "crowd"
    neutral_place = 10
    fits_sensitive_items = True
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
