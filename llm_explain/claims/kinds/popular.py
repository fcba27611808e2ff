"""The claim kind ``popular``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


class Popular(ClaimKind):
    """Many customers bought the item lately.

    Rule: ``users`` is the number of distinct users with a counted target event of the item in the ``window_days``
    before the snapshot. ``users_band`` is the largest of the policy's bands below ``users``, so "more than" is true.
    ``until`` is the snapshot's local moment. The claim holds if

    - ``users`` is at least the policy's least crowd (50 or more);
    - fewer than a tenth of the items sold in that window have more users;
    - the policy lets popularity promote the item;
    - the snapshot is at most seven days older than ``as_of``, and not younger;
    - the shop has one target kind.
    """

    name = "popular"
    scope = "context"
    parts = ("popularity",)
    position = 90
    list_place = 3
    topic = "crowd"
    neutral_place = 10
    is_scarce = True
    fits_sensitive_items = True

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        if shop.crowd_kind is None or not shop.has_dates:
            return NOTHING
        users = shop.snapshot.users_in_window[subjects.item]
        bands = [shop.policy.band(number) for number in users.tolist()]
        is_crowd = np.array([band is not None for band in bands], dtype=bool)
        is_crowd &= shop.may_promote[subjects.item]
        rows = np.flatnonzero(is_crowd & (users >= shop.top_decile_users) & subjects.is_snapshot_fresh)
        facts: dict[str, list[Fact | None]] = {
            "users_band": [bands[row] for row in rows.tolist()],
            "window_days": [shop.snapshot.popularity_window_days] * len(rows),
            "until": [shop.local(shop.snapshot.as_of).isoformat()] * len(rows),
        }
        return Findings(rows, facts, event_kind=[shop.crowd_kind] * len(rows))
