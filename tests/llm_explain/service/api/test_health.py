"""The routes for the operator's machines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.testclient import TestClient


def test_a_running_process_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "checks": {}}
    assert client.get("/readyz").status_code == 200


def test_a_process_that_ends_is_alive_and_not_ready(client: TestClient) -> None:
    client.app.state.drain.set()  # type: ignore[attr-defined]
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "draining")
    assert answer.headers["connection"] == "close"


def test_what_is_asked_is_counted_by_its_route(client: TestClient) -> None:
    client.post("/v1/recommendations", json={"user_id": "u01", "k": 2})
    client.get("/v1/users/mary.smith/shelves")
    client.get("/v1/nowhere/mary.smith")
    said = client.get("/metrics")
    assert said.headers["content-type"].startswith("text/plain; version=")
    assert 'requests_total{method="POST",route="/v1/recommendations",status="200"} 1.0' in said.text
    assert 'route="/v1/users/{user_id}/shelves"' in said.text
    assert "mary" not in said.text


def test_metrics_can_be_kept_behind_a_token(serve: Callable[..., TestClient]) -> None:
    client = serve(metrics_token="token")
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer token"}).status_code == 200
