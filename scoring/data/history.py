"""One user's events before a moment, as arrays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.data.shop import Shop
from scoring.data.tables import (
    CHANNEL,
    ITEM_ID,
    KIND,
    ORDER_ID,
    PRICE,
    PURCHASE,
    QUANTITY,
    STORE_ID,
    TIMESTAMP,
    USER_ID,
    VALUE,
)
from scoring.data.targets import Roles, Truths, counted, occasions, order_numbers, roles
from scoring.errors import UnknownItemError

if TYPE_CHECKING:
    from collections.abc import Collection

    from scoring.data.catalogue import Catalogue, IndexArray


@dataclass(frozen=True)
class History:
    """What a user did before ``as_of``, oldest first.

    All arrays have shape ``(n_events,)``.

    Attributes:
        user_id: The shop's id; ``None`` for a history that came with the request.
        as_of: The moment that the history ends before.
        item_index: Row numbers in the catalogue.
        timestamp: Moments, ``datetime64[ns]``.
        quantity: Units; 1 where the table does not say.
        price: Price of one unit; NaN where the table does not say.
        value: A rating, or whatever else the shop measures; NaN where the table does not say.
        kind: Kinds of event; ``purchase`` where the table does not say.
        store_id: Stores; the empty string where the table does not say.
        order_id: Orders; the empty string where the table does not say.
        channel: Where events happened, such as web or app; the empty string where the table does not say.
        role: Whether an event is a target event, a return, or another event (``scoring.data.targets``).
        last_seen: Moment of the latest event when the history was read; it stays as it is when events are left out.
            ``None`` for a history that was read empty.
        requested_in: Channel of the request that the history is read for; the empty string if it names none. It is no
            part of what the user did.
        items_off: Rows in the catalogue of items that the user does not want to be recommended. They are no part of
            what the user did either.
    """

    user_id: str | None
    as_of: pd.Timestamp
    item_index: IndexArray
    timestamp: npt.NDArray[np.datetime64]
    quantity: npt.NDArray[np.float64]
    price: npt.NDArray[np.float64]
    value: npt.NDArray[np.float64]
    kind: npt.NDArray[np.object_]
    store_id: npt.NDArray[np.object_]
    order_id: npt.NDArray[np.object_]
    channel: npt.NDArray[np.object_]
    role: Roles
    last_seen: pd.Timestamp | None = None
    requested_in: str = ""
    items_off: tuple[int, ...] = ()

    def __len__(self) -> int:
        """Return the number of events."""
        return len(self.item_index)

    @cached_property
    def is_target(self) -> Truths:
        """Whether each event counts: a target kind, a quantity above 0, not taken back before ``as_of``."""
        return counted(
            self.role,
            user=np.zeros(len(self), dtype=np.int64),
            item=self.item_index,
            order=self.order,
            moment=self.timestamp,
        )

    @cached_property
    def occasion(self) -> IndexArray:
        """Number of the user's occasion that each event belongs to, −1 where ``is_target`` is false.

        The events of one order are one occasion. An event without an order belongs to the occasion of the user's
        previous target event if that is at most 30 minutes earlier.
        """
        user = np.zeros(len(self), dtype=np.int64)
        return occasions(self.is_target, user=user, order=self.order, moment_ns=self.timestamp.astype(np.int64))

    @cached_property
    def order(self) -> IndexArray:
        """Number of each event's order, −1 for none."""
        return order_numbers(self.order_id)

    @cached_property
    def digest(self) -> bytes:
        """A digest of everything that the history says, its moment and channel included, but not of whose it is."""
        digest = hashlib.blake2b(f"{self.as_of.value} {self.last_seen} {self.requested_in}".encode(), digest_size=16)
        if self.items_off:
            digest.update(f"off {self.items_off}".encode())
        for name in COLUMNS:
            column = getattr(self, name)
            if name == "value" and np.isnan(column).all():
                continue  # the digest of a history without ratings is that of versions before them
            digest.update("\0".join(map(str, column.tolist())).encode() if column.dtype == object else column.tobytes())
        return digest.digest()

    def select(self, mask: npt.NDArray[np.bool_] | IndexArray | slice) -> History:
        """Return the history with only some of its events.

        Args:
            mask: Events to keep: truth values of shape ``(n_events,)``, places, or a slice.

        Returns:
            A shorter history of the same user and moment.
        """
        return replace(self, **{name: getattr(self, name)[mask] for name in COLUMNS})

    def without(self, category_index: Collection[int], catalogue: Catalogue) -> History:
        """Return the history as if some categories had never been bought.

        Args:
            category_index: Categories to remove.
            catalogue: The catalogue that the row numbers belong to.

        Returns:
            A shorter history of the same user and moment.
        """
        removed = np.isin(catalogue.category_index[self.item_index], list(category_index))
        return self.select(~removed)

    def joined(self, other: History) -> History:
        """Return the history with the events of another one of the same user and moment.

        Args:
            other: More events.

        Returns:
            A history of both, oldest event first; of two at one moment this history's comes first.
        """
        arrays: dict[str, Any] = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in COLUMNS}
        order = np.argsort(arrays["timestamp"], kind="stable")
        seen = [each.last_seen for each in (self, other) if each.last_seen is not None]
        return replace(
            self, **{name: array[order] for name, array in arrays.items()}, last_seen=max(seen, default=None)
        )

    def beyond(self, other: History) -> History:
        """Return the events that another history of the same catalogue does not have: by item, moment and kind."""
        rows = [
            list(zip(each.item_index.tolist(), each.timestamp.tolist(), each.kind.tolist(), strict=True))
            for each in (self, other)
        ]
        known = set(rows[1])
        return self.select(np.array([row not in known for row in rows[0]], dtype=bool))

    def rows(self, item_ids: npt.NDArray[np.object_]) -> list[dict[str, Any]]:
        """Return the events as rows of the events table, with the catalogue's ids."""
        names = (TIMESTAMP, QUANTITY, PRICE, VALUE, KIND, CHANNEL, STORE_ID, ORDER_ID)
        columns = (getattr(self, name).astype(object) for name in names)
        rows = zip(item_ids[self.item_index].tolist(), map(pd.Timestamp, self.timestamp), *columns, strict=True)
        return [
            {
                ITEM_ID: str(item_id),
                **{n: None if v != v else v for n, v in zip(names, row, strict=True)},
                TIMESTAMP: moment,
            }
            for item_id, moment, *row in rows
        ]

    @classmethod
    def from_events(
        cls,
        events: pd.DataFrame,
        catalogue: Catalogue,
        *,
        as_of: pd.Timestamp,
        user_id: str | None = None,
        shop: Shop | None = None,
    ) -> History:
        """Read a history from event rows of one user.

        Args:
            events: Rows of the events table (docs/design.md §8) of one user, in any order.
            catalogue: The shop's items.
            as_of: Rows at this moment or later do not count.
            user_id: The shop's id, if the user is known.
            shop: Which kinds of event count; the default settings if not given.

        Returns:
            The history, oldest event first; a row with an item outside the catalogue is an error.
        """
        rows = events[(events[TIMESTAMP] < as_of).to_numpy()].sort_values(TIMESTAMP, kind="stable")
        return _columns(rows, catalogue, shop or Shop(), as_of=as_of, user_id=user_id)


COLUMNS: Final = tuple(
    f.name for f in fields(History) if f.name not in {"user_id", "as_of", "last_seen", "requested_in", "items_off"}
)
"""Arrays of a history."""


@dataclass(frozen=True, slots=True)
class _Packed:
    """A column of all events in half of its memory or less.

    Attributes:
        values: Its values in a smaller type, or the number of each word.
        dtype: Type of the column.
        words: Words, or other different values, by number; ``None`` for a column that is not numbered.
    """

    values: npt.NDArray[Any]
    dtype: np.dtype[Any]
    words: npt.NDArray[Any] | None = None

    @classmethod
    def of(cls, column: npt.NDArray[Any]) -> _Packed:
        """Return a column packed without a loss, in the form that takes least memory."""
        if column.strides == (0,):  # one value for all events
            return cls(column, column.dtype)
        bits = np.ascontiguousarray(column).view(np.int64) if column.dtype.kind in "fM" else column  # −0 is not 0
        codes, words = pd.factorize(bits, use_na_sentinel=False)
        numbers, packed = codes.astype(np.min_scalar_type(len(words))), column
        smaller = {"i": np.int32, "f": np.float32}.get(column.dtype.kind if column.itemsize == 8 else "")
        if smaller is not None and np.array_equal(column.astype(smaller), column, equal_nan=True):
            packed = column.astype(smaller)
        if column.dtype == object or numbers.nbytes + words.nbytes < packed.nbytes:
            return cls(numbers, column.dtype, np.asarray(words, dtype=bits.dtype).view(column.dtype))
        return cls(packed if packed.flags.owndata else packed.copy(), column.dtype)

    def __getitem__(self, rows: slice) -> npt.NDArray[Any]:
        """Return some rows of the column."""
        values = self.values[rows]
        return values.astype(self.dtype, copy=False) if self.words is None else self.words[values]


class EventLog:
    """All events of a shop, ready to hand out one user's history.

    Args:
        events: The events table.
        catalogue: The shop's items.
        shop: Which kinds of event count; the default settings if not given.

    Attributes:
        kinds: Kinds of the events.
    """

    def __init__(self, events: pd.DataFrame, catalogue: Catalogue, shop: Shop | None = None) -> None:
        self.catalogue, self.shop = catalogue, shop or Shop()
        codes, ids = pd.factorize(events[USER_ID], sort=True)
        everything = _columns(events, catalogue, self.shop, as_of=pd.Timestamp.max, user_id=None)
        moments, step = everything.timestamp, np.diff(codes)
        if not ((step > 0) | ((step == 0) & (moments[1:] >= moments[:-1]))).all():
            order = np.lexsort((moments, codes))
            everything, codes = everything.select(order), codes[order]
        self._columns = {name: _Packed.of(getattr(everything, name)) for name in COLUMNS}
        kinds = self._columns[KIND]
        self.kinds = frozenset(map(str, kinds[:1] if kinds.words is None else kinds.words))
        starts = np.searchsorted(codes, np.arange(len(ids) + 1)).tolist()
        self._rows = {str(name): slice(a, b) for name, a, b in zip(ids, starts[:-1], starts[1:], strict=True)}

    @property
    def user_ids(self) -> list[str]:
        """Users with at least one event, sorted."""
        return list(self._rows)

    def __contains__(self, user_id: object) -> bool:
        """Return whether the user has an event."""
        return user_id in self._rows

    def history(self, user_id: str, as_of: pd.Timestamp) -> History:
        """Return a user's events before a moment; an unknown user has none.

        Args:
            user_id: The shop's id.
            as_of: Events at this moment or later do not count.

        Returns:
            The history, oldest event first.
        """
        rows = self._rows.get(user_id, slice(0, 0))
        moments = self._columns["timestamp"][rows]
        until = int(np.searchsorted(moments, as_of.to_datetime64()))
        last_seen = pd.Timestamp(moments[until - 1]) if until else None
        own = slice(rows.start, rows.start + until)
        return History(
            user_id,
            as_of,
            **{name: column[own] for name, column in self._columns.items()},
            last_seen=last_seen,
            requested_in="",
            items_off=(),
        )

    @property
    def events(self) -> pd.DataFrame:
        """The events as a table, user by user; words that the shop's table does not state are missing.

        The table is made anew at each call: kept, it would take as much memory as the arrays that histories read.
        """
        everything = {name: column[:] for name, column in self._columns.items()}
        n_rows = [rows.stop - rows.start for rows in self._rows.values()]
        columns: dict[str, Any] = {
            USER_ID: np.repeat(np.array(self.user_ids, dtype=object), n_rows),
            ITEM_ID: self.catalogue.item_ids[everything["item_index"]],
            **{name: everything[name] for name in (TIMESTAMP, QUANTITY, PRICE, KIND)},
        }
        if not np.isnan(everything["value"]).all():
            columns[VALUE] = everything["value"]
        for name in (STORE_ID, ORDER_ID, CHANNEL):
            words: npt.NDArray[np.object_] = everything[name]
            if (words != "").any():
                columns[name] = np.where(words == "", None, words)  # type: ignore[call-overload]
        return pd.DataFrame(columns)


def _columns(
    rows: pd.DataFrame, catalogue: Catalogue, shop: Shop, *, as_of: pd.Timestamp, user_id: str | None
) -> History:
    """Return event rows as arrays, in their order."""
    item_index = catalogue.known(rows[ITEM_ID])
    if (item_index < 0).any():
        unknown = rows[ITEM_ID].to_numpy()[item_index < 0]
        raise UnknownItemError(
            f"the history names {len(unknown)} items outside the catalogue (first: {unknown[0]!r}) but only "
            "catalogue items can be read. Add them to the items table and train again, or leave the rows out."
        )
    n = len(rows)

    def words(name: str, default: str) -> npt.NDArray[np.object_]:
        if name not in rows:
            return np.broadcast_to(np.array(default, dtype=object), n)
        codes, found = pd.factorize(rows[name])  # so that a million events share a few strings
        if len(found) == 1 and (codes == 0).all():
            return np.broadcast_to(np.asarray(found, dtype=object), n)
        return np.append(np.asarray(found, dtype=object), default)[codes]  # what is missing has code -1

    def numbers(name: str, default: float) -> npt.NDArray[np.float64]:
        if name not in rows:
            return np.broadcast_to(np.array(default), n)
        return rows[name].to_numpy(dtype=np.float64, na_value=default)

    quantity, kind = numbers(QUANTITY, 1.0), words(KIND, PURCHASE)
    timestamp = rows[TIMESTAMP].to_numpy(dtype="datetime64[ns]")
    return History(
        user_id=user_id,
        as_of=as_of,
        item_index=item_index,
        timestamp=timestamp,
        quantity=quantity,
        price=numbers(PRICE, np.nan),
        value=numbers(VALUE, np.nan),
        kind=kind,
        store_id=words(STORE_ID, ""),
        order_id=words(ORDER_ID, ""),
        channel=words(CHANNEL, ""),
        role=roles(kind, quantity, shop),
        last_seen=pd.Timestamp(timestamp.max()) if n else None,
    )
