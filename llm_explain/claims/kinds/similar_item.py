"""The claim kind ``similar_item``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.cited_items import first_named, past_pairs
from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import round_down
from scoring.features.item_pairs import PAIR_DAYS

if TYPE_CHECKING:
    from llm_explain.claims.occasions import Floats
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Claim, Fact
    from scoring.data.catalogue import IndexArray


MIN_SHARE: Final = 0.25
"""Least share of the other item's users that a text may mention."""

MAX_SNAPSHOT_AGE_DAYS: Final = 90
MIN_TELLING_SHARE: Final = 0.1
"""Share of all that raised the score from which on one past item says more than its category."""


class SimilarItem(ClaimKind):
    """The user bought an item that raised this score, or looked at it.

    Rule: ``other_item_id`` is one of the past items that raised the score. The user has a counted target event of it
    (as for ``repeat_item``) or a signal event (as for ``recent_signal``, at any time before ``as_of``). Its title has a
    letter and is not the item's title, and it is not sensitive. Of several, it is the one with the largest attribution,
    which the claim cites. ``event_kind`` is the first signal kind if there is no target event. The user has no counted
    target event of the item's title: a past item is no reason for what the user has.

    ``next_share`` is the share of the other item's users who have a target event of the item after their first one of
    the other item. Both lie in the 365 days before the snapshot. ``window_days`` is the number of these days that the
    log covers, and ``until`` the snapshot's local moment. The share is rounded down to two decimals, and left out with
    these two

    - below 0.25, or if the other item has fewer users than the policy's least crowd (50 or more);
    - for fewer than 10 such users, or fewer than 1.5 times as many as would have both items by chance;
    - in a shop with several target kinds or without dates;
    - if the user has signal events alone;
    - if the snapshot is younger than ``as_of`` or more than 90 days older.
    """

    name = "similar_item"
    scope = "past item"
    parts = ("links", "item")
    position = 70
    list_place = 0
    fact_place = 4
    needs_visible_link = True
    topic = "past item"
    never_with = frozenset({"item", "rhythm", "category", "other purchase", "brand", "price"})
    yields_to = frozenset({"item", "rhythm"})

    def is_telling(self, claim: Claim) -> bool:
        """Return whether the item alone is a tenth of what raised the score."""
        return claim.share >= MIN_TELLING_SHARE

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        if not any(subjects.past_items):
            return NOTHING
        is_new = subjects.of_item.counts[past_pairs(subjects)[0]] == 0
        rows, other, past, occasions, event_kind, _ = first_named(subjects, is_new, with_signals=True)
        share = np.where(occasions.counts > 0, _next_share(subjects, rows, other), np.nan)
        snapshot, until = subjects.shop.snapshot, subjects.shop.local(subjects.shop.snapshot.as_of).isoformat()
        facts: dict[str, list[Fact | None]] = {
            "other_item_id": [str(item_id) for item_id in subjects.shop.catalogue.item_ids[other]],
            "next_share": [None if np.isnan(each) else each for each in share.tolist()],
            "window_days": [None if np.isnan(each) else snapshot.span(PAIR_DAYS) for each in share.tolist()],
            "until": [None if np.isnan(each) else until for each in share.tolist()],
        }
        return Findings(rows, facts, occasions, share, event_kind, past)


def _next_share(subjects: Subjects, rows: IndexArray, other: IndexArray) -> Floats:
    """Return the share of each other item's users who bought the item later; NaN where it may not be said."""
    shop, snapshot = subjects.shop, subjects.shop.snapshot
    age = subjects.snapshot_age_days[rows]
    buyers = snapshot.buyers[other]
    may_say = (age >= 0) & (age <= MAX_SNAPSHOT_AGE_DAYS) & (buyers >= shop.policy.settings.min_crowd)
    if shop.crowd_kind is None or not shop.has_dates or not may_say.any():
        return np.full(len(rows), np.nan)
    users = snapshot.followers.users_of(other, subjects.item[rows])
    share = round_down(users / np.maximum(buyers, 1), 2)
    return np.where(may_say & (share >= MIN_SHARE), share, np.nan)
