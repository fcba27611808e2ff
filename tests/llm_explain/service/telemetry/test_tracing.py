"""Spans go to OpenTelemetry where it is set up; without it nothing happens and nothing fails."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from llm_explain.service.telemetry import tracing

if TYPE_CHECKING:
    from collections.abc import Iterator

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = [
    (b"traceparent", f"00-{TRACE}-00f067aa0ba902b7-01".encode()),
    (b"baggage", b"user=mary"),
    (b"authorization", b"Bearer mary"),
]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield exporter
    provider.shutdown()


def test_a_request_is_a_child_of_the_callers_trace(spans: InMemorySpanExporter) -> None:
    assert tracing.is_recorded()
    with tracing.server_span(HEADERS, "GET") as opened:
        assert tracing.trace_id(opened) == TRACE
        tracing.name_server_span(opened, "GET", "/v1/users/{user_id}/shelves", 200)
    (outer,) = spans.get_finished_spans()
    assert outer.parent is not None
    assert outer.name == "GET /v1/users/{user_id}/shelves"
    assert "mary" not in outer.to_json()


def test_a_failure_leaves_no_message_in_the_span(spans: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="mary"), tracing.server_span([], "GET"):
        raise ValueError("mary")
    assert "mary" not in spans.get_finished_spans()[0].to_json()


def test_without_a_place_for_spans_none_is_made() -> None:
    assert not tracing.is_recorded()
    with tracing.server_span(HEADERS, "GET") as opened:
        tracing.name_server_span(opened, "GET", "/", 200)
        assert tracing.trace_id(opened) == ""


def test_without_opentelemetry_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    tracing._api.cache_clear()
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    try:
        assert not tracing.is_recorded()
        with tracing.server_span(HEADERS, "GET") as opened:
            assert opened is None
            tracing.name_server_span(opened, "GET", "/", 200)
        assert tracing.trace_id(None) == ""
    finally:
        tracing._api.cache_clear()
