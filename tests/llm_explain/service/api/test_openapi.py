"""The interface describes itself: OpenAPI 3.1, an example for every body, a problem for every refusal."""

from __future__ import annotations

from starlette.testclient import TestClient


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
