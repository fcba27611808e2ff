"""Tables on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from scoring.data import tables as module
from scoring.data.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path


def test_rows_are_written_in_the_order_given_whatever_the_size_of_a_group(
    tmp_path: Path, shop_tables: Tables, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "ROW_GROUP", 7)
    order = np.random.default_rng(0).permutation(len(shop_tables.events))
    shop_tables.write(tmp_path, order={"events": order})
    read = Tables.read(tmp_path)
    pd.testing.assert_frame_equal(read.events, shop_tables.events.iloc[order].reset_index(drop=True))
    pd.testing.assert_frame_equal(read.promotions, shop_tables.promotions)
    assert read.shop == shop_tables.shop


def test_events_without_times_have_the_order_of_their_rows(tmp_path: Path) -> None:
    events = pd.DataFrame({"user_id": ["u", "v", "u", "u"], "item_id": ["a", "a", "b", "a"]})
    events.to_parquet(tmp_path / "events.parquet")
    pd.DataFrame({"item_id": ["a", "b"]}).to_parquet(tmp_path / "items.parquet")
    tables = Tables.read(tmp_path)
    by_user = tables.events.groupby("user_id")["timestamp"].agg(list)
    assert by_user["u"] == sorted(by_user["u"])
    assert len(set(by_user["u"])) == 3
    assert by_user["v"] == by_user["u"][-1:], "all users end at one moment"
    assert tables.shop.times == "order"
    assert tables.items["title"].isna().all()
