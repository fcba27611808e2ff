"""Types of the fields of ``/v1``, and the bases of its bodies and answers.

Unknown fields are refused, ids hold no control characters, numbers are finite, and times lie between 1970 and 2200. A
time without a zone is UTC.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

MAX_ID_LENGTH = 128
MAX_HISTORY = 10_000
MAX_EVENTS = MAX_FILTER = MAX_OFFSET = MAX_ROWS = 1000
MAX_K = MAX_USERS = MAX_PLAYERS = MAX_KINDS = 100
MAX_LISTED = 2000
"""Items of all users of one request; 10,000 with their records are 30 MB, which hold the event loop for seconds."""

FIRST_YEAR, LAST_YEAR = 1970, 2200
LEAST_PRICE = 0.0001
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def _naive_utc(moment: datetime) -> datetime:
    with suppress(OverflowError):  # in UTC it would lie before the year 1 or after 9999
        utc = moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
        if FIRST_YEAR <= utc.year < LAST_YEAR:
            return utc
    raise ValueError(f"A moment between {FIRST_YEAR} and {LAST_YEAR} is needed.")


def _with_zone(value: object, read: Callable[[object], datetime]) -> datetime:
    moment = read(value)
    is_day = value.tzinfo is None if isinstance(value, datetime) else bool(_DAY.fullmatch(str(value)))
    return moment if is_day else moment.replace(tzinfo=UTC)


def _has_come(moment: datetime) -> datetime:
    if moment.replace(tzinfo=UTC) > datetime.now(UTC) + timedelta(days=1):
        raise ValueError("A moment at most a day ahead is needed.")
    return moment


def _is_price(price: float) -> float:
    if 0 < price < LEAST_PRICE:
        raise ValueError(f"A price of 0 or of at least {LEAST_PRICE} is needed.")
    return price


_VISIBLE = r"^[^\x00-\x1f\x7f]+$"


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[
    str, BeforeValidator(_as_text), StringConstraints(min_length=1, max_length=MAX_ID_LENGTH, pattern=_VISIBLE)
]
"""An id of the shop; a whole number is taken as its digits."""

Player = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=_VISIBLE)]
"""``group:<category>``, ``rest`` or ``context:<term>``."""

Moment = Annotated[datetime, AfterValidator(_naive_utc)]
TableMoment = Annotated[Moment, WrapValidator(_with_zone)]
"""A time in UTC with its zone. A day without a time stays without a zone: it begins at the shop's midnight."""

PastMoment = Annotated[TableMoment, AfterValidator(_has_come)]
Kind = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")]
"""A claim kind; the handler knows which there are."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=_VISIBLE)]
Price = Annotated[float, AfterValidator(_is_price), Field(ge=0, le=1e9)]
Label = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
PlaceName = Annotated[str, StringConstraints(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A channel or a store; empty for none."""

Locale = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}(-[A-Za-z]{2,4})?$")]
"""A language, perhaps with a region: ``en``, ``en-GB``."""

ExplanationId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]
FeedbackVerdict = Literal["helpful", "not_helpful", "wrong", "hide_reason"]
Detail = Literal["text", "reasons", "full"]


class Body(BaseModel):
    """A JSON object whose fields are all known."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _names_are_known(cls, values: object) -> object:
        """Refuse unknown fields and name the known ones: a problem document repeats no name of the request."""
        known = {field.alias or name for name, field in cls.model_fields.items()}
        is_strict = cls.model_config["extra"] == "forbid"
        if is_strict and isinstance(values, dict) and not values.keys() <= known:
            told = {"fields": ", ".join(sorted(known))}
            raise PydanticCustomError("unknown_field", "A field is unknown. The fields are {fields}.", told)
        return values


def example(*bodies: dict[str, Any]) -> ConfigDict:
    """Return a configuration with examples of a body for the OpenAPI document."""
    return ConfigDict(json_schema_extra={"examples": list(bodies)})


class Reply(BaseModel):
    """An answer.

    Attributes:
        request_id: Id of the request, as in the ``X-Request-ID`` header and the logs.
    """

    model_config = ConfigDict(extra="forbid")

    request_id: str


class ItemName(BaseModel):
    """An item.

    Attributes:
        status: ``unknown_item`` for an item outside the catalogue, of which nothing else is said.
    """

    item_id: str
    status: Literal["ok", "unknown_item"] = "ok"
    title: str | None = None
    category: str | None = None
