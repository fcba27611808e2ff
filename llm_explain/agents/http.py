"""The MCP server over streamable HTTP, with the keys, user tokens and limits of the HTTP service."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders
from starlette.responses import Response

from llm_explain.service.admission.authenticator import authenticator_of
from llm_explain.service.admission.middleware import AdmissionMiddleware
from llm_explain.service.admission.queue import AdmissionQueue
from llm_explain.service.admission.tokens import UserTokens
from llm_explain.service.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Message, Receive, Send
    from starlette.types import Scope as AsgiScope

    from llm_explain.agents.toolbox import Scope
    from llm_explain.service.settings import ServiceSettings
    from llm_explain.state import State

_CALLER: ContextVar[tuple[Scope, str | None]] = ContextVar("caller")
_EVERY_PATH: Final = "/"


def caller() -> tuple[Scope, str | None]:
    """Return the scope of the request's caller, and the user of a token."""
    return _CALLER.get()


def guard(app: Starlette, settings: ServiceSettings, state: State) -> None:
    """Let only requests with a valid key or token through, within the service's rates, sizes and times.

    Args:
        app: The MCP application.
        settings: The service's settings.
        state: Knows the keys.
    """
    authenticator = authenticator_of(settings, state, UserTokens(state.token_secret))
    queue = AdmissionQueue(max_running=settings.max_running, max_waiting=settings.max_waiting)
    app.add_middleware(_Called)
    app.add_middleware(
        AdmissionMiddleware,
        settings=settings,
        queue=queue,
        metrics=Metrics(),
        authenticator=authenticator,
        guarded=_EVERY_PATH,
    )


class _Called:
    """ASGI middleware that lets tools know the caller that ``AdmissionMiddleware`` found.

    The server sends nothing by itself, so it has no stream: one that stays open would count as a request of its user.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Answer a request."""

        async def send_private(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["cache-control"] = "private, no-store"
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif scope["method"] != "POST":
            await Response(status_code=405, headers={"allow": "POST"})(scope, receive, send_private)
        else:
            found = scope["state"]["caller"]
            token = _CALLER.set((found.scope, found.user_id))
            try:
                await self._app(scope, receive, send_private)
            finally:
                _CALLER.reset(token)
