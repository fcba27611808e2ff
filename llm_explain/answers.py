"""Types of the explainer's other answers: ranked items, what-ifs, shelves, contrasts and related items."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from llm_explain.attribution.counterfactual import Contrast
    from llm_explain.records import Fact, Placement, Section, Text


@dataclass(frozen=True, slots=True)
class Ranked:
    """An item's place in a user's list.

    Attributes:
        item_id: The shop's id.
        rank: Place by score among the allowed items, from 1.
        score: Ranking value in logits.
        probability: Calibrated probability of a purchase in the coming 30 days; ``None`` for a black box.
        position: Place shown, from 1; ``None`` if the list is ranked by score alone.
        section: Section of the list; ``None`` if it has none.
        placement: What a merchant did with the item; ``None`` if nothing.
    """

    item_id: str
    rank: int | None
    score: float
    probability: float | None
    position: int | None = None
    section: Section | None = None
    placement: Placement | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class WhatIfRow:
    """One item with and without some players.

    Attributes:
        item_id: The shop's id.
        score: Score as it is.
        score_without: Score as if the players had never been there.
        rank: Place among all candidates, from 1; ``None`` for an item outside them.
        rank_without: The same without the players.
        text: What happens to the item, in words; ``None`` if the item or a player may not be named.
    """

    item_id: str
    score: float
    score_without: float
    rank: int | None
    rank_without: int | None
    text: Text | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return {**asdict(self), "text": self.text.text if self.text else None}


@dataclass(frozen=True, slots=True)
class RelatedItem:
    """An item that goes with another one, or with a basket.

    Attributes:
        item_id: The shop's id.
        strength: By this the items are ordered; of no unit.
        kind: What the text states: ``companion`` (bought together), ``follower`` (bought later), or nothing.
        facts: Facts of the statement.
        text: The verified statement; ``None`` where the counts permit none.
    """

    item_id: str
    strength: float
    kind: str
    facts: Mapping[str, Fact]
    text: Text | None

    def to_dict(self) -> dict[str, Any]:
        """Return the item as JSON values."""
        text = self.text.text if self.text else None
        return {
            "item_id": self.item_id,
            "strength": self.strength,
            "text": text,
            "kind": self.kind,
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Shelved:
    """An item on a shelf.

    Attributes:
        item_id: The shop's id.
        phi: What the shelf's history group adds to the item's score.
        score: The item's score.
    """

    item_id: str
    phi: float
    score: float


@dataclass(frozen=True, slots=True)
class ReasonShelf:
    """Items that one history group recommends, strongest first.

    Attributes:
        player: The history group.
        title: Heading for a shopper.
        items: The items.
    """

    player: str
    title: str
    items: tuple[Shelved, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ContrastAnswer:
    """Why one item scores above another.

    Attributes:
        item_id: The one.
        other_id: The other.
        score_difference: Difference of the scores.
        base_difference: What the items differ by when every player is absent.
        differences: What each player adds to the one beyond the other; with the base they sum to the score difference.
        names: History groups of the differences as texts say them.
        text: Why the item with the higher score ranks higher, in words; ``None`` if an item may not be named.
    """

    item_id: str
    other_id: str
    score_difference: float
    base_difference: float
    differences: dict[str, float]
    names: dict[str, str] = field(default_factory=dict)
    text: Text | None = None

    @classmethod
    def of(cls, item_id: str, other_id: str, contrast: Contrast) -> ContrastAnswer:
        """Return a contrast in the shop's ids, the largest difference first."""
        pairs = zip(contrast.item.players, contrast.difference.tolist(), strict=True)
        return cls(
            item_id,
            other_id,
            contrast.item.score - contrast.other.score,
            contrast.base_difference,
            dict(sorted(pairs, key=lambda pair: -abs(pair[1]))),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return {**asdict(self), "text": self.text.text if self.text else None}
