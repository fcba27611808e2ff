"""The claim kind ``most_bought``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import NS_PER_DAY
from scoring.data.catalogue import NO_CATEGORY
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Flags
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

WINDOW_DAYS: Final = 365
LEAST_DAYS: Final = 90
"""Least days that the log covers."""

LEAST_ORDERS: Final = 3
LEAST_TITLES: Final = 3
"""Titles among which one can be the first."""


class MostBought(ClaimKind):
    """Of the item's category, the user bought nothing as often as this item.

    Rule: counted events are the user's purchases of ``category``, the item's own, in the 365 days before ``as_of``
    that no return took back; an order is an occasion. A shop with another target kind alone counts that. They are
    of at least three titles. At least three orders have an item of the item's title, and more orders than have any
    other title. The category has a name that the policy lets be spoken. ``window_days`` is the number of these days
    that the log covers up to the snapshot, at least 90. If they are fewer, the snapshot is at most seven days older
    than ``as_of``, and not younger. A log whose times only order the events has no such claim.
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
        span = shop.snapshot.span(WINDOW_DAYS)
        if not shop.has_dates or span < LEAST_DAYS:
            return NOTHING
        may_name = {
            code: names[code] not in ("", NO_CATEGORY) and shop.policy.may_name_category(names[code])
            for code in np.unique(subjects.category).tolist()
        }
        is_named = np.array([may_name[code] for code in subjects.category.tolist()], dtype=bool)
        is_covered = subjects.is_snapshot_fresh | (span == WINDOW_DAYS)
        rows = np.flatnonzero(is_named & is_covered & _is_first(subjects))
        facts: dict[str, list[Fact]] = {
            "category": [names[code] for code in subjects.category[rows].tolist()],
            "window_days": [span] * len(rows),
        }
        return Findings(rows, facts, event_kind=[shop.crowd_kind or PURCHASE] * len(rows))


def _is_first(subjects: Subjects) -> Flags:
    """Return for which subjects the user bought no other title of the category as often as the subject's."""
    evidence, kinds = subjects.evidence, subjects.shop.shop.target_kinds
    title_of, n_titles = subjects.shop.title_index, 2 * len(subjects.shop.catalogue)
    asked = evidence.category_key(subjects.user, subjects.category)
    key = evidence.category_key(evidence.user, evidence.category)
    kind = subjects.shop.crowd_kind or PURCHASE
    is_counted = evidence.kind == (kinds.index(kind) if kind in kinds else -1)
    is_counted &= evidence.moment >= (evidence.as_of - WINDOW_DAYS * NS_PER_DAY)[evidence.user]
    events = np.flatnonzero(is_counted & np.isin(key, asked))
    n_occasions = int(evidence.occasion.max(initial=0)) + 1
    pair = (key[events] * n_titles + title_of[evidence.item[events]]) * n_occasions + evidence.occasion[events]
    titles, orders = np.unique(np.unique(pair) // n_occasions, return_counts=True)
    first, end = (titles.searchsorted((asked + step) * n_titles) for step in (0, 1))
    own_title = asked * n_titles + title_of[subjects.item]
    own = titles.searchsorted(own_title)
    found = np.zeros(len(asked), dtype=bool)
    for row in np.flatnonzero((end - first >= LEAST_TITLES) & (own < end)).tolist():
        most = orders[own[row]] if titles[own[row]] == own_title[row] else 0
        found[row] = most >= LEAST_ORDERS and (orders[first[row] : end[row]] >= most).sum() == 1
    return found
