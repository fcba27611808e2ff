"""Decides which requests under ``/v1`` reach the application.

The middleware checks, in this order: the API key or token, its rate, whether the queue has room, the body, and whether
there is a place before the deadline. So a request without a valid key never takes a place. A refusal is a problem
document: 401, 429 or 503 with ``Retry-After``, 408, 413, 415 or 400. Other paths (health, metrics, the component's
files) pass unchecked.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from starlette.requests import ClientDisconnect, Request

from llm_explain.service.admission.json_body import BodyLimits, check_size, read_json
from llm_explain.service.admission.queue import AdmissionQueue, ShedError, current_ticket
from llm_explain.service.schemas import problems
from llm_explain.service.schemas.problems import Problem, ServiceProblem, problem_response
from llm_explain.state.database import storage_deadline
from llm_explain.state.errors import StateError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from llm_explain.service.admission.authenticator import Authenticator, Caller
    from llm_explain.service.settings import ServiceSettings
    from llm_explain.service.telemetry.metrics import Metrics

GUARDED: Final = "/v1/"
"""Paths that need a place in the queue."""

TOKENS_PER_SECOND: Final = 30.0
"""What a second of work costs the user of a token, in requests."""

MOST_OF_USER: Final = 2
"""Requests of one user's tokens that run or wait at a time."""

_LONG_BODY: Final = 65_536
"""A body of so many bytes is parsed in a thread."""


class AdmissionMiddleware:
    """ASGI middleware that refuses what cannot be served.

    Args:
        app: The application behind it.
        settings: Limits.
        queue: The admission queue.
        metrics: Counters.
        authenticator: Finds the caller.
        guarded: Paths that begin so are checked.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        settings: ServiceSettings,
        queue: AdmissionQueue,
        metrics: Metrics,
        authenticator: Authenticator,
        guarded: str = GUARDED,
    ) -> None:
        self._app, self._guarded = app, guarded
        self._authenticator = authenticator
        self._settings = settings
        self._queue = queue
        self._metrics = metrics
        self._limits = BodyLimits(settings.max_body_bytes, settings.max_depth, settings.max_list)
        self._of_caller: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or not scope["path"].startswith(self._guarded):
            await self._app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        try:
            caller = state["caller"] = await self._caller(scope)
        except (ShedError, ServiceProblem, StateError) as error:
            await self._refuse(error, scope, receive, send)
            return
        self._of_caller[caller.id] += 1
        try:
            await self._admit(caller, scope, receive, send)
        finally:
            self._of_caller -= Counter([caller.id])

    async def _admit(self, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a caller's request wait for its place, and run it."""
        try:
            self._queue.raise_if_full()  # before the body is read
            body, asked = await self._read(caller, scope, receive)
            deadline = time.monotonic() + (self._settings.deadline_seconds if asked is None else asked)
            ticket = await self._queue.enter(deadline)
        except (ShedError, ServiceProblem) as error:
            await self._refuse(error, scope, receive, send)
            return
        except ClientDisconnect:
            return

        async def send_and_release(message: Message) -> None:
            ticket.release()  # the answer is ready, however slowly the client reads it
            await send(message)

        scope["state"]["ticket"] = ticket
        token, due = current_ticket.set(ticket), storage_deadline.set(deadline)
        try:
            await self._app(scope, _replay(body, receive), send_and_release)
        finally:
            current_ticket.reset(token)
            storage_deadline.reset(due)
            ticket.release()
            self._authenticator.charge(caller, TOKENS_PER_SECOND * ticket.held_seconds)

    async def _refuse(self, error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
        match error:
            case ShedError():
                self._metrics.count_shed(error.reason)
                problem = error.problem
            case ServiceProblem():
                problem = error.problem
            case _:  # the keys cannot be read
                problem = problems.BUSY
        await problem_response(problem, scope["state"].get("request_id", ""))(scope, receive, send)

    async def _caller(self, scope: Scope) -> Caller:
        """Return who asks, if not too many requests of the user run or wait."""
        caller = await self._authenticator.caller(scope)
        if caller.user_id is not None and self._of_caller[caller.id] >= MOST_OF_USER:
            raise ShedError("rate", 1.0)
        return caller

    async def _read(self, caller: Caller, scope: Scope, receive: Receive) -> tuple[bytes, float | None]:
        """Return the checked body, and the deadline in seconds that it names."""
        headers = dict(reversed(scope["headers"]))
        declared = headers.get(b"content-length", b"")
        if declared.isdigit():
            check_size(int(declared[:20]), self._limits)
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                body = await _receive_all(receive, self._limits)
        except TimeoutError:
            detail = f"The body did not come within {self._settings.body_seconds:g} s. Send it in one go."
            raise ServiceProblem(Problem("body-too-slow", 408, detail)) from None
        if not body:
            return body, None
        if headers.get(b"content-type", b"").split(b";")[0].strip().lower() != b"application/json":
            raise ServiceProblem(problems.UNSUPPORTED_MEDIA_TYPE)
        started = time.monotonic()
        try:
            value = (
                read_json(body, self._limits)
                if len(body) < _LONG_BODY
                else await asyncio.to_thread(read_json, body, self._limits)
            )
        finally:
            self._authenticator.charge(caller, TOKENS_PER_SECOND * (time.monotonic() - started))
        asked = value.get("deadline_ms") if isinstance(value, dict) else None
        most = 1000 * self._settings.longest_deadline_seconds
        if isinstance(asked, int) and not isinstance(asked, bool) and asked > 0:
            return body, min(asked, most) / 1000  # no float holds every whole number
        return body, None


async def _receive_all(receive: Receive, limits: BodyLimits) -> bytes:
    """Return a body; ``ClientDisconnect`` if the client leaves before its end."""
    body = bytearray()
    async for chunk in Request({"type": "http"}, receive).stream():
        body += chunk
        check_size(len(body), limits)
    return bytes(body)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body once, then what the server receives."""
    is_given = False

    async def receive_again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
