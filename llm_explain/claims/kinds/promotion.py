"""The claim kind ``promotion``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llm_explain.claims.kind import ClaimKind, Finding

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence


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
    position = 80
    topic = "promotion"
    neutral_place = 20
    fits_sensitive_items = True
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
