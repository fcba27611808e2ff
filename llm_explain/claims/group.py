"""A user's events in one category, counted as the claim rules need them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from llm_explain.claims.occasions import Occasions
from scoring.data.tables import PURCHASE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoring.data.catalogue import IndexArray


@dataclass(frozen=True)
class CategoryEvidence:
    """A user's events in one category, all of one kind, oldest first.

    Attributes:
        items: Item of each event.
        moments: Moment of each event, in nanoseconds since 1970.
        prices: Unit price of each event; NaN where not known.
        event_kind: The kind of event that the claims speak of.
        as_of: End of the history.
    """

    items: list[int]
    moments: list[int]
    prices: list[float]
    event_kind: str
    as_of: int

    @cached_property
    def occasions(self) -> Occasions:
        """Occasions with an item of the category."""
        return Occasions.of(self.moments, self.as_of)

    @cached_property
    def _moments_by_item(self) -> dict[int, list[int]]:
        moments: dict[int, list[int]] = {}
        for item, moment in zip(self.items, self.moments, strict=True):
            moments.setdefault(item, []).append(moment)
        return moments

    def of_item(self, item_index: int) -> Occasions:
        """Return the occasions with one item."""
        return Occasions.of(self._moments_by_item.get(item_index, ()), self.as_of)

    def of_brand(self, brand_index: int, brand_by_item: IndexArray) -> Occasions:
        """Return the occasions with an item of one brand.

        Args:
            brand_index: The brand.
            brand_by_item: Brand of each item of the catalogue.

        Returns:
            Occasions in this category.
        """
        items = {item for item in self._moments_by_item if brand_by_item[item] == brand_index}
        return Occasions.of(
            (moment for item, moment in zip(self.items, self.moments, strict=True) if item in items), self.as_of
        )

    @cached_property
    def paid(self) -> list[tuple[float, int]]:
        """Unit price, rounded to cents, and moment of each purchase whose price is known and above zero."""
        if self.event_kind != PURCHASE:
            return []
        return [(round(price, 2), moment) for price, moment in zip(self.prices, self.moments, strict=True) if price > 0]


def spoken_kind(kinds: Sequence[str]) -> str:
    """Return the kind of event that a claim about some events speaks of.

    Args:
        kinds: Kind of each event.

    Returns:
        ``purchase`` where there is one or there are no events, else the most frequent kind, ties by name.
    """
    counts = Counter(kinds)
    if not counts or PURCHASE in counts:
        return PURCHASE
    return min(counts, key=lambda kind: (-counts[kind], kind))
