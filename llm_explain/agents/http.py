"""The MCP server over streamable HTTP, with the keys and user tokens of the HTTP service."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from llm_explain.service.schemas.problems import ServiceProblem

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Send
    from starlette.types import Scope as AsgiScope

    from llm_explain.agents.toolbox import Scope
    from llm_explain.service.admission.authenticator import Authenticator

_CALLER: ContextVar[tuple[Scope, str | None]] = ContextVar("caller")


def caller() -> tuple[Scope, str | None]:
    """Return the scope of the request's caller, and the user of a token."""
    return _CALLER.get()


class Authenticated:
    """ASGI middleware that refuses requests without a valid key or token.

    Args:
        app: The MCP application.
        authenticator: Knows keys and tokens.
    """

    def __init__(self, app: ASGIApp, authenticator: Authenticator) -> None:
        self._app, self._authenticator = app, authenticator

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            found = await self._authenticator.caller(scope)
        except ServiceProblem:
            headers = {"WWW-Authenticate": "Bearer"}
            await JSONResponse({"error": "unauthenticated"}, 401, headers)(scope, receive, send)
            return
        token = _CALLER.set((found.scope, found.user_id))
        try:
            await self._app(scope, receive, send)
        finally:
            _CALLER.reset(token)
