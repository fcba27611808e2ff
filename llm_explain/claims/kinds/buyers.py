"""The claim kind ``buyers``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from scoring.features.snapshot import CROWD

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


LEAST_USERS: Final = 10
"""Least number of users that a text of a small shop states."""


class Buyers(ClaimKind):
    """How many customers bought the item lately.

    Rule: ``users`` is the number of distinct users with a counted target event of the item in the ``window_days``
    before the snapshot. ``until`` is the snapshot's local moment. The claim holds under the conditions of ``popular``,
    if no other item with the same visible title was sold in the window: a shopper would count its users too.
    In a small shop, where no item has 100 users in the window, ten users suffice that are at least half of those that
    ``popular`` asks of a tenth of the items; unless the policy asks for a crowd of more than 50.
    """

    name = "buyers"
    scope = "context"
    parts = ("popularity",)
    position = 91
    topic = "crowd"
    neutral_place = 40
    badge_place = 30
    is_reason = False
    is_scarce = True
    most_badges = 1
    fits_sensitive_items = True

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        if shop.crowd_kind is None or not shop.has_dates:
            return NOTHING
        users = shop.snapshot.users_in_window[subjects.item]
        least = max(shop.policy.settings.min_crowd, shop.top_decile_users)
        if shop.policy.settings.min_crowd <= CROWD and shop.snapshot.users_in_window.max(initial=0) < 2 * CROWD:
            least = max(LEAST_USERS, shop.top_decile_users / 2)
        may_tell = shop.may_promote[subjects.item] & shop.is_sold_alone[subjects.item]
        rows = np.flatnonzero((users >= least) & may_tell & subjects.is_snapshot_fresh)
        facts: dict[str, list[Fact]] = {
            "users": users[rows].tolist(),
            "window_days": [shop.snapshot.popularity_window_days] * len(rows),
            "until": [shop.local(shop.snapshot.as_of).isoformat()] * len(rows),
        }
        return Findings(rows, facts, event_kind=[shop.crowd_kind] * len(rows))
