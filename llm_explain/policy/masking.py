"""Masking of history groups that no text may name: records and differences show them as part of ``rest``."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from llm_explain.attribution.partition import GROUP_PREFIX, REST

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet

    from llm_explain.attribution.values import Attribution
    from llm_explain.policy.policy import Policy


def mask_attribution(attribution: Attribution, policy: Policy) -> Attribution:
    """Return an attribution that names no hidden history group.

    Args:
        attribution: Shapley values of one score.
        policy: Which categories are hidden.

    Returns:
        The same score and sum. The values, parts and categories of hidden groups are added to ``rest``. Groups without
        a letter stay, since their past items may be reasons.
    """
    hidden = {player for player in attribution.players if not _may(policy.shows_category, player)}
    return _folded(attribution, hidden) if hidden else attribution


def mask_differences(differences: Mapping[str, float], policy: Policy) -> dict[str, float]:
    """Return differences of attributions that name no history group without a spoken name.

    Args:
        differences: Attribution of each player for one item minus that for another.
        policy: Which categories may be named.

    Returns:
        Differences with the same sum. Those of other groups are added to ``rest``.
    """
    total: dict[str, float] = defaultdict(float)
    for player, value in differences.items():
        total[player if _may(policy.may_name_category, player) else REST] += value
    return dict(total)


def _may(show: Callable[[str], bool], player: str) -> bool:
    return not player.startswith(GROUP_PREFIX) or show(player.removeprefix(GROUP_PREFIX))


def _folded(attribution: Attribution, names: AbstractSet[str]) -> Attribution:
    hidden = [row for row, player in enumerate(attribution.players) if player == REST or player in names]
    shown = [row for row in range(len(attribution.players)) if row not in hidden]
    parts: dict[str, float] = defaultdict(float)
    for row in hidden:
        for name, value in attribution.parts[row].items():
            parts[name] += value
    place = sum(player.startswith(GROUP_PREFIX) for player in (attribution.players[row] for row in shown))
    items = list(attribution.items)
    if items:  # what stays in `rest` of an item of a hidden group has no name
        named = [attribution.items[row] for row in hidden if attribution.players[row] == REST]
        items = [attribution.items[row] for row in shown]
        items.insert(place, named[0] if named else ())
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
        items=tuple(items),
    )
