"""Routes of the jobs for managers: churn, demand and campaigns; a storefront's key may not read them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from anyio import to_thread
from fastapi import APIRouter, Depends, Request, Response
from pydantic_core import to_json

from llm_explain.service.api.auth import admin
from llm_explain.service.handlers.answer import Answer
from llm_explain.service.schemas.campaigns import CampaignReply, CampaignRequest
from llm_explain.service.schemas.jobs import ChurnReply, ChurnRequest, DemandReply, DemandRequest
from llm_explain.service.schemas.problems import NO_CHURN_MODEL, NO_DEMAND_MODEL, Problem, ServiceProblem

if TYPE_CHECKING:
    from llm_explain.service.handlers.campaigns import CampaignHandler
    from llm_explain.service.handlers.jobs import JobsHandler

router = APIRouter(tags=["jobs"], dependencies=[Depends(admin)])


@router.post("/churn", response_model=ChurnReply, summary="Who may leave, and why")
async def churn(body: ChurnRequest, request: Request) -> Response:
    """Return risks of churn with their drivers, a verified text, and the action that an experiment proves."""
    return await _answer(request, lambda handler: handler.churn(body), NO_CHURN_MODEL)


@router.post("/demand", response_model=DemandReply, summary="What will sell, and what to order")
async def demand(body: DemandRequest, request: Request) -> Response:
    """Return forecasts with ranges, their drivers, a verified text, and an order for each item with stock."""
    return await _answer(request, lambda handler: handler.demand(body), NO_DEMAND_MODEL)


@router.post("/campaigns", response_model=CampaignReply, summary="Whom to write to, what to offer, and why")
async def campaigns(body: CampaignRequest, request: Request) -> Response:
    """Return messages with verified lines for the users who are worth them, and a random group that gets none."""
    handler = cast("CampaignHandler", request.app.state.campaign_handler)
    return await _run(request, lambda: handler.plan(body))


async def _answer(request: Request, work: Callable[[JobsHandler], Answer], missing: Problem) -> Response:
    handler = cast("JobsHandler | None", request.app.state.jobs_handler)
    if handler is None:
        raise ServiceProblem(missing)
    return await _run(request, lambda: work(handler))


async def _run(request: Request, work: Callable[[], Answer]) -> Response:
    """Run a job in a thread, one at a time, without the place in the queue that storefront requests need."""
    request.state.ticket.release()
    given = await to_thread.run_sync(work, limiter=request.app.state.jobs_limiter)
    content = {"request_id": request.state.request_id, **given.content}
    return Response(to_json(content, inf_nan_mode="null"), media_type="application/json")
