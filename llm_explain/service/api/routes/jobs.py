"""Routes of the jobs for managers: churn, demand and campaigns; a storefront's key may not read them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response

from llm_explain.service.api.auth import admin
from llm_explain.service.api.dependencies import TheCampaignHandler, TheJobsHandler, reply
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.schemas.campaigns import CampaignReply, CampaignRequest
from llm_explain.service.schemas.jobs import ChurnReply, ChurnRequest, DemandReply, DemandRequest

router = APIRouter(tags=["jobs"], dependencies=[Depends(admin)])


@router.post("/churn", response_model=ChurnReply, summary="Who may leave, and why")
async def churn(body: ChurnRequest, request: Request, handler: TheJobsHandler) -> Response:
    """Return risks of churn with their drivers, a verified text, and the action that an experiment proves."""
    return await _run(request, partial(handler.churn, body))


@router.post("/demand", response_model=DemandReply, summary="What will sell, and what to order")
async def demand(body: DemandRequest, request: Request, handler: TheJobsHandler) -> Response:
    """Return forecasts with ranges, their drivers, a verified text, and an order for each item with stock."""
    return await _run(request, partial(handler.demand, body))


@router.post("/campaigns", response_model=CampaignReply, summary="Whom to write to, what to offer, and why")
async def campaigns(body: CampaignRequest, request: Request, handler: TheCampaignHandler) -> Response:
    """Return messages with verified lines for the users who are worth them, and a random group that gets none."""
    return await _run(request, partial(handler.plan, body))


async def _run(request: Request, work: Callable[[], Answer]) -> Response:
    """Run a job in a thread, one at a time, without the place in the queue that storefront requests need."""
    request.state.ticket.release()
    return reply(request, (await to_thread.run_sync(work, limiter=request.app.state.jobs_limiter)).content)
