"""Which promotions run when and where.

A shop's past promotions outnumber those of today by far (14.8 million rows of 2017 against 1.5 million that had not
ended in December). So the rows that have not ended at some moment can be held alone. For a moment before it, the rows
that ran then are read.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.data.tables import END, ITEM_ID, LABEL, START, STORE_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

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
        read: Reads the rows that run at a moment.
    """

    names: PromotionNames
    since: pd.Timestamp
    read: Callable[[pd.Timestamp], pd.DataFrame]


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
        self._catalogue, self._whole = catalogue, whole
        self._latest: _Rows | _Changed = _Rows(promotions, catalogue, self.names)
        self._read_earlier: Callable[[pd.Timestamp], _Rows | _Changed] = self._read_whole
        self._earlier: tuple[pd.Timestamp, _Rows | _Changed] | None = None

    def _read_whole(self, as_of: pd.Timestamp) -> _Rows | _Changed:
        return self._latest if self._whole is None else _Rows(self._whole.read(as_of), self._catalogue, self.names)

    def changed(
        self,
        catalogue: Catalogue,
        change: Callable[[pd.DataFrame], pd.DataFrame],
        item_ids: Collection[str] = (),
        stores: Iterable[str] = (),
    ) -> PromotionCalendar:
        """Return a later version of the calendar, which shares the rows of all items that do not change.

        Args:
            catalogue: The items of the version; it begins with those of this calendar.
            change: Returns the rows of the changed items as they are in the version.
            item_ids: Items whose promotions change.
            stores: Stores of added promotions.

        Returns:
            The calendar. Its labels stay those that training knew: another label moves no score.
        """
        later = copy.copy(self)
        later.names = PromotionNames(self.names.labels, tuple(sorted({*self.names.stores, *stores})))
        later._catalogue, later._earlier = catalogue, None
        items = np.unique(catalogue.known(pd.Series(list(item_ids), dtype=object)))
        items = items[items >= 0]

        def over(rows: _Rows | _Changed) -> _Changed:
            return _Changed(rows, _Rows(change(rows.of_items(items)), catalogue, later.names), items)

        later._latest = over(self._latest)
        later._read_earlier = lambda as_of: over(self._earlier_rows(as_of))
        return later

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
        items = self._catalogue.known(pd.Series(list(item_ids), dtype=object))
        rows = self._latest.of_items(np.unique(items[items >= 0]))
        return rows[rows[END].isna() | (rows[END] > as_of)].reset_index(drop=True)

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
        if self._is_earlier(as_of):
            return int(as_of.value) - (1 << 63)  # a period of its own
        return int(np.searchsorted(self._latest.changes, as_of.value, side="right"))

    def level(self, as_of: pd.Timestamp) -> FloatArray:
        """Return the share of stores in which each item is promoted at a moment.

        The same for every user on purpose: a user's own store is part of the history, and removing history must never
        move a context term.

        Args:
            as_of: The moment.

        Returns:
            Shares between 0 and 1, shape ``(n_items, n_labels)``; a promotion without a store counts as all stores.
        """
        level = np.zeros((len(self._catalogue), len(self.names.labels)))
        self._at(as_of).add_level(level, as_of, max(len(self.names.stores), 1))
        return np.minimum(level, 1.0, out=level)

    def _at(self, as_of: pd.Timestamp) -> _Rows | _Changed:
        return self._earlier_rows(as_of) if self._is_earlier(as_of) else self._latest

    def _is_earlier(self, as_of: pd.Timestamp) -> bool:
        return self._whole is not None and as_of < self._whole.since

    def _earlier_rows(self, as_of: pd.Timestamp) -> _Rows | _Changed:
        """Return the rows that run at an earlier moment; those of the latest one are kept."""
        found = self._earlier
        if found is None or found[0] != as_of:
            found = self._earlier = as_of, self._read_earlier(as_of)
        return found[1]


class _Rows:
    """Rows of the promotions table, item by item, four bytes or more each: every word and moment as a number.

    Args:
        rows: The rows.
        catalogue: Their items.
        names: Labels that training knew, and stores.

    Attributes:
        changes: Moments at which a promotion begins or ends, ascending.
    """

    def __init__(self, rows: pd.DataFrame, catalogue: Catalogue, names: PromotionNames) -> None:
        self._catalogue, self._names = catalogue, names
        items, ids = _coded(rows[ITEM_ID])
        item_index = np.append(catalogue.known(pd.Series(ids, dtype=object)), -1).astype(np.int32)[items]
        is_sorted = bool((item_index[1:] >= item_index[:-1]).all()) and bool((item_index[:1] >= 0).all())
        order = slice(None) if is_sorted else np.argsort(item_index, kind="stable")[np.count_nonzero(item_index < 0) :]
        self._bounds = np.searchsorted(item_index[order], np.arange(len(catalogue) + 1, dtype=np.int32))
        (starts, first), (ends, last) = (_coded(rows[name].astype("datetime64[ns]")) for name in (START, END))
        self._start, self._starts = starts[order], first.astype(np.int64)
        self._end, self._ends = ends[order], np.append(last.astype(np.int64), NEVER.value)  # no end has code -1
        labels, self._label_names = _coded(rows[LABEL])
        stores, store_names = _coded(rows[STORE_ID] if STORE_ID in rows else pd.Series("", index=rows.index))
        self._label, self._store = labels[order], stores[order]
        self._known_label = _places(self._label_names, names.labels)
        self._store_names = np.append(store_names, "")
        self._code_of_store = {str(name): code for code, name in enumerate(store_names)}
        self._known_store = _places(self._store_names, names.stores)
        used = (self._starts, self._ends if (ends < 0).any() else self._ends[:-1])
        self.changes: IndexArray = np.unique(np.concatenate(used))

    def of_items(self, items: IndexArray) -> pd.DataFrame:
        """Return the rows of some items as a table."""
        items = items[items < len(self._catalogue)]  # none of later versions has rows here
        spans = [np.arange(*self._span(item)) for item in items.tolist()]
        rows = np.concatenate([np.arange(0), *spans])
        ends = np.append(self._ends[:-1], np.iinfo(np.int64).min)  # NaT
        stores = self._store_names[self._store[rows]]
        return pd.DataFrame(
            {
                ITEM_ID: np.repeat(self._catalogue.item_ids[items], [len(span) for span in spans]),
                START: self._starts[self._start[rows]].view("datetime64[ns]"),
                END: ends[self._end[rows]].view("datetime64[ns]"),
                LABEL: self._label_names[self._label[rows]],
                STORE_ID: np.where(stores == "", None, stores),
            }
        )

    def _span(self, item_index: int) -> tuple[int, int]:
        """Return the first row of an item and the one after its last."""
        if item_index + 1 >= len(self._bounds):  # an item of a later version
            return 0, 0
        return int(self._bounds[item_index]), int(self._bounds[item_index + 1])

    def running(self, as_of: pd.Timestamp, item_index: int, store_id: str | None) -> list[Run]:
        """Return an item's promotions at a moment in one store and in all."""
        own = slice(*self._span(item_index))
        start, end = self._starts[self._start[own]], self._ends[self._end[own]]
        store, codes = self._store[own], self._code_of_store
        is_open = (store < 0) | (store == codes.get("", -1)) | (store == codes.get(store_id or "", -1))
        is_here = (start <= as_of.value) & (as_of.value < end) & is_open
        return [
            Run(
                label=str(self._label_names[self._label[own][row]]),
                start=pd.Timestamp(int(start[row])),
                end=pd.Timestamp(int(end[row])),
                store_id=str(self._store_names[store[row]]),
            )
            for row in np.flatnonzero(is_here).tolist()
        ]

    def add_level(self, level: FloatArray, as_of: pd.Timestamp, n_stores: int) -> None:
        """Add the share of stores in which each item is promoted at a moment, shape ``(n_items, n_labels)``."""
        has_begun, goes_on = self._starts <= as_of.value, as_of.value < self._ends
        runs = np.flatnonzero(has_begun[self._start] & goes_on[self._end])
        runs = runs[self._known_label[self._label[runs]] >= 0]
        item = np.searchsorted(self._bounds, runs, side="right") - 1
        of_label = item * level.shape[1] + self._known_label[self._label[runs]]
        store = self._known_store[self._store[runs]]
        flat = pd.unique(of_label * (n_stores + 1) + store + 1)
        of_label, store = np.divmod(flat, n_stores + 1)
        np.add.at(level.reshape(-1), of_label, np.where(store == 0, 1.0, 1.0 / n_stores))


class _Changed:
    """Rows of which those of some items are others.

    Args:
        rows: The rows.
        own: Rows of the items that change.
        items: Those items.

    Attributes:
        changes: Moments at which a promotion begins or ends, ascending.
    """

    def __init__(self, rows: _Rows | _Changed, own: _Rows, items: IndexArray) -> None:
        self._rest, self._own, self._items = rows, own, items
        self.changes: IndexArray = np.union1d(rows.changes, own.changes)

    def _rows_of(self, items: IndexArray) -> tuple[IndexArray, IndexArray]:
        is_own = np.isin(items, self._items)
        return items[~is_own], items[is_own]

    def of_items(self, items: IndexArray) -> pd.DataFrame:
        """Return the rows of some items as a table."""
        rest, own = self._rows_of(items)
        tables = [table for table in (self._rest.of_items(rest), self._own.of_items(own)) if len(table)]
        return pd.concat(tables, ignore_index=True) if tables else self._own.of_items(own)

    def running(self, as_of: pd.Timestamp, item_index: int, store_id: str | None) -> list[Run]:
        """Return an item's promotions at a moment in one store and in all."""
        is_own = bool(np.isin(item_index, self._items))
        return (self._own if is_own else self._rest).running(as_of, item_index, store_id)

    def add_level(self, level: FloatArray, as_of: pd.Timestamp, n_stores: int) -> None:
        """Add the share of stores in which each item is promoted at a moment, shape ``(n_items, n_labels)``."""
        self._rest.add_level(level, as_of, n_stores)
        level[self._items] = 0.0
        self._own.add_level(level, as_of, n_stores)


def _coded(column: pd.Series) -> tuple[npt.NDArray[np.integer], npt.NDArray[Any]]:
    """Return the values of a column as numbers as small as possible, −1 for none, and the value of each number."""
    found = pd.Categorical(column).remove_unused_categories()
    return np.asarray(found.codes), found.categories.to_numpy()


def _places(names: npt.NDArray[Any], known: Sequence[str]) -> IndexArray:
    """Return the place of each name among those that are known, −1 for others, shape ``(len(names) + 1,)``."""
    place = {name: number for number, name in enumerate(known)}
    return np.array([*(place.get(str(name), -1) for name in names), -1], dtype=np.int64)


def _words(column: pd.Series) -> tuple[str, ...]:
    """Return the different words of a column, sorted."""
    return tuple(sorted(str(word) for word in pd.Categorical(column).remove_unused_categories().categories))
