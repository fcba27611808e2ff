"""The claim kind ``same_order``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings
from llm_explain.claims.visible_links import name_of
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


class SameOrder(ClaimKind):
    """The user last bought this item in one order with another one.

    Rule: counted events are the user's purchases before ``as_of`` that no return took back; an order is an occasion.
    Of the orders with an item of the item's title, the latest one counts. ``other_item_id`` is an item of another title
    in this order, which has a letter and is not sensitive. Its name without a size is another one, and a person would
    see its link with the item (docs/lists.md), but it is not of the same sort: neither of one named category, nor does
    its name end in the same word. Of several, it is the one of which the user has most events, then the
    one with the smallest id.
    """

    name = "same_order"
    scope = "context"
    parts = ("popularity",)
    position = 24
    topic = "companion"
    again_place = 24
    badge_place = 65
    most_badges = 2
    needs_visible_link = True
    stands_alone = False
    is_reason = False

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        found = {row: other for row in range(len(subjects)) if (other := _other_item(subjects, row)) is not None}
        facts: dict[str, list[Fact]] = {"other_item_id": list(found.values())}
        return Findings(np.array(list(found), dtype=np.int64), facts)


def _other_item(subjects: Subjects, row: int) -> str | None:
    """Return the other item of the latest order with the subject's title; ``None`` without one."""
    shop, evidence, item = subjects.shop, subjects.evidence, int(subjects.item[row])
    title, kinds = shop.title_index, shop.shop.target_kinds
    own = slice(*evidence.user.searchsorted([subjects.user[row], subjects.user[row] + 1]))
    is_bought = evidence.kind[own] == (kinds.index(PURCHASE) if PURCHASE in kinds else -1)
    is_own = is_bought & (title[evidence.item[own]] == title[item])
    if not is_own.any():
        return None
    moment, occasion = evidence.moment[own], evidence.occasion[own]
    order = occasion[is_own][np.argmax(moment[is_own])]
    others = np.unique(evidence.item[own][is_bought & ~is_own & (occasion == order)])
    others = others[shop.visible_links.of_items(others, np.full(len(others), item))]
    ids, titles = shop.catalogue.item_ids, shop.catalogue.titles
    names = {other: name_of(str(titles[other])) for other in (item, *others.tolist())}
    ranked = [
        (-int(np.count_nonzero(evidence.item[own] == other)), str(ids[other]))
        for other in others.tolist()
        if names[other] != names[item]
        and any(map(str.isalpha, names[other]))
        and not shop.is_sensitive(other)
        and not shop.visible_links.are_of_one_sort(other, item)
    ]
    return min(ranked)[1] if ranked else None
