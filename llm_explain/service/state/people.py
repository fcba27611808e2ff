"""What the state keeps of one user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event that the service took in.

    Attributes:
        item_id: The item.
        timestamp: When.
        quantity: Units.
        price: Price of one unit.
        kind: Kind of event.
        channel: Where it came from.
        store_id: The store.
    """

    item_id: str
    timestamp: datetime
    quantity: float
    price: float | None
    kind: str
    channel: str
    store_id: str


@dataclass(frozen=True, slots=True)
class Person:
    """What the state keeps of one user that changes answers.

    Attributes:
        personalised: Whether the user's events may be used.
        groups_off: History groups that do not count.
        kinds_off: Claim kinds that are not said.
        suppressed: Kind, player and item (``None`` for all) of claims that feedback suppressed.
        events: Events that the service took in, oldest first.
        erased_at: Events of the artifacts before this moment do not count.
        last_event: Newest stored event.
    """

    personalised: bool = True
    groups_off: tuple[str, ...] = ()
    kinds_off: tuple[str, ...] = ()
    suppressed: tuple[tuple[str, str, str | None], ...] = ()
    events: tuple[StoredEvent, ...] = ()
    erased_at: datetime | None = None
    last_event: int = 0
