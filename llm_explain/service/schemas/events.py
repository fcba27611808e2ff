"""The request and response models of events and experiments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from llm_explain.service.schemas import fields


class HistoryEvent(fields.Body):
    """One event of one user.

    Attributes:
        item_id: An item of the catalogue.
        timestamp: When; in an event that is to be stored it may be left out for the shop's present moment.
        quantity: Units.
        price: Price of one unit.
        kind: Kind of event.
        value: A rating, on the scale of the shop's log.
        channel: Where it happened, such as ``web`` or ``app``.
        store_id: The store.
        order_id: The order; the events of one order are one occasion.
    """

    item_id: fields.Id
    timestamp: fields.Moment
    quantity: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    price: fields.Price | None = None
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")] = "purchase"
    value: Annotated[float, Field(ge=-1e6, le=1e6)] | None = None
    channel: fields.PlaceName = ""
    store_id: fields.PlaceName = ""
    order_id: Annotated[str, StringConstraints(max_length=fields.MAX_ID_LENGTH, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class Experiment(fields.Body):
    """The arm of an experiment that an answer belongs to.

    Attributes:
        tag: Name of the experiment.
        arm: The variant that the shopper sees.
    """

    tag: fields.Label
    arm: fields.Label = "all"


class NewEvent(HistoryEvent):
    """An event to store.

    ``impression`` and ``click`` count for an experiment and are no part of a history. Those without an experiment are
    not stored; send ``view`` for what a shopper looked at.

    Attributes:
        user_id: Whose.
        timestamp: When; the shop's present moment if not given.
        explanation_id: Explanation that was shown or clicked; its latest answer names the experiment.
        experiment: The experiment of an impression or a click without an explanation.
    """

    user_id: fields.Id
    timestamp: fields.Moment | None = None  # type: ignore[assignment]
    explanation_id: fields.ExplanationId | None = None
    experiment: Experiment | None = None


class EventsRequest(fields.Body):
    """Store events; they count in the next answer.

    Attributes:
        events: The events, of any users.
    """

    model_config = fields.example({"events": [{"user_id": "1228", "item_id": "1082185"}]})

    events: Annotated[tuple[NewEvent, ...], Field(min_length=1, max_length=fields.MAX_EVENTS)]


class Stored(fields.Reply):
    """Events that are stored.

    Attributes:
        repeated: Whether an earlier request with this key had stored them.
        unknown_items: Items that the catalogue does not have; their events are not stored.
        unknown_kinds: Kinds of stored events that the log of the training does not have; they move no score.
        unknown_explanations: Explanations of impressions and clicks that no experiment gave for the item; not counted.
    """

    stored: int
    repeated: bool
    unknown_items: list[str] = Field(default_factory=list)
    unknown_kinds: list[str] = Field(default_factory=list)
    unknown_explanations: list[str] = Field(default_factory=list)


class LoggedEvent(HistoryEvent):
    """An event and where it is kept: in the ``artifacts`` or in the service's ``state``.

    Attributes:
        value: A rating, if the event has one.
        source: Where it is kept.
    """

    value: float | None = None
    source: Literal["artifacts", "state"]


class Exposure(BaseModel):
    """What an arm of an experiment answered or showed, or a click on it."""

    tag: str
    arm: str
    kind: str
    item_id: str
    timestamp: datetime


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


class ExperimentReply(fields.Reply):
    """The figures of an experiment."""

    tag: str
    arms: list[Arm]
