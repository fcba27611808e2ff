"""Churn and demand over HTTP: what an admin reads, what a storefront may not, and what is said without a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fading_log import random_log
from starlette.testclient import TestClient
from typer.testing import CliRunner

from llm_explain.cli import app
from llm_explain.errors import ArtifactError
from llm_explain.jobs.churn.training import train_events
from llm_explain.service.schemas.jobs import ChurnReply, DemandReply
from scoring.churn.artifacts import Labels
from scoring.churn.setting import ChurnSetting
from scoring.demand.storage import save
from tests.scoring.demand.sales import fitted, panel


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("jobs")
    random_log().write(folder / "data")
    train_events(folder / "data", folder / "churn", ChurnSetting(), labels=Labels())
    save(folder / "demand", fitted(), panel())
    return {
        "churn_artifacts": folder / "churn",
        "churn_data": folder / "data",
        "demand_artifacts": folder / "demand",
    }


@pytest.fixture
def jobs(serve: Any, models: dict[str, Path]) -> TestClient:
    return serve(**models)


def test_risks_come_highest_first_with_drivers_and_texts(jobs: TestClient) -> None:
    reply = jobs.post("/v1/churn", json={"k": 5}).json()
    ChurnReply.model_validate(reply)
    risks = [each["risk"] for each in reply["results"]]
    assert len(risks) == 5
    assert risks == sorted(risks, reverse=True)
    first = reply["results"][0]
    assert first["user_id"] in first["text"]
    assert f"{100 * first['risk']:.0f}%" in first["text"]
    assert [abs(each["phi"]) for each in first["reasons"]] == sorted(
        (abs(each["phi"]) for each in first["reasons"]), reverse=True
    )
    assert first["action"] is None
    full = jobs.post("/v1/churn", json={"user_ids": [first["user_id"]], "detail": "full"}).json()["results"][0]
    record = full["record"]
    assert record["base_value"] + sum(each["phi"] for each in record["attributions"]) == pytest.approx(record["score"])
    short = jobs.post("/v1/churn", json={"user_ids": [first["user_id"]], "detail": "text", "locale": "zh"}).json()
    assert "风险" in short["results"][0]["text"]
    assert "reasons" not in short["results"][0]


def test_erased_and_unpersonalised_users_are_not_scored(jobs: TestClient) -> None:
    first, second, third = (each["user_id"] for each in jobs.post("/v1/churn", json={"k": 3}).json()["results"])
    jobs.app.state.state.users.erase(first)
    jobs.app.state.state.users.prefer(second, {"personalised": False}, expects=lambda _: True)
    reply = jobs.post("/v1/churn", json={"user_ids": [first, second, third, "nobody"]}).json()
    ChurnReply.model_validate(reply)
    assert [each["status"] for each in reply["results"]] == ["not_scored", "not_scored", "scored", "not_scored"]
    assert jobs.post("/v1/churn", json={"k": 1}).json()["results"][0]["user_id"] == third


def test_forecasts_have_ranges_and_stock_gives_orders(jobs: TestClient) -> None:
    asked = {
        "items": [{"item_id": "apples", "store_id": "1"}, {"item_id": "plums", "store_id": "1"}],
        "weeks": 2,
        "stock": [{"item_id": "apples", "store_id": "1", "on_hand": 20, "lead_time_days": 3, "pack_size": 12}],
    }
    reply = jobs.post("/v1/demand", json=asked).json()
    DemandReply.model_validate(reply)
    apples, plums = reply["results"]
    assert plums == {"item_id": "plums", "store_id": "1", "status": "unknown_item", "weeks": [], "order": None}
    assert [week["week"] for week in apples["weeks"]] == ["71", "72"]
    for week in apples["weeks"]:
        ends = [week[name] for name in ("low_95", "low_80", "low_50", "units", "high_50", "high_80", "high_95")]
        assert ends == sorted(ends)
    order = apples["order"]
    assert order["state"] == "order"
    assert order["order_units"] % 12 == 0
    assert order["position"] + order["order_units"] >= order["need"] > order["position"]
    assert f"rder {order['order_units']:.0f} of apples" in apples["text"]
    display = asked | {"plans": [{"item_id": "apples", "store_id": "1", "week": 71, "promotions": {"display": 1}}]}
    planned = jobs.post("/v1/demand", json=display).json()["results"][0]
    assert planned["weeks"][0]["units"] > 1.5 * apples["weeks"][0]["units"]
    assert planned["reasons"][0]["facts"]["promotion"] == "display"


def test_the_text_over_http_is_that_of_the_command(jobs: TestClient, models: dict[str, Path], tmp_path: Path) -> None:
    row = {"item_id": "apples", "store_id": "1", "on_hand": 20, "lead_time_days": 3, "pack_size": 12}
    asked = {"items": [{"item_id": "apples", "store_id": "1"}], "stock": [row], "locale": "es", "detail": "text"}
    (tmp_path / "stock.csv").write_text(",".join(row) + "\n" + ",".join(map(str, row.values())) + "\n")
    arguments = ["--artifacts", str(models["demand_artifacts"]), "--stock", str(tmp_path / "stock.csv")]
    chosen = ["--item", "apples", "--store", "1", "--locale", "es", "--json"]
    told = CliRunner().invoke(app, ["demand", "explain", *arguments, *chosen], catch_exceptions=False)
    text = jobs.post("/v1/demand", json=asked).json()["results"][0]["text"]
    assert text.startswith(("Pedir", "A más tardar"))
    assert json.loads(told.stdout)["text"] == text


@pytest.mark.parametrize(
    "change",
    [
        {"plans": [{"item_id": "apples", "week": 71, "promotions": {"flyer": 1}}]},
        {"plans": [{"item_id": "apples", "promotions": {"display": 1}}]},
        {"stock": 2 * [{"item_id": "apples", "store_id": "1", "on_hand": 1}]},
        {"stock": [{"item_id": "apples", "store_id": "1", "on_hand": 1, "lead_time_days": 60}]},
    ],
)
def test_plans_and_stock_that_cannot_be_used_are_problems(jobs: TestClient, change: dict[str, Any]) -> None:
    reply = jobs.post("/v1/demand", json={"items": [{"item_id": "apples", "store_id": "1"}], **change})
    assert reply.status_code == 422
    assert reply.json()["type"] == "urn:llm-explain:problem:unusable-value"


def test_a_storefront_may_not_read_risks_and_forecasts(serve: Any, models: dict[str, Path]) -> None:
    client = serve(auth=True, **models)
    keys = client.app.state.state.keys
    storefront, admin = keys.create("shop", "storefront"), keys.create("crm", "admin")
    bodies = {"/v1/churn": {"k": 1}, "/v1/demand": {"items": [{"item_id": "apples", "store_id": "1"}]}}
    for path, body in bodies.items():
        for key, status in ((storefront, 403), (admin, 200)):
            assert client.post(path, json=body, headers={"X-API-Key": key}).status_code == status


def test_without_a_model_the_problem_names_the_setting(client: TestClient) -> None:
    for path, body in (("/v1/churn", {}), ("/v1/demand", {"items": [{"item_id": "apples"}]})):
        reply = client.post(path, json=body)
        name = path.rpartition("/")[2]
        assert reply.status_code == 404
        assert reply.json()["type"] == f"urn:llm-explain:problem:no-{name}-model"
        assert f"LLM_EXPLAIN_{name.upper()}_ARTIFACTS" in reply.json()["detail"]


def test_a_folder_without_a_model_stops_the_start(serve: Any, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"holds no churn\.json but a trained churn model is needed"):
        serve(churn_artifacts=tmp_path)
    with pytest.raises(ArtifactError, match=r"holds no demand\.json .* Run `llm-explain demand train --data DATA"):
        serve(demand_artifacts=tmp_path)


def test_a_newly_trained_model_answers_without_a_restart(serve: Any, models: dict[str, Path], tmp_path: Path) -> None:
    save(tmp_path / "demand", fitted(), panel().take([0]))
    client = serve(demand_artifacts=tmp_path / "demand")
    asked = {"items": [{"item_id": "bread", "store_id": "1"}], "detail": "text"}
    assert client.post("/v1/demand", json=asked).json()["results"][0]["status"] == "unknown_item"
    (tmp_path / "demand" / "demand.json").write_text("half")
    assert client.post("/v1/demand", json=asked).status_code == 200
    save(tmp_path / "demand", fitted(), panel())
    assert client.post("/v1/demand", json=asked).json()["results"][0]["status"] == "forecast"
