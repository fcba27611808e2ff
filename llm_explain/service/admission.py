"""Who is let in: the outermost ASGI layer after the metrics, cheap enough to turn away ten times what can be served.

For each request under ``/v1`` in this order: has this API key sent too fast, is the body small enough and strict JSON,
is there a place before the deadline. What passes finds a ``Ticket`` in ``request.state.ticket``, ``current_ticket``, by
which the language model of the service knows how long it may write: under pressure not at all, so that the phrasebook
and the templates answer, and only then is anybody turned away (429 or 503 with ``Retry-After``). Wiring::

    app.add_middleware(Admission, settings=settings, gate=gate, metrics=metrics)

Everything else (health, metrics, the demo shop's files) passes without a place.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from typing import TYPE_CHECKING, Any, Final

from llm_explain.service.bodies import BodyError, BodyLimits, check_size, read_body
from llm_explain.service.gate import Gate, ShedError, current_ticket
from llm_explain.service.rates import Rates
from llm_explain.service.refusals import refuse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from llm_explain.service.metrics import Metrics
    from llm_explain.service.settings import ServiceSettings

    Message = MutableMapping[str, Any]
    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

GUARDED = "/v1/"
"""Paths that need a place."""

OVERLOADED: Final = 503, "overloaded", "More is asked than can be answered in time. Wait for Retry-After seconds."
"""Status, code and detail for whom there is no place."""

_KEY_HEADERS = (b"x-api-key", b"authorization")
_LONG_BODY = 65_536


class Admission:
    """ASGI layer that bounds what comes in.

    Args:
        app: What it guards.
        settings: Limits.
        gate: The queue.
        metrics: Counters.
    """

    def __init__(self, app: Asgi, *, settings: ServiceSettings, gate: Gate, metrics: Metrics) -> None:
        self._app = app
        self._settings = settings
        self._gate = gate
        self._metrics = metrics
        self._limits = BodyLimits(settings.max_body_bytes, settings.max_depth, settings.max_list)
        self._rates = Rates(per_second=settings.rate_per_second, burst=settings.rate_burst, max_keys=settings.rate_keys)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http" or not scope["path"].startswith(GUARDED):
            await self._app(scope, receive, send)
            return
        try:
            self._check_rate(scope)
            self._gate.refuse_if_full()  # before the body is read: nothing is spent on it
            body, asked = await self._read(scope, receive)
            seconds = self._settings.deadline_seconds if asked is None else asked
            ticket = await self._gate.enter(time.monotonic() + seconds, is_asked=asked is not None)
        except BodyError as error:
            await refuse(scope, send, status=error.status, code=error.code, detail=error.detail)
            return
        except ShedError as error:
            self._metrics.count_shed(error.reason)
            await _turn_away(scope, send, error)
            return
        except ConnectionError:  # the client went while it sent its body
            return
        scope.setdefault("state", {})["ticket"] = ticket
        token = current_ticket.set(ticket)
        try:
            await self._app(scope, _replay(body, receive), _leaving(send, lambda: self._gate.leave(ticket)))
        finally:
            current_ticket.reset(token)
            self._gate.leave(ticket)

    def _check_rate(self, scope: Scope) -> None:
        wait = self._rates.take(_who(scope))
        if wait > 0:
            raise ShedError("rate", wait)

    async def _read(self, scope: Scope, receive: Receive) -> tuple[bytes, float | None]:
        """Return the body, checked, and how many seconds the request says that it may take."""
        headers = scope["headers"]
        declared = next((value for name, value in headers if name == b"content-length"), b"")
        if declared.isdigit():
            check_size(int(declared[:20]), self._limits)
        try:
            async with asyncio.timeout(self._settings.body_seconds):
                body = await _receive_all(receive, self._limits)
        except TimeoutError:
            raise BodyError(
                408,
                "body-too-slow",
                f"The body did not come within {self._settings.body_seconds:g} s. Send it in one go.",
            ) from None
        if not body:
            return body, None
        content_type = next((value for name, value in headers if name == b"content-type"), b"")
        if content_type.split(b";")[0].strip().lower() != b"application/json":
            raise BodyError(
                415, "unsupported-media-type", "The body's type is not the one that is taken. Send application/json."
            )
        value = (
            read_body(body, self._limits)
            if len(body) < _LONG_BODY
            else await asyncio.to_thread(read_body, body, self._limits)
        )
        asked = value.get("deadline_ms") if isinstance(value, dict) else None
        if isinstance(asked, int) and not isinstance(asked, bool) and asked > 0:
            return body, min(asked / 1000, self._settings.longest_deadline_seconds)
        return body, None


def _who(scope: Scope) -> bytes:
    """Return whose rate a request counts towards: its API key's, or its address's where it has none."""
    for name, value in scope["headers"]:
        if name in _KEY_HEADERS:
            return hashlib.blake2b(value, digest_size=16).digest()
    client = scope.get("client")
    return str(client[0]).encode() if client else b""


async def _receive_all(receive: Receive, limits: BodyLimits) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        chunk = message.get("body", b"")
        size += len(chunk)
        check_size(size, limits)
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives the body again, and then what really comes."""
    is_given = False

    async def again() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


def _leaving(send: Send, leave: Callable[[], None]) -> Send:
    """Return a sender that gives the place back as soon as the answer stands, however slowly it is read."""

    async def sent(message: Message) -> None:
        leave()
        await send(message)

    return sent


async def _turn_away(scope: Scope, send: Send, error: ShedError) -> None:
    retry = str(max(1, math.ceil(error.retry_seconds))).encode()
    status, code, detail = (
        (429, "rate-limited", "This API key sends faster than its rate. Wait for Retry-After seconds.")
        if error.reason == "rate"
        else OVERLOADED
    )
    await refuse(scope, send, status=status, code=code, detail=detail, headers=((b"retry-after", retry),))
