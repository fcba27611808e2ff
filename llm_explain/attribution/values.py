"""Shapley values of one score, checked to add up to it, and their form as ``shap.Explanation`` objects."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from llm_explain.errors import AttributionError, MissingExtraError, SettingError, ShapeError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from llm_explain.attribution.shapley import FloatArray

TOWER: Final = "tower"
"""The part of a history group that reaches the score through the user embedding."""

LINKS: Final = "links"
"""The part of a history group that reaches the score through links from single items; there only if it is not zero."""

ITEM: Final = "item"
"""The part of a history group that is one past item, with everything that it adds to the score."""

CONTEXT_PREFIX: Final = "context:"

ATOL: Final = 1e-4
"""Most that base value and attributions may miss the score by, in logits."""


@dataclass(frozen=True, slots=True, eq=False)
class PastItem:
    """What one item of the history adds to a score.

    Attributes:
        item_index: The past item.
        part: Name of this share of its group: ``links:<item_id>`` for links alone, ``item:<item_id>`` for all terms.
        parts: Its share of each part of its group, in logits.
    """

    item_index: int
    part: str
    parts: Mapping[str, float]

    @property
    def phi(self) -> float:
        """Attribution of the item, in logits."""
        return math.fsum(self.parts.values())


@dataclass(frozen=True, slots=True, eq=False)
class Attribution:
    """Shapley values of one score; they add up to it, or the constructor raises an error.

    Attributes:
        players: ``group:<category>`` for one category, ``rest`` for the smaller ones, ``context:<term>``.
        values: Attribution of each player in logits, shape ``(n_players,)``.
        parts: For each player, shares of its value that are exact by themselves: ``tower`` and ``links`` for a history
            group, and one for each own-history feature for the item's own group; a context term is its own only part.
        base_value: Score with every player absent.
        score: The score that is explained.
        categories: ``category_index`` behind each player; empty for a context term.
        items: The past items of each player that raised the score, largest first; empty where they are not known.
    """

    players: tuple[str, ...]
    values: FloatArray
    parts: tuple[Mapping[str, float], ...]
    base_value: float
    score: float
    categories: tuple[tuple[int, ...], ...]
    items: tuple[tuple[PastItem, ...], ...] = ()

    def __post_init__(self) -> None:
        """Check lengths and sums."""
        lengths = {len(self.players), len(self.values), len(self.parts), len(self.categories)}
        lengths |= {len(self.items)} - {0}
        if len(lengths) != 1:
            raise ShapeError(
                f"the attribution has {len(self.players)} players, {len(self.values)} values, {len(self.parts)} parts "
                f"and {len(self.categories)} groups of categories but one of each is needed. Name every player once."
            )
        for player, value, parts in zip(self.players, self.values.tolist(), self.parts, strict=True):
            total = math.fsum(parts.values())
            if not abs(total - value) <= ATOL:
                raise AttributionError(
                    f"the parts of {player!r} sum to {total:.6g} but its attribution is {value:.6g}. "
                    "Give every part of a player."
                )
        check_efficiency(self.base_value, float(self.values.sum()), self.score)

    def citing(self, player: str, part: str) -> Attribution:
        """Return the attribution with one past item as a part of its own.

        Args:
            player: The item's history group.
            part: Name of the item's part.

        Returns:
            The same values; the item's shares are taken from the other parts. Unchanged if no item has this part.
        """
        row = self.players.index(player)
        item = next((item for item in self.items[row] if item.part == part), None) if self.items else None
        if item is None or part in self.parts[row]:
            return self
        left = {name: value - item.parts.get(name, 0.0) for name, value in self.parts[row].items()}
        return replace(self, parts=(*self.parts[:row], {**left, part: item.phi}, *self.parts[row + 1 :]))

    def to_records(self) -> list[dict[str, Any]]:
        """Return the ``attributions`` entry of the explanation record, every player in order."""
        return [
            {"player": player, "phi": float(value), "parts": {name: float(part) for name, part in parts.items()}}
            for player, value, parts in zip(self.players, self.values, self.parts, strict=True)
        ]

    def to_shap(self, *, labels: Mapping[str, str] | None = None) -> Any:
        """Return the attribution as a ``shap.Explanation``, ready for ``shap.plots``.

        Args:
            labels: Names to show instead of the players' own.

        Returns:
            A ``shap.Explanation`` with values of shape ``(n_players,)``.
        """
        return self.stack([self], labels=labels)[0]

    @staticmethod
    def stack(attributions: Sequence[Attribution], *, labels: Mapping[str, str] | None = None) -> Any:
        """Return many attributions as one ``shap.Explanation``, ready for ``shap.plots.beeswarm`` and ``bar``.

        Args:
            attributions: Attributions of one user or many. A player that one of them does not have is zero there.
            labels: Names to show instead of the players' own.

        Returns:
            A ``shap.Explanation`` with values of shape ``(n_attributions, n_players)``.

        Raises:
            SettingError: If ``attributions`` is empty.
        """
        if not attributions:
            raise SettingError("attributions is empty but at least one is needed. Explain an item first.")
        with MissingExtraError.unless_installed("a shap.Explanation", "shap"):
            import shap
        players = list(dict.fromkeys(player for each in attributions for player in each.players))
        place = {player: column for column, player in enumerate(players)}
        values = np.zeros((len(attributions), len(players)))
        for row, each in enumerate(attributions):
            values[row, [place[player] for player in each.players]] = each.values
        return shap.Explanation(
            values=values,
            base_values=np.array([each.base_value for each in attributions]),
            feature_names=[(labels or {}).get(player, player) for player in players],
        )


def check_efficiency(base_value: float, attributed: float, score: float) -> None:
    """Refuse attributions that do not add up to their score.

    Args:
        base_value: Score with every player absent.
        attributed: Sum of the attributions.
        score: The score that is explained.

    Raises:
        AttributionError: If they miss the score by more than ``ATOL``.
    """
    if not abs(base_value + attributed - score) <= ATOL:
        raise AttributionError(
            f"base value plus attributions is {base_value + attributed:.6g} but the score is {score:.6g}. "
            "Explain with the scorer and the history that gave the score."
        )
