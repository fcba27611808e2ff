"""The claim kind ``first_in_category``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

MIN_ORDERS: Final = 10


class FirstInCategory(ClaimKind):
    """The user's orders had nothing of the item's category so far.

    Rule: ``orders`` is the number of the user's occasions with a counted target event before ``as_of``, at least ten.
    The user has no event of any kind with an item of ``category``, the item's own, before ``as_of``. The shop's only
    target kind is ``purchase``. The text speaks of the last ``orders`` orders, because the log may begin later than the
    customer did.
    """

    name = "first_in_category"
    scope = "context"
    parts = ("novelty",)
    position = 112
    topic = "first time"
    badge_place = 25
    is_reason = False
    is_scarce = True

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, evidence = subjects.shop, subjects.evidence
        orders = subjects.of_user.counts
        is_known = np.zeros(len(subjects), dtype=bool)
        for user in np.unique(subjects.user).tolist():
            own = np.flatnonzero(subjects.user == user)
            touched = shop.catalogue.category_index[evidence.histories[user].item_index]
            is_known[own] = np.isin(subjects.category[own], touched)
        names = shop.catalogue.category_names
        may_name = np.array([shop.policy.may_name_category(names[code]) for code in subjects.category.tolist()])
        is_first = ~is_known & (orders >= MIN_ORDERS) & may_name.astype(bool)
        rows = np.flatnonzero(is_first & (shop.crowd_kind == PURCHASE))
        facts: dict[str, list[Fact]] = {
            "orders": orders[rows].tolist(),
            "category": [names[code] for code in subjects.category[rows].tolist()],
        }
        return Findings(rows, facts)
