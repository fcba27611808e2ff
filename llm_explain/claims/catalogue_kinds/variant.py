"""The claim kind ``variant``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.cited_items import first_named, past_pairs
from llm_explain.claims.kind import ClaimKind, Findings, kinds_of
from llm_explain.claims.subjects import Subjects

if TYPE_CHECKING:
    from llm_explain.records import Fact


class Variant(ClaimKind):
    """The item is another size or variant of one that the user bought.

    Rule: ``other_item_id`` is an item with the same ``parent_id`` as the item; an item without a ``parent_id`` stands
    for its own ``item_id``. The user has a counted target event of it (as for ``repeat_item``), its title has a letter
    and is not the item's, and it is not sensitive. The user has no such event of the item's title. As a reason, it is
    the past item with the largest attribution that raised the score, which the claim cites; as a badge, the one that
    the user bought last, ties by the smallest id.
    """

    name = "variant"
    scope = "past item"
    parts = ("links", "item")
    position = 64
    list_place = 0
    topic = "past item"
    new_place = 1
    badge_place = 9
    never_with = frozenset({"item", "rhythm", "category", "other purchase", "brand", "price"})
    yields_to = frozenset({"item", "rhythm"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        is_new = subjects.of_item.counts == 0
        if any(subjects.past_items):
            row, other = past_pairs(subjects)
            is_alike = (shop.family[other] == shop.family[subjects.item[row]]) & is_new[row]
            rows, other, past, occasions, *_ = first_named(subjects, is_alike)
        else:
            found = {row: item for row in np.flatnonzero(is_new).tolist() if (item := _latest(subjects, row)) >= 0}
            rows, other = (np.array([*column], dtype=np.int64) for column in (found.keys(), found.values()))
            past, occasions = None, Subjects.of(subjects.evidence, subjects.user[rows], other).of_item
        facts: dict[str, list[Fact]] = {"other_item_id": [str(item_id) for item_id in shop.catalogue.item_ids[other]]}
        return Findings(rows, facts, occasions, event_kind=kinds_of(subjects, occasions), cites=past)


def _latest(subjects: Subjects, row: int) -> int:
    """Return the variant that the subject's user bought last and that may be named; −1 for none."""
    shop, evidence, item = subjects.shop, subjects.evidence, int(subjects.item[row])
    is_one = (evidence.user == subjects.user[row]) & (shop.family[evidence.item] == shop.family[item])
    titles, ids = shop.catalogue.titles, shop.catalogue.item_ids
    bought = sorted(
        zip((-evidence.moment[is_one]).tolist(), evidence.item[is_one].tolist(), strict=True),
        key=lambda each: (each[0], str(ids[each[1]])),
    )
    may_be = (
        other
        for _, other in bought
        if shop.title_index[other] != shop.title_index[item]
        and any(map(str.isalpha, str(titles[other])))
        and not shop.is_sensitive(other)
    )
    return next(may_be, -1)
