"""Which promotions run when and where."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.tables import END, ITEM_ID, LABEL, START, STORE_ID

if TYPE_CHECKING:
    from scoring.catalogue import Catalogue, IndexArray
    from scoring.log import FloatArray


class PromotionCalendar:
    """The promotions table, ready to say what runs at a moment.

    Args:
        promotions: The promotions table (DESIGN.md §8).
        catalogue: The shop's items; rows for other items are ignored.
    """

    def __init__(self, promotions: pd.DataFrame, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.table = promotions

    @cached_property
    def _item_index(self) -> IndexArray:
        items = pd.Categorical(self.table[ITEM_ID])
        by_code = self.catalogue.known(pd.Series(items.categories, dtype=object))
        return by_code[items.codes] if len(by_code) else np.zeros(0, dtype=np.int64)

    @cached_property
    def _labels(self) -> pd.Categorical:
        return pd.Categorical(self.table[LABEL])

    @cached_property
    def _stores(self) -> pd.Categorical:
        column = self.table[STORE_ID] if STORE_ID in self.table else pd.Series([None] * len(self.table), dtype="str")
        return pd.Categorical(column)

    @cached_property
    def _period(self) -> tuple[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]]:
        return self.table[START].to_numpy(), self.table[END].to_numpy()

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the table, sorted."""
        return tuple(str(label) for label in self._labels.categories)

    def _runs_at(self, as_of: pd.Timestamp) -> npt.NDArray[np.bool_]:
        start, end = self._period
        moment = as_of.to_datetime64()
        return (start <= moment) & (moment < end) & (self._item_index >= 0)

    def running(self, as_of: pd.Timestamp, item_index: int, store_id: str | None = None) -> pd.DataFrame:
        """Return an item's promotions at a moment.

        Args:
            as_of: The moment; a promotion runs while ``start <= as_of < end``.
            item_index: The item.
            store_id: Leave out promotions that run in other stores only; ``None`` keeps all.

        Returns:
            Rows with ``label, start, end, store_id``; the store is missing where the promotion runs in all of them.
        """
        mask = self._runs_at(as_of) & (self._item_index == item_index)
        rows = self.table.loc[mask, [LABEL, START, END]].copy()
        rows[STORE_ID] = np.asarray(self._stores[mask], dtype=object)
        if store_id is not None:
            rows = rows[(rows[STORE_ID] == store_id) | rows[STORE_ID].isna()]
        running: pd.DataFrame = rows.reset_index(drop=True)
        return running

    @cached_property
    def _changes(self) -> npt.NDArray[np.datetime64]:
        """Moments at which a promotion begins or ends, ascending."""
        return np.unique(np.concatenate([pd.unique(moments) for moments in self._period]))

    def period(self, as_of: pd.Timestamp) -> int:
        """Return the number of the period that a moment lies in; within one the same promotions run.

        Args:
            as_of: The moment.

        Returns:
            How many moments at which a promotion begins or ends are not after it.
        """
        return int(np.searchsorted(self._changes, as_of.to_datetime64(), side="right"))

    def level(self, as_of: pd.Timestamp) -> FloatArray:
        """Return the share of stores in which each item is promoted at a moment.

        The same for every user on purpose: a user's own store is part of the history, and removing history must never
        move a context term.

        Args:
            as_of: The moment.

        Returns:
            Shares between 0 and 1, shape ``(n_items, n_labels)``; a promotion without a store counts as all stores.
        """
        mask = self._runs_at(as_of)
        n_stores = max(len(self._stores.categories), 1)
        store = self._stores.codes[mask].astype(np.int64)
        run = np.stack([self._item_index[mask], self._labels.codes[mask].astype(np.int64), store], axis=1)
        level = np.zeros((len(self.catalogue), len(self.labels)))
        if not len(run):
            return level
        flat = (run[:, 0] * len(self.labels) + run[:, 1]) * (n_stores + 1) + run[:, 2] + 1
        item, label, store = np.unravel_index(
            np.unique(flat), (len(self.catalogue), max(len(self.labels), 1), n_stores + 1)
        )
        np.add.at(level, (item, label), np.where(store == 0, 1.0, 1.0 / n_stores))
        return np.minimum(level, 1.0)
