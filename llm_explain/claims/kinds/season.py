"""The claim kind ``season``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.claims.kind import ClaimKind, Finding, round_down

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence

MIN_LIFT: Final = 1.3


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
    position = 100
    topic = "season"
    neutral_place = 40
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
