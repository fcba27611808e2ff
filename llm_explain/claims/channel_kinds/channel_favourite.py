"""The claim kind ``channel_favourite``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from llm_explain.claims.kind import NOTHING, ClaimKind, Findings
from llm_explain.claims.signal_kinds.recent_signal import CHANNELS
from scoring.features.channels import CHANNEL, CHANNEL_WINDOWS

if TYPE_CHECKING:
    from llm_explain.claims.subjects import Subjects
    from llm_explain.records import Fact

MIN_LIFT: Final = 1.25


class ChannelFavourite(ClaimKind):
    """The item sells above its share in the channel that the request comes from.

    Rule: users of an item in a channel are the distinct users with a counted target event of the item in the channel in
    the ``window_days`` before the snapshot. The item's share in a channel is its users there over the users of all
    items there; its share in all channels is the same with the sums over the channels. It holds if the share in
    ``channel``, that of the request (web, app, mini_program or shop), is at least 1.25 times the share in all channels.
    ``users_band`` is the largest of the policy's bands that is below the item's users in ``channel``, which are at
    least the policy's least crowd (50 or more); ``until`` is the snapshot's local moment. The policy lets popularity
    promote the item, the snapshot is at most seven days older than ``as_of`` and not younger, and the shop has one
    target kind.
    """

    name = "channel_favourite"
    scope = "context"
    parts = (CHANNEL,)
    position = 92
    list_place = 3
    topic = "crowd"
    never_with = frozenset({"past item"})  # "you bought a mug, and it is especially popular": which one?
    fits_sensitive_items = True

    def find(self, subjects: Subjects) -> Findings:
        """Apply the rule of the class."""
        shop, channels = subjects.shop, subjects.shop.snapshot.channels
        if shop.crowd_kind is None or not shop.has_dates:
            return NOTHING
        asked = np.array([history.requested_in for history in subjects.evidence.histories], dtype=object)[subjects.user]
        place = np.array([channels.names.index(name) if name in channels.names else -1 for name in asked])
        is_spoken = (place >= 0) & np.isin(asked, list(CHANNELS))
        rows = np.flatnonzero(is_spoken & shop.may_promote[subjects.item] & subjects.is_snapshot_fresh)
        item, own = subjects.item[rows], place[rows]
        counts = channels.users_by_window[0]  # (n_channels, n_items)
        users = counts[own, item]
        share = users / np.maximum(counts.sum(axis=1)[own], 1)
        overall = counts.sum(axis=0)[item] / max(int(counts.sum()), 1)
        bands = [shop.policy.band(number) for number in users.tolist()]
        found = np.flatnonzero((share >= MIN_LIFT * overall - 1e-12) & np.array([band is not None for band in bands]))
        facts: dict[str, list[Fact | None]] = {
            "users_band": [bands[each] for each in found.tolist()],
            "channel": asked[rows[found]].tolist(),
            "window_days": [CHANNEL_WINDOWS[0]] * len(found),
            "until": [shop.local(shop.snapshot.as_of).isoformat()] * len(found),
        }
        return Findings(rows[found], facts, event_kind=[shop.crowd_kind] * len(found))
