"""The claim kind ``usual_brand``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from llm_explain.claims.kind import ClaimKind, Finding, with_kind

if TYPE_CHECKING:
    from llm_explain.claims.evidence import Evidence

MIN_BRAND_SHARE: Final = 0.5
MIN_BRAND_OCCASIONS: Final = 3


class UsualBrand(ClaimKind):
    """The item is of the brand that the user usually buys in its category.

    Rule: among the distinct timestamps of the user's events with an item of ``category``, the item's own, before
    ``as_of``, ``count`` is the number with an item of ``brand``, the item's own, and ``share`` is ``count`` over all of
    them; it holds for a share of at least 0.5 and a count of at least 3. A brand that the policy calls unnameable is
    found all the same, its name is then never spoken; a value that by the policy stands for no brand is none.
    """

    name = "usual_brand"
    scope = "own group"
    parts = ("own_brand",)
    position = 50
    topic = "brand"
    never_with = frozenset({"other purchase"})
    required_slots = ("brand_category",)
    optional_slots = ("brand", "brand_share")

    def find(self, evidence: Evidence) -> Finding | None:
        """Apply the rule of the class."""
        catalogue = evidence.shop.catalogue
        brand = int(catalogue.brand_index[evidence.item_index])
        if brand < 0 or not evidence.shop.policy.is_brand(catalogue.brand_names[brand]):
            return None
        own = evidence.user.category(evidence.category_index)
        occasions = own.of_brand(brand, catalogue.brand_index)
        if len(occasions) < MIN_BRAND_OCCASIONS or len(occasions) < MIN_BRAND_SHARE * len(own.occasions):
            return None
        share = len(occasions) / len(own.occasions)
        facts = with_kind(
            {
                "brand": catalogue.brand_names[brand],
                "category": evidence.category,
                "share": share,
                "count": len(occasions),
            },
            own.event_kind,
        )
        return Finding(facts, evidence.shop.degrees.licences(occasions, share))
