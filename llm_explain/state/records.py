"""Stored explanation records; one thread writes them in groups, so that many share one commit.

    save ──► queue ──► writer thread: up to GROUP answers, one durable transaction ──► futures

An answer that says the same as an earlier one has the same ids and is not written twice.
"""

from __future__ import annotations

import json
import logging
import threading
import zlib
from collections import OrderedDict
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_json
from sqlalchemy import delete, func, insert, select

from llm_explain.state.models import AnswerRow, ExplanationRow, ExposureRow
from llm_explain.state.users import now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from llm_explain.state.database import Database
    from llm_explain.state.users import Users

GROUP: Final = 64
MAX_QUEUED: Final = 256
MAX_KNOWN: Final = 4096
"""Answers that are known to be stored."""

Json = dict[str, Any]
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class GivenAnswer:
    """A list of records that was given to a client.

    Attributes:
        user_id: Whose.
        context: What it takes to make the list again.
        records: The records, in order.
        erasures: How many erasures had been seen when the user was read.
        exposures: Rows that count the answer for an experiment, without their time.
    """

    user_id: str
    context: Json
    records: Sequence[Json]
    erasures: int
    exposures: Sequence[Json] = ()

    @property
    def key(self) -> tuple[str, ...]:
        """Return the ids of the records."""
        return tuple(record["id"] for record in self.records)


@dataclass(frozen=True)
class Kept:
    """A record that is stored.

    Attributes:
        record: The record.
        place: Its place in its list.
        user_id: Whose.
        context: What it takes to make the list again.
        created_at: When it was first given.
    """

    record: Json
    place: int
    user_id: str
    context: Json
    created_at: datetime


class Records:
    """Stores and finds records.

    Args:
        database: The state.
        users: The stored users; records of erased ones are not written.
        share: Share of the answers that are stored, chosen by their ids.
    """

    def __init__(self, database: Database, users: Users, share: float = 1.0) -> None:
        self._database = database
        self._share = share
        self._users = users
        self._queue: Queue[tuple[GivenAnswer, Future[bool]] | None] = Queue(MAX_QUEUED)
        self._known: OrderedDict[tuple[str, ...], int] = OrderedDict()
        self._lock = threading.Lock()
        self._writer: threading.Thread | None = None

    def save(self, answer: GivenAnswer) -> Future[bool]:
        """Store an answer.

        Args:
            answer: The answer.

        Returns:
            Whether it is stored; ``False`` if the storage is full or busy, if the user was erased, or if it is not of
            the share that is stored.
        """
        done: Future[bool] = Future()
        if answer.key and int(answer.key[0][:8], 16) >= self._share * 2**32:
            done.set_result(False)
            return done
        if self.knows(answer):
            done.set_result(True)
            return done
        with self._lock:
            if self._writer is None:
                self._writer = threading.Thread(target=self._write, name="records", daemon=True)
                self._writer.start()
        try:
            self._queue.put_nowait((answer, done))
        except Full:
            done.set_result(False)
        return done

    def knows(self, answer: GivenAnswer) -> bool:
        """Return whether an answer is known to be stored, and counts for no experiment."""
        with self._lock:
            is_known = self._known.get(answer.key) == answer.erasures and not answer.exposures
            if is_known:
                self._known.move_to_end(answer.key)
        return is_known

    def find(self, explanation_id: str) -> Kept | None:
        """Return a record by its id; ``None`` if it is not stored."""
        wanted = (
            select(ExplanationRow.place, AnswerRow)
            .join(AnswerRow, AnswerRow.id == ExplanationRow.answer_id)
            .where(ExplanationRow.id == explanation_id)
        )
        with self._database.reading() as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        record = _unpacked(row.records)[row.place]
        return Kept(record, row.place, row.user_id, row.context, row.created_at)

    def of_user(self, user_id: str) -> Iterator[Json]:
        """Yield every record of a user, oldest first; one list is in memory at a time."""
        wanted = select(AnswerRow.id, AnswerRow.records).where(AnswerRow.user_id == user_id).order_by(AnswerRow.id)
        last = 0
        while True:
            with self._database.reading() as connection:
                row = connection.execute(wanted.where(AnswerRow.id > last).limit(1)).one_or_none()
            if row is None:
                return
            last = row.id
            yield from _unpacked(row.records)

    def prune(self, before: datetime) -> int:
        """Remove records that were first given before a moment.

        Args:
            before: The moment.

        Returns:
            Number of answers that were removed.
        """
        old = select(AnswerRow.id).where(AnswerRow.created_at < before)
        with self._database.writing() as connection:
            connection.execute(delete(ExplanationRow).where(ExplanationRow.answer_id.in_(old)))
            removed = connection.execute(delete(AnswerRow).where(AnswerRow.created_at < before)).rowcount
        self.forget()
        return int(removed)

    def counts(self) -> dict[str, Any]:
        """Return how many lists are stored, and since when."""
        with self._database.reading() as connection:
            n_lists, oldest = connection.execute(select(func.count(), func.min(AnswerRow.created_at))).one()
        return {"lists": n_lists, "oldest": oldest.isoformat() if n_lists else None}

    def forget(self) -> None:
        """Empty the cache of what is stored."""
        with self._lock:
            self._known.clear()

    def close(self) -> None:
        """Write what is queued and stop."""
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            self._queue.put(None)
            writer.join()

    def _write(self) -> None:
        while True:
            first = self._queue.get()
            group = [] if first is None else [first]
            is_last = first is None
            while not is_last and len(group) < GROUP:
                try:
                    following = self._queue.get_nowait()
                except Empty:
                    break
                is_last = following is None
                group += [] if following is None else [following]
            # A future that runs cannot be cancelled; cancelled answers are not written.
            self._write_group([(answer, done) for answer, done in group if done.set_running_or_notify_cancel()])
            if is_last:
                return

    def _write_group(self, group: list[tuple[GivenAnswer, Future[bool]]]) -> None:
        try:
            with self._database.writing() as connection:
                stored = self._insert(connection, [answer for answer, _ in group])
        except Exception as error:  # this thread must live on, and an answer without a record is still an answer
            _LOG.warning("records were not stored: %s", type(error).__name__)
            stored = [False] * len(group)
        with self._lock:
            for (answer, _), is_stored in zip(group, stored, strict=True):
                if is_stored:
                    self._known[answer.key] = answer.erasures
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        for (_, done), is_stored in zip(group, stored, strict=True):
            done.set_result(is_stored)

    def _insert(self, connection: Connection, answers: Sequence[GivenAnswer]) -> list[bool]:
        """Insert the answers of users who are still there; those of which every record is there already are skipped."""
        if not answers:
            return []
        gone = self._users.gone_since(connection, min(answer.erasures for answer in answers))
        keys = {explanation_id for answer in answers for explanation_id in answer.key}
        there = set(connection.scalars(select(ExplanationRow.id).where(ExplanationRow.id.in_(keys))))
        created_at = now()
        stored = []
        for answer in answers:
            is_there_still = gone.get(self._users.user_hash(answer.user_id), 0) <= answer.erasures
            if is_there_still and not there.issuperset(answer.key):
                values = {
                    "user_id": answer.user_id,
                    "created_at": created_at,
                    "context": answer.context,
                    "records": zlib.compress(to_json(answer.records), 1),
                }
                answer_id = connection.scalar(insert(AnswerRow).values(values).returning(AnswerRow.id))
                rows = [
                    {"id": explanation_id, "answer_id": answer_id, "place": place}
                    for place, explanation_id in enumerate(answer.key)
                    if explanation_id not in there
                ]
                connection.execute(self._database.insert_once(ExplanationRow), rows)
                there.update(answer.key)
            if is_there_still and answer.exposures:
                connection.execute(insert(ExposureRow), [{**row, "timestamp": created_at} for row in answer.exposures])
            stored.append(is_there_still)
        return stored


def _unpacked(records: bytes) -> list[Json]:
    found: list[Json] = json.loads(zlib.decompress(records))
    return found
