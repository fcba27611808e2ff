"""The records of a plan: messages, their offers, and the numbers of the campaign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections import Counter

    import pandas as pd

    from llm_explain.campaigns.offers import Offer
    from llm_explain.campaigns.settings import CampaignSettings
    from llm_explain.records import Explanation

TREATED: Final = "treated"
HOLDOUT: Final = "holdout"
UNKNOWN: Final = "unknown until the holdout is compared"
NO_HOLDOUT: Final = "cannot be measured: no user is held out"


@dataclass(frozen=True, slots=True)
class PlannedOffer:
    """One offer of a message.

    Attributes:
        offer: What is offered.
        probability: Calibrated probability that the user buys the item within 30 days.
        line: The verified line of the offer.
        explanation: Why this item for this user, with the verified sentence; its subject is the offer.
        expected_cost: What the offer is expected to cost.
        subject: A verified line of at most ``MAX_SUBJECT`` characters; empty if there is none.
        rest: A verified line of what a short subject leaves out: code and last day, or the promotion.
    """

    offer: Offer
    probability: float
    line: str
    explanation: Explanation
    expected_cost: float
    subject: str = ""
    rest: str = ""

    @property
    def sentence(self) -> str:
        """The verified reason."""
        return self.explanation.text.text if self.explanation.text else ""


@dataclass(frozen=True, slots=True)
class PlannedMessage:
    """What one user gets, or would get if not held out.

    Attributes:
        user_id: The shop's id.
        group: ``treated`` or ``holdout``.
        offers: Offers, the likeliest purchase first.
        expected_cost: Cost of the message and expected cost of its offers.
    """

    user_id: str
    group: str
    offers: tuple[PlannedOffer, ...]
    expected_cost: float


@dataclass(frozen=True, slots=True)
class CampaignPlan:
    """Whom to write to, what to offer and why.

    Attributes:
        settings: What the campaign was allowed to do.
        as_of: The time of the campaign, UTC without a zone.
        messages: Messages of the treated users and of the holdout, in the order of choice.
        left_out: Users who are not in the plan, by reason.
        is_uplift_measured: Whether users were chosen by a measured effect.
    """

    settings: CampaignSettings
    as_of: pd.Timestamp
    messages: tuple[PlannedMessage, ...]
    left_out: Counter[str]
    is_uplift_measured: bool

    def of(self, group: str) -> list[PlannedMessage]:
        """Return the messages of one group."""
        return [message for message in self.messages if message.group == group]

    def summary(self) -> dict[str, Any]:
        """Return the numbers of the plan, ready for JSON."""
        treated = self.of(TREATED)
        return {
            "name": self.settings.name,
            "as_of": self.as_of.tz_localize("UTC").isoformat(),
            "treated": len(treated),
            "holdout": len(self.of(HOLDOUT)),
            "holdout_share": self.settings.holdout,
            "seed": self.settings.seed,
            "offers": sum(len(message.offers) for message in treated),
            "expected_cost": round(sum(message.expected_cost for message in treated), 2),
            "budget": self.settings.budget,
            "left_out": dict(self.left_out),
            "uplift": "measured" if self.is_uplift_measured else UNKNOWN if self.of(HOLDOUT) else NO_HOLDOUT,
        }
