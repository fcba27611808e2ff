"""Routes about one user's attributions: ranks, explanations, shelves, what-if, contrast."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Final, cast

from anyio import to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response

from llm_explain.service.api.auth import caller_of, permit, shopper
from llm_explain.service.api.dependencies import TheChatHandler, TheExplanationHandler, answer, reply, run_many
from llm_explain.service.handlers.answer import Json
from llm_explain.service.schemas import fields, requests, responses
from llm_explain.service.schemas.chat import ChatReply, ChatRequest
from llm_explain.service.schemas.language import spoken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from llm_explain.service.admission.queue import Ticket
    from llm_explain.service.handlers.answer import Answer

TOGETHER: Final = 10
"""Most users whose lists are composed together; other requests are answered between two such groups."""

FIRST_TOGETHER: Final = 2
GROUP_SECONDS: Final = 0.2
"""How long a group should take, so that the requests between two groups keep a deadline of a second."""

router = APIRouter(tags=["explaining"], dependencies=[Depends(shopper)])


@router.post("/recommendations", response_model=responses.Items | responses.ItemsOfUsers, summary="The best items, why")
async def recommend(body: requests.RecommendationRequest, request: Request, handler: TheExplanationHandler) -> Response:
    """Rank the catalogue for a user, a history or several users, and say why each item is recommended."""
    users = body.users or ()
    permit(request, body.user_id, *users, as_of=body.as_of, history=body.history, experiment=body.experiment)
    if body.users is not None:  # a browser has one user; a hundred lists would keep others out for a minute
        caller_of(request).require("storefront")
    if body.users is None:
        return await answer(request, lambda: handler.recommend(body))
    return reply(request, {"results": await _of_groups(request, users, partial(handler.recommend_many, body))})


async def _of_groups(
    request: Request, users: Sequence[str], work: Callable[[Sequence[str]], list[Answer]]
) -> list[Json]:
    """Return the lists of many users, group by group; a group has as many users as ``GROUP_SECONDS`` permits."""
    results: list[Json] = []
    ticket, n_users = cast("Ticket", request.state.ticket), FIRST_TOGETHER
    while group := users[len(results) : len(results) + n_users]:
        if results:
            await ticket.reenter()
        before = ticket.held_seconds
        results += await run_many(request, partial(work, group))
        ticket.release()
        share = GROUP_SECONDS / max(ticket.held_seconds - before, 1e-6)
        n_users = max(1, min(TOGETHER, int(len(group) * share)))
    return results


@router.post("/explanations", response_model=responses.Items, summary="Why these items")
async def explain(body: requests.ExplanationRequest, request: Request, handler: TheExplanationHandler) -> Response:
    """Say why given items score as they do, for a shop with a ranking of its own."""
    permit(request, body.user_id, as_of=body.as_of, history=body.history, experiment=body.experiment)
    return await answer(request, lambda: handler.explain(body))


@router.get("/users/{user_id:path}/shelves", response_model=responses.Shelves, summary="Items by reason")
async def shelves(
    request: Request,
    handler: TheExplanationHandler,
    user_id: Annotated[fields.Id, Path()],
    locale: Annotated[fields.Locale, Query(default_factory=spoken)],
    k: Annotated[int, Query(ge=1, le=50)] = 8,
    as_of: Annotated[fields.Moment | None, Query()] = None,
) -> Response:
    """List what each of a user's history groups recommends ("because you buy …")."""
    permit(request, user_id, as_of=as_of)
    return await answer(request, lambda: handler.shelves(user_id, k=k, locale=locale, as_of=as_of))


@router.post("/what-if", response_model=responses.WhatIf, summary="Ranks without some players")
async def what_if(body: requests.WhatIfRequest, request: Request, handler: TheExplanationHandler) -> Response:
    """Score and rank as if some history groups or context terms had never been there; exact."""
    permit(request, body.user_id, as_of=body.as_of, history=body.history)
    return await answer(request, lambda: handler.what_if(body))


@router.post("/contrast", response_model=responses.Contrast, summary="Why this and not that")
async def contrast(body: requests.ContrastRequest, request: Request, handler: TheExplanationHandler) -> Response:
    """Say what each player adds to one item beyond another."""
    permit(request, body.user_id, as_of=body.as_of, history=body.history)
    return await answer(request, lambda: handler.contrast(body))


@router.post("/chat", response_model=ChatReply, summary="Answer a message about a user's list")
async def chat(body: ChatRequest, request: Request, handler: TheChatHandler) -> Response:
    """Answer in words that are proven; nothing changes before the user confirms it."""
    permit(request, body.user_id)
    if body.role == "staff":
        caller_of(request).require("admin")
    if not handler.dialogues.is_ready(body.locale):  # other requests are answered meanwhile
        request.state.ticket.release()
        await to_thread.run_sync(handler.dialogues.of, body.locale, limiter=request.app.state.chat_limiter)
        await request.state.ticket.reenter()
    return await answer(request, lambda: handler.reply(body))
