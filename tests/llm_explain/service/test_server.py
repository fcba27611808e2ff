"""Uvicorn's limits, and an end that loses no request; over real sockets."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from wire import LOST, Answer, Connection, request

from llm_explain.cli.server import MAX_HEAD_BYTES, DrainingServer, config_of
from llm_explain.service.admission.authenticator import address_of
from llm_explain.service.settings import ServiceSettings
from llm_explain.service.telemetry.metrics import Metrics
from llm_explain.service.telemetry.request_middleware import RequestMiddleware

if TYPE_CHECKING:
    from collections.abc import Iterator


async def patient(scope: Any, receive: Any, send: Any) -> None:
    """Answer after as many milliseconds as the path says."""
    if scope["type"] != "http":
        raise NotImplementedError
    await receive()
    await asyncio.sleep(int(scope["path"].rsplit("/", 1)[-1] or 0) / 1000)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def served(**settings: Any) -> Iterator[SimpleNamespace]:
    """Serve the patient application in a thread; ``end`` does what SIGTERM does."""
    listener = socket.create_server(("127.0.0.1", 0))
    given = ServiceSettings(**{"fd": listener.fileno(), "drain_seconds": 10, **settings})
    drain = threading.Event()
    app = RequestMiddleware(patient, metrics=Metrics(), drain=drain)
    server = DrainingServer(config_of(app, given), settings=given, drain=drain)
    thread = threading.Thread(target=lambda: server.run([listener]))
    thread.start()
    while not server.started:
        threading.Event().wait(0.005)

    def end() -> None:
        drain.set()
        server.should_exit = True

    try:
        yield SimpleNamespace(port=listener.getsockname()[1], end=end, thread=thread)
    finally:
        end()
        thread.join(30)
        assert not thread.is_alive()
        listener.close()


def asked(port: int, sent: bytes, seconds: float = 10.0) -> Answer:
    async def scene() -> Answer:
        connection = Connection(port)
        answer = await connection.ask(sent, seconds=seconds)
        connection.close()
        return answer

    return asyncio.run(scene())


def test_bytes_that_are_not_http_are_refused() -> None:
    with served() as server:
        for sent in (b"\x00\xff\r\n\r\n", b"GET / HTCPCP/1.0\r\n\r\n"):
            assert asked(server.port, sent).status == 400


def test_a_head_without_an_end_is_cut_off() -> None:
    with served() as server:
        sent = b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (MAX_HEAD_BYTES // 6 + 1000)
        assert asked(server.port, sent).status in {400, LOST}


def test_connections_beyond_the_limit_are_refused() -> None:
    async def scene(port: int) -> list[int]:
        first, second = Connection(port), Connection(port)
        statuses = [(await each.ask(request("GET", "/0"))).status for each in (first, second)]
        for each in (first, second):
            each.close()
        return statuses

    with served(max_connections=2) as server:  # uvicorn refuses the second and closes it
        assert asyncio.run(scene(server.port)) == [200, 503]


def test_two_requests_over_one_connection() -> None:
    async def scene(port: int) -> list[int]:
        connection = Connection(port)
        statuses = [(await connection.ask(request("POST", "/0", {"a": 1}))).status for _ in range(3)]
        connection.close()
        return statuses

    with served() as server:
        assert asyncio.run(scene(server.port)) == [200, 200, 200]


def test_an_end_finishes_running_requests_and_those_on_their_way() -> None:
    async def scene(server: SimpleNamespace) -> tuple[Answer, Answer]:
        slow, idle = Connection(server.port), Connection(server.port)
        assert (await idle.ask(request("GET", "/0"))).headers.get("connection") != "close"
        asking = asyncio.create_task(slow.ask(request("GET", "/1500")))
        await asyncio.sleep(0.05)
        server.end()
        await asyncio.sleep(0.2)  # the process accepts no connection any more
        last = await idle.ask(request("GET", "/0"))
        return await asking, last

    with served() as server:
        slow, last = asyncio.run(scene(server))
        server.thread.join(10)
        assert not server.thread.is_alive()
    assert (slow.status, last.status) == (200, 200)
    assert last.headers["connection"] == "close"


def test_a_load_balancer_has_time_to_notice() -> None:
    async def scene(server: SimpleNamespace) -> list[int]:
        server.end()
        statuses = []
        for _ in range(3):
            await asyncio.sleep(0.2)
            connection = Connection(server.port)
            statuses.append((await connection.ask(request("GET", "/0"))).status)
        return statuses

    with served(fd=None, lame_duck_seconds=10.0) as server:
        assert asyncio.run(scene(server)) == [200, 200, 200]


def test_an_end_waits_no_longer_than_drain_seconds() -> None:
    with served(drain_seconds=0.2) as server:
        asking = threading.Thread(target=lambda: asked(server.port, request("GET", "/60000")))
        asking.start()
        threading.Event().wait(0.1)
        server.end()
        server.thread.join(20)
        assert not server.thread.is_alive()
        asking.join(20)


def test_only_a_named_proxy_says_who_the_client_is() -> None:
    """Else any client could name an address for its failures."""
    assert not config_of(None, ServiceSettings()).proxy_headers
    config = config_of(None, ServiceSettings(trusted_proxies=("10.0.0.0/8",)))
    assert (config.proxy_headers, config.forwarded_allow_ips) == (True, ["10.0.0.0/8"])

    async def scene(peer: str) -> str:
        seen: list[str] = []

        async def app(scope: Any, receive: Any, send: Any) -> None:
            seen.append(address_of(scope))

        proxied = ProxyHeadersMiddleware(app, trusted_hosts=config.forwarded_allow_ips)
        scope = {"type": "http", "scheme": "http", "client": (peer, 1), "headers": [(b"x-forwarded-for", b"192.0.2.7")]}
        await proxied(scope, None, None)
        return seen[0]

    assert asyncio.run(scene("10.1.2.3")) == "192.0.2.7"
    assert asyncio.run(scene("203.0.113.9")) == "203.0.113.9"


def test_an_ipv6_client_is_its_network() -> None:
    assert address_of({"client": ("2001:db8:1:2:3:4:5:6", 1)}) == "2001:db8:1:2::/64"
    assert address_of({"client": None}) == ""
