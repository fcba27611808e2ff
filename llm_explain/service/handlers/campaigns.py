"""Campaigns over HTTP: whom to write to, with verified lines and a holdout group."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pandas as pd

from llm_explain.campaigns.audience import EVERY_CHANNEL, Audience
from llm_explain.campaigns.offers import read_coupons
from llm_explain.campaigns.output import rendered
from llm_explain.campaigns.plan import campaign_lines, plan_campaign
from llm_explain.campaigns.settings import CampaignSettings
from llm_explain.errors import TableError
from llm_explain.jobs.results import told_of
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.schemas.problems import UNUSABLE, ServiceProblem

if TYPE_CHECKING:
    from llm_explain.explainer import Explainer
    from llm_explain.service.handlers.user_context_reader import UserContextReader
    from llm_explain.service.schemas.campaigns import CampaignRequest


class CampaignHandler:
    """Plans campaigns from what a request says of its recipients and what is stored of them.

    Args:
        explainer: Ranks and explains.
        context_reader: Reads the recipients.
    """

    def __init__(self, explainer: Explainer, context_reader: UserContextReader) -> None:
        self._explainer, self._context_reader = explainer, context_reader

    def plan(self, body: CampaignRequest) -> Answer:
        """Return the summary of a plan and its messages.

        Args:
            body: The request.

        Returns:
            Treated users with their messages, and held-out users with their offers alone.

        Raises:
            ServiceProblem: If a coupon cannot be used.
        """
        explainer, settings = (
            self._explainer,
            CampaignSettings(**body.model_dump(include={*CampaignSettings.model_fields})),
        )
        moment = self._context_reader.moment([], body.as_of)
        try:
            coupons = read_coupons(body.coupon_table(), explainer.shop.catalogue.item_ids.tolist())
        except TableError as error:
            raise ServiceProblem(UNUSABLE) from error
        with ExitStack() as open_users:  # until the plan is made, so that an erasure meanwhile empties the caches
            users = {
                row.user_id: open_users.enter_context(self._context_reader.reading_user(row.user_id, moment))
                for row in body.recipients
                if row.consent
            }
            unread = [user_id for user_id, context in users.items() if not context.personalised]
            planned = plan_campaign(
                explainer,
                audience=Audience(
                    consent=pd.DataFrame(
                        [(row.user_id, EVERY_CHANNEL, "yes" if row.consent else "no") for row in body.recipients],
                        columns=["user_id", "channel", "consent"],
                    ),
                    suppressed=pd.DataFrame({"user_id": pd.Series(unread, dtype=object)}),
                    sent=pd.DataFrame(
                        [(row.user_id, sent.isoformat()) for row in body.recipients for sent in row.sent_at],
                        columns=["user_id", "sent_at"],
                    ),
                    uplift=body.uplift_table(),
                ),
                settings=settings,
                coupons=coupons,
                user_ids=[row.user_id for row in body.recipients],
                as_of=moment,
                context=lambda user_id: (users[user_id].history, users[user_id].suppressions),
            )
        lines, shop = campaign_lines(explainer, settings.locale), explainer.shop.shop.name
        messages = [
            {
                "user_id": message.user_id,
                "group": message.group,
                "expected_cost": message.expected_cost,
                **rendered(message, planned, lines, shop),
                "offers": [
                    {
                        "offer_id": each.offer.offer_id,
                        "kind": each.offer.kind,
                        "item_id": each.offer.item_id,
                        "probability": each.probability,
                        "line": each.line,
                        **told_of(each.explanation.to_dict(), body.detail),
                    }
                    for each in message.offers
                ],
            }
            for message in planned.messages
        ]
        return Answer({"summary": planned.summary(), "messages": messages})
