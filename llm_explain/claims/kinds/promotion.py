"""The claim kind ``promotion``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact
    from scoring.features.promotions import Run

OPEN_END: Final = pd.Timestamp("2200-01-01")
"""An end from this moment on means that the end is open."""


class Promotion(ClaimKind):
    """A promotion of the item runs now, where the user shops.

    Rule: a row of the promotions table counts if ``start`` ≤ ``as_of`` < ``end``, if it is of the user's usual store or
    has no store, and if the policy lets its ``label`` be spoken. Of several, it is the one that ends last, ties by
    earliest start, then label, then store.

    - ``start`` and ``until`` are its first and its last local day. The last day is that of the last moment before
      ``end``. An ``end`` from the year 2200 on is open and gives no ``until``; nor does one at which another such row
      counts whose label contains this one or is contained in it, as display goes on after flyer and display.
    - ``store_id`` is empty for a promotion in all stores.
    - The usual store is the one with most occasions (of target events that no return took back) in the 90 days before
      ``as_of``, else in the whole log; ties by the latest event, then by the smallest id. A user without a store hears
      of promotions in all stores only.
    """

    name = "promotion"
    scope = "context"
    parts = ("promotion",)
    position = 80
    topic = "promotion"
    neutral_place = 20
    badge_place = 10
    counts_events = False
    fits_sensitive_items = True

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, histories = subjects.shop, subjects.evidence.histories
        if not shop.has_dates:
            return NOTHING
        found: dict[int, Run] = {}
        goes_on: set[int] = set()
        for row, (user, item) in enumerate(zip(subjects.user.tolist(), subjects.item.tolist(), strict=True)):
            store = subjects.evidence.usual_store(user)
            running = shop.promotions.running(histories[user].as_of, item, store_id=store)
            runs = [run for run in running if shop.policy.may_speak_promotion(run.label)]
            if runs:
                last = min(runs, key=lambda run: (-run.end.value, run.start.value, run.label, run.store_id))
                later = shop.promotions.running(last.end, item, store_id=store)
                found[row] = last
                if any(run.label in last.label or last.label in run.label for run in later):
                    goes_on.add(row)
        local = shop.local
        facts: dict[str, list[Fact | None]] = {
            "label": [run.label for run in found.values()],
            "start": [local(run.start).date().isoformat() for run in found.values()],
            "until": [None if row in goes_on else _last_day(local(run.end)) for row, run in found.items()],
            "store_id": [run.store_id for run in found.values()],
        }
        return Findings(np.array([*found], dtype=np.int64), facts)


def _last_day(end: pd.Timestamp) -> str | None:
    """Return the last local day of something that is over at ``end``; ``None`` for an open end."""
    return None if end >= OPEN_END else (end - pd.Timedelta(1, "us")).date().isoformat()
