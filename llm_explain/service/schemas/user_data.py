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
    """What a user is not told any more: a claim kind for a player, of one item or of all.

    Attributes:
        feedback_id: The feedback that says so; ``DELETE /v1/feedback/{id}`` undoes it.
    """

    kind: str
    player: str
    item_id: str | None
    feedback_id: str


class FeedbackReceipt(Reply):
    """Feedback that is stored, and what it suppresses from now on."""

    feedback_id: str
    repeated: bool
    suppressed: list[Suppression]


class Withdrawn(Reply):
    """Feedback that was withdrawn, and what stays suppressed for its user."""

    feedback_id: str
    suppressed: list[Suppression]


class Merged(Reply):
    """A guest's rows are the user's; rows by what they are."""

    user_id: str
    moved: dict[str, int]


class Arm(BaseModel):
    """What one arm of an experiment did.

    Attributes:
        users: Users who were answered or shown something.
        answered: Items in answers.
        shown: Impressions.
        clicked: Clicks.
        bought: Pairs of a user and an item that was shown, and bought at that moment or later.
    """

    arm: str
    users: int
    answered: int
    shown: int
    clicked: int
    bought: int


class ExperimentReply(Reply):
    """The figures of an experiment."""

    tag: str
    arms: list[Arm]


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

    id: str
    explanation_id: str
    verdict: FeedbackVerdict
    kind: str | None
    player: str | None
    created_at: datetime


class Exposure(BaseModel):
    """What an arm of an experiment answered or showed, or a click on it."""

    tag: str
    arm: str
    kind: str
    item_id: str
    timestamp: datetime


class Export(Reply):
    """Everything that is kept of a user."""

    user_id: str
    preferences: Preferences
    suppressed: list[Suppression]
    events: list[LoggedEvent]
    feedback: list[GivenFeedback]
    exposures: list[Exposure]
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
