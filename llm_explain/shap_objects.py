"""Attributions as ``shap.Explanation`` objects; ``shap`` is an optional extra and loads on first use."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import numpy as np

from llm_explain.errors import MissingExtraError, SettingError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.attribution import Attribution


def require(module: str) -> Any:
    """Import a module of the ``shap`` extra.

    Args:
        module: Its dotted name.

    Returns:
        The module.

    Raises:
        MissingExtraError: If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"the package {module.partition('.')[0]!r} is not installed but this picture or explainer needs it. "
            'Run: pip install "llm-explain[shap]"'
        ) from error


def to_explanation(attribution: Attribution, *, labels: Mapping[str, str] | None = None) -> Any:
    """Return one attribution as a row that ``shap.plots.waterfall`` and ``shap.plots.bar`` draw.

    Args:
        attribution: Shapley values of one score.
        labels: Names to show instead of the players' own.

    Returns:
        A ``shap.Explanation`` with values of shape ``(n_players,)``.
    """
    return require("shap").Explanation(
        values=attribution.values.copy(),
        base_values=attribution.base_value,
        feature_names=_shown(attribution.players, labels),
    )


def stack_explanations(attributions: Sequence[Attribution], *, labels: Mapping[str, str] | None = None) -> Any:
    """Return many attributions as the matrix that ``shap.plots.beeswarm`` and ``shap.plots.bar`` draw.

    A player that one attribution does not have adds nothing there, so its value is zero.

    Args:
        attributions: Shapley values of several scores, of one user or many.
        labels: Names to show instead of the players' own.

    Returns:
        A ``shap.Explanation`` with values of shape ``(n_attributions, n_players)``.

    Raises:
        SettingError: If there is no attribution.
    """
    if not attributions:
        raise SettingError("attributions is empty but at least one is needed. Explain an item first.")
    players = list(dict.fromkeys(player for each in attributions for player in each.players))
    place = {player: column for column, player in enumerate(players)}
    values = np.zeros((len(attributions), len(players)))
    for row, each in enumerate(attributions):
        values[row, [place[player] for player in each.players]] = each.values
    return require("shap").Explanation(
        values=values,
        base_values=np.array([each.base_value for each in attributions]),
        feature_names=_shown(players, labels),
    )


def _shown(players: Sequence[str], labels: Mapping[str, str] | None) -> list[str]:
    return [(labels or {}).get(player, player) for player in players]
