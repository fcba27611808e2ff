"""The claim kind ``frequent_item``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.claims.cited_items import first_named
from llm_explain.claims.kind import NOTHING, ClaimKind, Findings

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

MIN_TIMES: Final = 3


class FrequentItem(ClaimKind):
    """The user bought, or played, an item that raised this score many times.

    Rule: ``other_item_id`` is one of the past items that raised the score. The user has counted target events of it (as
    for ``repeat_item``) on at least three occasions; ``count`` is their number. Its title has a letter and is not the
    item's title, and it is not sensitive. Of several, it is the one with the largest attribution, which the claim
    cites.
    """

    name = "frequent_item"
    scope = "past item"
    parts = ("links", "item")
    position = 68
    list_place = 0
    fact_place = 1
    needs_visible_link = True
    topic = "past item"
    never_with = frozenset({"item", "rhythm", "category", "other purchase", "brand", "price"})
    yields_to = frozenset({"item", "rhythm"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        if not any(subjects.past_items):
            return NOTHING
        rows, other, past, occasions, event_kind, _ = first_named(subjects, min_count=MIN_TIMES)
        facts: dict[str, list[Fact]] = {
            "other_item_id": [str(item_id) for item_id in subjects.shop.catalogue.item_ids[other]],
            "count": occasions.counts.tolist(),
        }
        return Findings(rows, facts, occasions, event_kind=event_kind, cites=past)
