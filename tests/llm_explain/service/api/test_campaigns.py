"""Campaigns over HTTP: what is planned for whom, who is left out, and what a storefront may not ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llm_explain.service.schemas.campaigns import CampaignReply

if TYPE_CHECKING:
    from starlette.testclient import TestClient

LINK = "https://shop.example/stop/{user_id}"
DAY = {"first_day": "2017-11-27", "last_day": "2017-12-10"}
AS_OF = "2017-12-01T00:00:00Z"


def asked(users: list[str], **more: Any) -> dict[str, Any]:
    recipients = [{"user_id": user, "consent": True} for user in users]
    return {"unsubscribe_url": LINK, "recipients": recipients, "as_of": AS_OF, "holdout": 0.0, **more}


def best(client: TestClient, user: str) -> str:
    items = client.post("/v1/recommendations", json={"user_id": user, "k": 1, "section": "score", "as_of": AS_OF})
    return str(items.json()["items"][0]["item_id"])


def test_messages_have_verified_lines_and_the_holdout_gets_none(client: TestClient) -> None:
    users = [f"u{n:02d}" for n in range(8)]
    coupon = {"coupon_id": "C1", "item_id": best(client, users[0]), **DAY, "amount_off": 0.5, "code": "A50"}
    reply = client.post("/v1/campaigns", json=asked(users, coupons=[coupon], holdout=0.4, detail="full")).json()
    CampaignReply.model_validate(reply)
    groups = {each["group"]: each for each in reply["messages"]}
    assert set(groups) == {"treated", "holdout"}
    assert (groups["holdout"].get("text"), groups["holdout"].get("subject")) == (None, None)
    treated = groups["treated"]
    offer = treated["offers"][0]
    assert f"{offer['line']}\n{offer['text']}" in treated["text"]
    assert len(treated["subject"]) <= 60
    assert treated["unsubscribe"] == f"https://shop.example/stop/{treated['user_id']}"
    assert offer["record"]["verdict"]["ok"]
    assert reply["summary"]["holdout"] == sum(each["group"] == "holdout" for each in reply["messages"])


def test_consent_caps_effects_and_personalisation_leave_users_out(client: TestClient) -> None:
    users = [f"u{n:02d}" for n in range(5)]
    body = asked(users)
    body["recipients"][0]["consent"] = False
    body["recipients"][1]["sent_at"] = ["2017-11-28T09:00:00Z"]
    client.app.state.state.users.prefer(users[2], {"personalised": False}, expects=lambda _: True)  # type: ignore[attr-defined]
    left_out = client.post("/v1/campaigns", json=body).json()["summary"]["left_out"]
    assert (left_out["no consent"], left_out["frequency cap"], left_out["suppressed"]) == (1, 1, 1)
    body["recipients"][3]["uplift_low"] = 0.02
    found = client.post("/v1/campaigns", json=body).json()
    assert found["summary"]["left_out"]["no proven uplift"] == 1
    assert {each["user_id"] for each in found["messages"]} <= {users[3]}


def test_what_a_user_switched_off_is_no_reason(client: TestClient) -> None:
    (user,) = users = ["u01"]
    first = client.post("/v1/campaigns", json=asked(users)).json()["messages"][0]["offers"][0]
    kinds = {each["kind"] for each in first["reasons"]}
    client.patch(f"/v1/users/{user}/preferences", json={"kinds_off": sorted(kinds)})
    later = client.post("/v1/campaigns", json=asked(users)).json()["messages"]
    told = {each["kind"] for message in later for offer in message["offers"] for each in offer["reasons"]}
    assert not told & kinds


def test_wrong_requests_are_problems(client: TestClient) -> None:
    coupon = {"coupon_id": "C1", "item_id": "nothing", **DAY, "amount_off": 0.5}
    wrong = [asked(["u01"], unsubscribe_url=""), asked(["u01"], coupons=[coupon]), asked([])]
    wrong.append(asked(["u01"], unsubscribe_url="javascript:alert(1)//{user_id}"))
    assert [client.post("/v1/campaigns", json=body).status_code for body in wrong] == [422] * 4


def test_a_storefront_may_not_plan(serve: Any) -> None:
    client = serve(auth=True)
    keys = client.app.state.state.keys
    made = {scope: keys.create(scope, scope) for scope in ("storefront", "admin")}
    for scope, status in (("storefront", 403), ("admin", 200)):
        found = client.post("/v1/campaigns", json=asked(["u01"]), headers={"X-API-Key": made[scope]})
        assert found.status_code == status, scope
