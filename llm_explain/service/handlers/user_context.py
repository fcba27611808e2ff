"""The context of a request: one user's events and suppressions, or a history that came with the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from llm_explain.attribution.partition import GROUP_PREFIX
from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions
from scoring.data.history import History
from scoring.data.targets import roles

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from llm_explain.explainer import Explainer
    from llm_explain.service.schemas.requests import HistoryEvent
    from llm_explain.service.state.users import StoredEvent, StoredUser
    from scoring.data.catalogue import Catalogue
    from scoring.data.shop import Shop

AFTER: Final = pd.Timedelta(milliseconds=1)
"""Events count strictly before a moment, so the present lies this long after the latest one."""

Clock = Callable[[], datetime]
"""Says what time it is, in UTC without a zone."""


@dataclass(frozen=True)
class UserContext:
    """What an answer is computed from.

    Attributes:
        history: Events that count.
        suppressions: Claims that the user does not want.
        personalised: Whether the user's events were read at all.
        user: What the state keeps of the user; nothing for a history that came with the request.
    """

    history: History
    suppressions: Suppressions = NO_SUPPRESSIONS
    user: StoredUser | None = None

    @property
    def personalised(self) -> bool:
        """Return whether events were read at all."""
        return self.user is None or self.user.personalised


class UserContexts:
    """Builds contexts.

    Args:
        explainer: Holds the artifacts' event log and the catalogue.
        clock: The present time; the snapshot's time if not given. A user's latest event is never after it.
    """

    def __init__(self, explainer: Explainer, clock: Clock | None = None) -> None:
        self._explainer = explainer
        self._catalogue = explainer.shop.catalogue
        self._clock = clock

    def of_history(self, events: Sequence[HistoryEvent], as_of: datetime | None) -> UserContext:
        """Read a history that came with the request.

        Args:
            events: Its events.
            as_of: Only events before this moment count; the present if not given.

        Returns:
            The context; nothing of it is stored.
        """
        moment = self.moment([event.timestamp for event in events], as_of)
        return UserContext(history_of(events, self._catalogue, moment, None, shop=self._explainer.events.shop))

    def of_user(self, user_id: str, user: StoredUser, as_of: datetime | None) -> UserContext:
        """Read a user of the shop.

        Args:
            user_id: The shop's id.
            user: What the state keeps of the user.
            as_of: Only events before this moment count; the present if not given.

        Returns:
            The context.
        """
        moment = self.moment([event.timestamp for event in user.events], as_of)
        suppressions = Suppressions(frozenset(user.kinds_off), frozenset(user.suppressed))
        history = self.events_of(user_id, user, moment)
        if not user.personalised:
            history = history.select(np.zeros(len(history), dtype=bool))
        elif user.groups_off:
            history = history.without(self._categories(user.groups_off), self._catalogue)
        return UserContext(history, suppressions, user)

    def events_of(self, user_id: str, user: StoredUser, moment: pd.Timestamp) -> History:
        """Return all events of a user before a moment, those of the artifacts and those of the state.

        Args:
            user_id: The shop's id.
            user: What the state keeps of the user.
            moment: Later events are left out.

        Returns:
            The history; what lies before an erasure is not in it.
        """
        logged = self._explainer.events.history(user_id, moment)
        if user.erased_at is not None:
            logged = logged.select(logged.timestamp >= np.datetime64(user.erased_at))
        if not user.events:
            return logged
        new = history_of(user.events, self._catalogue, moment, user_id, shop=self._explainer.events.shop)
        return logged.joined(new.select(~_is_in(new, logged)))  # training may have taken them in meanwhile

    def moment(self, timestamps: Sequence[datetime], as_of: datetime | None = None) -> pd.Timestamp:
        """Return the moment that an answer speaks of.

        Args:
            timestamps: When events happened that came after the artifacts.
            as_of: The moment that was asked for.

        Returns:
            That; else the clock's or that of the statistics, or just after the latest event if that is later.
        """
        if as_of is not None:
            return pd.Timestamp(as_of)
        # To the minute, so that what was worked out for a moment can be used again.
        present = self._explainer.as_of if self._clock is None else pd.Timestamp(self._clock()).floor("min")
        latest = max(timestamps, default=None)
        return present if latest is None else max(present, pd.Timestamp(latest) + AFTER)

    def groups(self, user_id: str, user: StoredUser) -> list[str]:
        """Return the players that are a user's history groups, those with most events first.

        Args:
            user_id: The shop's id.
            user: What the state keeps of the user.

        Returns:
            Those that the policy lets us name, whether they are switched off or not.
        """
        moment = self.moment([event.timestamp for event in user.events])
        history = self.events_of(user_id, user, moment)
        names = self._catalogue.category_names
        counts = np.bincount(self._catalogue.category_index[history.item_index], minlength=len(names))
        policy = self._explainer.shop.policy
        order = np.argsort(-counts, kind="stable")[: np.count_nonzero(counts)]
        return [GROUP_PREFIX + names[group] for group in order if not policy.is_sensitive_category(names[group])]

    def _categories(self, players: Sequence[str]) -> list[int]:
        wanted = {player.removeprefix(GROUP_PREFIX) for player in players}
        return [index for index, name in enumerate(self._catalogue.category_names) if name in wanted]


def _is_in(events: History, others: History) -> npt.NDArray[np.bool_]:
    """Return which events are among others: same item, moment and kind."""
    known = set(zip(others.item_index.tolist(), others.timestamp.tolist(), others.kind.tolist(), strict=True))
    rows = zip(events.item_index.tolist(), events.timestamp.tolist(), events.kind.tolist(), strict=True)
    return np.array([row in known for row in rows], dtype=bool)


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
        events: Events of one user, in any order.
        catalogue: The shop's items; an unknown one is an error.
        moment: Events at it or after it are left out.
        user_id: The shop's id, if the user is known.
        shop: Which kinds of event count.

    Returns:
        The history, oldest event first.
    """
    until = moment.to_pydatetime(warn=False)
    past = sorted((event for event in events if event.timestamp < until), key=lambda event: event.timestamp)
    catalogue.index_of([event.item_id for event in events])
    quantity = np.array([event.quantity for event in past], dtype=np.float64)
    kind = np.array([event.kind for event in past], dtype=object)
    return History(
        user_id=user_id,
        as_of=moment,
        item_index=catalogue.index_of([event.item_id for event in past]) if past else np.zeros(0, dtype=np.int64),
        timestamp=np.array([event.timestamp for event in past], dtype="datetime64[ns]"),
        quantity=quantity,
        price=np.array([np.nan if event.price is None else event.price for event in past], dtype=np.float64),
        kind=kind,
        store_id=np.array([event.store_id for event in past], dtype=object),
        order_id=np.full(len(past), "", dtype=object),
        role=roles(kind, quantity, shop),
    )
