"""The claim kind ``looked_at``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import to_dates
from llm_explain.claims.signal_events import NS_PER_DAY, signal_events

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

VIEW: Final = "view"
WINDOW_DAYS: Final = 30
CHANNELS: Final = frozenset({"web", "app", "mini_program", "shop"})
"""Channels that have words."""


class LookedAt(ClaimKind):
    """The user looked at this item in the last 30 days.

    Rule: counted are events of the kind ``view``, no target or return kind, before ``as_of``, of an item that has the
    item's title. ``days`` is the number of local days with one. ``last`` is the local day of the latest one, which lies
    in the 30 days before ``as_of``. ``channel`` is its channel: web, app, mini_program or shop. Events of that very
    moment in several channels, or in another one, give no ``channel``. A log whose times only order the events has no
    such claim.
    """

    name = "looked_at"
    scope = "own group"
    parts = ("signals",)
    position = 15
    topic = "view"

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        if not subjects.shop.has_dates or VIEW in subjects.shop.shop.target_kinds:
            return NOTHING
        events = signal_events(subjects, VIEW)
        moment, channel = events.last(len(subjects))
        rows = np.flatnonzero(moment >= subjects.as_of - WINDOW_DAYS * NS_PER_DAY)
        days = events.n_days(len(subjects))
        facts: dict[str, list[Fact | None]] = {
            "days": days[rows].tolist(),
            "last": [*to_dates((moment[rows] // NS_PER_DAY).astype(np.int64))],
            "channel": [channel[row] if channel[row] in CHANNELS else None for row in rows.tolist()],
        }
        return Findings(rows, facts, event_kind=[VIEW] * len(rows))
