"""What drove a score, as a list of named parts, and which of them a sentence mentions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from llm_explain.evaluation.audit.texts import CONTEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from llm_explain.evaluation.agreement.reader import Mention

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "repeat_item": ("times_bought",),
    "due": ("own_rhythm",),
    "usual_brand": ("own_brand",),
    "usual_price": ("own_price",),
    "category_affinity": ("tower", "links", "category_share"),
    "related_category": ("tower", "links"),
    "similar_item": ("links", "tower"),
    **{kind: (part,) for kind, part in CONTEXT.items()},
}
"""Parts of a player that each kind of reason can stand for."""


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

    @property
    def due(self) -> list[tuple[str, str]]:
        """Parts that a complete sentence names: the largest ones that raised the score by ``min_share`` or more."""
        least = self.min_share * self.positive
        ranked = sorted(self.phi, key=lambda part: (-self.phi[part], part))
        return [part for part in ranked if self.phi[part] >= least and self.phi[part] > 0][: self.most]

    def part_of(self, mention: Mention, category: str, other_category: str = "") -> tuple[str, str]:
        """Return the part that a mention stands for, whether or not the attribution has it.

        Args:
            mention: A reason that was read in a sentence.
            category: The item's own category.
            other_category: Category of the other item that the mention names.

        Returns:
            Player and part; of several that the kind can stand for, the largest.
        """
        if mention.kind in CONTEXT:
            player = f"context:{CONTEXT[mention.kind]}"
        elif mention.kind == "related_category":
            player = f"group:{mention.name}"
        elif mention.kind == "similar_item":
            player = f"group:{other_category}"
        else:
            player = f"group:{category}"
        parts: Sequence[str] = PARTS[mention.kind]
        return max(((player, part) for part in parts), key=lambda part: self.phi.get(part, float("-inf")))
