"""Campaigns over HTTP: whom to write to, with verified lines and a holdout group."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from llm_explain.campaigns.audience import Audience
from llm_explain.campaigns.offers import coupons_of
from llm_explain.campaigns.output import messages_of
from llm_explain.campaigns.plan import campaign_lines, plan_campaign
from llm_explain.jobs.results import told_of
from llm_explain.service.handlers.answer import Answer

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
        """Return the summary of a plan and its messages; a coupon that cannot be used raises ``TableError``.

        Args:
            body: The request.

        Returns:
            Treated users with their messages, and held-out users with their offers alone.
        """
        shop, moment = self._explainer.shop, self._context_reader.moment([], body.as_of)
        coupons = coupons_of(body.coupons, shop.catalogue.item_ids.tolist())
        with ExitStack() as open_users:  # until the plan is made, so that an erasure meanwhile empties the caches
            users = {
                row.user_id: open_users.enter_context(self._context_reader.reading_user(row.user_id, moment))
                for row in body.recipients
                if row.consent
            }
            unread = [user_id for user_id, context in users.items() if not context.personalised]
            planned = plan_campaign(
                self._explainer,
                audience=Audience.of(body.recipients, suppressed=unread),
                settings=body.settings(),
                coupons=coupons,
                user_ids=[row.user_id for row in body.recipients],
                as_of=moment,
                context=lambda user_id: (users[user_id].history, users[user_id].suppressions),
            )
        lines = campaign_lines(self._explainer, body.locale)
        messages = messages_of(planned, lines, shop.shop.name, told=lambda record: told_of(record, body.detail))
        return Answer({"summary": planned.summary(), "messages": messages})
