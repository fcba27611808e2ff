"""The claim kind ``similar_item``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.claims.kind import ClaimKind, Finding, with_kind

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence

MIN_SIMILARITY: Final = 0.1
MIN_GROUP_SHARE: Final = 0.5
MAX_SIMILARITY_AGE_DAYS: Final = 90


class SimilarItem(ClaimKind):
    """The user bought an item whose customers often buy this one too.

    Rule: ``other_item_id`` is, of the ten items most similar to the item, the most similar that the user bought before
    ``as_of``, that lies in the cited player's category, that is not sensitive, and that makes at least half of the
    user's occasions in that category, so that what the model read there is mostly this item. ``similarity`` is the
    number of distinct users who bought both in the 365 days before the snapshot, over the geometric mean of the numbers
    who bought each (at least 50 of each, and both at least twice as many as by chance), rounded down to two decimals;
    it holds from 0.10 on, with a snapshot that is at most 90 days older than ``as_of`` and not younger. An item with
    the very same title is passed over: a shopper could not tell the two apart.
    """

    name = "similar_item"
    scope = "any group"
    parts = ("tower",)
    position = 70
    topic = "other purchase"
    yields_to = frozenset({"item", "rhythm"})
    required_slots = ("other_item",)

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        if not 0 <= evidence.snapshot_age_days() <= MAX_SIMILARITY_AGE_DAYS:
            return None
        for other, similarity in evidence.user.similar_items(evidence.item_index).get(evidence.group, ()):
            if similarity < MIN_SIMILARITY:
                return None
            if self._carries_group(evidence, other):
                occasions, event_kind = evidence.user.item(other)
                item_id = str(evidence.shop.catalogue.item_ids[other])
                facts = with_kind({"other_item_id": item_id, "similarity": similarity}, event_kind)
                return Finding(facts, evidence.shop.degrees.licences(occasions))
        return None

    @staticmethod
    def _carries_group(evidence: Evidence, other: int) -> bool:
        catalogue = evidence.shop.catalogue
        if catalogue.titles[other] == catalogue.titles[evidence.item_index]:
            return False
        group = evidence.user.category(evidence.group)
        is_most = len(group.of_item(other)) >= max(1.0, MIN_GROUP_SHARE * len(group.occasions))
        return is_most and not evidence.shop.policy.is_sensitive_item(catalogue, other)
