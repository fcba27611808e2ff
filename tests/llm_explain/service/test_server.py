"""The process: bounds for each connection, and an end that loses nobody's request; over real sockets."""

from __future__ import annotations

import asyncio
import itertools
import json
import socket
import threading
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from wire import LOST, Answer, Connection, request

from llm_explain.service.door import Door
from llm_explain.service.drain import Drain
from llm_explain.service.gate import Gate
from llm_explain.service.metrics import Metrics
from llm_explain.service.observed import Observed, TurnedAway
from llm_explain.service.server import MAX_HEAD_BYTES, DrainingServer, config_of
from llm_explain.service.settings import ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


async def patient(scope: Any, receive: Any, send: Any) -> None:
    """Answer after as many milliseconds as the path says."""
    if scope["type"] != "http":
        raise NotImplementedError
    await receive()
    await asyncio.sleep(int(scope["path"].rsplit("/", 1)[-1] or 0) / 1000)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@contextmanager
def served(gate: Gate | None = None, metrics: Metrics | None = None, **settings: Any) -> Iterator[SimpleNamespace]:
    """Serve the patient application in a thread; ``end`` is what SIGTERM does."""
    listener = socket.create_server(("127.0.0.1", 0))
    given = ServiceSettings(**{"fd": listener.fileno(), "body_seconds": 0.3, "drain_seconds": 10, **settings})
    drain, turned_away, metrics = Drain(), TurnedAway(), metrics or Metrics()
    door = Door(gate=gate, metrics=metrics, drain=drain, turned_away=turned_away) if gate else None
    app = Observed(patient, metrics=metrics, drain=drain, turned_away=turned_away)
    config = config_of(app, given, door=door)
    server = DrainingServer(config, settings=given, drain=drain)
    thread = threading.Thread(target=lambda: server.run([listener]))
    thread.start()
    while not server.started:
        threading.Event().wait(0.005)

    def end() -> None:
        drain.start()
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


def is_problem(answer: Answer, status: int, code: str) -> bool:
    problem = json.loads(answer.body)
    return (
        answer.status == status
        and answer.headers["content-type"] == "application/problem+json"
        and answer.headers["connection"] == "close"
        and problem["type"] == f"urn:llm-explain:problem:{code}"
    )


def test_what_is_no_http_gets_a_problem_document() -> None:
    with served() as server:
        for sent in (b"\x00\xff\r\n\r\n", b"GET /\xff HTTP/1.1\r\n\r\n", b"BREW / HTCPCP/1.0\r\n\r\n"):
            assert is_problem(asked(server.port, sent), 400, "malformed-request")


def test_a_head_without_an_end_is_cut_off() -> None:
    with served() as server:
        sent = b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (MAX_HEAD_BYTES // 6 + 1)
        assert is_problem(asked(server.port, sent), 431, "head-too-large")


def test_a_client_that_dawdles_over_the_head_is_told_and_one_that_says_nothing_is_not() -> None:
    with served() as server:
        assert is_problem(asked(server.port, b"GET / HTT"), 408, "request-too-slow")
        assert asked(server.port, b"").status == LOST


def test_a_client_that_dawdles_over_a_later_request_is_told_too() -> None:
    async def scene(port: int) -> Answer:
        connection = Connection(port)
        assert (await connection.ask(request("GET", "/0"))).status == 200
        answer = await connection.ask(b"GET / HTT", seconds=5.0)
        connection.close()
        return answer

    with served() as server:
        assert is_problem(asyncio.run(scene(server.port)), 408, "request-too-slow")


def test_more_connections_than_are_allowed_are_turned_away() -> None:
    async def scene(port: int) -> Answer:
        first = Connection(port)
        assert (await first.ask(request("GET", "/0"))).status == 200
        second = await Connection(port).ask(request("GET", "/0"))
        assert (await first.ask(request("GET", "/0"))).status == 200
        first.close()
        return second

    with served(max_connections=1) as server:
        answer = asyncio.run(scene(server.port))
    assert is_problem(answer, 503, "overloaded")
    assert answer.headers["retry-after"] == "1"


def test_two_requests_over_one_connection() -> None:
    async def scene(port: int) -> list[int]:
        connection = Connection(port)
        statuses = [(await connection.ask(request("POST", "/0", {"a": 1}))).status for _ in range(3)]
        connection.close()
        return statuses

    with served() as server:
        assert asyncio.run(scene(server.port)) == [200, 200, 200]


def test_without_a_place_requests_are_turned_away_at_the_door_and_the_connection_goes_on() -> None:
    gate, metrics = shut(), Metrics()
    body = {"user_id": "u" * 100_000}

    async def scene(port: int) -> tuple[list[Answer], list[int]]:
        connection = Connection(port)
        full = [await connection.ask(request("POST", "/v1/0", body)) for _ in range(3)]
        others = [(await connection.ask(request("GET", "/0"))).status]  # health and the like need no place
        gate.max_waiting = 1
        others.append((await connection.ask(request("POST", "/v1/0", body))).status)
        connection.close()
        return full, others

    with served(gate, metrics, body_seconds=5.0) as server:
        full, others = asyncio.run(scene(server.port))
    for answer in full:
        problem = json.loads(answer.body)
        assert (answer.status, problem["type"]) == (503, "urn:llm-explain:problem:overloaded")
        assert (answer.headers["x-request-id"], answer.headers["retry-after"]) == (problem["request_id"], "1")
        assert "connection" not in answer.headers
    assert others == [200, 200]
    counted = metrics.render().decode()
    assert 'llm_explain_shed_total{reason="queue_full"} 3.0' in counted
    assert 'method="POST",route="unmatched",status="503"} 3.0' in counted


def shut() -> Gate:
    """Return a gate that lets nobody in."""
    return Gate(max_running=1, max_waiting=0)


def test_who_is_turned_away_is_named_as_asked_in_however_many_pieces_the_request_came() -> None:
    sent = request("POST", "/v1/0", {"a": 1})
    named = request("POST", "/v1/0", {"a": 1}, {"X-Request-ID": "0123456789abcdef"})

    async def scene(port: int) -> list[Answer]:
        connection = Connection(port)
        first = await connection.ask(sent)
        assert connection._streams is not None
        connection._streams[1].write(sent[:30])
        await asyncio.sleep(0.05)
        answers = [first, await connection.ask(sent[30:]), await connection.ask(named), await connection.ask(sent)]
        connection.close()
        return answers

    with served(shut()) as server:
        answers = asyncio.run(scene(server.port))
    assert [answer.status for answer in answers] == [503] * 4
    names = [answer.headers["x-request-id"] for answer in answers]
    assert names[2] == "0123456789abcdef"
    assert len(set(names)) == 4
    assert all(json.loads(answer.body)["request_id"] == name for answer, name in zip(answers, names, strict=True))


def test_a_connection_lives_as_long_as_something_comes_though_all_of_it_is_turned_away() -> None:
    async def scene(port: int) -> tuple[list[int], bytes]:
        connection, streams = Connection(port), None
        statuses = []
        for _ in range(4):
            statuses.append((await connection.ask(request("GET", "/v1/0"))).status)
            streams = streams or connection._streams
            assert connection._streams is streams  # not another connection
            await asyncio.sleep(0.4)
        assert connection._streams is not None
        async with asyncio.timeout(5):
            rest = await connection._streams[0].read()
        connection.close()
        return statuses, rest

    with served(shut(), keep_alive_seconds=1) as server:
        statuses, rest = asyncio.run(scene(server.port))
    assert statuses == [503] * 4
    assert rest == b""


def _send_all(client: socket.socket, messages: Iterable[bytes]) -> None:
    for message in messages:
        client.sendall(message)


def test_who_reads_none_of_the_refusals_gets_no_more_of_them() -> None:
    sent = request("GET", "/v1/0") * 1000
    with served(shut(), body_seconds=60.0) as server, socket.create_connection(("127.0.0.1", server.port)) as client:
        client.settimeout(30)
        with pytest.raises(ConnectionError):
            _send_all(client, itertools.repeat(sent, 1000))  # each gets 400,000 bytes of answers


def test_an_end_finishes_what_was_asked_and_closes_what_is_idle() -> None:
    async def scene(server: SimpleNamespace) -> tuple[Answer, Answer]:
        slow, idle = Connection(server.port), Connection(server.port)
        assert (await idle.ask(request("GET", "/0"))).headers.get("connection") != "close"
        asking = asyncio.create_task(slow.ask(request("GET", "/400")))
        await asyncio.sleep(0.05)
        server.end()
        await asyncio.sleep(0.05)
        last = await idle.ask(request("GET", "/0"))  # was on its way when the end began
        return await asking, last

    with served() as server:
        slow, last = asyncio.run(scene(server))
        server.thread.join(10)
        assert not server.thread.is_alive()
    assert (slow.status, last.status) == (200, 200)
    assert slow.headers["connection"] == last.headers["connection"] == "close"


def test_an_end_waits_no_longer_than_it_may() -> None:
    with served(drain_seconds=0.2) as server:
        asking = threading.Thread(target=lambda: asked(server.port, request("GET", "/60000")))
        asking.start()
        threading.Event().wait(0.1)
        server.end()
        server.thread.join(20)
        assert not server.thread.is_alive()
        asking.join(20)
