"""The claim kind ``own_brand``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

SIZE: Final = re.compile(r"(\d[\d.,/]*)\s*([^\W\d_]+)")
MOST_OF_PAID: Final = 0.95
LEAST_OF_PAID: Final = 0.5
SLACK: Final = 1e-6


class OwnBrand(ClaimKind):
    """The item is of the shop's own brand and costs less than the branded one that the user bought.

    Rule: the item's brand is one of the shop's ``own_brands``, and the user has no counted target event of its title.
    ``other_item_id`` is the item of the user's latest counted purchase that meets these conditions:

    - the purchase has a unit price above zero;
    - the item is of the same category and of another brand, which the policy takes for one and the shop does not own;
    - its title states the same last size as the item's ("16 oz") and shares a telling word with it (``VisibleLinks``);
    - its title has a letter, and it is not sensitive.

    Ties go to the lower price, then to the smallest id. ``last_paid`` is that price, and ``price`` the one that the
    catalogue states for the item, both rounded to cents. The claim holds if ``price`` is at most 95 % and at least 50 %
    of ``last_paid``, and the snapshot is at most seven days older than ``as_of`` and not younger.
    """

    name = "own_brand"
    scope = "context"
    parts = ("price",)
    position = 64
    topic = "price"
    new_place = 2
    badge_place = 6
    is_reason = False
    counts_events = False

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        if not shop.has_dates or not shop.own_brands:
            return NOTHING
        brand = shop.catalogue.brand_index[subjects.item]
        may_be = np.isin(brand, list(shop.own_brands)) & (subjects.of_item.counts == 0) & subjects.is_snapshot_fresh
        price = shop.stated_price[subjects.item]
        found: dict[int, tuple[str, float, float]] = {}
        for row in np.flatnonzero(may_be & (price > 0)).tolist():
            other = _branded(subjects, row)
            if other is not None and LEAST_OF_PAID * other[1] - SLACK <= price[row] <= MOST_OF_PAID * other[1] + SLACK:
                found[row] = (other[0], float(price[row]), other[1])
        names = ("other_item_id", "price", "last_paid")
        facts: dict[str, list[Fact]] = {name: [each[n] for each in found.values()] for n, name in enumerate(names)}
        return Findings(np.array([*found], dtype=np.int64), facts)


def _branded(subjects: Subjects, row: int) -> tuple[str, float] | None:
    """Return the branded item that the subject's user bought last, and its price; ``None`` without one."""
    shop, evidence, item = subjects.shop, subjects.evidence, int(subjects.item[row])
    catalogue, paid, kinds = shop.catalogue, evidence.unit_price, shop.shop.target_kinds
    is_one = (evidence.user == subjects.user[row]) & (evidence.category == subjects.category[row]) & (paid > 0)
    is_one &= evidence.kind == (kinds.index(PURCHASE) if PURCHASE in kinds else -1)
    bought = [
        (-int(evidence.moment[place]), float(paid[place]), str(catalogue.item_ids[other]), other)
        for place in np.flatnonzero(is_one).tolist()
        if _is_branded(subjects, other := int(evidence.item[place]), item)
    ]
    best = min(bought, default=None)
    return None if best is None else (best[2], best[1])


def _is_branded(subjects: Subjects, other: int, item: int) -> bool:
    shop, catalogue = subjects.shop, subjects.shop.catalogue
    code = int(catalogue.brand_index[other])
    first, second = str(catalogue.titles[other]), str(catalogue.titles[item])
    return (
        code >= 0
        and code not in shop.own_brands
        and shop.policy.is_brand(catalogue.brand_names[code])
        and size_of(first) == size_of(second) != ""
        and shop.visible_links.share_a_word(first, second)
        and not shop.is_sensitive(other)
    )


def size_of(title: str) -> str:
    """Return the last size that a title states, without spaces; empty for none."""
    sizes = SIZE.findall(title.lower())
    return "".join(sizes[-1]) if sizes else ""
