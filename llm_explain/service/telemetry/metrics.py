"""Prometheus metrics of one process.

Labels take a bounded number of values, all of them named by the code; none comes from a client.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import prometheus_client
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pandas as pd
    from prometheus_client.core import Metric

    from llm_explain.explainer import Explainer
    from llm_explain.records import Text, Verdict

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # one more gauge for each counter

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
        self.registry = prometheus_client.CollectorRegistry(auto_describe=False)
        prometheus_client.ProcessCollector(registry=self.registry)
        prometheus_client.PlatformCollector(registry=self.registry)
        self._routes: set[str] = set()
        self._codes: set[str] = set()
        self._requests = self._counter("http_requests", "Requests answered.", "method", "route", "status")
        self._latency = prometheus_client.Histogram(
            "llm_explain_http_request_duration_seconds",
            "Time to answer.",
            ("route",),
            buckets=_LATENCIES,
            registry=self.registry,
        )
        self._in_flight = prometheus_client.Gauge(
            "llm_explain_http_requests_in_flight", "Requests not answered yet.", registry=self.registry
        )
        self._shed = self._counter("http_requests_shed", "Requests refused by the admission middleware.", "reason")
        self._texts = self._counter("sentences", "Sentences given, by where they came from.", "source")
        self._fallbacks = self._counter(
            "language_model_fallbacks", "Lists that the language model did not write.", "reason"
        )
        self._faults = self._counter("verifier_faults", "Faults of sentences that were refused.", "source", "code")

    def _counter(self, name: str, what: str, *labels: str) -> prometheus_client.Counter:
        return prometheus_client.Counter(f"llm_explain_{name}", what, labels, registry=self.registry)

    def watch(self, name: str, what: str, read: Callable[[], float]) -> None:
        """Show a value that is read at each scrape.

        Args:
            name: Name without the prefix.
            what: Description.
            read: Returns the value.
        """
        prometheus_client.Gauge(f"llm_explain_{name}", what, registry=self.registry).set_function(read)

    def watch_counts(self, name: str, what: str, label: str, counts: Mapping[str, Callable[[], float]]) -> None:
        """Show numbers that only grow, read at each scrape.

        Args:
            name: Name without the prefix and without ``_total``.
            what: Description.
            label: Name of the label; empty for one number without labels.
            counts: Returns each number, by the value of the label.
        """
        family = partial(CounterMetricFamily, f"llm_explain_{name}", what, labels=[label] if label else [])
        self.registry.register(_Read(family, {(value,) if label else (): read for value, read in counts.items()}))

    def watch_explainer(self, explainer: Explainer, now: Callable[[], pd.Timestamp]) -> None:
        """Count an explainer's sentences and what its caches hold, and show what it was trained on.

        Args:
            explainer: The explainer.
            now: Returns the present time in UTC without a zone.
        """
        explainer.writer.on_refused = self.count_refused
        explainer.writer.on_written = self.count_texts
        reader = explainer.reader
        caches = {
            name: each for name, each in (("users", reader.users), ("vectors", reader.vectors)) if each is not None
        }
        for what in ("hits", "misses"):
            counts = {name: partial(getattr, cache, f"n_{what}") for name, cache in caches.items()}
            self.watch_counts(f"cache_{what}", f"Requests to a cache: {what}.", "cache", counts)
        entries = prometheus_client.Gauge(
            "llm_explain_cache_entries", "Entries of a cache.", ("cache",), registry=self.registry
        )
        for name, cache in caches.items():
            entries.labels(name).set_function(partial(len, cache))
        info = prometheus_client.Info(
            "llm_explain_model", "Hashes of what answers are computed from.", registry=self.registry
        )
        info.info({name: value[:23] for name, value in explainer.provenance.items()})
        self.watch(
            "model_data_age_seconds",
            "Age of the model's statistics; a change of the catalogue makes them no younger.",
            lambda: (now() - explainer.shop.snapshot.as_of).total_seconds(),
        )

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


class _Read(Collector):
    """Collects numbers that are read at each scrape."""

    def __init__(
        self, family: Callable[[], CounterMetricFamily], reads: Mapping[tuple[str, ...], Callable[[], float]]
    ) -> None:
        self._family, self._reads = family, reads

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers."""
        family = self._family()
        for labels, read in self._reads.items():
            family.add_metric(labels, read())
        yield family


def _known(method: str) -> str:
    return method if method in _METHODS else OTHER


def _bounded(value: str, seen: set[str], limit: int) -> str:
    """Return a label that the code made, unless it made more than a limit."""
    if value not in seen:
        if len(seen) >= limit:
            return OTHER
        seen.add(value)
    return value
