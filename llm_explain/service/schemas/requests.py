"""The request models of recommendations and explanations."""

from __future__ import annotations

from collections.abc import Container
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from llm_explain.composition import SelectionOptions
from llm_explain.errors import SettingError
from llm_explain.records import Source
from llm_explain.service.schemas import fields
from llm_explain.service.schemas.events import Experiment, HistoryEvent
from llm_explain.service.schemas.language import spoken
from llm_explain.skeletons.sources import order_of
from llm_explain.text.lexicon import DEFAULT_LOCALE
from llm_explain.text.skeleton import Tone
from llm_explain.text.surfaces import LEAST_LENGTH, load_surfaces


def _order(sources: tuple[Source, ...]) -> tuple[Source, ...]:
    try:
        return order_of(sources)
    except SettingError as error:
        raise ValueError(str(error)) from error


def _surface(name: str) -> str:
    if name not in (surfaces := load_surfaces(DEFAULT_LOCALE)):
        raise ValueError(f"One of {', '.join(surfaces)} is needed.")
    return name


Sources = Annotated[tuple[Source, ...], AfterValidator(_order)]


class Who(fields.Body):
    """Either a user of the shop, or a history that is read for this answer and then forgotten.

    Attributes:
        user_id: The shop's id; a user without events is answered from context alone.
        history: Events of one user, in any order; only the first event that is refused is reported.
        as_of: Only events before this time count; the present if not given (the snapshot's time, if the operator set
            that). A user's latest event counts unless it lies in the future.
        channel: Where the answer is shown: a channel of the log, ``web``, ``app``, ``mini_program`` or ``shop``. A shop
            whose log has no channels takes any.
    """

    user_id: fields.Id | None = None
    history: Annotated[tuple[HistoryEvent, ...], Field(max_length=fields.MAX_HISTORY, fail_fast=True)] | None = None
    as_of: fields.Moment | None = None
    channel: fields.PlaceName = ""

    @model_validator(mode="after")
    def _is_one(self) -> Who:
        if sum(getattr(self, name, None) is not None for name in ("user_id", "history", "users")) != 1:
            raise ValueError("Exactly one of user_id, history and, for a list, users is needed.")
        return self


class Wording(fields.Body):
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
    locale: fields.Locale = Field(default_factory=spoken)
    surface: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,32}$"), AfterValidator(_surface)] | None = None
    max_length: Annotated[int, Field(ge=LEAST_LENGTH, le=1000)] | None = None
    deadline_ms: Annotated[int, Field(ge=1, le=10_000)] | None = None
    sources: Sources | None = None
    detail: fields.Detail = "reasons"
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

    model_config = fields.example({"user_id": "1228", "k": 10})

    users: Annotated[tuple[fields.Id, ...], Field(min_length=1, max_length=fields.MAX_USERS)] | None = None
    k: Annotated[int, Field(ge=1, le=fields.MAX_K)] = 10
    explain: bool = True
    section: Literal["new", "again", "mixed", "score"] = "mixed"
    exclude: Annotated[tuple[fields.Id, ...], Field(max_length=fields.MAX_FILTER)] = ()
    cart: Annotated[tuple[fields.Id, ...], Field(max_length=fields.MAX_FILTER)] = ()
    candidates: Annotated[tuple[fields.Id, ...], Field(min_length=1, max_length=fields.MAX_FILTER)] | None = None
    categories: Annotated[tuple[fields.Player, ...], Field(max_length=fields.MAX_PLAYERS)] = ()
    brands: Annotated[tuple[fields.Player, ...], Field(max_length=fields.MAX_PLAYERS)] = ()
    min_price: fields.Price | None = None
    max_price: fields.Price | None = None
    diversity: Annotated[float, Field(ge=0, le=1)] = 0.0
    offset: Annotated[int, Field(ge=0, le=fields.MAX_OFFSET)] = 0
    pins: Annotated[tuple[fields.Id, ...], Field(max_length=fields.MAX_K)] = ()
    buries: Annotated[tuple[fields.Id, ...], Field(max_length=fields.MAX_FILTER)] = ()

    @model_validator(mode="after")
    def _is_bounded(self) -> RecommendationRequest:
        if self.min_price is not None and self.max_price is not None and self.min_price > self.max_price:
            raise ValueError("A min_price of at most max_price is needed.")
        if len(self.users or ()) * self.k > fields.MAX_LISTED:
            raise ValueError(f"At most {fields.MAX_LISTED} items in all, users times k, are needed.")
        return self

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
        section: ``mixed`` composes the items as one list, with sections, badges and reasons that do not repeat each
            other; ``score`` explains each item by itself.
    """

    model_config = fields.example({"user_id": "1228", "item_ids": ["1082185"]})

    item_ids: Annotated[tuple[fields.Id, ...], Field(min_length=1, max_length=fields.MAX_K)]
    section: Literal["mixed", "score"] = "score"

    def words(self) -> dict[str, Any]:
        """Return what the explainer is asked for, but for the deadline."""
        return {**super().words(), "is_list": self.section == "mixed"}


class WhatIfRequest(Who):
    """Ask for scores and ranks as if some players had never been there.

    Attributes:
        without: Players.
        item_ids: Items to answer for; the best ``k`` with and without the players if not given.
        k: How many items where none are named.
        locale: Language of the sentences.
    """

    model_config = fields.example({"user_id": "1228", "without": ["group:cheese"]})

    without: Annotated[tuple[fields.Player, ...], Field(min_length=1, max_length=fields.MAX_PLAYERS)]
    item_ids: Annotated[tuple[fields.Id, ...], Field(min_length=1, max_length=fields.MAX_K)] | None = None
    k: Annotated[int, Field(ge=1, le=fields.MAX_K)] = 10
    locale: fields.Locale = Field(default_factory=spoken)


class ContrastRequest(Who):
    """Ask why one item scores above another.

    Attributes:
        item_id: The one.
        other_id: The other.
        locale: Language of the sentence.
    """

    model_config = fields.example({"user_id": "1228", "item_id": "1082185", "other_id": "981760"})

    item_id: fields.Id
    other_id: fields.Id
    locale: fields.Locale = Field(default_factory=spoken)
