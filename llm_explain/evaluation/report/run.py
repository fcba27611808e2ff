"""Run every section of the evaluation."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from llm_explain.evaluation.materials import gather
from llm_explain.evaluation.sections import agreement, audit, controls, fidelity, ranking, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from llm_explain.evaluation.subject import Sizes, Subject


def run(subject: Subject, sizes: Sizes, report: Callable[[str, int, int], None]) -> dict[str, Any]:
    """Return the whole report, ready for JSON; the same for the same artifacts, sizes and seed, but for ``seconds``.

    Args:
        subject: What is evaluated.
        sizes: How much of it.
        report: Told what is done, how far, and how much there is.

    Returns:
        The sections ``ranking``, ``fidelity``, ``audit``, ``agreement``, ``text``, ``score_from_text`` and
        ``controls``, and what they were made from.
    """
    clock = _Clock()
    found: dict[str, Any] = {"subject": subject.describe(), "sizes": vars(sizes).copy(), "machine": machine()}
    found["ranking"] = clock("ranking", lambda: ranking.section(subject, sizes, report))
    found["fidelity"] = clock("fidelity", lambda: fidelity.section(subject, sizes, report))
    materials = clock("explaining", lambda: gather(subject, sizes, report))
    found["audit"] = clock("audit", lambda: audit.section(subject, materials, report))
    found["agreement"] = clock("agreement", lambda: agreement.section(materials, sizes))
    found["text"] = clock("text", lambda: text.section(subject, materials, sizes, report))
    predicted = clock("score_from_text", lambda: controls.predictions(materials, sizes))
    found["score_from_text"] = controls.score_section(materials, predicted, sizes)
    found["controls"] = clock("controls", lambda: controls.section(subject, materials, predicted, sizes, report))
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
        "versions": {name: version(name) for name in ("llm-explain", "torch", "shap", "captum") if _has(name)},
    }


def _has(name: str) -> bool:
    from importlib.metadata import PackageNotFoundError

    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
