"""The section ``agreement``, and each metric of each sentence for the controls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.evaluation.agreement.metrics import HIGHER_IS_BETTER, agreement
from llm_explain.evaluation.bootstrap import Bootstrap, by_group
from llm_explain.evaluation.controls import OURS
from llm_explain.evaluation.text.ngrams import tokens

if TYPE_CHECKING:
    from llm_explain.evaluation.bootstrap import Values
    from llm_explain.evaluation.materials import Materials
    from llm_explain.evaluation.subject import Sizes


def per_sentence(materials: Materials, system: str) -> dict[str, Values]:
    """Return every agreement metric of each sentence of a system.

    Args:
        materials: Sentences and what is read in them.
        system: Ours or a control.

    Returns:
        Metrics by name, NaN where a sentence gives nothing to measure.
    """
    rows = [
        agreement(drivers, mentions, n_words=len(tokens(text)))
        for drivers, mentions, text in zip(
            materials.drivers, materials.mentions[system], materials.texts[system], strict=True
        )
    ]
    return {name: np.array([row[name] for row in rows]) for name in HIGHER_IS_BETTER}


def section(materials: Materials, sizes: Sizes) -> dict[str, Any]:
    """Measure our sentences against the attributions that they explain.

    Args:
        materials: Sentences and what is read in them.
        sizes: How many resamples.

    Returns:
        The section.
    """
    bootstrap = Bootstrap(materials.n_users, n_resamples=sizes.resamples, seed=sizes.seed)
    metrics = per_sentence(materials, OURS)
    told = [
        (
            {reason["kind"] for reason in each.record["reasons"]},
            {mention.kind for _, mention in mentions},
        )
        for each, mentions in zip(materials.emitted, materials.mentions[OURS], strict=True)
    ]
    return {
        "sentences": len(materials.emitted),
        "users": len(np.unique(materials.user)),
        "metrics": {
            name: bootstrap.interval(by_group(values, materials.user, materials.n_users))
            for name, values in metrics.items()
        },
        "reader": {
            "reasons": sum(len(given) for given, _ in told),
            "missed": sum(len(given - read) for given, read in told),
            "invented": sum(len(read - given) for given, read in told),
        },
    }
