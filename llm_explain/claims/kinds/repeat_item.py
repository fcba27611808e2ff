"""The claim kind ``repeat_item``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.claims.kind import ClaimKind, Finding, with_kind

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence
    from llm_explain.records import Claim

MIN_REPEATS: Final = 2
"""Occasions from which on a claim about the item says more than one about its category."""


class RepeatItem(ClaimKind):
    """The user bought this very item before.

    Rule: ``count`` is the number of distinct timestamps of the user's events with the item before ``as_of``, ``last``
    the calendar day of the latest; it holds from one on, so that a new customer hears more than nothing.
    """

    name = "repeat_item"
    scope = "own group"
    parts = ("times_bought",)
    position = 10
    topic = "item"
    never_with = frozenset({"category", "other purchase", "brand"})
    required_slots = ("times",)
    optional_slots = ("last_date",)

    def is_telling(self, claim: Claim) -> bool:
        """Return whether the user bought the item more than once."""
        count = claim.facts["count"]
        return isinstance(count, int) and count >= MIN_REPEATS

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        occasions, event_kind = evidence.user.item(evidence.item_index)
        if not occasions.moments:
            return None
        facts = with_kind({"count": len(occasions), "last": occasions.last.isoformat()}, event_kind)
        return Finding(facts, evidence.shop.degrees.licences(occasions))
