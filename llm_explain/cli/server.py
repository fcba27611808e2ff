"""Runs the application in uvicorn, and ends without losing a request.

On SIGTERM the process

1. answers 503 on ``/readyz`` and closes each connection with its next answer;
2. accepts connections for ``lame_duck_seconds``, so that a load balancer notices. A process that shares its socket with
   others (``fd``) stops at once;
3. waits ``IDLE_SECONDS`` for requests that are on their way, then lets uvicorn finish the requests that run.
"""

from __future__ import annotations

import asyncio
import logging
import math
import os
import signal
import socket
import time
from typing import TYPE_CHECKING, Any, Final

import uvicorn

if TYPE_CHECKING:
    from threading import Event

    from fastapi import FastAPI

    from llm_explain.service.settings import ServiceSettings

IDLE_SECONDS: Final = 0.5
"""A request that was sent before the process stopped accepting connections arrives within this time."""

MAX_HEAD_BYTES: Final = 32_768
"""Longest request line with headers; a longer one gets uvicorn's answer 400."""

_BACKLOG: Final = 2048
_LOG = logging.getLogger("llm_explain.cli.server")


class DrainingServer(uvicorn.Server):
    """Uvicorn that drains before it shuts down.

    Args:
        config: Uvicorn's settings.
        settings: The service's settings.
        drain: Set on SIGTERM.
    """

    def __init__(self, config: uvicorn.Config, *, settings: ServiceSettings, drain: Event) -> None:
        super().__init__(config)
        self._drain = drain
        self._ready_fd = settings.ready_fd
        self._lame_duck_seconds = settings.lame_duck_seconds if settings.fd is None else 0.0

    def handle_exit(self, sig: int, frame: Any) -> None:
        """Begin to drain; a second Ctrl+C ends at once."""
        self._drain.set()
        if sig == signal.SIGINT:
            self._lame_duck_seconds = 0.0
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept connections, and tell a supervisor."""
        await super().startup(sockets)
        if self._ready_fd is not None and self.started:
            os.write(self._ready_fd, b"1")
            os.close(self._ready_fd)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting connections when the load balancer has had time, then finish what runs."""
        await self._sleep(self._lame_duck_seconds)
        for server in self.servers:
            server.close()
        await self._sleep(IDLE_SECONDS)
        await super().shutdown(sockets)

    async def _sleep(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not self.force_exit:
            await asyncio.sleep(0.05)


def config_of(app: Any, settings: ServiceSettings) -> uvicorn.Config:
    """Return uvicorn's settings.

    Args:
        app: An ASGI application.
        settings: The service's settings.

    Returns:
        The settings.
    """
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        http="h11",  # bounds the size of a request's head
        h11_max_incomplete_event_size=MAX_HEAD_BYTES,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        backlog=_BACKLOG,
        limit_concurrency=settings.max_connections,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=math.ceil(settings.drain_seconds),
    )


def serve(app: FastAPI, settings: ServiceSettings) -> None:
    """Serve until SIGTERM or Ctrl+C.

    Args:
        app: The application; ``app.state.drain`` is its switch.
        settings: The service's settings.
    """
    sockets = None if settings.fd is None else [socket.socket(fileno=settings.fd)]
    server = DrainingServer(config_of(app, settings), settings=settings, drain=app.state.drain)
    for sig in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sig, signal.SIG_IGN)  # uvicorn raises the signal again when it has finished
    server.run(sockets)
    _LOG.info("ended")
