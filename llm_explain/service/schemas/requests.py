"""The request models of ``/v1``.

Unknown fields are refused, ids hold no control characters, numbers are finite, and times lie between 1970 and 2200. A
time is stored in UTC without a zone.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from llm_explain.composition import SelectionOptions
from llm_explain.errors import SettingError
from llm_explain.records import Source
from llm_explain.service.schemas.language import spoken
from llm_explain.skeletons.sources import order_of
from llm_explain.text.skeleton import Tone
from llm_explain.text.surfaces import LEAST_LENGTH

MAX_ID_LENGTH = 128
MAX_K = 100
MAX_USERS = 100
MAX_HISTORY = 10_000
MAX_EVENTS = 1000
MAX_FILTER = 1000
MAX_OFFSET = 1000
MAX_ROWS = 1000
MAX_PLAYERS = 100
MAX_KINDS = 100
FIRST_YEAR, LAST_YEAR = 1970, 2200


def _naive_utc(moment: datetime) -> datetime:
    if not FIRST_YEAR <= moment.year < LAST_YEAR:
        raise ValueError(f"a moment between {FIRST_YEAR} and {LAST_YEAR} is needed")
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


_VISIBLE = r"^[^\x00-\x1f\x7f]+$"


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[
    str,
    BeforeValidator(_as_text),
    StringConstraints(min_length=1, max_length=MAX_ID_LENGTH, pattern=_VISIBLE),
]
"""An id of the shop; a whole number is taken as its digits."""

Player = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_VISIBLE)]
"""``group:<category>``, ``rest`` or ``context:<term>``."""

Moment = Annotated[datetime, AfterValidator(_naive_utc)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
"""A claim kind; the handler knows which there are."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_VISIBLE)]
Price = Annotated[float, Field(ge=0, le=1e9)]
Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
"""A language, perhaps with a region: ``en``, ``en-GB``."""

ExplanationId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
FeedbackVerdict = Literal["helpful", "not_helpful", "wrong", "hide_reason"]
Detail = Literal["text", "reasons", "full"]


class Body(BaseModel):
    """A JSON object whose fields are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)


def example(*bodies: dict[str, Any]) -> ConfigDict:
    """Return a configuration with examples of a body for the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": list(bodies)})


class HistoryEvent(Body):
    """One event of one user.

    Attributes:
        item_id: An item of the catalogue.
        timestamp: When; in an event that is to be stored it may be left out for the shop's present moment.
        quantity: Units.
        price: Price of one unit.
        kind: Kind of event.
        channel: Where it came from.
        store_id: The store.
        order_id: The order; the events of one order are one occasion.
    """

    item_id: Id
    timestamp: Moment
    quantity: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    price: Price | None = None
    kind: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")] = "purchase"
    channel: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    store_id: Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    order_id: Annotated[str, StringConstraints(max_length=MAX_ID_LENGTH, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class Who(Body):
    """Either a user of the shop, or a history that is read for this answer and then forgotten.

    Attributes:
        user_id: The shop's id; a user without events is answered from context alone.
        history: Events of one user, in any order.
        as_of: Only events before this time count; the present if not given (the snapshot's time, if the operator set
            that). A user's latest event always counts.
    """

    user_id: Id | None = None
    history: Annotated[tuple[HistoryEvent, ...], Field(max_length=MAX_HISTORY)] | None = None
    as_of: Moment | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Who:
        if sum(getattr(self, name, None) is not None for name in ("user_id", "history", "users")) != 1:
            raise ValueError("exactly one of user_id, history and, for a list, users is needed")
        return self


def _order(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    try:
        return order_of(sources)
    except SettingError as error:
        raise ValueError(str(error)) from error


Sources = Annotated[tuple[Source, ...], AfterValidator(_order)]


class Experiment(Body):
    """The arm of an experiment that an answer belongs to.

    Attributes:
        tag: Name of the experiment.
        arm: The variant that the shopper sees.
    """

    tag: Label
    arm: Label = "all"


class Wording(Body):
    """How a sentence is to sound, and how much of its record is returned.

    Attributes:
        detail: ``text`` for the sentence; ``reasons`` for reasons and badges too; ``full`` for the whole record.
        experiment: Counts the answer, and what follows from it, for an arm of an experiment.
        tone: ``friendly``, ``concise`` or ``formal``; the surface's if not given, else friendly.
        locale: Language of the text.
        surface: Where the text is shown: ``card``, ``detail``, ``email`` or ``push``; it sets length and tone.
        max_length: Most characters of a text, where the surface allows as many.
        deadline_ms: Milliseconds that writing may take; when they are over, templates answer.
        sources: Where sentences come from, first to last, ``template`` at the end; the service's setting if not given.
    """

    tone: Tone | None = None
    locale: Locale = Field(default_factory=spoken)
    surface: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$")] | None = None
    max_length: Annotated[int, Field(ge=LEAST_LENGTH, le=1000)] | None = None
    deadline_ms: Annotated[int, Field(ge=1, le=10_000)] | None = None
    sources: Sources | None = None
    detail: Detail = "reasons"
    experiment: Experiment | None = None

    def words(self) -> dict[str, Any]:
        """Return what the explainer is asked for, but for the deadline: what a replay needs to say the same."""
        return {name: getattr(self, name) for name in ("tone", "locale", "surface", "max_length", "sources")}


_ITEM_LISTS = ("exclude", "candidates", "pins", "buries")


class RecommendationRequest(Who, Wording):
    """Ask for a list of items; unknown items in its filters are skipped.

    Attributes:
        users: Several users, each of whom gets a list of their own, for example for e-mails.
        k: How many.
        explain: Whether to say why.
        section: ``new``, ``again``, or ``mixed`` for both; ``score`` ranks by score alone, without sections.
        exclude: Items that are left out.
        cart: Items in the shopper's cart, which are left out too.
        candidates: Items that may be shown; all if not given. For example, what is in stock.
        categories: Categories that may be shown; all if empty.
        brands: Brands that may be shown; all if empty.
        min_price: Lowest price in the shop's currency.
        max_price: Highest price.
        diversity: From 0 (by score) to 1: how much a category that the section already shows counts against an item.
        offset: Places to skip, for the next page.
        pins: Items that the merchant puts first, in this order.
        buries: Items that the merchant puts last.
    """

    model_config = example({"user_id": "1228", "k": 10})

    users: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_USERS)] | None = None
    k: Annotated[int, Field(ge=1, le=MAX_K)] = 10
    explain: bool = True
    section: Literal["new", "again", "mixed", "score"] = "mixed"
    exclude: Annotated[tuple[Id, ...], Field(max_length=MAX_FILTER)] = ()
    cart: Annotated[tuple[Id, ...], Field(max_length=MAX_FILTER)] = ()
    candidates: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_FILTER)] | None = None
    categories: Annotated[tuple[Player, ...], Field(max_length=MAX_PLAYERS)] = ()
    brands: Annotated[tuple[Player, ...], Field(max_length=MAX_PLAYERS)] = ()
    min_price: Price | None = None
    max_price: Price | None = None
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET)] = 0
    pins: Annotated[tuple[Id, ...], Field(max_length=MAX_K)] = ()
    buries: Annotated[tuple[Id, ...], Field(max_length=MAX_FILTER)] = ()

    def of(self, user_id: str) -> RecommendationRequest:
        """Return the request for one of its users."""
        return self.model_copy(update={"user_id": user_id, "users": None})

    def items_named(self) -> tuple[str, ...]:
        """Return the items that the request names."""
        events = (event.item_id for event in self.history or ())
        return (*events, *self.cart, *(item_id for name in _ITEM_LISTS for item_id in getattr(self, name) or ()))

    def listed(self, known: Container[str]) -> dict[str, Any]:
        """Return which items the explainer is asked for.

        Args:
            known: The catalogue's ids; other items are skipped.

        Returns:
            Keyword arguments.
        """
        options = {name: getattr(self, name) for name in SelectionOptions.__annotations__ if name != "section"}
        options["exclude"] += self.cart
        for name in _ITEM_LISTS:
            if options[name] is not None:
                options[name] = tuple(item_id for item_id in options[name] if item_id in known)
        return {**options, "k": self.k, "section": None if self.section == "score" else self.section}


class ExplanationRequest(Who, Wording):
    """Ask why items score as they do, for a shop with a ranking of its own.

    Attributes:
        item_ids: Items; the answer reports those that are unknown.
    """

    model_config = example({"user_id": "1228", "item_ids": ["1082185"]})

    item_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_K)]


class WhatIfRequest(Who):
    """Ask for scores and ranks as if some players had never been there.

    Attributes:
        without: Players.
        item_ids: Items to answer for; the best ``k`` with and without the players if not given.
        k: How many items where none are named.
        locale: Language of the sentences.
    """

    model_config = example({"user_id": "1228", "without": ["group:cheese"]})

    without: Annotated[tuple[Player, ...], Field(min_length=1, max_length=MAX_PLAYERS)]
    item_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_K)] | None = None
    k: Annotated[int, Field(ge=1, le=MAX_K)] = 10
    locale: Locale = Field(default_factory=spoken)


class ContrastRequest(Who):
    """Ask why one item scores above another.

    Attributes:
        item_id: The one.
        other_id: The other.
        locale: Language of the sentence.
    """

    model_config = example({"user_id": "1228", "item_id": "1082185", "other_id": "981760"})

    item_id: Id
    other_id: Id
    locale: Locale = Field(default_factory=spoken)


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

    user_id: Id
    timestamp: Moment | None = None  # type: ignore[assignment]
    explanation_id: ExplanationId | None = None
    experiment: Experiment | None = None


class EventsRequest(Body):
    """Store events; they count in the next answer.

    Attributes:
        events: The events, of any users.
    """

    model_config = example({"events": [{"user_id": "1228", "item_id": "1082185"}]})

    events: Annotated[tuple[NewEvent, ...], Field(min_length=1, max_length=MAX_EVENTS)]


class ItemFields(Body):
    """Fields of an item; those that are not given stay as they are.

    Attributes:
        category: One name, a path ``Home > Kitchen > Mugs``, or several joined by ``|``.
        available: Whether the item may be recommended.
    """

    model_config = example({"title": "Smoked cheddar", "price": 5.3})

    title: Text | None = None
    category: Text | None = None
    brand: Text | None = None
    price: Price | None = None
    description: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    image: Text | None = None
    parent_id: Id | None = None
    first_seen: Moment | None = None
    available: bool | None = None


class ItemRow(ItemFields):
    """An item."""

    item_id: Id


class ItemsRequest(Body):
    """Add or change several items.

    Attributes:
        items: The items.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"items": [{"item_id": "n1", "title": "Smoked cheddar", "category": "cheese"}]}]
        }
    )

    items: Annotated[tuple[ItemRow, ...], Field(min_length=1, max_length=MAX_ROWS)]


class PromotionRow(Body):
    """A promotion of an item.

    Attributes:
        start: First moment.
        end: Moment after the last; none for a promotion without an end.
        label: The shop's name of the kind of promotion.
        store_id: The store; all stores if not given.
    """

    item_id: Id
    start: Moment
    end: Moment | None = None
    label: Text
    store_id: Id | None = None

    @model_validator(mode="after")
    def _ends_later(self) -> PromotionRow:
        if self.end is not None and self.end <= self.start:
            raise ValueError("an end after the start is needed")
        return self


class PromotionsRequest(Body):
    """Add promotions; one with the item, start, label and store of another replaces it.

    Attributes:
        promotions: The promotions.
    """

    model_config = example({"promotions": [{"item_id": "n1", "start": "2026-12-01", "label": "sale"}]})

    promotions: Annotated[tuple[PromotionRow, ...], Field(min_length=1, max_length=MAX_ROWS)]


class PromotionEnd(Body):
    """A new end of promotions that run or will run.

    Attributes:
        item_id: Their item.
        label: Only promotions with this label; all of the item if not given.
        end: The new end; none for promotions without an end.
    """

    item_id: Id
    label: Text | None = None
    end: Moment | None


class PromotionEndsRequest(Body):
    """Change ends of promotions.

    Attributes:
        promotions: The promotions.
    """

    model_config = example({"promotions": [{"item_id": "n1", "end": "2026-12-24T00:00:00Z"}]})

    promotions: Annotated[tuple[PromotionEnd, ...], Field(min_length=1, max_length=MAX_ROWS)]


class SimilarRequest(Body):
    """Ask for items that are like one item or that its buyers bought too.

    Attributes:
        k: How many.
        locale: Language of the texts.
    """

    model_config = example({"item_id": "1082185"})

    item_id: Id
    k: Annotated[int, Field(ge=1, le=MAX_K)] = 10
    locale: Locale = Field(default_factory=spoken)


class CompleteRequest(Body):
    """Ask for items that were bought together with those of a basket; unknown ones are skipped.

    Attributes:
        basket: Items of the basket.
        k: How many.
        locale: Language of the texts.
    """

    model_config = example({"basket": ["1082185"]})

    basket: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_K)]
    k: Annotated[int, Field(ge=1, le=MAX_K)] = 10
    locale: Locale = Field(default_factory=spoken)


class TokenRequest(Body):
    """Ask for a token with which a browser may ask about one user.

    Attributes:
        user_id: The only user that the token is good for.
        seconds: How long it is good.
    """

    model_config = ConfigDict(json_schema_extra={"examples": [{"user_id": "1228"}]})

    user_id: Id
    seconds: Annotated[int, Field(ge=10, le=3600)] = 900


class ReasonName(Body):
    """One reason of a sentence.

    Attributes:
        kind: Claim kind.
        player: Player that it speaks for.
    """

    kind: Kind
    player: Player


class FeedbackRequest(Body):
    """Say what a shopper thinks of an explanation.

    Attributes:
        explanation_id: Id in the explanation record.
        user_id: Whose explanation it is; a storefront's key must name the user, a token does.
        verdict: ``wrong`` suppresses what the sentence says of this item, ``hide_reason`` suppresses the reason
            everywhere; both at once.
        reason: The reason that is meant; all reasons of the sentence if not given.
    """

    model_config = example({"explanation_id": "3b1f0c9a5d2e4f60718293a4", "verdict": "helpful"})

    explanation_id: ExplanationId
    user_id: Id | None = None
    verdict: FeedbackVerdict
    reason: ReasonName | None = None


class MergeRequest(Body):
    """Give everything of a guest to a user.

    Attributes:
        guest_id: The guest, as ``from``.
    """

    model_config = example({"from": "session-81f2"})

    guest_id: Annotated[Id, Field(alias="from")]


class Preferences(Body):
    """What a user has switched off.

    Attributes:
        personalised: Whether the user's history may be used at all.
        groups_off: History groups that do not count, as if their events had never been.
        kinds_off: Claim kinds that are never said to the user.
    """

    personalised: bool = True
    groups_off: Annotated[tuple[Player, ...], Field(max_length=MAX_PLAYERS)] = ()
    kinds_off: Annotated[tuple[Kind, ...], Field(max_length=MAX_KINDS)] = ()


class PreferencesPatch(Body):
    """Switch things off or on; what is not given stays.

    Attributes:
        personalised: Whether the user's history may be used at all.
        groups_off: History groups that do not count.
        kinds_off: Claim kinds that are never said to the user.
    """

    model_config = example({"groups_off": ["group:cheese"]})

    personalised: bool | None = None
    groups_off: Annotated[tuple[Player, ...], Field(max_length=MAX_PLAYERS)] | None = None
    kinds_off: Annotated[tuple[Kind, ...], Field(max_length=MAX_KINDS)] | None = None
