"""An item's promotions at a moment, found without reading the whole table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scoring.tables import END, ITEM_ID, LABEL, START, STORE_ID

if TYPE_CHECKING:
    from scoring.catalogue import Catalogue, IndexArray
    from scoring.promotions import PromotionCalendar


@dataclass(frozen=True, slots=True)
class Run:
    """One promotion of one item: it runs while ``start <= t < end``.

    Attributes:
        label: The shop's name of the kind of promotion.
        start: First moment.
        end: Moment after the last.
        store_id: The store; empty for a promotion in all stores.
    """

    label: str
    start: pd.Timestamp
    end: pd.Timestamp
    store_id: str


class RunningPromotions:
    """The promotions table sorted by item; the first question sorts it, the next ones cost microseconds.

    Args:
        calendar: The shop's promotions.
        catalogue: The shop's items.
    """

    def __init__(self, calendar: PromotionCalendar, catalogue: Catalogue) -> None:
        self.table = calendar.table
        self.catalogue = catalogue

    @cached_property
    def _order(self) -> tuple[IndexArray, IndexArray]:
        items = pd.Categorical(self.table[ITEM_ID])
        by_code = self.catalogue.known(pd.Series(items.categories, dtype=object))
        item_index = by_code[items.codes] if len(by_code) else np.zeros(0, dtype=np.int64)
        order = np.argsort(item_index, kind="stable")
        return order, np.searchsorted(item_index[order], np.arange(len(self.catalogue) + 1))

    @cached_property
    def _period(self) -> tuple[IndexArray, IndexArray]:
        order, _ = self._order
        start, end = (
            self.table[name].to_numpy(dtype="datetime64[ns]").astype(np.int64)[order] for name in (START, END)
        )
        return start, end

    @cached_property
    def _labels(self) -> pd.Categorical:
        return pd.Categorical(self.table[LABEL].to_numpy(dtype=object)[self._order[0]])

    @cached_property
    def _stores(self) -> pd.Categorical:
        if STORE_ID not in self.table:
            return pd.Categorical([None] * len(self.table))
        column = self.table[STORE_ID].to_numpy(dtype=object)[self._order[0]]
        return pd.Categorical([name or None for name in column] if "" in set(column) else column)

    @cached_property
    def _store_codes(self) -> dict[str, int]:
        return {str(name): code for code, name in enumerate(self._stores.categories)}

    def at(self, as_of: pd.Timestamp, item_index: int, *, store_id: str | None) -> list[Run]:
        """Return an item's promotions at a moment in one store, with those that run in all stores.

        Args:
            as_of: The moment.
            item_index: The item.
            store_id: The store; ``None`` for a user without one, who sees only what runs in all stores.

        Returns:
            Promotions with ``start <= as_of < end``, in the order of the table.
        """
        bounds = self._order[1]
        rows = slice(int(bounds[item_index]), int(bounds[item_index + 1]))
        if rows.start == rows.stop:
            return []
        start, end = (moments[rows] for moments in self._period)
        store = self._stores.codes[rows]
        here = (store < 0) | (store == self._store_codes.get(store_id or "", -1))
        found = np.flatnonzero((start <= as_of.value) & (as_of.value < end) & here) + rows.start
        return [self._run(int(row)) for row in found]

    def _run(self, row: int) -> Run:
        start, end = self._period
        store = self._stores.codes[row]
        return Run(
            label=str(self._labels.categories[self._labels.codes[row]]),
            start=pd.Timestamp(int(start[row])),
            end=pd.Timestamp(int(end[row])),
            store_id=str(self._stores.categories[store]) if store >= 0 else "",
        )
