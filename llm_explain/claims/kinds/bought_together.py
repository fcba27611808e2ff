"""The claim kind ``bought_together``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.cited_items import first_named, past_pairs
from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import round_down
from scoring.data.tables import PURCHASE
from scoring.features.item_pairs import PAIR_DAYS

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

MIN_SHARE: Final = 0.3
MAX_OF_MOST: Final = 0.5
MAX_SNAPSHOT_AGE_DAYS: Final = 90


class BoughtTogether(ClaimKind):
    """Customers who bought an item that raised this score had both in one order.

    Rule: ``together_share`` is the share of the other item's users, in the 365 days before the snapshot, who had both
    items in one occasion. It is rounded down to two decimals. ``window_days`` is the number of these days that the log
    covers, and ``until`` the snapshot's local moment. The share can be said if

    - it is at least 0.3: of fewer customers, a person would not see a link;
    - the other item has at least as many users as the policy's least crowd (50 or more), and at most half as many as
      the shop's most bought item: what most users buy says little of another item;
    - the pair has at least ten users, and at least twice as many occasions as by chance;
    - the item is among the other item's 50 companions with the largest cosine of occasions;
    - ``purchase`` is the shop's only target kind, and its log has dates;
    - the snapshot is at most 90 days older than ``as_of``, and not younger.

    ``other_item_id`` is one of the past items that raised the score. The user has a counted purchase of it (as for
    ``repeat_item``). It has a title with a letter that is not the item's title, it is not sensitive, and its
    ``together_share`` can be said. Of several, it is the one with the largest attribution, which the claim cites. The
    claim states the link itself, so a list asks for no other sign of it.
    """

    name = "bought_together"
    scope = "past item"
    parts = ("links", "item")
    position = 67
    list_place = 2
    fact_place = 5
    states_link = True
    topic = "past item"
    never_with = frozenset({"item", "rhythm", "category", "other purchase", "brand", "price"})
    yields_to = frozenset({"item", "rhythm"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, snapshot = subjects.shop, subjects.shop.snapshot
        if not any(subjects.past_items) or shop.crowd_kind != PURCHASE or not shop.has_dates:
            return NOTHING
        row, other = past_pairs(subjects)
        buyers, age = snapshot.buyers[other], subjects.snapshot_age_days[row]
        share = round_down(snapshot.companions.users_of(other, subjects.item[row]) / np.maximum(buyers, 1), 2)
        may_cite = (share >= MIN_SHARE) & (buyers >= shop.policy.settings.min_crowd)
        may_cite &= buyers <= MAX_OF_MOST * snapshot.buyers.max(initial=0)
        may_cite &= (age >= 0) & (age <= MAX_SNAPSHOT_AGE_DAYS)
        rows, other, past, occasions, event_kind, places = first_named(subjects, may_cite)
        facts: dict[str, list[Fact]] = {
            "other_item_id": [str(item_id) for item_id in shop.catalogue.item_ids[other]],
            "together_share": share[places].tolist(),
            "window_days": [snapshot.span(PAIR_DAYS)] * len(rows),
            "until": [shop.local(snapshot.as_of).isoformat()] * len(rows),
        }
        return Findings(rows, facts, occasions, share[places], event_kind, past)
