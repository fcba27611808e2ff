"""Guests become accounts, preferences change field by field, feedback is undone, and experiments are counted."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from llm_explain.service.schemas.events import ExperimentReply
from llm_explain.service.schemas.user_data import Export, Merged, PreferencesReply, Withdrawn

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from llm_explain import Explainer

Json = dict[str, Any]
KEYS = itertools.count()


def _list(client: TestClient, user_id: str, **body: object) -> list[Json]:
    reply = client.post("/v1/recommendations", json={"user_id": user_id, "k": 5, "detail": "full", **body})
    assert reply.status_code == 200, reply.text
    items: list[Json] = reply.json()["items"]
    return items


def _send(client: TestClient, **event: object) -> Json:
    reply = client.post("/v1/events", json={"events": [event]}, headers={"Idempotency-Key": f"key{next(KEYS)}"})
    assert reply.status_code == 201, reply.text
    answer: Json = reply.json()
    return answer


def _merge(client: TestClient, user_id: str, guest_id: str) -> Json:
    reply = client.post(f"/v1/users/{user_id}/merge", json={"from": guest_id})
    assert reply.status_code == 200, reply.text
    answer: Json = reply.json()
    Merged.model_validate(answer)
    return answer


def test_a_guest_is_merged_into_an_account(client: TestClient, explainer: Explainer) -> None:
    """Both the events that the service stored and those of the artifacts' log become the account's."""
    _send(client, user_id="u20", item_id="31")
    items = _list(client, "u20")
    ranked, record = [item["item_id"] for item in items], items[0]["explanation"]
    own = len(explainer.events.history("u20", explainer.as_of))
    moved = _merge(client, "account", "u20")["moved"]
    assert (moved["event"], moved["logged_event"]) == (1, own)
    exported = client.get("/v1/users/account/export").json()
    Export.model_validate(exported)
    assert len(exported["events"]) == own + 1
    assert exported["guests"] == ["u20"]
    assert record["id"] in {each["id"] for each in exported["explanations"]}
    assert client.get("/v1/users/u20/export").json()["events"] == []
    assert client.get(f"/v1/explanations/{record['id']}").json()["reproduced"] is None
    mine = _list(client, "account")
    assert [item["item_id"] for item in mine] == ranked
    assert client.get(f"/v1/explanations/{mine[0]['explanation']['id']}").json()["reproduced"] is True
    assert set(_merge(client, "account", "u20")["moved"].values()) == {0}
    itself = client.post("/v1/users/account/merge", json={"from": "account"})
    assert (itself.status_code, itself.json()["type"].rpartition(":")[2]) == (422, "guest-is-user")
    taken = client.post("/v1/users/other/merge", json={"from": "u20"})
    assert (taken.status_code, taken.json()["type"]) == (409, "urn:llm-explain:problem:guest-of-another-user")
    back = client.post("/v1/users/u20/merge", json={"from": "account"})  # each would be the other's guest
    assert (back.status_code, client.get("/v1/users/u20/export").json()["guests"]) == (409, [])


def test_records_of_the_account_from_before_a_merge_are_made_again(client: TestClient) -> None:
    _send(client, user_id="guest", item_id="31")
    before = _list(client, "u21")[0]["explanation"]
    _merge(client, "u21", "guest")
    _merge(client, "u21", "u22")
    assert _list(client, "u21")[0]["explanation"]["id"] != before["id"]
    assert client.get(f"/v1/explanations/{before['id']}").json()["reproduced"] is True


def test_erasing_the_account_erases_what_came_from_the_guest(client: TestClient) -> None:
    _merge(client, "account", "u23")
    assert client.get("/v1/users/account/export").json()["events"]
    client.delete("/v1/users/account")
    for user_id in ("account", "u23"):
        assert client.get(f"/v1/users/{user_id}/export").json()["events"] == []


def test_a_patch_of_one_preference_leaves_the_others(client: TestClient) -> None:
    path = "/v1/users/u05/preferences"
    client.patch(path, json={"personalised": False})
    reply = client.patch(path, json={"kinds_off": ["season"]})
    preferences = PreferencesReply.model_validate(reply.json()).preferences
    assert (preferences.personalised, preferences.kinds_off) == (False, ("season",))
    assert client.put(path, json={}).status_code == 405


def test_a_patch_of_preferences_that_changed_meanwhile_is_refused(client: TestClient) -> None:
    path = "/v1/users/u06/preferences"
    first = client.get(path).headers["etag"]
    changed = client.patch(path, json={"personalised": False}, headers={"If-Match": first})
    assert changed.status_code == 200
    assert changed.headers["etag"] == client.get(path).headers["etag"] != first
    late = client.patch(path, json={"personalised": True}, headers={"If-Match": first})
    assert (late.status_code, late.json()["type"]) == (412, "urn:llm-explain:problem:changed-meanwhile")
    assert client.get(path).json()["preferences"]["personalised"] is False


def test_wrong_and_hide_reason_can_be_undone(client: TestClient) -> None:
    item = next(item for item in _list(client, "u00", k=20) if item["explanation"]["reasons"])
    before = item["explanation"]
    for verdict in ("wrong", "hide_reason"):
        body = {"explanation_id": before["id"], "verdict": verdict}
        feedback_id = client.post("/v1/feedback", json=body).json()["feedback_id"]
        suppressed = client.get("/v1/users/u00/preferences").json()["suppressed"]
        assert {each["feedback_id"] for each in suppressed} == {feedback_id}
        told = {row["item_id"]: row["explanation"] for row in _list(client, "u00", k=20)}
        assert told[item["item_id"]]["reasons"] != before["reasons"]
        assert verdict == "hide_reason" or told[item["item_id"]]["text"] != before["text"]
        reply = client.delete(f"/v1/feedback/{feedback_id}")
        assert Withdrawn.model_validate(reply.json()).suppressed == []
        told = {row["item_id"]: row["explanation"] for row in _list(client, "u00", k=20)}
        assert told[item["item_id"]]["text"] == before["text"]
        assert client.delete(f"/v1/feedback/{feedback_id}").status_code == 404


def test_an_experiment_counts_what_each_arm_showed_and_what_was_clicked_and_bought(client: TestClient) -> None:
    ours, plain = {"tag": "why", "arm": "sentences"}, {"tag": "why", "arm": "plain"}
    items = [row["item_id"] for row in _list(client, "u01", experiment=ours)]
    ids = [row["explanation"]["id"] for row in _list(client, "u01", experiment=ours)]
    others = [row["item_id"] for row in _list(client, "u02", experiment=plain, explain=False)]
    for item_id, explanation_id in zip(items[:3], ids, strict=False):
        assert (
            _send(client, user_id="u01", item_id=item_id, kind="impression", explanation_id=explanation_id)["stored"]
            == 1
        )
    _send(client, user_id="u01", item_id=items[0], kind="click", explanation_id=ids[0])
    for other in ({"item_id": items[1], "explanation_id": ids[0]}, {"item_id": items[0], "explanation_id": "0" * 24}):
        told = _send(client, user_id="u01", kind="click", **other)
        assert (told["stored"], told["unknown_explanations"]) == (0, [other["explanation_id"]])
    _send(client, user_id="u02", item_id=others[0], kind="impression", experiment=plain)
    for item_id in (items[0], items[0], items[4]):  # bought twice; and bought without having been shown
        _send(client, user_id="u01", item_id=item_id)
    _send(client, user_id="u01", item_id=others[0])  # shown to somebody else
    reply = client.get("/v1/experiments/why").json()
    arms = {arm.arm: arm.model_dump(exclude={"arm"}) for arm in ExperimentReply.model_validate(reply).arms}
    assert arms == {
        "plain": {"users": 1, "answered": 5, "shown": 1, "clicked": 0, "bought": 0},
        "sentences": {"users": 1, "answered": 10, "shown": 3, "clicked": 1, "bought": 1},
    }
    assert client.get("/v1/experiments/none").json()["arms"] == []


def test_impressions_are_no_part_of_a_history(client: TestClient) -> None:
    before = client.get("/v1/users/newcomer/export").json()
    _list(client, "newcomer", experiment={"tag": "why"})
    shown = {"user_id": "newcomer", "item_id": "31", "kind": "impression"}
    assert _send(client, **shown)["stored"] == 0  # belongs to no experiment
    assert _send(client, **shown, experiment={"tag": "why"})["stored"] == 1
    after = client.get("/v1/users/newcomer/export").json()
    assert after["events"] == before["events"] == []
    assert {(row["tag"], row["arm"], row["kind"]) for row in after["exposures"]} == {
        ("why", "all", "answer"), ("why", "all", "impression"),
    }  # fmt: skip
    client.delete("/v1/users/newcomer")
    assert client.get("/v1/experiments/why").json()["arms"] == []
