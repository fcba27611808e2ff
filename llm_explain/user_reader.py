"""Reader of users: finds the history of a request, lets the scorer read it, and caches known users."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from llm_explain.claims import Evidence
from llm_explain.claims.signal_kinds.recent_signal import CHANNELS
from llm_explain.errors import SettingError
from scoring.data.history import EventLog, History
from scoring.data.moments import as_moment

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm_explain.attribution.group_vectors import VectorCache
    from llm_explain.attribution.lru_cache import LRUCache
    from llm_explain.attribution.scored_user import ScoredUser
    from llm_explain.claims import ShopEvidence
    from scoring.data.moments import Moment

MAX_SCORED_USERS = 128
"""Known users to keep in the cache; one takes 0.4 MB in the demo's shop."""


class ReadUser(NamedTuple):
    """A user's history as the scorer read it and as the claim rules count it.

    Attributes:
        scored: Scores, attributions and counterfactuals.
        evidence: Counts that the claim rules have made so far.
    """

    scored: ScoredUser
    evidence: Evidence


class UserReader:
    """Reads known users, and histories that come with a request. The latter are never kept.

    Args:
        read: Lets the scorer read a history.
        read_many: Lets the scorer read histories of many users together.
        events: The event log that known users' histories come from.
        shop: What the claim rules know of the shop.
        vectors: The scorer's cache of group vectors, if it has one.
        users: Cache of known users, or ``None`` to keep none. A list, an item's page and a what-if often ask for one
            user within a minute; reading the history and scoring the catalogue is half of the work.
        as_of: Default ``as_of``; the time of the snapshot if not given.
        version: Number of the version of the catalogue; versions may share the caches.
        n_scored: Items that are scored for each user; all of the catalogue if not given.

    Attributes:
        events: The event log.
        shop: What the claim rules know of the shop.
        vectors: Cache of group vectors.
        users: Cache of known users.
        as_of: Default ``as_of``.
        n_scored: Items that are scored for each user.
    """

    def __init__(
        self,
        read: Callable[[History], ScoredUser],
        read_many: Callable[[Sequence[History]], Sequence[ScoredUser]],
        *,
        events: EventLog,
        shop: ShopEvidence,
        vectors: VectorCache | None = None,
        users: LRUCache[ReadUser] | None = None,
        as_of: pd.Timestamp | None = None,
        version: int = 0,
        n_scored: int | None = None,
    ) -> None:
        self._read_history, self._read_histories = read, read_many
        self.as_of = shop.snapshot.as_of if as_of is None else as_of
        self._version = version
        self.n_scored = len(shop.catalogue) if n_scored is None else n_scored
        self.events = events
        self.shop = shop
        self.vectors = vectors
        self.users = users

    def read(
        self,
        user_id: str | None,
        history: pd.DataFrame | History | None = None,
        as_of: Moment | None = None,
        channel: str = "",
    ) -> ReadUser:
        """Read a known user's history, or the one that came with the request.

        Args:
            user_id: The shop's id; a user without events has an empty history.
            history: Events instead of a known user's, which are not kept; or a ``History``, whose own ``as_of`` counts
                and which is kept if it has a ``user_id``.
            as_of: Only events before this moment count; the snapshot's moment if not given.
            channel: Where the request comes from; that of a ``History`` if not given.

        Returns:
            The user, from the cache if possible.

        Raises:
            SettingError: If neither a user nor a history is given, ``as_of`` is no moment, or the shop has no such
                channel.
        """
        self._check(channel)
        if isinstance(history, History):
            return self._remembered(replace(history, requested_in=channel) if channel else history)
        moment = self.as_of if as_of is None else as_moment(as_of)
        if history is not None:
            from scoring.data.validation import check_history  # what checks tables is slow to import

            catalogue, shop = self.shop.catalogue, self.events.shop
            rows = check_history(history, catalogue.index_by_id, shop=shop)
            own = History.from_events(rows, catalogue, as_of=moment, user_id=user_id, shop=shop)
            return self._make(replace(own, requested_in=channel))
        if user_id is None:
            raise SettingError(
                "neither a user nor a history is given but one of them is needed. "
                "Pass a user_id, or history=DataFrame with item_id and timestamp."
            )
        return self._remembered(replace(self.events.history(user_id, moment), requested_in=channel))

    def read_many(
        self, users: Sequence[str | History], as_of: Moment | None = None, channel: str = ""
    ) -> list[ReadUser]:
        """Read users together, without the cache.

        The call raises ``SettingError`` if ``as_of`` is no moment or the shop has no such channel.

        Args:
            users: The shop's ids, or histories, whose own ``as_of`` counts; a user without events has an empty history.
            as_of: Only events before this moment count; the snapshot's moment if not given.
            channel: Where the requests come from.

        Returns:
            The users, in the order given.
        """
        self._check(channel)
        moment = self.as_of if as_of is None else as_moment(as_of)
        known = (
            user if isinstance(user, History) else replace(self.events.history(user, moment), requested_in=channel)
            for user in users
        )
        histories = [self._of_known_items(history) for history in known]
        read = self._read_histories(histories) if histories else ()
        return [ReadUser(user, Evidence(self.shop, [own])) for user, own in zip(read, histories, strict=True)]

    def _check(self, channel: str) -> None:
        """Raise ``SettingError`` for a misspelt channel."""
        if channel and (known := self.known_channels) and channel not in known:
            raise SettingError(
                f"channel is {channel!r} but one of {', '.join(known)} is needed. Write it as the events table does."
            )

    @property
    def known_channels(self) -> list[str]:
        """The channels that a request may name; empty for a shop without channels in its log, which answers any."""
        names = self.shop.snapshot.channels.names
        return sorted({*names, *CHANNELS}) if names else []

    def forget(self) -> None:
        """Empty the caches of users and group vectors."""
        for cache in (self.vectors, self.users):
            if cache is not None:
                cache.clear()

    def _remembered(self, history: History) -> ReadUser:
        """Return the user of a history, from the cache if it is a known user."""
        history = self._of_known_items(history)
        if self.users is None or history.user_id is None:
            return self._make(history)
        key = (self._version, history.user_id, history.digest)
        return self.users.get_or_make(key, lambda: self._make(history))

    def _of_known_items(self, history: History) -> History:
        """Return a history without events with items that the catalogue does not know yet."""
        is_known = history.item_index < len(self.shop.catalogue)
        return history if is_known.all() else history.select(is_known)

    def _make(self, history: History) -> ReadUser:
        return ReadUser(self._read_history(history), Evidence(self.shop, [history]))
