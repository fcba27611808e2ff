"""An item's promotions at a moment, found without reading the whole table."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
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
    """The promotions table by item; the first question orders it, the next ones cost microseconds.

    A table that is sorted by item already is not copied.

    Args:
        calendar: The shop's promotions.
        catalogue: The shop's items; rows for other items are ignored.
    """

    def __init__(self, calendar: PromotionCalendar, catalogue: Catalogue) -> None:
        self.table = calendar.table
        self.catalogue = catalogue

    @cached_property
    def _order(self) -> tuple[IndexArray | slice, IndexArray]:
        """Rows sorted by item, and where the rows of each item begin."""
        items = pd.Categorical(self.table[ITEM_ID])
        by_code = self.catalogue.known(pd.Series(items.categories, dtype=object)).astype(np.int32)
        item_index = by_code[items.codes] if len(by_code) else np.zeros(0, dtype=np.int32)
        is_sorted = bool((item_index[1:] >= item_index[:-1]).all())
        order = slice(None) if is_sorted else np.argsort(item_index, kind="stable")
        return order, np.searchsorted(item_index[order], np.arange(len(self.catalogue) + 1, dtype=np.int32))

    @cached_property
    def _period(self) -> tuple[IndexArray, IndexArray]:
        start, end = (self.table[name].to_numpy(dtype="datetime64[ns]").view(np.int64) for name in (START, END))
        return start[self._order[0]], end[self._order[0]]

    @cached_property
    def _labels(self) -> pd.Categorical:
        return pd.Categorical(self.table[LABEL])[self._order[0]]

    @cached_property
    def _stores(self) -> tuple[npt.NDArray[np.integer], list[str]]:
        """Store code of each row, −1 for all stores, and the stores by code."""
        if STORE_ID not in self.table:
            return np.full(len(self.table), -1), []
        stores = pd.Categorical(self.table[STORE_ID])
        names = [str(name) for name in stores.categories]
        codes = stores.codes[self._order[0]]
        return np.where(codes == names.index(""), -1, codes) if "" in names else codes, names

    @cached_property
    def _store_codes(self) -> dict[str, int]:
        return {name: code for code, name in enumerate(self._stores[1])}

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
        store = self._stores[0][rows]
        here = (store < 0) | (store == self._store_codes.get(store_id or "", -1))
        found = np.flatnonzero((start <= as_of.value) & (as_of.value < end) & here) + rows.start
        return [self._run(int(row)) for row in found]

    def _run(self, row: int) -> Run:
        start, end = self._period
        codes, names = self._stores
        return Run(
            label=str(self._labels[row]),
            start=pd.Timestamp(int(start[row])),
            end=pd.Timestamp(int(end[row])),
            store_id=names[int(codes[row])] if codes[row] >= 0 else "",
        )
