"""The application: routes, problems and the id that every request carries."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders

from llm_explain.service import problems
from llm_explain.service.asking import Threads
from llm_explain.service.desk import Desk
from llm_explain.service.replies import ProblemDocument
from llm_explain.service.routes import recommending
from llm_explain.service.settings import ServiceSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from llm_explain.explainer import Explainer
    from llm_explain.service.visits import Clock

REQUEST_ID_HEADER: Final = "X-Request-ID"
_PROBLEM: Final = {"model": ProblemDocument, "content": {problems.MEDIA_TYPE: {}}}


def create_app(explainer: Explainer, settings: ServiceSettings | None = None, *, clock: Clock | None = None) -> FastAPI:
    """Return the HTTP service.

    Args:
        explainer: Ranks and explains.
        settings: What the operator set; the defaults if not given.
        clock: The shop's present moment, in UTC without a zone; that of the statistics or of the user's latest event
            if not given.

    Returns:
        An ASGI application.
    """
    settings = settings or ServiceSettings.read()
    app = FastAPI(
        title="llm-explain",
        summary="Recommendations with one true sentence that says why.",
        version="1",
        responses={"4XX": _PROBLEM, "5XX": _PROBLEM},
    )
    app.state.settings = settings
    app.state.desk = Desk(explainer, clock=clock)
    app.state.work = Threads(settings.max_running)
    problems.install(app)
    app.include_router(recommending.router, prefix="/v1")
    app.add_middleware(RequestIds)
    return app


class RequestIds:
    """Gives each request an id of its own, in its state and in the header of its answer.

    Args:
        app: The application behind it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection.

        Args:
            scope: What is asked.
            receive: Where its body comes from.
            send: Where the answer goes.
        """
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = secrets.token_hex(12)
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            await send(message)

        await self.app(scope, receive, send_with_id)
