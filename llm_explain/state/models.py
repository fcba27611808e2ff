"""The tables of the state. The id of a user stands in columns ``user_id`` only, and that of a
guest who became a user also in ``guest_id``, so erasing a user is exact.

person       what a user has switched off
event        events that came after the artifacts          event_batch  which bodies were stored already
answer       lists of explanation records, compressed      explanation  where the record with an id lies
feedback     what shoppers think of explanations           suppression  what a user is not told any more
catalogue_change  items and promotions that changed after training
exposure     answers, impressions and clicks of an experiment   guest  whose account a guest's events belong to
erasure      who is gone: keyed hashes, never ids          secret       the key of those hashes
api_key      hashes of API keys
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Serial = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only where the key is its INTEGER."""

ALL_ITEMS = ""
"""Stands for every item in a suppression: no id of a shop is empty."""


class Base(DeclarativeBase):
    """Base of every table."""

    type_annotation_map = {dict[str, Any]: JSON, list[str]: JSON}


class UserRow(Base):
    """What a user has switched off."""

    __tablename__ = "person"

    user_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    personalised: Mapped[bool]
    groups_off: Mapped[list[str]]
    kinds_off: Mapped[list[str]]
    items_off: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    updated_at: Mapped[datetime]


class EventRow(Base):
    """An event that the service took in; ids grow, so that a replay can leave out what came later."""

    __tablename__ = "event"
    __table_args__ = (Index("event_of_user", "user_id", "timestamp"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(128))
    item_id: Mapped[str] = mapped_column(String(128))
    timestamp: Mapped[datetime]
    quantity: Mapped[float]
    price: Mapped[float | None]
    kind: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(64))
    store_id: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[str] = mapped_column(String(128), server_default="")
    value: Mapped[float | None]
    received_at: Mapped[datetime]


class EventBatchRow(Base):
    """A body of events that is stored, by the hash of its idempotency key."""

    __tablename__ = "event_batch"

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    body_hash: Mapped[str] = mapped_column(String(64))
    stored: Mapped[int]
    received_at: Mapped[datetime]


class AnswerRow(Base):
    """The records of one list, and what it takes to make them again."""

    __tablename__ = "answer"
    __table_args__ = (Index("answer_of_user", "user_id"), Index("answer_by_age", "created_at"))

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(128))
    created_at: Mapped[datetime]
    context: Mapped[dict[str, Any]]
    records: Mapped[bytes] = mapped_column(LargeBinary)


class ExplanationRow(Base):
    """Which list holds the record with an id, and where."""

    __tablename__ = "explanation"
    __table_args__ = (Index("explanation_of_answer", "answer_id"),)

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    answer_id: Mapped[int] = mapped_column(Serial, ForeignKey("answer.id", ondelete="CASCADE"))
    place: Mapped[int]


class FeedbackRow(Base):
    """What a shopper thinks of an explanation; the same verdict on the same reason is stored once."""

    __tablename__ = "feedback"
    __table_args__ = (Index("feedback_of_user", "user_id"),)

    id: Mapped[str] = mapped_column(String(24), primary_key=True)
    explanation_id: Mapped[str] = mapped_column(String(24))
    user_id: Mapped[str] = mapped_column(String(128))
    item_id: Mapped[str] = mapped_column(String(128))
    verdict: Mapped[str] = mapped_column(String(16))
    kind: Mapped[str | None] = mapped_column(String(40))
    player: Mapped[str | None] = mapped_column(String(200))
    kinds: Mapped[list[str]]
    skeleton: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]


class SuppressionRow(Base):
    """What a user is not told any more, and by which feedback: a claim kind for a player, of one item or of all."""

    __tablename__ = "suppression"

    user_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    player: Mapped[str] = mapped_column(String(200), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    feedback_id: Mapped[str] = mapped_column(String(24), server_default="", primary_key=True)


class CatalogueChangeRow(Base):
    """A change of the catalogue, as a line of JSON."""

    __tablename__ = "catalogue_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    line: Mapped[str] = mapped_column(Text)


class ExposureRow(Base):
    """What an arm of an experiment showed to a user, or a click on it."""

    __tablename__ = "exposure"

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    user_id: Mapped[str] = mapped_column(String(128), index=True)
    tag: Mapped[str] = mapped_column(String(64), index=True)
    arm: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(40))
    item_id: Mapped[str] = mapped_column(String(128))
    explanation_id: Mapped[str | None] = mapped_column(String(24), index=True)
    timestamp: Mapped[datetime]


class GuestRow(Base):
    """A guest who turned out to be a user; events of the artifacts from before ``counts_from`` were erased."""

    __tablename__ = "guest"

    guest_id: Mapped[str] = mapped_column(String(128), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(128), index=True)
    counts_from: Mapped[datetime | None]


class ErasureRow(Base):
    """A user who is gone: events of the artifacts before the moment do not count."""

    __tablename__ = "erasure"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Serial, primary_key=True)
    user_hash: Mapped[str] = mapped_column(String(64), unique=True)
    erased_at: Mapped[datetime]


class SecretRow(Base):
    """A random value that never leaves the state."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(64))


class ApiKeyRow(Base):
    """An API key: its hash, what it may do, and until when it was good."""

    __tablename__ = "api_key"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(64))
    scope: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
