"""Promotions of an import as shares of weeks, one column a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from scoring.data.tables import END, ITEM_ID, LABEL, START, STORE_ID

if TYPE_CHECKING:
    from scoring.data.shop import Clock
    from scoring.demand.panel import Floats, SalesPanel

_WEEK = np.timedelta64(7, "D")


def weekly_promotions(promotions: pd.DataFrame, panel: SalesPanel, clock: Clock) -> dict[str, Floats]:
    """Return how much of each week each promotion ran for each series.

    Args:
        promotions: ``item_id``, ``start``, ``end``, ``label`` and optionally ``store_id``.
        panel: The series and weeks; its weeks are dates.
        clock: The shop's clock.

    Returns:
        Values from 0 to 1 by label, each of shape ``(n, n_weeks)``. For series without a store, a promotion in some
        of the stores counts by their share.
    """
    items, stores = panel.series["item_id"].to_numpy(), panel.series["store_id"].to_numpy()
    own = promotions[promotions[ITEM_ID].astype(str).isin(set(items))]
    has_stores = bool((stores != "").any())
    of_store = own[STORE_ID].astype("string").fillna("") if STORE_ID in own else pd.Series("", index=own.index)
    n_stores = 1 if has_stores else max(1, of_store[of_store != ""].nunique())
    start = clock.local(own[START].to_numpy(dtype="datetime64[ns]"))
    end = clock.local(own[END].to_numpy(dtype="datetime64[ns]"))
    first = np.datetime64(panel.weeks[0])
    last = first + len(panel.weeks) * _WEEK
    end = np.where(np.isnat(end), last, end)
    spans = pd.DataFrame({ITEM_ID: own[ITEM_ID].astype(str), STORE_ID: of_store, LABEL: own[LABEL].astype(str)})
    spans["from"], spans["to"] = (start - first) / _WEEK, (end - first) / _WEEK
    spans = spans[(spans["to"] > 0) & (spans["from"] < len(panel.weeks))]
    if has_stores:
        return _by_series(spans, panel)
    spans["share"] = np.where(spans[STORE_ID] == "", 1.0, 1.0 / n_stores)
    grouped = spans.groupby([ITEM_ID, LABEL, "from", "to"])["share"].sum().reset_index()
    return _filled(grouped, pd.Index(items), panel)


def _by_series(spans: pd.DataFrame, panel: SalesPanel) -> dict[str, Floats]:
    """Return the shares for series of one store each; a promotion without a store runs in all."""
    keys = panel.series[["item_id", "store_id"]]
    everywhere = spans[spans[STORE_ID] == ""].drop(columns=STORE_ID).merge(keys, on=ITEM_ID)
    somewhere = spans[spans[STORE_ID] != ""]
    joined = pd.concat([everywhere, somewhere]).assign(share=1.0)
    joined[ITEM_ID] = joined[ITEM_ID] + "\0" + joined[STORE_ID].astype(str)
    return _filled(joined, pd.Index(keys["item_id"] + "\0" + keys["store_id"]), panel)


def _filled(spans: pd.DataFrame, names: pd.Index, panel: SalesPanel) -> dict[str, Floats]:
    found: dict[str, Floats] = {}
    for label, own in spans.groupby(LABEL):
        share = np.zeros((len(panel), len(panel.weeks)))
        rows = names.get_indexer(pd.Index(own[ITEM_ID]))
        begin, stop = own["from"].to_numpy(), own["to"].to_numpy()
        for week in range(len(panel.weeks)):
            overlap = np.clip(np.minimum(stop, week + 1) - np.maximum(begin, week), 0, 1)
            active = (overlap > 0) & (rows >= 0)
            np.add.at(share, (rows[active], week), (overlap * own["share"].to_numpy())[active])
        found[str(label).replace(" ", "_")] = np.clip(share, 0, 1)
    return found
