"""Gives each request an id, a log line and metrics, and each answer its headers.

The middleware logs and counts the route's path template, never the path, because a path may hold a user's id. Requests
that the admission middleware refuses are counted and not logged, so that an overload is not made worse by writing.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from starlette.datastructures import MutableHeaders

from llm_explain.service.schemas.problems import INTERNAL, MALFORMED, problem_response

if TYPE_CHECKING:
    from collections.abc import Iterable
    from threading import Event

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from llm_explain.service.telemetry.metrics import Metrics

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the request that this task or thread works for."""

PREFIX: Final = "/v1"

_LOG = logging.getLogger("llm_explain.service.requests")
_GIVEN_ID: Final = re.compile(rb"[0-9a-fA-F-]{16,64}")
_UNLOGGED_PATHS: Final = frozenset({"/healthz", "/readyz", "/metrics"})
_REFUSED: Final = frozenset({429, 503})
_LENGTHS: Final = frozenset({b"content-length", b"transfer-encoding"})


class RequestMiddleware:
    """The outermost ASGI middleware.

    Args:
        app: The application behind it.
        metrics: Counters.
        drain: Set when the process is about to end; each answer then closes its connection.
    """

    def __init__(self, app: ASGIApp, *, metrics: Metrics, drain: Event) -> None:
        self._app = app
        self._metrics = metrics
        self._drain = drain

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        name = _id_of(scope["headers"])
        scope.setdefault("state", {})["request_id"] = name
        has_two_lengths = {header for header, _ in scope["headers"]} >= _LENGTHS  # RFC 9112 §6.3
        sender = _Sender(send, name, self._drain, is_api=scope["path"].startswith(PREFIX), is_last=has_two_lengths)
        token = request_id.set(name)
        self._metrics.begin_request()
        try:
            if has_two_lengths:
                await problem_response(MALFORMED, name)(scope, receive, sender)
            else:
                await self._app(scope, receive, sender)
        except Exception as error:
            if sender.status:
                raise
            _LOG.error("request failed: %s", type(error).__name__, exc_info=error)
            await problem_response(INTERNAL, name)(scope, receive, sender)
        finally:
            seconds = time.perf_counter() - started
            route = _route_of(scope)
            self._metrics.end_request(scope["method"], route, sender.status, seconds)
            if scope["path"] not in _UNLOGGED_PATHS and (route or sender.status not in _REFUSED):
                _log(scope, route, sender, seconds)
            request_id.reset(token)


class _Sender:
    """Sends messages, adds headers, and remembers the status and the size of the answer."""

    def __init__(self, send: Send, name: str, drain: Event, *, is_api: bool, is_last: bool) -> None:
        self.status = 0
        self.n_bytes = 0
        self._send, self._name, self._drain, self._is_api, self._is_last = send, name, drain, is_api, is_last

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self._name
            headers["x-content-type-options"] = "nosniff"
            if self._is_api:  # answers of the API are personal unless the route says otherwise
                headers.setdefault("cache-control", "private, no-store")
            if self._is_last or self._drain.is_set():
                headers["connection"] = "close"
        else:
            self.n_bytes += len(message.get("body", b""))
        await self._send(message)


def _log(scope: Scope, route: str, sender: _Sender, seconds: float) -> None:
    said = {"method": scope["method"], "route": route, "status": sender.status, "ms": round(seconds * 1000, 2)}
    _LOG.info("request", extra={"fields": {**said, "bytes_out": sender.n_bytes}})


def _route_of(scope: Scope) -> str:
    """Return the path template of the route that matched; empty if no route did."""
    path = getattr(scope.get("route"), "path_format", "")
    return f"{PREFIX}{path}" if path and scope["path"].startswith(PREFIX) and not path.startswith(PREFIX) else path


def _id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the id that the client gave, if it is hexadecimal and so says nothing; else a new one."""
    for name, value in headers:
        if name == b"x-request-id" and _GIVEN_ID.fullmatch(value):
            return str(value, "ascii")
    return secrets.token_hex(16)
