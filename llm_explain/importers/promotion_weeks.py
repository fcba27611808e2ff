"""Reduce store-week promotion rows to runs of consecutive weeks.

The source holds 20.9 million rows, one for each item, store and week, with the place in the weekly mailer and the place
of the in-store display. DuckDB reduces them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from llm_explain.errors import MissingExtraError
from llm_explain.importers.weeks import Moments, midnight, week_start
from scoring.data.tables import END, ITEM_ID, LABEL, START, STORE_ID

LABELS: Final = ("mailer", "display", "mailer and display", "coupon")
"""Label by flags − 1: the mailer is 1, a display is 2. Coupons come from their own file and name no store."""

Keys = npt.NDArray[np.int64]


def read_runs(path: Path, item_ids: Keys) -> tuple[pd.DataFrame, int]:
    """Read the promotion rows and reduce them.

    Args:
        path: ``promotions.parquet`` of the source.
        item_ids: Products of the catalogue, sorted, as numbers; rows of others are left out.

    Returns:
        The promotions table sorted by item, store and start, and the number of rows of products outside the catalogue.
    """
    with MissingExtraError.unless_installed("the import of completejourney", "demo"):
        import duckdb

    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        connection.register("catalogue", pd.DataFrame({"product_id": item_ids}))
        source = connection.from_parquet(str(path))  # noqa: F841  the query names it
        outside = "select count(*) from source where product_id not in (select product_id from catalogue)"
        (n_outside,) = connection.execute(outside).fetchone() or (0,)
        rows = connection.execute(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")).fetchnumpy()
    week, until, flags = (np.asarray(rows[name], dtype=np.int64) for name in ("week", "until", "flags"))
    store_ids, store = np.unique(rows["store_id"], return_inverse=True)
    return (
        _table(
            np.searchsorted(item_ids, rows["product_id"]),
            (week_start(week), week_start(until)),
            (flags - 1).astype(np.int8),
            item_ids=item_ids,
            stores=_categorical(store, store_ids),
        ),
        n_outside,
    )


def read_coupons(folder: Path, item_ids: Keys, stores: pd.Index) -> tuple[pd.DataFrame, int]:
    """Read which items had a coupon of which campaign.

    A campaign's last day still counts, as coupons were redeemed on it. Campaigns were sent to chosen households, which
    the promotions table cannot say: the rows tell that a coupon existed, not that a user had it.

    Args:
        folder: The source's files.
        item_ids: Products of the catalogue, sorted, as numbers; rows of others are left out.
        stores: The shops' ids, so that the rows can join those of ``read_runs``.

    Returns:
        Rows of the promotions table sorted by item and start, and the number of pairs of product and campaign outside
        the catalogue.
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
    return rows.drop_duplicates(ignore_index=True), len(coupons) - len(known)


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
