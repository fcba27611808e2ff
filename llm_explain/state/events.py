"""Events that clients send; a repeated request stores them once."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from llm_explain.state.errors import KeyReusedError
from llm_explain.state.models import EventBatchRow, EventRow, ExposureRow
from llm_explain.state.users import now

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from llm_explain.state.database import Database


@dataclass(frozen=True, slots=True)
class Receipt:
    """The result of storing a batch.

    Attributes:
        stored: Events of the batch that are stored.
        is_repeated: Whether an earlier request had stored them.
    """

    stored: int
    is_repeated: bool


class Events:
    """Stores events.

    Args:
        database: The state.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self, rows: Sequence[dict[str, Any]], *, key: str, body: bytes, exposures: Sequence[dict[str, Any]] = ()
    ) -> Receipt:
        """Store a batch, all of it or nothing; when this returns, it is durable.

        Args:
            rows: Columns of the event table, without the time of receipt.
            key: The client's idempotency key; only its hash is kept.
            body: The body that came with it; only its hash is kept.
            exposures: Columns of the exposure table.

        Returns:
            How many events and exposures are stored.

        Raises:
            IntegrityError: If a constraint is broken, and not by the same key.
        """
        key_hash, body_hash = self._hash(key.encode()), self._hash(key.encode(), body)
        earlier = self._earlier(key_hash, body_hash)
        if earlier is not None:
            return earlier
        received_at, stored = now(), len(rows) + len(exposures)
        try:
            with self._database.writing() as connection:
                batch = {"key_hash": key_hash, "body_hash": body_hash, "stored": stored, "received_at": received_at}
                connection.execute(insert(EventBatchRow).values(batch))
                if rows:
                    connection.execute(insert(EventRow), [{**row, "received_at": received_at} for row in rows])
                if exposures:
                    connection.execute(insert(ExposureRow), exposures)
        except IntegrityError:  # the same key came twice at once
            earlier = self._earlier(key_hash, body_hash)
            if earlier is None:
                raise
            return earlier
        return Receipt(stored, is_repeated=False)

    def _hash(self, *parts: bytes) -> str:
        """Return a keyed hash; that of a body needs its key too, so that nobody can try what an erased user did."""
        return hmac.new(self._database.secret, b"\0".join(parts), hashlib.sha256).hexdigest()

    def _earlier(self, key_hash: str, body_hash: str) -> Receipt | None:
        wanted = select(EventBatchRow.body_hash, EventBatchRow.stored).where(EventBatchRow.key_hash == key_hash)
        with self._database.reading() as connection:
            found = connection.execute(wanted).one_or_none()
        if found is None:
            return None
        if found.body_hash != body_hash:
            raise KeyReusedError(
                "the idempotency key is that of another body but a key stands for one body. Send a new key."
            )
        return Receipt(int(found.stored), is_repeated=True)

    def latest(self, user_ids: Collection[str]) -> dict[str, datetime]:
        """Return when the latest stored event of each user happened; nothing for a user without one.

        Args:
            user_ids: The users.

        Returns:
            Moments by user.
        """
        if not user_ids:
            return {}
        wanted = (
            select(EventRow.user_id, func.max(EventRow.timestamp))
            .where(EventRow.user_id.in_(user_ids))
            .group_by(EventRow.user_id)
        )
        with self._database.reading() as connection:
            return {user_id: moment for user_id, moment in connection.execute(wanted)}  # noqa: C416

    def prune(self, before: datetime) -> int:
        """Forget idempotency keys that came before a moment, and return how many; the events stay."""
        with self._database.writing() as connection:
            return int(connection.execute(delete(EventBatchRow).where(EventBatchRow.received_at < before)).rowcount)

    def after(self, event_id: int = 0) -> list[dict[str, Any]]:
        """Return stored events in the order in which they came.

        Args:
            event_id: Only newer ones than this.

        Returns:
            Columns of the event table.
        """
        wanted = select(*EventRow.__table__.columns).where(EventRow.id > event_id).order_by(EventRow.id)
        with self._database.reading() as connection:
            return [dict(row) for row in connection.execute(wanted).mappings()]
