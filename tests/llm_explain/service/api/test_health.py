"""The routes for the operator's machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from llm_explain.state.errors import StateBusyError

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest
    from starlette.testclient import TestClient


def test_a_running_process_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok", "checks": {}}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok", "checks": {"storage": True}})


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
    assert 'http_requests_total{method="POST",route="/v1/recommendations",status="200"} 1.0' in said.text
    assert 'route="/v1/users/{user_id}/shelves"' in said.text
    assert "mary" not in said.text


def test_metrics_can_be_kept_behind_a_token(serve: Callable[..., TestClient]) -> None:
    client = serve(auth=True, storefront_key="k" * 32, metrics_token="t" * 16)
    assert client.get("/metrics", headers={"authorization": f"Bearer {'k' * 32}"}).status_code == 401
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers={"authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", headers={"authorization": f"Bearer {'t' * 16}"}).status_code == 200


def test_without_a_token_of_their_own_metrics_need_a_key(serve: Callable[..., TestClient]) -> None:
    client = serve(auth=True, storefront_key="k" * 32)
    bearer = {"authorization": f"Bearer {'k' * 32}"}
    token = client.post("/v1/tokens", json={"user_id": "u00"}, headers=bearer).json()["token"]
    for headers, status in (({}, 401), ({"authorization": f"Bearer {token}"}, 403), (bearer, 200)):
        assert client.get("/metrics", headers=headers).status_code == status


def test_a_process_without_its_storage_is_not_ready(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    database = client.app.state.state.database  # type: ignore[attr-defined]
    monkeypatch.setattr(database, "_probed_at", -10.0)

    def fail() -> NoReturn:
        raise StateBusyError("the storage failed. Try again.")

    monkeypatch.setattr(database, "reading", fail)
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json()) == (503, {"status": "unavailable", "checks": {"storage": False}})
    assert client.get("/healthz").status_code == 200
    assert "llm_explain_storage_up 0.0" in client.get("/metrics").text


def test_metrics_have_conventional_names_and_types(client: TestClient) -> None:
    """Seconds and bytes, counters with _total, and one # TYPE line for each family."""
    client.post("/v1/recommendations", json={"user_id": "u01", "k": 2})
    lines = client.get("/metrics").text.splitlines()
    types = dict(line.split()[2:] for line in lines if line.startswith("# TYPE llm_explain"))
    for name, kind in types.items():
        assert (kind == "counter") == name.endswith("_total"), name
        assert not name.endswith(("_ms", "_hits", "_misses", "_starts", "_count")), name
    assert types["llm_explain_http_request_duration_seconds"] == "histogram"
    values = dict(line.rsplit(" ", 1) for line in lines if line.startswith("llm_explain"))
    assert float(values["llm_explain_storage_size_bytes"]) > 10_000
    assert float(values["llm_explain_storage_up"]) == 1
    assert float(values["llm_explain_model_data_age_seconds"]) > 8 * 365 * 86400  # the log ends in 2017
    assert float(values['llm_explain_cache_misses_total{cache="users"}']) >= 1
    (info,) = (name for name in values if name.startswith("llm_explain_model_info"))
    assert client.app.state.explanation_handler.explainer.provenance["scorer"][:23] in info  # type: ignore[attr-defined]
