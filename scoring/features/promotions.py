"""Which promotions run when and where.

A shop's past promotions outnumber those of today by far (14.8 million rows of 2017 against 1.5 million that had not
ended in December). So the rows that have not ended at some moment can be held alone; the whole table is read when
somebody asks for a moment before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.data.tables import END, ITEM_ID, LABEL, START, STORE_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from scoring.data.catalogue import Catalogue, IndexArray
    from scoring.data.log import FloatArray


NEVER: Final = pd.Timestamp("2261-12-31")
"""The end of a promotion without one; every time zone can represent it."""


@dataclass(frozen=True, slots=True)
class Run:
    """One promotion of one item: it runs while ``start <= t < end``.

    Attributes:
        label: The shop's name of the kind of promotion.
        start: First moment.
        end: Moment after the last; ``NEVER`` for a promotion without an end.
        store_id: The store; empty for a promotion in all stores.
    """

    label: str
    start: pd.Timestamp
    end: pd.Timestamp
    store_id: str


@dataclass(frozen=True, slots=True)
class PromotionNames:
    """The names that a whole promotions table knows.

    Attributes:
        labels: Kinds of promotion, sorted.
        stores: Stores that have a promotion of their own, sorted.
    """

    labels: tuple[str, ...]
    stores: tuple[str, ...]

    @classmethod
    def of(cls, promotions: pd.DataFrame) -> PromotionNames:
        """Return the names in a promotions table."""
        stores = promotions[STORE_ID] if STORE_ID in promotions else pd.Series(dtype="str")
        return cls(_words(promotions[LABEL]), tuple(store for store in _words(stores) if store))


@dataclass(frozen=True, slots=True)
class WholeTable:
    """The promotions table, for a calendar that holds its latest rows alone.

    Attributes:
        names: The names in it.
        since: The calendar's own rows are those that end after this moment.
        read: Reads it.
    """

    names: PromotionNames
    since: pd.Timestamp
    read: Callable[[], pd.DataFrame]


class PromotionCalendar:
    """The promotions table, ready to say what runs at a moment; safe to share between threads.

    Args:
        promotions: The promotions table (docs/design.md §8), or its latest rows.
        catalogue: The shop's items; rows for other items are ignored.
        whole: What is asked of moments before the latest rows; ``None`` if ``promotions`` is the whole table.

    Attributes:
        names: The names in the whole table.
    """

    def __init__(self, promotions: pd.DataFrame, catalogue: Catalogue, *, whole: WholeTable | None = None) -> None:
        self.names = PromotionNames.of(promotions) if whole is None else whole.names
        self._rows, self._catalogue, self._whole = promotions, catalogue, whole
        self._latest = _ByItem(promotions, catalogue, self.names)
        self._earlier: _ByItem | None = None

    def changed(
        self, catalogue: Catalogue, change: Callable[[pd.DataFrame], pd.DataFrame], stores: Iterable[str] = ()
    ) -> PromotionCalendar:
        """Return a later version of the calendar.

        Args:
            catalogue: The items of the version.
            change: Returns rows of the table as they are in the version.
            stores: Stores of added promotions.

        Returns:
            The calendar. Its labels stay those that training knew: another label moves no score.
        """
        names = PromotionNames(self.names.labels, tuple(sorted({*self.names.stores, *stores})))
        whole = self._whole

        def read() -> pd.DataFrame:
            return change(self._rows if whole is None else whole.read())

        later = WholeTable(names, pd.Timestamp.min if whole is None else whole.since, read)
        return PromotionCalendar(change(self._rows), catalogue, whole=later)

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of the whole table, sorted."""
        return self.names.labels

    def after(self, as_of: pd.Timestamp, item_ids: Collection[str]) -> pd.DataFrame:
        """Return promotions of some items that have not ended at a moment: those that run and those that will.

        Args:
            as_of: The moment, not before the latest rows.
            item_ids: The items.

        Returns:
            Rows of the promotions table.
        """
        rows = self._rows
        is_open = rows[END].isna() | (rows[END] > as_of)
        return rows[is_open & rows[ITEM_ID].isin(list(item_ids))].reset_index(drop=True)

    def running(self, as_of: pd.Timestamp, item_index: int, *, store_id: str | None) -> list[Run]:
        """Return an item's promotions at a moment in one store, with those that run in all stores.

        Args:
            as_of: The moment.
            item_index: The item.
            store_id: The store; ``None`` for a user without one, who sees only what runs in all stores.

        Returns:
            Promotions with ``start <= as_of < end``, in the order of the table.
        """
        return self._at(as_of).running(as_of, item_index, store_id)

    def period(self, as_of: pd.Timestamp) -> int:
        """Return the number of the period that a moment lies in; within one the same promotions run.

        Args:
            as_of: The moment.

        Returns:
            A number that two moments share only if no promotion begins or ends between them.
        """
        rows = self._at(as_of)
        number = rows.changes_until(as_of)
        return number if rows is self._latest else number - rows.changes_until(pd.Timestamp.max) - 1

    def level(self, as_of: pd.Timestamp) -> FloatArray:
        """Return the share of stores in which each item is promoted at a moment.

        The same for every user on purpose: a user's own store is part of the history, and removing history must never
        move a context term.

        Args:
            as_of: The moment.

        Returns:
            Shares between 0 and 1, shape ``(n_items, n_labels)``; a promotion without a store counts as all stores.
        """
        return self._at(as_of).level(as_of)

    def _at(self, as_of: pd.Timestamp) -> _ByItem:
        if self._whole is None or as_of >= self._whole.since:
            return self._latest
        if self._earlier is None:
            self._earlier = _ByItem(self._whole.read(), self._catalogue, self.names)
        return self._earlier


class _ByItem:
    """Rows of the promotions table by item; the first question orders them, the next ones cost microseconds."""

    def __init__(self, rows: pd.DataFrame, catalogue: Catalogue, names: PromotionNames) -> None:
        self._rows, self._catalogue, self._names = rows, catalogue, names

    @cached_property
    def _item_index(self) -> npt.NDArray[np.int32]:
        """Item of each row, −1 for one outside the catalogue."""
        items = pd.Categorical(self._rows[ITEM_ID])
        by_code = self._catalogue.known(pd.Series(items.categories, dtype=object)).astype(np.int32)
        return by_code[items.codes] if len(by_code) else np.zeros(0, dtype=np.int32)

    @cached_property
    def _order(self) -> tuple[IndexArray | slice, IndexArray]:
        """Rows sorted by item, and where the rows of each item begin; a table that is sorted already is not copied."""
        item_index = self._item_index
        is_sorted = bool((item_index[1:] >= item_index[:-1]).all())
        order = slice(None) if is_sorted else np.argsort(item_index, kind="stable")
        return order, np.searchsorted(item_index[order], np.arange(len(self._catalogue) + 1, dtype=np.int32))

    @cached_property
    def _period(self) -> tuple[IndexArray, IndexArray]:
        """First moment of each row and the one after its last, in nanoseconds."""
        start, end = (self._rows[name].to_numpy(dtype="datetime64[ns]").view(np.int64) for name in (START, END))
        return start, np.where(end == np.iinfo(np.int64).min, NEVER.value, end)

    @cached_property
    def _labels(self) -> npt.NDArray[np.integer]:
        return np.asarray(pd.Categorical(self._rows[LABEL]).set_categories(self._names.labels).codes)

    @cached_property
    def _stores(self) -> npt.NDArray[np.integer]:
        """Store of each row, −1 for all stores."""
        if STORE_ID not in self._rows:
            return np.full(len(self._rows), -1)
        return np.asarray(pd.Categorical(self._rows[STORE_ID]).set_categories(self._names.stores).codes)

    @cached_property
    def _label_names(self) -> tuple[npt.NDArray[np.integer], list[str]]:
        """Label of each row as a code, and the labels by code; labels that training has not seen are among them."""
        labels = pd.Categorical(self._rows[LABEL])
        return np.asarray(labels.codes), [str(label) for label in labels.categories]

    @cached_property
    def _store_codes(self) -> dict[str, int]:
        return {name: code for code, name in enumerate(self._names.stores)}

    @cached_property
    def _changes(self) -> IndexArray:
        """Moments at which a promotion begins or ends, ascending."""
        return np.unique(np.concatenate([pd.unique(moments) for moments in self._period]))

    def changes_until(self, as_of: pd.Timestamp) -> int:
        """Return how many moments at which a promotion begins or ends are not after a moment."""
        return int(np.searchsorted(self._changes, as_of.value, side="right"))

    def running(self, as_of: pd.Timestamp, item_index: int, store_id: str | None) -> list[Run]:
        """Return an item's promotions at a moment in one store and in all."""
        order, bounds = self._order
        places = slice(int(bounds[item_index]), int(bounds[item_index + 1]))
        if places.start == places.stop:
            return []
        own = places if isinstance(order, slice) else order[places]
        start, end = (moments[own] for moments in self._period)
        store = self._stores[own]
        here = (store < 0) | (store == self._store_codes.get(store_id or "", -1))
        (found,) = ((start <= as_of.value) & (as_of.value < end) & here).nonzero()
        rows = found + places.start if isinstance(own, slice) else own[found]
        return [self._run(row) for row in rows.tolist()]

    def level(self, as_of: pd.Timestamp) -> FloatArray:
        """Return the share of stores in which each item is promoted at a moment, shape ``(n_items, n_labels)``."""
        start, end = self._period
        is_known = (self._item_index >= 0) & (self._labels >= 0)
        runs = np.flatnonzero((start <= as_of.value) & (as_of.value < end) & is_known)
        level = np.zeros((len(self._catalogue), len(self._names.labels)))
        if not len(runs):
            return level
        n_stores = max(len(self._names.stores), 1)
        store = self._stores[runs].astype(np.int64)
        of_label = self._item_index[runs].astype(np.int64) * level.shape[1] + self._labels[runs]
        flat = pd.unique(of_label * (n_stores + 1) + store + 1)
        of_label, store = np.divmod(flat, n_stores + 1)
        np.add.at(level.reshape(-1), of_label, np.where(store == 0, 1.0, 1.0 / n_stores))
        return np.minimum(level, 1.0)

    def _run(self, row: int) -> Run:
        start, end = self._period
        store = int(self._stores[row])
        return Run(
            label=self._label_names[1][self._label_names[0][row]],
            start=pd.Timestamp(int(start[row])),
            end=pd.Timestamp(int(end[row])),
            store_id=self._names.stores[store] if store >= 0 else "",
        )


def _words(column: pd.Series) -> tuple[str, ...]:
    """Return the different words of a column, sorted."""
    return tuple(sorted(str(word) for word in pd.Categorical(column).remove_unused_categories().categories))
