"""Requests that schemathesis makes from the OpenAPI document, fitting and not: none breaks anything."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

if TYPE_CHECKING:
    from starlette.testclient import TestClient

N_EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "40"))
"""In each mode; ``make chaos`` makes thousands."""

PATHS = ("/v1/", "/healthz", "/readyz")


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_generated_requests_break_nothing(client: TestClient, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_asgi("/openapi.json", client.app)
    operations = [each.ok() for each in schema.get_all_operations()]
    ours = [each for each in operations if each.path.startswith(PATHS)]
    assert len(ours) > 10

    @settings(max_examples=N_EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of([each.as_strategy(generation_mode=mode) for each in ours]))
    def ask(case: schemathesis.Case) -> None:
        response = case.call()
        assert response.status_code < 500, response.content
        if response.status_code >= 400 and response.content:
            assert response.headers["content-type"] == ["application/problem+json"]
            problem = json.loads(response.content)
            assert {"type", "title", "status", "detail", "request_id"} <= set(problem)
            assert problem["status"] == response.status_code

    ask()
