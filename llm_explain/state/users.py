"""Stored users: switched-off groups and kinds, suppressed reasons, new events, erasure."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, update

from llm_explain.state import models

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy import Connection

    from llm_explain.state.database import Database

Suppressed = tuple[str, str, str | None]
"""Kind, player and item of claims that are not said; ``None`` for every item."""


Preferred = dict[str, Any]
"""What a user has switched off: the values of ``PREFERENCES``."""

PREFERENCES: Final = ("personalised", "groups_off", "kinds_off", "items_off")

OF_USER: Final = (models.AnswerRow, models.FeedbackRow, models.ExposureRow)
"""Tables whose rows of a user may be given to another user as they are."""


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
        value: A rating.
    """

    item_id: str
    timestamp: datetime
    quantity: float
    price: float | None
    kind: str
    channel: str
    store_id: str
    order_id: str = ""
    value: float | None = None


@dataclass(frozen=True, slots=True)
class StoredUser:
    """What is stored of one user.

    Attributes:
        personalised: Whether the user's events may be used.
        groups_off: History groups that do not count.
        kinds_off: Claim kinds that are not said.
        items_off: Items that are not recommended.
        suppressed: Claims that feedback suppressed.
        events: Events that the service took in, oldest first.
        erased_at: Events of the artifacts before this moment do not count.
        guests: Guests whose events of the artifacts count as the user's, and from when on; ``None`` for all.
        last_event: Newest stored event.
        erasures: How many erasures the state had seen; a larger number later means that a user was erased since.
    """

    personalised: bool = True
    groups_off: tuple[str, ...] = ()
    kinds_off: tuple[str, ...] = ()
    items_off: tuple[str, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    events: tuple[StoredEvent, ...] = ()
    erased_at: datetime | None = None
    guests: tuple[tuple[str, datetime | None], ...] = ()
    last_event: int = 0
    erasures: int = 0


_SWITCHED_OFF = select(*(getattr(models.UserRow, name) for name in PREFERENCES)).where(
    models.UserRow.user_id == bindparam("user")
)
_SUPPRESSED = (
    select(models.SuppressionRow.kind, models.SuppressionRow.player, models.SuppressionRow.item_id)
    .where(models.SuppressionRow.user_id == bindparam("user"))
    .distinct()
)
_EVENTS = (
    select(models.EventRow.id, *(getattr(models.EventRow, name) for name in StoredEvent.__dataclass_fields__))
    .where(models.EventRow.user_id == bindparam("user"), models.EventRow.id <= bindparam("until"))
    .order_by(models.EventRow.timestamp, models.EventRow.id)
)
_GUESTS = select(models.GuestRow.guest_id, models.GuestRow.counts_from).where(
    models.GuestRow.user_id == bindparam("user")
)
_ERASED = select(
    select(models.ErasureRow.erased_at).where(models.ErasureRow.user_hash == bindparam("hash")).scalar_subquery(),
    select(func.max(models.ErasureRow.id)).scalar_subquery(),
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
            guests = connection.execute(_GUESTS, {"user": user_id}).all()
            erased_at, erasures = connection.execute(_ERASED, {"hash": self.user_hash(user_id)}).one()
        personalised, *off = (True, (), (), ()) if switched is None else switched
        return StoredUser(
            personalised=personalised,
            **dict(zip(PREFERENCES[1:], map(tuple, off), strict=True)),
            suppressed=tuple((kind, player, item or None) for kind, player, item in suppressed),
            events=tuple(StoredEvent(*row[1:]) for row in events),
            erased_at=erased_at,
            guests=tuple((guest_id, counts_from) for guest_id, counts_from in guests),
            last_event=max((row[0] for row in events), default=0),
            erasures=erasures or 0,
        )

    def is_erased_since(self, user_id: str, moment: float) -> bool:
        """Return whether a user was erased, or merged as a guest, after a moment in seconds since 1970."""
        with self._database.reading() as connection:
            erased_at, _ = connection.execute(_ERASED, {"hash": self.user_hash(user_id)}).one()
        return erased_at is not None and moment <= erased_at.replace(tzinfo=UTC).timestamp()

    def prefer(self, user_id: str, wanted: dict[str, Any], *, expects: Callable[[Preferred], bool]) -> bool:
        """Change what a user has switched off.

        Args:
            user_id: The shop's id.
            wanted: Values of ``PREFERENCES``; what is not given stays.
            expects: Whether the change applies to what is stored.

        Returns:
            Whether it was made.
        """
        with self._database.writing() as connection:
            found = connection.execute(_SWITCHED_OFF.with_for_update(), {"user": user_id}).one_or_none()
            stored: Preferred = {"personalised": True, "groups_off": [], "kinds_off": [], "items_off": []}
            stored = stored if found is None else dict(found._mapping)
            if not expects(stored):
                return False
            values = {**stored, **wanted, "updated_at": now()}
            if found is None:
                once = self._database.insert_once(models.UserRow).values(user_id=user_id, **values)
                is_made = connection.scalar(once.returning(models.UserRow.user_id)) is not None
            else:
                is_made = True
                connection.execute(update(models.UserRow).where(models.UserRow.user_id == user_id).values(values))
        # On PostgreSQL another transaction may have made the row meanwhile; its preferences are read now.
        return is_made or self.prefer(user_id, wanted, expects=expects)

    def erase(self, user_id: str) -> dict[str, int]:
        """Remove a user and the user's guests from every table; remember by keyed hashes alone that they are gone.

        Args:
            user_id: The shop's id.

        Returns:
            How many rows were removed from each table.
        """
        with self._database.writing(erases=True) as connection:
            # A guest's events that came after the merge are stored under the guest.
            guests = connection.scalars(select(models.GuestRow.guest_id).where(models.GuestRow.user_id == user_id))
            user_ids = [user_id, *guests]
            answers = select(models.AnswerRow.id).where(models.AnswerRow.user_id.in_(user_ids))
            removed = {
                "explanation": _remove(
                    connection, delete(models.ExplanationRow).where(models.ExplanationRow.answer_id.in_(answers))
                )
            }
            connection.execute(delete(models.GuestRow).where(models.GuestRow.guest_id == user_id))
            for table in (*OF_USER, models.SuppressionRow, models.EventRow, models.UserRow, models.GuestRow):
                removed[table.__tablename__] = _remove(connection, delete(table).where(table.user_id.in_(user_ids)))
            for each in user_ids:
                _note_erasure(connection, self.user_hash(each))
        self._database.overwrite()
        return removed

    def merge(self, user_id: str, guest_id: str) -> dict[str, int] | None:
        """Give everything of a guest to a user; the guest is a stranger from then on.

        Args:
            user_id: The user.
            guest_id: The guest.

        Returns:
            How many rows of each table were moved; ``None`` if the guest belongs to another user, or the user to the
            guest.
        """
        hashes = self.user_hash(user_id), self.user_hash(guest_id)
        with self._database.writing(erases=True) as connection:
            owner_of = select(models.GuestRow.user_id).where(models.GuestRow.guest_id == bindparam("guest"))
            owner = connection.scalar(owner_of, {"guest": guest_id})
            if owner not in {None, user_id} or connection.scalar(owner_of, {"guest": user_id}) == guest_id:
                return None
            erased_at = connection.scalar(
                select(models.ErasureRow.erased_at).where(models.ErasureRow.user_hash == hashes[1])
            )
            moved = {
                table.__tablename__: int(connection.execute(_given(table, guest_id, user_id)).rowcount)
                for table in (*OF_USER, models.GuestRow)
            }
            # Copies get new ids, so that replays of the user's earlier records leave them out.
            for table in (models.EventRow, models.SuppressionRow, models.UserRow):
                columns = [column for column in table.__table__.columns if column.name != "id"]
                rows = connection.execute(select(*columns).where(table.user_id == guest_id)).mappings().all()
                if rows:  # of preferences, the user's stay
                    copies = [{**row, "user_id": user_id} for row in rows]
                    connection.execute(self._database.insert_once(table), copies)
                moved[table.__tablename__] = _remove(connection, delete(table).where(table.user_id == guest_id))
            if owner is None:
                row = {"guest_id": guest_id, "user_id": user_id, "counts_from": erased_at}
                connection.execute(insert(models.GuestRow).values(row))
                _note_erasure(connection, hashes[1])
        return moved

    def guests(self) -> list[tuple[str, str, datetime | None]]:
        """Return every guest with the user, and the moment from which on the guest's logged events count."""
        with self._database.reading() as connection:
            rows = connection.execute(
                select(models.GuestRow.guest_id, models.GuestRow.user_id, models.GuestRow.counts_from)
            ).all()
        return [(guest_id, user_id, counts_from) for guest_id, user_id, counts_from in rows]

    def remember_erased(self, hashes: Iterable[str]) -> None:
        """Note erasures of users of whom nothing is stored; events of the artifacts do not count for them."""
        rows = [{"user_hash": each, "erased_at": now()} for each in sorted(hashes)]
        if rows:
            with self._database.writing(erases=True) as connection:
                connection.execute(insert(models.ErasureRow), rows)

    def gone_since(self, connection: Connection, erasures: int) -> dict[str, int]:
        """Return the users who were erased after a moment.

        Args:
            connection: A writing transaction.
            erasures: How many erasures had been seen at that moment.

        Returns:
            The number of the erasure by the hash of the user.
        """
        wanted = select(models.ErasureRow.user_hash, models.ErasureRow.id).where(models.ErasureRow.id > erasures)
        return {user_hash: number for user_hash, number in connection.execute(wanted)}  # noqa: C416  rows are no pairs to mypy

    def erased(self) -> dict[str, datetime]:
        """Return when each erased user was erased, by hash."""
        with self._database.reading() as connection:
            rows = connection.execute(select(models.ErasureRow.user_hash, models.ErasureRow.erased_at)).all()
        return {user_hash: erased_at for user_hash, erased_at in rows}  # noqa: C416


def _note_erasure(connection: Connection, user_hash: str) -> None:
    connection.execute(delete(models.ErasureRow).where(models.ErasureRow.user_hash == user_hash))
    connection.execute(insert(models.ErasureRow).values(user_hash=user_hash, erased_at=now()))


def _given(table: Any, guest_id: str, user_id: str) -> Any:
    return update(table).where(table.user_id == guest_id).values(user_id=user_id)


def _remove(connection: Connection, statement: Any) -> int:
    return int(connection.execute(statement).rowcount)


def item_of(item_id: str | None) -> str:
    """Return how a suppression names an item, or every item."""
    return models.ALL_ITEMS if item_id is None else item_id


def now() -> datetime:
    """Return the present time in UTC without a zone."""
    return datetime.now(UTC).replace(tzinfo=None)
