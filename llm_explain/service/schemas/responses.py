"""The response models of ``/v1``. Each carries the id of its request."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_explain.service.schemas.requests import FeedbackVerdict, HistoryEvent, Preferences


class ItemName(BaseModel):
    """An item of the catalogue."""

    item_id: str
    title: str
    category: str


class Reply(BaseModel):
    """An answer.

    Attributes:
        request_id: Id of the request, as in the ``X-Request-ID`` header and the logs.
    """

    model_config = ConfigDict(extra="forbid")

    request_id: str


class UserReply(Reply):
    """An answer about a user or a history.

    Attributes:
        user_id: The user; ``None`` for a history that came with the request.
        as_of: The time that the answer speaks of.
        personalised: Whether the user's history was read.
        provenance: Hashes of data, scorer and policy behind the scores.
    """

    user_id: str | None
    as_of: datetime
    personalised: bool
    provenance: dict[str, str]


class PlayerValue(BaseModel):
    """What one player adds to a score, in logits.

    Attributes:
        player: ``group:<category>``, ``rest`` (the smaller history groups and those that are never named) or
            ``context:<term>``.
        phi: Its Shapley value.
        parts: Shares of it that are exact by themselves.
    """

    player: str
    phi: float
    parts: dict[str, float]


class Reason(BaseModel):
    """A claim that the sentence makes.

    Attributes:
        kind: Claim kind.
        player: Player that it speaks for.
        part: Part of the player.
        phi: Attribution of the part.
        share: ``phi`` as a share of all positive attribution.
        facts: What the rule found in the shop's tables.
    """

    kind: str
    player: str
    part: str
    phi: float
    share: float
    facts: dict[str, str | int | float]


class Fault(BaseModel):
    """One thing that the verifier found wrong."""

    code: str
    message: str
    span: tuple[int, int]


class Verdict(BaseModel):
    """The verifier's finding on the text that is shown."""

    ok: bool
    faults: list[Fault]


class Badge(BaseModel):
    """A true claim next to a sentence that is not given as a reason."""

    kind: str
    facts: dict[str, str | int | float]
    text: str


class Place(BaseModel):
    """Where an item stands in a list.

    Attributes:
        position: Place shown, from 1; none outside lists.
        section: ``again`` or ``new``; none without sections.
        section_title: Heading of the section.
        placement: What the merchant did with the item.
    """

    position: int | None = None
    section: Literal["again", "new"] | None = None
    section_title: str | None = None
    placement: Literal["pinned", "buried"] | None = None


class Record(Place):
    """An explanation record. ``base_value`` plus the sum of every ``phi`` is ``score``.

    Attributes:
        id: Stable for the same user, history, item, moment, artifacts and wording.
        cold: Whether the item has no events yet and is scored from its fields.
        text: The sentence; none where nothing true can be said.
        reason_code: Empty for a personal sentence, else ``neutral`` or ``nothing_to_say``.
        source: Where the text came from.
        ai_generated: Whether a language model wrote its wording.
        provenance: Ids and hashes of data, scorer, language model, prompt, skeleton and policy.
        as_of: The moment that the record speaks of.
    """

    id: str
    user_id: str | None
    item_id: str
    rank: int | None
    score: float
    probability: float | None
    cold: bool = False
    base_value: float
    attributions: list[PlayerValue]
    text: str | None
    reason_code: Literal["", "neutral", "nothing_to_say"]
    locale: str
    tone: str
    source: Literal["phrasebook", "lm", "template"] | None
    reasons: list[Reason]
    statements: list[Reason]
    badges: list[Badge] = []
    verdict: Verdict
    ai_generated: bool
    provenance: dict[str, str]
    as_of: datetime


class Item(ItemName, Place):
    """An item with its place and the reason for it.

    Attributes:
        rank: Place by score among the allowed items, from 1; none for an item outside the candidates.
        probability: Calibrated probability of a purchase within 30 days.
        explanation: Why; none if it was not asked for.
    """

    rank: int | None
    score: float
    probability: float | None
    explanation: Record | None


class Items(UserReply):
    """Items, best first or in the order asked for.

    Attributes:
        recorded: Whether the explanations can be fetched again by their ids.
    """

    recorded: bool
    items: list[Item]


class ShelfItem(ItemName):
    """An item on a shelf; ``phi`` is what the shelf's group adds to its score."""

    phi: float
    score: float


class Shelf(BaseModel):
    """Items that one history group recommends, strongest first."""

    player: str
    title: str
    items: list[ShelfItem]


class Shelves(UserReply):
    """Items by reason, the strongest group first."""

    shelves: list[Shelf]


class WhatIfItem(ItemName):
    """One item with and without some players."""

    score: float
    score_without: float
    rank: int | None
    rank_without: int | None


class WhatIf(UserReply):
    """Scores and ranks as if some players had never been there; exact."""

    items: list[WhatIfItem]


class Contrast(UserReply):
    """Why one item scores above another; the differences and ``base_difference`` sum to ``score_difference``."""

    item_id: str
    other_id: str
    score_difference: float
    base_difference: float
    differences: dict[str, float]


class Parameter(BaseModel):
    """One thing that drives recommendations.

    Attributes:
        source: ``own group``, ``other groups``, ``rest`` or a context term.
        part: Part of it.
        share: Its share of all that moves scores, on average.
        text: What it is, in plain language.
    """

    source: str
    part: str
    share: float
    text: str


class MainParameters(Reply):
    """What drives recommendations in general, and how to change it, in plain language."""

    locale: str
    as_of: datetime
    introduction: str
    parameters: list[Parameter]
    choices: str
    provenance: dict[str, str]


class Stored(Reply):
    """Events that are stored; ``repeated`` says that an earlier request with this key had stored them."""

    stored: int
    repeated: bool


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


class Health(BaseModel):
    """Whether the process is alive or ready."""

    status: Literal["ok", "starting", "draining", "unavailable"]
    checks: dict[str, bool] = Field(default_factory=dict)


class ShopItem(ItemName):
    """An item of the catalogue."""

    brand: str | None
    price: float | None


class ShopItems(Reply):
    """Items of the catalogue in the order asked for; unknown ones are left out."""

    currency: str | None
    items: list[ShopItem]


class Household(BaseModel):
    """A user of the demo shop."""

    user_id: str
    events: int


class Households(Reply):
    """Some users of the demo shop."""

    users: list[Household]
    currency: str | None


class ProblemDocument(BaseModel):
    """RFC 9457: what went wrong, without a word of the input."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[dict[str, Any]] = Field(default_factory=list)
