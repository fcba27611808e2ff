"""Puts the operator's side around an application: metrics, logs, spans, the queue, and the end."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from llm_explain.service.admission import Admission
from llm_explain.service.door import Door
from llm_explain.service.drain import Drain
from llm_explain.service.gate import Gate
from llm_explain.service.metrics import Metrics
from llm_explain.service.observed import Observed, TurnedAway
from llm_explain.service.routes import operating

if TYPE_CHECKING:
    from fastapi import FastAPI

    from llm_explain.explainer import Explainer
    from llm_explain.service.model_worker import ServedModel
    from llm_explain.service.settings import ServiceSettings

MAX_RESTING = 8
"""Requests that may wait for a language model at a time; each keeps a thread, but no place in the queue."""


def operate(
    app: FastAPI, settings: ServiceSettings, *, metrics: Metrics | None = None, model: ServedModel | None = None
) -> None:
    """Surround an application; called last, so that these layers are the outermost.

    Args:
        app: The application; ``app.state`` gets ``door``, ``drain``, ``gate``, ``metrics`` and ``model``.
        settings: What the operator set.
        metrics: Counters; new ones if not given.
        model: The language model's process, if there is one.
    """
    metrics = metrics or Metrics()
    drain, turned_away = Drain(), TurnedAway()
    gate = Gate(max_running=settings.max_running, max_waiting=settings.max_waiting)
    metrics.watch("queue_waiting", "Requests that wait for a place.", lambda: gate.n_waiting)
    metrics.watch("queue_running", "Requests that have a place.", lambda: gate.n_running)
    metrics.watch("queue_work_seconds", "Smoothed time that a request has its place.", lambda: gate.work_seconds)
    metrics.watch("draining", "Whether the process is about to end.", lambda: float(drain.is_on))
    app.state.metrics, app.state.drain, app.state.gate, app.state.model = metrics, drain, gate, model
    app.state.door = Door(gate=gate, metrics=metrics, drain=drain, turned_away=turned_away)
    app.include_router(operating.router)
    app.add_middleware(Admission, settings=settings, gate=gate, metrics=metrics)
    app.add_middleware(Observed, metrics=metrics, drain=drain, turned_away=turned_away, is_traced=settings.tracing)


def count_what_happens(explainer: Explainer, metrics: Metrics) -> None:
    """Let an explainer's writer and cache be counted.

    Args:
        explainer: The explainer.
        metrics: Counters.
    """
    explainer.writer.on_refused = metrics.count_refused
    explainer.writer.on_written = metrics.count_texts
    for name, what, cache in (
        ("vectors", "Vectors of history groups", explainer.reader.vectors),
        ("readings", "Readings of users' histories", explainer.reader.users),
    ):
        if cache is not None:
            metrics.watch(f"{name}_hits", f"{what} that were there.", partial(getattr, cache, "n_hits"))
            metrics.watch(f"{name}_misses", f"{what} that were made.", partial(getattr, cache, "n_misses"))
            metrics.watch(f"{name}_kept", f"{what} that are remembered.", partial(len, cache))
