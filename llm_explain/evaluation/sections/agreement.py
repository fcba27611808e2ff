"""The section ``agreement``, and each metric of each sentence for the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.evaluation.agreement.metrics import HIGHER_IS_BETTER, agreement
from llm_explain.evaluation.bootstrap import Bootstrap, by_group
from llm_explain.evaluation.controls import OURS

if TYPE_CHECKING:
    from llm_explain.evaluation.artifacts import Sizes
    from llm_explain.evaluation.bootstrap import Values
    from llm_explain.evaluation.sample import Sample


def per_sentence(sample: Sample, system: str) -> dict[str, Values]:
    """Return every agreement metric of each sentence of a system.

    Args:
        sample: Sentences and what is read in them.
        system: `ours` or a control.

    Returns:
        Metrics by name, NaN where a sentence gives nothing to measure.
    """
    rows = [
        agreement(drivers, mentions) for drivers, mentions in zip(sample.drivers, sample.mentions[system], strict=True)
    ]
    return {name: np.array([row[name] for row in rows]) for name in HIGHER_IS_BETTER}


def section(sample: Sample, sizes: Sizes) -> dict[str, Any]:
    """Measure our sentences against the attributions that they explain.

    Args:
        sample: Sentences and what is read in them.
        sizes: How many resamples.

    Returns:
        The section.
    """
    bootstrap = Bootstrap(sample.n_users, n_resamples=sizes.resamples, seed=sizes.seed)
    metrics = per_sentence(sample, OURS)
    told = [
        (
            {reason["kind"] for reason in each.record["reasons"]},
            {mention.kind for _, mention in mentions},
        )
        for each, mentions in zip(sample.explained, sample.mentions[OURS], strict=True)
    ]
    return {
        "sentences": len(sample.explained),
        "users": len(np.unique(sample.user)),
        "metrics": {
            name: bootstrap.interval(by_group(values, sample.user, sample.n_users)) for name, values in metrics.items()
        },
        "reader": {
            "reasons": sum(len(given) for given, _ in told),
            "missed": sum(len(given - read) for given, read in told),
            "invented": sum(len(read - given) for given, read in told),
        },
    }
