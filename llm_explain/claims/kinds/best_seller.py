"""The claim kind ``best_seller``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

FEW: Final = 3
ITEMS_FOR_EACH: Final = 4


class BestSeller(ClaimKind):
    """The item is among the most bought of its category.

    Rule: items of ``category``, the item's own, are counted by their distinct users with a counted target event in the
    ``window_days`` before the snapshot. ``among`` is 1 if no other item of the category has as many users, and 3 if at
    most two other items have; four times as many items of the category have a user in the window. ``until`` is the
    snapshot's local moment. The item has the
    policy's least crowd (50 or more). The policy lets popularity promote the item and a text name the category. The
    snapshot is at most seven days older than ``as_of`` and not younger, and the shop has one target kind.
    """

    name = "best_seller"
    tells_category = True
    scope = "context"
    parts = ("popularity",)
    position = 89
    list_place = 2
    topic = "crowd"
    never_with = frozenset({"category", "brand"})
    neutral_place = 9
    is_scarce = True

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        if shop.crowd_kind is None or not shop.has_dates:
            return NOTHING
        place, names = shop.place_in_category[subjects.item], shop.catalogue.category_names
        is_crowd = shop.snapshot.users_in_window[subjects.item] >= shop.policy.settings.min_crowd
        is_crowd &= shop.may_promote[subjects.item] & subjects.is_snapshot_fresh
        among = np.where(place == 1, 1, FEW)
        is_large = shop.sold_in_category[subjects.category] >= ITEMS_FOR_EACH * among
        rows = np.flatnonzero(is_crowd & is_large & (place <= FEW))
        own = [names[code] for code in subjects.category[rows].tolist()]
        rows = rows[np.array([shop.policy.may_name_category(name) for name in own], dtype=bool)]
        facts: dict[str, list[Fact]] = {
            "among": among[rows].tolist(),
            "category": [names[code] for code in subjects.category[rows].tolist()],
            "window_days": [shop.snapshot.popularity_window_days] * len(rows),
            "until": [shop.local(shop.snapshot.as_of).isoformat()] * len(rows),
        }
        return Findings(rows, facts, event_kind=[shop.crowd_kind] * len(rows))
