"""What the items of a catalogue were before: when they went off sale and came back, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring.data.changes import NO, is_on_sale
from scoring.data.tables import AVAILABLE, ITEM_ID, PRICE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from scoring.data.changes import Change


@dataclass(frozen=True)
class CatalogueHistory:
    """What the items were before: the items table as trained, and the changes since.

    Attributes:
        items: The items table without changes.
        changes: Changes in their order.
    """

    items: pd.DataFrame
    changes: Sequence[Change] = ()

    def sale_steps(self) -> list[tuple[str, pd.Timestamp | None, bool]]:
        """Return when items went off sale and came back, oldest first.

        Returns:
            Item, moment and whether it is on sale from then on. An item that the items table says is not on sale has
            a first step without a moment; a change that changes nothing is left out.
        """
        gone = self.items.loc[~is_on_sale(self.items), ITEM_ID].astype(str)
        state = dict.fromkeys(gone, False)
        steps: list[tuple[str, pd.Timestamp | None, bool]] = [(item_id, None, False) for item_id in state]
        for change in self.changes:
            for item in change.items:
                item_id = str(item[ITEM_ID])
                if AVAILABLE not in item:
                    continue
                is_there = str(item[AVAILABLE]).strip().casefold() not in NO
                if is_there != state.get(item_id, True):
                    steps.append((item_id, change.since, is_there))
                state[item_id] = is_there
        return steps

    def stated_prices(self) -> dict[str, float]:
        """Return the lowest price that the catalogue ever gave each item; items without one are left out."""
        lowest: dict[str, float] = {}
        if PRICE in self.items:
            given = self.items.loc[self.items[PRICE] > 0]
            lowest = dict(zip(given[ITEM_ID].astype(str), given[PRICE].astype(float), strict=True))
        for change in self.changes:
            for item in change.items:
                price = item.get(PRICE)
                if isinstance(price, (int, float)) and price > 0:
                    item_id = str(item[ITEM_ID])
                    lowest[item_id] = min(lowest.get(item_id, float("inf")), float(price))
        return lowest
