"""Run every section of the evaluation."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from llm_explain.evaluation import exactness
from llm_explain.evaluation.explained import draw_users, explain_users
from llm_explain.evaluation.sections import audit

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_explain.evaluation.artifacts import EvaluatedArtifacts, Sizes
    from llm_explain.evaluation.sections.jobs import JobPaths

ITEMS_A_USER = 10


def run(
    artifacts: EvaluatedArtifacts, sizes: Sizes, report: Callable[[str, int, int], None], jobs: JobPaths | None = None
) -> dict[str, Any]:
    """Return the whole report, ready for JSON; the same for the same artifacts, sizes and seed, but for ``seconds``.

    Args:
        artifacts: Artifacts under evaluation.
        sizes: How much of it.
        report: Called with a description, the number done and the total.
        jobs: Models of the jobs, each of which gets a section.

    Returns:
        The sections ``ranking``, ``exactness`` and ``audit``, those of the jobs, and their inputs.
    """
    clock, explainer = _Clock(), artifacts.explainer
    found: dict[str, Any] = {"artifacts": artifacts.describe(), "sizes": vars(sizes).copy(), "machine": machine()}
    found["ranking"] = artifacts.metrics
    user_ids = draw_users(explainer, -(-sizes.records // ITEMS_A_USER), seed=sizes.seed)
    explained = clock(
        "explaining",
        lambda: explain_users(explainer, user_ids, k=ITEMS_A_USER, locale=artifacts.locale, report=report),
    )
    found["exactness"] = clock(
        "exactness", lambda: exactness.section(artifacts.scorer, explainer.events, explained, n=sizes.deletions)
    )
    found["audit"] = clock("audit", lambda: audit.section(artifacts, explained, report))
    if jobs is not None:
        found |= clock("jobs", lambda: jobs.sections(sizes.texts, sizes.seed, report))
    return {**found, "seconds": clock.seconds}


class _Clock:
    """Keeps the seconds of each section."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        self.seconds[name] = round(time.perf_counter() - start, 1)
        return result


def machine() -> dict[str, Any]:
    """Return what the figures were measured on."""
    return {
        "python": platform.python_version(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "versions": {name: version(name) for name in ("llm-explain-recommendations", "torch")},
    }
