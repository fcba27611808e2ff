"""Keep names that no text may say out of records too: sensitive history groups become part of ``rest``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.partition import GROUP_PREFIX, REST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.attribution import Attribution
    from llm_explain.policy import Policy
    from llm_explain.records import Explanation


def is_sensitive_player(player: str, policy: Policy) -> bool:
    """Return whether a player's name is that of a sensitive category."""
    return player.startswith(GROUP_PREFIX) and policy.is_sensitive_category(player.removeprefix(GROUP_PREFIX))


def masked(explanation: Explanation, policy: Policy) -> Explanation:
    """Return an explanation whose record names no sensitive history group.

    Args:
        explanation: What the explainer gave; its text and its reasons are free of them already.
        policy: What is sensitive.

    Returns:
        The same score, with those groups in ``rest``; still adding up.
    """
    attribution = explanation.attribution
    if not any(is_sensitive_player(player, policy) for player in attribution.players):
        return explanation
    return replace(explanation, attribution=_folded(attribution, policy))


def masked_differences(differences: Mapping[str, float], policy: Policy) -> dict[str, float]:
    """Return differences of attributions with sensitive history groups in ``rest``.

    Args:
        differences: What each player adds to one item beyond another.
        policy: What is sensitive.

    Returns:
        The same sum.
    """
    total: dict[str, float] = defaultdict(float)
    for player, value in differences.items():
        total[REST if is_sensitive_player(player, policy) else player] += value
    return dict(total)


def _folded(attribution: Attribution, policy: Policy) -> Attribution:
    hidden = [
        row for row, player in enumerate(attribution.players) if player == REST or is_sensitive_player(player, policy)
    ]
    shown = [row for row in range(len(attribution.players)) if row not in hidden]
    parts: dict[str, float] = defaultdict(float)
    for row in hidden:
        for name, value in attribution.parts[row].items():
            parts[name] += value
    place = sum(player.startswith(GROUP_PREFIX) for player in (attribution.players[row] for row in shown))
    players = [attribution.players[row] for row in shown]
    values = [float(attribution.values[row]) for row in shown]
    all_parts: list[Mapping[str, float]] = [attribution.parts[row] for row in shown]
    categories = [attribution.categories[row] for row in shown]
    players.insert(place, REST)
    values.insert(place, float(attribution.values[hidden].sum()))
    all_parts.insert(place, dict(parts))
    categories.insert(place, tuple(sorted(c for row in hidden for c in attribution.categories[row])))
    return replace(
        attribution,
        players=tuple(players),
        values=np.array(values),
        parts=tuple(all_parts),
        categories=tuple(categories),
    )
