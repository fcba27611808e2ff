"""What is let in, what is turned away and how: the layer before the application."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from asgi import Reply, ask, echo, scope_of

from llm_explain.service.admission import middleware
from llm_explain.service.admission.authenticator import Authenticator, rates_of
from llm_explain.service.admission.middleware import MOST_OF_USER, AdmissionMiddleware
from llm_explain.service.admission.queue import AdmissionQueue, current_ticket
from llm_explain.service.admission.tokens import UserTokens
from llm_explain.service.settings import ServiceSettings
from llm_explain.service.telemetry.metrics import Metrics

JSON = ("content-type", "application/json")
PATH = "/v1/recommendations"


TOKENS = UserTokens(b"s" * 32)
KEY = "k" * 32
FIXED = f"storefront-{TOKENS.mark_of(KEY)}"
BEARER = ("authorization", f"Bearer {KEY}")


class Stored:
    """Keys of a state that has none."""

    def __init__(self) -> None:
        self.readings = 0

    def id_of(self, key: str) -> str:
        return key[:4]

    def in_force(self) -> dict[str, Any]:
        self.readings += 1
        return {}


STORED: Any = Stored()


def guarded(
    app: Any = echo, *, queue: AdmissionQueue | None = None, auth: bool = False, **settings: Any
) -> AdmissionMiddleware:
    given = ServiceSettings(
        **{"rate_per_second": 0.0, "max_body_bytes": 1000, "max_depth": 5, "body_seconds": 5.0, **settings}
    )
    return AdmissionMiddleware(
        app,
        settings=given,
        queue=queue or AdmissionQueue(max_running=1, max_waiting=1),
        metrics=Metrics(),
        authenticator=Authenticator(STORED if auth else None, TOKENS, {"storefront": KEY}, rates_of(given)),
    )


def post(app: AdmissionMiddleware, body: bytes, *headers: tuple[str, str], chunks: list[bytes] | None = None) -> Reply:
    return asyncio.run(ask(app, scope_of(PATH, headers=headers or [JSON]), chunks or [body]))


def is_problem(reply: Reply, status: int, code: str) -> bool:
    problem = reply.json()
    return (
        reply.headers["content-type"] == "application/problem+json"
        and reply.status == problem["status"] == status
        and problem["type"] == f"urn:llm-explain:problem:{code}"
        and {"title", "detail", "request_id"} <= set(problem)
    )


def test_a_good_body_comes_to_the_application_as_it_was() -> None:
    body = b'{"user_id":  "u1"}'
    reply = post(guarded(), body, chunks=[body[:5], body[5:]])
    assert (reply.status, reply.body) == (200, body)


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"[NaN]", 400, "invalid-json"),
        (b"[[[[[[1]]]]]]", 400, "body-too-deep"),
        (b" " * 1001, 413, "body-too-large"),
    ],
)
def test_a_bad_body_is_a_problem(body: bytes, status: int, code: str) -> None:
    assert is_problem(post(guarded(), body), status, code)


def test_a_body_without_an_end_is_cut_off() -> None:
    reply = post(guarded(), b"", chunks=[b"[" * 400] * 1_000_000)
    assert is_problem(reply, 413, "body-too-large")


def test_an_announced_size_is_refused_before_it_is_read() -> None:
    read = []

    async def receive() -> dict[str, Any]:
        read.append(1)
        return {"type": "http.request", "body": b"", "more_body": False}

    async def scene() -> list[int]:
        sent: list[int] = []

        async def send(message: Any) -> None:
            sent.append(message.get("status", 0))

        await guarded()(scope_of(PATH, headers=[JSON, ("content-length", "50000000")]), receive, send)
        return sent

    assert asyncio.run(scene())[0] == 413
    assert not read


def test_another_media_type_is_refused() -> None:
    assert is_problem(post(guarded(), b"a=1", ("content-type", "text/plain")), 415, "unsupported-media-type")


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    async def scene() -> Reply:
        reply = Reply()

        async def never() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            reply.status = reply.status or message["status"]
            reply.body += message.get("body", b"")
            reply.headers = reply.headers or {n.decode(): v.decode() for n, v in message["headers"]}

        await guarded(body_seconds=0.02)(scope_of(PATH, headers=[JSON]), never, send)
        return reply

    assert is_problem(asyncio.run(scene()), 408, "body-too-slow")


def test_a_key_that_sends_too_fast_is_told_when_to_come_back() -> None:
    app = guarded(auth=True, rate_per_second=0.1, rate_burst=1)
    assert post(app, b"{}", JSON, BEARER).status == 200
    reply = post(app, b"{}", JSON, ("x-api-key", KEY))
    assert is_problem(reply, 429, "rate-limited")
    assert 1 <= int(reply.headers["retry-after"]) <= 10
    token = ("authorization", f"Bearer {TOKENS.issue('u1', FIXED, 60)}")
    assert post(app, b"{}", JSON, token).status == 200  # a user's rate is its own


def test_another_wrong_key_has_no_rate_of_its_own() -> None:
    """The rate was one for each value of the header: who sent another word each time had no limit."""
    app = guarded(auth=True, rate_per_second=100, failure_rate_per_second=0.1, failure_rate_burst=3)
    statuses = [post(app, b"{}", JSON, ("x-api-key", f"wrong-{n}")).status for n in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert post(app, b"{}", JSON, BEARER).status == 200  # failures of its address do not lock a valid key out


def test_requests_without_a_key_take_no_place_and_their_bodies_are_not_read() -> None:
    """44 connections without a key that never sent their bodies locked every customer out."""

    async def scene() -> tuple[list[int], Reply, AdmissionQueue]:
        queue = AdmissionQueue(max_running=1, max_waiting=1)
        app = guarded(auth=True, queue=queue, failure_rate_burst=1000)

        async def never() -> Any:
            await asyncio.Event().wait()

        async def without_key() -> int:
            statuses: list[int] = []

            async def send(message: Any) -> None:
                statuses.append(message.get("status", 0))

            await app(scope_of(PATH, headers=[JSON]), never, send)
            return statuses[0]

        flood = [asyncio.create_task(without_key()) for _ in range(44)]
        served = await ask(app, scope_of(PATH, headers=[JSON, BEARER]), [b"{}"])
        return list(await asyncio.wait_for(asyncio.gather(*flood), 5)), served, queue

    statuses, served, queue = asyncio.run(scene())
    assert statuses == [401] * 44
    assert served.status == 200
    assert queue.n_waiting == 0


def test_unknown_keys_do_not_read_the_storage_each_time() -> None:
    STORED.readings = 0
    app = guarded(auth=True)
    assert {post(app, b"{}", JSON, ("x-api-key", f"llmx_{n}")).status for n in range(20)} == {401}
    assert STORED.readings <= 3


def test_beyond_the_queue_requests_are_turned_away_and_leave_no_trace() -> None:
    async def scene() -> tuple[list[Reply], AdmissionQueue]:
        queue = AdmissionQueue(max_running=1, max_waiting=1)
        go_on = asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            await go_on.wait()
            await echo(scope, receive, send)

        app = guarded(slow, queue=queue)
        tasks = [asyncio.create_task(ask(app, scope_of(PATH, headers=[JSON]), [b"{}"])) for _ in range(5)]
        await asyncio.sleep(0.02)
        go_on.set()
        answered = list(await asyncio.gather(*tasks))
        await asyncio.sleep(0)
        return answered, queue

    replies, queue = asyncio.run(scene())
    assert sorted(reply.status for reply in replies) == [200, 200, 503, 503, 503]
    shed = next(reply for reply in replies if reply.status == 503)
    assert is_problem(shed, 503, "overloaded")
    assert "retry-after" in shed.headers
    assert (queue.n_running, queue.n_waiting) == (0, 0)


def test_one_users_tokens_wait_for_few_places_and_pay_for_their_work() -> None:
    async def scene() -> tuple[list[int], list[int]]:
        go_on = asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            await go_on.wait()
            await echo(scope, receive, send)

        app = guarded(slow, queue=AdmissionQueue(max_running=1, max_waiting=16), auth=True, rate_per_second=100.0)

        def asked(user_id: str) -> asyncio.Task[Reply]:
            token = TOKENS.issue(user_id, FIXED, 60)
            headers = [JSON, ("authorization", f"Bearer {token}")]
            return asyncio.create_task(ask(app, scope_of(PATH, headers=headers), [b'{"deadline_ms": 10000}']))

        own, others = [asked("u00") for _ in range(8)], [asked(f"u0{n}") for n in range(1, 4)]
        await asyncio.sleep(0.5)
        go_on.set()
        statuses = [sorted([(await task).status for task in tasks]) for tasks in (own, others)]
        for _ in range(26):  # half a second of work was five requests: of 30, some were taken before
            await asked("u00")
        assert (await asked("u00")).status == 429
        assert (await asked("u01")).status == 200
        return statuses[0], statuses[1]

    own, others = asyncio.run(scene())
    assert own == [200] * MOST_OF_USER + [429] * (8 - MOST_OF_USER)
    assert others == [200] * 3


def test_a_shopper_pays_for_reading_a_body_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body of 300,000 lists took a second of processor time, and one token could send five a second."""
    monkeypatch.setattr(middleware, "TOKENS_PER_SECOND", 1e9)
    app = guarded(auth=True, rate_per_second=100.0)
    mine, other = (("authorization", f"Bearer {TOKENS.issue(user, FIXED, 60)}") for user in ("u00", "u01"))
    assert [post(app, b"[", JSON, head).status for head in (mine, mine, other, BEARER, BEARER)] == [
        400, 429, 400, 400, 400,
    ]  # fmt: skip


def test_a_place_is_given_back_when_the_application_fails() -> None:
    async def broken(scope: Any, receive: Any, send: Any) -> None:
        raise RuntimeError("broken")

    async def scene() -> int:
        queue = AdmissionQueue(max_running=1, max_waiting=1)
        with pytest.raises(RuntimeError, match="broken"):
            await ask(guarded(broken, queue=queue), scope_of(PATH, headers=[JSON]), [b"{}"])
        await asyncio.sleep(0)
        return queue.n_running

    assert asyncio.run(scene()) == 0


def test_the_application_finds_its_ticket_with_the_deadline_of_the_body() -> None:
    seen: list[float] = []

    async def look(scope: Any, receive: Any, send: Any) -> None:
        ticket = current_ticket.get()
        assert ticket is scope["state"]["ticket"]
        seen.append(ticket.model_seconds())
        await echo(scope, receive, send)

    for body in ({"deadline_ms": 5000}, {"deadline_ms": 1e9}, {"deadline_ms": "soon"}, {"deadline_ms": 20}, {}):
        post(guarded(look, deadline_seconds=1.0, longest_deadline_seconds=10.0), json.dumps(body).encode())
    expected = (5.0, 10.0, 1.0, 0.1, 1.0)  # a number with a fraction is left to the schema, which refuses it
    assert seen[1] < 1.0
    assert [value <= bound for value, bound in zip(seen, expected, strict=True)] == [True] * 5
    assert seen[0] > 4.0
    assert seen[3] == 0.0


def test_other_paths_need_no_place() -> None:
    async def scene() -> int:
        queue = AdmissionQueue(max_running=1, max_waiting=1)
        await queue.enter(1e9)
        return (await ask(guarded(queue=queue), scope_of("/healthz", method="GET"))).status

    assert asyncio.run(scene()) == 200
