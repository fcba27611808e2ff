"""Reduce store-week promotion rows to runs of consecutive weeks.

The source holds one row for each item, store and week, with the place in the weekly mailer and the place of the
in-store display. Columns are read as numbers and dictionary codes, never as rows, so 20.9 million rows take about two
gigabytes at the peak.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow.parquet as pq

from llm_explain.importers.weeks import Moments, midnight, week_start
from scoring.data.tables import END, ITEM_ID, LABEL, START, STORE_ID

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from llm_explain.importers.summary import Progress

LABELS: Final = ("mailer", "display", "mailer and display", "coupon")
"""Label by flags − 1: the mailer is 1, a display is 2. Coupons come from their own file and name no store."""

BATCH_ROWS: Final = 1 << 20
NOWHERE: Final = "0"
WEEKS: Final = 64
"""A power of two above the highest week, so that a key's low bits are its week."""

Keys = npt.NDArray[np.int64]
Flags = npt.NDArray[np.uint8]


def read_runs(path: Path, item_ids: Keys, progress: Progress) -> tuple[pd.DataFrame, int, int]:
    """Read the promotion rows and reduce them.

    Args:
        path: ``promotions.parquet`` of the source.
        item_ids: Products of the catalogue, sorted, as numbers; rows of others are left out.
        progress: Told of the rows read.

    Returns:
        The promotions table sorted by item, store and start, the rows read, and the rows of products outside the
        catalogue.
    """
    file = pq.ParquetFile(path, read_dictionary=["display_location", "mailer_location"])
    total = file.metadata.num_rows
    columns: list[tuple[Keys, Keys, Keys, Flags]] = []
    done = 0
    for batch in file.iter_batches(BATCH_ROWS):
        columns.append(_numbers(batch, item_ids))
        done += batch.num_rows
        progress("Reading promotions", done, total)
    item, store, week, flags = (np.concatenate(column) for column in zip(*columns, strict=True))
    store_ids, store_code = np.unique(store, return_inverse=True)
    key = (item * len(store_ids) + store_code) * WEEKS + week
    outside = total - len(key)
    del columns, item, store, week, store_code
    key, flags, length = runs(key, flags)
    pair, week = np.divmod(key, WEEKS)
    item, store = np.divmod(pair, len(store_ids))
    period = week_start(week), week_start(week + length)
    stores = _categorical(store, store_ids)
    return _table(item, period, flags.astype(np.int8) - 1, item_ids=item_ids, stores=stores), total, outside


def _numbers(batch: pa.RecordBatch, item_ids: Keys) -> tuple[Keys, Keys, Keys, Flags]:
    product = batch.column("product_id").to_numpy()
    code = np.searchsorted(item_ids, product)
    known = item_ids[np.minimum(code, len(item_ids) - 1)] == product
    flags = _is_somewhere(batch, "mailer_location") | (_is_somewhere(batch, "display_location") << 1)
    return (
        code[known].astype(np.int64),
        batch.column("store_id").to_numpy()[known],
        batch.column("week").to_numpy()[known],
        flags[known],
    )


def _is_somewhere(batch: pa.RecordBatch, column: str) -> Flags:
    codes = batch.column(column)
    is_somewhere = np.array([place != NOWHERE for place in codes.dictionary.to_pylist()], dtype=np.uint8)
    flags: Flags = is_somewhere[codes.indices.to_numpy()]
    return flags


def runs(key: Keys, flags: Flags) -> tuple[Keys, Flags, Keys]:
    """Join weeks that follow one another with the same flags.

    Args:
        key: ``pair * WEEKS + week`` of each row, in any order and possibly repeated, shape ``(n,)``.
        flags: What each row says, shape ``(n,)``; rows with the same key are united, rows with none are left out.

    Returns:
        Key of the first week, flags and number of weeks of each run, shape ``(n_runs,)`` each, sorted by key.
    """
    order = np.argsort(key, kind="stable")
    key, flags = key[order], flags[order]
    is_first = np.r_[True, key[1:] != key[:-1]][: len(key)]
    flags = np.bitwise_or.reduceat(flags, np.flatnonzero(is_first)) if len(key) else flags
    key = key[is_first]
    key, flags = key[flags > 0], flags[flags > 0]
    is_start = np.r_[True, (key[1:] != key[:-1] + 1) | (flags[1:] != flags[:-1])][: len(key)]
    starts = np.flatnonzero(is_start)
    return key[starts], flags[starts], np.diff(np.r_[starts, len(key)])


def read_coupons(folder: Path, item_ids: Keys, stores: pd.Index) -> tuple[pd.DataFrame, int, int]:
    """Read which items had a coupon of which campaign.

    A campaign's last day still counts, as coupons were redeemed on it. Campaigns were sent to chosen households, which
    the promotions table cannot say: the rows tell that a coupon existed, not that a user had it.

    Args:
        folder: The source's files.
        item_ids: Products of the catalogue, sorted, as numbers; rows of others are left out.
        stores: The shops' ids, so that the rows can join those of ``read_runs``.

    Returns:
        Rows of the promotions table sorted by item and start, the distinct pairs of product and campaign read, and
        those of products outside the catalogue.
    """
    coupons = pd.read_parquet(folder / "coupons.parquet", columns=["product_id", "campaign_id"]).drop_duplicates()
    campaigns = pd.read_parquet(folder / "campaign_descriptions.parquet")
    known = coupons[coupons["product_id"].isin(item_ids)].merge(campaigns, on="campaign_id", validate="many_to_one")
    known = known.sort_values(["product_id", "start_date", "end_date", "campaign_id"])
    first_day, last_day = (known[column].to_numpy().astype("datetime64[D]") for column in ("start_date", "end_date"))
    rows = _table(
        np.searchsorted(item_ids, known["product_id"].to_numpy()),
        (midnight(first_day), midnight(last_day + 1)),
        np.full(len(known), LABELS.index("coupon"), dtype=np.int8),
        item_ids=item_ids,
        stores=pd.Categorical.from_codes(np.full(len(known), -1, dtype=np.int32), stores),
    )
    rows = rows.drop_duplicates(ignore_index=True)
    return rows, len(coupons), len(coupons) - len(known)


def _table(
    item: Keys, period: tuple[Moments, Moments], label: npt.NDArray[np.int8], *, item_ids: Keys, stores: pd.Categorical
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            ITEM_ID: _categorical(item, item_ids),
            START: period[0],
            END: period[1],
            LABEL: pd.Categorical.from_codes(label, pd.Index(LABELS, dtype="str")),
            STORE_ID: stores,
        }
    )


def _categorical(code: Keys, ids: Keys) -> pd.Categorical:
    return pd.Categorical.from_codes(code.astype(np.int32), pd.Index(ids.astype(str), dtype="str"))
