"""Labels are bounded, whatever comes; the text format has what happened."""

from __future__ import annotations

from llm_explain.records import Fault, Text, Verdict
from llm_explain.service.telemetry.metrics import Metrics


def value(metrics: Metrics, line: str) -> float:
    """Return the value behind a name with its labels."""
    found = [each for each in metrics.render().decode().splitlines() if each.startswith(f"llm_explain_{line} ")]
    assert len(found) == 1, f"{line} stands {len(found)} times"
    return float(found[0].split()[-1])


def n_series(metrics: Metrics) -> int:
    return sum(not line.startswith("#") for line in metrics.render().decode().splitlines())


def text(source: str) -> Text:
    return Text("Hi", source, "Hi", Verdict(), is_ai_generated=False, prompt="p")  # type: ignore[arg-type]


def test_requests_are_counted_by_route_and_status() -> None:
    metrics = Metrics()
    for status in (200, 200, 422):
        metrics.begin_request()
        metrics.end_request("POST", "/v1/recommendations", status, 0.02)
    assert value(metrics, 'http_requests_total{method="POST",route="/v1/recommendations",status="200"}') == 2
    assert value(metrics, 'http_requests_total{method="POST",route="/v1/recommendations",status="422"}') == 1
    assert value(metrics, 'http_request_duration_seconds_bucket{le="0.025",route="/v1/recommendations"}') == 3
    assert value(metrics, "http_requests_in_flight") == 0


def test_invented_methods_routes_and_codes_make_no_series_without_end() -> None:
    metrics = Metrics()
    for number in range(200):
        metrics.begin_request()
        metrics.end_request(f"BREW{number}", f"/v1/{number}", 404, 0.0)
        metrics.count_refused("lm", Verdict((Fault(f"code{number}", "m"),)))
    before = n_series(metrics)
    for number in range(200, 400):
        metrics.begin_request()
        metrics.end_request(f"BREW{number}", f"/v1/{number}", 404, 0.0)
        metrics.count_refused("lm", Verdict((Fault(f"code{number}", "m"),)))
    assert n_series(metrics) <= before + 3


def test_sources_fallbacks_and_faults_are_counted() -> None:
    metrics = Metrics()
    metrics.count_texts([text("phrasebook"), text("template"), text("template"), None])
    metrics.count_fallback("starting")
    metrics.count_shed("rate")
    metrics.count_refused("lm", Verdict((Fault("unlicensed_number", "m"), Fault("too_long", "m"))))
    assert value(metrics, 'sentences_total{source="template"}') == 2
    assert value(metrics, 'sentences_total{source="none"}') == 1
    assert value(metrics, 'language_model_fallbacks_total{reason="starting"}') == 1
    assert value(metrics, 'http_requests_shed_total{reason="rate"}') == 1
    assert value(metrics, 'verifier_faults_total{code="too_long",source="lm"}') == 1


def test_a_watched_value_is_read_when_it_is_asked_for() -> None:
    metrics = Metrics()
    waiting = [0]
    metrics.watch("queue_waiting", "Waiting.", lambda: waiting[0])
    waiting[0] = 7
    assert value(metrics, "queue_waiting") == 7


def test_two_applications_in_one_process_do_not_share() -> None:
    one, two = Metrics(), Metrics()
    one.count_fallback("failed")
    assert b'reason="failed"' not in two.render()
