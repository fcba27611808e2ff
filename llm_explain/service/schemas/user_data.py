"""The response models of what is stored of users: events, feedback, preferences and records."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from llm_explain.service.schemas.records import Record
from llm_explain.service.schemas.requests import FeedbackVerdict, HistoryEvent, Preferences
from llm_explain.service.schemas.responses import Reply


class Stored(Reply):
    """Events that are stored.

    Attributes:
        repeated: Whether an earlier request with this key had stored them.
        unknown_items: Items that the catalogue does not have; their events are not stored.
    """

    stored: int
    repeated: bool
    unknown_items: list[str] = Field(default_factory=list)


class Suppression(BaseModel):
    """What a user is not told any more: a claim kind for a player, of one item or of all."""

    kind: str
    player: str
    item_id: str | None


class FeedbackReceipt(Reply):
    """Feedback that is stored, and what it suppresses from now on."""

    feedback_id: str
    repeated: bool
    suppressed: list[Suppression]


class PreferencesReply(Reply):
    """What a user has switched off, and what could be.

    Attributes:
        preferences: What is in force.
        groups: The user's history groups that may be named, largest first.
        kinds: Claim kinds.
        suppressed: What feedback has suppressed.
    """

    user_id: str
    preferences: Preferences
    groups: list[str]
    kinds: list[str]
    suppressed: list[Suppression]


class Erased(Reply):
    """A user is gone from every table and cache; rows by what they were."""

    removed: dict[str, int]


class LoggedEvent(HistoryEvent):
    """An event and where it is kept: in the ``artifacts`` or in the service's ``state``."""

    source: Literal["artifacts", "state"]


class GivenFeedback(BaseModel):
    """Feedback that a user gave."""

    explanation_id: str
    verdict: FeedbackVerdict
    kind: str | None
    player: str | None
    created_at: datetime


class Export(Reply):
    """Everything that is kept of a user."""

    user_id: str
    preferences: Preferences
    suppressed: list[Suppression]
    events: list[LoggedEvent]
    feedback: list[GivenFeedback]
    explanations: list[Record]


class RecordReply(Reply):
    """The audit record of an explanation.

    Attributes:
        record: The record as it was given.
        created_at: When it was first given.
        reproduced: Whether explaining again from the events that were known then gives the same record; none where
            data, scorer or policy are others now.
    """

    record: Record
    created_at: datetime
    reproduced: bool | None = None
