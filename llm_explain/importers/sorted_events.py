"""Write events sorted by user and time in bounded memory: parts by ranges of user ids, then part after part."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from scoring.data.coercion import coerce
from scoring.data.ratings import RATE
from scoring.data.tables import ITEM_ID, KIND, TIMESTAMP, USER_ID, VALUE
from scoring.data.validation import Pieces, check_columns, wholes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    from scoring.data.shop import Shop

EVENTS: Final = "events"
LATE_SHARE: Final = 100
"""The latest of so many events are kept to find where the log ends."""

PART_BYTES: Final = 1 << 25
"""About so much of the file is sorted at once."""

SAMPLE_STEP: Final = 97
"""Every so many rows tell how users are spread over the parts."""


@dataclass
class WrittenEvents:
    """What an import needs to know of the events that it wrote.

    Attributes:
        rows: Number of events.
        of_item: Events of each item.
        of_kind: Events of each kind; ``None`` without the column.
        of_rating: Ratings by value.
        latest: Moments of the latest events, at least one in ``LATE_SHARE``.
    """

    rows: int = 0
    of_item: pd.Series = field(default_factory=lambda: pd.Series(dtype="int64"))
    of_kind: pd.Series | None = None
    of_rating: pd.Series = field(default_factory=lambda: pd.Series(dtype="int64"))
    latest: pd.Series = field(default_factory=lambda: pd.Series(dtype="datetime64[ns]"))


def write_sorted(
    read: Callable[[], Iterator[pd.DataFrame]], path: Path, *, n_parts: int, source: str, item_ids: pd.Index,
    skip_bad: bool, shop: Shop,
) -> tuple[WrittenEvents, pd.DataFrame]:  # fmt: skip
    """Check events and write them sorted by user and time.

    Args:
        read: Reads the events as they came, piece by piece; called twice.
        path: The Parquet file, in a folder that may hold other files meanwhile.
        n_parts: Parts that memory holds one at a time.
        source: What to call the events in messages.
        item_ids: Items that they may name.
        skip_bad: Set aside rows that break a rule.
        shop: Settings.

    Returns:
        Counts, and the rows that were set aside.
    """
    samples: list[pd.Series] = []

    def sampled() -> Iterator[pd.DataFrame]:
        for piece in read():
            check_columns(piece, EVENTS, source)
            samples.append(piece[USER_ID].iloc[::SAMPLE_STEP])
            yield piece

    wholes = wholes_of(sampled(), EVENTS)
    users = coerce(pd.concat(samples), "id", shop, wholes[USER_ID])[0].dropna().sort_values()
    n_parts = min(n_parts, len(users) + 1)
    bounds = users.iloc[np.arange(1, n_parts) * len(users) // n_parts].unique()
    pieces = Pieces(read(), EVENTS, source, wholes, item_ids=item_ids, skip_bad=skip_bad, shop=shop)
    parts = _write_parts(pieces.good(), bounds, path.parent)
    return _join(parts, path), pieces.rejects


def _write_parts(pieces: Iterator[pd.DataFrame], bounds: npt.NDArray[np.object_], folder: Path) -> list[Path]:
    """Write the events of each range of users to a file, in the order of the ranges."""
    writers: dict[Path, pq.ParquetWriter] = {}
    with ExitStack() as stack:
        for piece in pieces:
            codes, users = pd.factorize(piece[USER_ID])
            part_of_user = np.searchsorted(bounds, users.to_numpy(dtype=object), side="right")
            for number, rows in piece.groupby(part_of_user[codes]):
                table, part = pa.Table.from_pandas(rows, preserve_index=False), folder / f"{number:06}.part"
                if part not in writers:
                    writers[part] = stack.enter_context(pq.ParquetWriter(part, table.schema))
                writers[part].write_table(table)
    return sorted(writers)


def _join(parts: list[Path], path: Path) -> WrittenEvents:
    done = WrittenEvents(sum(pq.read_metadata(part).num_rows for part in parts))
    with ExitStack() as stack:
        writer = None
        for part in parts:
            frame = pd.read_parquet(part).sort_values([USER_ID, TIMESTAMP], kind="stable", ignore_index=True)
            part.unlink()
            table = pa.Table.from_pandas(frame, preserve_index=False)
            writer = writer or stack.enter_context(pq.ParquetWriter(path, table.schema, compression="zstd"))
            writer.write_table(table)
            _count(done, frame)
    return done


def _count(done: WrittenEvents, frame: pd.DataFrame) -> None:
    done.of_item = _sum(done.of_item, frame[ITEM_ID])
    if KIND in frame:
        done.of_kind = _sum(done.of_kind, frame[KIND]).sort_values(ascending=False, kind="stable")
    if {KIND, VALUE} <= set(frame):
        done.of_rating = _sum(done.of_rating, frame.loc[frame[KIND] == RATE, VALUE])
    latest = pd.concat([done.latest, frame[TIMESTAMP]], ignore_index=True)
    done.latest = latest.nlargest(done.rows // LATE_SHARE + 2)


def _sum(counts: pd.Series | None, values: pd.Series) -> pd.Series:
    new = values.value_counts()
    return new if counts is None or counts.empty else counts.add(new, fill_value=0).astype("int64")
