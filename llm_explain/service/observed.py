"""The outermost ASGI layer: a request id, a log line, metrics and a span for each request.

The route's path template is logged and counted, never the path, for a path may hold a user's id. Requests that are
turned away are logged once a second as a count, so that an overload is not made worse by writing about it. Wiring (the
last one added is the outermost)::

    app.add_middleware(Observed, metrics=metrics, drain=drain, turned_away=TurnedAway(), is_traced=settings.tracing)
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from llm_explain.service import tracing
from llm_explain.service.logs import request_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_explain.service.admission import Asgi, Message, Receive, Scope, Send
    from llm_explain.service.drain import Drain
    from llm_explain.service.metrics import Metrics

_LOG = logging.getLogger("llm_explain.service.requests")
_GIVEN_ID = re.compile(rb"[0-9a-fA-F-]{16,64}")
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_SHED_STATUSES = frozenset({429, 503})
_CLOSE = (b"connection", b"close")
PREFIX = "/v1"


class TurnedAway:
    """Logs requests that were turned away, once a second as a count."""

    def __init__(self) -> None:
        self._count = 0
        self._logged = 0.0

    def add(self) -> None:
        """Count one more."""
        self._count += 1
        if time.monotonic() - self._logged >= 1:
            _LOG.warning("requests were turned away", extra={"fields": {"count": self._count}})
            self._count, self._logged = 0, time.monotonic()


class Observed:
    """ASGI layer that says what happened.

    Args:
        app: What it observes.
        metrics: Counters.
        drain: Whether the process is about to end; then each answer closes its connection.
        turned_away: Counts what is not logged one by one.
        is_traced: Whether spans go to OpenTelemetry, where it is set up.
    """

    def __init__(
        self, app: Asgi, *, metrics: Metrics, drain: Drain, turned_away: TurnedAway, is_traced: bool = True
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._turned_away = turned_away
        self._drain = drain
        self._is_traced = is_traced and tracing.is_recorded()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        named = id_of(scope["headers"])
        scope.setdefault("state", {})["request_id"] = named
        answer = _Answer(send, (b"x-request-id", named.encode()), self._drain)
        token = request_id.set(named)
        self._metrics.begin_request()
        spanned = tracing.server_span(scope["headers"], scope["method"]) if self._is_traced else nullcontext()
        with spanned as span:
            try:
                await self._app(scope, receive, answer)
            finally:
                seconds = time.perf_counter() - started
                route = _route_of(scope)
                self._metrics.end_request(scope["method"], route, answer.status, seconds)
                tracing.name_server_span(span, scope["method"], route, answer.status)
                self._log(scope, route, answer, seconds, tracing.trace_id(span))
                request_id.reset(token)

    def _log(self, scope: Scope, route: str, answer: _Answer, seconds: float, trace_id: str) -> None:
        if answer.status in _SHED_STATUSES and not route:
            self._turned_away.add()
            return
        if scope["path"] in _QUIET:
            return
        fields: dict[str, Any] = {
            "method": scope["method"],
            "route": route,
            "status": answer.status,
            "ms": round(seconds * 1000, 2),
            "bytes_out": answer.n_bytes,
        }
        if trace_id:
            fields["trace_id"] = trace_id
        _LOG.info("request", extra={"fields": fields})


class _Answer:
    """A sender that remembers what was sent, names the request and closes the connection of a process that ends."""

    def __init__(self, send: Send, name: tuple[bytes, bytes], drain: Drain) -> None:
        self.status = 0
        self.n_bytes = 0
        self._send = send
        self._name = name
        self._drain = drain

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            added = [self._name, _CLOSE] if self._drain.is_on else [self._name]
            message["headers"] = [*(pair for pair in message.get("headers", ()) if pair[0] != self._name[0]), *added]
        else:
            self.n_bytes += len(message.get("body", b""))
        await self._send(message)


def _route_of(scope: Scope) -> str:
    """Return the path template of the route that matched; empty if none did."""
    path = getattr(scope.get("route"), "path", "")
    return f"{PREFIX}{path}" if path and scope["path"].startswith(PREFIX) and not path.startswith(PREFIX) else path


def id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that the caller gave, if it is hexadecimal and so says nothing; else a new one.

    Args:
        headers: The request's headers, names in lower case.

    Returns:
        The request's id.
    """
    for name, value in headers:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value, "ascii")
    return new_id()


def new_id() -> str:
    """Return an id that no other request has."""
    return secrets.token_hex(16)
