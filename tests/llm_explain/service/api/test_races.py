"""Requests that meet: in one process, and in two processes over one database."""

from __future__ import annotations

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from llm_explain import Explainer
from llm_explain.service.app import create_app
from llm_explain.service.settings import ServiceSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Json = dict[str, Any]
ROUNDS = 10
KEYS = itertools.count()


@pytest.fixture
def pair(explainer: Explainer, shop_artifacts: Path, database_url: str) -> Iterator[tuple[TestClient, TestClient]]:
    """Two processes of the service over one state; each computes several requests at a time."""
    given: Json = {"auth": False, "rate_per_second": 0, "as_of": "snapshot", "deadline_seconds": 60, "max_running": 4}
    given |= {"max_waiting": 64, "database_url": database_url}
    settings = ServiceSettings(**given)
    other = Explainer.load(shop_artifacts, language_model=None)
    with TestClient(create_app(explainer, settings)) as one, TestClient(create_app(other, settings)) as two:
        for client in (one, two):
            client.get("/v1/none")  # FastAPI builds routes at the first request, and hides its warnings for all threads
        yield one, two


def _at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Make calls that begin at the same moment, in any order, and return their results."""
    begin = Barrier(len(calls))

    def call(each: Callable[[], Any]) -> Any:
        begin.wait()
        return each()

    with ThreadPoolExecutor(len(calls)) as pool:
        futures = [pool.submit(call, each) for each in calls]
        return [future.result() for future in futures]


def _send(client: TestClient, user_id: str, item_id: str) -> Any:
    body = {"events": [{"user_id": user_id, "item_id": item_id, "quantity": next(KEYS) + 1}]}
    return client.post("/v1/events", json=body, headers={"Idempotency-Key": f"key-{next(KEYS)}"})


def _list(client: TestClient, user_id: str, **body: object) -> list[Json]:
    reply = client.post("/v1/recommendations", json={"user_id": user_id, "k": 3, "detail": "full", **body})
    assert reply.status_code == 200, reply.text
    items: list[Json] = reply.json()["items"]
    return items


def test_of_patches_with_one_etag_one_counts(pair: tuple[TestClient, TestClient]) -> None:
    for number in range(ROUNDS):
        path = f"/v1/users/u{number}/preferences"
        for personalised in (False, True):  # the first preferences of a user are an insertion, the others an update
            head = {"If-Match": pair[0].get(path).headers["etag"]}
            off = [["group:cheese"], ["group:beer"], ["group:cheese", "group:beer"], []]
            wanted = [{"groups_off": each, "personalised": personalised} for each in off]
            replies = _at_once(
                *(
                    partial(client.patch, path, json=body, headers=head)
                    for client, body in zip(pair * 2, wanted, strict=True)
                )
            )
            assert sorted(reply.status_code for reply in replies) == [200, 412, 412, 412]
            (won,) = (body for reply, body in zip(replies, wanted, strict=True) if reply.status_code == 200)
            stored = pair[1].get(path).json()["preferences"]
            assert {name: stored[name] for name in won} == won


def test_events_and_feedback_that_meet_a_merge_are_lost_and_doubled_nowhere(
    pair: tuple[TestClient, TestClient],
) -> None:
    """A verdict on what had just been merged stayed with the guest, where no erasure of the account found it."""
    for number in range(ROUNDS):
        guest, account = f"guest-{number}", f"account-{number}"
        _send(pair[0], guest, "31")
        given = next(item["explanation"]["id"] for item in _list(pair[0], guest))
        judged = {"explanation_id": given, "verdict": "hide_reason"}
        replies = _at_once(
            partial(_send, pair[0], guest, "00"),
            partial(_send, pair[1], guest, "44"),
            partial(pair[0].post, f"/v1/users/{account}/merge", json={"from": guest}),
            partial(pair[1].post, f"/v1/users/{account}/merge", json={"from": guest}),
            partial(pair[0].post, "/v1/feedback", json={**judged, "user_id": guest}),
            partial(_list, pair[1], guest),
        )
        assert [reply.status_code for reply in replies[:4]] == [201, 201, 200, 200]
        assert replies[4].status_code in {201, 404}
        assert pair[0].post(f"/v1/users/{account}/merge", json={"from": guest}).status_code == 200
        kept, left = (pair[1].get(f"/v1/users/{user}/export").json() for user in (account, guest))
        assert sorted(event["item_id"] for event in kept["events"]) == ["00", "31", "44"]
        assert len(kept["feedback"]) == (replies[4].status_code == 201)
        assert left["events"] == left["feedback"] == left["suppressed"] == left["explanations"] == []


def test_a_user_who_is_erased_during_requests_is_gone(pair: tuple[TestClient, TestClient]) -> None:
    chance = random.Random(0)
    users = [f"u{number:02}" for number in range(ROUNDS)]
    for user_id in users:
        given = next(item["explanation"]["id"] for item in _list(pair[0], user_id))
        judged = {"explanation_id": given, "verdict": "wrong"}
        calls: list[Callable[[], Any]] = [
            *(partial(_list, pair[offset % 2], user_id, offset=offset) for offset in range(4)),
            partial(pair[1].post, "/v1/feedback", json={**judged, "user_id": user_id}),
            partial(pair[0].get, f"/v1/users/{user_id}/export"),
            partial(pair[1].get, f"/v1/explanations/{given}"),
            partial(pair[0].delete, f"/v1/users/{user_id}"),
        ]
        chance.shuffle(calls)
        _at_once(*calls)
        for client in pair:
            assert client.get(f"/v1/explanations/{given}").status_code == 404
            left = client.get(f"/v1/users/{user_id}/export").json()
            assert left["events"] == left["feedback"] == left["suppressed"] == []
            # A list that was read after the erasure is that of a stranger.
            for record in (*left["explanations"], *(item["explanation"] for item in _list(client, user_id))):
                assert all(player["player"].startswith("context:") for player in record["attributions"])
    state = pair[0].app.state.state  # type: ignore[attr-defined]
    with state.database.reading() as connection:
        for table in ("feedback", "suppression", "person", "event"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
