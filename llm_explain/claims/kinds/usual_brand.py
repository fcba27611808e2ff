"""The claim kind ``usual_brand``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings, kinds_of

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Flags
    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray


MIN_BRAND_SHARE: Final = 0.5
MIN_BRAND_OCCASIONS: Final = 3
MAX_ITEM_SHARE: Final = 0.9
"""Largest share of a category's items of one brand, of those with a brand, that leaves the user a choice."""


class UsualBrand(ClaimKind):
    """The item is of the brand that the user usually buys in its category.

    Rule: counted events are those of ``category_affinity``. ``category`` and ``brand`` are the item's own. Of the
    user's occasions with a counted event in the category, ``count`` is the number with one of this brand. ``share`` is
    ``count`` over all of these occasions. The claim holds if

    - ``share`` is at least 0.5 and ``count`` at least 3;
    - the brand has more occasions than any other, so a category has one usual brand;
    - at most 90 % of the category's items with a brand are of this one, so the user has a choice;
    - the policy takes the value for a brand.

    It never holds in a shop whose brands are creators.

    A brand that the policy calls unnameable is found all the same, and no text names it.
    """

    name = "usual_brand"
    scope = "own group"
    parts = ("own_brand",)
    position = 50
    list_place = 1
    fact_place = 2
    topic = "brand"
    never_with = frozenset({"other purchase"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        catalogue, policy = subjects.shop.catalogue, subjects.shop.policy
        if subjects.shop.has_creators:
            return NOTHING
        brand = catalogue.brand_index[subjects.item]
        names = catalogue.brand_names
        is_brand = np.array([code >= 0 and policy.is_brand(names[code]) for code in brand.tolist()], dtype=bool)
        occasions, all_of_category = subjects.of_brand, subjects.of_category.counts
        is_usual = (occasions.counts >= MIN_BRAND_OCCASIONS) & (occasions.counts >= MIN_BRAND_SHARE * all_of_category)
        rows = np.flatnonzero(is_brand & is_usual)
        rows = rows[occasions.counts[rows] > _most_of_another(subjects, rows)]
        rows = rows[subjects.shop.once(has_choice)[subjects.item[rows]]]
        found = occasions.take(rows)
        share = found.counts / all_of_category[rows]
        facts: dict[str, list[Fact]] = {
            "brand": [names[code] for code in brand[rows].tolist()],
            "category": [catalogue.category_names[code] for code in subjects.category[rows].tolist()],
            "share": share.tolist(),
            "count": found.counts.tolist(),
        }
        return Findings(rows, facts, found, share, kinds_of(subjects, found))


def has_choice(shop: ShopEvidence) -> Flags:
    """Return whether the category of each item has enough items of other brands.

    Args:
        shop: The shop, with its items.

    Returns:
        Flags, shape ``(n_items,)``.
    """
    catalogue = shop.catalogue
    brand, category = catalogue.brand_index, catalogue.category_index
    has_name = np.array([*map(bool, catalogue.brand_names), False])[brand]  # −1, for no brand, is the last one
    key = category * (len(catalogue.brand_names) + 1) + brand + 1
    n_brand = np.bincount(key)[key]
    n_any = np.bincount(category, weights=has_name)[category]
    found: Flags = n_brand <= MAX_ITEM_SHARE * n_any
    return found


def _most_of_another(subjects: Subjects, rows: IndexArray) -> IndexArray:
    """Return the most occasions that another brand has in the item's category, shape ``(n_rows,)``."""
    evidence = subjects.evidence
    groups, n_codes = evidence.by_brand_in_category, len(subjects.shop.catalogue.brand_names) + 1
    counts = np.diff(groups.bounds)
    own = evidence.brand_in_category_key(subjects.user[rows], subjects.item[rows])
    first, end = (groups.keys.searchsorted(own // n_codes * n_codes + place) for place in (1, n_codes))  # 0: no brand
    most = [
        counts[begin:stop][groups.keys[begin:stop] != key].max(initial=0)
        for key, begin, stop in zip(own.tolist(), first.tolist(), end.tolist(), strict=True)
    ]
    return np.array(most, dtype=np.int64)
