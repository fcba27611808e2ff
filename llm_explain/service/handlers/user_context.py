"""The context of a request: one user's events and suppressions, or a history that came with the request."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.policy.suppressions import NO_SUPPRESSIONS, Suppressions
from scoring.data.history import History
from scoring.data.tables import CHANNEL, ITEM_ID, KIND, ORDER_ID, PRICE, QUANTITY, STORE_ID, TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.service.schemas.events import HistoryEvent
    from llm_explain.service.state.users import StoredEvent, StoredUser
    from scoring.data.catalogue import Catalogue
    from scoring.data.shop import Shop

_EVENT_COLUMNS: Final = (ITEM_ID, TIMESTAMP, QUANTITY, PRICE, KIND, STORE_ID, ORDER_ID, CHANNEL)


@dataclass(frozen=True)
class UserContext:
    """What an answer is computed from.

    Attributes:
        history: Events that count.
        suppressions: Claims that the user does not want.
        user: The stored user; ``None`` for a history that came with the request.
    """

    history: History
    suppressions: Suppressions = NO_SUPPRESSIONS
    user: StoredUser | None = None

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
    rows = pd.DataFrame(columns).astype({TIMESTAMP: "datetime64[ns]", PRICE: "float64"})
    return History.from_events(rows, catalogue, as_of=moment, user_id=user_id, shop=shop)
