"""The claim kind ``recent_signal``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.occasions import to_dates
from llm_explain.claims.signal_events import NS_PER_DAY, SIGNALS, WINDOW_DAYS, signal_events

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

CHANNELS: Final = frozenset({"web", "app", "mini_program", "shop"})
"""Channels that have words."""


class RecentSignal(ClaimKind):
    """The user looked at this item, put it on the wish list or played it in the last 30 days.

    Rule: counted are events of one signal kind, which ``event_kind`` names, before ``as_of``, of an item that has the
    item's title. They lie on local days after the user's latest target event of such an item that no return took back:
    a view that led to a purchase is no news. ``last`` is the local day of the latest one, which lies in the 30 days
    before ``as_of``. ``channel`` is its channel: web, app, mini_program or shop, if the shop's log names at least two
    channels. Events of that very moment in several channels, or in another one, give no ``channel``. The kind is the
    first of ``SIGNALS`` that has such an event and is no target kind. A log whose times only order the events has no
    such claim.
    """

    name = "recent_signal"
    scope = "own group"
    parts = ("signals",)
    position = 15
    topic = "signal"
    yields_to = frozenset({"item", "rhythm"})

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        if not subjects.shop.has_dates:
            return NOTHING
        has_channels = len(subjects.shop.snapshot.channels.names) > 1
        found: dict[int, tuple[str, dict[str, Fact | None]]] = {}
        evidence = subjects.evidence
        key = evidence.title_key(evidence.user, evidence.item)
        day = pd.Series(evidence.moment // NS_PER_DAY, dtype=np.float64).groupby(key).max()
        last_day = day.reindex(evidence.title_key(subjects.user, subjects.item), fill_value=-np.inf).to_numpy()
        present = {str(kind) for history in evidence.histories for kind in history.kind}
        for kind in SIGNALS:
            if kind not in present or kind in subjects.shop.shop.target_kinds:
                continue
            moment, channel = signal_events(subjects, kind).after(last_day).last(len(subjects))
            for row in np.flatnonzero(moment >= subjects.as_of - WINDOW_DAYS * NS_PER_DAY).tolist():
                (last,) = to_dates(np.array([int(moment[row]) // NS_PER_DAY]))
                place = channel[row] if has_channels and channel[row] in CHANNELS else None
                found.setdefault(row, (kind, {"last": last, "channel": place}))
        rows = sorted(found)
        facts = {name: [found[row][1][name] for row in rows] for name in ("last", "channel")}
        return Findings(np.array(rows, dtype=np.int64), facts, event_kind=[found[row][0] for row in rows])
