"""The request and response models of ``/v1/campaigns``."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from llm_explain.campaigns.settings import CampaignSettings
from llm_explain.service.schemas.fields import MAX_ROWS, Body, Detail, Id, Locale, Moment, Reply, example
from llm_explain.service.schemas.language import spoken

Cell = Annotated[Id | float | None, Field(union_mode="left_to_right")]
"""A cell of a table; a whole number is taken as its digits."""


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


class CampaignRequest(CampaignSettings, Body):
    """Ask for a plan; the settings are those of ``llm-explain campaign plan``.

    Attributes:
        recipients: Users to consider.
        coupons: Coupons of the campaign, with the columns of ``--coupons``; running promotions are offers too.
        as_of: The time of the campaign; the present if not given.
        detail: ``text``, ``reasons`` with their facts, or ``full`` for the explanation record of each offer.
    """

    model_config = example(
        {"unsubscribe_url": "https://shop.example/stop/{user_id}", "recipients": [{"user_id": "1228", "consent": True}]}
    )

    locale: Locale = Field(default_factory=spoken)
    recipients: Annotated[tuple[Recipient, ...], Field(min_length=1, max_length=MAX_ROWS)]
    coupons: Annotated[tuple[dict[str, Cell], ...], Field(max_length=MAX_ROWS)] = ()
    as_of: Moment | None = None
    detail: Detail = "reasons"

    def settings(self) -> CampaignSettings:
        """Return the settings of the campaign."""
        return CampaignSettings(**self.model_dump(include={*CampaignSettings.model_fields}))


class PlannedMessage(BaseModel):
    """What one user gets; a user of the group ``holdout`` gets no message, so that its effect can be measured.

    Attributes:
        expected_cost: Cost of the message and expected cost of its offers.
        unsubscribe: Link that ends the consent.
        offers: ``offer_id``, ``kind``, ``item_id``, ``probability``, the verified ``line`` and ``text``, and as much of
            the explanation as ``detail`` asks for.
    """

    user_id: str
    group: Literal["treated", "holdout"]
    expected_cost: float
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    unsubscribe: str | None = None
    offers: list[dict[str, Any]]


class CampaignReply(Reply):
    """A plan.

    Attributes:
        summary: Numbers of the plan, with the users left out by reason.
        messages: Messages in the order of choice.
    """

    summary: dict[str, Any]
    messages: list[PlannedMessage]
