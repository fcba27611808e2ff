"""Who may ask what."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from llm_explain.service.api import auth

OF_ADMINS = {("DELETE", "/v1/users/{user_id}"), ("GET", "/v1/users/{user_id}/export")}
OF_ADMINS |= {(method, f"/v1/items{each}") for method in ("PUT", "PATCH", "DELETE") for each in ("", "/{item_id}")}
OF_ADMINS |= {(method, "/v1/promotions") for method in ("PUT", "PATCH", "DELETE")}
OF_ADMINS |= {("POST", "/v1/churn"), ("POST", "/v1/demand")}
OPEN = {"/healthz", "/readyz", "/metrics"}


@pytest.fixture
def guarded(serve: Any) -> tuple[TestClient, str, str]:
    client = serve(auth=True)
    keys = client.app.state.state.keys
    return client, keys.create("shop", "storefront"), keys.create("operator", "admin")


def _status(client: TestClient, method: str, path: str, key: str | None) -> int:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    path = path.replace("{user_id}", "u00").replace("{explanation_id}", "0" * 24)
    return client.request(
        method, path, headers=headers, json={} if method in {"POST", "PUT", "PATCH"} else None
    ).status_code


def test_every_route_asks_for_a_key_and_some_for_an_admins(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, admin = guarded
    paths = client.get("/openapi.json").json()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods if path not in OPEN}
    assert routes > OF_ADMINS
    for method, path in sorted(routes - OF_ADMINS):
        assert _status(client, method, path, None) == 401, path
        assert _status(client, method, path, storefront) not in {401, 403}, path
    for method, path in sorted(OF_ADMINS):
        assert _status(client, method, path, None) == 401
        assert _status(client, method, path, storefront) == 403
    for method, path in sorted(routes):
        assert _status(client, method, path, admin) not in {401, 403}, path


def test_a_wrong_key_is_told_how_to_send_one(guarded: tuple[TestClient, str, str]) -> None:
    client, storefront, _ = guarded
    reply = client.get("/v1/users/u00/shelves", headers={"Authorization": f"Bearer {storefront}x"})
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"] == "Bearer"
    assert reply.json()["type"] == "urn:llm-explain:problem:unauthenticated"
    assert storefront not in reply.text
    assert client.get("/v1/users/u00/shelves", headers={"X-API-Key": storefront}).status_code == 200


def test_a_revoked_key_stops_working(guarded: tuple[TestClient, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "TRUST_SECONDS", 0.0)
    client, storefront, _ = guarded
    headers = {"Authorization": f"Bearer {storefront}"}
    assert client.get("/v1/users/u00/preferences", headers=headers).status_code == 200
    client.app.state.state.keys.revoke(storefront.split("_")[1])
    assert client.get("/v1/users/u00/preferences", headers=headers).status_code == 401


def test_browsers_of_other_origins_are_let_in_where_they_are_named(serve: Any) -> None:
    asking = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in serve().options("/v1/recommendations", headers=asking).headers
    named = serve(cors_origins=("https://shop.example",)).options("/v1/recommendations", headers=asking)
    assert named.headers["access-control-allow-origin"] == "https://shop.example"
