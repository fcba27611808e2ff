"""The claim kind ``first_in_category``."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings
from llm_explain.claims.visible_links import MOST_LONGER, words_of
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.claims.occasions import Flags
    from llm_explain.claims.shop_evidence import ShopEvidence
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.data.catalogue import IndexArray

MIN_ORDERS: Final = 10
MOST_ORDERS: Final = 30
"""Most orders that a text tells of."""


class FirstInCategory(ClaimKind):
    """The user's orders had nothing of the item's category so far.

    Rule: ``orders`` is the number of the user's occasions with a counted target event before ``as_of``, at least ten.
    The text speaks of at most the last 30.
    The user has no event of any kind before ``as_of`` with an item of ``category``, the item's own, and none with an
    item whose title has a word of the category's name: who bought canned pears has had pears, whatever the category.
    Words have three letters or more; two are the same if one begins with the other and is at most two letters longer.
    The shop's only target kind is ``purchase``. The text speaks of the last ``orders`` orders, because the log may
    begin later than the customer did.
    """

    name = "first_in_category"
    scope = "context"
    parts = ("novelty",)
    position = 112
    topic = "first time"
    neutral_place = 45
    is_reason = False
    most_badges = 2

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, evidence = subjects.shop, subjects.evidence
        orders = subjects.of_user.counts
        is_known = np.zeros(len(subjects), dtype=bool)
        for user in np.unique(subjects.user).tolist():
            own = np.flatnonzero((subjects.user == user) & (orders >= MIN_ORDERS))
            if len(own):
                is_known[own] = _touched(shop, evidence.histories[user].item_index, subjects.category[own])
        names = shop.catalogue.category_names
        may_name = np.array([shop.policy.may_name_category(names[code]) for code in subjects.category.tolist()])
        is_first = ~is_known & (orders >= MIN_ORDERS) & may_name.astype(bool)
        rows = np.flatnonzero(is_first & (shop.crowd_kind == PURCHASE))
        facts: dict[str, list[Fact]] = {
            "orders": np.minimum(orders[rows], MOST_ORDERS).tolist(),
            "category": [names[code] for code in subjects.category[rows].tolist()],
        }
        return Findings(rows, facts)


def _touched(shop: ShopEvidence, items: IndexArray, category: IndexArray) -> Flags:
    """Return whether items are of each category, or a title of theirs has a word of the category's name."""
    catalogue = shop.catalogue
    found: Flags = np.isin(category, catalogue.category_index[items])
    if found.all():
        return found
    said = frozenset().union(*map(words_of, catalogue.titles[np.unique(items)].tolist()))
    in_order = sorted(said)
    for place in np.flatnonzero(~found).tolist():
        words = words_of(catalogue.category_names[int(category[place])])
        found[place] = any(
            _begins_one(word, in_order) or any(word[: len(word) - cut] in said for cut in range(1, MOST_LONGER + 1))
            for word in words
        )
    return found


def _begins_one(word: str, in_order: Sequence[str]) -> bool:
    """Return whether one of some sorted words is a word or begins with it and is a little longer."""
    for place in range(bisect_left(in_order, word), len(in_order)):
        if not in_order[place].startswith(word):
            return False
        if len(in_order[place]) <= len(word) + MOST_LONGER:
            return True
    return False
