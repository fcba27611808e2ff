"""Baselines side by side, each with its time; one that cannot run says so."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from scoring.errors import MissingExtraError
from scoring.evaluation.protocol import evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from scoring.baselines.base import Baseline
    from scoring.evaluation.split import Split


def measure_baselines(
    baselines: Sequence[Baseline], split: Split, *, k: int = 10, advance: Callable[[str], None] | None = None
) -> dict[str, dict[str, float | str]]:
    """Return the metrics of each baseline, as ``metrics.json`` keeps them.

    Args:
        baselines: What to measure.
        split: What to learn from and what to ask.
        k: Places that count.
        advance: Called with a baseline's name when its turn comes, for a progress bar.

    Returns:
        For each name the means of ``evaluate`` and ``seconds`` (learning and ranking), or ``skipped`` and the reason
        when an optional library is missing.
    """
    results: dict[str, dict[str, float | str]] = {}
    for baseline in baselines:
        if advance is not None:
            advance(baseline.name)
        start = time.perf_counter()
        try:
            means = evaluate(baseline.fit(split.train), split, k=k)
        except MissingExtraError as error:
            results[baseline.name] = {"skipped": str(error)}
        else:
            results[baseline.name] = {**means, "seconds": time.perf_counter() - start}
    return results
