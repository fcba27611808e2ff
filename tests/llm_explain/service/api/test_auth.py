"""Who may ask what."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from starlette.testclient import TestClient

from llm_explain.service import app
from llm_explain.service.admission import authenticator

OF_ADMINS = {
    ("DELETE", "/v1/users/{user_id}"),
    ("GET", "/v1/users/{user_id}/export"),
}
OF_ADMINS |= {(method, f"/v1/items{each}") for method in ("PUT", "PATCH", "DELETE") for each in ("", "/{item_id}")}
OF_ADMINS |= {("GET", "/v1/experiments/{tag}")}
OF_ADMINS |= {(method, "/v1/promotions") for method in ("PUT", "PATCH", "DELETE")}
OF_ADMINS |= {("POST", f"/v1/{job}") for job in ("churn", "demand", "campaigns")}
OF_KEYS = {("POST", "/v1/events"), ("POST", "/v1/tokens"), ("POST", "/v1/users/{user_id}/merge")}
OF_KEYS |= {("GET", "/v1/promotions")}
"""Routes that refuse user tokens."""

PUBLIC = {("GET", f"/v1/{path}") for path in ("main-parameters", "filters", "items", "items/{item_id}")}
PUBLIC |= {("POST", "/v1/similar"), ("POST", "/v1/complete")}
"""Routes that are about no user."""

OPEN = {"/healthz", "/readyz", "/metrics"}
SECRET = "s" * 32


@pytest.fixture
def guarded(serve: Any) -> tuple[TestClient, str, str]:
    client = serve(auth=True)
    keys = client.app.state.state.keys
    return client, keys.create("shop", "storefront"), keys.create("operator", "admin")


def _bearer(word: str | None) -> dict[str, str]:
    return {} if word is None else {"Authorization": f"Bearer {word}"}


def _status(client: TestClient, method: str, path: str, key: str | None, user_id: str = "u00") -> int:
    path = path.replace("{user_id}", user_id).replace("{explanation_id}", "0" * 24)
    body = {} if method in {"POST", "PUT", "PATCH"} else None
    return client.request(method, path, headers=_bearer(key), json=body).status_code


def _routes(client: TestClient) -> set[tuple[str, str]]:
    paths = client.app.openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods if path not in OPEN}


def _token(client: TestClient, key: str, user_id: str = "u00", **more: Any) -> str:
    reply = client.post("/v1/tokens", json={"user_id": user_id, **more}, headers=_bearer(key))
    assert reply.status_code == 201
    return str(reply.json()["token"])


def test_every_route_asks_for_a_key_and_some_for_an_admins(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, admin = guarded
    routes = _routes(client)
    assert routes > OF_ADMINS | OF_KEYS
    for method, path in sorted(routes - OF_ADMINS):
        assert _status(client, method, path, None) == 401, path
        assert _status(client, method, path, storefront) not in {401, 403}, path
    for method, path in sorted(OF_ADMINS):
        assert _status(client, method, path, None) == 401
        assert _status(client, method, path, storefront) == 403
    for method, path in sorted(routes):
        assert _status(client, method, path, admin) not in {401, 403}, path


def test_a_token_reaches_its_own_user_alone(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, _ = guarded
    token = _token(client, storefront)
    for method, path in sorted(OF_ADMINS | OF_KEYS):
        assert _status(client, method, path, token) == 403, path
    refused = client.post("/v1/events", json={}, headers=_bearer(token))
    assert "a user's token does not suffice" in refused.json()["detail"]  # it asked for an admin's key
    of_a_user = {route for route in _routes(client) if "{user_id}" in route[1]} - OF_ADMINS - OF_KEYS
    assert of_a_user
    for method, path in sorted(of_a_user):
        assert _status(client, method, path, token, "u01") == 403, path
        assert _status(client, method, path, token) not in {401, 403}, path
    items = client.post("/v1/recommendations", json={"user_id": "u00"}, headers=_bearer(token)).json()["items"]
    one = items[0]["item_id"]
    for path, more in (
        ("recommendations", {}),
        ("explanations", {"item_ids": [one]}),
        ("what-if", {"without": ["group:cheese"]}),
        ("contrast", {"item_id": one, "other_id": items[1]["item_id"]}),
        ("chat", {"message": "why the first one?"}),
    ):
        body = {"user_id": "u01", **more}
        reply = client.post(f"/v1/{path}", json=body, headers=_bearer(token))
        assert (reply.status_code, reply.json()["type"]) == (403, "urn:llm-explain:problem:not-your-user"), path
        assert "u01" not in reply.text
        assert client.post(f"/v1/{path}", json={**body, "user_id": "u00"}, headers=_bearer(token)).status_code == 200


def test_staff_need_an_admin_key(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, admin = guarded
    body = {"user_id": "u00", "message": "why is customer u01 at risk?", "role": "staff"}
    of_each = {key: client.post("/v1/chat", json=body, headers=_bearer(key)).status_code for key in (storefront, admin)}
    assert of_each == {storefront: 403, admin: 200}
    assert client.post("/v1/chat", json=body, headers=_bearer(_token(client, storefront))).status_code == 403


def test_every_route_for_tokens_is_tried_above(guarded: tuple[TestClient, str, str]) -> None:
    """A new route that takes tokens must be added to the test that asks about another user."""
    client, storefront, _ = guarded
    token = _token(client, storefront)
    tried = {"/v1/recommendations", "/v1/explanations", "/v1/what-if", "/v1/contrast", "/v1/feedback", "/v1/chat"}
    tried |= {"/v1/explanations/{explanation_id}", "/v1/feedback/{feedback_id}"}
    for method, path in _routes(client) - OF_ADMINS - OF_KEYS - PUBLIC:
        assert path in tried or "{user_id}" in path or _status(client, method, path, token) == 403, path


def test_a_stored_explanation_belongs_to_its_user(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, admin = guarded
    reply = client.post("/v1/recommendations", json={"user_id": "u00", "k": 3}, headers=_bearer(storefront)).json()
    given = reply["items"][0]["explanation"]["id"]
    judged = {"explanation_id": given, "verdict": "helpful"}
    path = f"/v1/explanations/{given}"
    own, foreign = _token(client, storefront), _token(client, storefront, "u01")
    for word, user_id, status in (
        (own, None, 200),
        (own, "u01", 403),
        (foreign, None, 404),
        (storefront, None, 422),
        (storefront, "u01", 404),
        (storefront, "u00", 200),
        (admin, None, 200),
    ):
        named = {} if user_id is None else {"user_id": user_id}
        assert client.get(path, params=named, headers=_bearer(word)).status_code == status
        sent = client.post("/v1/feedback", json={**judged, **named}, headers=_bearer(word))
        assert sent.status_code == (201 if status == 200 else status)
    path = f"/v1/feedback/{client.post('/v1/feedback', json=judged, headers=_bearer(own)).json()['feedback_id']}"
    for word, status in ((foreign, 404), (storefront, 422), (own, 200)):
        assert client.delete(path, headers=_bearer(word)).status_code == status


@pytest.mark.parametrize(
    "forge",
    [
        lambda claims, _: jwt.encode(claims, None, algorithm="none"),
        lambda claims, _: jwt.encode(claims, SECRET, algorithm="HS256"),
        lambda claims, secret: jwt.encode(claims, secret, algorithm="HS512"),
        lambda claims, secret: jwt.encode({**claims, "exp": 1}, secret, algorithm="HS256"),
        lambda claims, secret: jwt.encode({**claims, "iat": 2**33}, secret, algorithm="HS256"),
        lambda claims, secret: jwt.encode({**claims, "aud": "another"}, secret, algorithm="HS256"),
        lambda claims, secret: jwt.encode({**claims, "azp": "0" * 12}, secret, algorithm="HS256"),
        lambda claims, secret: jwt.encode({**claims, "sub": 7}, secret, algorithm="HS256"),
        lambda claims, secret: jwt.encode(claims, secret, algorithm="HS256") + "=",
        *(
            lambda claims, secret, name=name: jwt.encode(
                {key: value for key, value in claims.items() if key != name}, secret, algorithm="HS256"
            )
            for name in ("sub", "azp", "aud", "iat", "exp")
        ),
    ],
)
def test_a_forged_token_is_refused(guarded: tuple[TestClient, str, str], forge: Any) -> None:
    client, storefront, _ = guarded
    secret = client.app.state.state.token_secret
    claims = jwt.decode(_token(client, storefront), secret, algorithms=["HS256"], audience="llm-explain")
    path = "/v1/users/u00/preferences"
    assert client.get(path, headers=_bearer(jwt.encode(claims, secret, algorithm="HS256"))).status_code == 200
    assert client.get(path, headers=_bearer(forge(claims, secret))).status_code == 401


def test_a_token_lives_for_an_hour_at_most(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, _ = guarded
    reply = client.post("/v1/tokens", json={"user_id": "u00", "seconds": 3601}, headers=_bearer(storefront))
    assert reply.status_code == 422


def test_another_time_is_for_admins(guarded: tuple[TestClient, str, str]) -> None:
    """A statistic of another time is counted anew; one old time took 0.9 GB."""
    client, storefront, admin = guarded
    body = {"user_id": "u00", "as_of": "2017-11-01T00:00:00Z"}
    for word, status in ((storefront, 403), (_token(client, storefront), 403), (admin, 200)):
        assert client.post("/v1/recommendations", json=body, headers=_bearer(word)).status_code == status
        shelves = client.get("/v1/users/u00/shelves", params={"as_of": body["as_of"]}, headers=_bearer(word))
        assert shelves.status_code == status


def test_keys_of_the_settings_need_no_storage(serve: Any) -> None:
    client = serve(auth=True, admin_key="a" * 32, storefront_key="b" * 32)
    path = "/v1/users/u00/export"
    assert client.get(path, headers=_bearer("a" * 32)).status_code == 200
    assert client.get(path, headers=_bearer("b" * 32)).status_code == 403
    assert client.get(path, headers=_bearer("c" * 32)).status_code == 401
    token = _token(client, "b" * 32)
    assert client.get("/v1/users/u00/preferences", headers=_bearer(token)).status_code == 200


def test_no_cache_keeps_personal_answers(client: TestClient) -> None:
    for reply in (
        client.post("/v1/recommendations", json={"user_id": "u00", "k": 1}),
        client.get("/v1/users/u00/export"),
        client.post("/v1/recommendations", json={}),
    ):
        assert reply.headers["cache-control"] == "private, no-store"
        assert reply.headers["x-content-type-options"] == "nosniff"


def test_no_answer_sends_a_client_to_the_host_that_it_named(client: TestClient) -> None:
    demo = ("/", "/static/shop/index.html", "/static/analyst/index.html")  # off, unless a setting switches it on
    for path in ("/v1/main-parameters/", "/static", "/docs/", "/healthz/", *demo):
        reply = client.get(path, headers={"Host": "evil.example"}, follow_redirects=False)
        assert reply.status_code == 404, path
        assert "location" not in reply.headers


def test_a_wrong_key_is_told_how_to_send_one(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, _ = guarded
    reply = client.get("/v1/users/u00/shelves", headers={"Authorization": f"Bearer {storefront}x"})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert reply.json()["type"] == "urn:llm-explain:problem:unauthenticated"
    assert storefront not in reply.text
    assert client.get("/v1/users/u00/shelves", headers={"X-API-Key": storefront}).status_code == 200


def test_a_revoked_key_stops_working(guarded: tuple[TestClient, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authenticator, "TRUST_SECONDS", 0.0)
    client, storefront, _ = guarded
    words = (storefront, _token(client, storefront))
    assert {client.get("/v1/users/u00/preferences", headers=_bearer(word)).status_code for word in words} == {200}
    client.app.state.state.keys.revoke(storefront.split("_")[1])
    assert {client.get("/v1/users/u00/preferences", headers=_bearer(word)).status_code for word in words} == {401}


def test_browsers_of_other_origins_are_let_in_where_they_are_named(serve: Any) -> None:
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in serve().options("/v1/recommendations", headers=asking).headers
    named = serve(cors_origins=("https://shop.example",)).options("/v1/recommendations", headers=asking)
    assert named.headers["access-control-allow-origin"] == "https://shop.example"


def test_a_token_ends_with_a_key_of_the_settings(serve: Any) -> None:
    client = serve(auth=True, storefront_key="k" * 32)
    token = _token(client, "k" * 32)
    assert client.get("/v1/users/u00/preferences", headers=_bearer(token)).status_code == 200
    rotated = serve(auth=True, storefront_key="n" * 32)
    assert rotated.get("/v1/users/u00/preferences", headers=_bearer("n" * 32)).status_code == 200
    assert rotated.get("/v1/users/u00/preferences", headers=_bearer(token)).status_code == 401


def test_a_history_that_comes_with_a_token_is_short(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, _ = guarded
    event = {"item_id": "00", "timestamp": "2017-11-30T10:00:00Z"}
    for word, n_events, status in ((_token(client, storefront), 1001, 422), (storefront, 1001, 200)):
        body = {"history": [event] * n_events, "k": 1}
        assert client.post("/v1/recommendations", json=body, headers=_bearer(word)).status_code == status


def test_a_list_of_users_needs_a_key(guarded: tuple[TestClient, str, str]) -> None:
    """Four requests for a hundred lists of one shopper refused every other request for more than a minute."""
    client, storefront, _ = guarded
    for word, status in ((_token(client, storefront), 403), (storefront, 200)):
        body = {"users": ["u00"] * 3, "k": 1}
        assert client.post("/v1/recommendations", json=body, headers=_bearer(word)).status_code == status


def test_an_experiment_is_counted_for_keys_alone(guarded: tuple[TestClient, str, str]) -> None:
    """A shopper could name any arm as often as wanted, and each answer stored a row for each item."""
    client, storefront, _ = guarded
    for path, more in (("recommendations", {"explain": False}), ("explanations", {"item_ids": ["00"]})):
        body = {"user_id": "u00", "experiment": {"tag": "t", "arm": "mine"}, **more}
        for word, status in ((_token(client, storefront), 403), (storefront, 200)):
            assert client.post(f"/v1/{path}", json=body, headers=_bearer(word)).status_code == status


def test_the_tokens_of_a_user_store_a_bounded_number_of_records(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists that differ are stored each; the token of one shopper could store gigabytes a day."""
    monkeypatch.setattr(app, "RECORDS_AT_ONCE", 8)
    client = serve(auth=True, storefront_key="k" * 32)
    mine, other = _token(client, "k" * 32), _token(client, "k" * 32, "u01")

    def recorded(word: str, user_id: str, offset: int) -> object:
        body = {"user_id": user_id, "k": 4, "offset": offset}
        return client.post("/v1/recommendations", json=body, headers=_bearer(word)).json()["recorded"]

    assert [recorded(mine, "u00", offset) for offset in range(6)] == [True, True, False, False, False, False]
    assert recorded(mine, "u00", 0)  # what is stored costs nothing
    assert recorded(other, "u01", 5)
    assert recorded("k" * 32, "u00", 5)


def test_the_tokens_of_a_user_store_a_bounded_number_of_verdicts(serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reason of each explanation takes four verdicts; the token of one shopper could store 120 MB a day."""
    monkeypatch.setattr(app, "RECORDS_AT_ONCE", 2)
    client, key = serve(auth=True, storefront_key="k" * 32), "k" * 32
    body = {"user_id": "u00", "k": 1}
    (item,) = client.post("/v1/recommendations", json=body, headers=_bearer(key)).json()["items"]

    def judged(word: str, verdict: str) -> Any:
        sent = {"explanation_id": item["explanation"]["id"], "user_id": "u00", "verdict": verdict}
        return client.post("/v1/feedback", json=sent, headers=_bearer(word))

    mine = _token(client, key)
    assert [judged(mine, verdict).status_code for verdict in ("helpful", "not_helpful", "wrong")] == [201, 201, 429]
    assert 1 <= int(judged(mine, "wrong").headers["retry-after"]) <= 5
    assert judged(key, "wrong").status_code == 201


def test_a_stored_list_is_made_again_for_admins_alone(
    guarded: tuple[TestClient, str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list from before a change of the catalogue needs that version: 300 MB and seconds, for each card of a page."""
    client, storefront, admin = guarded
    body = {"user_id": "u00", "k": 1}
    (item,) = client.post("/v1/recommendations", json=body, headers=_bearer(storefront)).json()["items"]
    path = f"/v1/explanations/{item['explanation']['id']}"
    made, handler = [], client.app.state.explanation_handler
    again = handler.explain_again
    monkeypatch.setattr(handler, "explain_again", lambda *given: made.append(given) or again(*given))
    for word in (storefront, _token(client, storefront)):
        found = client.get(path, params={"user_id": "u00"}, headers=_bearer(word)).json()
        assert (found["record"]["text"], found["reproduced"]) == (item["explanation"]["text"], None)
    assert not made
    assert client.get(path, headers=_bearer(admin)).json()["reproduced"] is True


@pytest.mark.parametrize("user_id", ["\N{SLICE OF PIZZA}" * 128])
def test_the_token_of_the_longest_id_is_read(guarded: tuple[TestClient, str, str], user_id: str) -> None:
    client, storefront, _ = guarded
    token = _token(client, storefront, user_id)
    reply = client.post("/v1/recommendations", json={"user_id": user_id, "k": 1}, headers=_bearer(token))
    assert (reply.status_code, reply.json()["user_id"]) == (200, user_id)


def test_the_interface_is_described_to_keys_alone(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, _ = guarded
    for word, status in ((_token(client, storefront), 401), (storefront, 200)):
        assert client.get("/openapi.json", headers=_bearer(word)).status_code == status


def test_failures_count_against_an_address_on_every_path(serve: Any) -> None:
    """Outside /v1 an address could fail as often as it liked."""
    for metrics_token in (None, "t" * 16):
        client = serve(
            auth=True, storefront_key="k" * 32, metrics_token=metrics_token, rate_per_second=100, failure_rate_burst=4
        )
        basic = ("reader", "wrong")
        failed = [client.get(path, auth=basic) for path in ("/docs", "/openapi.json", "/metrics", "/v1/items?id=31")]
        assert [reply.status_code for reply in failed] == [401] * 4
        for path in ("/docs", "/openapi.json", "/metrics", "/v1/items?id=31"):
            assert client.get(path, headers={"Authorization": "Basic !!"}).status_code == 429
            refused = client.get(path, headers=_bearer("wrong"))
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "1"), path
            assert refused.json()["type"] == "urn:llm-explain:problem:rate-limited"
        assert client.get("/docs", auth=("reader", "k" * 32)).status_code == 200
        assert client.get("/healthz").status_code == 200


def test_a_valid_key_has_its_rate_on_every_path(serve: Any) -> None:
    """Outside /v1 a key, or a shopper's token, could ask as often as it liked."""
    client = serve(auth=True, storefront_key="k" * 32, rate_per_second=0.01, rate_burst=5, user_rate_burst=1)
    paths = ("/docs", "/openapi.json", "/metrics", "/v1/items?id=31")
    token = _token(client, "k" * 32)
    assert [client.get(path, headers=_bearer("k" * 32)).status_code for path in paths] == [200] * 4
    for path in paths:
        refused = client.get(path, headers=_bearer("k" * 32))
        assert (refused.status_code, refused.json()["type"]) == (429, "urn:llm-explain:problem:rate-limited"), path
    assert [client.get("/metrics", headers=_bearer(token)).status_code for _ in range(2)] == [403, 429]


def test_a_token_ends_with_its_user(guarded: tuple[TestClient, str, str]) -> None:
    """A page that was still open stored records of a user who had been erased."""
    client, storefront, admin = guarded
    path = "/v1/users/{}/preferences"
    for user_id, ends in (
        ("u00", ("DELETE", "/v1/users/u00", None)),
        ("guest", ("POST", "/v1/users/u01/merge", {"from": "guest"})),
    ):
        token = _token(client, storefront, user_id)
        assert client.get(path.format(user_id), headers=_bearer(token)).status_code == 200
        method, of, body = ends
        assert client.request(method, of, json=body, headers=_bearer(admin)).status_code == 200
        assert client.get(path.format(user_id), headers=_bearer(token)).status_code == 401
        token = _token(client, storefront, user_id)
        assert client.get(path.format(user_id), headers=_bearer(token)).status_code == 200
