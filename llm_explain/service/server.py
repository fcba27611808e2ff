"""The process: a socket, uvicorn, bounds for each connection, and an end that loses nobody's request.

Wiring: ``serve(create_app(settings, …), settings)``; the app carries ``app.state.drain``. On SIGTERM the process

1. says "draining" on ``/readyz`` and lets each answer close its connection;
2. accepts no more connections, if it listens on a socket that somebody else holds open (``settings.fd``), else goes on
   accepting until a load balancer has had ``settings.lame_duck_seconds`` to notice;
3. closes connections only when they have asked for nothing for ``IDLE_SECONDS``, or when ``settings.drain_seconds`` are
   over.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from llm_explain.service.drain import Drain
from llm_explain.service.refusals import whole_answer

if TYPE_CHECKING:
    from asyncio import TimerHandle

    from fastapi import FastAPI
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from llm_explain.service.door import Door, Refusal
    from llm_explain.service.settings import ServiceSettings

IDLE_SECONDS = 0.5
"""A connection on which nothing came for so long has no request on its way."""

MAX_HEAD_BYTES = 32_768
"""Longest request line with headers."""

_LOG = logging.getLogger("llm_explain.service.server")


class GuardedProtocol(HttpToolsProtocol):
    """A connection whose client can neither dawdle nor flood; what cannot be parsed gets a problem document."""

    body_seconds = 10.0
    max_connections = 2000
    door: Door | None = None
    _refusal: Refusal | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take a connection, unless there are too many."""
        super().connection_made(transport)  # type: ignore[arg-type]
        self._timer: TimerHandle | None = None
        self._n_head = 0
        self._is_in_head = True
        self._is_begun = False
        self.last_heard = time.monotonic()
        if len(self.connections) > self.max_connections:
            self._refuse(503, "overloaded", "More connections are open than can be served. Try again in a second.")
            return
        self._arm()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._disarm()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, if the head of a request stays within its bound."""
        self.last_heard = time.monotonic()
        if self.transport.is_closing() or self._is_turned_away(data):
            return
        if self._is_in_head:
            self._n_head += len(data)
        super().data_received(data)
        if self._is_begun:
            self._is_begun = False
            self._arm()
        if self._is_in_head and self._n_head > MAX_HEAD_BYTES:
            self._refuse(431, "head-too-large", f"The headers are longer than {MAX_HEAD_BYTES} bytes. Send fewer.")

    def on_message_begin(self) -> None:
        """Give the client a time for the whole request, if it did not come at once."""
        super().on_message_begin()
        self._is_begun = True

    def on_headers_complete(self) -> None:
        """Let the application answer, unless there is no place."""
        self._is_in_head = False
        self._refusal = self._refusal_at_the_door()
        if self._refusal is None:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Take a part of the body, which nobody reads of a request that is turned away."""
        if self._refusal is None:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop the clock: the request is whole."""
        self._disarm()
        self._is_begun = False
        self._is_in_head = True
        self._n_head = 0
        if self._refusal is None:
            super().on_message_complete()
            return
        self._turn_away(self._refusal)
        self.on_response_complete()

    def pause_writing(self) -> None:
        """Give a client that does not read a time to read."""
        super().pause_writing()
        self._arm()

    def resume_writing(self) -> None:
        """Stop the clock: the client reads."""
        self._disarm()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002
        """Answer what is no HTTP."""
        self._refuse(400, "malformed-request", "The request is no HTTP/1.1. Send a valid one.")

    def finish_if_idle(self, now: float) -> None:
        """Close a connection that has asked for nothing for a while."""
        if self._is_answered and now - self.last_heard >= IDLE_SECONDS and not self.transport.is_closing():
            self.transport.close()

    def timeout_keep_alive_handler(self) -> None:
        """Close a connection on which nothing came for long; those who are turned away at a glance leave this timer."""
        left = self.last_heard + self.timeout_keep_alive - time.monotonic()
        if left > 0:
            self._keep_alive(left)
        else:
            super().timeout_keep_alive_handler()

    def _keep_alive(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _is_turned_away(self, data: bytes) -> bool:
        """Answer a request that came whole and at once, while there is no place, and say whether this was one."""
        is_between = self._is_in_head and not self._n_head
        if self.door is None or not is_between or not self._is_answered:
            return False
        refusal = self.door.refusal_at_a_glance(data)
        if refusal is None:
            return False
        self._disarm()
        self._turn_away(refusal)
        if self.timeout_keep_alive_task is None:
            self._keep_alive(self.timeout_keep_alive)
        return True

    def _turn_away(self, refusal: Refusal) -> None:
        """Write a refusal, unless the client does not even read those that it has."""
        if self.flow.write_paused:
            self.transport.abort()
            return
        self.transport.write(refusal.answer)
        if refusal.closes:
            self.transport.close()

    def _refusal_at_the_door(self) -> Refusal | None:
        """Return what to answer at once; a client that waits to be told to go on, or for an answer, is let in."""
        if self.door is None or self.expect_100_continue or not self._is_answered:
            return None
        method = self.parser.get_method().decode("ascii")
        return self.door.refusal(method, self.url, self.headers, is_last=not self.parser.should_keep_alive())

    @property
    def _is_answered(self) -> bool:
        return self._current is None or self._current.response_complete

    @property
    def _current(self) -> RequestResponseCycle | None:
        """The latest request; none before the first."""
        return cast("RequestResponseCycle | None", self.cycle)

    def _arm(self) -> None:
        self._disarm()
        self._timer = self.loop.call_later(self.body_seconds, self._on_dawdling)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_dawdling(self) -> None:
        """Say so to a client that takes too long, if it can still be told, and hang up."""
        is_answering = not self._is_answered and self._current is not None and self._current.response_started
        if self.transport.is_closing() or self.flow.write_paused or is_answering or not self._n_head:
            self.transport.abort()
        else:
            self._refuse(408, "request-too-slow", f"The request did not come within {self.body_seconds:g} s.")

    def _refuse(self, status: int, code: str, detail: str) -> None:
        """Answer without the application and hang up, unless an answer is under way."""
        cycle = self._current
        if cycle is None or cycle.response_complete or not cycle.response_started:
            retry_after = 1 if status == HTTPStatus.SERVICE_UNAVAILABLE else None
            answer = whole_answer(status=status, code=code, detail=detail, retry_after=retry_after, closes=True)
            self.transport.write(answer)
        self.transport.close()


class DrainingServer(uvicorn.Server):
    """Uvicorn that ends in three steps.

    Args:
        config: Uvicorn's settings.
        settings: The service's.
        drain: Set on SIGTERM.
    """

    def __init__(self, config: uvicorn.Config, *, settings: ServiceSettings, drain: Drain) -> None:
        super().__init__(config)
        self._settings = settings
        self._drain = drain

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to end; a second Ctrl+C ends at once."""
        self._drain.start()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Finish what was asked and close what asks for nothing more."""
        if self._settings.fd is None and signal.SIGINT not in self._captured_signals:
            lame_until = time.monotonic() + self._settings.lame_duck_seconds
            while time.monotonic() < lame_until and not self.force_exit:
                await asyncio.sleep(0.05)
        until = time.monotonic() + self._settings.drain_seconds
        for server in self.servers:
            server.close()
        await asyncio.sleep(0.05)  # connections that were accepted in the same moment get their protocol
        while self.server_state.connections and time.monotonic() < until and not self.force_exit:
            now = time.monotonic()
            for connection in list(self.server_state.connections):
                if isinstance(connection, GuardedProtocol):
                    connection.finish_if_idle(now)
            await asyncio.sleep(0.05)
        await super().shutdown(sockets)


def config_of(app: Any, settings: ServiceSettings, *, door: Door | None = None) -> uvicorn.Config:
    """Return uvicorn's settings.

    Args:
        app: An ASGI application.
        settings: Where and how.
        door: Turns requests away; none if not given.

    Returns:
        Settings.
    """
    bounds = {"body_seconds": settings.body_seconds, "max_connections": settings.max_connections, "door": door}
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http=type("BoundedProtocol", (GuardedProtocol,), bounds),
        ws="none",
        lifespan="auto",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=2048,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=1,
    )


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or Ctrl+C.

    Args:
        app: The application; ``app.state`` has its ``Drain`` and its ``Door``.
        settings: Where and how.
    """
    sockets = None if settings.fd is None else [socket.socket(fileno=settings.fd)]
    server = DrainingServer(config_of(app, settings, door=app.state.door), settings=settings, drain=app.state.drain)
    _end_quietly(server, sockets)


def _end_quietly(server: DrainingServer, sockets: list[socket.socket] | None) -> None:
    """Run; the signal that ended the server ends no more than it."""
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, signal.SIG_IGN)  # uvicorn raises the signal again when it has finished
    server.run(sockets)
    _LOG.info("ended")
