"""What a campaign is allowed to do."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

SCHEMES: Final = ("https://", "http://", "mailto:")
"""How a link that ends a consent may begin; it is part of the HTML of a message."""

Channel = Literal["email", "push", "coupon"]
"""How a message is sent: an e-mail, a notification, or lines that are printed on a receipt."""


Section = Literal["mixed", "new", "again"]
"""Which items are offered: any, those that the user never bought, or those bought before."""


class CampaignSettings(BaseModel):
    """What a campaign may spend, how often it may write, and whom it holds out.

    Attributes:
        name: Name of the campaign; the holdout is drawn from it and the seed.
        channel: ``email``, ``push`` or ``coupon``.
        locale: A folder under ``prompts/``; the shop's if not given.
        section: ``new`` for items that the user never bought, ``again`` for items bought before, ``mixed`` for both.
        max_offers: Most offers in a message; a notification has one.
        max_messages: Most messages; ``None`` for any number.
        budget: Most money that the messages may be expected to cost; ``None`` for any amount.
        message_cost: Cost of one message.
        max_sent: Messages that a user may have got within ``cap_days``; a user with as many gets none.
        cap_days: Days before the campaign that ``max_sent`` counts.
        holdout: Share of the chosen users who get no message, so that its effect can be measured.
        seed: Seed of the holdout.
        depth: Places of a user's ranking in which an offer must be.
        unsubscribe_url: Address that ends the consent; ``{user_id}`` and ``{channel}`` stand for the message's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="campaign", min_length=1)
    channel: Channel = "email"
    locale: str | None = None
    section: Section = "mixed"
    max_offers: Annotated[int, Field(ge=1, le=20)] = 3
    max_messages: Annotated[int, Field(ge=1)] | None = None
    budget: Annotated[float, Field(ge=0)] | None = None
    message_cost: Annotated[float, Field(ge=0)] = 0.0
    max_sent: Annotated[int, Field(ge=1)] = 1
    cap_days: Annotated[float, Field(gt=0)] = 7.0
    holdout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    seed: int = 0
    depth: Annotated[int, Field(ge=1, le=1000)] = 100
    unsubscribe_url: str = ""

    @property
    def offers_each(self) -> int:
        """Most offers in a message of the channel; a notification tells one."""
        return 1 if self.channel == "push" else self.max_offers

    @model_validator(mode="after")
    def _can_be_left(self) -> Self:
        if self.channel == "email" and "{user_id}" not in self.unsubscribe_url:
            raise ValueError(
                "unsubscribe_url has no {user_id} but each e-mail needs a link that ends the consent of its reader"
            )
        if not self.unsubscribe_url.isprintable() or " " in self.unsubscribe_url:
            raise ValueError("unsubscribe_url has a space or a line break but a link has none")
        if self.unsubscribe_url and not self.unsubscribe_url.startswith(SCHEMES):
            raise ValueError(
                f"unsubscribe_url begins with none of {', '.join(SCHEMES)} but a web or mail link is needed"
            )
        return self
