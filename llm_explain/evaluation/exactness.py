"""The section ``exactness``: attributions add up, and deleting events does what the attributions say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.attribution.counterfactual import what_if
from llm_explain.attribution.partition import GROUP_PREFIX

if TYPE_CHECKING:
    from collections.abc import Sequence

    from llm_explain.records import Explanation
    from scoring.data.history import EventLog
    from scoring.scorer.scorer import GlassBoxScorer


def section(scorer: GlassBoxScorer, events: EventLog, explanations: Sequence[Explanation], *, n: int) -> dict[str, Any]:
    """Return the largest and the mean error of attributions and of predicted deletions.

    Args:
        scorer: The trained scorer.
        events: The event log.
        explanations: Explanations of known users.
        n: How many of the explanations the deletion test reads.

    Returns:
        ``additivity`` and ``deletion``.
    """
    return {"additivity": additivity(explanations), "deletion": deletion(scorer, events, explanations[:n])}


def additivity(explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Return the absolute difference between the score and base value plus attributions.

    Args:
        explanations: Explanations of any scores.

    Returns:
        ``scores``, and the largest and the mean ``residual`` in logits.
    """
    given = [each.attribution for each in explanations]
    residual = np.array([abs(each.base_value + each.values.sum() - each.score) for each in given] or [0.0])
    return {"scores": len(given), "max_residual": float(residual.max()), "mean_residual": float(residual.mean())}


def deletion(scorer: GlassBoxScorer, events: EventLog, explanations: Sequence[Explanation]) -> dict[str, Any]:
    """Compare the predicted score without a group with the score of the log without the group's events.

    Args:
        scorer: The trained scorer.
        events: The event log.
        explanations: Explanations of known users; the strongest named group of each is deleted.

    Returns:
        ``deletions``, and the largest and the mean absolute ``error`` in logits.
    """
    errors = []
    for each in explanations:
        given = each.attribution
        players = zip(given.values, given.players, given.categories, strict=True)
        groups = [(value, name, members[0]) for value, name, members in players if name.startswith(GROUP_PREFIX)]
        if not groups or each.user_id is None:
            continue
        _, name, category = max(groups)
        history = events.history(each.user_id, each.as_of)
        item = scorer.catalogue.index_of([each.subject["item_id"]])
        predicted = what_if(scorer, scorer.read(history), without=[name], item_index=item).score_without[0]
        shortened = scorer.read(history.without([category], scorer.catalogue))
        errors.append(abs(float(predicted) - float(scorer.score(shortened, item)[0])))
    found = np.array(errors or [0.0])
    return {"deletions": len(errors), "max_error": float(found.max()), "mean_error": float(found.mean())}
