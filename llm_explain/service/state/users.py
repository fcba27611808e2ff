"""Stored users: switched-off groups and kinds, suppressed reasons, new events, erasure."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from llm_explain.service.state.models import (
    ALL_ITEMS,
    AnswerRow,
    ErasureRow,
    EventRow,
    ExplanationRow,
    FeedbackRow,
    SuppressionRow,
    UserRow,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from llm_explain.service.state.database import Database

Suppressed = tuple[str, str, str | None]
"""Kind, player and item of claims that are not said; ``None`` for every item."""


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
        order_id: The order; empty for an event without one.
    """

    item_id: str
    timestamp: datetime
    quantity: float
    price: float | None
    kind: str
    channel: str
    store_id: str
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class StoredUser:
    """What is stored of one user.

    Attributes:
        personalised: Whether the user's events may be used.
        groups_off: History groups that do not count.
        kinds_off: Claim kinds that are not said.
        suppressed: Claims that feedback suppressed.
        events: Events that the service took in, oldest first.
        erased_at: Events of the artifacts before this moment do not count.
        last_event: Newest stored event.
        erasures: How many erasures the state had seen; a larger number later means that a user was erased since.
    """

    personalised: bool = True
    groups_off: tuple[str, ...] = ()
    kinds_off: tuple[str, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    events: tuple[StoredEvent, ...] = ()
    erased_at: datetime | None = None
    last_event: int = 0
    erasures: int = 0


_SWITCHED_OFF = select(UserRow.personalised, UserRow.groups_off, UserRow.kinds_off).where(
    UserRow.user_id == bindparam("user")
)
_SUPPRESSED = select(SuppressionRow.kind, SuppressionRow.player, SuppressionRow.item_id).where(
    SuppressionRow.user_id == bindparam("user")
)
_EVENTS = (
    select(EventRow.id, *(getattr(EventRow, name) for name in StoredEvent.__dataclass_fields__))
    .where(EventRow.user_id == bindparam("user"), EventRow.id <= bindparam("until"))
    .order_by(EventRow.timestamp, EventRow.id)
)
_ERASED = select(
    select(ErasureRow.erased_at).where(ErasureRow.user_hash == bindparam("hash")).scalar_subquery(),
    select(func.max(ErasureRow.id)).scalar_subquery(),
)
NEWEST = 2**62
"""Above every event's id."""


class Users:
    """Reads, changes and erases stored users.

    Args:
        database: The state.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def user_hash(self, user_id: str) -> str:
        """Return the keyed hash that stands for an erased user; without the state's secret it says nothing."""
        return hmac.new(self._database.secret, user_id.encode(), hashlib.sha256).hexdigest()

    def read(self, user_id: str, *, until: int = NEWEST) -> StoredUser:
        """Return what is stored of a user.

        Args:
            user_id: The shop's id.
            until: Newest stored event to read.

        Returns:
            The stored user; the defaults if nothing is stored.
        """
        with self._database.reading() as connection:
            switched = connection.execute(_SWITCHED_OFF, {"user": user_id}).one_or_none()
            suppressed = connection.execute(_SUPPRESSED, {"user": user_id}).all()
            events = connection.execute(_EVENTS, {"user": user_id, "until": until}).all()
            erased_at, erasures = connection.execute(_ERASED, {"hash": self.user_hash(user_id)}).one()
        personalised, groups_off, kinds_off = (True, (), ()) if switched is None else switched
        return StoredUser(
            personalised=personalised,
            groups_off=tuple(groups_off),
            kinds_off=tuple(kinds_off),
            suppressed=tuple((kind, player, item or None) for kind, player, item in suppressed),
            events=tuple(StoredEvent(*row[1:]) for row in events),
            erased_at=erased_at,
            last_event=max((row[0] for row in events), default=0),
            erasures=erasures or 0,
        )

    def prefer(
        self, user_id: str, *, personalised: bool, groups_off: tuple[str, ...], kinds_off: tuple[str, ...]
    ) -> None:
        """Store what a user has switched off.

        Args:
            user_id: The shop's id.
            personalised: Whether the user's events may be used.
            groups_off: History groups that do not count.
            kinds_off: Claim kinds that are not said.
        """
        values: dict[str, Any] = {
            "personalised": personalised,
            "groups_off": list(groups_off),
            "kinds_off": list(kinds_off),
            "updated_at": now(),
        }
        with self._database.writing() as connection:
            changed = connection.execute(update(UserRow).where(UserRow.user_id == user_id).values(values))
            if not changed.rowcount:
                connection.execute(insert(UserRow).values(user_id=user_id, **values))

    def erase(self, user_id: str) -> dict[str, int]:
        """Remove a user from every table and remember, by a keyed hash alone, that the user is gone.

        Args:
            user_id: The shop's id.

        Returns:
            How many rows were removed from each table.
        """
        answers = select(AnswerRow.id).where(AnswerRow.user_id == user_id)
        user_hash = self.user_hash(user_id)
        with self._database.writing(erases=True) as connection:
            removed = {
                "explanation": _remove(connection, delete(ExplanationRow).where(ExplanationRow.answer_id.in_(answers)))
            }
            for table in (AnswerRow, FeedbackRow, SuppressionRow, EventRow, UserRow):
                removed[table.__tablename__] = _remove(connection, delete(table).where(table.user_id == user_id))
            connection.execute(delete(ErasureRow).where(ErasureRow.user_hash == user_hash))
            connection.execute(insert(ErasureRow).values(user_hash=user_hash, erased_at=now()))
        self._database.overwrite()
        return removed

    def gone_since(self, connection: Connection, erasures: int) -> dict[str, int]:
        """Return the users who were erased after a moment.

        Args:
            connection: A writing transaction.
            erasures: How many erasures had been seen at that moment.

        Returns:
            The number of the erasure by the hash of the user.
        """
        wanted = select(ErasureRow.user_hash, ErasureRow.id).where(ErasureRow.id > erasures)
        return {user_hash: number for user_hash, number in connection.execute(wanted)}  # noqa: C416  rows are no pairs to mypy

    def erased(self) -> dict[str, datetime]:
        """Return when each erased user was erased, by hash."""
        with self._database.reading() as connection:
            rows = connection.execute(select(ErasureRow.user_hash, ErasureRow.erased_at)).all()
        return {user_hash: erased_at for user_hash, erased_at in rows}  # noqa: C416


def _remove(connection: Connection, statement: Any) -> int:
    return int(connection.execute(statement).rowcount)


def item_of(item_id: str | None) -> str:
    """Return how a suppression names an item, or every item."""
    return ALL_ITEMS if item_id is None else item_id


def now() -> datetime:
    """Return the present time in UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
