"""The claim kind ``usual_brand``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings, kinds_of

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


MIN_BRAND_SHARE: Final = 0.5
MIN_BRAND_OCCASIONS: Final = 3


class UsualBrand(ClaimKind):
    """The item is of the brand that the user usually buys in its category.

    Rule: counted events are those of ``category_affinity``. Among the user's occasions with a counted event of an item
    of ``category``, the item's own, ``count`` is the number with a counted event of an item of that category and of
    ``brand``, the item's own; ``share`` is ``count`` over all of them. It holds for a share of at least 0.5 and a count
    of at least 3. A brand that the policy calls unnameable is found all the same, and its name is then never spoken; a
    value that by the policy stands for no brand has no such claim.
    """

    name = "usual_brand"
    scope = "own group"
    parts = ("own_brand",)
    position = 50
    list_place = 1
    topic = "brand"
    never_with = frozenset({"other purchase"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        catalogue, policy = subjects.shop.catalogue, subjects.shop.policy
        brand = catalogue.brand_index[subjects.item]
        names = catalogue.brand_names
        is_brand = np.array([code >= 0 and policy.is_brand(names[code]) for code in brand.tolist()], dtype=bool)
        occasions, all_of_category = subjects.of_brand, subjects.of_category.counts
        is_usual = (occasions.counts >= MIN_BRAND_OCCASIONS) & (occasions.counts >= MIN_BRAND_SHARE * all_of_category)
        rows = np.flatnonzero(is_brand & is_usual)
        found = occasions.take(rows)
        share = found.counts / all_of_category[rows]
        facts: dict[str, list[Fact]] = {
            "brand": [names[code] for code in brand[rows].tolist()],
            "category": [catalogue.category_names[code] for code in subjects.category[rows].tolist()],
            "share": share.tolist(),
            "count": found.counts.tolist(),
        }
        return Findings(rows, facts, found, share, kinds_of(subjects, found))
