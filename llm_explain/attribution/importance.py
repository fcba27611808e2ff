"""Global importance: mean attributions over many users and items."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import pandas as pd

from llm_explain.attribution.partition import REST
from llm_explain.attribution.values import CONTEXT_PREFIX, LINKS, TOWER
from llm_explain.errors import SettingError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from llm_explain.attribution.values import Attribution

OWN_GROUP: Final = "own group"
OTHER_GROUPS: Final = "other groups"


def global_attributions(attributions: Iterable[Attribution]) -> pd.DataFrame:
    """Return how much each source of attribution moves a score on average.

    Users have different players, so history groups are classed by their relation to the item: its own category, another
    category, or the rest. Parts of one attribution with the same source are added before the mean.

    Args:
        attributions: Attributions of many users and items.

    Returns:
        Columns ``source`` (own group, other groups, rest, or a context term), ``part``, ``mean_absolute`` and ``mean``
        in logits, and ``share`` of all ``mean_absolute``; largest first.

    Raises:
        SettingError: If ``attributions`` is empty.
    """
    absolute: dict[tuple[str, str], float] = defaultdict(float)
    signed: dict[tuple[str, str], float] = defaultdict(float)
    n = 0
    for attribution in attributions:
        n += 1
        for key, value in _by_source(attribution).items():
            absolute[key] += abs(value)
            signed[key] += value
    if not n:
        raise SettingError("attributions is empty but at least one is needed. Explain an item first.")
    rows = [(source, part, absolute[source, part] / n, signed[source, part] / n) for source, part in absolute]
    frame = pd.DataFrame(rows, columns=["source", "part", "mean_absolute", "mean"])
    total = frame["mean_absolute"].sum()
    frame["share"] = frame["mean_absolute"] / total if total else 0.0
    return frame.sort_values(["mean_absolute", "source", "part"], ascending=[False, True, True], ignore_index=True)


def _by_source(attribution: Attribution) -> dict[tuple[str, str], float]:
    total: dict[tuple[str, str], float] = defaultdict(float)
    for player, parts in zip(attribution.players, attribution.parts, strict=True):
        source = _source(player, is_own=not {*parts} <= {TOWER, LINKS})
        for part, value in parts.items():
            total[source, part] += value
    return total


def _source(player: str, *, is_own: bool) -> str:
    if player.startswith(CONTEXT_PREFIX) or player == REST:
        return player
    return OWN_GROUP if is_own else OTHER_GROUPS
