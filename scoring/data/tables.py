"""The four tables of docs/design.md §8 and the settings of the shop, in memory and on disk.

Column names are spelled here and nowhere else. Ids are strings everywhere, whatever type the files hold, and
timestamps are UTC without a time zone (other zones are converted on import).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.data.ratings import as_meant
from scoring.data.shop import PURCHASE as PURCHASE
from scoring.data.shop import Shop
from scoring.errors import TableError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    import numpy.typing as npt

    Order: TypeAlias = npt.NDArray[np.integer]

USER_ID: Final = "user_id"
ITEM_ID: Final = "item_id"
TIMESTAMP: Final = "timestamp"
QUANTITY: Final = "quantity"
PRICE: Final = "price"
KIND: Final = "kind"
CHANNEL: Final = "channel"
STORE_ID: Final = "store_id"
ORDER_ID: Final = "order_id"
VALUE: Final = "value"
TITLE: Final = "title"
CATEGORY: Final = "category"
CATEGORIES: Final = "categories"
BRAND: Final = "brand"
DESCRIPTION: Final = "description"
FIRST_SEEN: Final = "first_seen"
PARENT_ID: Final = "parent_id"
IMAGE: Final = "image"
AVAILABLE: Final = "available"
START: Final = "start"
END: Final = "end"
LABEL: Final = "label"
PROMOTION: Final = "promotion"
"""Label of promotions that were given none; any label but the known ones is told as a promotion."""

EMBEDDING_PREFIX: Final = "embedding_"

ROW_GROUP: Final = 1 << 20
"""Rows of a Parquet file that are written at once."""

END_OF_ORDER: Final = pd.Timestamp("2020-01-01")
"""Moment of each user's last event in a log that has an order and no times."""

TABLE_NAMES: Final = ("events", "items", "users", "promotions")
GUESTS: Final = "guests.parquet"
"""Events without a user, beside the tables of an import: only demand counts them."""

EMPTY_COLUMNS: Final = {"users": [USER_ID], "promotions": [ITEM_ID, START, END, LABEL]}


def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame({column: pd.Series(dtype="str") for column in EMPTY_COLUMNS[name]}).astype(
        {column: "datetime64[ns]" for column in (START, END) if column in EMPTY_COLUMNS[name]}
    )


@dataclass(frozen=True, slots=True)
class Tables:
    """A shop's tables, already valid (``scoring.data.validation`` is the gate).

    Attributes:
        events: ``user_id, item_id, timestamp`` and optionally ``quantity, price, kind, value, channel, store_id,
            order_id``.
            ``price`` is the price of one unit. Sorted by user, then time.
        items: ``item_id, title, category`` and optionally ``categories, brand, price, description, first_seen,
            parent_id, image, available, embedding_*``. An item without a title is never named; items without a
            category form one group that is never named.
        users: ``user_id`` and any columns, all of them sensitive unless the policy says otherwise.
        promotions: ``item_id, start, end, label`` and optionally ``store_id``; it runs while ``start <= t < end``,
            without a value for ``end`` from ``start`` on.
        shop: What the tables mean: time zone, target kinds and other settings.
    """

    events: pd.DataFrame
    items: pd.DataFrame
    users: pd.DataFrame = field(default_factory=lambda: _empty("users"))
    promotions: pd.DataFrame = field(default_factory=lambda: _empty("promotions"))
    shop: Shop = field(default_factory=Shop)

    def __iter__(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """Yield each table with its name."""
        return ((name, getattr(self, name)) for name in TABLE_NAMES)

    @classmethod
    def read(cls, folder: Path) -> Tables:
        """Read the files that ``write`` wrote.

        Args:
            folder: Folder with ``events.parquet`` and ``items.parquet``; the other files may be missing.

        Returns:
            The tables. Events without ``timestamp`` get times that only say the order of each user's rows; items
            without ``title`` or ``category`` have no name.

        Raises:
            TableError: If a required file is missing or not Parquet, or ``shop.yaml`` has a wrong setting.
        """
        frames = {name: path for name in TABLE_NAMES if (path := folder / f"{name}.parquet").exists()}
        for name in ("events", "items"):
            if name not in frames:
                raise TableError(
                    f"{folder}: {name}.parquet is missing but is needed. "
                    "Run `llm-explain import completejourney` or `llm-explain import csv` first."
                )
        found = {name: read_parquet(path) for name, path in frames.items()}
        shop = Shop.read(folder)
        if TIMESTAMP not in found["events"]:
            found["events"] = with_order(found["events"])
            shop = shop.model_copy(update={"times": "order"})
        found["items"] = with_names(found["items"])
        found["events"] = as_meant(found["events"], shop.ratings)
        return cls(**found, shop=shop.as_meant)

    def write(self, folder: Path, *, order: Mapping[str, Order] | None = None, events: Path | None = None) -> None:
        """Write one Parquet file a table, and ``shop.yaml``.

        Args:
            folder: Folder to create or fill.
            order: Row numbers by the name of a table whose rows are written in another order, shape ``(n_rows,)``.
            events: File of the events that is moved to the folder, instead of the frame.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name, frame in self:
            if name == "events" and events is not None:
                events.replace(folder / "events.parquet")
            else:
                write_parquet(frame, folder / f"{name}.parquet", (order or {}).get(name))
        self.shop.write(folder)

    def before(self, as_of: pd.Timestamp) -> Tables:
        """Return the tables with only the events before a moment.

        Args:
            as_of: The moment; events at it or after it are left out.

        Returns:
            Tables that share every frame but ``events``.
        """
        events = self.events[self.events[TIMESTAMP] < as_of].reset_index(drop=True)
        return replace(self, events=events)


def with_order(events: pd.DataFrame) -> pd.DataFrame:
    """Return events with times a day apart that say the order of each user's rows; all users end at one moment."""
    behind = events.groupby(USER_ID).cumcount(ascending=False)
    return events.assign(timestamp=(END_OF_ORDER - pd.to_timedelta(behind, unit="D")).astype("datetime64[ns]"))


def with_names(items: pd.DataFrame) -> pd.DataFrame:
    """Return items with the columns ``title`` and ``category``, which are null where the table does not have them."""
    missing = [column for column in (TITLE, CATEGORY) if column not in items]
    return items.assign(**{column: pd.Series(None, index=items.index, dtype="str") for column in missing})


def read_parquet(path: Path) -> pd.DataFrame:
    """Read one Parquet file.

    Args:
        path: The file.

    Returns:
        The frame.

    Raises:
        TableError: If it is not a readable Parquet file.
    """
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise TableError(
            f"{path}: is not a readable Parquet file but one is needed ({error}). Import the tables again."
        ) from error
    pa.default_memory_pool().release_unused()  # Arrow's own copy is as large as the frame
    return frame


def write_parquet(frame: pd.DataFrame, path: Path, order: Order | None = None) -> None:
    """Write a frame as Parquet, one row group after the other, so that a copy of the whole frame is never made.

    Args:
        frame: The frame; its index is not written.
        path: The file.
        order: Row numbers in the order to write, shape ``(n_rows,)``; the order of the frame if not given.
    """
    schema = pa.Schema.from_pandas(frame, preserve_index=False)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, max(len(frame), 1), ROW_GROUP):
            rows = slice(start, start + ROW_GROUP)
            group = frame.iloc[rows if order is None else order[rows]]
            writer.write_table(pa.Table.from_pandas(group, schema=schema, preserve_index=False))


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes.

    Args:
        path: The file.

    Returns:
        ``sha256:`` and 64 hexadecimal digits.
    """
    with path.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
