"""Reads the context of a request from the event log, the stored users, or the request itself."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions
from llm_explain.state.users import now
from scoring.data.history import History
from scoring.data.ratings import as_meant
from scoring.data.tables import CHANNEL, ITEM_ID, KIND, ORDER_ID, PRICE, QUANTITY, STORE_ID, TIMESTAMP, VALUE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from llm_explain.catalogue import Version
    from llm_explain.explainer import Explainer
    from llm_explain.service.schemas.events import HistoryEvent
    from llm_explain.state import State
    from llm_explain.state.users import StoredEvent, StoredUser
    from scoring.data.catalogue import Catalogue
    from scoring.data.shop import Shop

AFTER: Final = pd.Timedelta(milliseconds=1)
"""Events count strictly before ``as_of``, so the present is at least this long after a user's latest event."""

SKEW: Final = timedelta(minutes=5)
"""How far a client's clock may be ahead; an event beyond counts when its time has come."""

Clock = Callable[[], datetime]
"""Returns the present time in UTC without a zone."""

_EVENT_COLUMNS: Final = (ITEM_ID, TIMESTAMP, QUANTITY, PRICE, KIND, STORE_ID, ORDER_ID, CHANNEL, VALUE)


@dataclass(frozen=True)
class UserContext:
    """What an answer is computed from.

    Attributes:
        history: Events that count.
        suppressions: Claims that the user does not want.
        user: The stored user; ``None`` for a history that came with the request.
        version: The catalogue when the request began; it is kept until the request ends.
    """

    history: History
    suppressions: Suppressions = NO_SUPPRESSIONS
    user: StoredUser | None = None
    version: Version | None = None

    @property
    def personalised(self) -> bool:
        """Whether the user's events are used."""
        return self.user is None or self.user.personalised

    def requested_in(self, channel: str) -> UserContext:
        """Return the context of a request from a channel."""
        return replace(self, history=replace(self.history, requested_in=channel))


def history_of(
    events: Sequence[HistoryEvent] | Sequence[StoredEvent],
    catalogue: Catalogue,
    moment: pd.Timestamp,
    user_id: str | None,
    *,
    shop: Shop,
) -> History:
    """Return a history of checked events.

    Args:
        events: Events of one user, in any order; those of unknown items are left out.
        catalogue: The shop's items.
        moment: Events at this time or later are left out.
        user_id: The shop's id, if the user is known.
        shop: Which kinds of event count.

    Returns:
        The history, oldest event first.
    """
    known = [event for event in events if event.item_id in catalogue.index_by_id]
    columns = {name: [getattr(event, name) for event in known] for name in _EVENT_COLUMNS}
    rows = pd.DataFrame(columns).astype({TIMESTAMP: "datetime64[ns]", PRICE: "float64", VALUE: "float64"})
    if shop.ratings is not None and shop.ratings.highest is not None:  # a value beyond the scale is no rating
        rows[VALUE] = rows[VALUE].where(rows[VALUE] <= shop.ratings.highest)
    meant = as_meant(rows, shop.ratings)
    return History.from_events(meant, catalogue, as_of=moment, user_id=user_id, shop=shop)


def may_score(user: StoredUser) -> bool:
    """Return whether staff may read about a user; never about an erased one, whatever the tables still hold."""
    return user.personalised and user.erased_at is None


class UserContextReader:
    """Reads contexts, and empties the caches when a user was erased while a request was being answered.

    Args:
        explainer: Holds the artifacts' event log, the catalogue, and the caches of read histories.
        state: The stored users.
        clock: The present time; the snapshot's time if not given. A user's latest event counts unless it lies ahead.
    """

    def __init__(self, explainer: Explainer, state: State, clock: Clock | None = None) -> None:
        self._explainer = explainer
        self._state = state
        self._clock = clock
        self._lock = threading.Lock()
        self._erasures = 0

    @property
    def _catalogue(self) -> Catalogue:
        return self._explainer.shop.catalogue

    def reading_history(
        self, events: Sequence[HistoryEvent], as_of: datetime | None
    ) -> AbstractContextManager[UserContext]:
        """Read a history that came with the request; nothing of it is stored.

        Args:
            events: Its events.
            as_of: Only events before this time count; the present if not given.

        Returns:
            A context manager that gives the context.
        """
        version = self._explainer.version
        moment = self.moment([event.timestamp for event in events], as_of)
        history = history_of(events, self._catalogue, moment, None, shop=self._explainer.events.shop)
        return nullcontext(UserContext(history, version=version))

    @contextmanager
    def reading_user(self, user_id: str, as_of: datetime | None) -> Iterator[UserContext]:
        """Read a user of the shop.

        Args:
            user_id: The shop's id.
            as_of: Only events before this time count; the present if not given.

        Yields:
            UserContext: The context.
        """
        user = self._state.users.read(user_id)
        with self.watching_erasures(user):
            yield self.of_user(user_id, user, as_of)

    def of_user(self, user_id: str, user: StoredUser, as_of: datetime | None) -> UserContext:
        """Return the context of a user.

        Args:
            user_id: The shop's id.
            user: What is stored of the user.
            as_of: Only events before this time count; the present if not given.

        Returns:
            The context.
        """
        version = self._explainer.version
        moment = self.moment([event.timestamp for event in user.events], as_of)
        suppressions = Suppressions(frozenset(user.kinds_off), frozenset(user.suppressed))
        history = self.events_of(user_id, user, moment)
        if not user.personalised:
            history = history.select(np.zeros(len(history), dtype=bool))
        elif user.groups_off:
            history = history.without(self._categories(user.groups_off), self._catalogue)
        if user.items_off:
            index = self._catalogue.index_by_id.get_indexer(pd.Index(user.items_off, dtype=object))
            history = replace(history, items_off=tuple(index[index >= 0].tolist()))
        return UserContext(history, suppressions, user, version)

    def events_of(self, user_id: str, user: StoredUser, moment: pd.Timestamp) -> History:
        """Return all events of a user before a moment, logged and stored.

        Args:
            user_id: The shop's id.
            user: What is stored of the user.
            moment: Events at this time or later are left out.

        Returns:
            The history, without logged events before an erasure.
        """
        logged = self._logged(user_id, user.erased_at, moment)
        for guest_id, counts_from in user.guests:
            logged = logged.joined(self._logged(guest_id, counts_from, moment))
        if not user.events:
            return logged
        new = history_of(user.events, self._catalogue, moment, user_id, shop=self._explainer.events.shop)
        return logged.joined(new.beyond(logged))  # training may have added stored events to the log

    def _logged(self, user_id: str, counts_from: datetime | None, moment: pd.Timestamp) -> History:
        logged = self._explainer.events.history(user_id, moment)
        return logged if counts_from is None else logged.select(logged.timestamp >= np.datetime64(counts_from))

    def moment(self, timestamps: Sequence[datetime], as_of: datetime | None = None) -> pd.Timestamp:
        """Return the time that an answer speaks of.

        Args:
            timestamps: Times of events that are not in the log.
            as_of: The time that was asked for.

        Returns:
            ``as_of`` if given; else the present, or just after the latest event that has happened if that is later.
        """
        if as_of is not None:
            return pd.Timestamp(as_of)
        # Whole minutes, so that the caches serve several requests.
        changed = self._explainer.as_of
        clock = changed if self._clock is None else pd.Timestamp(self._clock())
        minute = clock if self._clock is None else clock.floor("min")
        present = changed if minute < changed <= clock else minute  # a change of the catalogue counts at once
        happened = (now() if self._clock is None else clock) + SKEW
        latest = max((each for each in timestamps if each <= happened), default=None)
        return present if latest is None else max(present, pd.Timestamp(latest) + AFTER)

    def groups(self, user_id: str, user: StoredUser) -> list[str]:
        """Return the players that are a user's history groups, those with most events first.

        Args:
            user_id: The shop's id.
            user: What is stored of the user.

        Returns:
            Groups that the policy allows to name, whether they are switched off or not.
        """
        moment = self.moment([event.timestamp for event in user.events])
        history = self.events_of(user_id, user, moment)
        names = self._catalogue.category_names
        counts = np.bincount(self._catalogue.category_index[history.item_index], minlength=len(names))
        policy = self._explainer.shop.policy
        order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        return [GROUP_PREFIX + names[group] for group in order if policy.may_name_category(names[group])]

    @contextmanager
    def watching_erasures(self, user: StoredUser) -> Iterator[None]:
        """Empty the caches if a user is erased during a block of work.

        Args:
            user: The stored user as it was read before the work.

        Yields:
            None: Nothing.
        """
        self.note_erasures(user.erasures)
        try:
            yield
        finally:
            if user.erasures < self._erasures:  # perhaps this user
                self._explainer.reader.forget()

    def note_erasures(self, erasures: int) -> None:
        """Empty the caches if there was an erasure since the last call, in this process or in another.

        Args:
            erasures: Number of erasures that the state has stored.
        """
        with self._lock:
            is_new = erasures > self._erasures
            self._erasures = max(erasures, self._erasures)
        if is_new:
            self._explainer.reader.forget()
            self._state.records.forget()

    def _categories(self, players: Sequence[str]) -> list[int]:
        wanted = {player.removeprefix(GROUP_PREFIX) for player in players}
        return [index for index, name in enumerate(self._catalogue.category_names) if name in wanted]
