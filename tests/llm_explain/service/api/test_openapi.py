"""The interface describes itself: OpenAPI 3.1, an example for every body, a problem for every refusal."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from llm_explain import Explainer
from llm_explain.service.app import create_app
from llm_explain.service.settings import ServiceSettings


def test_the_schema_is_openapi_3_1_with_an_example_for_every_body(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1.")
    bodies = 0
    for path, methods in schema["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            assert "application/problem+json" in operation["responses"]["4XX"]["content"]
            if "requestBody" in operation:
                bodies += 1
                name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                assert schema["components"]["schemas"][name]["examples"], path
    assert bodies > 10


def test_examples_of_bodies_are_accepted(changeable: TestClient) -> None:
    client = changeable
    schema = client.get("/openapi.json").json()
    for path, methods in schema["paths"].items():
        for method, operation in methods.items():
            if "requestBody" not in operation:
                continue
            name = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
            for example in schema["components"]["schemas"][name]["examples"]:
                reply = client.request(
                    method,
                    path.replace("{user_id}", "u00").replace("{item_id}", "31"),
                    json=example,
                    headers={"Idempotency-Key": "k"},
                )
                assert reply.json().get("type") != "urn:llm-explain:problem:invalid-request", path


def test_problems_have_their_own_media_type_and_operations_plain_ids(client: TestClient) -> None:
    schema = client.get("/openapi.json").json()
    operations = [operation for methods in schema["paths"].values() for operation in methods.values()]
    for operation in operations:
        for status in ("4XX", "5XX"):
            content = operation["responses"][status]["content"]
            assert content == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemDocument"}}}
        assert "422" not in operation["responses"]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert {"recommend", "explain", "put_item", "read_preferences", "merge_guest"} <= set(ids)


def test_fields_with_defaults_are_optional(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    assert "required" not in schemas["RecommendationRequest"]
    assert schemas["RecommendationRequest"]["properties"]["k"]["description"] == "Default: 10."
    assert schemas["Record"]["required"] == ["id", "text", "reason_code", "ai_generated"]
    assert not [
        name for name, schema in schemas.items() for each in schema.get("properties", {}).values() if "default" in each
    ]


def test_the_page_of_the_api_asks_no_other_host(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "/static-docs/swagger-ui-bundle.js" in page
    assert not re.findall(r"(?:src|href)=[\"\']?(?:https?:)?//", page)
    for path in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert client.get(f"/static-docs/{path}").status_code == 200
    assert client.get("/redoc").status_code == 404


def test_with_keys_the_document_and_its_page_need_one(serve: Any) -> None:
    client = serve(auth=True)
    key = client.app.state.state.keys.create("shop", "storefront")
    for path in ("/docs", "/openapi.json"):
        refused = client.get(path)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert client.get(path, auth=("any", "wrong")).status_code == 401
        assert client.get(path, auth=("any", key)).status_code == 200
        assert client.get(path, headers={"Authorization": f"Bearer {key}"}).status_code == 200


@pytest.mark.parametrize(
    ("header", "locale"),
    [("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"), ("xx,en-GB;q=0.5", "en-GB"), ("en;q=0.1, zh;q=0.9", "zh"), ("", "en"),
     ("xx", "en"), ("zh;q=0", "en"), ("*;q=x,,;", "en")],
)  # fmt: skip
def test_the_language_is_the_one_that_the_client_prefers(client: TestClient, header: str, locale: str) -> None:
    body = {"user_id": "u00", "k": 2, "detail": "full"}
    reply = client.post("/v1/recommendations", json=body, headers={"Accept-Language": header})
    assert {item["explanation"]["locale"] for item in reply.json()["items"]} == {locale}
    assert "Accept-Language" in reply.headers["vary"]
    named = client.post("/v1/recommendations", json={**body, "locale": "en"}, headers={"Accept-Language": header})
    assert {item["explanation"]["locale"] for item in named.json()["items"]} == {"en"}
    parameters = client.get("/v1/main-parameters", headers={"Accept-Language": header})
    assert parameters.json()["locale"] == locale


def test_a_client_that_prefers_no_language_gets_that_of_the_shop(shop_artifacts: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text("locale: es-MX\n")
    explainer = Explainer.load(shop_artifacts, language_model=None, shop_file=file)
    settings = ServiceSettings(auth=False, database_url=f"sqlite:///{tmp_path / 'state.db'}", as_of="snapshot")
    with TestClient(create_app(explainer, settings)) as client:
        for header, locale in (("", "es-MX"), ("xx", "es-MX"), ("en", "en")):
            body = {"user_id": "u00", "k": 2, "detail": "full"}
            reply = client.post("/v1/recommendations", json=body, headers={"Accept-Language": header})
            assert {item["explanation"]["locale"] for item in reply.json()["items"]} == {locale}


@pytest.mark.parametrize(("locale", "told"), [("pt-BR", "the shop's locale is pt-BR"), ("es-MX", "")])
def test_a_service_says_that_a_language_has_no_words(
    shop_artifacts: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture, locale: str, told: str
) -> None:
    file = tmp_path / "shop.yaml"
    file.write_text(f"locale: {locale}\n")
    explainer = Explainer.load(shop_artifacts, language_model=None, shop_file=file)
    create_app(explainer, ServiceSettings(auth=False, database_url=f"sqlite:///{tmp_path / 'state.db'}"))
    lines = [record.getMessage() for record in caplog.records if "texts are in English" in record.getMessage()]
    assert len(lines) == bool(told)
    assert all(told in line for line in lines)


def test_every_stored_time_has_its_zone(client: TestClient) -> None:
    explanation_id = client.post("/v1/recommendations", json={"user_id": "u00"}).json()["items"][0]["explanation"]["id"]
    event = {"user_id": "u00", "item_id": "31"}
    shown = {**event, "kind": "impression", "experiment": {"tag": "t"}}
    client.post("/v1/events", json={"events": [event, shown]}, headers={"Idempotency-Key": "k"})
    client.post("/v1/feedback", json={"explanation_id": explanation_id, "verdict": "helpful"})
    exported = client.get("/v1/users/u00/export").json()
    times = [row[name] for rows in ("events", "exposures", "feedback") for row in exported[rows]
             for name in ("timestamp", "created_at") if name in row]  # fmt: skip
    times += [client.get(f"/v1/explanations/{explanation_id}").json()["created_at"]]
    assert len(times) > 4
    assert all(re.search(r"(Z|[+]00:00)$", moment) for moment in times)


def test_health_answers_head(client: TestClient) -> None:
    for path in ("/healthz", "/readyz"):
        reply = client.head(path)
        assert (reply.status_code, reply.content) == (200, b"")
