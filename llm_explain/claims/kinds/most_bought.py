"""The claim kind ``most_bought``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import ClaimKind, Findings
from llm_explain.claims.occasions import NS_PER_DAY
from scoring.data.catalogue import NO_CATEGORY
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

WINDOW_DAYS: Final = 365
LEAST_ORDERS: Final = 3
LEAST_TITLES: Final = 3
"""Titles among which one can be the first."""


class MostBought(ClaimKind):
    """Of the item's category, the user bought nothing as often as this item.

    Rule: counted events are the user's purchases of ``category``, the item's own, in the 365 days before ``as_of`` that
    no return took back; an order is an occasion. They are of at least three titles. At least three orders have an item
    of the item's title, and more orders than have any other title. The category has a name that the policy lets be
    spoken, and the log up to the snapshot is a year long. A log whose times only order the events has no such claim.
    """

    name = "most_bought"
    scope = "context"
    parts = ("popularity",)
    position = 25
    again_place = 17
    topic = "category"
    is_reason = False

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, names = subjects.shop, subjects.shop.catalogue.category_names
        rows = [
            row
            for row, code in enumerate(subjects.category.tolist())
            if shop.has_dates
            and shop.snapshot.span(WINDOW_DAYS) == WINDOW_DAYS
            and names[code] not in ("", NO_CATEGORY)
            and shop.policy.may_name_category(names[code])
            and _is_first(subjects, row)
        ]
        facts: dict[str, list[Fact]] = {"category": [names[subjects.category[row]] for row in rows]}
        return Findings(np.array(rows, dtype=np.int64), facts)


def _is_first(subjects: Subjects, row: int) -> bool:
    """Return whether the user bought no other title of the category as often as the subject's."""
    evidence, kinds = subjects.evidence, subjects.shop.shop.target_kinds
    own = slice(*evidence.user.searchsorted([subjects.user[row], subjects.user[row] + 1]))
    is_one = evidence.kind[own] == (kinds.index(PURCHASE) if PURCHASE in kinds else -1)
    is_one &= evidence.category[own] == subjects.category[row]
    is_one &= evidence.moment[own] >= subjects.as_of[row] - WINDOW_DAYS * NS_PER_DAY
    title = subjects.shop.title_index[evidence.item[own][is_one]]
    bought = np.unique(np.column_stack([title, evidence.occasion[own][is_one]]), axis=0)[:, 0]
    titles, orders = np.unique(bought, return_counts=True)
    is_own = titles == subjects.shop.title_index[subjects.item[row]]
    most = orders[is_own].max(initial=0)
    return len(titles) >= LEAST_TITLES and most >= LEAST_ORDERS and most > orders[~is_own].max()
