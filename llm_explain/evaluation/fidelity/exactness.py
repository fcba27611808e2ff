"""Whether attributions add up, and whether deleting events does what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.counterfactual import what_if
from llm_explain.partition import GROUP_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.records import Explanation
    from scoring.history import EventLog
    from scoring.scorer import GlassBoxScorer


def additivity(explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Return how far base value and attributions miss the score.

    Args:
        explanations: Explanations of any scores.

    Returns:
        ``scores``, the largest and the mean absolute ``residual`` in logits.
    """
    missed = np.array(
        [
            abs(each.attribution.base_value + each.attribution.values.sum() - each.attribution.score)
            for each in explanations
        ]
    )
    return {"scores": len(missed), "max_residual": float(missed.max()), "mean_residual": float(missed.mean())}


def deletion(scorer: GlassBoxScorer, events: EventLog, explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Return how far a predicted score without a group is from that of the log without the group's events.

    Args:
        scorer: The trained scorer.
        events: The event log.
        explanations: Explanations of known users; the strongest named group of each is deleted.

    Returns:
        ``deletions``, and the largest and the mean absolute ``error`` in logits.
    """
    errors = []
    for each in explanations:
        groups = [
            (value, name, members[0])
            for name, value, members in zip(
                each.attribution.players, each.attribution.values, each.attribution.categories, strict=True
            )
            if name.startswith(GROUP_PREFIX)
        ]
        if not groups or each.user_id is None:
            continue
        _, name, category = max(groups)
        history = events.history(each.user_id, each.as_of)
        item = scorer.catalogue.index_of([each.item_id])
        told = what_if(scorer, scorer.read(history), without=[name], item_index=item).score_without[0]
        shorter = scorer.read(history.without([category], scorer.catalogue))
        errors.append(abs(float(told) - float(scorer.score(shorter, item)[0])))
    found = np.array(errors or [0.0])
    return {"deletions": len(errors), "max_error": float(found.max()), "mean_error": float(found.mean())}
