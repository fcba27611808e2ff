"""The request and response models of items, promotions and related items."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from llm_explain.service.schemas import fields
from llm_explain.service.schemas.language import spoken
from scoring.data.tables import PROMOTION


class ItemFields(fields.Body):
    """Fields of an item; those that are not given stay as they are.

    Attributes:
        category: One name, a path ``Home > Kitchen > Mugs``, or several joined by ``|``.
        first_seen: When the shop first had it.
        available: Whether the item may be recommended.
    """

    model_config = fields.example({"title": "Smoked cheddar", "price": 5.3})

    title: fields.Text | None = None
    category: fields.Text | None = None
    brand: fields.Text | None = None
    price: fields.Price | None = None
    description: Annotated[str, StringConstraints(max_length=10_000)] | None = None
    image: fields.Text | None = None
    parent_id: fields.Id | None = None
    first_seen: fields.PastMoment | None = None
    available: bool | None = None


class ItemRow(ItemFields):
    """An item."""

    item_id: fields.Id


class ItemsRequest(fields.Body):
    """Add or change several items.

    Attributes:
        items: The items.
    """

    model_config = fields.example({"items": [{"item_id": "n1", "title": "Smoked cheddar", "category": "cheese"}]})

    items: Annotated[tuple[ItemRow, ...], Field(min_length=1, max_length=fields.MAX_ROWS)]


class PromotionRow(fields.Body):
    """A promotion of an item.

    Attributes:
        start: First moment.
        end: Moment after the last; none for a promotion without an end.
        label: The shop's name of the kind of promotion; ``promotion`` if not given.
        store_id: The store; all stores if not given.
    """

    item_id: fields.Id
    start: fields.TableMoment
    end: fields.TableMoment | None = None
    label: fields.Text = PROMOTION
    store_id: fields.Id | None = None


class PromotionsRequest(fields.Body):
    """Add promotions; one with the item, start, label and store of another replaces it.

    Attributes:
        promotions: The promotions.
    """

    model_config = fields.example({"promotions": [{"item_id": "n1", "start": "2026-12-01", "label": "sale"}]})

    promotions: Annotated[tuple[PromotionRow, ...], Field(min_length=1, max_length=fields.MAX_ROWS)]


class ShopPromotions(fields.Reply):
    """Promotions that run or will run.

    Attributes:
        unknown_items: Items that the catalogue does not have.
    """

    promotions: list[PromotionRow]
    unknown_items: list[str] = Field(default_factory=list)


class PromotionEnd(fields.Body):
    """A new end of promotions that run or will run.

    Attributes:
        item_id: Their item.
        label: Only promotions with this label; all of the item if not given.
        end: The new end; none for promotions without an end.
    """

    item_id: fields.Id
    label: fields.Text | None = None
    end: fields.TableMoment | None


class PromotionEndsRequest(fields.Body):
    """Change ends of promotions.

    Attributes:
        promotions: The promotions.
    """

    model_config = fields.example({"promotions": [{"item_id": "n1", "end": "2026-12-24T00:00:00Z"}]})

    promotions: Annotated[tuple[PromotionEnd, ...], Field(min_length=1, max_length=fields.MAX_ROWS)]


class SimilarRequest(fields.Body):
    """Ask for items that are like one item or that its buyers bought too.

    Attributes:
        k: How many.
        locale: Language of the texts.
    """

    model_config = fields.example({"item_id": "1082185"})

    item_id: fields.Id
    k: Annotated[int, Field(ge=1, le=fields.MAX_K)] = 10
    locale: fields.Locale = Field(default_factory=spoken)


class CompleteRequest(fields.Body):
    """Ask for items that were bought together with those of a basket; unknown ones are skipped.

    Attributes:
        basket: Items of the basket.
        k: How many.
        locale: Language of the texts.
    """

    model_config = fields.example({"basket": ["1082185"]})

    basket: Annotated[tuple[fields.Id, ...], Field(min_length=1, max_length=fields.MAX_K)]
    k: Annotated[int, Field(ge=1, le=fields.MAX_K)] = 10
    locale: fields.Locale = Field(default_factory=spoken)


class ShopItem(fields.ItemName):
    """An item of the catalogue."""

    brand: str | None = None
    price: float | None = None
    available: bool | None = None
    description: str | None = None
    image: str | None = None
    parent_id: str | None = None
    first_seen: datetime | None = None


class ShopItems(fields.Reply):
    """Items in the order asked for."""

    currency: str | None
    items: list[ShopItem]


class FilterName(BaseModel):
    """A category or a brand, and its items on sale."""

    name: str
    items: int


class ShopFilters(fields.Reply):
    """Names that ``categories`` and ``brands`` of a list take, those with most items first.

    Attributes:
        paths: Levels of the categories' paths, for a menu with levels: ``Food``, ``Food > Dairy``. ``categories`` of a
            list takes each of them.
    """

    categories: list[FilterName]
    paths: list[FilterName]
    brands: list[FilterName]


class RowStatus(BaseModel):
    """What became of one row of a request."""

    item_id: str
    status: Literal["ok", "unchanged", "unknown_item"]


class Changed(fields.Reply):
    """A change of the catalogue.

    Attributes:
        as_of: From when on it counts; none if nothing changed.
        items: What became of each row.
    """

    as_of: datetime | None
    items: list[RowStatus]


class RelatedItem(fields.ItemName):
    """An item that goes with others.

    Attributes:
        strength: By this the items are ordered; of no unit.
        text: A verified statement of how they go together; none where the counts permit none.
        kind: ``companion`` (bought together), ``follower`` (bought later), or empty.
        facts: Facts of the statement.
    """

    strength: float
    text: str | None
    kind: str
    facts: dict[str, str | int | float]


class RelatedItems(fields.Reply):
    """Related items, strongest first."""

    unknown_items: list[str] = Field(default_factory=list)
    items: list[RelatedItem]
