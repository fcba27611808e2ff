"""The response models of recommendations, explanations and the operator. Each answer carries the id of its request."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from llm_explain.service.schemas.fields import ItemName, Reply
from llm_explain.service.schemas.records import Place, Record


class UserAnswer(BaseModel):
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


class UserReply(UserAnswer, Reply):
    """An answer about one user or history."""


class Item(ItemName, Place):
    """An item with its place and the reason for it.

    Attributes:
        rank: Place by score among the allowed items, from 1; none for an item outside the candidates.
        score: Ranking value in logits; with ``detail=full`` only.
        probability: Calibrated probability of a purchase within 30 days; with ``detail=full`` only.
        explanation: Why; none if it was not asked for.
    """

    rank: int | None = None
    score: float | None = None
    probability: float | None = None
    explanation: Record | None = None


class Dropped(BaseModel):
    """An item that was asked for and that no list shows.

    Attributes:
        reason: Not on sale, never recommended, or bought by too few users for a rank.
    """

    item_id: str
    reason: Literal["unavailable", "policy", "not_ranked"]


class UserItems(UserAnswer):
    """Items, best first or in the order asked for.

    Attributes:
        locale: Language of the texts.
        recorded: Whether the explanations can be fetched again by their ids.
        unknown_items: Items that the request names in filters or the history, and that the catalogue does not have.
        dropped: Items of ``candidates`` and ``pins``, or of those to explain, that no list shows.
    """

    locale: str
    recorded: bool
    unknown_items: list[str] = []
    dropped: list[Dropped] = []
    items: list[Item]


class Items(UserItems, Reply):
    """Items of one user or history."""


class ItemsOfUsers(Reply):
    """Items of several users, in the order asked for."""

    results: list[UserItems]


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
    """One item with and without some players; ``text`` says it in a verified sentence."""

    score: float | None = None
    score_without: float | None = None
    rank: int | None = None
    rank_without: int | None = None
    text: str | None = None


class WhatIf(UserReply):
    """Scores and ranks as if some players had never been there; exact."""

    items: list[WhatIfItem]


class Contrast(UserReply):
    """Why one item scores above another; the differences and ``base_difference`` sum to ``score_difference``.

    ``names`` has its history groups as sentences say them. ``text`` says in a verified sentence why the item with the
    higher score ranks higher.
    """

    item_id: str
    other_id: str
    score_difference: float
    base_difference: float
    differences: dict[str, float]
    names: dict[str, str]
    text: str | None = None


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


Status = Literal["ok", "draining", "unavailable"]


class Health(BaseModel):
    """Whether the process is alive or ready."""

    status: Status
    checks: dict[str, bool] = Field(default_factory=dict)


class ProblemDocument(BaseModel):
    """RFC 9457: what went wrong, without a word of the input."""

    model_config = ConfigDict(extra="allow")

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[dict[str, Any]] = Field(default_factory=list)
