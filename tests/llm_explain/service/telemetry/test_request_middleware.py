"""Each request has an id, a log line without its path, a count and a span."""

from __future__ import annotations

import asyncio
import json
import logging
from threading import Event
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from asgi import Reply, ask, echo, fail, scope_of

from llm_explain.cli.logs import JsonFormatter
from llm_explain.service.telemetry.metrics import Metrics
from llm_explain.service.telemetry.request_middleware import RequestMiddleware, request_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

PATH = "/v1/users/mary.smith/shelves"
ROUTE = SimpleNamespace(path_format="/users/{user_id}/shelves")


async def routed(scope: Any, receive: Any, send: Any) -> None:
    scope["route"] = ROUTE
    scope["state"]["seen_id"] = request_id.get()
    await echo(scope, receive, send)


async def overloaded(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def observe(
    app: Callable[..., Awaitable[None]] = routed,
    *,
    headers: list[tuple[str, str]] | None = None,
    drain: Event | None = None,
    metrics: Metrics | None = None,
) -> Reply:
    layer = RequestMiddleware(app, metrics=metrics or Metrics(), drain=drain or Event())
    return asyncio.run(ask(layer, scope_of(PATH, method="GET", headers=headers or [])))


def test_an_id_is_made_and_given_back() -> None:
    one, two = observe(), observe()
    assert len(one.headers["x-request-id"]) == 32
    assert one.headers["x-request-id"] != two.headers["x-request-id"]


@pytest.mark.parametrize(
    ("given", "is_kept"), [("0123456789abcdef", True), ("mary.smith", False), ("a" * 65, False), ("ab\ncd", False)]
)
def test_only_a_hexadecimal_id_is_taken_over(given: str, is_kept: bool) -> None:
    reply = observe(headers=[("x-request-id", given)])
    assert (reply.headers["x-request-id"] == given) == is_kept


def test_the_log_line_has_the_route_and_not_the_path(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "llm_explain.service.requests"):
        reply = observe()
    line = JsonFormatter().format(caplog.records[-1])
    assert '"route": "/v1/users/{user_id}/shelves"' in line
    assert '"status": 200' in line
    assert "mary" not in line
    assert reply.status == 200


def test_a_failure_is_a_problem_document_counted_as_500(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    with caplog.at_level(logging.INFO):
        reply = observe(fail, metrics=metrics)
    assert (reply.status, reply.headers["cache-control"]) == (500, "private, no-store")
    assert reply.headers["x-request-id"] == json.loads(reply.body)["request_id"]
    assert b'route="unmatched",status="500"' in metrics.render()
    assert any("RuntimeError" in JsonFormatter().format(record) for record in caplog.records)
    assert all("mary" not in JsonFormatter().format(record) for record in caplog.records)


def test_a_request_that_is_refused_at_admission_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    layer = RequestMiddleware(overloaded, metrics=Metrics(), drain=Event())

    with caplog.at_level(logging.INFO, "llm_explain.service.requests"):
        asyncio.run(ask(layer, scope_of(PATH)))
    assert not caplog.records


def test_a_request_with_two_lengths_is_refused_and_the_last_of_its_connection() -> None:
    both = [("content-length", "44"), ("transfer-encoding", "chunked")]
    reply = observe(headers=both)
    assert (reply.status, reply.headers["connection"]) == (400, "close")
    assert observe(headers=both[:1]).status == observe(headers=both[1:]).status == 200


def test_a_process_that_ends_closes_connections() -> None:
    drain = Event()
    assert "connection" not in observe(drain=drain).headers
    drain.set()
    assert observe(drain=drain).headers["connection"] == "close"
