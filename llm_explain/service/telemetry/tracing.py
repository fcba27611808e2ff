"""Spans for OpenTelemetry, if it is installed.

The service uses the OpenTelemetry API alone; the operator chooses what happens to spans in the standard
way (``opentelemetry-instrument llm-explain serve``, or an SDK set up before ``create_app``). Span names and attributes
are constants, numbers and route templates.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_NAME = "llm_explain.service"


@cache
def _api() -> tuple[Any, Any] | None:
    try:
        from opentelemetry import propagate, trace
    except ImportError:
        return None
    return trace, propagate


def is_recorded() -> bool:
    """Return whether the operator has set up a place where spans go."""
    api = _api()
    return api is not None and not isinstance(api[0].get_tracer_provider(), api[0].ProxyTracerProvider)


@contextmanager
def server_span(headers: Iterable[tuple[bytes, bytes]], method: str) -> Iterator[Any]:
    """Open the span of a request as a child of the caller's trace, if OpenTelemetry is installed.

    Args:
        headers: The request's headers.
        method: HTTP method.

    Yields:
        Any: The span, or ``None``; name it with ``name_server_span`` when the route is known.
    """
    api = _api()
    if api is None:
        yield None
        return
    trace, propagate = api
    parent = propagate.extract(_trace_headers(headers))
    tracer = trace.get_tracer(_NAME)
    with tracer.start_as_current_span(
        method,
        context=parent,
        kind=trace.SpanKind.SERVER,
        record_exception=False,
        set_status_on_exception=False,
        attributes={"http.request.method": method},
    ) as opened:
        yield opened


def name_server_span(opened: Any, method: str, route: str, status: int) -> None:
    """Say what a request's span was.

    Args:
        opened: What ``server_span`` yielded.
        method: HTTP method.
        route: Path template; empty if none matched.
        status: HTTP status.
    """
    if opened is None or not opened.is_recording():
        return
    opened.update_name(f"{method} {route}".strip())
    opened.set_attribute("http.route", route)
    opened.set_attribute("http.response.status_code", status)


def trace_id(opened: Any) -> str:
    """Return the id of a span's trace in hexadecimal.

    Args:
        opened: A span or ``None``.

    Returns:
        32 digits; empty without a recording span.
    """
    if opened is None or not opened.is_recording():
        return ""
    return f"{opened.get_span_context().trace_id:032x}"


def _trace_headers(headers: Iterable[tuple[bytes, bytes]]) -> Mapping[str, str]:
    """Return the two headers of W3C Trace Context; baggage is left out, for it may carry anything."""
    wanted = (b"traceparent", b"tracestate")
    return {name.decode(): value.decode("latin-1") for name, value in headers if name in wanted}
