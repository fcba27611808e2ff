"""Prometheus metrics of one process.

Labels take a bounded number of values, all of them named by the code; none comes from a client.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from llm_explain.explainer import Explainer
    from llm_explain.records import Text, Verdict

disable_created_metrics()  # type: ignore[no-untyped-call]  # one more gauge for each counter

_LATENCIES = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})
_MAX_ROUTES = 64
_MAX_CODES = 64
OTHER = "other"
"""Label of a value that the code does not name."""


class Metrics:
    """Counters, histograms and gauges under ``llm_explain_``.

    Attributes:
        registry: What ``/metrics`` shows.
    """

    CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._routes: set[str] = set()
        self._codes: set[str] = set()
        self._requests = self._counter("requests", "Requests answered.", "method", "route", "status")
        self._latency = Histogram(
            "llm_explain_request_seconds",
            "Time to answer.",
            ("route",),
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self._in_flight = Gauge("llm_explain_requests_in_flight", "Requests not answered yet.", registry=self.registry)
        self._shed = self._counter("shed", "Requests refused by the admission middleware.", "reason")
        self._texts = self._counter("texts", "Sentences given, by where they came from.", "source")
        self._fallbacks = self._counter("fallbacks", "Lists that the language model did not write.", "reason")
        self._faults = self._counter("verdict_faults", "Sentences refused before they were shown.", "source", "code")

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"llm_explain_{name}", what, labels, registry=self.registry)

    def watch(self, name: str, what: str, read: Callable[[], float]) -> None:
        """Show a value that is read at each scrape.

        Args:
            name: Name without the prefix.
            what: Description.
            read: Returns the value.
        """
        Gauge(f"llm_explain_{name}", what, registry=self.registry).set_function(read)

    def watch_explainer(self, explainer: Explainer) -> None:
        """Count an explainer's sentences and what its caches hold.

        Args:
            explainer: The explainer.
        """
        explainer.writer.on_refused = self.count_refused
        explainer.writer.on_written = self.count_texts
        for name, described, cache in (
            ("vectors", "Vectors of history groups", explainer.reader.vectors),
            ("readings", "Read histories", explainer.reader.users),
        ):
            if cache is not None:
                self.watch(f"{name}_hits", f"{described} found in the cache.", partial(getattr, cache, "n_hits"))
                self.watch(f"{name}_misses", f"{described} computed anew.", partial(getattr, cache, "n_misses"))
                self.watch(f"{name}_kept", f"{described} in the cache.", partial(len, cache))

    def begin_request(self) -> None:
        """Count a request that came."""
        self._in_flight.inc()

    def end_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered.

        Args:
            method: HTTP method.
            route: Path template of the route; empty if none matched.
            status: HTTP status.
            seconds: How long it took.
        """
        self._in_flight.dec()
        known = _bounded(route, self._routes, _MAX_ROUTES) if route else "unmatched"
        self._requests.labels(_known(method), known, str(status)).inc()
        self._latency.labels(known).observe(seconds)

    def count_shed(self, reason: str) -> None:
        """Count a request that was refused.

        Args:
            reason: ``queue_full``, ``deadline`` or ``rate``.
        """
        self._shed.labels(reason).inc()

    def count_texts(self, texts: Iterable[Text | None]) -> None:
        """Count the sentences of a list by their source; one that could not be written counts as ``none``.

        Args:
            texts: What was written.
        """
        for text in texts:
            self._texts.labels(text.source if text else "none").inc()

    def count_fallback(self, reason: str) -> None:
        """Count a list that the language model did not write.

        Args:
            reason: ``pressure``, ``starting``, ``deadline``, ``failed`` or ``refused``.
        """
        self._fallbacks.labels(reason).inc()

    def count_refused(self, source: str, verdict: Verdict) -> None:
        """Count what the verifier found wrong with a sentence that was not shown.

        Args:
            source: Where the sentence came from.
            verdict: The finding.
        """
        for fault in verdict.faults:
            self._faults.labels(source, _bounded(fault.code, self._codes, _MAX_CODES)).inc()

    def render(self) -> bytes:
        """Return everything in the Prometheus text format."""
        return generate_latest(self.registry)


def _known(method: str) -> str:
    return method if method in _METHODS else OTHER


def _bounded(value: str, seen: set[str], limit: int) -> str:
    """Return a label that the code made, unless it made more than a limit."""
    if value not in seen:
        if len(seen) >= limit:
            return OTHER
        seen.add(value)
    return value
