"""The route of conversations. The context travels with each message, so no conversation is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Depends, Request, Response

from llm_explain.service.api.auth import permit, shopper
from llm_explain.service.api.dependencies import answer
from llm_explain.service.schemas.chat import ChatReply, ChatRequest

if TYPE_CHECKING:
    from llm_explain.service.handlers.chat import ChatHandler

router = APIRouter(tags=["explaining"], dependencies=[Depends(shopper)])


@router.post("/chat", response_model=ChatReply, summary="Answer a message about a user's list")
async def chat(body: ChatRequest, request: Request) -> Response:
    """Answer in words that are proven; nothing changes before the user confirms it."""
    permit(request, body.user_id)
    handler = cast("ChatHandler", request.app.state.chat_handler)
    return await answer(request, lambda: handler.reply(body))
