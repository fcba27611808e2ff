"""Events count at once, feedback suppresses at once, preferences rule at once, and an erased user is gone at once."""

from __future__ import annotations

import sqlite3
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from starlette.testclient import TestClient

from llm_explain import Explainer
from llm_explain.service.schemas.events import Stored
from llm_explain.service.schemas.user_data import Erased, Export, FeedbackReceipt, PreferencesReply, RecordReply
from llm_explain.state.errors import StateBusyError, StateFullError
from llm_explain.state.events import Events

Json = dict[str, Any]


def _list(client: TestClient, user_id: str, k: int = 5) -> list[Json]:
    reply = client.post("/v1/recommendations", json={"user_id": user_id, "k": k, "detail": "full"})
    assert reply.status_code == 200, reply.text
    return [item["explanation"] for item in reply.json()["items"]]


def _told(record: Json) -> set[tuple[str, str]]:
    return {(reason["kind"], reason["player"]) for reason in (*record["reasons"], *record["statements"])}


def _buy(client: TestClient, user_id: str, item_id: str, key: str, **event: object) -> Any:
    body = {"events": [{"user_id": user_id, "item_id": item_id, **event}]}
    return client.post("/v1/events", json=body, headers={"Idempotency-Key": key})


def test_a_new_event_counts_in_the_next_answer(client: TestClient) -> None:
    before = {record["item_id"]: record for record in _list(client, "newcomer", k=40)}
    reply = _buy(client, "newcomer", "31", "order 1".replace(" ", "-"))
    assert reply.status_code == 201
    assert Stored.model_validate(reply.json()).stored == 1
    assert reply.json()["unknown_kinds"] == []
    assert _buy(client, "newcomer", "32", "slip", kind="purchsae").json()["unknown_kinds"] == ["purchsae"]
    after = {record["item_id"]: record for record in _list(client, "newcomer", k=40)}
    assert after["31"]["score"] > before["31"]["score"]
    assert "group:cheese" in {player["player"] for player in after["31"]["attributions"]}
    assert after["31"]["id"] != before["31"]["id"]


def test_an_event_keeps_its_order(client: TestClient) -> None:
    assert _buy(client, "newcomer", "31", "k", order_id="o1").status_code == 201
    exported = Export.model_validate(client.get("/v1/users/newcomer/export").json())
    assert [event.order_id for event in exported.events] == ["o1"]
    assert _buy(client, "newcomer", "31", "k2", order_id="o" * 129).status_code == 422


def test_an_event_keeps_its_rating(client: TestClient) -> None:
    assert _buy(client, "newcomer", "31", "k", kind="rate", value=4.5).status_code == 201
    exported = Export.model_validate(client.get("/v1/users/newcomer/export").json())
    assert [(event.kind, event.value) for event in exported.events] == [("rate", 4.5)]
    assert _buy(client, "newcomer", "31", "k2", value="high").status_code == 422


def test_an_event_is_stored_once_for_each_idempotency_key(client: TestClient) -> None:
    first = _buy(client, "u", "31", "k").json()
    second = _buy(client, "u", "31", "k").json()
    assert [(reply["stored"], reply["repeated"]) for reply in (first, second)] == [(1, False), (1, True)]
    assert len(client.get("/v1/users/u/export").json()["events"]) == 1
    assert _buy(client, "u", "32", "k").json()["type"] == "urn:llm-explain:problem:idempotency-key-reused"
    keyless = client.post("/v1/events", json={"events": [{"user_id": "u", "item_id": "31"}]})
    assert keyless.status_code == 422
    assert keyless.json()["errors"][0]["pointer"] == "#/idempotency-key"


def test_an_event_in_the_future_is_refused_with_its_batch(client: TestClient) -> None:
    soon = datetime.now(UTC) + timedelta(minutes=10)
    for key, moment in (("k2", "2199-01-01T00:00:00Z"), ("k3", soon.isoformat())):
        assert _buy(client, "u", "31", key, timestamp=moment).json()["type"].endswith("in-the-future")
    assert client.get("/v1/users/u/export").json()["events"] == []


def test_an_event_of_an_unknown_item_is_reported_and_the_others_are_stored(client: TestClient) -> None:
    events = [{"user_id": "u", "item_id": "31"}, {"user_id": "u", "item_id": "no such item"}]
    replies = [
        client.post("/v1/events", json={"events": events}, headers={"Idempotency-Key": "k"}).json() for _ in range(2)
    ]
    assert [(reply["stored"], reply["repeated"]) for reply in replies] == [(1, False), (1, True)]
    assert [Stored.model_validate(reply).unknown_items for reply in replies] == [["no such item"]] * 2
    alone = client.post("/v1/events", json={"events": events[1:]}, headers={"Idempotency-Key": "k2"}).json()
    assert alone["stored"] == 0
    assert len(client.get("/v1/users/u/export").json()["events"]) == 1


def test_events_that_training_took_in_do_not_count_twice(client: TestClient, explainer: Explainer) -> None:
    history = explainer.events.history("u03", explainer.as_of)
    item_id = str(explainer.shop.catalogue.item_ids[history.item_index[-1]])
    before = _list(client, "u03")
    _buy(client, "u03", item_id, "k", timestamp=str(history.timestamp[-1])[:19])
    assert [record["score"] for record in _list(client, "u03")] == [record["score"] for record in before]


def test_wrong_suppresses_what_the_sentence_says_of_this_item(client: TestClient) -> None:
    record = next(record for record in _list(client, "u00", k=20) if record["reasons"])
    reply = client.post("/v1/feedback", json={"explanation_id": record["id"], "verdict": "wrong"})
    assert reply.status_code == 201
    receipt = FeedbackReceipt.model_validate(reply.json())
    players = {player for _, player in _told(record)}
    assert {(each.kind, each.player) for each in receipt.suppressed} == _told(record) | {("", each) for each in players}
    assert {each.item_id for each in receipt.suppressed} == {record["item_id"]}
    again = next(each for each in _list(client, "u00", k=20) if each["item_id"] == record["item_id"])
    assert players.isdisjoint(player for _, player in _told(again))  # nor is it said again in other words
    assert again["score"] == record["score"]


def test_a_hidden_reason_is_said_of_no_item(client: TestClient) -> None:
    records = _list(client, "u00", k=20)
    reason = next(record for record in records if record["reasons"])["reasons"][0]
    hidden = {"kind": reason["kind"], "player": reason["player"]}
    record = next(record for record in records if (hidden["kind"], hidden["player"]) in _told(record))
    body = {"explanation_id": record["id"], "verdict": "hide_reason", "reason": hidden}
    receipt = client.post("/v1/feedback", json=body).json()
    assert receipt["suppressed"] == [{**hidden, "item_id": None, "feedback_id": receipt["feedback_id"]}]
    assert not any((hidden["kind"], hidden["player"]) in _told(each) for each in _list(client, "u00", k=20))
    assert client.post("/v1/feedback", json=body).json()["repeated"] is True
    users = (f"u{number:02}" for number in range(1, 20))
    other = next(each for user in users for each in _list(client, user) if each["reasons"])
    unknown = {**body, "explanation_id": other["id"], "reason": {"kind": "season", "player": "context:nothing"}}
    assert client.post("/v1/feedback", json=unknown).json()["type"] == "urn:llm-explain:problem:unknown-reason"


def test_feedback_on_no_explanation_is_refused(client: TestClient) -> None:
    reply = client.post("/v1/feedback", json={"explanation_id": "0" * 24, "verdict": "helpful"})
    assert (reply.status_code, reply.json()["type"]) == (404, "urn:llm-explain:problem:unknown-explanation")


def test_a_group_that_is_switched_off_is_as_if_it_had_never_been(client: TestClient, explainer: Explainer) -> None:
    groups = client.get("/v1/users/u05/preferences").json()["groups"]
    reply = client.patch("/v1/users/u05/preferences", json={"groups_off": groups[:1]})
    changed = PreferencesReply.model_validate(reply.json())
    assert changed.preferences.groups_off == (groups[0],)
    assert changed.groups == groups  # it can be switched on again
    item_ids = explainer.shop.catalogue.item_ids.tolist()
    expected = {
        row.item_id: row.score_without for row in explainer.what_if("u05", without=groups[:1], item_ids=item_ids)
    }
    for record in _list(client, "u05", k=40):
        assert groups[0] not in {player["player"] for player in record["attributions"]}
        assert record["score"] == pytest.approx(expected[record["item_id"]], abs=1e-4)
    client.patch("/v1/users/u05/preferences", json={"groups_off": []})
    assert any(
        groups[0] in {player["player"] for player in record["attributions"]} for record in _list(client, "u05", k=40)
    )
    unknown = client.patch("/v1/users/u05/preferences", json={"groups_off": ["group:no such group"]})
    assert unknown.json()["type"] == "urn:llm-explain:problem:unknown-player"


def test_a_kind_that_is_switched_off_is_not_said(client: TestClient) -> None:
    kinds = {kind for record in _list(client, "u06", k=20) for kind, _ in _told(record)}
    assert kinds
    client.patch("/v1/users/u06/preferences", json={"kinds_off": sorted(kinds)})
    assert not {kind for record in _list(client, "u06", k=20) for kind, _ in _told(record)} & kinds
    reply = client.patch("/v1/users/u06/preferences", json={"kinds_off": ["no_such_kind"]})
    assert reply.status_code == 422
    assert "no_such_kind" not in reply.text


def test_without_personalisation_only_context_ranks(client: TestClient, explainer: Explainer) -> None:
    client.patch("/v1/users/u07/preferences", json={"personalised": False})
    reply = client.post("/v1/recommendations", json={"user_id": "u07", "k": 5, "detail": "full"}).json()
    assert reply["personalised"] is False
    assert [item["item_id"] for item in reply["items"]] == [
        row.item_id for row in explainer.rank("nobody", k=5, section="mixed")
    ]
    for item in reply["items"]:
        assert all(player["player"].startswith("context:") for player in item["explanation"]["attributions"])
    assert client.get("/v1/users/u07/shelves").json()["shelves"] == []


def test_a_record_is_found_again_and_is_made_again_whatever_came_later(client: TestClient) -> None:
    records = _list(client, "u08", k=6)
    before = records[3]
    _buy(client, "u08", "31", "k", timestamp="2017-11-30T09:00:00")
    client.patch("/v1/users/u08/preferences", json={"kinds_off": ["repeat_item", "due"]})
    reply = client.get(f"/v1/explanations/{before['id']}").json()
    RecordReply.model_validate(reply)
    assert reply["record"] == before
    assert reply["reproduced"] is True
    assert _list(client, "u08", k=6) != records


def test_a_user_who_is_erased_is_gone_and_a_stranger_from_then_on(client: TestClient) -> None:
    record = next(record for record in _list(client, "u09", k=20) if record["reasons"])
    _buy(client, "u09", "31", "k")
    client.post("/v1/feedback", json={"explanation_id": record["id"], "verdict": "wrong"})
    client.patch("/v1/users/u09/preferences", json={"kinds_off": ["season"]})
    export = Export.model_validate(client.get("/v1/users/u09/export").json())
    assert {event.source for event in export.events} == {"artifacts", "state"}
    assert [given.verdict for given in export.feedback] == ["wrong"]
    assert record["id"] in {kept.id for kept in export.explanations}
    removed = Erased.model_validate(client.delete("/v1/users/u09").json()).removed
    assert removed["event"] == removed["feedback"] == removed["person"] == 1
    assert removed["logged_event"] == sum(event.source == "artifacts" for event in export.events) > 0
    assert set(client.delete("/v1/users/u09").json()["removed"].values()) == {0}
    gone = client.get("/v1/users/u09/export").json()
    assert gone["events"] == gone["feedback"] == gone["explanations"] == gone["suppressed"] == []
    assert client.get(f"/v1/explanations/{record['id']}").status_code == 404
    for again in _list(client, "u09"):
        assert all(player["player"].startswith("context:") for player in again["attributions"])
    assert client.get("/v1/users/u09/preferences").json()["groups"] == []
    _buy(client, "u09", "31", "k after")
    _buy(client, "u09", "31", "k-after")
    assert client.get("/v1/users/u09/preferences").json()["groups"] == ["group:cheese"]


def test_an_erasure_empties_what_was_worked_out_from_histories(client: TestClient, explainer: Explainer) -> None:
    assert explainer.reader.vectors is not None
    _list(client, "u10")
    assert len(explainer.reader.vectors) > 0
    client.delete("/v1/users/u10")
    assert len(explainer.reader.vectors) == 0


def test_a_full_storage_refuses_writes_and_goes_on_answering(client: TestClient) -> None:
    with patch.object(Events, "add", side_effect=StateFullError("no room")):
        reply = _buy(client, "u", "31", "k")
    assert (reply.status_code, reply.json()["type"]) == (507, "urn:llm-explain:problem:storage-full")
    with patch.object(Events, "add", side_effect=StateBusyError("busy")):
        reply = _buy(client, "u", "31", "k")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "1")
    assert _buy(client, "u", "31", "k").status_code == 201


def test_what_is_stored_is_there_after_a_restart(serve: Any, tmp_path: Path) -> None:
    first = serve()
    record = _list(first, "u11")[0]
    _buy(first, "u11", "31", "k")
    second = serve()
    assert second.get(f"/v1/explanations/{record['id']}").json()["record"] == record
    assert second.get("/v1/users/u11/export").json()["events"][-1]["source"] == "state"


def test_a_locked_storage_keeps_the_deadline(serve: Any, tmp_path: Path) -> None:
    """A backup or a long transaction of another process held each answer back for 5.2 seconds."""
    client = serve(deadline_seconds=0.4)
    event = {"events": [{"user_id": "u00", "item_id": "c00"}]}
    item_id = client.post("/v1/recommendations", json={"user_id": "u00", "k": 1}).json()["items"][0]["item_id"]
    event["events"][0]["item_id"] = item_id
    other = sqlite3.connect(tmp_path / "service.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    listed = client.post("/v1/recommendations", json={"user_id": "u01", "k": 1})
    refused = client.post("/v1/events", json=event, headers={"Idempotency-Key": "k"})
    assert time.monotonic() - started < 4.0  # both; one alone took longer
    assert (listed.status_code, listed.json()["recorded"]) == (200, False)
    assert (refused.status_code, refused.json()["type"]) == (503, "urn:llm-explain:problem:storage-busy")
    other.execute("ROLLBACK")
    other.close()
    assert client.post("/v1/events", json=event, headers={"Idempotency-Key": "k"}).status_code == 201
