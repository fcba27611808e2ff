"""The route that issues user tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from fastapi import APIRouter, Depends, Request

from llm_explain.service.api.auth import caller_of, storefront
from llm_explain.service.schemas.user_data import Token, TokenRequest

if TYPE_CHECKING:
    from llm_explain.service.admission.tokens import UserTokens

router = APIRouter(tags=["accounts"], dependencies=[Depends(storefront)])


@router.post("/tokens", status_code=201, summary="Let a browser ask about one user")
async def issue_token(body: TokenRequest, request: Request) -> Token:
    """Issue a short-lived token for one user; it ends with the key that issues it."""
    tokens = cast("UserTokens", request.app.state.tokens)
    token = tokens.issue(body.user_id, caller_of(request).id, body.seconds)
    return Token(request_id=request.state.request_id, token=token, user_id=body.user_id, expires_in=body.seconds)
