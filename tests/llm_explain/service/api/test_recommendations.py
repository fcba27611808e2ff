"""What a shop needs of ``POST /v1/recommendations``: filters, sections, many users, guests, details, unknown items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from llm_explain.service.api.routes import explanations
from llm_explain.service.schemas.responses import Items, ItemsOfUsers

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from llm_explain import Explainer

Json = dict[str, Any]


def _ask(client: TestClient, **body: object) -> Json:
    reply = client.post("/v1/recommendations", json={"user_id": "u00", **body})
    assert reply.status_code == 200, reply.text
    answer: Json = reply.json()
    Items.model_validate(answer)
    return answer


def _ids(answer: Json) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


@pytest.mark.parametrize(
    "options",
    [
        {"section": "again"},
        {"section": "new", "exclude": ["31"]},
        {"candidates": ["00", "01", "31", "32"]},
        {"categories": ["cheese", "soup"], "brands": ["store brand"]},
        {"min_price": 2.0, "max_price": 3.5},
        {"diversity": 0.9, "offset": 3},
        {"pins": ["44"], "buries": ["31"]},
    ],
    ids=lambda options: "+".join(options),
)
def test_every_filter_and_section_is_the_explainers(client: TestClient, explainer: Explainer, options: Json) -> None:
    expected = explainer.recommend("u00", k=5, **options)
    answer = _ask(client, k=5, **options)
    assert expected
    assert _ids(answer) == [row.item_id for row in expected]
    assert [item.get("section") for item in answer["items"]] == [row.section for row in expected]
    assert [item.get("placement") for item in answer["items"]] == [row.placement for row in expected]


def test_items_that_no_list_shows_are_named(changeable: TestClient) -> None:
    changeable.delete("/v1/items/31")
    answer = _ask(changeable, k=5, candidates=["00", "31", "gone"], pins=["31", "00"])
    assert answer["dropped"] == [{"item_id": "31", "reason": "unavailable"}]
    assert (_ids(answer), answer["unknown_items"]) == (["00"], ["gone"])
    assert _ask(changeable, k=2)["dropped"] == []
    own = changeable.post("/v1/explanations", json={"user_id": "u00", "item_ids": ["00", "31"]}).json()
    assert own["dropped"] == [{"item_id": "31", "reason": "unavailable"}]
    explainer = changeable.app.state.explanation_handler.explainer  # type: ignore[attr-defined]
    assert explainer.unlisted() == {"31": "unavailable"}


def test_pages_follow_each_other(client: TestClient) -> None:
    whole = _ids(_ask(client, k=6, section="new"))
    assert _ids(_ask(client, k=3, section="new")) + _ids(_ask(client, k=3, offset=3, section="new")) == whole


def test_what_is_in_the_cart_is_left_out(client: TestClient) -> None:
    first = _ids(_ask(client, k=3))
    assert not set(first[:2]) & set(_ids(_ask(client, k=10, cart=first[:2])))


def test_the_default_says_why_in_few_bytes(client: TestClient, explainer: Explainer) -> None:
    reply = client.post("/v1/recommendations", json={"user_id": "u00", "k": 10})
    assert reply.headers["content-encoding"] == "gzip"
    assert int(reply.headers["content-length"]) <= 4096
    expected = explainer.recommend("u00", k=10)
    for item, row in zip(reply.json()["items"], expected, strict=True):
        fields = {"id", "text", "reason_code", "ai_generated", "section", "badges", "reasons"}
        assert set(item["explanation"]) == fields | (set() if row.reasons else {"statements"})
        assert item["explanation"]["text"] == (row.text.text if row.text else None)
        assert [(reason["kind"], reason["facts"]) for reason in item["explanation"]["reasons"]] == [
            (claim.kind, dict(claim.facts)) for claim in row.reasons
        ]
        assert "score" not in item


def test_a_detail_gives_less_or_more(client: TestClient) -> None:
    text, full = (_ask(client, k=3, detail=detail)["items"] for detail in ("text", "full"))
    assert set(text[0]["explanation"]) == {"id", "text", "reason_code", "ai_generated"}
    assert {"attributions", "base_value", "verdict", "provenance"} <= set(full[0]["explanation"])
    assert [item["explanation"]["id"] for item in text] == [item["explanation"]["id"] for item in full]
    assert client.get(f"/v1/explanations/{text[0]['explanation']['id']}").json()["reproduced"] is True


def test_many_users_are_answered_in_one_call(client: TestClient) -> None:
    users = ["u01", "newcomer", "u00", "gid://shopify/Customer/1"]
    reply = client.post("/v1/recommendations", json={"users": users, "k": 4, "surface": "email"})
    results = reply.json()["results"]
    assert all(any(item["explanation"].get("subject_line") for item in results[n]["items"]) for n in (0, 2))
    ItemsOfUsers.model_validate(reply.json())
    assert [result["user_id"] for result in results] == users
    for user_id, result in zip(users, results, strict=True):
        assert result["recorded"] is True
        assert result["items"] == _ask(client, user_id=user_id, k=4, surface="email")["items"]
    assert client.app.state.admission_queue.n_running == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(("seconds", "sizes"), [(0.0, [2] + [1] * 10), (1e9, [2, 10])])
def test_a_group_of_lists_is_as_large_as_its_time_permits(
    client: TestClient, monkeypatch: pytest.MonkeyPatch, seconds: float, sizes: list[int]
) -> None:
    """Ten lists held the place for longer than a deadline, and other requests were refused all the while."""
    handler, found = client.app.state.explanation_handler, []  # type: ignore[attr-defined]
    many = handler.recommend_many
    monkeypatch.setattr(explanations, "GROUP_SECONDS", seconds)
    monkeypatch.setattr(handler, "recommend_many", lambda body, users: found.append(len(users)) or many(body, users))
    users = [f"u{number:02}" for number in range(12)]
    results = client.post("/v1/recommendations", json={"users": users, "k": 1}).json()["results"]
    assert [each["user_id"] for each in results] == users
    assert found == sizes


def test_what_one_user_of_many_hides_is_told_to_the_others(client: TestClient) -> None:
    users = [f"u{number:02}" for number in range(12)]
    ask = {"users": users, "k": 5, "section": "again"}
    before = client.post("/v1/recommendations", json=ask).json()["results"]
    user, place = next(
        (user, place)
        for user, row in enumerate(before)
        for place, item in enumerate(row["items"])
        if item["explanation"]["reasons"]
    )
    told = before[user]["items"][place]["explanation"]
    hidden = client.post("/v1/feedback", json={"explanation_id": told["id"], "verdict": "hide_reason"}).json()
    after = client.post("/v1/recommendations", json=ask).json()["results"]
    claims = {(each["kind"], each["player"]) for each in hidden["suppressed"]}
    reasons = [reason for item in after[user]["items"] for reason in item["explanation"]["reasons"]]
    assert claims >= {(reason["kind"], reason["player"]) for reason in told["reasons"]}
    assert claims.isdisjoint((reason["kind"], reason["player"]) for reason in reasons)
    others = [number for number in range(len(users)) if number != user]
    assert [after[other]["items"] for other in others] == [before[other]["items"] for other in others]
    assert after[user]["items"] == _ask(client, user_id=users[user], k=5, section="again")["items"]
    record = after[user]["items"][place]["explanation"]["id"]
    assert client.get(f"/v1/explanations/{record}").json()["reproduced"] is True


def test_a_hundred_users_are_the_most_and_one_way_of_asking_is_chosen(client: TestClient) -> None:
    many = [f"u{number}" for number in range(101)]
    assert client.post("/v1/recommendations", json={"users": many}).status_code == 422
    assert client.post("/v1/recommendations", json={"users": many[:2], "user_id": "u00"}).status_code == 422
    assert client.post("/v1/recommendations", json={"k": 2}).status_code == 422
    assert client.post("/v1/recommendations", json={"users": many[:100], "k": 21}).status_code == 422
    reply = client.post("/v1/recommendations", json={"users": many[:100], "k": 1, "explain": False})
    assert len(reply.json()["results"]) == 100


def test_an_unknown_item_is_reported_and_fails_no_list(client: TestClient) -> None:
    lists = {"exclude": ["gone-1"], "cart": ["gone-2", "31"], "pins": ["gone-3", "44"], "buries": ["gone-4"]}
    answer = _ask(client, k=5, **lists)
    assert answer["unknown_items"] == ["gone-1", "gone-2", "gone-3", "gone-4"]
    assert _ids(answer) == _ids(_ask(client, k=5, exclude=["31"], pins=["44"]))
    assert _ask(client, candidates=["gone-1"])["items"] == []
    history = [{"item_id": item_id, "timestamp": "2017-11-20T10:00:00Z"} for item_id in ("31", "gone-1")]
    guest = client.post("/v1/recommendations", json={"history": history, "k": 3}).json()
    assert guest["unknown_items"] == ["gone-1"]
    assert len(guest["items"]) == 3


def test_an_unknown_item_is_reported_in_its_place_among_explanations(client: TestClient) -> None:
    body = {"user_id": "u00", "item_ids": ["31", "gone", "00"]}
    items = client.post("/v1/explanations", json=body).json()["items"]
    assert [(item["item_id"], item["status"]) for item in items] == [
        ("31", "ok"), ("gone", "unknown_item"), ("00", "ok"),
    ]  # fmt: skip
    assert "explanation" not in items[1]
    body = {"user_id": "u00", "item_ids": ["gone"]}
    assert [item["status"] for item in client.post("/v1/explanations", json=body).json()["items"]] == ["unknown_item"]
    what_if = {"user_id": "u00", "item_ids": ["31", "gone"], "without": ["context:popularity"]}
    items = client.post("/v1/what-if", json=what_if).json()["items"]
    assert [item["status"] for item in items] == ["ok", "unknown_item"]


def test_a_guests_views_steer_the_list_and_are_not_kept(client: TestClient) -> None:
    history = [{"item_id": "31", "timestamp": f"2017-11-{day}T10:00:00Z"} for day in (10, 17, 24)]
    guest = client.post("/v1/recommendations", json={"history": history, "k": 3}).json()
    stranger = client.post("/v1/recommendations", json={"history": [], "k": 3}).json()
    assert _ids(guest) != _ids(stranger)
    assert (guest["user_id"], guest["recorded"]) == (None, False)


def test_whole_numbers_are_ids(client: TestClient) -> None:
    body = {"user_id": 7, "exclude": [31], "k": 3}
    assert client.post("/v1/recommendations", json=body).json()["user_id"] == "7"
    event = {"events": [{"user_id": 7, "item_id": 31}]}
    assert client.post("/v1/events", json=event, headers={"Idempotency-Key": "k"}).json()["stored"] == 1
    assert client.get("/v1/users/7/export").json()["events"][0]["item_id"] == "31"
    assert client.post("/v1/recommendations", json={"user_id": True}).status_code == 422


@pytest.mark.parametrize("user_id", ["gid://shopify/Customer/1", "a/export", "x/preferences/y"])
@pytest.mark.parametrize("is_encoded", [True, False])
def test_an_id_with_a_slash_is_read_exported_and_erased(client: TestClient, user_id: str, is_encoded: bool) -> None:
    path = "/v1/users/" + (user_id.replace("/", "%2F") if is_encoded else user_id)
    event = {"events": [{"user_id": user_id, "item_id": "31"}]}
    client.post("/v1/events", json=event, headers={"Idempotency-Key": "k"})
    assert _ask(client, user_id=user_id)["user_id"] == user_id
    assert client.get(f"{path}/preferences").json()["user_id"] == user_id
    exported = client.get(f"{path}/export").json()
    assert (exported["user_id"], len(exported["events"])) == (user_id, 1)
    assert client.delete(path).json()["removed"]["event"] == 1
    assert client.get(f"{path}/export").json()["events"] == []
