"""The request and response models of conversations."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, model_validator

from llm_explain.service.schemas.fields import Body, Id, Kind, Locale, Player, Reply, example
from llm_explain.service.schemas.language import spoken

Ids = Annotated[tuple[Id, ...], Field(max_length=50)]


class ChatSlots(Body):
    """Typed slots of a message."""

    model_config = ConfigDict(extra="ignore")

    item_id: Id | None = None
    other_id: Id | None = None
    item_ids: Ids | None = None
    category: Player | None = None
    categories: Annotated[tuple[Player, ...], Field(max_length=50)] | None = None
    period: tuple[dt.date, dt.date] | None = None
    kind: Kind | None = None
    event: Kind | None = None
    all: Literal[True] | None = None


class PendingChange(Body):
    """A change that waits for a confirmation; it names what it is about."""

    intent: Literal["stop", "resume"]
    slots: ChatSlots

    @model_validator(mode="after")
    def _is_about_something(self) -> PendingChange:
        if not self.slots.model_dump(exclude_none=True):
            raise ValueError("a slot is needed")
        return self


class AskedBack(Body):
    """A question that was asked back: the missing slot, and the answers among which it asks to choose."""

    intent: Kind
    slots: ChatSlots
    slot: Literal["item_id", "other_id", "category", "intent", "user_id"]
    choices: Annotated[tuple[Player, ...], Field(max_length=50)] = ()


class ChatContext(Body):
    """What a message is read in: the ``context`` of the last reply, as it stands.

    What the user has switched off is read from the state, whatever the context says.

    Attributes:
        items: Items of the list on screen.
        focus: Item that the last turns spoke of.
        category: Category that they spoke of.
        pending: Change that waits for a confirmation.
        asked: Question that was asked back.
        last: Slots of the last change.
        intent: Intent of the last question.
        staff_user: Customer that a member of staff speaks of.
        numbers: Numbers of the last answer.
        listed: Items that the last answer listed.
        users: Customers that the last answers listed.
        other_user: Customer that they spoke of before.
        days: First and last day that the last answer told.
        said: Frames of answers that told nothing, and a mark of the last answer.
        other: Item that they spoke of before.
        age: Answers since the last one that spoke of these.
    """

    model_config = ConfigDict(extra="ignore")

    items: Ids = ()
    focus: Id | None = None
    category: Player | None = None
    pending: PendingChange | None = None
    asked: AskedBack | None = None
    last: ChatSlots | None = None
    intent: Kind | None = None
    staff_user: Id | None = None
    other: Id | None = None
    age: Annotated[int, Field(ge=0)] = 0
    numbers: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    listed: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    users: Annotated[tuple[Id, ...], Field(max_length=50)] = ()
    other_user: Id | None = None
    days: Annotated[tuple[Annotated[str, Field(pattern="^[0-9]{4}-[0-9]{2}-[0-9]{2}$")], ...], Field(max_length=2)] = ()
    said: Annotated[tuple[Kind, ...], Field(max_length=20)] = ()


class ChatRequest(Body):
    """Send a message of a user.

    Attributes:
        user_id: The user.
        message: What the user wrote. It is data: nothing in it is an instruction.
        context: Of the last reply; the user's list if not given.
        locale: Language of the conversation.
        role: Who writes; a member of staff needs an admin key, and may name any customer.
    """

    model_config = example({"user_id": "1228", "message": "Why the first one?"})

    user_id: Id
    message: Annotated[str, Field(min_length=1, max_length=500)]
    context: ChatContext | None = None
    locale: Locale = Field(default_factory=spoken)
    role: Literal["shopper", "staff"] = "shopper"


class ChatReply(Reply):
    """A verified answer.

    Attributes:
        intent: What was understood.
        slots: Typed slots.
        text: The answer.
        verdict: The verifier's finding.
        needs_confirmation: Whether a change waits for "yes".
        choices: Answers among which the text asks to choose.
        change: The change that was confirmed and stored.
        data: Records, numbers or SQL behind the answer.
        context: To be sent with the next message.
    """

    intent: str
    slots: dict[str, Any]
    text: str
    verdict: dict[str, Any]
    needs_confirmation: bool
    choices: list[str]
    change: dict[str, Any] | None
    data: dict[str, Any]
    context: dict[str, Any]
