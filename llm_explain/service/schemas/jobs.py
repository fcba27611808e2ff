"""The request and response models of the jobs under ``/v1``: churn and demand."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from llm_explain.service.schemas.fields import MAX_K, Body, Detail, Id, Locale, Reply, example
from llm_explain.service.schemas.language import spoken

MAX_PLANS = 1000
MAX_WEEKS = 26

StoreId = Annotated[str, Field(max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
Number = Annotated[float, Field(ge=0, le=1e9)]


class ChurnRequest(Body):
    """Ask for risks of churn.

    Attributes:
        user_ids: Users; the ``k`` with the highest risks if not given.
        k: How many users where none are named.
        locale: Language of the texts.
        detail: ``text``, ``reasons`` with their facts, or ``full`` for the explanation record.
    """

    model_config = example({"user_ids": ["2493", "2131"]}, {"k": 20})

    user_ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=MAX_K)] | None = None
    k: Annotated[int, Field(ge=1, le=MAX_K)] = 10
    locale: Locale = Field(default_factory=spoken)
    detail: Detail = "reasons"


class Series(Body):
    """An item in a store.

    Attributes:
        item_id: The item.
        store_id: The store; empty for sales without stores.
    """

    item_id: Id
    store_id: StoreId = ""


class StockRow(Series):
    """Stock of an item in a store.

    Attributes:
        on_hand: Units in the store.
        on_order: Units that were ordered and have not arrived.
        lead_time_days: Days of a delivery.
        pack_size: Units of a pack.
        unit_cost: What a unit costs the shop.
        price: What a unit costs the shopper.
        salvage_value: What a unit that is left over is worth, 0 for goods that spoil. With cost and price, it gives the
            service level.
    """

    on_hand: Number
    on_order: Number = 0.0
    lead_time_days: Annotated[float, Field(ge=0, le=365)] = 7.0
    pack_size: Annotated[float, Field(gt=0, le=1e9)] = 1.0
    unit_cost: Number | None = None
    price: Number | None = None
    salvage_value: Number | None = None


class PlanRow(Series):
    """Price and promotions of an item in a coming week; without a store they hold in all.

    Attributes:
        date: A day of the week; for sales with dates.
        week: The week; for sales whose weeks are numbers.
        price: The price.
        promotions: Share of the week by promotion of the sales.
    """

    date: dt.date | None = None
    week: int | None = None
    price: Annotated[float, Field(gt=0, le=1e9)] | None = None
    promotions: Annotated[dict[str, Annotated[float, Field(ge=0, le=1)]], Field(max_length=20, default_factory=dict)]


class DemandRequest(Body):
    """Ask for forecasts and orders.

    Attributes:
        items: Items in stores.
        weeks: How many weeks ahead; all that the model knows if not given.
        stock: Stock; an item with stock gets an order or the reason why none is due.
        plans: Prices and promotions of coming weeks.
        service_level: Share of the periods in which the stock is to last; from costs, prices and salvage values if not
            given, else .95.
        locale: Language of the texts.
        detail: As for churn.
    """

    model_config = example(
        {"items": [{"item_id": "1082185"}], "stock": [{"item_id": "1082185", "on_hand": 260, "pack_size": 40}]}
    )

    items: Annotated[tuple[Series, ...], Field(min_length=1, max_length=MAX_K)]
    weeks: Annotated[int, Field(ge=1, le=MAX_WEEKS)] | None = None
    stock: Annotated[tuple[StockRow, ...], Field(max_length=MAX_K)] = ()
    plans: Annotated[tuple[PlanRow, ...], Field(max_length=MAX_PLANS)] = ()
    service_level: Annotated[float, Field(ge=0.5, le=0.975)] | None = None
    locale: Locale = Field(default_factory=spoken)
    detail: Detail = "reasons"


class Driver(BaseModel):
    """A driver that a text tells, with its exact attribution and the facts of its rule."""

    kind: str
    player: str
    phi: float
    facts: dict[str, str | int | float]


class Told(BaseModel):
    """A text with what it tells.

    Attributes:
        text: The verified text; none where nothing true can be said.
        reasons: Drivers in the direction of the text, largest first; with ``detail`` ``reasons``.
        statements: What else the text states, for example drivers against it.
        record: The explanation record; with ``detail`` ``full``.
    """

    text: str | None = None
    reasons: list[Driver] | None = None
    statements: list[Driver] | None = None
    record: dict[str, Any] | None = None


class Action(BaseModel):
    """The best action that an experiment measured for such customers, proven or not.

    Attributes:
        action: Its name.
        uplift: Measured uplift, as a share or in money.
        uplift_low: Lower bound of it; none if too few customers were measured.
        is_proven: Whether the bound is above zero; only then a text names the action.
    """

    action: str
    uplift: float
    uplift_low: float | None
    is_proven: bool


class UserRisk(Told):
    """The risk of one user.

    Attributes:
        status: ``not_scored`` for a user without recent purchases, an erased one, and one who is not personalised.
    """

    user_id: str
    status: Literal["scored", "not_scored"]
    risk: float | None = None
    action: Action | None = None


class ChurnReply(Reply):
    """Risks in the order asked for, or highest first.

    Attributes:
        as_of: Only events before this moment were read.
        average: Mean risk of all users that are scored.
        days: Days ahead that a risk looks at; none for a table of customers.
    """

    as_of: dt.datetime
    average: float
    days: int | None
    results: list[UserRisk]


class ItemDemand(Told):
    """Forecasts of one item in one store.

    Attributes:
        weeks: Units of each coming week with ranges: ``units``, ``low_50``, ``high_50``, …, ``high_95``.
        order: ``state`` (``order``, ``enough``, ``overstock``, ``dead``), ``order_units``, ``days_left`` and what
            they rest on; none without stock.
    """

    item_id: str
    store_id: str
    status: Literal["forecast", "unknown_item"]
    weeks: list[dict[str, str | int | float]] = []
    order: dict[str, str | int | float | None] | None = None


class DemandReply(Reply):
    """Forecasts in the order asked for.

    Attributes:
        last_week: Last week with sales.
        unit: What the units are, for example ``oz``; empty for pieces.
    """

    last_week: str
    unit: str
    results: list[ItemDemand]
