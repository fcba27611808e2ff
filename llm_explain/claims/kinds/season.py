"""The claim kind ``season``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import round_down

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact


MIN_LIFT: Final = 1.3


class Season(ClaimKind):
    """The item's category sold above its share in the last complete month.

    Rule: ``lift`` is the share of ``category``, the item's own, in all counted target events of ``month``, the last
    complete calendar month on the shop's clock before the snapshot, over its share in the 12 months that end with it,
    rounded down to one decimal; known where the log covers 90 days and the category has 100 events in the month. It
    holds from 1.3 on, with a snapshot that is at most seven days older than ``as_of`` and not younger, in a shop with
    one target kind.
    """

    name = "season"
    scope = "context"
    parts = ("season",)
    position = 100
    list_place = 4
    topic = "season"
    neutral_place = 40

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop = subjects.shop
        month = shop.snapshot.season_month
        if shop.crowd_kind is None or month is None or not shop.has_dates:
            return NOTHING
        lift = shop.snapshot.season_lift[subjects.category]
        lift = round_down(np.where(lift >= 1, lift, 0.0), 1)
        rows = np.flatnonzero((lift >= MIN_LIFT) & subjects.is_snapshot_fresh)
        names = shop.catalogue.category_names
        facts: dict[str, list[Fact]] = {
            "month": [month] * len(rows),
            "lift": lift[rows].tolist(),
            "category": [names[code] for code in subjects.category[rows].tolist()],
        }
        return Findings(rows, facts, event_kind=[shop.crowd_kind] * len(rows))
