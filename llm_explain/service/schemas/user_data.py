"""The request and response models of accounts: feedback, preferences, records, merge, export and tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from llm_explain.service.schemas import fields
from llm_explain.service.schemas.events import Exposure, LoggedEvent
from llm_explain.service.schemas.records import Record


class TokenRequest(fields.Body):
    """Ask for a token with which a browser may ask about one user.

    Attributes:
        user_id: The only user that the token is good for.
        seconds: How long it is good.
    """

    model_config = fields.example({"user_id": "1228"})

    user_id: fields.Id
    seconds: Annotated[int, Field(ge=10, le=3600)] = 900


class Token(fields.Reply):
    """A token for one user; a browser sends it as ``Authorization: Bearer TOKEN``.

    Attributes:
        token: The token, a JSON Web Token (RFC 7519).
        user_id: Whom it is for.
        expires_in: Seconds for which it is good.
    """

    token: str
    user_id: str
    expires_in: int


class ReasonName(fields.Body):
    """One reason of a sentence.

    Attributes:
        kind: Claim kind.
        player: Player that it speaks for.
    """

    kind: fields.Kind
    player: fields.Player


class FeedbackRequest(fields.Body):
    """Say what a shopper thinks of an explanation.

    Attributes:
        explanation_id: Id in the explanation record.
        user_id: Whose explanation it is; a storefront's key must name the user, a token does.
        verdict: ``wrong`` suppresses what the sentence says of this item, and all else that speaks for the same
            players of it; ``hide_reason`` suppresses the reason everywhere; both at once.
        reason: The reason that is meant; all reasons of the sentence if not given.
    """

    model_config = fields.example({"explanation_id": "3b1f0c9a5d2e4f60718293a4", "verdict": "helpful"})

    explanation_id: fields.ExplanationId
    user_id: fields.Id | None = None
    verdict: fields.FeedbackVerdict
    reason: ReasonName | None = None


class MergeRequest(fields.Body):
    """Give everything of a guest to a user.

    Attributes:
        guest_id: The guest, as ``from``.
    """

    model_config = fields.example({"from": "session-81f2"})

    guest_id: Annotated[fields.Id, Field(alias="from")]


class Preferences(fields.Body):
    """What a user has switched off.

    Attributes:
        personalised: Whether the user's history may be used at all.
        groups_off: History groups that do not count, as if their events had never been.
        kinds_off: Claim kinds that are never said to the user.
        items_off: Items that are not recommended to the user, and with them every item of their titles.
    """

    personalised: bool = True
    groups_off: Annotated[tuple[fields.Player, ...], Field(max_length=fields.MAX_PLAYERS)] = ()
    kinds_off: Annotated[tuple[fields.Kind, ...], Field(max_length=fields.MAX_KINDS)] = ()
    items_off: Annotated[tuple[fields.Id, ...], Field(max_length=fields.MAX_FILTER)] = ()


class PreferencesPatch(fields.Body):
    """Switch things off or on; what is not given stays.

    Attributes:
        personalised: Whether the user's history may be used at all.
        groups_off: History groups that do not count.
        kinds_off: Claim kinds that are never said to the user.
        items_off: Items that are not recommended to the user.
    """

    model_config = fields.example({"groups_off": ["group:cheese"]})

    personalised: bool | None = None
    groups_off: Annotated[tuple[fields.Player, ...], Field(max_length=fields.MAX_PLAYERS)] | None = None
    kinds_off: Annotated[tuple[fields.Kind, ...], Field(max_length=fields.MAX_KINDS)] | None = None
    items_off: Annotated[tuple[fields.Id, ...], Field(max_length=fields.MAX_FILTER)] | None = None


class Suppression(BaseModel):
    """What a user is not told any more: a claim kind for a player, of one item or of all.

    Attributes:
        kind: The claim kind; empty for every kind of the player.
        feedback_id: The feedback that says so; ``DELETE /v1/feedback/{id}`` undoes it.
    """

    kind: str
    player: str
    item_id: str | None
    feedback_id: str


class FeedbackReceipt(fields.Reply):
    """Feedback that is stored, and what it suppresses from now on."""

    feedback_id: str
    repeated: bool
    suppressed: list[Suppression]


class Withdrawn(fields.Reply):
    """Feedback that was withdrawn, and what stays suppressed for its user."""

    feedback_id: str
    suppressed: list[Suppression]


class Merged(fields.Reply):
    """A guest's rows are the user's; rows by what they are."""

    user_id: str
    moved: dict[str, int]


class PreferencesReply(fields.Reply):
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


class Erased(fields.Reply):
    """A user is gone from every table and cache; rows by what they were."""

    removed: dict[str, int]


class GivenFeedback(BaseModel):
    """Feedback that a user gave."""

    id: str
    explanation_id: str
    verdict: fields.FeedbackVerdict
    kind: str | None
    player: str | None
    created_at: datetime


class Export(fields.Reply):
    """Everything that is kept of a user.

    Attributes:
        guests: Ids of guests who were merged into the user.
    """

    user_id: str
    guests: list[str]
    preferences: Preferences
    suppressed: list[Suppression]
    events: list[LoggedEvent]
    feedback: list[GivenFeedback]
    exposures: list[Exposure]
    explanations: list[Record]


class RecordReply(fields.Reply):
    """The audit record of an explanation.

    Attributes:
        record: The record as it was given.
        created_at: When it was first given.
        reproduced: Whether explaining again from the events that were known then gives the same record; none where
            data, scorer or policy are others now, or the caller is no admin.
    """

    record: Record
    created_at: datetime
    reproduced: bool | None = None
