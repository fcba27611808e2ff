"""The parts of an attribution that drove a score, and which of them a sentence mentions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from llm_explain.claims.kind import ClaimKind
    from llm_explain.evaluation.agreement.reader import Mention


def player_of(kind: ClaimKind, mention: Mention, category: str, other_category: str = "") -> str:
    """Return the player that a mention stands for.

    Args:
        kind: The mention's kind.
        mention: A reason that was read in a sentence.
        category: The item's own category.
        other_category: Category of the other item that the mention names.

    Returns:
        Name of the player, whether or not the attribution has it.
    """
    if kind.scope == "context":
        return f"context:{kind.parts[0]}"
    groups = {"own group": category, "other group": mention.name, "past item": other_category}
    return f"group:{groups[kind.scope]}"


@dataclass(frozen=True)
class Drivers:
    """Parts of one score's attribution.

    Attributes:
        phi: Attribution of each part, by player and part.
        facts: Facts of the parts that the record gives as reasons.
        most: Most reasons of a sentence.
        min_share: Least share of the positive attribution that makes a part worth a reason.
    """

    phi: Mapping[tuple[str, str], float]
    facts: Mapping[tuple[str, str], Mapping[str, Any]]
    most: int = 2
    min_share: float = 0.1

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> Drivers:
        """Read an explanation record."""
        return cls(
            {
                (player["player"], part): float(value)
                for player in record["attributions"]
                for part, value in player["parts"].items()
            },
            {(reason["player"], reason["part"]): reason["facts"] for reason in record["reasons"]},
        )

    @property
    def positive(self) -> float:
        """Sum of what raised the score."""
        return sum(max(value, 0.0) for value in self.phi.values())

    def raises(self, part: tuple[str, str]) -> bool:
        """Return whether a part raised the score, and its player as a whole too; a claim needs both.

        Args:
            part: Player and part.

        Returns:
            False if either lowered the score.
        """
        whole = sum(value for (player, _), value in self.phi.items() if player == part[0])
        return self.phi[part] > 0 and whole > 0

    @property
    def due(self) -> list[tuple[str, str]]:
        """Parts that a complete sentence names: the largest ones that raised the score by ``min_share`` or more."""
        least = self.min_share * self.positive
        ranked = sorted(self.phi, key=lambda part: (-self.phi[part], part))
        return [part for part in ranked if self.phi[part] >= least and self.phi[part] > 0][: self.most]

    def part_of(self, kind: ClaimKind, player: str) -> tuple[str, str]:
        """Return the part that a mention stands for, whether or not the attribution has it.

        Args:
            kind: The mention's kind.
            player: The player that the mention stands for.

        Returns:
            Player and part; of several parts that the kind can stand for, the largest.
        """
        parts = [(player, part) for part in kind.parts]
        parts += [each for each in self.phi if each[0] == player and each[1].partition(":")[0] in kind.parts]
        return max(parts, key=lambda part: (":" in part[1], self.phi.get(part, float("-inf"))))
