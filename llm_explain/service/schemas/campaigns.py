"""The request and response models of ``/v1/campaigns``."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, Field

from llm_explain.campaigns.settings import CampaignSettings
from llm_explain.service.schemas.fields import MAX_ROWS, Body, Detail, Id, Locale, Moment, Reply, example
from llm_explain.service.schemas.jobs import Told
from llm_explain.service.schemas.language import spoken


class Recipient(Body):
    """A user to consider.

    Attributes:
        user_id: The shop's id.
        consent: Whether the user agreed to messages in the campaign's channel.
        sent_at: When earlier messages were sent, for the frequency cap.
        uplift_low: Lower bound of the measured effect. If one recipient has it, users without a bound above 0 get none.
    """

    user_id: Id
    consent: bool
    sent_at: Annotated[tuple[Moment, ...], Field(max_length=100)] = ()
    uplift_low: float | None = None


class CouponRow(Body):
    """A coupon of the campaign, with ``amount_off`` or ``percent_off``; both days are included."""

    coupon_id: Id
    item_id: Id
    first_day: dt.date
    last_day: dt.date
    amount_off: Annotated[float, Field(gt=0, le=1e9)] | None = None
    percent_off: Annotated[int, Field(ge=1, le=99)] | None = None
    code: Annotated[str, Field(max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""


class CampaignRequest(CampaignSettings, Body):
    """Ask for a plan; the settings are those of ``llm-explain campaign plan``.

    Attributes:
        recipients: Users to consider.
        coupons: Coupons of the campaign; running promotions are offers too.
        as_of: The time of the campaign; the present if not given.
        detail: ``text``, ``reasons`` with their facts, or ``full`` for the explanation record of each offer.
    """

    model_config = example(
        {"unsubscribe_url": "https://shop.example/stop/{user_id}", "recipients": [{"user_id": "1228", "consent": True}]}
    )

    locale: Locale = Field(default_factory=spoken)
    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1, max_length=MAX_ROWS)]
    coupons: Annotated[tuple[CouponRow, ...], Field(max_length=MAX_ROWS)] = ()
    as_of: Moment | None = None
    detail: Detail = "reasons"

    def coupon_table(self) -> pd.DataFrame:
        """Return the coupons as the table that ``llm-explain campaign plan`` reads."""
        return pd.DataFrame([row.model_dump() for row in self.coupons], columns=list(CouponRow.model_fields))

    def settings(self) -> CampaignSettings:
        """Return the settings of the campaign."""
        return CampaignSettings(**self.model_dump(include={*CampaignSettings.model_fields}))


class PlannedOffer(Told):
    """An offer with its verified line and the reason for it; ``probability`` is that of a purchase within 30 days."""

    offer_id: str
    kind: Literal["promotion", "coupon"]
    item_id: str
    probability: float
    line: str


class PlannedMessage(BaseModel):
    """What one user gets; a user of the group ``holdout`` gets no message, so that its effect can be measured.

    Attributes:
        expected_cost: Cost of the message and expected cost of its offers.
        unsubscribe: Link that ends the consent.
    """

    user_id: str
    group: Literal["treated", "holdout"]
    expected_cost: float
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    unsubscribe: str | None = None
    offers: list[PlannedOffer]


class CampaignReply(Reply):
    """A plan.

    Attributes:
        summary: Numbers of the plan, with the users left out by reason.
        messages: Messages in the order of choice.
    """

    summary: dict[str, Any]
    messages: list[PlannedMessage]
